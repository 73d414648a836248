"""What stands in the log is never taken for missing."""

from collections.abc import Sequence
from typing import Any, cast

from commands.states import States
from domain.task.state import TASK
from domain.values.recorded import Recorded
from infra.access import Access
from tests.commands.test_states import Streams, made


class _Contended(Streams):
    """A log whose readers lose what they go on from while they wait, as after a conflict."""

    states: States

    async def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded]:
        recorded = await super().read_stream(stream, after, upto)
        if after:
            self.states.forget(stream)
        return recorded


async def test_a_state_let_go_of_while_it_is_read_on_is_read_anew() -> None:
    streams = _Contended()
    streams.states = States(cast("Any", streams), capacity_bytes=1_000_000)
    nobody = cast("Any", None)
    access = Access(nobody, nobody, nobody, streams.states)
    task_id = made(streams)
    await streams.states.read(TASK, task_id)
    streams.retitle(task_id, "Two")
    newest = await access.newest(TASK, task_id)
    assert newest is not None
    assert newest.title == "Two"
