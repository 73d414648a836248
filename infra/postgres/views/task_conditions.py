"""Conditions on tasks, from filters of lists: their parameters and their query."""

from collections.abc import Sequence

from projections.query.conditions import FieldSays, leaves
from projections.task_questions import Sort, TaskFilter

from .field_conditions import WITH_FIELDS
from .filter_conditions import matching
from .query_conditions import asked_for
from .reader import Parameters


def task_table(asked: TaskFilter, sort: Sort | None = None) -> str:
    """Tasks, with their custom fields where these are asked for."""
    sorts = () if sort is None else (sort, *sort.then)
    if asked.fields or any(each.field is not None for each in sorts):
        return WITH_FIELDS
    for leaf in leaves(asked.where):
        if isinstance(leaf, FieldSays) or (isinstance(leaf, TaskFilter) and leaf.fields):
            return WITH_FIELDS
    return "{tasks_tasks}"


def conditions(
    asked: TaskFilter,
    params: Parameters,
    hits: Sequence[str] | None = None,
    *,
    words_met: bool = False,
) -> list[str]:
    """All of them hold where a task is what the filter finds. `hits`: ids among which all such
    tasks are, None where that is not known; `words_met`: they all have its words.

    On `t`, a row of `task_table`; whoever asks reads the view of intervals as well where the
    filter `asks_the_past`.
    """
    found = ["t.trashed" if asked.trashed else "NOT t.trashed"]
    if hits is not None:
        found.append(f"t.task_id = ANY({params.add('text[]', hits)})")
    found += matching(asked, params, words_met=words_met)
    if asked.where is not None:
        found.append(asked_for(asked.where, params))
    return found
