"""Conditions on what tasks were: on the intervals of each, and what finds such tasks at once."""

from collections.abc import Sequence
from typing import Final

from projections.intervals import (
    EMPTY,
    HELD,
    LASTS,
    begins_with,
    has_several,
    made_by,
    made_with,
)
from projections.query.conditions import ChangedSo, Stood, WasSo, When
from projections.task_questions import TaskFilter

from .filter_conditions import has_status, statuses_of
from .reader import Parameters
from .tags import HeldTags, has_tag

# OFFSET keeps it a question to each task that is met, by the key: what a list is made from is
# decided by its order and by `candidates`, not by guesses at values that are parameters.
_IN_INTERVALS: Final = "(SELECT FROM {intervals_intervals} AS i WHERE"
_IN_MADE: Final = "(SELECT FROM {intervals_made} AS m WHERE m.task_id = t.task_id"
# The values of a field that a row of `made` names.
_NAMED: Final = (
    "unnest(m.held) AS h(named) WHERE starts_with(h.named, m.workspace_id || ' ' || {field} || ' ')"
)
# What the task was made with in a field, as intervals; of a field of several values those of which
# no row says that they ended.
_MADE: Final = f"""(
    SELECT m.workspace_id, v.value, m.from_position, {LASTS} AS to_position
    FROM {{{{intervals_made}}}} AS m CROSS JOIN LATERAL (
        SELECT substr(h.named, length(m.workspace_id || {{field}}) + 3) AS value FROM {_NAMED}
    ) AS v
    WHERE m.task_id = t.task_id{{began}}{{lasts}} OFFSET 0)"""
_UNLESS_ENDED: Final = """ AND NOT EXISTS (
    SELECT FROM {{intervals_intervals}} AS e
    WHERE e.task_id = t.task_id AND e.field = {field} AND e.value = v.value AND e.since_made
    OFFSET 0)"""
# A field of one value has no rows until it changes, and only so long holds what the task was made
# with: one look at its rows tells both.
_OF_ONE_VALUE: Final = """(
    SELECT CASE count(*) WHEN 0 THEN {unchanged} ELSE bool_or({so}) END
    FROM {{intervals_intervals}} AS i WHERE {of_task})"""
_OF_EACH: Final = " OFFSET 0)"


def was_so(asked: WasSo, params: Parameters, present: str | None = None) -> str:
    """On `t`, a task: with what its rows say, with what it was made with and still holds, and with
    what goes without saying (`present`: SQL on `t` that says so of a custom field). Before it was
    made it was nothing, whatever an import says: so an order by that begins where it may be met."""
    field = params.add("text", asked.field)
    of_task = f"i.task_id = t.task_id AND i.field = {field}"
    stood, several = _stood(asked.stood, params), has_several(asked.field)
    so, began = f"{stood}{_overlaps(asked.when, params)}", _began(asked.when, params, "m")
    unchanged = []
    if asked.field in HELD:
        if asked.stood != Stood(values=(str(begins_with(asked.field)),)):  # which no row names
            lasts = _UNLESS_ENDED.format(field=field) if several else ""
            made = _MADE.format(field=field, began=began, lasts=lasts)
            unchanged = [f"EXISTS (SELECT FROM {made} AS i WHERE {stood})"]
        began += f" AND NOT EXISTS (SELECT FROM {_NAMED.format(field=field)})"
    unsaid = _unsaid(asked, params) if present is None else present
    if unsaid is not None:
        made = f"{unsaid} AND EXISTS {_IN_MADE}{began}{_OF_EACH}"
        never = f" AND NOT EXISTS {_IN_INTERVALS} {of_task}{_OF_EACH}" if several else ""
        unchanged.append(f"({made}{never})")
    if several:
        ways = " OR ".join([f"EXISTS {_IN_INTERVALS} {of_task} AND {so}{_OF_EACH}", *unchanged])
    else:
        ways = _OF_ONE_VALUE.format(
            unchanged=" OR ".join(unchanged) or "false", so=so, of_task=of_task
        )
    return f"({_made_by_then(asked.when, params)}({ways}))"


def changed_so(asked: ChangedSo, params: Parameters) -> str:
    """On `t`, a task: some value ended, or began later than the task."""
    of_task = f"i.task_id = t.task_id AND i.field = {params.add('text', asked.field)}"
    ways = [f"EXISTS {_IN_INTERVALS} {of_task} AND {way}{_OF_EACH}" for way in _ways(asked, params)]
    return f"({_made_by_then(asked.when, params)}({' OR '.join(ways)}))"


def _ways(asked: ChangedSo, params: Parameters) -> list[str]:
    """Conditions on `i`, an interval of the task `t`, one of which holds where it changed so."""
    ended, begun = _ended(asked.when, params), _begun(asked.when, params)
    match asked.was, asked.now:
        case None, None:
            return [begun, ended] if has_several(asked.field) else [begun]
        case None, now:
            assert now is not None
            return [f"{begun} AND {_stood(now, params)}"]
        case was, None:
            return [f"{ended} AND {_stood(was, params)}"]
        case was, now:
            follows = (
                "EXISTS (SELECT FROM {intervals_intervals} AS j WHERE j.task_id = i.task_id"
                " AND j.field = i.field AND j.from_position = i.to_position"
                f" AND {_stood(now, params, 'j')})"
            )
            return [f"{ended} AND {_stood(was, params)} AND {follows}"]


def _ways_anywhere(asked: ChangedSo, params: Parameters) -> list[str]:
    """The same on an interval of any task: at least those, by what an index knows. Who did it says
    more than what was done, and no index knows both."""
    begun = _begun(asked.when, params)
    if asked.now is not None and asked.when.by is None:
        begun += f" AND {_stood_anywhere(asked.now, params)}"
    of_one = not has_several(asked.field)
    if of_one and (asked.was is None or asked.when.by is not None):
        return [begun]  # whatever ended, something began in its place, by the same person
    if asked.was is not None:
        return [f"{_ended(asked.when, params)} AND {_stood_anywhere(asked.was, params)}"]
    return [begun] if asked.now is not None else [begun, _ended(asked.when, params)]


def _begun(when: When, params: Parameters) -> str:
    return f"NOT i.since_made{_at('from', when, params)}"


def _ended(when: When, params: Parameters) -> str:
    return f"i.to_position <> {LASTS}{_at('to', when, params)}"


def _stood(stood: Stood, params: Parameters, row: str = "i") -> str:
    """Of an interval of the task `t`."""
    value = f"{row}.value"
    ways = []
    if stood.values:
        ways.append(f"{value} = ANY({params.add('text[]', stood.values)})")
    if stood.statuses:
        # A status that the workflow has no more is met by its key.
        ways.append(f"{value} = ANY({params.add('text[]', stood.statuses)})")
        ways.append(_named(TaskFilter(statuses=stood.statuses), params, row))
    for first, end in stood.spans:
        ways.append(
            f"({value} >= {params.add('text', first)} AND {value} < {params.add('text', end)})"
        )
    tags = HeldTags(f"{row}.workspace_id", f"ARRAY[{value}]")
    ways += [
        has_tag(name, [each for each in stood.meant if each.name == name], params, tags)
        for name in stood.labels
    ]
    return f"({' OR '.join(ways)})" if ways else "false"


def _named(asked: TaskFilter, params: Parameters, row: str) -> str:
    """A status by what it is called in the project in which the task was then."""
    elsewhere = (
        "(SELECT FROM {intervals_intervals} AS p WHERE p.task_id = t.task_id"
        " AND p.field = 'project'"
    )
    meanwhile = (
        f"(p.to_position = {LASTS} OR p.to_position > {row}.from_position)"
        f" AND ({row}.to_position = {LASTS} OR p.from_position <= {row}.to_position)"
    )
    here = has_status(asked, params, f"(t.project_id, {row}.value)")
    there = has_status(asked, params, f"(p.value, {row}.value)")
    # Most values are no such status in any project: that is known without asking of which.
    anywhere = f"{row}.value IN (SELECT s.status {statuses_of(asked, params)})"
    return (
        f"({anywhere} AND (({here} AND NOT EXISTS {elsewhere}))"
        f" OR EXISTS {elsewhere} AND {meanwhile} AND {there})))"
    )


def _stood_anywhere(stood: Stood, params: Parameters) -> str:
    """The same of an interval of any task: at least those."""
    ways = []
    every = [*stood.values, *stood.statuses, *stood.labels]
    every += [tag for each in stood.meant for tag in each.tags]
    if stood.statuses:
        meant = statuses_of(TaskFilter(statuses=stood.statuses), params)
        kept = params.add("text[]", every)
        ways.append(f"i.value = ANY({kept} || ARRAY(SELECT s.status {meant}))")
    elif every:
        ways.append(f"i.value = ANY({params.add('text[]', every)})")
    for first, end in stood.spans:
        ways.append(
            f"(i.value >= {params.add('text', first)} AND i.value < {params.add('text', end)})"
        )
    return f"({' OR '.join(ways)})" if ways else "false"


def _unsaid(asked: WasSo, params: Parameters) -> str | None:
    """On `t`: it holds such a value without a row; None where no such value goes without."""
    begins = begins_with(asked.field)
    if begins is None:
        return f"t.{asked.field}_id = ANY({params.add('text[]', asked.stood.values)})"
    return "true" if begins in asked.stood.values else None


def _made_by_then(when: When, params: Parameters) -> str:
    if when.end is None or when.recorded:
        return ""
    return f"t.created_at < {params.add('timestamptz', when.end)} AND "


def _overlaps(when: When, params: Parameters) -> str:
    found = _began(when, params)
    if when.first is not None:
        still = params.add("timestamptz", when.first)
        found += f" AND (i.to_position = {LASTS} OR i.to_{_clock(when)} > {still})"
    return found


def _began(when: When, params: Parameters, row: str = "i") -> str:
    """Before the time was over, by one of the people."""
    found = ""
    if when.end is not None:
        found += f" AND {row}.from_{_clock(when)} < {params.add('timestamptz', when.end)}"
    if when.by is not None:
        found += f" AND {row}.from_by = ANY({params.add('text[]', when.by)})"
    return found


def _clock(when: When) -> str:
    return "recorded" if when.recorded else "at"


def _at(edge: str, when: When, params: Parameters) -> str:
    clock = _clock(when)
    found = ""
    if when.first is not None:
        found += f" AND i.{edge}_{clock} >= {params.add('timestamptz', when.first)}"
    if when.end is not None:
        found += f" AND i.{edge}_{clock} < {params.add('timestamptz', when.end)}"
    if when.by is not None:
        found += f" AND i.{edge}_by = ANY({params.add('text[]', when.by)})"
    return found


def holds_now(field: str, params: Parameters, condition: str) -> str:
    """On `t`: what the field holds at present, if anything, meets a condition on `i.value`."""
    return (
        f"EXISTS {_IN_INTERVALS} i.task_id = t.task_id AND i.field = {params.add('text', field)}"
        f" AND i.to_position = {LASTS} AND i.value <> '{EMPTY}' AND {condition}{_OF_EACH}"
    )


def candidates(
    asked: WasSo | ChangedSo, tenants: Sequence[str], params: Parameters, most: str
) -> str | None:
    """SQL of the ids of all tasks of these workspaces that can meet a condition, some of them more
    than once; None where rows alone do not tell. It need not give more than `most`."""
    field = params.add("text", asked.field)
    home = params.add("text[]", tenants)
    found = []
    if isinstance(asked, WasSo):
        begins = begins_with(asked.field)
        if begins is None or begins in asked.stood.values:
            return None
        stood = "true" if asked.when.by is not None else _stood_anywhere(asked.stood, params)
        ways = [f"{stood}{_overlaps(asked.when, params)}"]
        if asked.field in HELD:
            found.append(_made_so(asked, tenants, params, most))
    else:
        ways = _ways_anywhere(asked, params)
    found[:0] = [
        "SELECT i.task_id FROM {intervals_intervals} AS i"
        f" WHERE i.workspace_id = ANY({home}) AND i.field = {field} AND {way}"
        for way in ways
    ]
    return " UNION ALL ".join(found)


def _made_so(asked: WasSo, tenants: Sequence[str], params: Parameters, most: str) -> str:
    """The ids of tasks that were made with such a value, or by one of the people."""
    stood, by = asked.stood, asked.when.by
    if by is not None:
        named = params.add("text[]", [made_by(each, who) for each in tenants for who in by])
    else:
        values = [*stood.values, *stood.statuses, *stood.labels]
        values += [tag for each in stood.meant for tag in each.tags]
        named = params.add(
            "text[]", [made_with(each, asked.field, value) for each in tenants for value in values]
        )
        if stood.statuses:
            meant = statuses_of(TaskFilter(statuses=stood.statuses), params)
            named += f" || ARRAY(SELECT DISTINCT s.workspace_id || ' status ' || s.status {meant})"
    return f"SELECT views.made_hits('{{intervals_made}}', {named}, {most})"
