"""What a projector keeps of its tables in memory."""

from infra.processes.generations import Generation
from infra.processes.kept_rows import NO_LIMITS
from infra.processes.rows import RowStore
from projections.search import SEARCH_VIEW, SearchRow, WordRow


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


def test_what_is_new_is_inserted_and_only_what_may_be_there_is_looked_for() -> None:
    rows = RowStore(SEARCH_VIEW, Generation("search", SEARCH_VIEW.version, 1), NO_LIMITS)

    def looked_for() -> list[bool]:
        return ["ON CONFLICT" in statement for statement, _ in rows.changes().statements]

    rows.put("docs", SearchRow("task_1", "ws_1"))
    assert looked_for() == [True]
    rows.forget()
    rows.add("docs", SearchRow("task_1", "ws_1"))
    rows.put("docs", SearchRow("task_1", "ws_1", "proj_1"))
    assert looked_for() == [False]
    assert len(rows.changes(bulk=True).copies) == 1
    rows.leave()
    rows.put("docs", SearchRow("task_1", "ws_1", "proj_2"))
    assert looked_for() == [True]
    rows.committed()
    assert looked_for() == [True]
