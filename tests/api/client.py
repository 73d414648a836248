"""A client as a careful user would write one: it reads its own writes and shows what went wrong."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.person import is_behind

PASSWORD = "correct horse battery"
_PATIENCE_S = 30.0


@dataclass
class Api:
    """One person's view of the API. `position` is that of their last write; `issue` gives an
    access token without a log-in, which costs more than all else that a test does."""

    http: httpx.AsyncClient
    issue: Callable[[str, str], str]
    token: str | None = None
    user: dict[str, Any] = field(default_factory=dict)
    position: int = 0

    async def send(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        headers: dict[str, str] | None = None,
        is_patient: bool = True,
        **options: Any,
    ) -> httpx.Response:
        """Whatever the answer is. Paths are under `/api/v1` unless they begin with it or `!`.

        Who `is_patient` asks again, as the answer says to, while a view is behind: on a machine
        that stalls it may be, for longer than the product has a reader wait."""
        sent = dict(headers or {})
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if method == "GET" and self.position:
            sent.setdefault("X-Min-Log-Position", str(self.position))
        if json is not None:
            options["json"] = json
        url = path[1:] if path.startswith("!") else f"/api/v1{path}"
        until = time.monotonic() + (_PATIENCE_S if is_patient else 0)
        while True:
            answer = await self.http.request(method, url, headers=sent, **options)
            if not is_behind(answer) or time.monotonic() > until:
                break
            await asyncio.sleep(0.05)
        if method != "GET" and "X-Log-Position" in answer.headers:
            self.position = max(self.position, int(answer.headers["X-Log-Position"]))
        return answer

    async def get(self, path: str, **options: Any) -> Any:
        return _good(await self.send("GET", path, **options)).json()

    async def post(self, path: str, json: Any = None, **options: Any) -> Any:
        return _good(await self.send("POST", path, json, **options)).json()

    async def patch(self, path: str, json: Any, **options: Any) -> Any:
        return _good(await self.send("PATCH", path, json, **options)).json()

    async def put(self, path: str, json: Any, **options: Any) -> Any:
        return _good(await self.send("PUT", path, json, **options)).json()

    async def put_204(self, path: str, **options: Any) -> None:
        """A PUT that has nothing to show."""
        assert _good(await self.send("PUT", path, **options)).status_code == 204

    async def delete(self, path: str, **options: Any) -> None:
        assert _good(await self.send("DELETE", path, **options)).status_code == 204

    async def finished(self, job_id: str) -> dict[str, Any]:
        """A job when it is over; the next read shows what it did."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.send("GET", f"/jobs/{job_id}")
                job: dict[str, Any] = answer.json()
                if job["state"] != "running":
                    self.position = int(answer.headers["X-Log-Position"])
                    return job
                await asyncio.sleep(0.05)

    async def refused(
        self, status: int, code: str, method: str, path: str, json: Any = None, **options: Any
    ) -> dict[str, Any]:
        """The problem that this request is refused with, checked for what every problem has."""
        answer = await self.send(method, path, json, **options)
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert problem["code"] == code, problem
        assert problem["status"] == status
        assert problem["request_id"] == answer.headers["X-Request-Id"]
        return problem

    async def register(self, name: str = "") -> "Api":
        """A new person with a token, on the same connection."""
        username = name or f"user-{uuid4().hex[:12]}"
        body = {"username": username, "email": f"{username}@example.org", "password": PASSWORD}
        someone = Api(self.http, self.issue)
        someone.user = await someone.post("/users", body)
        someone.token = self.issue(someone.user_id, f"session of {username}")
        return someone

    def with_token(self, token: str | None) -> "Api":
        return Api(self.http, self.issue, token)

    async def log_in(self, username: str, password: str = PASSWORD, **codes: str) -> dict[str, Any]:
        tokens: dict[str, Any] = await self.post(
            "/auth/login", {"username": username, "password": password, **codes}
        )
        self.token, self.user = tokens["access_token"], tokens["user"]
        return tokens

    @property
    def user_id(self) -> str:
        return str(self.user["user_id"])

    async def project(self, key: str = "WEB", **fields: Any) -> dict[str, Any]:
        created: dict[str, Any] = await self.post(
            "/projects", {"name": f"Project {key}", "key": key, **fields}
        )
        return created

    async def task(self, title: str = "A task", **fields: Any) -> dict[str, Any]:
        created: dict[str, Any] = await self.post("/tasks", {"title": title, **fields})
        return created


def pointers(problem: dict[str, Any]) -> list[str]:
    """Where a 422 says that something is wrong."""
    return [each["pointer"] for each in problem["errors"]]


def _good(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, f"{answer.status_code}: {answer.text}"
    return answer
