"""What can happen to the labels of a workspace.

Tasks hold a label's `tag`, which never changes; what it is called and whether it is shown stands
here alone. Names are open, as tags in tasks are: they are the workspace's words, not a person's.
"""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCreated:
    label_id: str
    tag: str
    name: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRenamed:
    label_id: str
    name: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRecoloured:
    label_id: str
    name: str
    colour: str
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDeleted:
    label_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelMerged:
    """From here on the label is shown as another one, `into`."""

    label_id: str
    name: str
    into: str
    into_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRestored:
    """It is a label of its own again, after it was deleted or merged."""

    label_id: str
    name: str


LabelEvent = (
    LabelCreated | LabelRenamed | LabelRecoloured | LabelDeleted | LabelMerged | LabelRestored
)
