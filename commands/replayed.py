"""What several commands that became one commit were about, when they are replayed."""

from collections.abc import Sequence
from typing import Any

from commands.spec import CommandSpec
from commands.work import Work
from domain.aggregates import aggregate_of
from domain.project.state import PROJECT
from domain.values.recorded import Recorded


def streams_again(
    commands: Sequence[Any], specs: Sequence[CommandSpec[Any]], recorded: Sequence[Recorded]
) -> list[str]:
    """The stream that each command's answer showed: the one that it names, or else the one that
    it began with the first of its events, of which the log has as many, in the same order."""
    new = [each for each in recorded if each.stamp.version == 1]
    # The next task of a series is nobody's answer, and no copy of what stands below a task that is
    # copied is one: they come along.
    copies = {each.stream for each in new if getattr(each.event, "copy_of", None) is not None}
    begun = [
        each
        for each in new
        if getattr(each.event, "recurrence_id", None) is None
        and not (each.stream in copies and each.event.parent_task_id in copies)
    ]
    streams = []
    for command, spec in zip(commands, specs, strict=True):
        if spec.writes is not None:
            streams.append(spec.writes(command))
            continue
        own = next(each for each in begun if isinstance(each.event, spec.events[0]))
        begun.remove(own)
        streams.append(own.stream)
    return streams


async def load_shown(work: Work, streams: Sequence[str]) -> None:
    """What their answers show: each of them, and the project that it is in."""
    for stream in dict.fromkeys(streams):
        state: Any = await work.load(aggregate_of(stream), stream)
        project_id = getattr(state, "project_id", None)
        if project_id is not None and project_id != stream:
            await work.load(PROJECT, project_id)
