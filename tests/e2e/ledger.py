"""Speak to a ledger as its owners and its enemies do: transactions made here, byte by byte from docs/spec/tx.md, and a
ledger in the middle that lies."""
import base64
import hashlib
import http.client
import json
import pathlib
import struct
import subprocess
import tempfile
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TYPES = {"release": 8, "model": 9, "engine": 10, "witness": 11}
BLOB, PROPOSE, WORKER_RETIRE = 0x0001, 0x0010, 0x0023


class Key:
    """An Ed25519 key of the network's folder; signing is left to the openssl program."""

    def __init__(self, path):
        seed = bytes.fromhex(pathlib.Path(path).read_text().strip())
        self.der = bytes.fromhex("302e020100300506032b657004220420") + seed
        self.public = self.openssl("pkey", "-pubout", "-outform", "DER", data=self.der)[-32:]

    @staticmethod
    def openssl(*args, data=b""):
        return subprocess.run(["openssl", *args, "-inform", "DER"] if args[0] == "pkey" else ["openssl", *args],
                              input=data, capture_output=True, check=True).stdout

    def sign(self, message):
        with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as text:
            key.write(self.der)
            key.flush()
            text.write(message)
            text.flush()
            return self.openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", key.name, "-in", text.name)


class Ledger:
    def __init__(self, url):
        self.at = urllib.parse.urlsplit(url).netloc

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.at, timeout=20)
        connection.request(method, path, body)
        answer = connection.getresponse()
        status, data = answer.status, answer.read()
        connection.close()
        return status, data

    def get(self, path):
        status, data = self.call("GET", path)
        assert status == 200, (status, data)
        return json.loads(data)

    def submit(self, key, type_, body):
        nonce = self.get("/v1/ledger/account?id=" + key.public.hex())["nonce"]
        network = bytes.fromhex(self.get("/v1/ledger/status")["network_id"])
        tx = b"CNTX" + struct.pack(">BH", 1, type_) + network + key.public + struct.pack(">QI", nonce, len(body)) + body
        status, data = self.call("POST", "/v1/ledger/tx", tx + key.sign(tx))
        return status, json.loads(data)

    def revoke(self, owner, what, id_):
        """Revoke at once, by the only owner of a development network."""
        action = bytes([2, TYPES[what]]) + bytes.fromhex(id_) + struct.pack(">Q", 0)
        status, answer = self.submit(owner, PROPOSE, action)
        assert status == 200, answer

    def retire(self, account, index=0):
        status, answer = self.submit(account, WORKER_RETIRE, struct.pack(">I", index))
        assert status == 200, answer

    def ids(self, name):
        return self.get("/v1/ledger/" + name)[name]

    def size(self):
        return int(self.call("GET", "/checkpoint")[1].split(b"\n")[1])


class Liar:
    """A ledger in the middle: passes requests on, and answers through `lie(path, status, body) -> (status, body)`."""

    def __init__(self, url, lie=None):
        self.behind, self.lie = Ledger(url), lie or (lambda path, status, body: (status, body))
        liar = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer(None)

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers.get("content-length", 0))))

            def answer(self, body):
                status, data = liar.lie(self.path, *liar.behind.call(self.command, self.path, body))
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.at = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def without_cosigners(note, names):
    """The note without the signature lines of `names`."""
    return "".join(line for line in note.splitlines(True)
                   if not any(line.startswith("\u2014 %s " % name) for name in names))


def flipped(text, at):
    """A base64 text with one bit of one byte changed."""
    raw = bytearray(base64.b64decode(text))
    raw[at % len(raw)] ^= 1
    return base64.b64encode(raw).decode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()
