"""What a projector keeps of its tables in memory."""

from collections.abc import Set as AbstractSet

from infra.processes.folding import fold
from infra.processes.generations import Generation
from infra.processes.kept_rows import NO_LIMITS, RowLimits
from infra.processes.rows import RowStore
from projections.registry import view
from projections.search import SEARCH_VIEW, SearchRow, WordRow
from tests.projections.history import History


def test_what_stands_in_a_table_that_only_grows_is_seen_once() -> None:
    rows = RowStore(SEARCH_VIEW, Generation("search", SEARCH_VIEW.version, 1), NO_LIMITS)

    def unseen(*words: str, workspace_id: str = "ws_1") -> AbstractSet[str]:
        return rows.unseen("words", workspace_id, {*words})

    assert unseen("hello") == {"hello"}
    assert unseen("hello", "there") == {"there"}
    assert unseen("hello", workspace_id="ws_2") == {"hello"}
    rows.leave()
    rows.committed()
    assert not unseen("hello", "there")
    rows.forget()
    assert unseen("hello") == {"hello"}


def test_what_a_table_that_only_grows_has_seen_is_forgotten_as_others_are_met() -> None:
    limits = RowLimits(rows=2, bytes=1_000)
    rows = RowStore(SEARCH_VIEW, Generation("search", SEARCH_VIEW.version, 1), limits, empty=True)

    def is_copied(*words: str) -> bool:
        rows.asked(())
        for word in rows.unseen("words", "ws_1", {*words}):
            rows.put("words", WordRow("ws_1", word))
        changes = rows.changes(bulk=True)
        rows.leave()
        rows.committed()
        return bool(changes.copies) and not changes.statements

    assert is_copied("one", "two", "three")
    assert is_copied("one", "four", "five")
    assert not is_copied("two")  # it is in the table, and nobody knows any more


def test_rows_that_are_added_are_kept_where_folds_of_later_events_read_them() -> None:
    past = History()
    task_id = past.task(1, past.project(1, past.workspace(1)))
    for name, table in (("tasks", "tasks"), ("board", "cards"), ("past", "present")):
        projection = view(name)
        rows = RowStore(projection, Generation(name, projection.version, 1), NO_LIMITS)
        created = past.events[-1]
        assert not rows.asked([created])
        fold(projection, created, rows)
        rows.changes()
        rows.leave()
        rows.committed()
        assert rows.get(table, task_id) is not None


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
