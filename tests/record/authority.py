"""A time-stamping authority that answers over HTTP: `openssl ts`, and a certificate made for it."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

OPENSSL = shutil.which("openssl")

_CONFIG = """
[req]
distinguished_name = none
[none]
[root]
basicConstraints = critical,CA:true
[stamps]
extendedKeyUsage = critical,timeStamping
[authority]
serial = {folder}/serial
signer_cert = {folder}/authority.pem
signer_key = {folder}/key.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
"""


@dataclass
class Authority:
    """`root` is the file with the certificate that its own is signed by."""

    folder: Path
    url: str = ""
    asked: int = 0
    broken: bool = False

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        """What `openssl ts` makes of a query."""
        self.asked += 1
        (self.folder / "query").write_bytes(query)
        self.run("ts", "-reply", "-section", "authority", "-queryfile", "query", "-out", "answer")
        return (self.folder / "answer").read_bytes()

    def run(self, command: str, *given: str) -> None:
        assert OPENSSL is not None
        subprocess.run(
            [OPENSSL, command, *(("-config", "config") if command != "x509" else ()), *given],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )


def made_authority(folder: Path) -> Authority:
    """In a folder of its own."""
    folder.mkdir()
    (folder / "config").write_text(_CONFIG.format(folder=folder))
    made = Authority(folder)
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-batch"]
    root = ["-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=Root", "-extensions", "root"]
    made.run("req", "-x509", *new, *root, "-days", "30")
    made.run("req", *new, "-keyout", "key.pem", "-out", "asked.pem", "-subj", "/CN=Authority")
    signed = ["-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "30"]
    extended = ["-extfile", "config", "-extensions", "stamps"]
    made.run("x509", "-req", "-in", "asked.pem", *signed, *extended, "-out", "authority.pem")
    return made


@contextmanager
def served_authority(folder: Path) -> Iterator[Authority]:
    """While the block runs it answers at its `url`, with 500 while it is `broken`."""
    made = made_authority(folder)

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            content = b"" if made.broken else made.answer(query)
            self.send_response(500 if made.broken else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: pytest shows what fails."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    made.url = f"http://127.0.0.1:{server.server_port}"
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield made
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
