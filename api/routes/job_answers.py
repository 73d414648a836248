"""How a job and what it did are shown."""

from collections.abc import Mapping
from typing import Any

from api.http.problems import TABLE, type_of
from api.routes.answers import BulkResult, JobAnswer
from infra.jobs.book import Counts, Item, Job
from projections.people import named


def job_answer(job: Job, counts: Counts) -> JobAnswer:
    return JobAnswer(
        id=job.job_id,
        job_id=job.job_id,
        kind=job.kind,
        state=job.state,
        dry_run=job.dry_run,
        workspace_id=job.workspace_id,
        starter=named(job.owner_id),
        total=job.total,
        done=counts.done,
        changed=counts.changed,
        unchanged=counts.unchanged,
        refused=counts.refused,
        created_at=job.created_at,
        updated_at=job.updated_at,
        finished_at=job.finished_at,
    )


def result_of(item: Item) -> BulkResult:
    return BulkResult(
        id=item.task_id,
        task_id=item.task_id,
        status=200 if item.problem is None else TABLE[item.problem["code"]][0],
        changed=item.outcome == "changed",
        position=item.recorded,
        problem=None if item.problem is None else _problem(item.problem),
    )


def _problem(told: Mapping[str, Any]) -> Mapping[str, Any]:
    status, title = TABLE[told["code"]]
    return {"type": type_of(told["code"]), "title": title, "status": status, **told}
