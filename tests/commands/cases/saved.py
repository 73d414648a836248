"""Cases of what is kept to be used again: templates and saved views."""

from typing import Any

from commands.saved_view.change_saved_view import ChangeSavedView
from commands.saved_view.delete_saved_view import DeleteSavedView
from commands.saved_view.restore_saved_view import RestoreSavedView
from commands.saved_view.save_view import SaveView
from commands.saved_view.undo_change import UndoSavedViewChange
from commands.template.change_template import ChangeTemplate
from commands.template.create_template import CreateTemplate
from commands.template.delete_template import DeleteTemplate
from commands.template.restore_template import RestoreTemplate
from commands.template.use_template import UseTemplate
from domain.template.decisions import TaskOutline
from tests.commands.cases.table import MEMBERS, OVER_PROJECT, Cases
from tests.commands.conftest import House

CASES = Cases()


def on_template(command: type, expected: str, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        made = await house.run(
            house.ann,
            CreateTemplate(
                name="A talk",
                workspace_id=house.workspace_id,
                tasks=(TaskOutline(title="Talk"),),
            ),
        )
        if command is RestoreTemplate:
            await house.run(house.ann, DeleteTemplate(template_id=made.main_stream))
        if command is UseTemplate:
            other["project_id"] = house.project_id
        return command(template_id=made.main_stream, **other)

    CASES[command] = (expected, make)


@CASES.of(CreateTemplate, MEMBERS)
async def _create_template(house: House, actor: str) -> object:
    return CreateTemplate(
        name="A talk", workspace_id=house.workspace_id, tasks=(TaskOutline(title="Talk"),)
    )


on_template(ChangeTemplate, "done done F - - -", name="A speech")
on_template(DeleteTemplate, "done done F - - -")
on_template(RestoreTemplate, "done done F - - -")
on_template(UseTemplate, "done done done - - -")


@CASES.of(SaveView, "done done done done F -")
async def _save_view(house: House, actor: str) -> object:
    return SaveView(name="Mine", query="assignee = me", workspace_id=house.workspace_id)


def on_saved_view(command: type, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        made = await house.run(house.ann, SaveView(name="Ours", project_id=house.project_id))
        if command is RestoreSavedView:
            await house.run(house.ann, DeleteSavedView(view_id=made.main_stream))
        return command(view_id=made.main_stream, **other)

    CASES[command] = (OVER_PROJECT, make)


@CASES.of(UndoSavedViewChange, OVER_PROJECT)
async def _undo_saved_view_change(house: House, actor: str) -> object:
    made = await house.run(house.ann, SaveView(name="Ours", project_id=house.project_id))
    rename = ChangeSavedView(view_id=made.main_stream, name="Another name")
    done = await house.run(house.ann, rename)
    return UndoSavedViewChange(view_id=made.main_stream, position=done.position)


on_saved_view(ChangeSavedView, name="Yours")
on_saved_view(DeleteSavedView)
on_saved_view(RestoreSavedView)
