"""kill -9 of any process but the supervisor: callers hear of it in time, and the network heals without hands."""
import http.client
import json
import os
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import fake_engine
from network import Network, wait_until


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = fake_engine.start()
        cls.net = Network(backend="http://127.0.0.1:%d" % cls.engine.server_address[1], workers=2)
        cls.net.start()

    @classmethod
    def tearDownClass(cls):
        cls.net.stop()
        cls.engine.shutdown()

    def heals(self, name):
        def serves():
            try:
                return self.net.chat("healed?").status == 200
            except (OSError, http.client.HTTPException):
                return False

        wait_until(lambda: name in self.net.pids(), 20, name + " to come back")
        wait_until(serves, 30, "the network to serve after the death of " + name)

    def caller(self, outcomes):
        """One streamed request that takes two seconds; record how it ended and when."""
        began = time.monotonic()
        try:
            answer = self.net.chat("slow 1", stream=True)
            done = "answer" if answer.status == 200 and b"[DONE]" in answer.body else "error %d" % answer.status
        except (OSError, http.client.HTTPException) as e:
            done = "reset " + type(e).__name__
        outcomes.append((done, time.monotonic() - began))

    def kill_under_load(self, name):
        outcomes = []
        callers = [threading.Thread(target=self.caller, args=(outcomes,)) for _ in range(10)]
        for c in callers:
            c.start()
        time.sleep(0.5)
        self.net.kill(name)
        for c in callers:
            c.join(30)
        self.assertEqual(len(outcomes), 10, "a caller hung")
        for done, took in outcomes:
            self.assertLess(took, 20, done)
        self.heals(name)
        return [done for done, _ in outcomes]

    def test_ledger(self):
        self.assertEqual(set(self.kill_under_load("ledger")), {"answer"})

    def test_witness(self):
        self.assertEqual(set(self.kill_under_load("witness-1")), {"answer"})

    def test_proxy(self):
        self.kill_under_load("proxy")

    def test_worker(self):
        self.kill_under_load("worker-1")

    def test_client(self):
        self.kill_under_load("client")

    def test_ctrl_c_ends_everything(self):
        with Network(backend="http://127.0.0.1:%d" % self.engine.server_address[1]) as net:
            pids = net.pids()
            self.assertEqual(net.stop(), 0)
            for name, pid in pids.items():
                self.assertFalse(os.path.exists("/proc/%d" % pid), name)

    def test_state_outlives_a_restart(self):
        engine = "http://127.0.0.1:%d" % self.engine.server_address[1]
        with Network(backend=engine) as net:
            before = json.loads(net.call("GET", "/v1/models").body)
            size = net.status()["ledger"]["size"]
            net.stop()
            net.start()
            self.assertEqual(net.chat("again").status, 200)
            self.assertEqual(json.loads(net.call("GET", "/v1/models").body)["data"][0]["id"],
                             before["data"][0]["id"])
            self.assertGreaterEqual(net.status()["ledger"]["size"], size)


if __name__ == "__main__":
    unittest.main()
