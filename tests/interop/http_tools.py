#!/usr/bin/env python3
"""Other people's HTTP clients against our server: curl, nghttp, h2load, wrk, openssl s_client.

    http_tools.py BENCH_ENGINE

BENCH_ENGINE serves JSON and event streams by our network layer. Tools that are not installed are named as SKIPPED.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

UPLOAD_BYTES = 3_000_000
EVENTS = 50


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, timeout=60, **options)


def certificate(folder):
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "key.pem", check=True)
    run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", folder / "key.pem", "-outform", "DER", "-out",
        folder / "key.der", check=True)
    run("openssl", "req", "-x509", "-new", "-key", folder / "key.pem", "-subj", "/CN=localhost", "-days", "2",
        "-outform", "DER", "-out", folder / "cert.der", check=True)


def start(engine, *options):
    process = subprocess.Popen([engine, "--listen", "127.0.0.1:0", *map(str, options)], stdout=subprocess.PIPE,
                               text=True)
    return process, process.stdout.readline().split()[1]


def check_curl(plain, tls, upload):
    ways = [("1.1", ["--http1.1", f"http://{plain}"]), ("2", ["--http2-prior-knowledge", f"http://{plain}"]),
            ("1.1", ["--http1.1", "-k", f"https://{tls}"]), ("2", ["--http2", "-k", f"https://{tls}"])]
    for version, way in ways:
        *options, base = way
        answer = run("curl", "-sS", *options, f"{base}/v1", "-d", "{}", "-w", "%{http_version} %{http_code}")
        assert answer.stdout.endswith(f"{version} 200".encode()), answer
        assert b'"usage"' in answer.stdout, answer
        stream = run("curl", "-sSN", *options, f"{base}/v1", "-d", '{"stream":true}').stdout
        assert stream.count(b"data: ") == EVENTS + 2 and stream.endswith(b"data: [DONE]\n\n"), stream
        sent = run("curl", "-sS", *options, f"{base}/v1", "-H", "Expect: 100-continue", "--data-binary", f"@{upload}",
                   "-w", "%{http_code} %{size_upload}")
        assert sent.stdout.endswith(f"200 {UPLOAD_BYTES}".encode()), sent
        head = run("curl", "-sSI", *options, f"{base}/")
        assert b" 200" in head.stdout.split(b"\r\n")[0], head


def check_nghttp(plain, tls):
    for base in [f"http://{plain}", f"https://{tls}"]:
        seen = run("nghttp", "-v", "--no-verify-peer", f"{base}/").stdout
        assert b":status: 200" in seen and b"ok\n" in seen, seen


def check_h2load(plain, tls):
    for base in [f"http://{plain}", f"https://{tls}"]:
        seen = run("h2load", "-n", "5000", "-c", "5", "-m", "50", f"{base}/").stdout
        assert b"5000 succeeded, 0 failed, 0 errored" in seen, seen


def check_wrk(plain, tls):
    for base in [f"http://{plain}", f"https://{tls}"]:
        seen = run("wrk", "-t1", "-c20", "-d1", f"{base}/").stdout
        assert b"requests in" in seen and b"Socket errors" not in seen and b"Non-2xx" not in seen, seen


def check_openssl(tls):
    new = run("openssl", "s_client", "-connect", tls, "-alpn", "h2", "-tls1_3", input=b"").stdout
    assert b"TLSv1.3" in new and b"ALPN protocol: h2" in new and b"Post-Handshake New Session Ticket" not in new, new
    old = run("openssl", "s_client", "-connect", tls, "-tls1_2", input=b"")
    assert old.returncode != 0 and b"Cipher is (NONE)" in old.stdout, old
    other = run("openssl", "s_client", "-connect", tls, "-alpn", "spdy/1", input=b"")
    assert other.returncode != 0, other


def main():
    processes = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        upload = folder / "upload"
        upload.write_bytes(b"x" * UPLOAD_BYTES)
        certificate(folder)
        try:
            process, plain = start(sys.argv[1])
            processes.append(process)
            process, tls = start(sys.argv[1], "--tls-cert", folder / "cert.der", "--tls-key", folder / "key.der")
            processes.append(process)
            checks = {"curl": lambda: check_curl(plain, tls, upload), "nghttp": lambda: check_nghttp(plain, tls),
                      "h2load": lambda: check_h2load(plain, tls), "wrk": lambda: check_wrk(plain, tls),
                      "openssl": lambda: check_openssl(tls)}
            for tool, check in checks.items():
                if shutil.which(tool) is None:
                    print(f"SKIPPED: {tool} is not installed", file=sys.stderr)
                    continue
                check()
                print(f"{tool}: ok")
        finally:
            for process in processes:
                process.terminate()
                process.wait(timeout=20)
    assert all(p.returncode == 0 for p in processes), "the engine did not end cleanly"


if __name__ == "__main__":
    main()
