"""What anybody may check of the log: its checkpoint, proofs by position, and the tree itself."""

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Annotated, Final

from fastapi import APIRouter, Query
from msgspec import Struct
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http import queries
from api.http.call import CallHere, this_call
from api.http.describe import read
from api.http.positions import MOST_POSITION
from api.http.problems import code_of, refusal
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import encode
from domain.errors import Invalid, Kind, Refused, invalid, not_found
from domain.record.tiles import parse_path
from infra.bootstrap import House
from infra.record.files import CHECKPOINT, STAMPS
from infra.record.proofs import Signed

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["The record"])

_LOG_ID: Final = re.compile(r"[0-9a-f-]{36}")
_STAMP: Final = re.compile("last|[1-9][0-9]{0,18}")
_NO_CHANGE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_ASK_AGAIN: Final = {"Cache-Control": "no-cache"}

Position = Annotated[int, Field(ge=1, le=MOST_POSITION, description="Of an event, from 1.")]
Size = Annotated[
    int, Field(ge=1, le=MOST_POSITION, description="Of a tree: how many events it has.")
]


class CheckpointAnswer(Struct, frozen=True, kw_only=True):
    """`note` is what is signed (C2SP signed-note, tlog-checkpoint); the rest stands in it too.
    `root_hash` in base64."""

    log_id: str
    origin: str
    tree_size: int
    root_hash: str
    note: str


class InclusionAnswer(Struct, frozen=True, kw_only=True):
    """The hashes of an RFC 6962 inclusion proof, in base64, from the leaf up: the event at
    `position` is the leaf `leaf_index` of the tree of `tree_size` events. `leaf` is what is hashed
    there, in base64: the position, and the link of its workspace's chain."""

    position: int
    leaf_index: int
    tree_size: int
    leaf: str
    proof: list[str]
    checkpoint: CheckpointAnswer


class ConsistencyAnswer(Struct, frozen=True, kw_only=True):
    """The hashes of an RFC 6962 consistency proof, in base64: the tree of `to` events begins with
    that of `from`."""

    from_size: int
    to_size: int
    proof: list[str]
    checkpoint: CheckpointAnswer


class InclusionQuery(queries.Query):
    position: Position
    size: Size | None = None


class ConsistencyQuery(queries.Query):
    from_size: Annotated[Size, Field(alias="from")]
    to_size: Annotated[Size | None, Field(alias="to")] = None


@router.get(
    "/audit/checkpoint",
    summary="What is signed of the log",
    **read(CheckpointAnswer, has_path=False, is_view=False, may=(Kind.NOT_FOUND,)),
)
async def checkpoint(call: CallHere) -> Reply:
    house = call.house
    return Reply(200, encode(_shown(house, await house.proofs.signed())))


@router.get(
    "/audit/proof/inclusion",
    summary="That an event is in the signed log",
    **read(InclusionAnswer, has_path=False, is_view=False, may=(Kind.NOT_FOUND,)),
)
async def inclusion(call: CallHere, query: Annotated[InclusionQuery, Query()]) -> Reply:
    return Reply(200, encode(await inclusion_of(call.house, query.position, query.size)))


@router.get(
    "/audit/proof/consistency",
    summary="That the signed log only grew",
    **read(ConsistencyAnswer, has_path=False, is_view=False, may=(Kind.NOT_FOUND,)),
)
async def consistency(call: CallHere, query: Annotated[ConsistencyQuery, Query()]) -> Reply:
    return Reply(200, encode(await consistency_of(call.house, query.from_size, query.to_size)))


async def inclusion_of(house: House, position: int, asked: int | None) -> InclusionAnswer:
    """In the tree of the size that is asked for, else the one that is signed. Raises Invalid for
    what is beyond it, and what LogProofs raises."""
    proofs = house.proofs
    signed = await proofs.signed()
    size = _size(asked, signed, "size")
    if position > size:
        raise _beyond("position", position, size)
    index = position - 1
    return InclusionAnswer(
        position=position,
        leaf_index=index,
        tree_size=size,
        leaf=_base64(await proofs.leaf(index)),
        proof=[_base64(each) for each in await proofs.inclusion(index, size)],
        checkpoint=_shown(house, signed),
    )


async def consistency_of(house: House, old: int, asked: int | None) -> ConsistencyAnswer:
    """Up to the size that is asked for, else the one that is signed. Raises the same."""
    proofs = house.proofs
    signed = await proofs.signed()
    new = _size(asked, signed, "to")
    if old > new:
        raise _beyond("from", old, new)
    return ConsistencyAnswer(
        from_size=old,
        to_size=new,
        proof=[_base64(each) for each in await proofs.consistency(old, new)],
        checkpoint=_shown(house, signed),
    )


def published(house: House) -> list[Route]:
    """The tree as static files (c2sp.org/tlog-tiles), and the public keys; without a token."""
    proofs = house.proofs

    async def note(request: Request) -> Response:
        content = await _file(request.path_params["log_id"], CHECKPOINT)
        return _text(content, "text/plain; charset=utf-8")

    async def tile(request: Request) -> Response:
        path = f"tile/{request.path_params['path']}"
        known = parse_path(path)
        content = None if known is None else await _file(request.path_params["log_id"], path)
        return Response(_there(content), headers=_NO_CHANGE, media_type="application/octet-stream")

    async def stamp(request: Request) -> Response:
        name = request.path_params["name"]
        known = _STAMP.fullmatch(name)
        content = await _file(request.path_params["log_id"], f"{STAMPS}/{name}") if known else None
        return _text(content, "application/json")

    async def keys(_: Request) -> Response:
        return _text(await proofs.keys(), "application/json")

    async def _file(log_id: str, name: str) -> bytes | None:
        return await proofs.file(log_id, name) if _LOG_ID.fullmatch(log_id) else None

    return [
        Route("/tlog/{log_id}/checkpoint", _or_problem(note)),
        Route("/tlog/{log_id}/tile/{path:path}", _or_problem(tile)),
        Route("/tlog/{log_id}/timestamp/{name}", _or_problem(stamp)),
        Route("/.well-known/taskledger-keys", _or_problem(keys)),
    ]


def _or_problem(
    answer: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response | Reply]]:
    """What is not there, and a store that is away, answered as everywhere."""

    async def answered(request: Request) -> Response | Reply:
        try:
            return await answer(request)
        except Refused as refused:
            call = this_call(request)
            call.code = code_of(refused)
            return refusal(refused, instance=call.path, request_id=call.request_id)

    return answered


def _text(content: bytes | None, media_type: str) -> Response:
    return Response(_there(content), headers=_ASK_AGAIN, media_type=media_type)


def _there(content: bytes | None) -> bytes:
    if content is None:
        raise not_found("file")
    return content


def _size(asked: int | None, signed: Signed, name: str) -> int:
    """Of the tree that is meant: the one that is signed, where none is named."""
    last = signed.checkpoint.size
    if asked is not None and asked > last:
        raise _beyond(name, asked, last)
    return asked or last


def _beyond(name: str, asked: int, last: int) -> Invalid:
    detail = f"{asked} is beyond what is signed, or asked about: {last}. Ask again in a moment."
    return invalid(f"/query/{name}", detail, "too-big")


def _shown(house: House, signed: Signed) -> CheckpointAnswer:
    said = signed.checkpoint
    return CheckpointAnswer(
        log_id=house.log_id,
        origin=said.origin,
        tree_size=said.size,
        root_hash=_base64(said.root),
        note=signed.note,
    )


def _base64(content: bytes) -> str:
    return b64encode(content).decode()
