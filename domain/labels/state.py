"""The labels of a workspace as their events leave them, and what the tags of tasks mean by them."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime

from domain.aggregate import Aggregate
from domain.labels.events import (
    LabelCreated,
    LabelDeleted,
    LabelMerged,
    LabelRecoloured,
    LabelRenamed,
    LabelRestored,
)
from domain.values.evolved import evolved, touched
from domain.values.frozen import dataclass
from domain.values.ids import beside
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun
from domain.values.text_rules import normal_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """`tag` is what tasks hold. One that was merged is shown as the label `merged_into`."""

    label_id: str
    tag: str
    name: str
    colour: str
    created_at: datetime
    merged_into: str | None = None
    deleted: bool = False

    @property
    def is_live(self) -> bool:
        return not self.deleted and self.merged_into is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels(StreamState):
    """`by_id`: label id -> label. `by_name`: normal name -> the label that has it, which a merged
    one keeps until another takes it. `by_tag`: what tasks hold -> its label."""

    by_id: Mapping[str, Label] = field(default_factory=dict)
    by_name: Mapping[str, str] = field(default_factory=dict)
    by_tag: Mapping[str, str] = field(default_factory=dict)

    def named(self, name: str) -> Label | None:
        """The label that somebody means by a name: where it was merged, what it is shown as."""
        label_id = self.by_name.get(normal_label(name))
        return None if label_id is None else self.shown_as(label_id)

    def shown_as(self, label_id: str) -> Label | None:
        """The label itself, or the one that it was merged into; None where that was deleted."""
        label = self.by_id.get(label_id)
        while label is not None and label.merged_into is not None:
            label = self.by_id.get(label.merged_into)
        return None if label is None or label.deleted else label

    def of_tag(self, tag: str) -> Label | None:
        """The label that a task's tag is shown as; None where that was deleted, and for a tag
        that no label has: `knows` tells the two apart."""
        label_id = self.by_tag.get(tag)
        return None if label_id is None else self.shown_as(label_id)

    def knows(self, tag: str) -> bool:
        return tag in self.by_tag


def labels_of(workspace_id: str) -> str:
    """The stream of a workspace's labels."""
    return beside("labels", workspace_id)


def standing(labels: Labels | None, tags: Iterable[str]) -> tuple[str, ...]:
    """The tags that count, each once: those of deleted labels left out, merged ones as what they
    are shown as. What no label has stands as it is."""
    if labels is None:
        return tuple(dict.fromkeys(tags))
    found = (
        (shown.tag if (shown := labels.of_tag(tag)) else None) if labels.knows(tag) else tag
        for tag in tags
    )
    return tuple(dict.fromkeys(tag for tag in found if tag is not None))


def shown_otherwise(labels: Labels) -> Mapping[str, str | None]:
    """Tags that are not shown as they are: tag -> name, None where it is not shown at all."""
    return {
        tag: name
        for tag in labels.by_tag
        if (name := shown.name if (shown := labels.of_tag(tag)) else None) != tag
    }


def tags_meant(labels: Labels | None, name: str) -> tuple[str, ...]:
    """All tags that are shown as the label which is meant by a name; none for the former tag of
    a label that is called otherwise now."""
    label = None if labels is None else labels.named(name)
    if labels is None or (label is None and not labels.knows(name)):
        return (name,)
    if label is None:
        return ()
    return tuple(tag for tag in labels.by_tag if labels.of_tag(tag) is label)


def evolve(state: Labels | None, event: object, stamp: Stamp) -> Labels | None:
    if state is None:
        if not isinstance(event, LabelCreated):
            return None
        state = begun(Labels, stamp)
    match event:
        case LabelCreated():
            return _with_new(state, event, stamp)
        case LabelRenamed() if event.label_id in state.by_id:
            named = _freed(state.by_name, event.was, event.label_id)
            return touched(
                state,
                stamp,
                by_id=_changed(state, event.label_id, name=event.name),
                by_name={**named, normal_label(event.name): event.label_id},
            )
        case LabelRecoloured():
            return touched(state, stamp, by_id=_changed(state, event.label_id, colour=event.colour))
        case LabelDeleted():
            return touched(
                state,
                stamp,
                by_id=_changed(state, event.label_id, deleted=True),
                by_name=_freed(state.by_name, event.name, event.label_id),
            )
        case LabelMerged() if _may_lead(state, event.label_id, event.into):
            return touched(
                state, stamp, by_id=_changed(state, event.label_id, merged_into=event.into)
            )
        case LabelRestored() if event.label_id in state.by_id:
            back = _changed(state, event.label_id, deleted=False, merged_into=None)
            by_name = {**state.by_name, normal_label(event.name): event.label_id}
            return touched(state, stamp, by_id=back, by_name=by_name)
        case _:
            return touched(state, stamp)


def _with_new(state: Labels, event: LabelCreated, stamp: Stamp) -> Labels:
    label = Label(
        label_id=event.label_id,
        tag=event.tag,
        name=event.name,
        colour=event.colour,
        created_at=stamp.at,
    )
    return touched(
        state,
        stamp,
        by_id={**state.by_id, label.label_id: label},
        by_name={**state.by_name, normal_label(label.name): label.label_id},
        by_tag={**state.by_tag, label.tag: label.label_id},
    )


def _changed(state: Labels, label_id: str, **changes: object) -> Mapping[str, Label]:
    label = state.by_id.get(label_id)
    return state.by_id if label is None else {**state.by_id, label_id: evolved(label, **changes)}


def _freed(by_name: Mapping[str, str], name: str, label_id: str) -> Mapping[str, str]:
    """Without this label's own name, unless another has it meanwhile."""
    normal = normal_label(name)
    if by_name.get(normal) != label_id:
        return by_name
    return {each: owner for each, owner in by_name.items() if each != normal}


def _may_lead(state: Labels, label_id: str, into: str) -> bool:
    """No label leads back to itself, whatever order events come in."""
    seen = {label_id}
    at: str | None = into
    while at is not None and at not in seen:
        seen.add(at)
        label = state.by_id.get(at)
        at = None if label is None else label.merged_into
    return at is None


LABELS = Aggregate("labels", evolve)
