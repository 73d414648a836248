"""Tasks that a list finds by words, people, tags and custom fields at once, where those are few
enough to be looked up one by one."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from domain.values.frozen import dataclass
from projections.custom_fields import containing
from projections.questions import Scope
from projections.search_lexemes import tag_lexeme, within_project
from projections.task_questions import TaskFilter

from .reader import ViewReader
from .rows import array_literal
from .tags import possible_tags
from .tsquery import its_words, one_of

# Fewer hits than this are looked up one by one; more are met soon enough on the way through the
# rows in their order.
MOST_HITS: Final = 1_000


@dataclass(frozen=True, slots=True)
class TaskHits:
    """Ids among which all tasks are that a filter finds (None: not known), whether all its words
    are met by those, and the least position of the views then (None: nothing was looked up).
    `parked`: whether one of them left some stream alone then."""

    hits: Sequence[str] | None = None
    words_met: bool = False
    position: int | None = None
    parked: bool = False


NO_HITS: Final = TaskHits()

_HITS: Final = """
SELECT {least_position}, array(SELECT views.task_hits(
        <tasks>, <docs>, %(asked)s::tsquery, %(within)s::tsquery, %(project_ids)s::text[],
        %(assignee_ids)s::text[], %(tags)s::text[], %(most)s)),
    {parked}
"""
_TASKS: Final = "'{tasks_tasks}'"
_DOCS: Final = "'{search_docs}'"
_FIELD_HITS: Final = """
SELECT {position},
    array(SELECT views.field_hits(
        split_part('{tasks_fields}', '.', 2), %(asked)s::text[]::jsonb[], %(most)s)),
    {parked}
"""


async def task_hits(
    present: ViewReader, with_words: ViewReader, scope: Scope, asked: TaskFilter
) -> TaskHits:
    """What the indexes give, where they are asked and do not give more than is worth looking up.
    `with_words` reads the view of search beside that of tasks, which `present` reads alone."""
    words = its_words(asked.q or "")
    tags = _tags(asked)
    people = () if asked.unassigned else asked.assignee_ids
    asks = []
    if words:
        tables = (_TASKS if people else "NULL", _DOCS)
        within = " & ".join(_stored_beside_words(tags, asked.project_ids))
        given = _given(people, words=words, within=within)
        asks.append(_some(with_words, scope, _sql(*tables), given))
    elif tags or people:
        given = _given(people, asked.project_ids, tags)
        asks.append(_some(present, scope, _sql(_TASKS, "NULL"), given))
    objects = [each for field in asked.fields if (each := containing(field)) is not None]
    asks += [_some(present, scope, _FIELD_HITS, {"asked": each}) for each in objects]
    if not asks:
        return NO_HITS
    found = await asyncio.gather(*asks)
    return TaskHits(
        _in_all([hits for hits, _, _ in found if len(hits) <= MOST_HITS]),
        bool(words) and len(found[0][0]) <= MOST_HITS,
        min(position for _, position, _ in found),
        any(parked for _, _, parked in found),
    )


def _tags(asked: TaskFilter) -> list[list[str]]:
    """Of each of these a task has one."""
    choices, any_of = possible_tags(asked)
    return [*choices, any_of] if any_of else choices


def _stored_beside_words(
    tags: Sequence[Sequence[str]], project_ids: Sequence[str]
) -> Iterable[str]:
    """What the index of words itself says of tags and projects."""
    for choices in tags:
        yield one_of([tag_lexeme(tag) for tag in choices])
    if project_ids:
        yield one_of([within_project(each) for each in project_ids])


def _sql(tasks: str, docs: str) -> str:
    return _HITS.replace("<tasks>", tasks).replace("<docs>", docs)


def _given(
    people: Sequence[str],
    project_ids: Sequence[str] = (),
    tags: Sequence[Sequence[str]] = (),
    words: str = "",
    within: str = "",
) -> Mapping[str, Any]:
    return {
        "asked": words or None,
        "within": within or None,
        "project_ids": list(project_ids),
        "assignee_ids": list(people),
        "tags": [array_literal(choices) for choices in tags],
    }


async def _some(
    reader: ViewReader, scope: Scope, sql: str, given: Mapping[str, Any]
) -> tuple[Sequence[str], int, bool]:
    """Some hits of an index, one more than `MOST_HITS` where there are too many; the least position
    of the views that are read, and whether one of them leaves some stream alone."""
    rows = await reader.fetch(scope.tenants, sql, {**given, "most": MOST_HITS + 1})
    position, hits, parked = rows[0]
    return hits, position or 0, parked


def _in_all(found: Sequence[Sequence[str]]) -> Sequence[str] | None:
    """What stands in each of them; None where there is none."""
    if not found:
        return None
    first, *rest = sorted(found, key=len)
    others = [frozenset(each) for each in rest]
    return [each for each in first if all(each in other for other in others)]
