"""Make a label of its own again of one that was deleted or merged."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.labels import decisions
from domain.labels.events import LabelRestored
from domain.labels.state import LABELS, labels_of
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreLabel:
    """Tasks that hold its tag show it again."""

    workspace_id: str
    label_id: str


async def restore_label(command: RestoreLabel, work: Work) -> str:
    stream = labels_of(command.workspace_id)
    labels = await work.load(LABELS, stream)
    events = decisions.restore(labels, command.label_id, work.limits)
    work.record(LABELS, command.workspace_id, stream, *events)
    return stream


RESTORE_LABEL = CommandSpec(
    command=RestoreLabel,
    handler=restore_label,
    permission=InWorkspace(Right.MANAGE_LABELS),
    events=(LabelRestored,),
    route="POST /workspaces/{id}/labels/{label_id}/restore",
    inverse=BY_EVENTS,
    writes=lambda command: labels_of(command.workspace_id),
)
