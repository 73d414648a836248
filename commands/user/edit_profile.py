"""Change one's own name, time zone and language."""

from msgspec import UNSET, UnsetType

from commands.permissions import OwnAccount
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.user import decisions
from domain.user.events import UserEvent, UserLocaleChanged, UserRenamed
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.text_rules import Problems


@dataclass(frozen=True, slots=True, kw_only=True)
class EditProfile:
    """What is left out stays."""

    user_id: str
    name: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET


async def edit_profile(command: EditProfile, work: Work) -> str:
    user = work.seen(USER, command.user_id)
    problems = Problems()
    changes: list[UserEvent] = []
    if command.name is not UNSET:
        changes += problems.check((), decisions.rename, user, command.name, work.limits)
    changes += problems.check(
        (),
        decisions.change_locale,
        user,
        user.time_zone if command.time_zone is UNSET else command.time_zone,
        user.locale if command.locale is UNSET else command.locale,
    )
    problems.raise_any()
    work.record(USER, SYSTEM_WORKSPACE, user.user_id, *changes)
    return user.user_id


EDIT_PROFILE = CommandSpec(
    command=EditProfile,
    handler=edit_profile,
    permission=OwnAccount(),
    events=(UserRenamed, UserLocaleChanged),
    route="PATCH /users/me",
    inverse=BY_EVENTS,
    writes=lambda command: command.user_id,
)
