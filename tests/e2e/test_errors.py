"""Bad input: a clear error with the right status, nothing hangs, nothing crashes."""
import json
import os
import socket
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.dirname(__file__))
import fake_engine
from network import Network


class Errors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = fake_engine.start()
        cls.net = Network(backend="http://127.0.0.1:%d" % cls.engine.server_address[1])
        cls.net.start()
        cls.pids = cls.net.pids()

    @classmethod
    def tearDownClass(cls):
        cls.net.stop()
        cls.engine.shutdown()

    def tearDown(self):
        """Whatever was sent, every process still is the one that was started, and serves."""
        self.assertEqual(self.net.pids(), self.pids)
        self.assertEqual(self.net.chat("still there?").status, 200)

    def raw(self, data, timeout=15):
        url = urllib.parse.urlsplit(self.net.info["base_url"])
        with socket.create_connection((url.hostname, url.port), timeout) as s:
            s.sendall(data)
            answer = b""
            while True:
                try:
                    piece = s.recv(65536)
                except ConnectionResetError:
                    return answer
                if not piece:
                    return answer
                answer += piece

    def expect(self, answer, status, code=None):
        self.assertEqual(answer.status, status, answer.body)
        error = answer.json()["error"]
        self.assertEqual(sorted(error), ["code", "message", "param", "type"])
        if code:
            self.assertEqual(error["code"], code)

    def test_body_that_is_no_json(self):
        for body in (b"", b"{", b"[1,2", b"\xff\xfe", b'{"model":"a","model":"b"}', b"null", b"{}trailing"):
            self.expect(self.net.call("POST", self.net.path("/chat/completions"), body), 400)

    def test_unknown_model(self):
        answer = self.net.chat("hi", model="no-such-model")
        self.expect(answer, 404, "model_not_found")
        self.assertIn("x-request-id", answer.headers)
        self.assertNotIn("x-receipt-id", answer.headers)

    def test_model_missing_or_not_text(self):
        self.expect(self.net.call("POST", self.net.path("/chat/completions"), {"messages": []}), 400)
        self.expect(self.net.call("POST", self.net.path("/chat/completions"), {"model": 7, "messages": []}), 400)

    def test_unknown_path_and_method(self):
        self.expect(self.net.call("GET", "/v1/nonsense"), 404)
        self.expect(self.net.call("DELETE", self.net.path("/chat/completions")), 405)

    def test_too_large_a_body(self):
        head = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999\r\n\r\n"
        self.assertIn(b"413", self.raw(head).split(b"\r\n")[0])

    def test_too_large_a_head(self):
        answer = self.raw(b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"a" * 70000 + b"\r\n\r\n")
        self.assertIn(answer.split(b" ")[1], (b"431", b"400"))

    def test_smuggling_is_refused(self):
        body = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
        for fields in (b"content-length: 5\r\ntransfer-encoding: chunked", b"content-length: 5\r\ncontent-length: 6",
                       b"transfer-encoding: chunked, identity", b"transfer-encoding : chunked",
                       b"content-length: +5", b"x: a\r\n folded: b"):
            answer = self.raw(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n" + fields + b"\r\n\r\n" + body)
            self.assertIn(answer.split(b" ")[1], (b"400", b"501"), (fields, answer))
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, answer)

    def test_garbage_bytes(self):
        for data in (b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n\r\n", b"GET\r\n\r\n", b"\r\n\r\n\r\n\r\n" * 10,
                     os.urandom(2000) + b"\r\n\r\n"):
            self.raw(data, 45)

    def test_slow_head_is_cut(self):
        url = urllib.parse.urlsplit(self.net.info["base_url"])
        began = time.monotonic()
        with socket.create_connection((url.hostname, url.port), 60) as s:
            s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost:")
            while s.recv(4096):
                pass
        self.assertLess(time.monotonic() - began, 40)

    def test_half_open_caller(self):
        """A caller that sends half a body and its end gets an answer or a close, not silence."""
        url = urllib.parse.urlsplit(self.net.info["base_url"])
        with socket.create_connection((url.hostname, url.port), 40) as s:
            s.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
            s.shutdown(socket.SHUT_WR)
            while s.recv(4096):
                pass

    def test_deadline_is_kept(self):
        began = time.monotonic()
        answer = self.net.call("POST", self.net.path("/chat/completions"),
                               {"model": self.net.model(), "messages": [{"role": "user", "content": "slow 20"}]},
                               headers={"cocoon-timeout": "1"})
        self.expect(answer, 504)
        self.assertLess(time.monotonic() - began, 5)

    def test_deep_json(self):
        body = b'{"model":"x","messages":' + b"[" * 100000 + b"]" * 100000 + b"}"
        self.expect(self.net.call("POST", self.net.path("/chat/completions"), body), 400)


if __name__ == "__main__":
    unittest.main()
