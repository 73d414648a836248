"""The directory of people: the only place in all views where a person's name stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from domain.user.events import (
    ApiKeyMade,
    ApiKeyRevoked,
    PersonImported,
    ServiceAccountCreated,
    UserActivated,
    UserEmailChanged,
    UserEmailVerified,
    UserErased,
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
from domain.user.state import User
from domain.user.state import evolve as evolve_user
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Recorded
from domain.values.text import readable

from .projection import Rows, Table
from .states import StateCodec

_json = msgspec.json.Encoder()
_users = StateCodec(User)
_roles = StateCodec(dict[str, str])
_team_ids = StateCodec(dict[str, list[str]])
_been = StateCodec(dict[str, list[str]])


class ProfileAnswer(msgspec.Struct, frozen=True):
    """A person as others see them."""

    id: str
    user_id: str
    username: str | None
    name: str | None
    avatar_url: str | None
    time_zone: str
    locale: str
    is_service_account: bool
    created_at: datetime


class Standing(msgspec.Struct, frozen=True):
    """What a person is in one of their workspaces."""

    workspace_id: str
    role: str
    team_ids: Sequence[str] = ()


class OwnAnswer(ProfileAnswer, frozen=True):
    """A person as they see themselves."""

    email: str | None
    email_verified: bool
    has_second_factor: bool
    default_workspace_id: str | None
    workspaces: list[Standing]


def render_profile(user: User) -> bytes:
    """A person as others see them, the name written out."""
    return _json.encode(
        ProfileAnswer(
            id=user.user_id,
            user_id=user.user_id,
            username=readable(user.username),
            name=readable(user.name),
            avatar_url=None,
            time_zone=user.time_zone,
            locale=user.locale,
            is_service_account=user.is_service,
            created_at=user.created_at,
        )
    )


def render_own(
    user: User, roles: Mapping[str, str], team_ids: Mapping[str, Sequence[str]]
) -> bytes:
    """A person as they see themselves; `roles` and `team_ids` by workspace id."""
    return _json.encode(
        OwnAnswer(
            id=user.user_id,
            user_id=user.user_id,
            username=readable(user.username),
            name=readable(user.name),
            avatar_url=None,
            time_zone=user.time_zone,
            locale=user.locale,
            is_service_account=user.is_service,
            created_at=user.created_at,
            email=readable(user.email),
            email_verified=user.email_verified,
            has_second_factor=user.has_second_factor,
            default_workspace_id=user.default_workspace_id,
            workspaces=[
                Standing(workspace_id, role, team_ids.get(workspace_id, ()))
                for workspace_id, role in sorted(roles.items())
            ],
        )
    )


@dataclass(slots=True)
class PersonRow:
    """`roles`: what the person is in each workspace, `teams`: the teams that they are in there;
    `been`: where they ever were, with the invitations by which they came in. `name`: as JSON, for
    `fill_names`.

    `changed` is the position at which name or profile changed last, by which those who keep
    names learn of it. A row without a state waits for its person.
    """

    user_id: str
    workspace_id: str = SYSTEM_WORKSPACE
    changed: int = 0
    state: bytes | None = None
    roles: bytes = b"\x80"
    teams: bytes = b"\x80"
    been: bytes = b"\x80"
    version: int = 0
    name: bytes = b"null"
    doc: bytes | None = None
    own: bytes | None = None
    user: User | None = None


PEOPLE = Table(
    "people",
    PersonRow,
    {
        "user_id": "text",
        "workspace_id": "text",
        "changed": "bigint",
        "state": "bytea",
        "roles": "bytea",
        "teams": "bytea",
        "been": "bytea",
        "version": "integer",
        "name": "bytea",
        "doc": "bytea",
        "own": "bytea",
    },
    key=("user_id",),
    indexes=("(changed)",),
    computed=("version", "name", "doc", "own"),
)


def stand_in_teams(recorded: Recorded, rows: Rows, user_id: str, team_ids: Sequence[str]) -> None:
    """Keep in the directory which teams of a workspace somebody is in."""
    row: PersonRow = rows.get("people", user_id) or PersonRow(user_id)
    teams = _team_ids.decode(row.teams)
    teams.pop(recorded.stamp.stream, None)
    if team_ids:
        teams[recorded.stamp.stream] = list(team_ids)
    row.teams = _team_ids.encode(teams)
    rows.put("people", row)


def stand(recorded: Recorded, rows: Rows, user_id: str, role: str | None) -> None:
    """Keep in the directory what somebody is in a workspace; None: nothing any more."""
    row: PersonRow = rows.get("people", user_id) or PersonRow(user_id)
    roles = _roles.decode(row.roles)
    if role is None:
        roles.pop(recorded.stamp.stream, None)
    else:
        roles[recorded.stamp.stream] = role
        _come_in(row, recorded.stamp.stream)
    row.roles = _roles.encode(roles)
    rows.put("people", row)


def stand_invited(recorded: Recorded, rows: Rows, user_id: str, invitation_id: str) -> None:
    """Keep in the directory that an invitation into a workspace was somebody's."""
    row: PersonRow = rows.get("people", user_id) or PersonRow(user_id)
    _come_in(row, recorded.stamp.stream, invitation_id)
    rows.put("people", row)


def _come_in(row: PersonRow, workspace_id: str, *invitation_ids: str) -> None:
    been = _been.decode(row.been)
    came_by = been.setdefault(workspace_id, [])
    came_by += (each for each in invitation_ids if each not in came_by)
    row.been = _been.encode(been)


def person_changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    row: PersonRow = rows.get("people", stamp.stream) or PersonRow(stamp.stream)
    user = evolve_user(_user_of(row), recorded.event, stamp)
    if user is not None:
        row.user = user
        row.changed = stamp.position
        rows.put("people", row)


def _user_of(row: PersonRow) -> User | None:
    if row.user is None and row.state is not None:
        row.user = _users.decode(row.state)
    return row.user


def finish_person(row: PersonRow) -> None:
    user = _user_of(row)
    if user is not None:
        row.state = _users.encode(user)
        row.version = user.version
        row.name = _json.encode(readable(user.name))
        row.doc = render_profile(user)
        row.own = render_own(user, _roles.decode(row.roles), _team_ids.decode(row.teams))


# All of them, since each moves the version by which an answer is known to be fresh.
PERSON_EVENTS = (
    ServiceAccountCreated,
    ApiKeyMade,
    ApiKeyRevoked,
    UserRegistered,
    PersonImported,
    UserRenamed,
    UserLocaleChanged,
    UserEmailVerified,
    UserEmailChanged,
    UserPasswordChanged,
    UserSecondFactorEnabled,
    UserSecondFactorDisabled,
    UserRecoveryCodesRenewed,
    UserIdentityLinked,
    UserIdentityUnlinked,
    UserSuspended,
    UserActivated,
    UserErased,
)
