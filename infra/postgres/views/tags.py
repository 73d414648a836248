"""Conditions on the tags of tasks, by the names of labels.

A label that was renamed or merged is held as another tag than its name: the filter says where.
"""

from collections.abc import Sequence

from domain.values.frozen import dataclass
from projections.task_questions import MeantTag, TaskFilter

from .reader import Parameters


@dataclass(frozen=True, slots=True)
class HeldTags:
    """The SQL of what holds tags: of its workspace, and of the array of its tags."""

    workspace_id: str = "t.workspace_id"
    tags: str = "t.tags"


_OF_TASK = HeldTags()


def has_tags(asked: TaskFilter, params: Parameters) -> list[str]:
    """Conditions on `t.tags` and `t.workspace_id`."""
    meant = _by_name(asked)
    plain = [name for name in asked.tags if name not in meant]
    conditions = [f"t.tags @> {params.add('text[]', plain)}"] if plain else []
    conditions += [has_tag(name, meant[name], params) for name in asked.tags if name in meant]
    if asked.tags_any:
        plain = [name for name in asked.tags_any if name not in meant]
        ways = [f"t.tags && {params.add('text[]', plain)}"] if plain else []
        ways += [has_tag(name, meant[name], params) for name in asked.tags_any if name in meant]
        conditions.append(f"({' OR '.join(ways)})")
    return conditions


def possible_tags(asked: TaskFilter) -> tuple[list[list[str]], list[str]]:
    """For an index that knows no workspaces: for each of all the names its tags in any of them,
    and all tags of those of which one is enough. Whatever else it finds, `has_tags` leaves out."""
    meant = _by_name(asked)

    def held(name: str) -> list[str]:
        return list(
            dict.fromkeys((name, *(tag for each in meant.get(name, ()) for tag in each.tags)))
        )

    return [held(name) for name in asked.tags], [t for name in asked.tags_any for t in held(name)]


def _by_name(asked: TaskFilter) -> dict[str, list[MeantTag]]:
    found: dict[str, list[MeantTag]] = {}
    for each in asked.meant_tags:
        found.setdefault(each.name, []).append(each)
    return found


def has_tag(
    name: str, meant: Sequence[MeantTag], params: Parameters, held: HeldTags = _OF_TASK
) -> str:
    """One of the tags that a name means, of which `meant` says where they are others."""
    add = params.add
    elsewhere = add("text[]", [each.workspace_id for each in meant])
    ways = [f"({held.workspace_id} <> ALL({elsewhere}) AND {add('text', name)} = ANY({held.tags}))"]
    ways += [
        f"({held.workspace_id} = {add('text', each.workspace_id)}"
        f" AND {held.tags} && {add('text[]', each.tags)})"
        for each in meant
    ]
    return f"({' OR '.join(ways)})"
