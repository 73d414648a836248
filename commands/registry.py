"""The table of contents: everything that people can do here, and who may.

`python -m commands.registry` prints it as the page docs/commands.md.
"""

import sys
from collections.abc import Mapping
from typing import Any

from commands.comment.add_comment import ADD_COMMENT
from commands.comment.delete_comment import DELETE_COMMENT
from commands.comment.edit_comment import EDIT_COMMENT
from commands.comment.restore_comment import RESTORE_COMMENT
from commands.custody.approve_as_operator import APPROVE_AS_OPERATOR
from commands.custody.approve_erasure import APPROVE_ERASURE, COMPLETE_ERASURE, NOTE_ERASURE
from commands.custody.ask_erasure import ASK_ERASURE, WITHDRAW_ERASURE
from commands.custody.holds import APPROVE_HOLD, LIFT_HOLD, PROPOSE_HOLD
from commands.dependency_graph.add_dependency import ADD_DEPENDENCY
from commands.dependency_graph.remove_dependency import REMOVE_DEPENDENCY
from commands.export.record_export import RECORD_EXPORT
from commands.favourites.add_favourite import ADD_FAVOURITE
from commands.favourites.remove_favourite import REMOVE_FAVOURITE
from commands.imports.import_people import IMPORT_PEOPLE
from commands.imports.import_project import EXTEND_PROJECT, IMPORT_PROJECT
from commands.imports.import_trace import IMPORT_TRACE
from commands.inverse import Inverse
from commands.inverses import INVERSES
from commands.labels.create_label import CREATE_LABEL
from commands.labels.delete_label import DELETE_LABEL
from commands.labels.edit_label import EDIT_LABEL
from commands.labels.merge_label import MERGE_LABEL
from commands.labels.restore_label import RESTORE_LABEL
from commands.notifications.change_preferences import CHANGE_PREFERENCES
from commands.notifications.read_all_notifications import READ_ALL_NOTIFICATIONS
from commands.notifications.read_notification import READ_NOTIFICATION
from commands.notifications.remind import REMIND
from commands.notifications.snooze_notification import SNOOZE_NOTIFICATION
from commands.project.add_member import ADD_PROJECT_MEMBER
from commands.project.add_team import ADD_PROJECT_TEAM
from commands.project.archive_project import ARCHIVE_PROJECT
from commands.project.change_columns import CHANGE_COLUMNS
from commands.project.change_fields import CHANGE_FIELDS
from commands.project.change_member_role import CHANGE_PROJECT_MEMBER_ROLE
from commands.project.change_retention import CHANGE_RETENTION
from commands.project.change_team_role import CHANGE_PROJECT_TEAM_ROLE
from commands.project.change_types import CHANGE_TYPES
from commands.project.change_workflow import CHANGE_WORKFLOW
from commands.project.create_project import CREATE_PROJECT
from commands.project.edit_project import EDIT_PROJECT
from commands.project.remove_member import REMOVE_PROJECT_MEMBER
from commands.project.remove_team import REMOVE_PROJECT_TEAM
from commands.project.unarchive_project import UNARCHIVE_PROJECT
from commands.project.undo_change import UNDO_PROJECT_CHANGE
from commands.reactions.add_reaction import ADD_REACTION
from commands.reactions.remove_reaction import REMOVE_REACTION
from commands.recurrence.make_occurrence import MAKE_OCCURRENCE
from commands.recurrence.resume_recurrence import RESUME_RECURRENCE
from commands.recurrence.set_recurrence import SET_RECURRENCE
from commands.recurrence.stop_recurrence import STOP_RECURRENCE
from commands.recurrence.withdraw_occurrence import WITHDRAW_OCCURRENCE
from commands.review.attest_review import ATTEST_REVIEW
from commands.review.schedule_reviews import SCHEDULE_REVIEWS
from commands.role_table import table
from commands.saved_view.change_saved_view import CHANGE_SAVED_VIEW
from commands.saved_view.delete_saved_view import DELETE_SAVED_VIEW
from commands.saved_view.restore_saved_view import RESTORE_SAVED_VIEW
from commands.saved_view.save_view import SAVE_VIEW
from commands.saved_view.undo_change import UNDO_SAVED_VIEW_CHANGE
from commands.security.note_security import NOTE_SECURITY
from commands.security.record_own_read import RECORD_OWN_READ
from commands.security.record_trail_read import RECORD_TRAIL_READ
from commands.spec import ByEvents, CommandSpec, Registry
from commands.task.assign_task import ASSIGN_TASK
from commands.task.change_status import CHANGE_STATUS
from commands.task.change_tasks import CHANGE_TASKS
from commands.task.create_task import CREATE_TASK
from commands.task.duplicate_task import DUPLICATE_TASK
from commands.task.edit_task import EDIT_TASK
from commands.task.move_task import MOVE_TASK
from commands.task.move_to_project import MOVE_TO_PROJECT
from commands.task.purge_due_task import PURGE_DUE_TASK
from commands.task.purge_task import PURGE_TASK
from commands.task.respace_cards import RESPACE_CARDS
from commands.task.restore_task import RESTORE_TASK
from commands.task.return_task import RETURN_TASK
from commands.task.set_due_date import SET_DUE_DATE
from commands.task.set_parent import SET_PARENT
from commands.task.set_priority import SET_PRIORITY
from commands.task.tag_task import TAG_TASK
from commands.task.trash_task import TRASH_TASK
from commands.task.undo_change import UNDO_CHANGE
from commands.task.undo_changes import UNDO_CHANGES
from commands.template.change_template import CHANGE_TEMPLATE
from commands.template.create_template import CREATE_TEMPLATE
from commands.template.delete_template import DELETE_TEMPLATE
from commands.template.restore_template import RESTORE_TEMPLATE
from commands.template.use_template import USE_TEMPLATE
from commands.user.change_credentials import (
    CHANGE_PASSWORD,
    DISABLE_SECOND_FACTOR,
    ENABLE_SECOND_FACTOR,
    RENEW_RECOVERY_CODES,
)
from commands.user.edit_profile import EDIT_PROFILE
from commands.user.link_identity import LINK_IDENTITY, UNLINK_IDENTITY
from commands.user.make_api_key import MAKE_API_KEY
from commands.user.register_user import REGISTER_USER
from commands.user.revoke_api_key import REVOKE_API_KEY
from commands.user.suspend_user import ACTIVATE_USER, SUSPEND_USER
from commands.user.verify_email import CHANGE_EMAIL, VERIFY_EMAIL
from commands.watching.mute_task import MUTE_TASK
from commands.watching.unmute_task import UNMUTE_TASK
from commands.watching.unwatch_task import UNWATCH_TASK
from commands.watching.watch_task import WATCH_TASK
from commands.workspace.accept_invitation import ACCEPT_INVITATION
from commands.workspace.add_member import ADD_WORKSPACE_MEMBER
from commands.workspace.add_team_member import ADD_TEAM_MEMBER
from commands.workspace.change_member_role import CHANGE_WORKSPACE_MEMBER_ROLE
from commands.workspace.close_workspace import CLOSE_WORKSPACE, REOPEN_WORKSPACE
from commands.workspace.create_service_account import CREATE_SERVICE_ACCOUNT
from commands.workspace.create_team import CREATE_TEAM
from commands.workspace.create_workspace import CREATE_WORKSPACE
from commands.workspace.delete_team import DELETE_TEAM
from commands.workspace.hand_over_tasks import HAND_OVER_TASKS
from commands.workspace.invite_member import RENEW_INVITATION, REVOKE_INVITATION
from commands.workspace.remove_member import REMOVE_WORKSPACE_MEMBER
from commands.workspace.remove_team_member import REMOVE_TEAM_MEMBER
from commands.workspace.rename_team import RENAME_TEAM
from commands.workspace.rename_workspace import RENAME_WORKSPACE
from commands.workspace.service_keys import MAKE_SERVICE_KEY, REVOKE_SERVICE_KEY
from commands.workspace.suspend_member import REACTIVATE_MEMBER, SUSPEND_MEMBER
from commands.workspace.transfer_workspace import TRANSFER_WORKSPACE
from commands.workspace.undo_change import UNDO_WORKSPACE_CHANGE
from domain.workspace.roles import RIGHTS_IN_PROJECT, RIGHTS_IN_WORKSPACE, Right


def all_commands() -> Registry:
    return Registry(
        REGISTER_USER,
        EDIT_PROFILE,
        VERIFY_EMAIL,
        CHANGE_EMAIL,
        CHANGE_PASSWORD,
        ENABLE_SECOND_FACTOR,
        DISABLE_SECOND_FACTOR,
        RENEW_RECOVERY_CODES,
        LINK_IDENTITY,
        UNLINK_IDENTITY,
        MAKE_API_KEY,
        REVOKE_API_KEY,
        SUSPEND_USER,
        ACTIVATE_USER,
        CREATE_WORKSPACE,
        RENAME_WORKSPACE,
        ADD_WORKSPACE_MEMBER,
        CHANGE_WORKSPACE_MEMBER_ROLE,
        REMOVE_WORKSPACE_MEMBER,
        TRANSFER_WORKSPACE,
        CREATE_SERVICE_ACCOUNT,
        MAKE_SERVICE_KEY,
        REVOKE_SERVICE_KEY,
        RENEW_INVITATION,
        REVOKE_INVITATION,
        ACCEPT_INVITATION,
        SUSPEND_MEMBER,
        REACTIVATE_MEMBER,
        HAND_OVER_TASKS,
        CLOSE_WORKSPACE,
        REOPEN_WORKSPACE,
        CREATE_TEAM,
        RENAME_TEAM,
        DELETE_TEAM,
        ADD_TEAM_MEMBER,
        REMOVE_TEAM_MEMBER,
        CREATE_LABEL,
        EDIT_LABEL,
        MERGE_LABEL,
        DELETE_LABEL,
        RESTORE_LABEL,
        CREATE_PROJECT,
        EDIT_PROJECT,
        ARCHIVE_PROJECT,
        UNARCHIVE_PROJECT,
        ADD_PROJECT_MEMBER,
        CHANGE_PROJECT_MEMBER_ROLE,
        REMOVE_PROJECT_MEMBER,
        ADD_PROJECT_TEAM,
        CHANGE_PROJECT_TEAM_ROLE,
        REMOVE_PROJECT_TEAM,
        CHANGE_WORKFLOW,
        CHANGE_COLUMNS,
        CHANGE_FIELDS,
        CHANGE_TYPES,
        CHANGE_RETENTION,
        CREATE_TASK,
        DUPLICATE_TASK,
        EDIT_TASK,
        ASSIGN_TASK,
        SET_PRIORITY,
        SET_DUE_DATE,
        TAG_TASK,
        CHANGE_STATUS,
        MOVE_TASK,
        MOVE_TO_PROJECT,
        RESPACE_CARDS,
        SET_PARENT,
        TRASH_TASK,
        RESTORE_TASK,
        PURGE_TASK,
        PURGE_DUE_TASK,
        RETURN_TASK,
        UNDO_CHANGE,
        UNDO_PROJECT_CHANGE,
        UNDO_WORKSPACE_CHANGE,
        UNDO_SAVED_VIEW_CHANGE,
        CHANGE_TASKS,
        UNDO_CHANGES,
        ADD_DEPENDENCY,
        REMOVE_DEPENDENCY,
        CREATE_TEMPLATE,
        CHANGE_TEMPLATE,
        DELETE_TEMPLATE,
        RESTORE_TEMPLATE,
        USE_TEMPLATE,
        SAVE_VIEW,
        CHANGE_SAVED_VIEW,
        DELETE_SAVED_VIEW,
        RESTORE_SAVED_VIEW,
        SET_RECURRENCE,
        STOP_RECURRENCE,
        RESUME_RECURRENCE,
        MAKE_OCCURRENCE,
        WITHDRAW_OCCURRENCE,
        ADD_COMMENT,
        EDIT_COMMENT,
        DELETE_COMMENT,
        RESTORE_COMMENT,
        ADD_REACTION,
        REMOVE_REACTION,
        WATCH_TASK,
        UNWATCH_TASK,
        MUTE_TASK,
        UNMUTE_TASK,
        ADD_FAVOURITE,
        REMOVE_FAVOURITE,
        READ_NOTIFICATION,
        READ_ALL_NOTIFICATIONS,
        SNOOZE_NOTIFICATION,
        CHANGE_PREFERENCES,
        REMIND,
        RECORD_EXPORT,
        RECORD_TRAIL_READ,
        RECORD_OWN_READ,
        NOTE_SECURITY,
        ASK_ERASURE,
        WITHDRAW_ERASURE,
        APPROVE_ERASURE,
        APPROVE_AS_OPERATOR,
        NOTE_ERASURE,
        COMPLETE_ERASURE,
        PROPOSE_HOLD,
        LIFT_HOLD,
        APPROVE_HOLD,
        ATTEST_REVIEW,
        SCHEDULE_REVIEWS,
        IMPORT_PROJECT,
        EXTEND_PROJECT,
        IMPORT_PEOPLE,
        IMPORT_TRACE,
        inverses=INVERSES,
    )


_PAGE = """\
# Commands

Made by `python -m commands.registry`; a test compares. Whoever is not named under "who" may not:
what they cannot see answers as if it did not exist, what they see and may not do as `forbidden`.
What a command changed is taken back by the commands named, under their own rules and permissions.

| command | who | events | route | taken back by |
|---|---|---|---|---|
{commands}

## Roles

| right | workspace roles | project roles |
|---|---|---|
{rights}

Owners and admins of a workspace are admins of all its projects, auditors viewers of all. Members
are members of those that are not private; being named in a project gives them, and guests, the role
named, or that of a team of theirs that is named, whichever is higher.

## Role by command

In an open project; `project ...` are guests of the workspace whom the project, or a team of theirs
in it, names. `yes`: they may. `own`: only what is their own. `no`: `forbidden`. `-`: it answers as
if it did not exist, which is also what somebody of another workspace gets. Nobody makes or unmakes
an owner but an owner. A test runs every command as every one of them.

{table}
"""


def page() -> str:
    """The page docs/commands.md."""
    commands = (
        f"| {spec.command.__name__} | {spec.permission} "
        f"| {_events(spec)} | `{spec.route}` "
        f"| {_inverse(spec)} |"
        for spec in all_commands()
    )
    rights = (
        f"| {right} | {_holding(RIGHTS_IN_WORKSPACE, right)} "
        f"| {_holding(RIGHTS_IN_PROJECT, right)} |"
        for right in Right
    )
    return _PAGE.format(
        commands="\n".join(commands), rights="\n".join(rights), table=table(list(all_commands()))
    )


def _undoes_any(spec: CommandSpec[Any]) -> bool:
    return set(spec.events) == set(INVERSES)


def _events(spec: CommandSpec[Any]) -> str:
    if _undoes_any(spec):
        return "every one that has an inverse"
    return ", ".join(event.__name__ for event in spec.events)


def _inverse(spec: CommandSpec[Any]) -> str:
    if _undoes_any(spec):
        return "itself"
    match spec.inverse:
        case ByEvents():
            found = (INVERSES[event] for event in spec.events)
            names = (each.command.__name__ for each in found if isinstance(each, Inverse))
            return ", ".join(dict.fromkeys(names))
        case none:
            return f"nothing: {none.reason}"


def _holding(table: Mapping[str, frozenset[Right]], right: Right) -> str:
    return ", ".join(role for role, rights in table.items() if right in rights)


if __name__ == "__main__":
    sys.stdout.write(page())
