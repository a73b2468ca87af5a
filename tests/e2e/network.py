"""Drive a whole network, started by `cocoon up`, as a user would: over HTTP, signals and files."""
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COCOON = os.environ.get("COCOON", str(ROOT / "build" / "src" / "cli" / "cocoon"))


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, {k.lower(): v for k, v in headers}, body

    def json(self):
        return json.loads(self.body)

    def events(self):
        """The data of a whole event stream."""
        return [part[6:] for part in self.body.decode().split("\n\n") if part.startswith("data: ")]


class Network:
    """One network in a folder of its own. Use as a context manager."""

    def __init__(self, backend=None, workers=1, keep=None, args=()):
        self.dir = pathlib.Path(keep or tempfile.mkdtemp(prefix="cocoon-e2e-"))
        self.command = [COCOON, "up", "--dir", str(self.dir), "--workers", str(workers), "--port", "0", "--json"]
        if backend:
            self.command += ["--backend", backend]
        self.command += list(args)
        self.process, self.info = None, None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()
        if exception[0] is None:
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            print("kept:", self.dir)

    def start(self, timeout=120):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + timeout
        line = ""
        while time.monotonic() < deadline:
            line = self.process.stdout.readline()
            if line.startswith("{"):
                self.info = json.loads(line)
                return
            if not line and self.process.poll() is not None:
                break
        raise RuntimeError("the network did not start: %r\n%s" % (line, self.logs()[-4000:]))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return self.process.returncode if self.process else None

    def logs(self):
        return "".join(p.read_text(errors="replace") for p in sorted((self.dir / "logs").glob("*.log")))

    # --- as an application ---

    def connect(self, timeout=60):
        url = urllib.parse.urlsplit(self.info["base_url"])
        return http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)

    def path(self, rest):
        return urllib.parse.urlsplit(self.info["base_url"]).path.rstrip("/") + rest

    def call(self, method, path, body=None, headers=None, timeout=60):
        connection = self.connect(timeout)
        data = json.dumps(body) if isinstance(body, (dict, list)) else body
        connection.request(method, path, data, {"content-type": "application/json", **(headers or {})})
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        connection.close()
        return answer

    def chat(self, text, model=None, stream=False, **more):
        body = {"model": model or self.model(), "messages": [{"role": "user", "content": text}], "stream": stream,
                **more}
        return self.call("POST", self.path("/chat/completions"), body)

    def model(self):
        return self.call("GET", self.path("/models")).json()["data"][0]["id"]

    # --- as an operator ---

    def pids(self):
        """Names and pids of the running roles."""
        return {p["name"]: p["pid"] for p in self.status()["processes"] if p["pid"]}

    def status(self):
        out = subprocess.run([COCOON, "status", "--dir", str(self.dir), "--json"], capture_output=True, text=True,
                             check=True)
        return json.loads(out.stdout)

    def kill(self, name):
        os.kill(self.pids()[name], signal.SIGKILL)

    def receipts(self):
        return sorted((self.dir / "client" / "receipts").glob("*.receipt.json"))

    def receipt_path(self, answer):
        return self.dir / "client" / "receipts" / (answer.headers["x-receipt-id"] + ".receipt.json")

    def verify_receipt(self, path, policy=True, *more):
        command = [COCOON, "receipt", "verify", str(path), "--json", *more]
        if policy:
            command += ["--policy", str(self.dir / "client" / "policy.conf")]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def wait_until(condition, timeout=20, what="condition"):
    """Poll `condition` until it holds; fail after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("timed out waiting for " + what)
