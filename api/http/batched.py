"""A call that stands in a batch: through the same doors as any other, without a connection."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import structlog

from api.http import access_log
from api.http.call import Call, nothing_sent
from api.http.problems import INTERNAL, problem
from api.http.reply import Reply
from api.http.route_table import RouteTable
from api.http.router_errors import no_such_method, no_such_resource
from api.http.strict_json import no_body
from domain.values.frozen import dataclass
from infra.logs import work_id

if TYPE_CHECKING:
    from api.http.together import Together

# What a client may say of one call; who calls is said once, by the batch.
HEADERS: Final = frozenset(
    {
        "accept",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "prefer",
        "x-min-log-position",
    }
)
NOTHING: Final = object()

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batched:
    """One call of a batch as it was asked for. `target` is its whole path with its query, `body`
    a JSON value or NOTHING, and `headers` have lower-case names."""

    index: int
    method: str
    target: str
    body: Any
    headers: Mapping[str, str]


class BatchedCall(Call):
    """`position` is what the calls before it have written, which a read must show."""

    def __init__(
        self,
        outer: Call,
        asked: Batched,
        *,
        position: int | None = None,
        together: "Together | None" = None,
    ) -> None:
        raw_path, _, query = asked.target.partition("?")
        headers = {name.encode(): value.encode("latin-1") for name, value in asked.headers.items()}
        headers[b"authorization"] = outer.headers.get(b"authorization", b"")
        headers[b"x-request-id"] = f"{outer.request_id[:120]}.{asked.index}".encode()
        headers[b"traceparent"] = outer.traceparent
        if asked.method == "GET" and position is not None:
            headers.setdefault(b"x-min-log-position", b"%d" % position)
        key = outer.headers.get(b"idempotency-key")
        if key is not None and asked.method != "GET" and together is None:
            headers.setdefault(b"idempotency-key", _key_of(key, asked.index))
        scope = {
            **outer.scope,
            "method": asked.method,
            "path": _path(raw_path),
            "raw_path": raw_path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "headers": list(headers.items()),
        }
        super().__init__(outer.house, scope, nothing_sent)
        scope["call"] = self
        self._value = asked.body
        self.cause = outer.cause
        self.together = together

    @property
    def is_alone(self) -> bool:
        return False

    async def json(self, most_bytes: int | None = None, *, may_be_left_out: bool = False) -> Any:
        """The value that the batch has already read."""
        if self._value is NOTHING:
            if may_be_left_out:
                return {}
            raise no_body()
        return self._value


async def answer_alone(call: Call, routes: RouteTable) -> Reply:
    """What the call would be answered with by itself, measured like any other."""
    token = work_id.set(call.request_id)
    try:
        reply = await _answer(call, routes)
    except Exception:
        _log.exception("unhandled", method=call.method, path=call.path)
        call.code = INTERNAL
        reply = problem(INTERNAL, None, instance=call.path, request_id=call.request_id)
    finally:
        work_id.reset(token)
    call.status = reply.status
    seconds = call.seconds()
    call.house.metrics.request_done(call.method, call.pattern, reply.status, seconds)
    if call.method == "GET":  # what is written by a batch stands in the trail
        access_log.note(call, seconds)
    return reply


async def _answer(call: Call, routes: RouteTable) -> Reply:
    path: str = call.scope["path"]
    found = routes.find(call.method, path)
    if found is not None:
        route, in_path = found
        return await route.answer(call, in_path)
    methods = routes.methods(path)
    return no_such_method(call, methods) if methods else no_such_resource(call)


def _path(raw: str) -> str:
    path = unquote(raw, errors="replace")
    return path.rstrip("/") or "/"


def _key_of(key: bytes, index: int) -> bytes:
    """The key of a batch makes one for each of its calls that has none of its own."""
    return b"batch:" + hashlib.sha256(b"%d:%b" % (index, key)).hexdigest().encode()
