"""How each event of a template is taken back."""

from typing import Final

from commands.inverse import Inverse, Inverses
from commands.template.delete_template import DeleteTemplate
from commands.template.restore_template import RestoreTemplate
from domain.template.events import TemplateDeleted, TemplateRestored

TEMPLATE_INVERSES: Final[Inverses] = {
    TemplateDeleted: Inverse(
        RestoreTemplate, lambda undone: RestoreTemplate(template_id=undone.stream)
    ),
    TemplateRestored: Inverse(
        DeleteTemplate, lambda undone: DeleteTemplate(template_id=undone.stream)
    ),
}
