"""Let a label be shown as another one."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.labels import decisions
from domain.labels.events import LabelMerged
from domain.labels.state import LABELS, labels_of
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeLabel:
    """Tasks go on holding its tag, so that the two can be parted again by restoring it."""

    workspace_id: str
    label_id: str
    into: str


async def merge_label(command: MergeLabel, work: Work) -> str:
    stream = labels_of(command.workspace_id)
    labels = await work.load(LABELS, stream)
    events = decisions.merge(labels, command.label_id, command.into)
    work.record(LABELS, command.workspace_id, stream, *events)
    return stream


MERGE_LABEL = CommandSpec(
    command=MergeLabel,
    handler=merge_label,
    permission=InWorkspace(Right.MANAGE_LABELS),
    events=(LabelMerged,),
    route="POST /workspaces/{id}/labels/{label_id}/merge",
    inverse=BY_EVENTS,
    writes=lambda command: labels_of(command.workspace_id),
)
