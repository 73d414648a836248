"""What may happen to the labels of a workspace."""

import zlib
from collections.abc import Iterable, Sequence
from typing import Final

from domain.errors import Kind, Refused, invalid, not_found
from domain.labels.events import (
    LabelCreated,
    LabelDeleted,
    LabelEvent,
    LabelMerged,
    LabelRecoloured,
    LabelRenamed,
    LabelRestored,
)
from domain.labels.state import Label, Labels
from domain.project.workflow import COLOUR
from domain.values.limits import Limits
from domain.values.text_rules import normal_label, one_line

# Light enough for dark words and far enough apart; a label has the one that its name leads to.
_COLOURS: Final = (
    "#f28b82", "#fbbc04", "#fff475", "#ccff90", "#a7ffeb", "#cbf0f8", "#aecbfa", "#d7aefb",
    "#fdcfe8", "#e6c9a8", "#e8eaed", "#b5e8b0",
)  # fmt: skip

# What was deleted or merged stays known, since tasks go on holding its tag.
_EVER: Final = 10


def create(
    labels: Labels | None, *, label_id: str, name: str, colour: str | None, limits: Limits
) -> tuple[LabelEvent, ...]:
    """A label that nobody uses yet."""
    checked_label(name, limits)
    _require_free(labels, name)
    _require_room(labels, 1, limits, "/name")
    return (_new(labels, label_id, name, checked_colour(colour)),)


def first_use(
    labels: Labels | None, names: Sequence[str], ids: Iterable[str], limits: Limits, pointer: str
) -> tuple[LabelCreated, ...]:
    """Labels for names that none has, each with one of `ids`; two that differ in case are one."""
    new = {normal_label(name): name for name in reversed(names)}
    missing = [name for normal, name in reversed(new.items()) if not _is_taken(labels, normal)]
    _require_room(labels, len(missing), limits, pointer)
    return tuple(
        _new(labels, label_id, name, None) for name, label_id in zip(missing, ids, strict=False)
    )


def rename(
    labels: Labels | None, label_id: str, name: str, limits: Limits
) -> tuple[LabelEvent, ...]:
    """What every task shows; another case of the same name is another name."""
    label = live_label(labels, label_id)
    if checked_label(name, limits) == label.name:
        return ()
    if normal_label(name) != normal_label(label.name):
        _require_free(labels, name)
    return (LabelRenamed(label_id=label_id, name=name, was=label.name),)


def recolour(labels: Labels | None, label_id: str, colour: str | None) -> tuple[LabelEvent, ...]:
    """None: back to the colour that its name leads to."""
    label = live_label(labels, label_id)
    wanted = checked_colour(colour) or _usual_colour(label.name)
    if wanted == label.colour:
        return ()
    return (LabelRecoloured(label_id=label_id, name=label.name, colour=wanted, was=label.colour),)


def delete(labels: Labels | None, label_id: str) -> tuple[LabelEvent, ...]:
    """No task shows it any more, nor what was merged into it."""
    label = _known(labels, label_id)
    if label.deleted:
        return ()
    return (LabelDeleted(label_id=label_id, name=live_label(labels, label_id).name),)


def merge(labels: Labels | None, label_id: str, into: str) -> tuple[LabelEvent, ...]:
    """Every task that shows it shows the other one in its place."""
    label = _known(labels, label_id)
    if label_id == into:
        raise invalid("/into", "A label cannot be merged into itself.")
    target = None if labels is None else labels.by_id.get(into)
    if target is None or not target.is_live:
        raise invalid("/into", "Must be another label of this workspace.", "unknown")
    if label.merged_into == into and not label.deleted:
        return ()
    label = live_label(labels, label_id)
    return (LabelMerged(label_id=label_id, name=label.name, into=into, into_name=target.name),)


def restore(labels: Labels | None, label_id: str, limits: Limits) -> tuple[LabelEvent, ...]:
    """After it was deleted or merged: tasks that hold its tag show it again."""
    label = _known(labels, label_id)
    if label.is_live:
        return ()
    _require_free(labels, label.name)
    _require_room(labels, 1, limits, "", ever=0)
    return (LabelRestored(label_id=label_id, name=label.name),)


def checked_label(name: str, limits: Limits, pointer: str = "/name") -> str:
    return one_line(name, pointer, limits.tag)


def checked_colour(colour: str | None) -> str | None:
    if colour is not None and COLOUR.fullmatch(colour) is None:
        raise invalid("/colour", "Must be #rrggbb or the name of a colour.")
    return colour


def live_label(labels: Labels | None, label_id: str) -> Label:
    """A label that is shown. Raises Refused(NOT_FOUND)."""
    label = _known(labels, label_id)
    if not label.is_live:
        raise not_found("label")
    return label


def _known(labels: Labels | None, label_id: str) -> Label:
    label = None if labels is None else labels.by_id.get(label_id)
    if label is None:
        raise not_found("label")
    return label


def _new(labels: Labels | None, label_id: str, name: str, colour: str | None) -> LabelCreated:
    """Tasks hold its name as it is now, or its id where they hold that for another label."""
    is_held = labels is not None and labels.knows(name)
    return LabelCreated(
        label_id=label_id,
        tag=label_id if is_held else name,
        name=name,
        colour=colour or _usual_colour(name),
    )


def _is_taken(labels: Labels | None, normal: str) -> bool:
    label_id = None if labels is None else labels.by_name.get(normal)
    return label_id is not None and labels is not None and labels.shown_as(label_id) is not None


def _require_free(labels: Labels | None, name: str) -> None:
    """A name that only a merged label still has may be taken."""
    owner = None if labels is None else labels.by_name.get(normal_label(name))
    if owner is not None and labels is not None and labels.by_id[owner].is_live:
        raise Refused(
            Kind.ALREADY_EXISTS,
            "A label has this name already; rename or merge that one.",
            field="name",
        )


def _require_room(
    labels: Labels | None, more: int, limits: Limits, pointer: str, ever: int | None = None
) -> None:
    if not more or labels is None:
        return
    live = sum(label.is_live for label in labels.by_id.values())
    known = len(labels.by_id) + (more if ever is None else ever)
    if live + more > limits.labels or known > _EVER * limits.labels:
        raise invalid(
            pointer,
            f"A workspace has at most {limits.labels} labels; delete or merge some first.",
            "too-many",
        )


def _usual_colour(name: str) -> str:
    return _COLOURS[zlib.crc32(normal_label(name).encode()) % len(_COLOURS)]
