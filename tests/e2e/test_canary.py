"""No plaintext of callers outside client, worker and engine: plant canaries, then look for them everywhere.

Looked at: every file the network wrote, every packet on the loopback interface but those from the application to its
own sidecar and from the worker to the (here: external) engine, and the memory of every process that must not know.
Looked for: raw, hex, base64 at all three alignments, and JSON-escaped.
"""
import base64
import json
import os
import secrets
import socket
import struct
import sys
import threading
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(__file__))
import fake_engine
from network import Network

BLIND = ("ledger", "witness-1", "witness-2", "proxy")


def spellings(word):
    raw = word.encode()
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode(), json.dumps(word)[1:-1].encode()}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + raw)
            forms.add(text[4 if shift else 0:-4])  # the ends depend on the neighbouring bytes
    return {f for f in forms if len(f) >= 12}


class Capture(threading.Thread):
    """Keep the payload of every TCP packet on loopback whose ports are not among `except_ports`."""

    def __init__(self, except_ports):
        super().__init__(daemon=True)
        self.ports, self.data, self.running = set(except_ports), bytearray(), True
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.2)

    def run(self):
        while self.running:
            try:
                packet = self.socket.recv(70000)
            except TimeoutError:
                continue
            ip = packet[14:]
            if len(ip) < 40 or ip[9] != 6:
                continue
            tcp = ip[(ip[0] & 15) * 4:]
            source, target = struct.unpack("!HH", tcp[:4])
            if source not in self.ports and target not in self.ports:
                self.data += tcp[(tcp[12] >> 4) * 4:]

    def stop(self):
        self.running = False
        self.join()
        self.socket.close()
        return bytes(self.data)


def memory_of(pid):
    """All readable private memory of a process."""
    found = bytearray()
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as mem:
        for line in maps:
            span, mode = line.split()[:2]
            if "r" not in mode or "[v" in line:
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            try:
                mem.seek(start)
                found += mem.read(end - start)
            except (OSError, OverflowError, ValueError):
                continue
    return bytes(found)


class Canary(unittest.TestCase):
    @unittest.skipUnless(os.geteuid() == 0, "capturing packets and reading memory need root")
    def test_canaries_stay_inside(self):
        engine = fake_engine.start()
        engine_port = engine.server_address[1]
        with Network(backend="http://127.0.0.1:%d" % engine_port) as net:
            sidecar = urllib.parse.urlsplit(net.info["base_url"]).port
            capture = Capture([sidecar, engine_port])
            capture.start()
            words = []
            for i in range(6):
                word = "canary-%s-é-%d" % (secrets.token_hex(12), i)
                words.append(word)
                answer = net.chat(word if i % 3 else "status 400 " + word, stream=i % 2 == 0)
                if i % 3:
                    self.assertIn("echo", answer.body.decode())
            captured = capture.stop()
            self.assertGreater(len(captured), 1000, "the capture saw nothing")
            forms = {form for word in words for form in spellings(word)}
            self.look(captured, forms, "a packet")
            for path in net.dir.rglob("*"):
                if path.is_file():
                    self.look(path.read_bytes(), forms, str(path.relative_to(net.dir)))
            pids = net.pids()
            for name in BLIND:
                self.look(memory_of(pids[name]), forms, "the memory of " + name)
            self.look(memory_of(net.process.pid), forms, "the memory of the supervisor")
        engine.shutdown()

    def look(self, data, forms, where):
        for form in forms:
            if form in data:
                self.fail("canary found in " + where)


if __name__ == "__main__":
    unittest.main()
