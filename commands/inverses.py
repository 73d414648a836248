"""How each event is taken back: the other half of the table of contents.

An event that is not here has no inverse; each command that records it says why (`NoInverse`). Most
events carry what stood there before (`was`); what they do not carry stands in the state before.
"""

from typing import Final

from commands.comment.inverses import COMMENT_INVERSES
from commands.dependency_graph.inverses import DEPENDENCY_GRAPH_INVERSES
from commands.inverse import Inverses
from commands.labels.inverses import LABELS_INVERSES
from commands.project.inverses import PROJECT_INVERSES
from commands.recurrence.inverses import RECURRENCE_INVERSES
from commands.saved_view.inverses import SAVED_VIEW_INVERSES
from commands.task.inverses import TASK_INVERSES
from commands.template.inverses import TEMPLATE_INVERSES
from commands.user.inverses import USER_INVERSES
from commands.workspace.inverses import WORKSPACE_INVERSES

INVERSES: Final[Inverses] = {
    **TASK_INVERSES,
    **TEMPLATE_INVERSES,
    **SAVED_VIEW_INVERSES,
    **RECURRENCE_INVERSES,
    **COMMENT_INVERSES,
    **LABELS_INVERSES,
    **DEPENDENCY_GRAPH_INVERSES,
    **PROJECT_INVERSES,
    **WORKSPACE_INVERSES,
    **USER_INVERSES,
}
