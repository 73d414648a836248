"""Any log that can be written in XES is read back as it was, wherever the chunks are cut."""

import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st

from commands.imports.event_log import Attributes, Trace, Value
from infra.imports import source
from infra.imports.xes import XesFile

# XML turns a line end or a tab inside an attribute into a space, and holds no control characters.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=20).filter(
    lambda text: "\ufffe" not in text and "\uffff" not in text
)
leaves: st.SearchStrategy[Value] = st.one_of(
    texts,
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    texts.map(lambda text: {"id": text}),
    st.datetimes().map(lambda at: {"date": at.isoformat() + "Z"}),
    st.sampled_from(["NaN", "INF", "-INF"]).map(lambda text: {"float": text}),
)


def _within(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    pairs = st.lists(st.tuples(texts, inner).map(list), max_size=3)
    own = st.dictionaries(texts, inner, min_size=1, max_size=2)
    return st.one_of(
        pairs.map(lambda items: {"list": items}),
        pairs.map(lambda items: {"container": items}),
        st.tuples(leaves, own).map(lambda both: {"value": both[0], "attributes": both[1]}),
    )


repeated = st.lists(leaves, min_size=2, max_size=3).map(lambda values: {"repeated": values})
values = st.recursive(leaves, _within, max_leaves=4) | repeated
attributes = st.dictionaries(texts, values, max_size=4)
logs = st.lists(st.tuples(attributes, st.lists(attributes, max_size=4)), max_size=4)


def _written(key: str, value: object) -> str:
    own = ""
    if isinstance(value, dict):
        if "repeated" in value:
            return "".join(_written(key, one) for one in value["repeated"])
        if "attributes" in value:
            own = _all(value["attributes"])
            value = value["value"]
    if isinstance(value, dict):
        ((kind, said),) = value.items()
        if kind in ("list", "container"):
            inner = "".join(_written(k, v) for k, v in said)
            inner = f"<values>{inner}</values>" if kind == "list" else inner
            return f"<{kind} key={quoteattr(key)}>{inner}</{kind}>"
    else:
        kind = {str: "string", int: "int", bool: "boolean", float: "float"}[type(value)]
        said = str(value).lower() if kind == "boolean" else str(value)
    return f"<{kind} key={quoteattr(key)} value={quoteattr(said)}>{own}</{kind}>"


def _all(given: Attributes) -> str:
    return "".join(_written(key, value) for key, value in given.items())


@settings(deadline=None)
@given(logs, st.integers(1, 50))
def test_a_written_log_is_read_back(log: list[tuple[Attributes, list[Attributes]]], cut: int):
    text = "".join(
        f"<trace>{_all(own)}{''.join(f'<event>{_all(event)}</event>' for event in events)}</trace>"
        for own, events in log
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log.xes")
        path.write_text(f"<log>{text}</log>", encoding="utf-8")
        whole_chunks, source.CHUNK_BYTES = source.CHUNK_BYTES, cut
        try:
            read = list(XesFile(path).traces())
        finally:
            source.CHUNK_BYTES = whole_chunks
    assert all(isinstance(one, Trace) for one in read)
    assert [
        (one.attributes, [event.attributes for event in one.events])
        for one in read
        if isinstance(one, Trace)
    ] == log
