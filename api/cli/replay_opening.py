"""What a replay begins with: the product's parts, as whom to look, and at which stream."""

from collections.abc import Awaitable, Callable

import uvloop

from api.cli.door import Door
from api.cli.exits import BAD_USE, Exit
from api.cli.house import house_of
from api.cli.replay_sight import Sight
from domain.errors import Kind, Refused, not_found
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE, kind_of
from infra import logs
from infra.bootstrap import House
from infra.people.acting import Acting
from infra.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """As on the command line, None where not given."""

    stream: str
    user: str | None
    workspace: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """`stream` is an id. Whether its user may see it has not been asked yet."""

    house: House
    door: Door
    sight: Sight
    stream: str


def with_opened(wanted: Wanted, work: Callable[[Opened], Awaitable[None]]) -> None:
    """Do it beside the served product, in a loop of its own."""
    logs.configure("error", "replay")
    settings = Settings.load().resolve()

    async def run() -> None:
        async with house_of(settings) as house:
            await work(await _opened(house, wanted))

    uvloop.run(run())


async def _opened(house: House, wanted: Wanted) -> Opened:
    door = Door(house, await _user(house, wanted))
    sight = Sight(door)
    try:
        stream = await sight.stream(wanted.stream, wanted.workspace)
    except Refused as refused:
        if refused.kind is not Kind.NOT_FOUND or wanted.workspace is not None:
            raise
        detail = f"{refused.detail} Of another workspace, say which: --workspace, or --user."
        raise Exit(BAD_USE, detail) from None
    return Opened(house, door, sight, stream)


async def _user(house: House, wanted: Wanted) -> str:
    """Default: the owner of the workspace that the stream is of; of an account, its person."""
    acting = Acting(house.store, house.executor.states)
    if wanted.user is not None:
        return await acting.named(wanted.user)
    if wanted.workspace is not None:
        return await acting.owner_of(wanted.workspace)
    kind = kind_of(wanted.stream)
    if kind is None:
        return await acting.first_account()
    if kind == "user":
        return wanted.stream
    async for rows in house.store.read_rows_of(wanted.stream):
        if rows[0].workspace_id != SYSTEM_WORKSPACE:
            return await acting.owner_of(rows[0].workspace_id)
    raise not_found("stream")
