"""A shared map is a dictionary of which every version stays as it was."""

from hypothesis import given
from hypothesis import strategies as st

from domain.values.shared_map import SharedMap

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
