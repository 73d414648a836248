"""What may happen to a person's account."""

from collections.abc import Sequence
from datetime import datetime

from domain.errors import Invalid, Kind, Problem, Refused, invalid, not_found
from domain.user.events import (
    ApiKeyMade,
    ApiKeyRevoked,
    PersonImported,
    ServiceAccountCreated,
    UserActivated,
    UserEmailChanged,
    UserEmailVerified,
    UserEvent,
    UserIdentityLinked,
    UserIdentityUnlinked,
    UserLocaleChanged,
    UserPasswordChanged,
    UserRecoveryCodesRenewed,
    UserRegistered,
    UserRenamed,
    UserSecondFactorDisabled,
    UserSecondFactorEnabled,
    UserSuspended,
)
from domain.user.keys import SCOPES
from domain.user.state import User
from domain.values.limits import Limits
from domain.values.moment import checked_time_zone
from domain.values.text_rules import (
    Problems,
    checked_email,
    checked_locale,
    checked_name,
    checked_username,
    normal_email,
    one_line,
)


def register(
    *,
    username: str,
    email: str,
    name: str | None,
    workspace_id: str,
    project_id: str,
    time_zone: str,
    locale: str,
    limits: Limits,
    email_verified: bool = False,
) -> tuple[UserEvent, ...]:
    """Without a name, the username serves as one."""
    registered = UserRegistered(
        username=checked_username(username),
        email=checked_email(email),
        name=checked_name(name, limits) if name is not None else username,
        default_workspace_id=workspace_id,
        personal_project_id=project_id,
        time_zone=checked_time_zone(time_zone),
        locale=checked_locale(locale),
    )
    return (registered, UserEmailVerified(email=email)) if email_verified else (registered,)


def import_person(*, name: str, source: str, limits: Limits) -> tuple[UserEvent, ...]:
    return (
        PersonImported(
            name=checked_name(name, limits), source=one_line(source, "/source", limits.name)
        ),
    )


def rename(user: User, name: str, limits: Limits) -> tuple[UserEvent, ...]:
    if checked_name(name, limits) == user.name:
        return ()
    return (UserRenamed(name=name, was=user.name),)


def change_locale(user: User, time_zone: str, locale: str) -> tuple[UserEvent, ...]:
    checked_time_zone(time_zone)
    checked_locale(locale)
    if (time_zone, locale) == (user.time_zone, user.locale):
        return ()
    return (
        UserLocaleChanged(
            time_zone=time_zone,
            locale=locale,
            was_time_zone=user.time_zone,
            was_locale=user.locale,
        ),
    )


def verify_email(user: User, email: str) -> tuple[UserEvent, ...]:
    """`email` is the address that the link was sent to: another one proves nothing."""
    if not isinstance(user.email, str) or normal_email(user.email) != normal_email(email):
        raise invalid("/token", "This link is for an address that the account no longer has.")
    return () if user.email_verified else (UserEmailVerified(email=user.email),)


def change_email(user: User, email: str) -> tuple[UserEvent, ...]:
    """The new address has been verified already."""
    if not isinstance(user.email, str):
        raise Refused(Kind.FORBIDDEN, "An account without an address cannot change it.")
    checked_email(email)
    if email == user.email:
        return verify_email(user, email)
    return (UserEmailChanged(email=email, was=user.email),)


def change_password(user: User, *, by_reset: bool) -> tuple[UserEvent, ...]:
    if not user.can_log_in or user.suspended:
        raise Refused(Kind.FORBIDDEN, "This account is closed.")
    return (UserPasswordChanged(by_reset=by_reset),)


def enable_second_factor(user: User) -> tuple[UserEvent, ...]:
    return () if user.has_second_factor else (UserSecondFactorEnabled(),)


def disable_second_factor(user: User) -> tuple[UserEvent, ...]:
    return (UserSecondFactorDisabled(),) if user.has_second_factor else ()


def renew_recovery_codes(user: User) -> tuple[UserEvent, ...]:
    if not user.has_second_factor:
        raise Refused(Kind.FORBIDDEN, "There is no second factor; set one up first.")
    return (UserRecoveryCodesRenewed(),)


def link_identity(
    user: User, identity_id: str, issuer: str, limits: Limits
) -> tuple[UserEvent, ...]:
    """Whose address nobody has verified may not be the account's owner: by a verified address they
    come back into their account, and would find there whom they do not know."""
    if not user.can_log_in or user.suspended:
        raise Refused(Kind.FORBIDDEN, "This account is closed.")
    if not user.email_verified:
        raise Refused(
            Kind.EMAIL_NOT_VERIFIED,
            "Verify your e-mail address first, by the link that was mailed to it, or have another "
            "one sent.",
        )
    if identity_id in user.identities:
        return ()
    if len(user.identities) >= limits.identities:
        detail = f"One has at most {limits.identities} identities; unlink one first."
        raise invalid("", detail, "too-many")
    return (UserIdentityLinked(identity_id=identity_id, issuer=issuer),)


def unlink_identity(user: User, identity_id: str) -> tuple[UserEvent, ...]:
    issuer = user.identities.get(identity_id)
    if issuer is None:
        raise not_found("identity")
    return (UserIdentityUnlinked(identity_id=identity_id, issuer=issuer),)


def suspend(user: User) -> tuple[UserEvent, ...]:
    return () if user.suspended else (UserSuspended(),)


def activate(user: User) -> tuple[UserEvent, ...]:
    return (UserActivated(),) if user.suspended else ()


def create_service_account(
    *, name: str, workspace_id: str, limits: Limits
) -> tuple[UserEvent, ...]:
    return (ServiceAccountCreated(name=checked_name(name, limits), workspace_id=workspace_id),)


def make_key(
    user: User,
    *,
    key_id: str,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None,
    workspace_id: str | None,
    now: datetime,
    limits: Limits,
) -> tuple[UserEvent, ...]:
    """Whether the workspace is one that its owner is in, the caller has to say."""
    problems = Problems()
    problems.check(None, checked_name, name, limits)
    problems.check(None, _checked_scopes, scopes)
    if expires_at is not None and expires_at <= now:
        problems.add(invalid("/expires_at", "Must be a moment that is still to come.", "past"))
    if len(user.keys) >= limits.api_keys:
        detail = f"One has at most {limits.api_keys} keys; revoke one first."
        problems.add(invalid("", detail, "too-many"))
    problems.raise_any()
    return (
        ApiKeyMade(
            key_id=key_id,
            name=name,
            scopes=tuple(each for each in SCOPES if each in scopes),
            expires_at=expires_at,
            workspace_id=workspace_id,
        ),
    )


def revoke_key(user: User, key_id: str) -> tuple[UserEvent, ...]:
    key = user.keys.get(key_id)
    if key is None:
        raise not_found("key")
    return (ApiKeyRevoked(key_id=key_id, was=key.name, workspace_id=key.workspace_id),)


def _checked_scopes(scopes: Sequence[str]) -> None:
    if not scopes:
        raise invalid("/scopes", f"Name at least one of {', '.join(SCOPES)}.", "missing")
    unknown = [
        Problem(f"/scopes/{n}", "unknown", f"Must be one of {', '.join(SCOPES)}.")
        for n, each in enumerate(scopes)
        if each not in SCOPES
    ]
    if unknown:
        raise Invalid(*unknown)
