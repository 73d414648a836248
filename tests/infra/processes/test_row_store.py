"""What a projector keeps of its tables in memory."""

from infra.processes.generations import Generation
from infra.processes.rows import NO_LIMITS, RowStore
from projections.search import SEARCH_VIEW, WordRow


def test_what_stands_in_a_table_that_only_grows_is_not_written_again() -> None:
    rows = RowStore(SEARCH_VIEW, Generation("search", SEARCH_VIEW.version, 1), NO_LIMITS)
    rows.put("words", WordRow("ws_1", "hello"))
    rows.put("words", WordRow("ws_1", "hello"))
    assert rows.changed == 1
    rows.leave()
    rows.put("words", WordRow("ws_1", "hello"))
    rows.put("words", WordRow("ws_2", "hello"))
    assert rows.changed == 1
    rows.committed()
    rows.put("words", WordRow("ws_1", "hello"))
    assert rows.changed == 1
    rows.forget()
    rows.put("words", WordRow("ws_1", "hello"))
    assert rows.changed == 1
