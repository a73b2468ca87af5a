"""Evidence, keysets, keys and certificates are renewed while streams run: none is dropped."""
import os
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import fake_engine
from network import Network

STREAMS, RENEW_S, RUN_S = 50, 10, 35


class Renewal(unittest.TestCase):
    def test_renewal_under_running_streams(self):
        engine = fake_engine.start()
        with Network(backend="http://127.0.0.1:%d" % engine.server_address[1],
                     args=["--renew", str(RENEW_S)]) as net:
            model, failures, done = net.model(), [], []
            end = time.monotonic() + RUN_S

            def stream():
                while time.monotonic() < end:
                    answer = net.chat("slow 1.5", model=model, stream=True)
                    done.append(1)
                    if answer.status != 200 or b"[DONE]" not in answer.body:
                        failures.append((answer.status, answer.body[-300:]))

            before = net.status()["workers"][0]
            threads = [threading.Thread(target=stream) for _ in range(STREAMS)]
            for t in threads:
                t.start()
            for t in threads:
                t.join(RUN_S + 60)
            after = net.status()["workers"][0]
            self.assertEqual(failures, [])
            self.assertGreaterEqual(len(done), STREAMS * 5)
            self.assertEqual(before["worker_id"], after["worker_id"])
            self.assertNotEqual(before["keyset_digest"], after["keyset_digest"], "nothing was renewed")
        engine.shutdown()


if __name__ == "__main__":
    unittest.main()
