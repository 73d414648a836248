"""Whatever happens to workflow and board, every status stands in exactly one column."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.project import process
from domain.project.board import ColumnDraft
from domain.project.state import PROJECT, Project
from domain.project.workflow import Status, Workflow
from tests.domain.examples import project_of
from tests.domain.given import LIMITS, PROJECT_ID, stamp
from tests.domain.tried import tried

KEYS = "abcdef"


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
    statuses = tuple(Status(key=key, name=key.upper(), category="todo") for key in keys)
    return Workflow(initial=draw(st.sampled_from(keys)), statuses=statuses)


def relaid(project: Project, shuffled: list[str], cuts: list[int], keep: bool) -> list[ColumnDraft]:
    """The statuses, in this order, cut into columns; `keep` gives them the ids that are there."""
    keys = [key for key in shuffled if any(each.key == key for each in project.workflow.statuses)]
    edges = sorted({0, len(keys), *(cut % (len(keys) + 1) for cut in cuts)})
    known = [column.column_id for column in project.columns] if keep else []
    return [
        ColumnDraft(
            name=f"C{n}",
            statuses=tuple(keys[start:end]),
            column_id=known[n] if n < len(known) else None,
        )
        for n, (start, end) in enumerate(pairwise(edges))
    ]


_layouts = st.tuples(
    st.permutations(list(KEYS)), st.lists(st.integers(0, 9), max_size=4), st.booleans()
)


@tried(100)
@given(st.lists(workflows() | _layouts, max_size=8))
def test_every_status_stands_in_exactly_one_column(changes):
    project = project_of().state
    fresh = (f"col_{n}" for n in range(10_000))
    for change in changes:
        ids = [next(fresh) for _ in KEYS]
        if isinstance(change, Workflow):
            events = process.change_workflow(project, change, ids, LIMITS)
        elif {each.key for each in project.workflow.statuses} <= set(KEYS):
            drafts = relaid(project, *change)
            events = process.change_columns(project, drafts, ids[: len(drafts)], LIMITS)
        else:
            continue
        for event in events:
            project = PROJECT.evolve(project, event, stamp(project.version + 1, PROJECT_ID))
        placed = [key for column in project.columns for key in column.statuses]
        assert sorted(placed) == sorted(each.key for each in project.workflow.statuses)
        assert all(column.statuses for column in project.columns)
        column_ids = [column.column_id for column in project.columns]
        assert len(set(column_ids)) == len(column_ids)
