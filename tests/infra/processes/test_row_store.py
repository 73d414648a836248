"""What a projector keeps of its tables in memory."""

from infra.processes.generations import Generation
from infra.processes.rows import NO_LIMITS, RowStore
from projections.search import SEARCH_VIEW, WordRow


def test_what_stands_in_a_table_that_only_grows_is_known() -> None:
    rows = RowStore(SEARCH_VIEW, Generation("search", SEARCH_VIEW.version, 1), NO_LIMITS)
    assert not rows.has("words", "ws_1", "hello")
    rows.put("words", WordRow("ws_1", "hello"))
    assert rows.has("words", "ws_1", "hello")
    rows.leave()
    assert rows.has("words", "ws_1", "hello")
    assert not rows.has("words", "ws_2", "hello")
    rows.committed()
    assert rows.has("words", "ws_1", "hello")
    rows.forget()
    assert not rows.has("words", "ws_1", "hello")
