"""Keys of an account, and programs that have nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.errors import Kind
from domain.user import decisions
from domain.user.events import ApiKeyMade, ApiKeyRevoked, PersonImported, ServiceAccountCreated
from domain.user.keys import SCOPES
from domain.user.state import USER
from domain.values.limits import Limits
from tests.domain.given import ANN, LIMITS, START, WORKSPACE_ID, Case, given, stamp

KEY = "key_00000000000000000000000001"
MADE = ApiKeyMade(key_id=KEY, name="CI", scopes=("tasks:read",), workspace_id=WORKSPACE_ID)


def account(*events: object) -> Case[Any]:
    return given(USER, ANN, PersonImported(name="Ann", source="xes"), *events)


def wanted(**other: Any) -> dict[str, Any]:
    usual = {
        "key_id": KEY,
        "name": "CI",
        "scopes": ("tasks:read",),
        "expires_at": None,
        "workspace_id": WORKSPACE_ID,
        "now": START,
        "limits": LIMITS,
    }
    return {**usual, **other}


def test_a_key_is_made_for_what_it_names_once_each_and_in_one_order():
    after = account().when(decisions.make_key, **wanted()).then(MADE)
    kept = after.keys[KEY]
    assert (kept.key_id, kept.name, kept.scopes) == (KEY, "CI", ("tasks:read",))
    assert (kept.workspace_id, kept.expires_at) == (WORKSPACE_ID, None)
    assert (kept.created_at, kept.created_by) == (START + timedelta(seconds=2), ANN)
    written = stamp(2, ANN, authors={"name": "user_x", "scopes": "user_y"})
    by_another = USER.evolve(account().state, MADE, written)
    assert by_another is not None
    assert by_another.keys[KEY].name_author == "user_x"
    assert list(after.keys) == [KEY]
    account().when(
        decisions.make_key, **wanted(scopes=(*reversed(SCOPES), "admin"), workspace_id=None)
    ).then(ApiKeyMade(key_id=KEY, name="CI", scopes=SCOPES))


def test_what_a_key_cannot_be():
    account().when(decisions.make_key, **wanted(name="\n", scopes=())).invalid(
        "/name blank", "/scopes missing"
    )
    account().when(decisions.make_key, **wanted(scopes=("admin", "root"))).invalid(
        "/scopes/1 unknown"
    )
    account().when(decisions.make_key, **wanted(expires_at=START)).invalid("/expires_at past")
    later = START + timedelta(microseconds=1)
    account().when(decisions.make_key, **wanted(expires_at=later)).then(
        replace(MADE, expires_at=later)
    )
    expiring = account(replace(MADE, expires_at=later)).state
    assert expiring.keys[KEY].expires_at == later
    account(MADE).when(decisions.make_key, **wanted(limits=Limits(api_keys=1))).invalid(" too-many")


def test_a_key_is_revoked_once():
    after = (
        account(MADE)
        .when(decisions.revoke_key, KEY)
        .then(ApiKeyRevoked(key_id=KEY, was="CI", workspace_id=WORKSPACE_ID))
    )
    assert after.keys == {}
    account().when(decisions.revoke_key, KEY).refused(Kind.NOT_FOUND)


def test_a_program_has_a_name_a_workspace_and_no_log_in():
    made = decisions.create_service_account(name="Robot", workspace_id=WORKSPACE_ID, limits=LIMITS)
    assert made == (ServiceAccountCreated(name="Robot", workspace_id=WORKSPACE_ID),)
    robot = given(USER, ANN, *made).state
    assert (robot.time_zone, robot.locale, robot.email_verified) == ("UTC", "en", False)
    assert (robot.is_service, robot.can_log_in, robot.email) == (True, False, None)
    assert robot.default_workspace_id == WORKSPACE_ID
