"""Take a label away from every task."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.labels import decisions
from domain.labels.events import LabelDeleted
from domain.labels.state import LABELS, labels_of
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteLabel:
    """Tasks go on holding its tag, so that it can be restored."""

    workspace_id: str
    label_id: str


async def delete_label(command: DeleteLabel, work: Work) -> str:
    stream = labels_of(command.workspace_id)
    labels = await work.load(LABELS, stream)
    events = decisions.delete(labels, command.label_id)
    work.record(LABELS, command.workspace_id, stream, *events)
    return stream


DELETE_LABEL = CommandSpec(
    command=DeleteLabel,
    handler=delete_label,
    permission=InWorkspace(Right.MANAGE_LABELS),
    events=(LabelDeleted,),
    route="DELETE /workspaces/{id}/labels/{label_id}",
    inverse=BY_EVENTS,
    writes=lambda command: labels_of(command.workspace_id),
)
