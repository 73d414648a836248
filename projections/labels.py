"""Labels in stored answers: by the tags that tasks hold, each list of them a mark, so that a label
that is renamed, merged or deleted touches no answer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Final, NamedTuple

import msgspec

from domain.labels.state import Label, Labels

from .marks import mark

TagsMark = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"type": "array", "items": {"type": "string"}})
]

_WORKSPACE_AT: Final = len(b'{"#":"')
_TAGS_AFTER: Final = len(b'","tags":')
_NO_TAGS: Final = msgspec.Raw(b"[]")


class _Held(msgspec.Struct, frozen=True, gc=False):
    workspace_id: str = msgspec.field(name="#")
    tags: tuple[str, ...]


class LabelAnswer(msgspec.Struct, frozen=True):
    """A label of a workspace. `merged_into` is the label that it is shown as."""

    id: str
    label_id: str
    workspace_id: str
    name: str
    colour: str
    merged_into: str | None
    deleted: bool


_json = msgspec.json.Encoder()
_texts = msgspec.json.Decoder(list[str])
_any_tags = msgspec.json.Decoder(_Held | tuple[str, ...])


def held(workspace_id: str, tags: Iterable[str]) -> TagsMark:
    """Tags as an answer holds them; none need no mark."""
    held_tags = tuple(tags)
    return mark(_json.encode(_Held(workspace_id, held_tags))) if held_tags else _NO_TAGS


def tags_in(place: TagsMark) -> tuple[str, ...]:
    """What `held` was given."""
    found = _any_tags.decode(place)
    return found.tags if isinstance(found, _Held) else found


def render_label(label: Label, workspace_id: str) -> bytes:
    """The label's answer as JSON."""
    return _json.encode(
        LabelAnswer(
            label.label_id,
            label.label_id,
            workspace_id,
            label.name,
            label.colour,
            label.merged_into,
            label.deleted,
        )
    )


def listed(labels: Labels | None, *, hidden: bool = False) -> Sequence[Label]:
    """The labels that are shown, or those that are not (`hidden`), by name."""
    found = () if labels is None else labels.by_id.values()
    chosen = (label for label in found if label.is_live is not hidden)
    return sorted(chosen, key=place_of)


def place_of(label: Label) -> tuple[str, str]:
    """Where a label stands in a list."""
    return label.name.casefold(), label.label_id


class HeldTags(NamedTuple):
    """What a mark of the kind `LABELS` holds: tags of tasks of a workspace, as JSON."""

    workspace_id: str
    tags: bytes

    def said(self, shown: Mapping[str, str | None]) -> bytes:
        """The list of their names. `shown`: tag -> its name, None where it is not shown; a tag
        that is not there is its own name."""
        if not shown:
            return self.tags
        tags = _texts.decode(self.tags)
        if shown.keys().isdisjoint(tags):
            return self.tags
        found = (shown.get(tag, tag) for tag in tags)
        return _json.encode(list(dict.fromkeys(name for name in found if name is not None)))


def tags_held(marks: Iterable[bytes]) -> dict[bytes, HeldTags]:
    """What marks of the kind `LABELS` hold."""
    found = ((each, each.index(b'"', _WORKSPACE_AT)) for each in marks)
    return {
        each: HeldTags(each[_WORKSPACE_AT:end].decode(), each[end + _TAGS_AFTER : -1])
        for each, end in found
    }
