"""Accounts: registering, logging in and out, tokens, profiles."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from infra.ids import new_id
from tests.api.client import PASSWORD, Api, pointers
from tests.api.product import Product
from tests.real import Database


def _account() -> dict[str, str]:
    name = f"user-{uuid4().hex[:12]}"
    return {"username": name, "email": f"{name}@example.org", "password": PASSWORD}


async def test_an_account_comes_with_a_workspace_and_a_project_of_its_own(nobody: Api) -> None:
    account = _account()
    answer = await nobody.send("POST", "/users", account)
    assert answer.status_code == 201
    made = answer.json()
    assert PASSWORD not in answer.text
    assert (made["username"], made["name"]) == (account["username"], account["username"])
    assert answer.headers["Location"] == f"/api/v1/users/{made['user_id']}"
    someone = Api(nobody.http, nobody.issue, position=int(answer.headers["X-Log-Position"]))
    tokens = await someone.log_in(account["username"])
    assert tokens["token_type"] == "bearer"
    assert tokens["expires_in"] == 30 * 60
    assert tokens["user"]["user_id"] == made["user_id"]
    assert [w["is_personal"] for w in (await someone.get("/workspaces"))["workspaces"]] == [True]
    assert [p["key"] for p in (await someone.get("/projects"))["projects"]] == ["ME"]
    myself = await someone.get("/users/me")
    assert myself["email"] == account["email"]
    assert [each["role"] for each in myself["workspaces"]] == ["owner"]


async def test_a_registration_says_everything_that_is_wrong(nobody: Api) -> None:
    body = {"username": "a", "email": "b", "password": "12345678"}
    problem = await nobody.refused(422, "validation-failed", "POST", "/users", body)
    assert sorted(pointers(problem)) == ["/email", "/password", "/username"]


async def test_names_and_addresses_are_taken_once_whatever_their_case(nobody: Api) -> None:
    account = _account()
    await nobody.post("/users", account)
    other = {**_account(), "username": account["username"].upper()}
    problem = await nobody.refused(409, "already-exists", "POST", "/users", other)
    assert problem["field"] == "username"
    other = {**_account(), "email": account["email"].upper()}
    problem = await nobody.refused(409, "already-exists", "POST", "/users", other)
    assert problem["field"] == "email"


async def test_of_many_who_want_one_name_one_gets_it(
    nobody: Api, product_database: Database
) -> None:
    name = f"user-{uuid4().hex[:12]}"
    bodies = [{**_account(), "username": name} for _ in range(6)]
    answers = await asyncio.gather(*(nobody.send("POST", "/users", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409, 409]
    with psycopg.connect(product_database.superuser_url) as connection:
        left = connection.execute("SELECT 1 FROM people.credentials WHERE state = 'inactive'")
        assert left.fetchall() == []


async def test_a_retried_registration_is_one(nobody: Api) -> None:
    account, key = _account(), {"Idempotency-Key": uuid4().hex}
    first = await nobody.send("POST", "/users", account, headers=key)
    again = await nobody.send("POST", "/users", account, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    await Api(nobody.http, nobody.issue).log_in(account["username"])


async def test_a_log_in_takes_json_or_a_form_a_name_or_an_address(nobody: Api) -> None:
    account = _account()
    await nobody.post("/users", account)
    for path in ("/auth/login", "/users/login"):
        for name in (account["username"].upper(), account["email"]):
            body = {"username": name, "password": PASSWORD}
            assert (await nobody.post(path, body))["access_token"]
    form = {"grant_type": "password", "username": account["username"], "password": PASSWORD}
    answer = await nobody.send("POST", "/auth/login", data=form)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("known", [True, False])
async def test_a_wrong_name_and_a_wrong_password_look_alike(nobody: Api, known: bool) -> None:
    account = _account()
    if known:
        await nobody.post("/users", account)
    body = {"username": account["username"], "password": "not the password"}
    problem = await nobody.refused(401, "unauthenticated", "POST", "/auth/login", body)
    assert problem["detail"] == "The name or the password is wrong."


async def test_an_account_is_closed_to_guessing_and_opens_for_nobody(nobody: Api) -> None:
    account = _account()
    await nobody.post("/users", account)
    wrong = {"username": account["username"], "password": "not the password"}
    for _ in range(10):
        await nobody.refused(401, "unauthenticated", "POST", "/auth/login", wrong)
    right = {**wrong, "password": PASSWORD}
    answer = await nobody.send("POST", "/auth/login", right)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


async def test_refresh_tokens_rotate_and_a_used_one_ends_its_family(nobody: Api) -> None:
    account = _account()
    await nobody.post("/users", account)
    someone = Api(nobody.http, nobody.issue)
    first = await someone.log_in(account["username"])
    second = await nobody.post("/auth/refresh", {"refresh_token": first["refresh_token"]})
    assert second["refresh_token"] != first["refresh_token"]
    refused = ("POST", "/auth/refresh")
    thief = nobody.with_token(second["access_token"])
    await thief.get("/users/me")
    for used in (first, second):
        body = {"refresh_token": used["refresh_token"]}
        await nobody.refused(401, "unauthenticated", *refused, body)
        await thief.refused(401, "unauthenticated", "GET", "/users/me")


async def test_a_log_out_ends_its_session_only(nobody: Api) -> None:
    account = _account()
    await nobody.post("/users", account)
    one, other = Api(nobody.http, nobody.issue), Api(nobody.http, nobody.issue)
    tokens = await one.log_in(account["username"])
    await other.log_in(account["username"])
    assert (await one.send("POST", "/auth/logout")).status_code == 204
    await one.refused(401, "unauthenticated", "GET", "/users/me")
    body = {"refresh_token": tokens["refresh_token"]}
    await nobody.refused(401, "unauthenticated", "POST", "/auth/refresh", body)
    await other.get("/users/me")
    assert (await other.send("POST", "/auth/logout-all")).status_code == 204
    await other.refused(401, "unauthenticated", "GET", "/users/me")


async def test_somebody_is_seen_by_those_who_share_a_workspace(ada: Api, bob: Api) -> None:
    await ada.refused(404, "not-found", "GET", f"/users/{bob.user_id}")
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    path = f"/workspaces/{workspace['id']}/members"
    member = await ada.post(path, {"email": f"{bob.user['username']}@example.org"})
    assert (member["user_id"], member["role"]) == (bob.user_id, "member")
    seen = await ada.get(f"/users/{bob.user_id}")
    assert seen["name"] == bob.user["name"]
    assert "email" not in seen
    bob.position = ada.position
    assert (await bob.get(f"/users/{ada.user_id}"))["user_id"] == ada.user_id
    assert [each["user_id"] for each in (await bob.get(path))["members"]] == [
        ada.user_id,
        bob.user_id,
    ]
    await ada.delete(f"{path}/{bob.user_id}")
    await ada.refused(404, "not-found", "GET", f"/users/{bob.user_id}")
    bob.position = ada.position
    await bob.refused(404, "not-found", "GET", f"/workspaces/{workspace['id']}")


async def test_whoever_was_let_in_just_now_is_seen_at_once(ada: Api, bob: Api) -> None:
    await bob.refused(404, "not-found", "GET", f"/users/{ada.user_id}")
    workspace = await ada.post("/workspaces", {"name": "Shared"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    assert (await bob.get(f"/users/{ada.user_id}"))["id"] == ada.user_id


async def test_the_last_owner_stays(ada: Api) -> None:
    workspace = ada.user["default_workspace_id"]
    member = f"/workspaces/{workspace}/members/{ada.user_id}"
    await ada.refused(409, "last-owner", "DELETE", member)
    await ada.refused(409, "last-owner", "PATCH", member, {"role": "member"})


async def test_a_profile_changes_only_where_it_may(ada: Api) -> None:
    changed = await ada.patch("/users/me", {"name": "Ada", "time_zone": "Europe/Berlin"})
    assert (changed["name"], changed["time_zone"]) == ("Ada", "Europe/Berlin")
    for body, pointer in (
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"email": "other@example.org"}, "/email"),
        ({"avatar_url": "https://example.org/ada.png"}, "/avatar_url"),
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"admin": True}, "/admin"),
    ):
        problem = await ada.refused(422, "validation-failed", "PATCH", "/users/me", body)
        assert pointers(problem) == [pointer]


async def test_what_a_registration_that_died_left_behind_is_settled(
    product: Product, product_database: Database, nobody: Api
) -> None:
    account = _account()
    made = await nobody.post("/users", account)
    never = new_id("user")
    with psycopg.connect(product_database.superuser_url) as connection:
        connection.execute(
            "UPDATE people.credentials SET state = 'inactive',"
            " created_at = now() - interval '1 hour' WHERE user_id = %s",
            (made["user_id"],),
        )
        connection.execute(
            "INSERT INTO people.credentials (user_id, password_hash, created_at)"
            " VALUES (%s, 'x', now() - interval '1 hour')",
            (never,),
        )
        connection.execute(
            "INSERT INTO people.outbox (mail_id, once, kind, about, sealed, state, expires_at,"
            "  created_at) SELECT gen_random_uuid(), about, 'verify-email', about, '\\x', 'held',"
            "  now(), now() - interval '1 hour' FROM unnest(%s::text[]) AS about",
            ([f"{made['user_id']}/x", f"{never}/x"],),
        )
    wrong = {"username": account["username"], "password": PASSWORD}
    await nobody.refused(401, "unauthenticated", "POST", "/auth/login", wrong)
    await product.do(product.house.accounts.sweep())
    with psycopg.connect(product_database.superuser_url) as connection:
        held = connection.execute(
            "SELECT about FROM people.outbox WHERE about LIKE '%%/x' AND state <> 'held'"
            " OR about = %s",
            (f"{never}/x",),
        )
        assert held.fetchall() == [(f"{made['user_id']}/x",)]
    await Api(nobody.http, nobody.issue).log_in(account["username"])
    with psycopg.connect(product_database.superuser_url) as connection:
        left = connection.execute("SELECT 1 FROM people.credentials WHERE user_id = %s", (never,))
        assert left.fetchall() == []
