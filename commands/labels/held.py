"""The tags that a task holds for the labels that a request names."""

from collections.abc import Sequence

from commands.work import Work
from domain.errors import Invalid, invalid
from domain.labels import decisions
from domain.labels.state import LABELS, Labels, labels_of
from domain.values.ids import is_id
from domain.values.text_rules import checked_tags


async def known_labels(work: Work, workspace_id: str) -> Labels | None:
    """The labels of a workspace as they are known here, not asserted: a label that is renamed or
    merged meanwhile keeps its tag, and whoever holds it shows what it has become."""
    return await work.glimpse(LABELS, labels_of(workspace_id))


async def held_tags(work: Work, workspace_id: str, names: Sequence[str]) -> tuple[str, ...]:
    """Tags for labels by name, whatever its case, or by id; each once, in order. Names that no
    label has become labels in the same commit. What is wrong with a name is left to the decision
    about the task, which says all that is wrong at once.

    Raises Invalid for an id that is no label's, and where the workspace has too many labels.
    """
    try:
        wanted = checked_tags(names, work.limits)
    except Invalid:
        return tuple(names)
    labels = await known_labels(work, workspace_id)
    tags = [_tag(labels, name) for name in wanted]
    if None in tags:
        stream = labels_of(workspace_id)
        work.meeting_points.add(stream)
        labels = await work.load(LABELS, stream)
        new = [name for name in wanted if _tag(labels, name) is None]
        _require_names(names, new)
        ids = (work.new_id("lbl") for _ in new)
        made = decisions.first_use(labels, new, ids, work.limits, "/tags")
        work.record(LABELS, workspace_id, stream, *made)
        labels = work.peek(LABELS, stream)
        tags = [_tag(labels, name) for name in wanted]
    return tuple(dict.fromkeys(tag for tag in tags if tag is not None))


def _tag(labels: Labels | None, name: str) -> str | None:
    if labels is None:
        return None
    if is_id(name, "lbl"):
        label = labels.by_id.get(name)
        return label.tag if label is not None and label.is_live else None
    label = labels.named(name)
    return None if label is None else label.tag


def _require_names(names: Sequence[str], new: Sequence[str]) -> None:
    for name in new:
        if is_id(name, "lbl"):
            pointer = f"/tags/{names.index(name)}"
            raise invalid(pointer, "There is no label with this id.", "unknown")
