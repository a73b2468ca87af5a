#!/usr/bin/env python3
"""A small OpenAI-compatible engine for tests: deterministic answers, and faults on request.

The last user message decides: "slow N" waits N seconds between chunks, "die" closes the connection mid-stream,
"status N" answers N with an OpenAI error, "long N" streams N chunks, "garbage" answers what is no JSON; anything
else is echoed. GET /seen tells how many generations were started, finished and abandoned: a test sees cancellation.
"""
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = {"started": 0, "finished": 0, "abandoned": 0, "last_body": ""}
lock = threading.Lock()


def count(name):
    with lock:
        seen[name] += 1


class Engine(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, content_type="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, message, code=None):
        self.answer(status, {"error": {"message": message, "type": "invalid_request_error", "code": code,
                                       "param": None}})

    def do_GET(self):
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        elif self.path == "/seen":
            self.answer(200, seen)
        elif self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": "fake", "object": "model", "owned_by": "test"}]})
        else:
            self.error(404, "no such path")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with lock:
            seen["last_body"] = body.decode("utf-8", "replace")
        try:
            request = json.loads(body)
        except ValueError:
            return self.error(400, "body is not JSON")
        if self.path == "/v1/embeddings":
            return self.answer(200, {"object": "list", "model": request.get("model"), "usage":
                                     {"prompt_tokens": 3, "total_tokens": 3},
                                     "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5, 1.0]}]})
        text = request.get("prompt") or next((m["content"] for m in reversed(request.get("messages", []))
                                              if m.get("role") == "user"), "")
        return self.generate(request, text if isinstance(text, str) else json.dumps(text))

    def generate(self, request, text):
        words = text.split()
        if words[:1] == ["status"]:
            return self.error(int(words[1]), "as asked", "as_asked")
        if words[:1] == ["garbage"]:
            return self.answer(200, b"<html>", "text/html")
        chat = self.path == "/v1/chat/completions"
        pieces = ["word%d " % i for i in range(int(words[1]))] if words[:1] == ["long"] else ["echo: ", text]
        pause = float(words[1]) if words[:1] == ["slow"] else 0
        count("started")
        if not request.get("stream"):
            time.sleep(pause)
            count("finished")
            return self.answer(200, self.whole(request, "".join(pieces), chat))
        try:
            self.stream(request, pieces, pause, chat, words[:1] == ["die"])
            count("finished")
        except OSError:
            count("abandoned")
            self.close_connection = True

    def usage(self, text):
        return {"prompt_tokens": 7, "completion_tokens": len(text.split()), "total_tokens": 7 + len(text.split())}

    def whole(self, request, text, chat):
        choice = {"index": 0, "finish_reason": "stop", "logprobs": None}
        choice.update({"message": {"role": "assistant", "content": text}} if chat else {"text": text})
        return {"id": "chatcmpl-fake", "object": "chat.completion" if chat else "text_completion", "created": 1,
                "model": request.get("model"), "choices": [choice], "usage": self.usage(text)}

    def send_event(self, event):
        data = b"data: " + (event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def stream(self, request, pieces, pause, chat, die):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        head = {"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1, "model": request.get("model")}
        for i, piece in enumerate(pieces):
            choice = {"index": 0, "finish_reason": None}
            choice.update({"delta": {"content": piece}} if chat else {"text": piece})
            self.send_event({**head, "choices": [choice]})
            if die and i == 0:
                self.close_connection = True
                self.connection.close()
                return
            if pause:
                time.sleep(pause)
        self.send_event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
                         "usage": self.usage("".join(pieces))})
        self.send_event(b"[DONE]")
        self.wfile.write(b"0\r\n\r\n")
        # What llama.cpp's server does: it promised to keep the connection, and closes it.
        self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


def start(port=0):
    """Start the engine in this process; return the server, whose port is server.server_address[1]."""
    server = Server(("127.0.0.1", port), Engine)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    engine = start(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    print(engine.server_address[1], flush=True)
    threading.Event().wait()
