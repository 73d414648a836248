"""What the names in a query mean to whoever asks: people, projects, tasks, labels, by their ids.

A name that means nothing to them stays as it is, and as an id it is nobody's: it matches nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import orjson

from api.http import references
from api.http.call import Call
from api.http.labels import with_meant_tags
from domain.values.ids import is_id
from domain.values.text_rules import normal_username
from projections.query.syntax import Value
from projections.task_questions import MeantTag, TaskFilter

ME: Final = ("me", "currentuser")
NOBODY: Final = "none"


class Names:
    """Of one request; each name is looked up once. `workspaces`: those that the list is of."""

    def __init__(self, call: Call, workspaces: Sequence[str], workspace_id: str | None) -> None:
        self._call = call
        self._workspaces = workspaces
        self._workspace_id = workspace_id
        self._known: dict[tuple[str, str], asyncio.Future[tuple[str, ...]]] = {}
        self._by_name: asyncio.Future[Mapping[str, Sequence[str]]] | None = None

    async def people(self, values: Sequence[Value]) -> tuple[str, ...]:
        """Ids; whoever has a name in common is meant by it."""
        return await self._each("user", values, self._person)

    async def projects(self, values: Sequence[Value]) -> tuple[str, ...]:
        return await self._each("project", values, self._project)

    async def seen_projects(self, values: Sequence[Value]) -> tuple[str, ...]:
        """Those of them that the asker may see: for where nothing else asks whether they may."""
        access, user_id = self._call.access, self._call.caller.user_id
        ids = await self.projects(values)
        places = await asyncio.gather(*(access.newest_project(user_id, each) for each in ids))
        return tuple(each for each, place in zip(ids, places, strict=True) if place is not None)

    async def seen_tasks(self, values: Sequence[Value]) -> tuple[str, ...]:
        access, user_id = self._call.access, self._call.caller.user_id
        ids = await self.tasks(values)
        places = await asyncio.gather(*(access.newest_task(user_id, each) for each in ids))
        return tuple(each for each, place in zip(ids, places, strict=True) if place is not None)

    async def tasks(self, values: Sequence[Value]) -> tuple[str, ...]:
        return await self._each("task", values, self._task)

    async def labelled(self, asked: TaskFilter) -> TaskFilter:
        """The filter with the tags that are meant by its labels."""
        return await with_meant_tags(self._call, asked, self._workspaces, self._call.position)

    async def tags(self, names: tuple[str, ...]) -> tuple[MeantTag, ...]:
        return (await self.labelled(TaskFilter(tags_any=names))).meant_tags

    async def _each(
        self,
        kind: str,
        values: Sequence[Value],
        look_up: Callable[[Value], Awaitable[tuple[str, ...]]],
    ) -> tuple[str, ...]:
        found = []
        for value in values:
            key = kind, f"{value.text}({value.argument})" if value.called else value.text
            if key not in self._known:
                self._known[key] = asyncio.ensure_future(look_up(value))
            found.append(self._known[key])
        return tuple(dict.fromkeys(one for each in await asyncio.gather(*found) for one in each))

    async def _project(self, value: Value) -> tuple[str, ...]:
        return await references.project_ids_in_filter(self._call, (value.text,), self._workspace_id)

    async def _task(self, value: Value) -> tuple[str, ...]:
        return await references.task_ids_in_filter(self._call, (value.text,))

    async def _person(self, value: Value) -> tuple[str, ...]:
        text = value.text.removeprefix("@")
        if (value.called or not value.quoted) and value.text.lower() in ME:
            return (self._call.caller.user_id,)
        if is_id(text, "user"):
            return (text,)
        holder = await self._call.house.store.claimed_by("username", normal_username(text))
        if self._by_name is None:
            self._by_name = asyncio.ensure_future(self._members())
        named = (await self._by_name).get(text, ())
        return tuple(dict.fromkeys((*(() if holder is None else (holder,)), *named))) or (text,)

    async def _members(self) -> Mapping[str, Sequence[str]]:
        """The people of these workspaces by their names."""
        call, found = self._call, set[str]()
        for workspace_id in self._workspaces:
            access = await call.access.of(workspace_id)
            if access.role(call.caller.user_id) is not None:
                found.update(access.members)
        by_name: dict[str, list[str]] = {}
        for user_id, name in (await call.house.directory.names(found, call.position)).items():
            shown = orjson.loads(name)
            if shown:
                by_name.setdefault(shown, []).append(user_id)
        return by_name
