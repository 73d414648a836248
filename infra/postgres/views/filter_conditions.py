"""Conditions on tasks, from the parameters of filters."""

from domain.project.workflow import CATEGORIES
from projections.task_questions import TaskFilter
from projections.words import is_wordless

from .field_conditions import conditions_on
from .reader import Parameters
from .tags import has_tags
from .tsquery import its_words

_OPEN = ("todo", "in_progress")
_ALIASES = {"pending": "todo", "completed": "done"}


def matching(asked: TaskFilter, params: Parameters, *, words_met: bool = False) -> list[str]:
    """All of them hold where a task is what the filter finds, its trash and its `where` apart;
    `words_met`: its words are looked for elsewhere."""
    add = params.add
    found = []
    its = its_words(asked.q or "")
    if its and not words_met:
        # OFFSET 0: looked up for each task on the way, and never joined to all that there are.
        found.append(
            "EXISTS (SELECT FROM {search_docs} AS x"
            f" WHERE x.task_id = t.task_id AND x.terms @@ {add('text', its)}::tsquery OFFSET 0)"
        )
    if asked.q and is_wordless(asked.q):
        found.append("false")
    if len(asked.project_ids) == 1:
        found.append(f"t.project_id = {add('text', asked.project_ids[0])}")
    elif asked.project_ids:
        found.append(f"t.project_id = ANY({add('text[]', asked.project_ids)})")
    if asked.statuses:
        found.append(has_status(asked, params))
    if asked.priorities:
        found.append(f"t.priority = ANY({add('smallint[]', asked.priorities)})")
    if asked.priority_lte is not None:
        found.append(f"t.priority <= {add('smallint', asked.priority_lte)}")
    if asked.unassigned or asked.assignee_ids:
        found.append(_has_assignee(asked, params))
    for column, values in (
        ("creator_id", asked.creator_ids),
        ("type", asked.types),
        ("parent_task_id", asked.parent_task_ids),
    ):
        if values:
            found.append(f"t.{column} = ANY({add('text[]', values)})")
    found += has_tags(asked, params)
    for comparison, moment in (
        ("t.due_date <=", asked.due_before),
        ("t.due_date >=", asked.due_after),
        ("t.updated_at >=", asked.updated_after),
    ):
        if moment is not None:
            found.append(f"{comparison} {add('timestamptz', moment)}")
    if asked.overdue is not None:
        found.append(_is_overdue(asked, params))
    if asked.is_blocked is not None:
        found.append("t.is_blocked" if asked.is_blocked else "NOT t.is_blocked")
    for field in asked.fields:
        found += conditions_on(field, params)
    return found


def has_status(
    asked: TaskFilter, params: Parameters, held: str = "(t.project_id, t.status)"
) -> str:
    """By key or name; by category in projects that have no status of that key. `held` is the SQL
    of a project and a status."""
    return f"{held} IN (SELECT s.project_id, s.status {statuses_of(asked, params)})"


def statuses_of(asked: TaskFilter, params: Parameters) -> str:
    """FROM and WHERE of the statuses `s` that are meant."""
    aliases = [_ALIASES[status] for status in asked.statuses if status in _ALIASES]
    chosen = [*asked.statuses, *aliases]
    categories = [status for status in chosen if status in CATEGORIES]
    always = _OPEN if "open" in chosen else ()
    keys, everywhere = params.add("text[]", chosen), params.add("text[]", always)
    instead = params.add("text[]", categories)
    where = f"s.status = ANY({keys}) OR s.name = ANY({keys}) OR s.category = ANY({everywhere})"
    if categories:
        where += (
            f" OR (s.category = ANY({instead}) AND NOT EXISTS (SELECT FROM {{tasks_statuses}} AS e"
            " WHERE e.project_id = s.project_id AND e.status = s.category))"
        )
    within = ""
    if asked.project_ids:
        within = f"s.project_id = ANY({params.add('text[]', asked.project_ids)}) AND "
    return f"FROM {{tasks_statuses}} AS s WHERE {within}({where})"


def _has_assignee(asked: TaskFilter, params: Parameters) -> str:
    named = f"t.assignee_ids && {params.add('text[]', asked.assignee_ids)}"
    if not asked.unassigned:
        return named
    return f"(t.assignee_ids = ARRAY[]::text[] OR {named})"


def _is_overdue(asked: TaskFilter, params: Parameters) -> str:
    assert asked.now is not None, "whoever asks for overdue says what time it is"
    late = (
        f"t.due_date < {params.add('timestamptz', asked.now)}"
        f" AND t.status_category = ANY({params.add('text[]', _OPEN)})"
    )
    return f"({late})" if asked.overdue else f"({late}) IS NOT TRUE"
