"""Nothing is served that the ledger does not hold under an accepted checkpoint: absent, revoked, retired, un-cosigned,
tampered, frozen, forked."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import fake_engine
import ledger as ledgers
from network import COCOON, Answer, Network, wait_until

SHIFT = pathlib.Path(__file__).with_name("clock_shift.c")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Client:
    """Another sidecar on the same network, perhaps behind a liar, perhaps with another clock."""

    def __init__(self, net, ledger_at=None, state=None, clock_shift=0):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="cocoon-client-"))
        self.port = free_port()
        text = (net.dir / "client" / "client.conf").read_text()
        text = re.sub(r"listen = .*", "listen = 127.0.0.1:%d" % self.port, text)
        text = re.sub(r"refresh = .*", "refresh = 1", text)
        if ledger_at:
            text = re.sub(r"\bat = .*", "at = " + ledger_at, text)
        (self.dir / "client.conf").write_text(text)
        shutil.copy(net.dir / "client" / "policy.conf", self.dir)
        if state:
            shutil.copytree(state, self.dir / "state")
        environment = dict(os.environ)
        if clock_shift:
            environment.update(LD_PRELOAD=str(shifter()), CLOCK_SHIFT_S=str(clock_shift))
        self.log = open(self.dir / "log", "w+")
        self.process = subprocess.Popen([COCOON, "client", "--config", str(self.dir / "client.conf")],
                                        stderr=self.log, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
        shutil.rmtree(self.dir)

    def logs(self):
        return (self.dir / "log").read_text()

    def chat(self):
        import http.client
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = {"model": "any", "messages": [{"role": "user", "content": "hello"}]}
        connection.request("GET", "/v1/models")
        models = json.loads(connection.getresponse().read())["data"]
        body["model"] = models[0]["id"] if models else "any"
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
        response = connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read())
        connection.close()
        return answer

    def serves(self):
        try:
            return self.chat().status == 200
        except OSError:
            return False


def shifter():
    """The clock shim, built once."""
    out = pathlib.Path(tempfile.gettempdir()) / ("cocoon-clock-%d.so" % os.getpid())
    if not out.exists():
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(out), str(SHIFT), "-ldl"], check=True)
    return out


class Registry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = fake_engine.start()
        cls.backend = "http://127.0.0.1:%d" % cls.engine.server_address[1]
        cls.net = Network(backend=cls.backend, workers=1)
        cls.net.start()
        cls.ledger = ledgers.Ledger(cls.net.info["ledger_url"])

    @classmethod
    def tearDownClass(cls):
        cls.net.stop()
        shutil.rmtree(cls.net.dir, ignore_errors=True)
        cls.engine.shutdown()

    def refused(self, client, why):
        """The client comes up, serves nothing, and its log says why."""
        try:
            wait_until(lambda: why in client.logs(), 20, why)
        except AssertionError:
            self.fail("%r is not in %s" % (why, client.logs()[-500:]))
        self.assertFalse(client.serves())

    def behind(self, lie):
        liar = ledgers.Liar(self.net.info["ledger_url"], lie)
        self.addCleanup(liar.stop)
        return liar.at

    # --- lies of whoever stands between ---

    def test_an_honest_middle_serves(self):
        with Client(self.net, self.behind(lambda path, status, body: (status, body))) as client:
            wait_until(client.serves, 20, "an honest middle to serve")

    def test_absent_worker(self):
        """A worker that the list names and the state does not hold, with somebody else's evidence."""
        def lie(path, status, body):
            if path.startswith("/v1/ledger/workers"):
                body = json.dumps({"workers": ["ab" * 32]}).encode()
            return status, body

        with Client(self.net, self.behind(lie)) as client:
            self.refused(client, "the ledger holds no such record")

    def lie_about(self, record_type, change):
        def lie(path, status, body):
            if path.startswith("/v1/ledger/proof") and status == 200:
                proof = json.loads(body)
                for record in proof["records"]:
                    if record["type"] == record_type:
                        change(record)
                body = json.dumps(proof).encode()
            return status, body

        return lie

    def test_absent_release_and_model(self):
        """The proof is silent about the release or the model that the worker's record names."""
        for what in ("release", "model"):
            def drop(path, status, body, what=what):
                if path.startswith("/v1/ledger/proof") and status == 200:
                    proof = json.loads(body)
                    proof["records"] = [r for r in proof["records"] if r["type"] != what]
                    body = json.dumps(proof).encode()
                return status, body

            with Client(self.net, self.behind(drop)) as client:
                self.refused(client, "the proof does not speak of this")

    def test_tampered_records(self):
        for what in ("worker", "release", "model"):
            def change(record):
                record["value"] = ledgers.flipped(record["value"], 40)

            with Client(self.net, self.behind(self.lie_about(what, change))) as client:
                self.refused(client, "the record's proof does not verify")

    def test_uncosigned(self):
        """Without the witnesses, and without the operator: both groups of the quorum count."""
        for names in (["witness-1", "witness-2"], ["operator"]):
            def lie(path, status, body, names=names):
                if path.startswith("/v1/ledger/proof") and status == 200:
                    proof = json.loads(body)
                    proof["checkpoint"] = ledgers.without_cosigners(proof["checkpoint"], names)
                    body = json.dumps(proof).encode()
                return status, body

            with Client(self.net, self.behind(lie)) as client:
                self.refused(client, "too few cosigners of the policy signed")

    def test_frozen_view(self):
        """What was fresh is shown again and again: after ten minutes it is refused."""
        frozen = {}

        def freeze(path, status, body):
            key = re.sub(r"&old=\d+", "", path)
            if status == 200 and path.startswith("/v1/ledger"):
                status, body = frozen.setdefault(key, (status, body))
            return status, body

        at = self.behind(freeze)
        with Client(self.net, at) as client:
            wait_until(client.serves, 20, "the frozen view to serve while it is young")
        with Client(self.net, at, clock_shift=540) as client:
            wait_until(client.serves, 20, "nine minutes to be young enough")
        with Client(self.net, at, clock_shift=660) as client:
            self.refused(client, "too old")

    # --- what owners and workers decide ---

    def on_a_network(self, workers=1):
        net = Network(backend=self.backend, workers=workers, args=("--renew", "30"))
        net.start()
        self.addCleanup(shutil.rmtree, net.dir, True)
        self.addCleanup(net.stop)
        return net, ledgers.Ledger(net.info["ledger_url"]), ledgers.Key(net.dir / "keys" / "owner.key")

    def no_longer(self, net, why):
        model = net.model()
        self.assertEqual(net.chat("before", model).status, 200)
        yield
        wait_until(lambda: net.chat("after", model).status != 200, 20, "the client to refuse")
        wait_until(lambda: why in (net.dir / "logs" / "client.log").read_text(), 10, why)

    def test_revoked_model(self):
        net, ledger, owner = self.on_a_network()
        step = self.no_longer(net, "revoked")
        next(step)
        ledger.revoke(owner, "model", ledger.ids("models")[0])
        next(step, None)
        self.verify_log(net)

    def test_revoked_release(self):
        net, ledger, owner = self.on_a_network()
        step = self.no_longer(net, "revoked")
        next(step)
        ledger.revoke(owner, "release", ledger.ids("releases")[0])
        next(step, None)

    def test_retired_worker(self):
        net, ledger, _ = self.on_a_network()
        step = self.no_longer(net, "retired")
        next(step)
        ledger.retire(ledgers.Key(net.dir / "keys" / "worker-1.key"))
        next(step, None)

    def test_only_owners_revoke(self):
        stranger = ledgers.Key(self.net.dir / "keys" / "worker-1.key")
        with self.assertRaises(AssertionError):
            self.ledger.revoke(stranger, "model", self.ledger.ids("models")[0])

    # --- two histories ---

    def test_forked_ledger(self):
        """Operator and witnesses together show a second history: who saw the first one refuses it."""
        net, ledger, _ = self.on_a_network()
        account = ledgers.Key(net.dir / "keys" / "worker-1.key")
        net.chat("before the fork")
        net.stop()
        copy = pathlib.Path(tempfile.mkdtemp(prefix="cocoon-fork-")) / "net"
        shutil.copytree(net.dir, copy)
        self.addCleanup(shutil.rmtree, copy.parent, True)

        net.start()
        self.assertEqual(ledger.submit(account, ledgers.BLOB, b"one history")[0], 200)
        seen = ledger.size()
        wait_until(lambda: json.loads((net.dir / "client/state/view.json").read_text())["size"] >= seen, 20,
                   "the client to see the first history")
        net.stop()

        fork = Network(backend=self.backend, keep=str(copy))
        fork.start()
        self.addCleanup(fork.stop)
        other = ledgers.Ledger(fork.info["ledger_url"])
        for i in range(30):
            self.assertEqual(other.submit(account, ledgers.BLOB, b"another history %d" % i)[0], 200)
        wait_until(lambda: other.size() > seen + 20, 20, "the fork to be longer")
        with Client(fork, state=net.dir / "client" / "state") as client:
            self.refused(client, "does not extend the one last seen")

    # --- auditing ---

    def verify_log(self, net, where=None):
        out = subprocess.run([COCOON, "log", "verify", where or str(net.dir), "--policy",
                              str(net.dir / "client" / "policy.conf"), "--json"], capture_output=True, text=True,
                             check=False)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        return json.loads(out.stdout)

    def test_log_verifies(self):
        """The whole ledger executes again, evidence and all, from its folder and over HTTP."""
        for where in (None, self.net.info["ledger_url"]):
            result = self.verify_log(self.net, where)
            self.assertEqual(result["verdict"], "pass")


if __name__ == "__main__":
    unittest.main()
