"""What feeds say of labels."""

from collections.abc import Mapping

from domain.labels.events import (
    LabelCreated,
    LabelDeleted,
    LabelMerged,
    LabelRecoloured,
    LabelRenamed,
    LabelRestored,
)

from .entries import Says, says

ACTIONS = (
    "label_created",
    "label_renamed",
    "label_recoloured",
    "label_deleted",
    "label_merged",
    "label_restored",
)

EVENTS: Mapping[type, Says] = {
    LabelCreated: says("label_created", "label", None, "name"),
    LabelRenamed: says("label_renamed", "label", "was", "name"),
    LabelRecoloured: says("label_recoloured", "colour", "was", "colour"),
    LabelDeleted: says("label_deleted", "label", "name", None),
    LabelMerged: says("label_merged", "label", "name", "into_name"),
    LabelRestored: says("label_restored", "label", None, "name"),
}
