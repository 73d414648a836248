"""Cases of accounts: one's own, and what is told to one."""

from datetime import UTC, datetime
from typing import Any

from commands.notifications.change_preferences import ChangePreferences
from commands.notifications.read_all_notifications import ReadAllNotifications
from commands.notifications.read_notification import ReadNotification
from commands.notifications.snooze_notification import SnoozeNotification
from commands.user.change_credentials import (
    ChangePassword,
    DisableSecondFactor,
    EnableSecondFactor,
    RenewRecoveryCodes,
)
from commands.user.edit_profile import EditProfile
from commands.user.link_identity import LinkIdentity, UnlinkIdentity
from commands.user.make_api_key import MakeApiKey
from commands.user.register_user import RegisterUser
from commands.user.revoke_api_key import RevokeApiKey
from commands.user.suspend_user import ActivateUser, SuspendUser
from commands.user.verify_email import ChangeEmail, VerifyEmail
from infra.ids import new_id
from tests.commands.cases.table import ANYBODY, NOBODY, OWN_INBOX, Cases
from tests.commands.conftest import House

CASES = Cases()


def on_account(command: type, expected: str = "done - - - - -", **other: Any) -> None:
    """About Ann's own account."""

    async def make(house: House, actor: str) -> object:
        if command is RenewRecoveryCodes:
            await house.run(house.ann, EnableSecondFactor(user_id=house.ann))
        given = {
            key: await value(house) if callable(value) else value for key, value in other.items()
        }
        return command(user_id=house.ann, **given)

    CASES[command] = (expected, make)


async def _key_of(house: House, user_id: str) -> str:
    key_id = new_id("key")
    command = MakeApiKey(user_id=user_id, key_id=key_id, name="CI", scopes=("tasks:read",))
    await house.run(user_id, command)
    return key_id


async def _new_identity(house: House, user_id: str) -> str:
    """For an account whose address is verified."""
    await house.run(user_id, VerifyEmail(user_id=user_id, email="ann@example.org"))
    return new_id("idn")


async def _identity_of(house: House, user_id: str) -> str:
    identity_id = await _new_identity(house, user_id)
    issuer = "https://a.example"
    await house.run(user_id, LinkIdentity(user_id=user_id, identity_id=identity_id, issuer=issuer))
    return identity_id


@CASES.of(RegisterUser, ANYBODY)
async def _register(house: House, actor: str) -> object:
    user_id = new_id("user")
    name = user_id[-20:]
    return RegisterUser(user_id=user_id, username=name, email=f"{name}@example.org")


@CASES.of(EditProfile, "done - - - - -")
async def _edit_profile(house: House, actor: str) -> object:
    return EditProfile(user_id=house.ann, name=f"Ann {new_id('user')}")


on_account(VerifyEmail, email="ann@example.org")
on_account(ChangeEmail, email="Ann@example.org")
on_account(ChangePassword)
on_account(EnableSecondFactor)
on_account(DisableSecondFactor)
on_account(RenewRecoveryCodes)
on_account(
    LinkIdentity,
    identity_id=lambda house: _new_identity(house, house.ann),
    issuer="https://a.example",
)
on_account(UnlinkIdentity, identity_id=lambda house: _identity_of(house, house.ann))
on_account(MakeApiKey, key_id=new_id("key"), name="CI", scopes=("tasks:read",))
on_account(RevokeApiKey, key_id=lambda house: _key_of(house, house.ann))
on_account(ChangePreferences, preferences={"task_assigned": {"email": False}})
on_account(SuspendUser, NOBODY)
on_account(ActivateUser, NOBODY)


@CASES.of(ReadNotification, OWN_INBOX)
async def _read_notification(house: House, actor: str) -> object:
    mine = new_id("ntf")
    return ReadNotification(workspace_id=house.workspace_id, notification_id=mine, upto=1)


@CASES.of(ReadAllNotifications, OWN_INBOX)
async def _read_all_notifications(house: House, actor: str) -> object:
    return ReadAllNotifications(workspace_id=house.workspace_id, upto=1)


@CASES.of(SnoozeNotification, OWN_INBOX)
async def _snooze_notification(house: House, actor: str) -> object:
    later = datetime(2100, 1, 1, tzinfo=UTC)
    return SnoozeNotification(
        workspace_id=house.workspace_id, notification_id=new_id("ntf"), until=later
    )
