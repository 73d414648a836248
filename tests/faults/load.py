"""People who write and read all the time, and note every answer that they were given."""

import asyncio
import contextlib
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.e2e.person import Json, Person
from tests.waiting import until

_WRITERS = 4
_READERS = 2
_PAUSE_S = 0.01  # between two requests of one person: a load, not a benchmark
_AGAIN_S = 0.1
_SETTLED_WITHIN_S = 45.0
_TIMEOUT_S = 20.0
# Members of a 503 by which it says that the write was recorded, or may have been.
_MAY_STAND = {"recorded_position", "in_doubt"}


@dataclass(slots=True)
class Written:
    """A task by the last acknowledged answer about it; nobody else writes to it."""

    task: Json
    comments: list[str] = field(default_factory=list)


class Load:
    """Runs from `with` to its end, in a thread of its own.

    A write that is not acknowledged (connection lost, 503) is sent again with the same
    Idempotency-Key until it is, so that at the end every write of `written` has been acknowledged
    and no other was made. Any other answer than those that a client can expect on a bad day
    fails the test.
    """

    def __init__(self, person: Person, project_id: str) -> None:
        self.project_id = project_id
        self.written: dict[str, Written] = {}
        self.positions: list[int] = []
        self.unanswered = 0
        self.refused = 0
        self.replayed = 0
        self._last = ""
        self._url = f"{person.url}/api/v1"
        self._token = person.token
        self._failure: BaseException | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()
        if error is None and self._failure is not None:
            raise self._failure

    def acknowledges(self, more: int, within_s: float = _SETTLED_WITHIN_S) -> None:
        """Return when that many more writes have been acknowledged."""
        wanted = len(self.positions) + more
        until(
            f"{more} more writes",
            within_s,
            lambda: self._failed or len(self.positions) >= wanted,
            lambda: f"{self.unanswered} unanswered, {self.refused} refused, last: {self._last}",
        )
        if self._failure is not None:
            raise self._failure

    @property
    def last_position(self) -> int:
        return max(self.positions, default=0)

    @property
    def _failed(self) -> bool:
        return self._failure is not None

    def _run(self) -> None:
        try:
            asyncio.run(self._everybody())
        except BaseException as error:
            self._failure = error

    async def _everybody(self) -> None:
        async with asyncio.TaskGroup() as people:
            for number in range(_WRITERS):
                people.create_task(self._write(number))
            for number in range(_READERS):
                people.create_task(self._read(number))

    async def _write(self, number: int) -> None:
        async with self._client() as http:
            made = 0
            while not self._stopping.is_set():
                made += 1
                title = f"Writer {number}, task {made}"
                body: Json = {"project_id": self.project_id, "title": title}
                answer = await self._acknowledged(http, "POST", "/tasks", body)
                written = Written(answer.json())
                self.written[written.task["id"]] = written
                for change in ({"title": f"{title}, seen"}, {"status": "in_progress"}):
                    # With If-Match: a retry after a lost answer carries a stale one.
                    seen = {"If-Match": answer.headers["ETag"]}
                    path = f"/tasks/{written.task['id']}"
                    answer = await self._acknowledged(http, "PATCH", path, change, seen)
                    written.task = answer.json()
                path = f"/tasks/{written.task['id']}/comments"
                answer = await self._acknowledged(http, "POST", path, {"text": f"About {title}"})
                written.comments.append(answer.json()["id"])

    async def _read(self, number: int) -> None:
        """One task must never be older than its last acknowledged write, a list never older than
        the position that was asked for."""
        chance = random.Random(number)
        async with self._client() as http:
            while not self._stopping.is_set():
                if not self.written:
                    await asyncio.sleep(_PAUSE_S)
                    continue
                task_id, written = chance.choice(list(self.written.items()))
                known = written.task
                answer = await self._answered(http, f"/tasks/{task_id}")
                if answer is not None:
                    assert answer.json()["version"] >= known["version"], answer.text
                asked = self.last_position
                path = chance.choice(
                    (
                        f"/projects/{self.project_id}/board?cards=5",
                        f"/tasks?project_id={self.project_id}&limit=20",
                        f"/tasks/{task_id}/activity",
                    )
                )
                answer = await self._answered(http, path, {"X-Min-Log-Position": str(asked)})
                if answer is not None:
                    assert int(answer.headers["X-Log-Position"]) >= asked, path

    async def _acknowledged(
        self,
        http: httpx.AsyncClient,
        method: str,
        path: str,
        body: Json,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        sent = {"Idempotency-Key": str(uuid4()), **(headers or {})}
        deadline = time.monotonic() + _SETTLED_WITHIN_S
        may_stand = False
        while True:
            answer = None
            try:
                answer = await http.request(method, path, json=body, headers=sent)
            except httpx.TransportError:
                self.unanswered += 1
                self._last = f"{method} {path}: no answer"
                may_stand = True
            if answer is not None and answer.is_success:
                self.positions.append(int(answer.headers["X-Log-Position"]))
                replayed = "Idempotency-Replayed" in answer.headers
                assert may_stand or not replayed, f"it stood, and was refused: {_shown(answer)}"
                self.replayed += replayed
                await asyncio.sleep(_PAUSE_S)
                return answer
            if answer is not None:
                self.refused += 1
                self._last = _shown(answer)
                in_progress = answer.status_code == 409 and _code(answer) == (
                    "idempotency-in-progress"
                )
                assert in_progress or _is_outage(answer), _shown(answer)
                may_stand |= in_progress or bool(answer.json().keys() & _MAY_STAND)
            assert time.monotonic() < deadline, f"never acknowledged: {_shown(answer)}"
            await asyncio.sleep(_AGAIN_S)

    async def _answered(
        self, http: httpx.AsyncClient, path: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response | None:
        """None for what a reader has to bear on a bad day."""
        await asyncio.sleep(_PAUSE_S)
        with contextlib.suppress(httpx.TransportError):
            answer = await http.get(path, headers=headers)
            if answer.is_success:
                return answer
            assert _is_outage(answer), _shown(answer)
        return None

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._url,
            timeout=_TIMEOUT_S,
            headers={"Authorization": f"Bearer {self._token}"},
        )


def _is_outage(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 503
        and int(answer.headers["Retry-After"]) >= 1
        and _code(answer) in ("dependency-down", "overloaded", "view-behind")
    )


def _code(answer: httpx.Response) -> Any:
    assert answer.headers["Content-Type"] == "application/problem+json", _shown(answer)
    return answer.json()["code"]


def _shown(answer: httpx.Response | None) -> str:
    if answer is None:
        return "no answer"
    asked = answer.request
    return f"{asked.method} {asked.url}: {answer.status_code} {answer.text}"
