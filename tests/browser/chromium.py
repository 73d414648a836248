"""A headless Chromium, driven by its own protocol (chromedevtools.github.io/devtools-protocol)."""

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.waiting import until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_ANSWERED_WITHIN_S = 60.0


class Page:
    """One page. `asked` are the addresses of all that it has requested, `said` what stands in its
    console as a warning or an error, broken promises and refusals by its policy included."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self.asked: list[str] = []
        self.said: list[str] = []
        for domain in ("Runtime", "Log", "Page", "Network", "DOM"):
            self.call(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Until all of it is there."""
        self.asked, self.said = [], []
        self.call("Page.navigate", url=address)
        until("the page is loaded", 20, lambda: self.run("document.readyState") == "complete")

    def run(self, expression: str) -> Any:
        """What it comes to, a promise's value included. Raises RuntimeError for what it throws."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def choose(self, selector: str, *files: Path) -> None:
        """Into an input for files, as a person would."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(each) for each in files])

    def press(self, key: str) -> None:
        """A key of the keyboard, in whatever has the focus."""
        text = "\r" if key == "Enter" else ""
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method of the protocol. What the page tells meanwhile is kept."""
        number = next(self._ids)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(_ANSWERED_WITHIN_S))
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                answer: dict[str, Any] = message["result"]
                return answer
            self._hear(message["method"], message["params"])

    def _hear(self, event: str, told: dict[str, Any]) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.asked.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                self.said.append(json.dumps(told["exceptionDetails"]))
            case "Log.entryAdded" if told["entry"]["level"] in ("warning", "error"):
                self.said.append(told["entry"]["text"])
            case "Runtime.consoleAPICalled" if told["type"] in ("warning", "error", "assert"):
                self.said.append(json.dumps(told["args"]))


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A browser with one page until the block ends; its profile is in `folder`."""
    assert CHROMIUM is not None, "ask whether there is one first"
    arguments = [
        "--headless=new",
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        "--no-first-run",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        "about:blank",
    ]
    log = folder.with_name(f"{folder.name}.log")
    with log.open("wb") as out:
        process = subprocess.Popen([CHROMIUM, *arguments], stdout=out, stderr=out)
    try:
        port = _port(folder / "DevToolsActivePort", process, log)
        with connect(_page_of(port), max_size=None, compression=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(file: Path, process: subprocess.Popen[bytes], log: Path) -> int:
    def written() -> str | None:
        assert process.poll() is None, log.read_text(errors="replace")
        said = file.read_text() if file.exists() else ""
        return said if "\n" in said else None  # else it is half written

    return int(until("Chromium listens", 30, written).splitlines()[0])


def _page_of(port: int) -> str:
    def pages() -> list[dict[str, str]]:
        listed = httpx.get(f"http://127.0.0.1:{port}/json/list", timeout=30).json()
        return [each for each in listed if each["type"] == "page"]

    (page,) = until("Chromium has its page", 30, pages)
    return page["webSocketDebuggerUrl"]
