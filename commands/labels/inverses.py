"""How each event of the labels of a workspace is taken back."""

from typing import Final

from commands.inverse import Consequence, Inverse, Inverses, Undone
from commands.labels.delete_label import DeleteLabel
from commands.labels.edit_label import EditLabel
from commands.labels.merge_label import MergeLabel
from commands.labels.restore_label import RestoreLabel
from domain.labels.events import (
    LabelCreated,
    LabelDeleted,
    LabelMerged,
    LabelRecoloured,
    LabelRenamed,
    LabelRestored,
)


def _label_back(undone: Undone) -> RestoreLabel:
    return RestoreLabel(workspace_id=undone.before.workspace_id, label_id=undone.event.label_id)


def _label_gone_again(undone: Undone) -> MergeLabel | DeleteLabel:
    label_id, workspace_id = undone.event.label_id, undone.before.workspace_id
    into = undone.before.by_id[label_id].merged_into
    if into is not None:
        return MergeLabel(workspace_id=workspace_id, label_id=label_id, into=into)
    return DeleteLabel(workspace_id=workspace_id, label_id=label_id)


LABELS_INVERSES: Final[Inverses] = {
    LabelCreated: Consequence(),
    LabelRenamed: Inverse(
        EditLabel,
        lambda undone: EditLabel(
            workspace_id=undone.before.workspace_id,
            label_id=undone.event.label_id,
            name=undone.event.was,
        ),
    ),
    LabelRecoloured: Inverse(
        EditLabel,
        lambda undone: EditLabel(
            workspace_id=undone.before.workspace_id,
            label_id=undone.event.label_id,
            colour=undone.event.was,
        ),
    ),
    LabelDeleted: Inverse(RestoreLabel, _label_back),
    LabelMerged: Inverse(RestoreLabel, _label_back),
    LabelRestored: Inverse(DeleteLabel, _label_gone_again),
}
