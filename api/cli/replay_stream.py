"""Replays one stream for the command line: each of its events, or what it was at a moment."""

import sys
from collections.abc import Mapping
from typing import Any, Final

import orjson

from api.cli.answers import give_json, give_table, say
from api.cli.exits import FOUND_WRONG, Exit
from api.cli.replay_opening import Opened
from domain.errors import Kind, Refused, not_found
from domain.task.state import Task
from domain.values.ids import is_id
from domain.values.moment import written
from domain.values.recorded import Recorded
from domain.values.text import Erased, readable
from domain.values.text_rules import not_misleading
from infra.event_store.rows import moment as at
from infra.replays import Replays, Step
from projections.past_moments import ALWAYS, Moment, since_of
from projections.replay import Difference, Plain, differences, plain

_MOST_CHARACTERS: Final = 200
_NOT_WHOLE: Final = "cannot be read: it does not hold what was once written"


async def give_steps(opened: Opened, *, states: bool, as_json: bool, one_by_one: bool) -> None:
    """Every event of the stream, with who, when and why, and what it changed; with `states` also
    what it left. `one_by_one` waits for a key between them. Raises Exit where one cannot be read.
    """
    replays, broken = Replays(opened.house.store), 0
    await _look(opened, replays)
    async for step in replays.steps(opened.stream):
        broken += step.recorded is None
        seen = await _seen(opened, step)
        if seen is None:
            continue
        if as_json:
            give_json(seen if states else {k: v for k, v in seen.items() if k != "state"})
            continue
        _tell(seen, states=states)
        if one_by_one and not _go_on():
            return
    if broken:
        raise Exit(FOUND_WRONG, f"{broken:,} of its events {_NOT_WHOLE}; the rest is without.")


async def give_then(opened: Opened, as_of: str, clock: str | None, *, as_json: bool) -> None:
    """What the stream was at a moment. Raises Refused(NOT_FOUND) where it was not there yet, and
    Exit where an event up to there cannot be read."""
    moment = await opened.door.moment(as_of, clock)
    replays = Replays(opened.house.store)
    await _look(opened, replays)
    last = await _last_by(replays, opened.stream, moment)
    state = None if last is None else await opened.sight.shown(last.after)
    if last is None or state is None:
        if last is not None and not last.whole:
            raise Exit(FOUND_WRONG, f"Its event at position {last.row.position} {_NOT_WHOLE}.")
        raise Refused(Kind.NOT_FOUND, f"{opened.stream} was not there yet.")
    shown = plain(state)
    document: dict[str, Any] = {
        "stream": opened.stream,
        "as_of": written(moment.at) if moment.clock == "occurred" else moment.position,
        "position": last.row.position,
        "version": last.row.version,
        "recorded_at": written(at(last.row.recorded_at)),
        "state": shown.values,
    }
    if shown.erased:
        document["erased"] = shown.erased
    if is_id(opened.stream, "proj"):
        stats = await opened.door.get(f"/projects/{opened.stream}/stats", as_of=as_of, clock=clock)
        document["stats"] = stats.body
    if as_json:
        give_json(document)
    else:
        _tell_then(document)
    if not last.whole:
        raise Exit(FOUND_WRONG, f"An event up to there {_NOT_WHOLE}; the rest is without it.")


async def _look(opened: Opened, replays: Replays) -> None:
    """Whether the user may see the stream. Raises Refused(NOT_FOUND)."""
    last: Step | None = None
    named: set[str] = set()
    async for step in replays.steps(opened.stream):
        last = step
        if isinstance(step.after, Task):
            named.update(each.task_id for each in step.after.dependencies.values())
    if last is None:
        raise not_found("stream")
    await opened.sight.look_at(last, named)


async def _last_by(replays: Replays, stream: str, moment: Moment) -> Step | None:
    last, since = None, ALWAYS
    async for step in replays.steps(stream):
        if moment.clock == "recorded":
            place = step.row.position
        else:
            since = since if step.recorded is None else since_of(step.recorded.stamp, since)
            place = since
        if place > moment.place:
            break
        last = step
    return last


async def _seen(opened: Opened, step: Step) -> dict[str, Any] | None:
    """A step as its user may see it; None: nothing of it."""
    row = step.row
    document: dict[str, Any] = {
        "position": row.position,
        "version": row.version,
        "type": row.type,
        "recorded_at": written(at(row.recorded_at)),
    }
    if step.recorded is None:
        return document | {"unreadable": True}
    after = await opened.sight.shown(step.after)
    if after is None and step.after is not None:
        return None
    before = await opened.sight.shown(step.before)
    left, had = _plain(after), _plain(before)
    document |= await _told(opened, step.recorded)
    document["changes"] = [_change(each) for each in differences(had, left)]
    erased = list(() if left is None else left.erased)
    if isinstance(step.recorded.origin.reason, Erased):
        erased.append("reason")
    if erased:
        document["erased"] = erased
    if not step.whole:
        document["incomplete"] = True
    document["state"] = None if left is None else left.values
    return document


async def _told(opened: Opened, recorded: Recorded) -> dict[str, Any]:
    """Who did it, from where and why; what is not known is left out."""
    stamp, origin = recorded.stamp, recorded.origin
    names = await opened.sight.names([stamp.actor])
    name = names.get(stamp.actor)
    found: Mapping[str, Any] = {
        "occurred_at": None if stamp.occurred_at is None else written(stamp.occurred_at),
        "via": origin.via,
        "reason": readable(origin.reason),
        "caused_by": origin.causation_id,
        "key_id": origin.key_id,
        "request_id": origin.request_id,
        "command_id": recorded.command_id,
    }
    actor = {"user_id": stamp.actor, "name": None if name is None else orjson.loads(name)}
    return {"actor": actor} | {key: value for key, value in found.items() if value is not None}


def _plain(state: Any) -> Plain | None:
    return None if state is None else plain(state)


def _change(each: Difference) -> dict[str, Any]:
    return {"field": each.field, "old_value": each.old_value, "new_value": each.new_value}


def _tell(seen: Mapping[str, Any], *, states: bool) -> None:
    """For people: a line of who, when, what and why, and below it what that changed."""
    if seen.get("unreadable"):
        _line(f"{seen['position']:,}  {seen['recorded_at']}  {seen['type']}  {_NOT_WHOLE}")
        return
    who = _short(seen["actor"]["name"] or seen["actor"]["user_id"])
    _line(f"{seen['position']:,}  {seen['recorded_at']}  {who}  {seen['type']}")
    for name in ("occurred_at", "reason", "caused_by", "key_id"):
        if name in seen:
            _line(f"    ({name.replace('_', ' ')}: {_short(seen[name])})")
    for each in seen["changes"]:
        field, old, new = map(_short, (each["field"], each["old_value"], each["new_value"]))
        _line(f"    {field}: {old} -> {new}")
    if "erased" in seen:
        _line(f"    erased for ever: {', '.join(seen['erased'])}")
    if states and seen["state"] is not None:
        for field, value in seen["state"].items():
            _line(f"        {field} = {_short(value)}")


def _tell_then(document: Mapping[str, Any]) -> None:
    say(f"{document['stream']} as of {document['as_of']}, by its event {document['position']:,}")
    rows = [(field, _short(value)) for field, value in document["state"].items()]
    rows += [(f"stats.{field}", _short(each)) for field, each in document.get("stats", {}).items()]
    give_table(("field", "value"), rows)
    if "erased" in document:
        say(f"erased for ever: {', '.join(document['erased'])}")


def _short(value: Any) -> str:
    """On one line, and not long."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = not_misleading(" ".join(text.split()))
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 3]}..."


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _go_on() -> bool:
    """Whether whoever reads wants the next."""
    sys.stderr.write("Enter: the next; q: enough ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() not in ("q", "quit")
