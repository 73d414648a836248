"""A FastAPI route, documented as any other, that fills its endpoint's arguments by itself.

FastAPI reads the endpoint's signature for the OpenAPI document; at run time this class fills the
same parameters without the dependency solver, which costs more than everything else a route
does, and with stricter JSON. So there is one definition of each call, and it is a fast one.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, Self, get_args, get_origin

import structlog
from fastapi import params
from fastapi.routing import APIRoute
from msgspec import Struct
from starlette.types import Receive, Scope, Send

from api.http.auth import admit
from api.http.bodies import Body, read_body
from api.http.call import Call
from api.http.describe import ALSO, ANSWER, KEPT, OR, PROBLEMS
from api.http.kept import kept
from api.http.positions import wanted_position
from api.http.problems import code_of, refusal
from api.http.queries import Query, ReadQuery, read_query
from api.http.reply import Reply
from api.http.scopes import scope_of
from api.http.stale import UNREADABLE, stale_header
from domain.errors import Kind, Refused, not_found
from domain.values.frozen import dataclass
from domain.values.ids import is_id, kind_of
from infra.outages import outage

Endpoint = Callable[..., Awaitable[Reply]]

_IN_PATH: Final = re.compile(r"\{([a-z_]+)\}")
# An id, a key or a name in a path: anything else names nothing.
_PATH_VALUE: Final = re.compile(r"[\x21-\x7e]{1,200}")
# Parameters that are neither: whoever takes one says what it may be.
_FREE: Final = frozenset({"emoji"})
# Parameters that are ids and nothing else; tasks and projects have keys as well.
_KINDS: Final = {
    "workspace_id": "ws",
    "user_id": "user",
    "comment_id": "cmt",
    "team_id": "team",
    "label_id": "lbl",
    "dependency_id": "dep",
    "key_id": "key",
    "invitation_id": "inv",
    "job_id": "job",
    "identity_id": "idn",
    "export_id": "exp",
}
_NAMES: Final = {
    "workspace_id": "workspace",
    "user_id": "user",
    "member_id": "member",
    "team_id": "team",
    "comment_id": "comment",
    "label_id": "label",
    "dependency_id": "dependency",
    "invitation_id": "invitation",
    "session_id": "session",
    "identity_id": "identity",
    "job_id": "job",
    "export_id": "export",
    "task_id": "task",
    "project_id": "project",
    "key_id": "key",
}


_UNREADABLE: Final = (
    "An event that this needs does not hold what was once written. Whoever runs the product finds "
    "it by `taskledger dead-letters list`."
)

# What somebody may not, or may not see.
_KEPT_FROM: Final = frozenset({Kind.FORBIDDEN, Kind.NOT_FOUND})

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Parameters:
    """Which parameter of an endpoint takes what."""

    call: str | None = None
    body: tuple[str, type[Body]] | None = None
    query: tuple[str, type[Query]] | None = None

    @classmethod
    def of(cls, endpoint: Endpoint, in_path: Collection[str]) -> Self:
        found: dict[str, Any] = {}
        for name, parameter in inspect.signature(endpoint).parameters.items():
            kind, marks = _unfold(parameter.annotation)
            if kind is Call:
                found["call"] = name
            elif issubclass(kind, Body):
                found["body"] = name, kind
            elif issubclass(kind, Query) and any(isinstance(mark, params.Query) for mark in marks):
                found["query"] = name, kind
            elif name not in in_path or kind is not str:
                raise TypeError(f"{endpoint!r}: {name} is neither call, body, query nor in path")
        return cls(**found)


class DirectRoute(APIRoute):
    """Parameters an endpoint may have: the call, one body, one query, and those of its path."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        extra = dict(options.pop("openapi_extra", None) or {})
        self.answer_type: type[Struct] | None = extra.pop(ANSWER, None)
        self.also: Mapping[int, type[Struct]] = extra.pop(ALSO, {})
        self.otherwise: type[Struct] | None = extra.pop(OR, None)
        self.problems: Sequence[str] = extra.pop(PROBLEMS, ())
        self.is_kept: bool = extra.pop(KEPT, False)
        options |= {"openapi_extra": extra, "response_model": None}
        super().__init__(path, endpoint, **options)
        self.in_path: Sequence[str] = _IN_PATH.findall(self.path)
        self.is_public = extra.get("security") == []
        self.scope = scope_of("".join(self.methods or ()), self.path)  # a route has one method
        self._takes = _Parameters.of(endpoint, self.in_path)
        body = self._takes.body
        self.body_may_be_left_out = body is not None and body[1].may_be_left_out
        self._run = endpoint
        self.app = self._serve

    async def answer(self, call: Call, in_path: Mapping[str, str]) -> Reply:
        """Let the caller in, run the endpoint, and answer; refusals are answers too."""
        call.pattern = self.path
        try:
            if not self.is_public:
                await admit(call, self.scope)
            arguments = await self._arguments(call, in_path)
            if self.is_kept:
                body = arguments[self._takes.body[0]] if self._takes.body else None
                reply = await kept(call, body, partial(self._run, **arguments))
            else:
                reply = await self._run(**arguments)
            if call.stale:
                reply.headers += await stale_header(call)
            return reply
        except Refused as error:
            if error.kind in _KEPT_FROM:
                _tell_watch(call, error, in_path)
            return _refuse(call, error)
        except UNREADABLE as error:
            _log.error("event_unreadable", error=str(error))
            return _refuse(call, Refused(Kind.DEPENDENCY_DOWN, _UNREADABLE))
        except Exception as error:
            refused = outage(error)
            if refused is None:
                raise
            _log.warning("part_down", error=repr(error))
            return _refuse(call, refused)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """For FastAPI's own router, in the place of what would not ask who calls."""
        reply = await self.answer(scope["call"], scope["path_params"])
        await reply(scope, receive, send)

    async def _arguments(self, call: Call, in_path: Mapping[str, str]) -> dict[str, Any]:
        takes = self._takes
        arguments: dict[str, Any] = dict(in_path)
        for name, value in arguments.items():
            kind = _KINDS.get(name)
            if name in _FREE:
                continue
            if not (is_id(value, kind) if kind else _PATH_VALUE.fullmatch(value)):
                raise not_found(_NAMES.get(name, "resource"))
        query = read_query(takes.query[1] if takes.query else Query, call.scope["query_string"])
        in_query = query.min_position if isinstance(query, ReadQuery) else None
        call.position = wanted_position(call, in_query)
        if takes.query:
            arguments[takes.query[0]] = query
        if takes.body:
            arguments[takes.body[0]] = await read_body(call, takes.body[1])
        if takes.call:
            arguments[takes.call] = call
        return arguments


def _unfold(annotation: Any) -> tuple[type, tuple[Any, ...]]:
    """The type and the marks of an annotation."""
    if get_origin(annotation) is Annotated:
        kind, *marks = get_args(annotation)
        return kind, tuple(marks)
    if not isinstance(annotation, type):
        raise TypeError(f"{annotation!r} is not a plain type")
    return annotation, ()


def _tell_watch(call: Call, error: Refused, in_path: Mapping[str, str]) -> None:
    user_id = call.user_id
    if user_id is not None:
        about = next((each for each in in_path.values() if kind_of(each) is not None), None)
        what = f"{call.method} {call.pattern} {error.kind}"
        call.house.security.refused(user_id, about, what, call.address)


def _refuse(call: Call, error: Refused) -> Reply:
    call.code = code_of(error)
    if call.recorded is not None:
        error = _unanswered(error, call.recorded)
    return refusal(error, instance=call.path, request_id=call.request_id)


def _unanswered(error: Refused, position: int) -> Refused:
    """What cannot be answered may have been done for all that, and then has to say so."""
    return Refused(
        error.kind,
        "This was recorded; only its answer cannot be given now. With the same Idempotency-Key "
        "it can be asked for again.",
        **{**error.fields, "recorded_position": position},
    )
