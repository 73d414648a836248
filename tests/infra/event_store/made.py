"""Commits made for tests."""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from commands.commit import Claim, Commit, NewEvent
from domain.task.events import TaskCreated, TaskRetitled, TaskTrashed
from domain.values.recorded import Origin

WORKSPACE = "ws_01h455vb4pex5vsknk084sn02q"
ACTOR = "user_01h455vb4pex5vsknk084sn02q"
PROJECT = "proj_01h455vb4pex5vsknk084sn02q"
NUMBERS = f"task-number:{PROJECT}"
ORIGIN = Origin(ACTOR)


def a_stream(kind: str = "task") -> str:
    return f"{kind}_{os.urandom(13).hex()}"


def task_created(**changes: Any) -> TaskCreated:
    given: dict[str, Any] = {
        "project_id": PROJECT,
        "project_key": "WEB",
        "title": "Fix the login",
        "description": "It fails on Fridays.",
        "status": "todo",
        "status_category": "todo",
        "priority": 5,
        "rank": "h0",
    }
    return TaskCreated(**{**given, **changes})


def retitled(title: str = "Better") -> TaskRetitled:
    return TaskRetitled(title=title, was="Fix the login")


def event(stream: str, domain_event: Any = None, **options: Any) -> NewEvent:
    options.setdefault("workspace_id", WORKSPACE)
    return NewEvent(stream=stream, event=domain_event or TaskTrashed(), **options)


def commit(
    *events: NewEvent,
    expected: Mapping[str, int] | None = None,
    main: str | None = None,
    claims: Iterable[Claim] = (),
    **options: Any,
) -> Commit:
    """A commit; streams that it writes are new unless `expected` says otherwise."""
    streams = {each.stream: 0 for each in events} | dict(expected or {})
    return Commit(
        command_id=options.pop("command_id", None) or os.urandom(16),
        workspace_id=options.pop("workspace_id", WORKSPACE),
        main_stream=main or next(iter(streams)),
        origin=options.pop("origin", ORIGIN),
        events=events,
        expected=streams,
        claims=tuple(claims),
        **options,
    )


def creation(stream: str | None = None, **options: Any) -> Commit:
    """A task is created, as a command would: it draws a number and touches a guard."""
    made = event(
        stream or a_stream(),
        task_created(),
        draws=NUMBERS,
        touches=(f"status:{PROJECT}:todo",),
    )
    return commit(made, **options)


async def eventually(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until a condition holds."""
    for _ in range(int(within_s / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"not within {within_s} s")
