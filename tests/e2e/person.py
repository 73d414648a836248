"""Somebody who uses the product over HTTP and notes what it has told them."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.waiting import until

PASSWORD = "correct horse battery"
_TIMEOUT_S = 20.0
_PATIENCE_S = 30.0

Json = dict[str, Any]


@dataclass
class Person:
    """Registered and logged in on one kept connection. `position`: of their last write."""

    url: str
    username: str = field(default_factory=lambda: f"user-{uuid4().hex[:12]}")
    position: int = 0
    user: Json = field(default_factory=dict)
    token: str = ""

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=f"{self.url}/api/v1", timeout=_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def register(self) -> Self:
        email = f"{self.username}@example.org"
        self.post("/users", {"username": self.username, "email": email, "password": PASSWORD})
        self.log_in()
        return self

    def log_in(self, password: str = PASSWORD) -> None:
        tokens = self.post("/auth/login", {"username": self.username, "password": password})
        self.token, self.user = tokens["access_token"], tokens["user"]
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def ask(
        self, method: str, path: str, body: Json | None = None, **headers: str
    ) -> httpx.Response:
        """The answer, whatever it is. Headers by name with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.http.request(method, path, json=body, headers=sent)
        if method != "GET" and "X-Log-Position" in answer.headers:
            self.position = max(self.position, int(answer.headers["X-Log-Position"]))
        return answer

    def patiently(self, method: str, path: str, body: Json) -> Json:
        """Once, however often it has to be sent while a part is away."""
        key = str(uuid4())

        def answered() -> httpx.Response | None:
            answer = self.ask(method, path, body, Idempotency_Key=key)
            return None if answer.status_code == 503 else answer

        return _document(until(f"{method} {path}", _PATIENCE_S, answered), 200, 201)

    def get(self, path: str) -> Json:
        """As of their own last write at least."""
        return _document(self._seen("GET", path, X_Min_Log_Position=str(self.position)), 200)

    def post(self, path: str, body: Json) -> Json:
        return _document(self._seen("POST", path, body), 200, 201)

    def patch(self, path: str, body: Json, **headers: str) -> Json:
        return _document(self._seen("PATCH", path, body, **headers), 200)

    def _seen(
        self, method: str, path: str, body: Json | None = None, **headers: str
    ) -> httpx.Response:
        """Asked again, as its answer says to, while a view is behind what was written: on a machine
        that stalls it may be, for longer than the product has a reader wait."""

        def answered() -> httpx.Response | None:
            answer = self.ask(method, path, body, **headers)
            return None if is_behind(answer) else answer

        return until(f"{method} {path}", _PATIENCE_S, answered)

    def project(self, key: str) -> Json:
        return self.post("/projects", {"name": f"Project {key}", "key": key})

    def task(self, project_id: str, title: str, **fields: Any) -> Json:
        return self.post("/tasks", {"project_id": project_id, "title": title, **fields})

    def comment(self, task_id: str, text: str) -> Json:
        return self.post(f"/tasks/{task_id}/comments", {"text": text})

    def every(self, path: str, plural: str) -> list[Json]:
        """All pages of a list."""
        found: list[Json] = []
        joint = "&" if "?" in path else "?"
        cursor = ""
        while True:
            page = self.get(f"{path}{joint}limit=1000{cursor}")
            found += page[plural]
            if not page["has_more"]:
                return found
            cursor = f"&cursor={page['next_cursor']}"


def is_behind(answer: httpx.Response) -> bool:
    """Whether nothing was done because a view does not show yet what it has to."""
    if answer.headers.get("Content-Type") != "application/problem+json":
        return False
    problem = answer.json()
    return problem["code"] == "view-behind" and "recorded_position" not in problem


def _document(answer: httpx.Response, *expected: int) -> Json:
    assert answer.status_code in expected, (
        f"{answer.request.url}: {answer.status_code} {answer.text}"
    )
    document: Json = answer.json()
    return document
