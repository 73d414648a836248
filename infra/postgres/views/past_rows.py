"""The tables of the present as they were: each as a sub-select of what the past keeps."""

from collections.abc import Callable, Mapping
from typing import Final

from domain.values.frozen import dataclass
from domain.values.priority import BANDS, levels_of
from projections.past_moments import Moment
from projections.questions import Scope

from .reader import Parameters
from .scopes import visible

_PLAIN: Final = (
    "task_id, workspace_id, project_id, project_key, number, status, priority, type, assignee_ids,"
    " creator_id, tags, due_date, created_at, updated_at, title_key, rank, trashed, is_blocked,"
    " version, parent_task_id, found_by"
)
_ALL: Final = f"{_PLAIN}, status_category, status_since, first, last, since, until, state, fields"

EVERY_VERSION: Final = (
    f"(SELECT {_ALL} FROM {{past_present}} UNION ALL SELECT {_ALL} FROM {{past_versions}})"
)

# As `domain.project.lanes.lanes_of` has them.
_LANES: Final = (
    "(CASE WHEN v.assignee_ids = ARRAY[]::text[] THEN ARRAY['assignee:']"
    " ELSE ARRAY(SELECT 'assignee:' || e.w FROM unnest(v.assignee_ids) AS e(w)) END"
    " || (CASE WHEN v.tags = ARRAY[]::text[] THEN ARRAY['label:']"
    " ELSE ARRAY(SELECT 'label:' || e.w FROM unnest(v.tags) AS e(w)) END)"
    " || ARRAY['priority:' || CASE "
    + " ".join(f"WHEN v.priority <= {levels_of(band)[-1]} THEN '{band}'" for band in BANDS)
    + " END, 'parent:' || coalesce(v.parent_task_id, '')])"
)


# The place of a task's answer, as `past_docs` fills it.
_MARK: Final = """convert_to('{{"@then":"' || v.task_id || '"}}', 'UTF8')"""


_CARDS: Final = "{board_cards}"


@dataclass(frozen=True, slots=True)
class At:
    """A moment as conditions on the rows of the past; `place` is the SQL that stands for it."""

    clock: str
    place: str

    def began(self, row: str) -> str:
        """The row had begun by then, whether or not it had ended."""
        return f"{row}.{'first' if self.clock == 'recorded' else 'since'} <= {self.place}"

    def holds(self, row: str) -> str:
        """The row holds at that moment. What the world's clock has never seen, its index has not
        either."""
        if self.clock == "recorded":
            return f"{self.began(row)} AND {row}.last > {self.place}"
        return f"{self.began(row)} AND {row}.until > {self.place} AND {row}.since < {row}.until"

    def category(self) -> str:
        """Of the version `v`: that which its status came into after the task had come into it,
        else as its own event says."""
        return (
            "coalesce((SELECT s.category FROM {past_statuses} AS s"
            f" WHERE s.project_id = v.project_id AND s.status = v.status AND {self.began('s')}"
            " AND s.categorised > v.status_since ORDER BY s.categorised DESC LIMIT 1),"
            " v.status_category)"
        )


@dataclass(frozen=True, slots=True)
class BoardThen:
    """A project as it was: `doc` is JSON with its ids, what its board says of it, and the columns
    with their ids, statuses and what the board says of them."""

    project_id: str
    doc: str


class PastRows:
    """What stands for each table of the present, for one asker at one moment.

    `board` is for who asks for boards. A task that is in another project by now is there only
    where the asker may see that one too.
    """

    def __init__(self, moment: Moment, scope: Scope, board: "BoardThen | None" = None) -> None:
        self._moment = moment
        self._scope = scope
        self._board = board

    def placed(self, sql: str, params: Parameters) -> str:
        """The SQL with every table replaced that it names; `params` gets what that needs."""
        at = At(self._moment.clock, params.add("bigint", self._moment.place))
        if _CARDS in sql:
            sql = self._with_cards(sql, at, params)
        for name, make in _TABLES.items():
            if name in sql:
                sql = sql.replace(name, make(self, at, params))
        if self._moment.clock == "recorded":
            sql = sql.replace("{position}", at.place)
        return sql

    def _versions(self, columns: str, at: At, params: Parameters) -> str:
        elsewhere = (
            "EXISTS (SELECT FROM {past_moved} AS t WHERE t.task_id = v.task_id"
            f" AND {visible(self._scope, params)} IS NOT TRUE)"
        )
        return (
            f"(SELECT {columns} FROM {EVERY_VERSION} AS v"
            f" WHERE {at.holds('v')} AND NOT {elsewhere})"
        )

    def _tasks(self, at: At, params: Parameters) -> str:
        plain = _PLAIN.replace(", ", ", v.")
        category = at.category()
        columns = f"v.{plain}, {category} AS status_category, {_MARK} AS doc"
        return self._versions(columns, at, params)

    def _with_cards(self, sql: str, at: At, params: Parameters) -> str:
        """The cards of the board, found once for all columns: no index has them by status."""
        assert self._board is not None, "whoever asks for cards says of which board"
        lanes = f", {_LANES} AS lanes" if ".lanes" in sql else ""
        columns = (
            "v.task_id, v.workspace_id, v.project_id, v.trashed, v.status, v.rank,"
            f" {_MARK} AS doc{lanes}"
        )
        versions = self._versions(columns, at, params)
        project = params.add("text", self._board.project_id)
        cards = (
            f"cards_then AS MATERIALIZED (SELECT * FROM {versions} AS c"
            f" WHERE c.project_id = {project})"
        )
        sql = sql.replace(_CARDS, "cards_then").strip()
        if sql.startswith("WITH "):
            return sql.replace("WITH ", f"WITH {cards}, ", 1)
        return f"WITH {cards} {sql}"

    def _fields(self, at: At, params: Parameters) -> str:
        return (
            f"(SELECT v.task_id, v.fields FROM {EVERY_VERSION} AS v"
            f" WHERE {at.holds('v')} AND v.fields IS NOT NULL)"
        )

    def _docs(self, at: At, params: Parameters) -> str:
        """Of the task `t` alone, as whose words they are asked for; it has at least those of its
        key. Without places they are met whatever weight is asked for; comments are not there."""
        description = (
            "(SELECT v.found_by FROM {past_texts} AS v"
            f" WHERE v.task_id = t.task_id AND {at.holds('v')})"
        )
        words = f"string_to_array(concat_ws(' ', t.found_by, {description}), ' ')"
        return f"(SELECT t.task_id, array_to_tsvector({words}) AS terms)"

    def _statuses(self, at: At, params: Parameters) -> str:
        return (
            "(SELECT v.project_id, v.status, v.workspace_id, v.name, v.category"
            f" FROM {{past_statuses}} AS v WHERE {at.holds('v')})"
        )

    def _boards(self, at: At, params: Parameters) -> str:
        return (
            "(SELECT b.board ->> 'project_id' AS project_id,"
            " b.board ->> 'workspace_id' AS workspace_id,"
            " convert_to(b.board ->> 'doc', 'UTF8') AS doc"
            f" FROM (SELECT {params.add('text', self._described())}::jsonb AS board) AS b)"
        )

    def _described(self) -> str:
        assert self._board is not None, "whoever asks for columns says of which board"
        return self._board.doc

    def _columns(self, at: At, params: Parameters) -> str:
        return (
            "(SELECT b.board ->> 'project_id' AS project_id,"
            " b.board ->> 'workspace_id' AS workspace_id,"
            " c.value ->> 'column_id' AS column_id, c.place - 1 AS place,"
            " ARRAY(SELECT jsonb_array_elements_text(c.value -> 'statuses')) AS statuses,"
            " convert_to(c.value ->> 'doc', 'UTF8') AS doc"
            f" FROM (SELECT {params.add('text', self._described())}::jsonb AS board) AS b"
            " CROSS JOIN LATERAL jsonb_array_elements(b.board -> 'columns')"
            " WITH ORDINALITY AS c(value, place))"
        )


_TABLES: Final[Mapping[str, Callable[[PastRows, At, Parameters], str]]] = {
    "{tasks_tasks}": PastRows._tasks,
    "{tasks_fields}": PastRows._fields,
    "{search_docs}": PastRows._docs,
    "{tasks_statuses}": PastRows._statuses,
    "{board_boards}": PastRows._boards,
    "{board_columns}": PastRows._columns,
}
