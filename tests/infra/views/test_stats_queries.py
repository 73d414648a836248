"""What stands in a project is counted as anybody would who counts it by hand."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.project.events import ProjectWorkflowChanged
from domain.project.state import Project
from infra.postgres.pool import Pool
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.stats_queries import NOBODY, StatsQueries
from tests.infra.views.task_pasts import NOW, OPS, WEB, WS1, WS2, a_past
from tests.infra.views.written import Written
from tests.projections.history import BEGAN, History


@pytest.fixture
def stats(pool: Pool, pointers: Pointers) -> StatsQueries:
    return StatsQueries(pool, pointers)


def tasks_of(past: History, project_id: str):
    return [
        state
        for stream, state in past.states.items()
        if stream.startswith("task_") and state.project_id == project_id and not state.trashed
    ]


@pytest.mark.parametrize("project_id", [WEB, OPS])
async def test_counts_are_those_of_the_tasks(
    stats: StatsQueries, written: Written, project_id: str
) -> None:
    past = a_past()
    await written.write(past)
    found = await stats.of_project(WS1, project_id, NOW)
    tasks = tasks_of(past, project_id)
    project: Project = past.states[project_id]  # type: ignore[assignment]
    categories = Counter(each.status_category for each in tasks)
    assert (found.total, found.completed, found.in_progress) == (
        len(tasks), categories["done"], categories["in_progress"],
    )  # fmt: skip
    assert found.by_status == {
        status.key: sum(each.status == status.key for each in tasks)
        for status in project.workflow.statuses
    }
    people = Counter(who for each in tasks for who in each.assignee_ids or (NOBODY,))
    assert found.by_assignee == people
    assert found.by_label == Counter(tag for each in tasks for tag in each.tags)
    assert found.position == past.position
    for now in (BEGAN - timedelta(days=1), NOW, NOW + timedelta(days=9)):
        late = [
            each
            for each in tasks
            if each.due_date is not None
            and each.due_date < now
            and each.status_category in ("todo", "in_progress")
        ]
        assert (await stats.of_project(WS1, project_id, now)).overdue == len(late)


async def test_a_status_that_changes_its_category_changes_what_is_done(
    stats: StatsQueries, written: Written
) -> None:
    past = a_past()
    project: Project = past.states[OPS]  # type: ignore[assignment]
    statuses = tuple(replace(each, category="done") for each in project.workflow.statuses)
    workflow = replace(project.workflow, statuses=statuses)
    past.record(
        WS1,
        OPS,
        ProjectWorkflowChanged(workflow=workflow, columns=project.columns, was=project.workflow),
    )
    await written.write(past)
    found = await stats.of_project(WS1, OPS, NOW + timedelta(days=9))
    assert found.total == found.completed == len(tasks_of(past, OPS)) > 0
    assert found.overdue == 0


async def test_nothing_of_another_workspace_is_counted(
    stats: StatsQueries, written: Written
) -> None:
    await written.write(a_past())
    found = await stats.of_project(WS2, WEB, NOW)
    assert (found.total, found.by_status, found.by_assignee, found.by_label) == (0, {}, {}, {})
