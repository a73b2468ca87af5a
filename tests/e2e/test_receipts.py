"""Receipts: stored, verified offline with anchors from a policy alone, and nothing else believed."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))
import fake_engine
from network import Network, wait_until


class Receipts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = fake_engine.start()
        cls.net = Network(backend="http://127.0.0.1:%d" % cls.engine.server_address[1])
        cls.net.start()
        cls.answer = cls.net.chat("something to sign")
        cls.bundle = cls.net.receipt_path(cls.answer)
        wait_until(cls.bundle.exists, 5, "the bundle")

    @classmethod
    def tearDownClass(cls):
        cls.net.stop()
        cls.engine.shutdown()

    def test_good_bundle_is_verified(self):
        run = self.net.verify_receipt(self.bundle)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        result = json.loads(run.stdout)
        self.assertEqual(result["verdict"], "pass")
        self.assertTrue(result["simulated"])
        self.assertGreater(len(result["checks"]), 10)

    def test_no_policy_is_partial(self):
        run = self.net.verify_receipt(self.bundle, policy=False)
        self.assertEqual(run.returncode, 10, run.stdout)
        self.assertEqual(json.loads(run.stdout)["verdict"], "partial")

    def test_self_made_bundle_is_refused(self):
        """A whole network of the attacker's own, consistent in itself, against our policy."""
        with Network(backend="http://127.0.0.1:%d" % self.engine.server_address[1]) as other:
            answer = other.chat("forged")
            path = other.receipt_path(answer)
            wait_until(path.exists, 5, "the forged bundle")
            self.assertEqual(other.verify_receipt(path).returncode, 0)
            run = self.net.verify_receipt(path)
            self.assertEqual(run.returncode, 10, run.stdout)
            self.assertEqual(json.loads(run.stdout)["verdict"], "fail")

    def test_request_and_response_are_checked(self):
        where = self.net.dir / "check"
        where.mkdir(exist_ok=True)
        body = {"model": self.net.model(), "messages": [{"role": "user", "content": "bytes"}]}
        request = json.dumps(body).encode()
        answer = self.net.call("POST", self.net.path("/chat/completions"), request)
        (where / "request").write_bytes(request)
        (where / "response").write_bytes(answer.body)
        (where / "other").write_bytes(answer.body + b" ")
        path = self.net.receipt_path(answer)
        wait_until(path.exists, 5, "the bundle")
        args = ["--request", str(where / "request"), "--response"]
        self.assertEqual(self.net.verify_receipt(path, True, *args, str(where / "response")).returncode, 0)
        self.assertEqual(self.net.verify_receipt(path, True, *args, str(where / "other")).returncode, 10)

    def test_every_changed_value_is_noticed(self):
        """Change one string or number anywhere in the bundle: never verified, never a crash.

        Left out: ledger.old_size and ledger.consistency, which say what the client had seen before. A verifier
        that has seen nothing cannot use them, and nothing rests on them.
        """
        bundle = json.loads(self.bundle.read_text())
        paths = []

        def walk(value, path):
            if isinstance(value, dict):
                for key in value:
                    walk(value[key], path + [key])
            elif isinstance(value, list):
                for i, item in enumerate(value):
                    walk(item, path + [i])
            elif isinstance(value, (str, int)) and not isinstance(value, bool):
                paths.append(path)

        walk(bundle, [])
        paths = [p for p in paths if p[:2] not in (["ledger", "old_size"], ["ledger", "consistency"])]
        self.assertGreater(len(paths), 20)
        where = self.net.dir / "changed"
        where.mkdir(exist_ok=True)
        for i, path in enumerate(paths):
            copy = json.loads(self.bundle.read_text())
            at = copy
            for key in path[:-1]:
                at = at[key]
            value = at[path[-1]]
            if isinstance(value, int):
                at[path[-1]] = value + 1
            elif len(value) > 0:
                middle = len(value) // 2
                at[path[-1]] = value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1:]
            else:
                at[path[-1]] = "x"
            changed = where / ("%d.receipt.json" % i)
            changed.write_text(json.dumps(copy))
            run = self.net.verify_receipt(changed)
            self.assertIn(run.returncode, (10, 20, 30), (path, run.stdout[-500:]))

    def test_sidecar_serves_receipts(self):
        rid = self.answer.headers["x-receipt-id"]
        receipt = self.net.call("GET", "/v1/aci/receipts/" + rid)
        self.assertEqual(receipt.status, 200)
        self.assertEqual(receipt.json()["receipt_id"], rid)
        self.assertEqual(self.net.call("GET", "/v1/aci/receipts/none").status, 404)
        report = self.net.call("GET", "/v1/aci/attestation?nonce=" + "ab" * 32)
        self.assertEqual(report.status, 200, report.body)
        self.assertEqual(report.json()["api_version"], "aci/1")
        sessions = self.net.call("GET", "/v1/aci/sessions")
        self.assertEqual(sessions.status, 200)
        legacy = self.net.call("GET", "/v1/attestation/report?nonce=" + "ab" * 32)
        self.assertEqual(legacy.status, 200, legacy.body)
        self.assertEqual(self.net.call("GET", "/v1/aci/attestation?nonce=short").status, 400)

    def test_refusals_that_a_worker_opened_carry_receipts(self):
        answer = self.net.chat("status 400")
        self.assertEqual(answer.status, 400)
        path = self.net.receipt_path(answer)
        wait_until(path.exists, 5, "the bundle of a refusal")
        self.assertEqual(self.net.verify_receipt(path).returncode, 0)


if __name__ == "__main__":
    unittest.main()
