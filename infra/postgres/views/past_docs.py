"""Answers of tasks and cards as they were: places for them filled in, each rendered from what it
then was."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

from domain.task.state import Task
from projections.board_answers import render_card
from projections.past import task_of
from projections.past_moments import Moment
from projections.task_answers import Facts, Progress, render

from .past_rows import EVERY_VERSION, At
from .reader import ViewReader

Render = Callable[[Task, Facts], bytes]

_PLACE: Final = re.compile(rb'\{"@then":"(task_[0-9a-z]{26})"\}')


class PastDocs:
    """At one moment, whoever asks."""

    def __init__(self, reader: ViewReader, moment: Moment) -> None:
        self._reader = reader
        self._place = moment.place
        at = At(moment.clock, "%(place)s::bigint")
        self._versions, self._below = _versions(at), _below(at)

    async def with_tasks(self, scope: Iterable[str], doc: bytes) -> bytes:
        """The answer with whole tasks at their places."""
        return await self._filled(scope, doc, render)

    async def with_cards(self, scope: Iterable[str], doc: bytes) -> bytes:
        """The answer with cards at their places."""
        return await self._filled(scope, doc, render_card)

    async def _filled(self, scope: Iterable[str], doc: bytes, rendered: Render) -> bytes:
        ids = {each.decode() for each in _PLACE.findall(doc)}
        if not ids:
            return doc
        docs = {
            task_id.encode(): rendered(task, facts)
            for task_id, task, facts in await self._tasks(tuple(scope), ids)
        }
        return _PLACE.sub(lambda place: docs[place[1]], doc)

    async def _tasks(
        self, scope: Collection[str], ids: Collection[str]
    ) -> list[tuple[str, Task, Facts]]:
        asked: Mapping[str, Any] = {"ids": sorted(ids), "place": self._place}
        progress = {
            task_id: Progress(done, total)
            for task_id, done, total in await self._reader.fetch(scope, self._below, asked)
            if total
        }
        return [
            (
                task_id,
                task_of(state, description),
                Facts(comments, category, progress.get(task_id, Progress())),
            )
            for task_id, state, description, comments, category in await self._reader.fetch(
                scope, self._versions, asked
            )
        ]


def _versions(at: At) -> str:
    return (
        "SELECT v.task_id, v.state, CASE WHEN x.task_id IS NULL THEN '' ELSE x.description END,"
        " (SELECT count(*) FROM {past_comments} AS c"
        f" WHERE c.task_id = v.task_id AND c.counts AND {at.holds('c')}), {at.category()}"
        f" FROM {EVERY_VERSION} AS v"
        f" LEFT JOIN {{past_texts}} AS x ON x.task_id = v.task_id AND {at.holds('x')}"
        f" WHERE v.task_id = ANY(%(ids)s) AND {at.holds('v')}"
    )


def _below(at: At) -> str:
    """What stands below each, on all levels, whoever may see it; one look-up for each that may have
    something below it, which OFFSET 0 sees to. UNION: while events of a parked stream are missing,
    versions may stand in a ring."""

    def under(above: str) -> str:
        return (
            "CROSS JOIN LATERAL (SELECT v.task_id, v.trashed,"
            f" {at.category()} AS category FROM {EVERY_VERSION} AS v"
            f" WHERE v.parent_task_id = {above} AND {at.holds('v')} OFFSET 0) AS t"
        )

    return (
        "WITH RECURSIVE below AS ("
        " SELECT r.root, t.task_id, t.trashed, t.category"
        f" FROM unnest(%(ids)s::text[]) AS r(root) {under('r.root')}"
        " UNION SELECT b.root, t.task_id, t.trashed, t.category"
        f" FROM below AS b {under('b.task_id')})"
        " SELECT b.root, count(*) FILTER (WHERE NOT b.trashed AND b.category = 'done'),"
        " count(*) FILTER (WHERE NOT b.trashed AND b.category <> 'cancelled')"
        " FROM below AS b GROUP BY b.root"
    )
