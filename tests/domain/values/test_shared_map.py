"""A shared map is a dictionary of which every version stays as it was."""

from hypothesis import given
from hypothesis import strategies as st

from domain.values.shared_map import SharedMap

MANY = 5_000
KEYS = [f"key {number}" for number in range(120)]
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(KEYS), st.integers()),
        st.tuples(st.just("without"), st.sampled_from(KEYS), st.none()),
        st.tuples(
            st.just("updated"), st.dictionaries(st.sampled_from(KEYS), st.integers()), st.none()
        ),
    ),
    max_size=20,
)


@given(begin=st.dictionaries(st.sampled_from(KEYS), st.integers()), changes=CHANGES)
def test_every_version_is_the_dictionary_that_it_stands_for(begin, changes):
    shared, plain = SharedMap(begin), dict(begin)
    versions = [(shared, dict(plain))]
    for what, key, value in changes:
        match what:
            case "put":
                shared = shared.put(key, value)
                plain[key] = value
            case "without":
                shared = shared.without(key)
                plain.pop(key, None)
            case "updated":
                shared = shared.updated(key)
                plain.update(key)
        versions.append((shared, dict(plain)))
    for version, expected in versions:
        assert dict(version) == expected
        assert len(version) == len(expected)
        assert all(version.get(key) == expected.get(key) for key in KEYS)
        assert version == SharedMap(expected)


def test_many_entries_stand_in_small_buckets_however_they_came():
    entries = {f"key {number}": number for number in range(MANY)}
    one_by_one: SharedMap[int] = SharedMap()
    for key, value in entries.items():
        one_by_one = one_by_one.put(key, value)
    for shared in (one_by_one, SharedMap(entries), SharedMap({"key 0": 1}).updated(entries)):
        assert dict(shared) == entries
        assert len(shared) == MANY
        assert all(len(bucket) < 256 for bucket in shared._buckets)
        assert len(shared._buckets) <= MANY // 16
    assert "key 1" in one_by_one
    assert "nothing" not in one_by_one
    assert one_by_one["key 1"] == one_by_one.get("key 1") == 1
    assert dict(one_by_one.without("key 7")) == {
        key: value for key, value in entries.items() if key != "key 7"
    }
    assert one_by_one.get("nothing", 5) == 5
    assert repr(SharedMap({"a": 1})) == "SharedMap({'a': 1})"


def test_what_is_not_there_is_not_taken_away():
    shared = SharedMap({"a": 1})
    assert shared.without("b") is shared
    assert dict(shared.without("a")) == {}
