"""What docs/record.md leaves nobody a choice about: any other verifier gives these verdicts too."""

import msgspec
import pytest

from domain.record.manifest import Filter
from tests.domain.record.test_verify import after, wrong
from tests.record.made import MINE, Parts, parts_of, small_log


def with_manifest(parts: Parts, **change: object) -> bytes:
    parts.manifest = msgspec.structs.replace(parts.manifest, **change)
    return parts.bundle()


# The workspace's events stand at the seconds 2, 4, 6, 8 and 9.
@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Filter(to=after(1)), {"filter": Filter(from_=after(3)), "complete_from": 2}),
        (Filter(from_=after(99)), {"filter": Filter(to=after(8.5)), "complete_to": 4}),
    ],
    ids=["an event from before it", "an event from after it"],
)
def test_one_event_beside_a_period_does_not_make_it_empty(shown: Filter, told: dict[str, object]):
    parts = parts_of(small_log(), MINE, shown)
    assert len(parts.entries) == 1
    found = wrong(with_manifest(parts, **told))
    assert found.what == "what is complete ends before it begins"
