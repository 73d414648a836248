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

_BEGIN = b'{"#":"ws_'
# Told by a single byte, most answers without any tags are let through in no time.
_SIGN = b"#"
_ID_END = 26
_NAME = b'","tags":['
_TAGS_AT = _ID_END + len(_NAME) - 1
_TAGS = re.compile(rb'\[(?:"(?:[^"\\]++|\\.)*+",?)++\]')
_ESCAPE = ord("\\")


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


class TagPlaces:
    """An answer taken apart at the places where names of labels belong, to be filled in once
    they are known. Takes one search over the bytes."""

    __slots__ = ("_between", "_places")

    def __init__(self, doc: bytes) -> None:
        first, *pieces = doc.split(_BEGIN) if _SIGN in doc else (doc,)
        self._between = [first]
        self._places: list[tuple[bytes, bytes]] = []
        for piece in pieces:
            if not piece.startswith(_NAME, _ID_END):
                # Something that only begins alike, such as an attribute of an imported record.
                self._between[-1] += _BEGIN + piece
                continue
            end = piece.find(b'"]}', _TAGS_AT)
            if piece[end - 1] == _ESCAPE:
                # The quote belongs to a tag.
                tags = _TAGS.match(piece, _TAGS_AT)
                assert tags is not None  # it is a place
                end = tags.end() - 2
            self._places.append((piece[:_ID_END], piece[_TAGS_AT : end + 2]))
            self._between.append(piece[end + 3 :])

    @property
    def workspace_ids(self) -> set[str]:
        """Of all workspaces whose labels stand in the answer."""
        return {f"ws_{each.decode()}" for each in {digits for digits, _ in self._places}}

    def filled(self, shown: Mapping[str, Mapping[str, str | None]]) -> bytes:
        """The answer with each place filled in. `shown`: workspace id -> tag -> its name, None
        where it is not shown; a tag that is not there is its own name."""
        names = {each.removeprefix("ws_").encode(): of for each, of in shown.items() if of}
        said = [raw for _, raw in self._places]
        if names:
            known = {
                place: _filled(place[1], names[place[0]])
                for place in set(self._places)
                if place[0] in names
            }
            said = [known.get(place, place[1]) for place in self._places]
        pieces = [b""] * (2 * len(said) + 1)
        pieces[0::2], pieces[1::2] = self._between, said
        return b"".join(pieces)


def _filled(raw: bytes, names: Mapping[str, str | None]) -> bytes:
    tags = _texts.decode(raw)
    if names.keys().isdisjoint(tags):
        return raw
    found = (names.get(tag, tag) for tag in tags)
    return _json.encode(list(dict.fromkeys(name for name in found if name is not None)))
