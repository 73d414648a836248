"""What belongs at the marks of stored answers: names of people and of labels, and other tasks."""

from collections.abc import Awaitable, Callable, Collection

import msgspec
import orjson

from api.http.absence import if_seen
from api.http.call import Call
from api.http.other_tasks import visible_tasks
from domain.errors import Refused
from domain.user.state import USER
from domain.values.text import readable
from projections.labels import tags_held
from projections.marks import LABELS, PERSON, TASKS, Marked
from projections.other_tasks import tasks_named, tasks_said
from projections.people import named, people_in


async def with_names(
    call: Call,
    doc: bytes,
    position: int | None = None,
    seen: Callable[[Call, Collection[str]], Awaitable[Collection[str]]] = visible_tasks,
) -> bytes:
    """The answer with everybody's name and with the names of labels, and without other tasks that
    the caller may not see; `position` is what the reader has written itself.

    Whom the directory does not know yet is asked of the log.
    """
    marked = Marked(doc)
    said = await _people_said(call, people_in(marked.of(PERSON)), position)
    for held, tags in tags_held(marked.of(LABELS)).items():
        said[held] = tags.said((await call.house.labels.of(tags.workspace_id, position)).shown)
    tasks = tasks_named(marked.of(TASKS))
    if tasks:
        visible = await seen(call, set().union(*tasks.values()))
        said |= {held: tasks_said(held, each, visible) for held, each in tasks.items()}
    return marked.filled(said)


async def _people_said(
    call: Call, people: dict[bytes, str], position: int | None
) -> dict[bytes, bytes]:
    wanted = set(people.values())
    if not wanted:
        return {}
    names = await if_seen(call.house.directory.names(wanted, position)) or {}
    missing = wanted - names.keys()
    if missing:
        names = {**names, **{each: await _from_log(call, each) for each in missing}}
    return {held: names[user_id] for held, user_id in people.items()}


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
