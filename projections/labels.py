"""Labels in stored answers: by the tags that tasks hold, each place marked, names filled in at the
door.

A label that is renamed, merged or deleted touches no answer. Where a task's tags belong stands
`{"#":"<workspace id>","tags":[...]}`, which is valid JSON. Nobody can forge it: inside a JSON
string a quote is always escaped, and no object that a user shapes holds both a text and a list.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.labels.state import Label, Labels

MARK = b'{"#":"ws_'

_PLACE = re.compile(rb'\{"#":"(ws_[0-9a-z]+)","tags":(\[(?:"(?:[^"\\]|\\.)*",?)+\])\}')


class HeldTags(msgspec.Struct, frozen=True, gc=False):
    """The place of the names of labels."""

    workspace_id: str = msgspec.field(name="#")
    tags: tuple[str, ...]


Tags = HeldTags | tuple[str, ...]


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


def held(workspace_id: str, tags: Iterable[str]) -> Tags:
    """Tags as an answer holds them; none need no place."""
    held_tags = tuple(tags)
    return HeldTags(workspace_id, held_tags) if held_tags else ()


def tags_in(place: Tags) -> tuple[str, ...]:
    """What `held` was given."""
    return place.tags if isinstance(place, HeldTags) else place


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


def workspaces_of(doc: bytes) -> set[str]:
    """The workspaces whose labels stand in an answer."""
    return {found[1].decode() for found in _PLACE.finditer(doc)}


def fill_labels(doc: bytes, shown: Mapping[str, Mapping[str, str | None]]) -> bytes:
    """The answer with each place filled in. `shown`: workspace id -> tag -> its name, None where
    it is not shown; a tag that is not there is its own name."""
    filled: dict[bytes, bytes] = {}

    def fill(found: re.Match[bytes]) -> bytes:
        names = shown.get(found[1].decode())
        if not names:
            return found[2]
        whole = found[0]
        if whole not in filled:
            filled[whole] = _filled(found[2], names)
        return filled[whole]

    return _PLACE.sub(fill, doc)


def _filled(raw: bytes, names: Mapping[str, str | None]) -> bytes:
    tags = _texts.decode(raw)
    if names.keys().isdisjoint(tags):
        return raw
    found = (names.get(tag, tag) for tag in tags)
    return _json.encode(list(dict.fromkeys(name for name in found if name is not None)))
