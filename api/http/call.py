"""One HTTP request as the routes see it: who calls, what was sent, what the answer carries."""

import random
import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends, Request
from starlette.types import Message, Receive, Scope

from api.http.problems import BODY_TOO_LARGE, DoorRefused
from api.http.reply import Header
from api.http.strict_json import decode, no_body
from domain.values.frozen import dataclass
from domain.values.recorded import Origin

if TYPE_CHECKING:
    from api.http.together import Together
    from infra.access import Access
    from infra.bootstrap import House
    from infra.people.api_keys import KeyGrant

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{1,128}")
_TRACEPARENT: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?"
)


class ClientGone(Exception):
    """The client hung up before its request was whole; nobody waits for an answer."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds the token. `session_id` is the log-in that it came from; of an API key, the
    key's own id, and `key` what it is for."""

    user_id: str
    session_id: str
    key: "KeyGrant | None" = None


class Call:
    """Made by the outermost middleware, found in the ASGI scope by everything inside."""

    __slots__ = (
        "_caller",
        "about",
        "cause",
        "changes",
        "code",
        "extra",
        "headers",
        "house",
        "pattern",
        "position",
        "receive",
        "recorded",
        "request_id",
        "scope",
        "stale",
        "started",
        "status",
        "together",
        "trace_id",
        "traceparent",
    )

    def __init__(self, house: "House", scope: Scope, receive: Receive) -> None:
        self.house = house
        self.scope = scope
        self.receive = receive
        self.started = time.perf_counter()
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        given = self.headers.get(b"x-request-id")
        trace = self.headers.get(b"traceparent")
        match = _TRACEPARENT.fullmatch(trace) if trace is not None else None
        span = random.getrandbits(64) | 1
        if match and match[1] != b"0" * 32 and match[2] != b"0" * 16:
            self.trace_id = match[1].decode()
            self.traceparent = b"00-%b-%016x-%b" % (match[1], span, match[3])
        else:
            self.trace_id = f"{random.getrandbits(128) | 1:032x}"
            self.traceparent = b"00-%b-%016x-00" % (self.trace_id.encode(), span)
        if given is not None and _REQUEST_ID.fullmatch(given):
            self.request_id = given.decode()
        else:
            self.request_id = self.trace_id
        self._caller: Caller | None = None
        # The path of the route that answers, for measurements.
        self.pattern = "none"
        # What the reader has written itself, and so must see; set by the route.
        self.position: int | None = None
        # Where the log has what this call changed, once it has.
        self.recorded: int | None = None
        # Each commit of it that changed something: in which workspace, and up to where.
        self.changes: list[tuple[str, int]] = []
        # Because of what this happens, where that is not the caller alone.
        self.cause: str | None = None
        # With whom this call's commands become one commit, where it is not alone.
        self.together: Together | None = None
        # Streams that a view has given up, and the only tasks or projects that the answer is
        # about, where it is about some alone.
        self.stale: Sequence[str] = ()
        self.about: Sequence[str] = ()
        self.extra: list[Header] = []
        self.status = 0
        self.code: str | None = None

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """The path as it was asked for, still percent-encoded; pure ASCII."""
        raw: bytes = self.scope.get("raw_path") or self.scope["path"].encode()
        return raw.partition(b"?")[0].decode("ascii", "replace")

    @property
    def address(self) -> str:
        client = self.scope.get("client")
        return client[0] if client else "unknown"

    @property
    def caller(self) -> Caller:
        """Who calls; only a route that asks for a log-in may ask this."""
        assert self._caller is not None, "a public route has no caller"
        return self._caller

    @caller.setter
    def caller(self, caller: Caller) -> None:
        self._caller = caller

    @property
    def access(self) -> "Access":
        """Who may see what, within what the caller's token is for."""
        whole, within = self.house.whole_access, self.within
        return whole if within is None else whole.only(within)

    @property
    def within(self) -> str | None:
        """The one workspace that there is for the caller; None: all that they are in."""
        key = None if self._caller is None else self._caller.key
        return None if key is None else key.workspace_id

    @property
    def is_alone(self) -> bool:
        """Whether its answer leaves by itself, and not with others."""
        return True

    @property
    def user_id(self) -> str | None:
        """The caller's id where there is one, for logs and limits."""
        return None if self._caller is None else self._caller.user_id

    def seconds(self) -> float:
        """Since it began."""
        return time.perf_counter() - self.started

    def origin(self, actor: str | None = None) -> Origin:
        """Where the events of this call come from; `actor` where nobody is logged in yet."""
        caller = self._caller
        return Origin(
            actor=actor or self.caller.user_id,
            request_id=self.request_id,
            correlation_id=self.trace_id,
            causation_id=self.cause,
            key_id=None if caller is None or caller.key is None else caller.key.key_id,
            ip=self.address,
            within=self.within,
        )

    async def json(self, most_bytes: int | None = None, *, may_be_left_out: bool = False) -> Any:
        """The body's value; of one that may be left out, and is, an empty object. Raises as
        `body`, and Invalid for what is no strict JSON."""
        data = await self.body(most_bytes)
        if data:
            return decode(data)
        if not may_be_left_out:
            raise no_body()
        return {}

    async def body(self, most_bytes: int | None = None) -> bytes:
        """The whole body, of at most so many bytes (None: as many as any other). Refused with 413
        as soon as it is known to be too large."""
        limit = most_bytes or self.house.settings.max_body_bytes
        declared = self.headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) > limit:
            raise _too_large(limit)
        message = await self.receive()
        first = _chunk(message)
        if not message.get("more_body", False):
            if len(first) > limit:
                raise _too_large(limit)
            return first
        chunks, size = [first], len(first)
        while message.get("more_body", False):
            if size > limit:
                raise _too_large(limit)
            message = await self.receive()
            chunks.append(_chunk(message))
            size += len(chunks[-1])
        if size > limit:
            raise _too_large(limit)
        return b"".join(chunks)


async def nothing_sent() -> Message:
    """What a call receives that has no connection behind it: a request without a body."""
    return {"type": "http.request", "body": b"", "more_body": False}


def this_call(request: Request) -> Call:
    """The call that a request belongs to, for FastAPI's own dependency machinery."""
    call: Call = request.scope["call"]
    return call


CallHere = Annotated[Call, Depends(this_call)]


def _chunk(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    return body


def _too_large(limit: int) -> DoorRefused:
    detail = f"A body has at most {limit} bytes."
    return DoorRefused(BODY_TOO_LARGE, detail)
