"""An application talks to a network with a small deterministic engine: what comes through, unchanged."""
import http.client
import json
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import fake_engine
from network import Network, wait_until


class Chat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = fake_engine.start()
        cls.net = Network(backend="http://127.0.0.1:%d" % cls.engine.server_address[1])
        cls.net.start()

    @classmethod
    def tearDownClass(cls):
        cls.net.stop()
        cls.engine.shutdown()

    def test_models_are_listed(self):
        answer = self.net.call("GET", self.net.path("/models"))
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json()["object"], "list")
        name = answer.json()["data"][0]["id"]
        one = self.net.call("GET", self.net.path("/models/" + name))
        self.assertEqual(one.json()["id"], name)

    def test_whole_answer(self):
        answer = self.net.chat("hello there")
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.json()["choices"][0]["message"]["content"], "echo: hello there")
        self.assertIn("x-receipt-id", answer.headers)

    def test_streamed_answer(self):
        answer = self.net.chat("long 20", stream=True)
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["content-type"].startswith("text/event-stream"))
        events = answer.events()
        self.assertEqual(events[-1], "[DONE]")
        text = "".join(json.loads(e)["choices"][0]["delta"].get("content", "") for e in events[:-1])
        self.assertEqual(text, "".join("word%d " % i for i in range(20)))

    def test_stream_comes_as_it_is_made(self):
        """The first piece is here long before the last was made: nothing on the way collects."""
        connection = self.net.connect()
        body = json.dumps({"model": self.net.model(), "stream": True,
                           "messages": [{"role": "user", "content": "slow 1"}]})
        began = time.monotonic()
        connection.request("POST", self.net.path("/chat/completions"), body, {"content-type": "application/json"})
        response = connection.getresponse()
        first = response.read1(65536)
        first_at = time.monotonic() - began
        response.read()
        whole_at = time.monotonic() - began
        connection.close()
        self.assertIn(b"echo: ", first)
        self.assertLess(first_at, 0.9)
        self.assertGreater(whole_at, 1.9)

    def test_body_reaches_the_engine_unchanged(self):
        body = ('{ "model": "%s",\n"messages":[{"role":"user","content":[{"type":"text","text":"é\\u00e9"},'
                '{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}],'
                '"tools":[{"type":"function","function":{"name":"f","parameters":{}}}],"logprobs":true,'
                '"response_format":{"type":"json_object"},"x_unknown":{"a":[1.50,1e3]} }' % self.net.model())
        answer = self.net.call("POST", self.net.path("/chat/completions"), body.encode())
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(fake_engine.seen["last_body"], body)

    def test_completions_and_embeddings(self):
        answer = self.net.call("POST", self.net.path("/completions"), {"model": self.net.model(), "prompt": "abc"})
        self.assertEqual(answer.json()["choices"][0]["text"], "echo: abc")
        answer = self.net.call("POST", self.net.path("/embeddings"), {"model": self.net.model(), "input": "abc"})
        self.assertEqual(answer.json()["data"][0]["embedding"], [0.25, -0.5, 1.0])

    def test_engine_errors_pass_through(self):
        answer = self.net.chat("status 429")
        self.assertEqual(answer.status, 429)
        self.assertEqual(answer.json()["error"]["code"], "as_asked")
        self.assertIn("x-receipt-id", answer.headers)

    def test_caller_that_goes_away_stops_the_engine(self):
        before = fake_engine.seen["abandoned"]
        connection = self.net.connect()
        body = json.dumps({"model": self.net.model(), "stream": True,
                           "messages": [{"role": "user", "content": "slow 0.3"}]})
        connection.request("POST", self.net.path("/chat/completions"), body, {"content-type": "application/json"})
        connection.getresponse().read1(10)
        connection.sock.close()
        connection.close()
        wait_until(lambda: fake_engine.seen["abandoned"] > before, 10, "the engine to notice")

    def test_engine_that_dies_mid_stream_is_no_short_answer(self):
        connection = self.net.connect()
        body = json.dumps({"model": self.net.model(), "stream": True,
                           "messages": [{"role": "user", "content": "die"}]})
        connection.request("POST", self.net.path("/chat/completions"), body, {"content-type": "application/json"})
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            data = connection.getresponse().read()
            if b"error" in data and b"[DONE]" not in data:
                raise ConnectionError("error event in the stream")

    def test_hundred_streams_one_after_another_lose_none(self):
        """The engine closes kept connections after a stream; that must cost no request."""
        for i in range(100):
            answer = self.net.chat("n%d" % i, stream=i % 2 == 0)
            self.assertEqual(answer.status, 200, answer.body)


if __name__ == "__main__":
    unittest.main()
