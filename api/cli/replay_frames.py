"""A project's board through a period, as frames: what it showed and counted at each moment."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from api.cli.answers import give_json, give_table, say
from api.cli.door import Answer
from api.cli.exits import BAD_USE, PART_DOWN, Exit, unwritable
from api.cli.progress import step
from api.cli.replay_opening import Opened
from api.cli.replay_page import page_of
from domain.errors import invalid, not_found
from domain.values.frozen import dataclass
from domain.values.ids import is_id
from domain.values.moment import moment, written
from infra.exports.whole_file import plain_file


@dataclass(frozen=True, slots=True)
class Period:
    """`since` and `to` are times or positions, None for the project's beginning and for now; at
    least two frames, the first and the last of them at its ends."""

    since: str | None
    to: str | None
    frames: int
    cards: int
    clock: str | None


async def give_frames(opened: Opened, period: Period, out: Path | None, *, as_json: bool) -> None:
    """To a file, or on stdout. Raises Refused(NOT_FOUND) for what is no project to see."""
    if not is_id(opened.stream, "proj"):
        raise invalid("/stream", "Only a project has a board to be seen in frames.")
    project = (await _answer(opened, f"/projects/{opened.stream}")).body
    since, to = await _ends(opened, period, project)
    film = {
        "project_id": project["project_id"],
        "key": project["key"],
        "name": project["name"],
        "log_id": opened.house.log_id,
        "clock": period.clock or "recorded",
        "from": written(since),
        "to": written(to),
    }
    moments = [since + (to - since) * at / (period.frames - 1) for at in range(period.frames)]
    if out is None:
        await _show(opened, period, moments, as_json=as_json)
        return
    frames = []
    with step("Frames", len(moments)) as shown:
        async for frame in _frames(opened, period, moments):
            frames.append(frame)
            shown.to(len(frames))
    document = {**film, "frames": frames}
    content = orjson.dumps(document) if out.suffix == ".json" else page_of(document).encode()
    try:
        await asyncio.to_thread(_put, out, content)
    except OSError as error:
        raise unwritable(out, error) from error
    if as_json:
        give_json({"file": str(out), "frames": len(frames), "bytes": len(content)})
    else:
        say(f"{out}: {len(frames)} frames, {len(content):,} bytes")


def _put(out: Path, content: bytes) -> None:
    with plain_file(out) as file:
        file.write(content)


async def _show(opened: Opened, period: Period, moments: list[datetime], *, as_json: bool) -> None:
    rows = []
    async for frame in _frames(opened, period, moments):
        if as_json:
            give_json(frame)
        else:
            rows.append((frame["at"], frame["position"], _counted(frame["board"])))
    if not as_json:
        give_table(("at", "position", "cards"), rows)
    sys.stdout.flush()


async def _frames(
    opened: Opened, period: Period, moments: list[datetime]
) -> AsyncIterator[dict[str, Any]]:
    """Where the project was not there yet, a frame has neither board nor counts."""
    path = f"/projects/{opened.stream}"
    for at in moments:
        asked = {"as_of": written(at), "clock": period.clock}
        board = await _answer(opened, f"{path}/board", **asked, cards=period.cards)
        stats = await _answer(opened, f"{path}/stats", **asked)
        yield {
            "at": written(at),
            "position": board.position,
            "board": board.body if board.status == 200 else None,
            "stats": stats.body if stats.status == 200 else None,
        }


async def _ends(
    opened: Opened, period: Period, project: Mapping[str, Any]
) -> tuple[datetime, datetime]:
    now = (await opened.house.past.at_position(0)).now
    if period.since is None and period.clock == "occurred":
        raise invalid("/from", "By the clock of what occurred, say from when.", "required")
    since = await _time(opened, period.since or project["created_at"], "/from")
    to = now if period.to is None else await _time(opened, period.to, "/to")
    if since > to or to > now:
        raise invalid("/to", f"Must not be before --from, nor later than now, {written(now)}.")
    return since, to


async def _time(opened: Opened, text: str, pointer: str) -> datetime:
    if not text.isascii() or not text.isdigit():
        return moment(text, pointer)
    return (await opened.door.moment(text)).at


async def _answer(opened: Opened, path: str, **query: str | int | None) -> Answer:
    """What is there, or 404 for what was not there yet. Raises as the first of these did: Exit
    where a view does not answer, Refused(NOT_FOUND) without `as_of`."""
    answer = await opened.door.get(path, **query)
    if answer.status == 404 and "as_of" not in query:
        raise not_found("project")
    if answer.status not in (200, 404):
        code = PART_DOWN if answer.status >= 500 else BAD_USE
        raise Exit(code, f"{answer.body.get('detail', answer.status)}")
    return answer


def _counted(board: Mapping[str, Any] | None) -> str:
    if board is None:
        return "not there yet"
    return ", ".join(f"{column['name']} {column['count']}" for column in board["columns"])
