"""Many calls in one request, in order: each for itself, or all of them as one commit."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import orjson
from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.http.batched import HEADERS, NOTHING, Batched, BatchedCall, answer_alone
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import write
from api.http.once import REPLAYED, Once, once
from api.http.positions import position_headers
from api.http.problems import BODY_TOO_LARGE, TABLE, problem
from api.http.reply import Header, Reply
from api.http.route import DirectRoute
from api.http.route_table import RouteTable
from api.http.together import Together
from api.routes.answers import BatchAnswer, BatchResult, encode
from commands.registry import all_commands
from domain.errors import Invalid, Kind, Problem, Refused
from infra.ids import new_id
from infra.jobs.book import batch_of

if TYPE_CHECKING:
    from infra.settings import Settings

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Batch"])

_TARGET: Final = re.compile(r"/api/v1/[\x21-\x7e]{1,8000}")
_HEADER_VALUE: Final = re.compile(r"[\x20-\x7e]{0,2000}")
# Log-in and its like give away secrets, and a batch in a batch would have no end.
_NEVER: Final = re.compile(r"/api/v1/(batch|auth|users/login)(/.*)?")
_TOGETHER: Final = re.compile(r"/api/v1/(tasks|comments|projects)(/.*)?")
_IN_PATH: Final = re.compile(r"\{\w+\}")
_CAPITALS: Final = {"etag": "ETag", "www-authenticate": "WWW-Authenticate"}


class BatchCommand(Body):
    """`path` is whole, with its query; `id` comes back beside the answer."""

    id: Annotated[str, Field(max_length=255)] | int | None = None
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: Annotated[str, Field(max_length=8_010, examples=["/api/v1/tasks"])]
    body: Annotated[Any, Field(description="What the call takes.")] = None
    headers: Annotated[
        dict[str, str] | None, Field(description=f"Some of {', '.join(sorted(HEADERS))}.")
    ] = None


class Batch(Body):
    """`atomic`: all of it is one commit, or nothing happens."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "commands": [
                        {
                            "id": "first",
                            "method": "POST",
                            "path": "/api/v1/tasks",
                            "body": {"title": "Write it down"},
                        },
                        {"method": "GET", "path": "/api/v1/user/tasks"},
                    ]
                }
            ]
        }
    )

    commands: list[BatchCommand]
    atomic: bool = False

    @classmethod
    def most_bytes(cls, settings: "Settings") -> int:
        return settings.max_batch_bytes


@router.post(
    "/batch",
    summary="Make many calls at once, in order",
    **write(
        BatchAnswer,
        has_path=False,
        may=(Kind.NOT_UNDOABLE, Kind.TRASHED, Kind.ARCHIVED, Kind.ALREADY_EXISTS),
    ),
)
async def batch(call: CallHere, body: Batch) -> Reply:
    routes: RouteTable = call.scope["app"].state.routes
    asked = _checked(call, body, routes)
    key = once(call, body)  # one that cannot be a key is refused before anything is done
    if body.atomic:
        return await _as_one(call, body, asked, routes, key)
    return await _one_by_one(call, body, asked, routes)


async def _one_by_one(
    call: Call, body: Batch, asked: Sequence[Batched], routes: RouteTable
) -> Reply:
    most, owner_id, jobs = call.house.settings.max_batch_bytes, call.caller.user_id, call.house.jobs
    call.cause = job_id = new_id("job")
    replies: list[Reply] = []
    replayed: list[bool] = []
    done: list[tuple[str, int]] = []
    size = 0
    is_open = await _open(call, job_id, asked)
    async with jobs.held(job_id) if is_open else nullcontext():
        for each in asked:
            inner = BatchedCall(call, each, position=call.recorded)
            if size > most:
                replies.append(_no_room(inner, most))
                continue
            reply = await answer_alone(inner, routes)
            if inner.recorded is not None:
                call.recorded = max(call.recorded or 0, inner.recorded)
                replayed.append(REPLAYED in reply.headers)
            done += inner.changes
            size += len(reply.body)
            replies.append(reply)
    is_job = is_open and len(done) > 1
    if is_open:
        await jobs.book.write_down(batch_of(job_id, owner_id, done if is_job else ()))
    return await _answer(
        call,
        body,
        replies,
        replayed=bool(replayed) and all(replayed),
        job_id=job_id if is_job else None,
    )


async def _open(call: Call, job_id: str, asked: Sequence[Batched]) -> bool:
    """Write down that a batch begins which may be several commits, so that it can be undone as one
    wherever it ends. False where it is not."""
    if sum(each.method != "GET" for each in asked) < 2:
        return False
    opened = batch_of(job_id, call.caller.user_id, ())
    await call.house.jobs.begin(opened, here=True)
    return True


async def _as_one(
    call: Call, body: Batch, asked: Sequence[Batched], routes: RouteTable, key: Once | None
) -> Reply:
    together = Together()
    answers: list[asyncio.Task[Reply]] = []
    try:
        for each in asked:
            inner = BatchedCall(call, each, together=together)
            answers.append(asyncio.create_task(answer_alone(inner, routes)))
            joined = asyncio.create_task(together.next_joined())
            await asyncio.wait({answers[-1], joined}, return_when=asyncio.FIRST_COMPLETED)
            joined.cancel()
            if answers[-1].done():
                return _failed(call, body, each.index, answers[-1].result())
        if not answers:
            return await _answer(call, body, [], replayed=False)
        run = call.house.executor
        try:
            outcome = await run.execute(
                together.commands,
                call.origin(),
                idempotency_key=None if key is None else key.key,
                digest=None if key is None else key.digest,
            )
        except Refused as refused:
            index = together.refuse(refused)
            if index is None:
                raise
            return _failed(call, body, index, await answers[index])
        call.recorded = outcome.position
        together.done(await run.each(outcome, together.commands))
        replies = await asyncio.gather(*answers)
        return await _answer(call, body, replies, replayed=outcome.replayed)
    finally:
        for answer in answers:
            answer.cancel()


def _checked(call: Call, body: Batch, routes: RouteTable) -> list[Batched]:
    """What is asked for; Invalid with everything that can be seen to be wrong before any of it
    is done."""
    most = call.house.settings.max_batch_commands
    if len(body.commands) > most:
        raise Invalid(Problem("/commands", "too-long", f"A batch has at most {most} commands."))
    problems: list[Problem] = []
    asked: list[Batched] = []
    for index, command in enumerate(body.commands):
        at = f"/commands/{index}"
        headers = {name.lower(): value for name, value in (command.headers or {}).items()}
        problems += _wrong_headers(headers, at, atomic=body.atomic)
        wrong = _wrong_path(command, routes, atomic=body.atomic)
        if wrong is not None:
            problems.append(Problem(f"{at}/path", "invalid", wrong))
        asked.append(
            Batched(
                index=index,
                method=command.method,
                target=command.path,
                body=command.body if command.gives("body") else NOTHING,
                headers=headers,
            )
        )
    if problems:
        raise Invalid(*problems[:50])
    return asked


def _wrong_headers(headers: dict[str, str], at: str, *, atomic: bool) -> Iterable[Problem]:
    known = HEADERS - {"idempotency-key", "if-match"} if atomic else HEADERS
    for name, value in headers.items():
        if name not in known:
            detail = f"Must be some of {', '.join(sorted(known))}."
            yield Problem(f"{at}/headers", "unknown", detail)
        elif not _HEADER_VALUE.fullmatch(value):
            yield Problem(f"{at}/headers/{name}", "invalid", "Must be printable ASCII.")


def _wrong_path(command: BatchCommand, routes: RouteTable, *, atomic: bool) -> str | None:
    if not _TARGET.fullmatch(command.path) or "#" in command.path:
        return "Must be a whole path, /api/v1/..., with its query."
    path = command.path.partition("?")[0].rstrip("/")
    found = routes.find(command.method, path)
    if _NEVER.fullmatch(path) or (found is not None and found[0].is_public):
        return "This call is made by itself, not in a batch."
    if not atomic or found is None:
        return None
    if not _TOGETHER.fullmatch(path) or _shape(command.method, found[0].path) not in _COMMANDS:
        return "An atomic batch takes commands on tasks, comments and projects alone."
    return None


def _shape(method: str, pattern: str) -> str:
    method = "PATCH" if method == "PUT" and pattern == "/api/v1/tasks/{task_id}" else method
    return f"{method} {_IN_PATH.sub('{}', pattern.removeprefix('/api/v1'))}"


_COMMANDS: Final = frozenset(
    _shape(*spec.route.split(" ", 1)) for spec in all_commands() if spec.route[0] != "t"
)


async def _answer(
    call: Call,
    body: Batch,
    replies: Sequence[Reply],
    *,
    replayed: bool,
    job_id: str | None = None,
) -> Reply:
    results = [
        BatchResult(
            id=command.id,
            status=reply.status,
            headers=dict(_shown(each) for each in (*reply.described(), *reply.headers)),
            body=msgspec.Raw(reply.body or b"null"),
        )
        for command, reply in zip(body.commands, replies, strict=True)
    ]
    position = call.recorded
    if position is None:  # nothing was done: the log stands where it stood
        position = await call.house.store.head()
    headers: list[Header] = position_headers(call, position)
    if replayed:
        headers.append(REPLAYED)
    return Reply(200, encode(BatchAnswer(results, job_id)), headers)


def _shown(field: Header) -> tuple[str, str]:
    name, value = field[0].decode("ascii"), field[1].decode("latin-1")
    return _CAPITALS.get(name) or "-".join(map(str.capitalize, name.split("-"))), value


def _no_room(call: Call, most: int) -> Reply:
    detail = f"The answers before it have {most} bytes; send the rest in another batch."
    call.code = BODY_TOO_LARGE
    return problem(BODY_TOO_LARGE, detail, instance=call.path, request_id=call.request_id)


def _failed(call: Call, body: Batch, index: int, reply: Reply) -> Reply:
    """Why nothing happened: the first call that was refused, by its own code where that fits the
    whole batch too."""
    told: dict[str, Any] = orjson.loads(reply.body) if reply.body else {}
    code = str(told.get("code", Kind.CONFLICT))
    call.code = code if TABLE[code][0] in (409, 422, 429, 503) else str(Kind.CONFLICT)
    why = told.get("detail", "It was not expected.")
    return problem(
        call.code,
        f"Nothing was done, for command {index} was refused: {why}",
        instance=call.path,
        request_id=call.request_id,
        errors=[
            Problem(f"/commands/{index}{_inside(each['pointer'])}", each["code"], each["detail"])
            for each in told.get("errors", ())
        ],
        fields={"index": index, "id": body.commands[index].id, "failed": told},
    )


def _inside(pointer: str) -> str:
    """Where in the command that stands which its own problem points to."""
    if pointer.startswith("/headers/"):
        return pointer
    return "/path" if pointer.startswith("/query") else f"/body{pointer}"
