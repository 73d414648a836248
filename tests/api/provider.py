"""A real OpenID provider (canaille, from its wheel) as a child process, and the wire to it."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "taskledger", "between the two of us"
PASSWORD = "a long enough password"

Answer = dict[str, Any]


@dataclass
class Provider:
    """`issuer` is the near end of the wire: what is said there goes on to the provider.

    `tamper` may change what the token endpoint answers, `junk` is said in its place; `is_down` cuts
    the wire; `asked` are the paths that were asked for. `key` is what the provider signs with.
    """

    issuer: str
    child: "subprocess.Popen[str]"
    key: RSAKey
    tamper: Callable[[Answer], Answer] | None = None
    junk: bytes | None = None
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def order(self, **words: Any) -> None:
        """Have the provider do something, and wait until it has."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(json.dumps(words) + "\n")
        self.child.stdin.flush()
        assert self.child.stdout.readline() == "done\n"

    def person(self, name: str, email: str, *, verified: bool = True) -> None:
        """Somebody who can log in there as `name` with PASSWORD."""
        self.order(do="person", name=name, email=email, verified=verified)

    def rotate(self, key: RSAKey | None = None) -> None:
        """From now on it signs with another key, and publishes that alone."""
        self.key = key or _new_key()
        self.order(do="rotate", key=self.key.as_dict(private=True))


@contextmanager
def provided(redirect_uri: str) -> Iterator[Provider]:
    """Until the block ends. The client is registered for this one address."""
    wire = ThreadingHTTPServer(("127.0.0.1", 0), _Wire)
    issuer = f"http://127.0.0.1:{wire.server_address[1]}"
    key = _new_key()
    orders = {
        "issuer": issuer,
        "redirect_uri": redirect_uri,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "password": PASSWORD,
        "key": key.as_dict(private=True),
    }
    child = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("provider_child.py")), json.dumps(orders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child, wire:  # which waits for the child, and its input ends with the block
        assert child.stdout is not None
        port = int(child.stdout.readline())
        provider = Provider(issuer, child, key)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as far_end:
            wire.provider, wire.far_end = provider, far_end  # type: ignore[attr-defined]
            thread = threading.Thread(target=wire.serve_forever, args=(0.02,), name="wire")
            thread.start()
            try:
                yield provider
            finally:
                wire.shutdown()
                thread.join(10)


class _Wire(BaseHTTPRequestHandler):
    """Hands everything on, but what the test has changed."""

    def do_GET(self) -> None:
        self._hand_on(b"")

    def do_POST(self) -> None:
        self._hand_on(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def _hand_on(self, body: bytes) -> None:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        far_end: httpx.Client = self.server.far_end  # type: ignore[attr-defined]
        if provider.is_down:
            self.close_connection = True
            return
        path = self.path.partition("?")[0]
        provider.asked.append(path)
        headers = {name: value for name, value in self.headers.items() if name != "Connection"}
        answer = far_end.request(self.command, self.path, headers=headers, content=body)
        far_end.cookies.clear()
        said = answer.content
        if path == "/oauth/token" and provider.tamper is not None and answer.is_success:
            said = json.dumps(provider.tamper(answer.json())).encode()
        if path == "/oauth/token" and provider.junk is not None:
            said = provider.junk
        self.send_response(answer.status_code)
        for name, value in answer.headers.multi_items():
            if name not in ("content-length", "content-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        with suppress(ConnectionError):  # who asked may have heard enough
            self.wfile.write(said)

    def log_message(self, *args: Any) -> None:
        """Nothing: tests say what went wrong."""


def _new_key() -> RSAKey:
    return RSAKey.generate_key(2048, auto_kid=True)
