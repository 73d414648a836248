"""What an account may say of its owner."""

from dataclasses import replace

import pytest

from domain.errors import Invalid, Kind
from domain.user import decisions
from domain.user.events import (
    PersonImported,
    UserActivated,
    UserEmailChanged,
    UserEmailVerified,
    UserIdentityLinked,
    UserIdentityUnlinked,
    UserLocaleChanged,
    UserPasswordChanged,
    UserRecoveryCodesRenewed,
    UserRenamed,
    UserSecondFactorDisabled,
    UserSecondFactorEnabled,
    UserSuspended,
)
from domain.user.state import USER
from tests.domain.given import ANN, LIMITS, given


def register(**other):
    return decisions.register(
        **{
            "username": "Ann.Lee",
            "email": "ann@example.org",
            "name": None,
            "workspace_id": "ws_1",
            "project_id": "proj_1",
            "time_zone": "Europe/Berlin",
            "locale": "de",
            "limits": LIMITS,
            **other,
        }
    )


def flags(user):
    return (user.email_verified, user.has_second_factor, user.suspended, user.is_service)


def test_without_a_name_the_username_serves():
    user = given(USER, ANN, *register()).state
    assert (user.name, user.username, user.can_log_in) == ("Ann.Lee", "Ann.Lee", True)
    assert flags(user) == (False, False, False, False)
    assert register(email_verified=True)[1] == UserEmailVerified(email="ann@example.org")
    assert (user.default_workspace_id, user.personal_project_id) == ("ws_1", "proj_1")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ab"),
        ("username", "a" * 41),
        ("username", "ann lee"),
        ("username", "änn"),
        ("username", "ann\n"),
        ("email", "ann"),
        ("email", "ann@"),
        ("email", "ann@a@b"),
        ("email", "ann@exa mple.org"),
        ("email", "ann@example..org"),
        ("email", "ann@example.org\x00"),
        ("email", "a" * 250 + "@b.de"),
        ("name", ""),
        ("name", "x" * 201),
        ("name", "a\ud800"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("locale", "german please"),
    ],
)
def test_an_account_that_cannot_be(field, value):
    with pytest.raises(Invalid) as caught:
        register(**{field: value})
    assert caught.value.problems[0].pointer == f"/{field}"


def test_a_profile_changes_once():
    user = given(USER, ANN, *register())
    user.when(decisions.rename, "Ann", LIMITS).then(UserRenamed(name="Ann", was="Ann.Lee"))
    user.when(decisions.rename, "Ann.Lee", LIMITS).nothing()
    user.when(decisions.change_locale, "UTC", "en").then(
        UserLocaleChanged(
            time_zone="UTC", locale="en", was_time_zone="Europe/Berlin", was_locale="de"
        )
    )
    user.when(decisions.change_locale, "Europe/Berlin", "de").nothing()


def test_a_person_of_an_import_cannot_log_in():
    (event,) = decisions.import_person(name="Siebel", source="log.xes", limits=LIMITS)
    assert event == PersonImported(name="Siebel", source="log.xes")
    user = given(USER, ANN, event).state
    assert (user.can_log_in, user.default_workspace_id) == (False, None)
    assert (user.time_zone, user.locale, flags(user)) == ("UTC", "en", (False,) * 4)
    case = given(USER, ANN, event)
    case.when(decisions.change_email, "ann@example.org").refused(Kind.FORBIDDEN)
    case.when(decisions.change_password, by_reset=False).refused(Kind.FORBIDDEN)
    case.when(lambda _: decisions.import_person(name="Siebel", source="", limits=LIMITS)).invalid(
        "/source blank"
    )


VERIFIED = UserEmailVerified(email="ann@example.org")


def test_an_address_is_verified_once_and_only_the_one_that_the_account_has():
    user = given(USER, ANN, *register())
    assert not user.state.email_verified
    after = user.when(decisions.verify_email, "ANN@example.org").then(VERIFIED)
    assert after.email_verified
    given(USER, ANN, *register(email_verified=True)).when(
        decisions.verify_email, "ann@example.org"
    ).nothing()
    with pytest.raises(Invalid) as caught:
        decisions.verify_email(user.state, "old@example.org")
    assert caught.value.problems[0].pointer == "/token"


def test_another_address_is_verified_when_it_counts():
    user = given(USER, ANN, *register())
    moved = UserEmailChanged(email="lee@example.org", was="ann@example.org")
    after = user.when(decisions.change_email, "lee@example.org").then(moved)
    assert (after.email, after.email_verified) == ("lee@example.org", True)
    user.when(decisions.change_email, "ann@example.org").then(VERIFIED)


def test_a_second_factor_goes_on_and_off_once():
    user = given(USER, ANN, *register())
    user.when(decisions.disable_second_factor).nothing()
    user.when(decisions.renew_recovery_codes).refused(Kind.FORBIDDEN)
    on = UserSecondFactorEnabled()
    user.when(decisions.enable_second_factor).then(on)
    user = given(USER, ANN, *register(), on)
    user.when(decisions.enable_second_factor).nothing()
    user.when(decisions.renew_recovery_codes).then(UserRecoveryCodesRenewed())
    off = user.when(decisions.disable_second_factor).then(UserSecondFactorDisabled())
    assert off.has_second_factor is False


def test_an_identity_is_linked_once_and_only_where_the_address_is_verified():
    linked = UserIdentityLinked(identity_id="idn_1", issuer="https://a.example")
    link = decisions.link_identity, "idn_1", "https://a.example", LIMITS
    given(USER, ANN, *register()).when(*link).refused(Kind.EMAIL_NOT_VERIFIED)
    given(USER, ANN, *register(), VERIFIED, UserSuspended()).when(*link).refused(Kind.FORBIDDEN)
    user = given(USER, ANN, *register(), VERIFIED)
    assert user.when(*link).then(linked).identities == {"idn_1": "https://a.example"}
    user.when(decisions.unlink_identity, "idn_1").refused(Kind.NOT_FOUND)
    user = given(USER, ANN, *register(), VERIFIED, linked)
    user.when(*link).nothing()
    few = decisions.link_identity, "idn_2", "https://a.example", replace(LIMITS, identities=1)
    user.when(*few).refused(Kind.VALIDATION_FAILED)
    gone = UserIdentityUnlinked(identity_id="idn_1", issuer="https://a.example")
    assert user.when(decisions.unlink_identity, "idn_1").then(gone).identities == {}


def test_a_suspended_account_keeps_its_password_until_it_is_active_again():
    user = given(USER, ANN, *register())
    user.when(decisions.change_password, by_reset=True).then(UserPasswordChanged(by_reset=True))
    user.when(decisions.activate).nothing()
    user.when(decisions.suspend).then(UserSuspended())
    user = given(USER, ANN, *register(), UserSuspended())
    user.when(decisions.suspend).nothing()
    user.when(decisions.change_password, by_reset=True).refused(Kind.FORBIDDEN)
    assert user.when(decisions.activate).then(UserActivated()).suspended is False
