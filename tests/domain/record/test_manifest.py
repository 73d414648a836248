"""The manifest of a bundle: canonical JSON, byte for byte, that cannot contradict itself."""

import msgspec
import pytest

from domain.record.manifest import Filter, Manifest, ManifestBroken, parse_manifest

MANIFEST = Manifest(
    workspace_id="ws_ü",
    log_id="8f14",
    filter=Filter(to="2026-01-31T12:00:00.000000Z", actor="user_1"),
    first_count=2,
    entries=5,
    disclosed=3,
    previous_link="00",
    complete_from=3,
    complete_to=5,
)
WRITTEN = (
    '{"complete_from":3,"complete_to":5,"disclosed":3,"entries":5,'
    '"filter":{"actor":"user_1","to":"2026-01-31T12:00:00.000000Z"},"first_count":2,"format":1,'
    '"log_id":"8f14","previous_link":"00","workspace_id":"ws_ü"}'
).encode()


def test_a_manifest_has_one_form():
    assert MANIFEST.encode() == WRITTEN
    assert parse_manifest(WRITTEN) == MANIFEST
    for written in (WRITTEN.replace("ü".encode(), b"\\u00fc"), WRITTEN + b" "):
        with pytest.raises(ManifestBroken, match=r"^the manifest is not canonical JSON$"):
            parse_manifest(written)


NUMBERS = "no such numbers of entries can be"
BEGINS = "it does not begin at the event before what is complete"
ENDS = "it does not end at the event after what is complete"
LARGE = "a number beyond 2^53 - 1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format 2 is not known here"),
        ({"entries": 0, "disclosed": 0, "complete_to": 1}, NUMBERS),
        ({"disclosed": 6}, NUMBERS),
        ({"disclosed": -1}, NUMBERS),
        ({"complete_from": 2}, BEGINS),
        ({"complete_from": 4}, BEGINS),
        ({"complete_from": 0, "first_count": 0}, BEGINS),
        ({"complete_to": 7}, ENDS),
        ({"complete_to": 4}, ENDS),
        ({"first_count": 2**53 - 4, "complete_from": 2**53 - 3, "complete_to": 2**53}, LARGE),
    ],
)
def test_a_manifest_that_contradicts_itself_is_none(change: dict[str, int], words: str):
    with pytest.raises(ManifestBroken) as refused:
        parse_manifest(msgspec.structs.replace(MANIFEST, **change).encode())
    assert str(refused.value) == words


def test_what_is_complete_begins_and_ends_at_an_edge_or_without_one():
    for change in (
        {"complete_to": 6},
        {"disclosed": 0},
        {"disclosed": 5},
        {"first_count": 1, "complete_from": 1, "complete_to": 4},
        {"first_count": 1, "complete_from": 2, "complete_to": 4},
        {"first_count": 2**53 - 5, "complete_from": 2**53 - 4, "complete_to": 2**53 - 1},
    ):
        manifest = msgspec.structs.replace(MANIFEST, **change)
        assert parse_manifest(manifest.encode()) == manifest
