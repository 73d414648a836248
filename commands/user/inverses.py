"""How each event of an account is taken back."""

from typing import Final

from commands.inverse import Inverse, Inverses, kept
from commands.user.edit_profile import EditProfile
from domain.user.events import UserLocaleChanged, UserRenamed

USER_INVERSES: Final[Inverses] = {
    UserRenamed: Inverse(
        EditProfile,
        lambda undone: EditProfile(user_id=undone.stream, name=kept(undone.event.was)),
    ),
    UserLocaleChanged: Inverse(
        EditProfile,
        lambda undone: EditProfile(
            user_id=undone.stream,
            time_zone=undone.event.was_time_zone,
            locale=undone.event.was_locale,
        ),
    ),
}
