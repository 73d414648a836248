"""Change what a label is called and which colour it has, for every task at once."""

from msgspec import UNSET, UnsetType

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.labels import decisions
from domain.labels.events import LabelEvent, LabelRecoloured, LabelRenamed
from domain.labels.state import LABELS, labels_of
from domain.values.frozen import dataclass
from domain.values.text_rules import Problems
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class EditLabel:
    """What is left out stays; a colour of None is the one that the name leads to."""

    workspace_id: str
    label_id: str
    name: str | UnsetType = UNSET
    colour: str | UnsetType | None = UNSET


async def edit_label(command: EditLabel, work: Work) -> str:
    stream = labels_of(command.workspace_id)
    labels = await work.load(LABELS, stream)
    decisions.live_label(labels, command.label_id)
    problems = Problems()
    changes: list[LabelEvent] = []
    if command.name is not UNSET:
        changes += problems.check(
            (), decisions.rename, labels, command.label_id, command.name, work.limits
        )
    if command.colour is not UNSET:
        changes += problems.check((), decisions.recolour, labels, command.label_id, command.colour)
    problems.raise_any()
    work.record(LABELS, command.workspace_id, stream, *changes)
    return stream


EDIT_LABEL = CommandSpec(
    command=EditLabel,
    handler=edit_label,
    permission=InWorkspace(Right.MANAGE_LABELS),
    events=(LabelRenamed, LabelRecoloured),
    route="PATCH /workspaces/{id}/labels/{label_id}",
    inverse=BY_EVENTS,
    writes=lambda command: labels_of(command.workspace_id),
)
