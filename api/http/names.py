"""What belongs at the marks of stored answers: names of people and of labels, and other tasks."""

from collections.abc import Awaitable, Callable, Collection, Mapping

import msgspec
import orjson

from api.http.absence import if_seen
from api.http.call import Call
from api.http.other_tasks import visible_tasks
from domain.errors import Refused
from domain.user.state import USER
from domain.values.text import readable
from projections.held import Held
from projections.marks import Marked
from projections.other_tasks import tasks_said
from projections.people import named

Seeing = Callable[[Call, Collection[str]], Awaitable[Collection[str]]]


async def with_names(
    call: Call,
    doc: bytes,
    position: int | None = None,
    seen: Seeing = visible_tasks,
) -> bytes:
    """The answer with everybody's name and with the names of labels, and without other tasks that
    the caller may not see; `position` is what the reader has written itself.

    Whom the directory does not know yet is asked of the log.
    """
    marked = Marked(doc)
    return marked.filled(await said_to(call, Held.by(marked), position, seen))


async def said_to(
    call: Call, held: Held, position: int | None = None, seen: Seeing = visible_tasks
) -> dict[bytes, bytes]:
    """What marks that hold this say to the caller, as `with_names` has it."""
    said = await _people_said(call, held.people, position) if held.people else {}
    shown: dict[str, Mapping[str, str | None]] = {}
    for mark, tags in held.tags.items():
        workspace_id = tags.workspace_id
        if workspace_id not in shown:
            shown[workspace_id] = (await call.house.labels.of(workspace_id, position)).shown
        said[mark] = tags.said(shown[workspace_id])
    if held.tasks:
        visible = await seen(call, set().union(*held.tasks.values()))
        said |= {mark: tasks_said(mark, each, visible) for mark, each in held.tasks.items()}
    return said


async def _people_said(
    call: Call, people: Mapping[bytes, str], position: int | None
) -> dict[bytes, bytes]:
    wanted = set(people.values())
    names = await if_seen(call.house.directory.names(wanted, position)) or {}
    missing = wanted - names.keys()
    if missing:
        names = {**names, **{each: await _from_log(call, each) for each in missing}}
    return {mark: names[user_id] for mark, user_id in people.items()}


async def with_actors(call: Call, refused: Refused) -> Refused:
    """A refusal that tells what `changed_since`, with the names of those who did."""
    since = refused.fields.get("changed_since")
    if not since:
        return refused
    marked = msgspec.json.encode([{**each, "actor": named(each["actor"])} for each in since])
    told = orjson.loads(await with_names(call, marked))
    return Refused(refused.kind, refused.detail, **{**refused.fields, "changed_since": told})


async def _from_log(call: Call, user_id: str) -> bytes:
    user = await call.access.newest(USER, user_id)
    return orjson.dumps(None if user is None else readable(user.name))
