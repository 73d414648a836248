"""How somebody logs in: addresses verified, passwords changed, sessions ended, second factors."""

import asyncio
import json
import sys
import time
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pyotp
import pytest
from structlog.testing import capture_logs

from domain.errors import Kind, Refused
from infra.settings import child_environment
from tests.api.client import PASSWORD, Api, pointers
from tests.api.mail import Catcher
from tests.api.product import Product
from tests.real import Database

_NEW = "another correct horse"


async def _account(nobody: Api) -> tuple[Api, str]:
    """Somebody who has logged in by the door, and their address."""
    name = f"user-{uuid4().hex[:12]}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    await nobody.post("/users", body)
    someone = Api(nobody.http, nobody.issue)
    await someone.log_in(name)
    return someone, body["email"]


def _log_in(name: str, password: str = PASSWORD, **codes: str) -> dict[str, str]:
    return {"username": name, "password": password, **codes}


async def test_an_address_is_verified_by_the_link_that_was_mailed(
    nobody: Api, catcher: Catcher
) -> None:
    someone, email = await _account(nobody)
    assert (await someone.get("/users/me"))["email_verified"] is False
    token = await catcher.token_to(email, "Verify")
    verified = await someone.post("/auth/verify-email", {"token": token})
    assert verified == {"user_id": someone.user_id, "email": email, "email_verified": True}
    assert (await someone.get("/users/me"))["email_verified"] is True
    path = "/auth/verify-email"
    for bad in (token, "tlm_never", "\x00", "é"):
        problem = await nobody.refused(422, "validation-failed", "POST", path, {"token": bad})
        assert pointers(problem) == ["/token"]
    await nobody.post("/auth/verify-email/resend", {"email": email})
    await nobody.post("/auth/password/forgot", {"email": email})
    await catcher.mail_to(email, "new password")  # by then the outbox has looked at the other
    assert len(catcher.mails_to(email, "Verify")) == 1


async def test_asking_for_a_mail_tells_nobody_who_has_an_account(
    nobody: Api, catcher: Catcher
) -> None:
    _, email = await _account(nobody)
    for path in ("/auth/password/forgot", "/auth/verify-email/resend"):
        answers = [
            await nobody.send("POST", path, {"email": each})
            for each in (email, f"{uuid4().hex}@example.org")
        ]
        assert [each.status_code for each in answers] == [202, 202]
        assert answers[0].content == answers[1].content
        kept = [sorted(set(each.headers) - {"date"}) for each in answers]
        assert kept[0] == kept[1]
        problem = await nobody.refused(422, "validation-failed", "POST", path, {"email": "no"})
        assert pointers(problem) == ["/email"]
    await catcher.token_to(email, "new password")


async def test_a_password_is_reset_once_and_ends_every_session(
    nobody: Api, catcher: Catcher
) -> None:
    someone, email = await _account(nobody)
    await nobody.post("/auth/password/forgot", {"email": email.upper()})
    token = await catcher.token_to(email.upper(), "new password")
    path = "/auth/password/reset"
    weak = {"token": token, "password": "password"}
    problem = await nobody.refused(422, "validation-failed", "POST", path, weak)
    assert pointers(problem) == ["/password"]
    bodies = [{"token": token, "password": f"{_NEW} {n}"} for n in range(4)]
    answers = await asyncio.gather(*(nobody.send("POST", path, body) for body in bodies))
    assert sorted(each.status_code for each in answers) == [204, 422, 422, 422]
    won = next(n for n, each in enumerate(answers) if each.status_code == 204)
    await someone.refused(401, "unauthenticated", "GET", "/users/me")
    login = ("POST", "/auth/login")
    await nobody.refused(401, "unauthenticated", *login, _log_in(email))
    me = await someone.log_in(email, f"{_NEW} {won}")
    assert me["user"]["email_verified"] is True
    await catcher.mail_to(email, "password was changed")


async def test_a_changed_password_ends_the_other_sessions(nobody: Api, catcher: Catcher) -> None:
    someone, email = await _account(nobody)
    other = Api(nobody.http, nobody.issue)
    await other.log_in(email)
    path = "/auth/password"
    change = {"current_password": "not this one", "new_password": _NEW}
    problem = await someone.refused(422, "validation-failed", "POST", path, change)
    assert pointers(problem) == ["/current_password"]
    change = {"current_password": PASSWORD, "new_password": email}
    problem = await someone.refused(422, "validation-failed", "POST", path, change)
    assert pointers(problem) == ["/new_password"]
    change = {"current_password": PASSWORD, "new_password": _NEW}
    assert (await someone.send("POST", path, change)).status_code == 204
    await someone.get("/users/me")
    await other.refused(401, "unauthenticated", "GET", "/users/me")
    await nobody.refused(401, "unauthenticated", "POST", "/auth/login", _log_in(email))
    await other.log_in(email, _NEW)
    await catcher.mail_to(email, "password was changed")


async def test_guessing_at_a_session_s_password_is_limited(nobody: Api) -> None:
    someone, _ = await _account(nobody)
    change = {"current_password": "not this one", "new_password": _NEW}
    for _ in range(10):
        await someone.refused(422, "validation-failed", "POST", "/auth/password", change)
    await someone.refused(429, "rate-limited", "POST", "/auth/password", change)


async def test_who_guesses_at_an_account_does_not_shut_its_owner_out(
    nobody: Api, product: Product
) -> None:
    """Each from another address of this machine; the owner from the one they know."""
    _, email = await _account(nobody)
    login = ("POST", "/auth/login")
    for n in range(2, 14):
        transport = httpx.AsyncHTTPTransport(local_address=f"127.0.0.{n}")
        async with httpx.AsyncClient(
            base_url=product.base_url, transport=transport, timeout=20
        ) as http:
            body = _log_in(email, "a guess")
            answer = await Api(http, nobody.issue).send(*login, body)
            assert answer.status_code == (401 if n < 12 else 429)
    assert int(answer.headers["Retry-After"]) <= 900
    assert (await nobody.send(*login, _log_in(email))).status_code == 200
    async with httpx.AsyncClient(
        base_url=product.base_url, transport=httpx.AsyncHTTPTransport(local_address="127.0.0.99")
    ) as http:
        await Api(http, nobody.issue).refused(429, "rate-limited", *login, _log_in(email))


async def test_a_new_address_counts_once_it_is_verified(nobody: Api, catcher: Catcher) -> None:
    someone, email = await _account(nobody)
    new = f"new-{email}"
    wrong = {"email": new, "password": "not this one"}
    problem = await someone.refused(422, "validation-failed", "POST", "/auth/email", wrong)
    assert pointers(problem) == ["/password"]
    await nobody.post("/auth/password/forgot", {"email": email})
    reset = await catcher.token_to(email, "new password")
    await someone.post("/auth/email", {"email": new, "password": PASSWORD})
    token = await catcher.token_to(new, "new e-mail address")
    assert (await someone.get("/users/me"))["email"] == email
    verified = await nobody.post("/auth/verify-email", {"token": token})
    assert (verified["email"], verified["email_verified"]) == (new, True)
    await catcher.mail_to(email, "address was changed")
    await Api(nobody.http, nobody.issue).log_in(new)
    await nobody.refused(401, "unauthenticated", "POST", "/auth/login", _log_in(email))
    body = {"token": reset, "password": _NEW}
    await nobody.refused(422, "validation-failed", "POST", "/auth/password/reset", body)
    taken = {"username": f"user-{uuid4().hex[:12]}", "email": email, "password": PASSWORD}
    await nobody.post("/users", taken)  # the old address is free again


async def test_a_taken_address_is_asked_for_in_vain(nobody: Api, catcher: Catcher) -> None:
    someone, _ = await _account(nobody)
    _, theirs = await _account(nobody)
    free = f"free-{theirs}"
    for email in (theirs, free):
        answer = await someone.post("/auth/email", {"email": email, "password": PASSWORD})
        assert answer == {"accepted": True}
    await catcher.mail_to(free, "new e-mail address")
    assert catcher.mails_to(theirs, "new e-mail address") == []


async def test_sessions_are_shown_and_ended_one_by_one(nobody: Api) -> None:
    someone, email = await _account(nobody)
    other = Api(nobody.http, nobody.issue)
    tokens = await other.log_in(email)
    sessions = (await someone.get("/auth/sessions"))["sessions"]
    assert [each["is_current"] for each in sessions] == [False, True]
    assert {each["address"] for each in sessions} == {"127.0.0.1"}
    assert all("httpx" in each["user_agent"] for each in sessions)
    stranger, _ = await _account(nobody)
    path = f"/auth/sessions/{sessions[0]['session_id']}"
    await stranger.refused(404, "not-found", "DELETE", path)
    assert (await someone.send("DELETE", path)).status_code == 204
    await other.refused(401, "unauthenticated", "GET", "/users/me")
    body = {"refresh_token": tokens["refresh_token"]}
    await nobody.refused(401, "unauthenticated", "POST", "/auth/refresh", body)
    await someone.refused(404, "not-found", "DELETE", path)
    assert len((await someone.get("/auth/sessions"))["sessions"]) == 1


async def test_of_two_who_use_one_refresh_token_at_once_none_stays(nobody: Api) -> None:
    someone, email = await _account(nobody)
    tokens = await someone.log_in(email)
    body = {"refresh_token": tokens["refresh_token"]}
    answers = await asyncio.gather(*(nobody.send("POST", "/auth/refresh", body) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 401, 401, 401]
    won = next(each.json() for each in answers if each.status_code == 200)
    body = {"refresh_token": won["refresh_token"]}
    await nobody.refused(401, "unauthenticated", "POST", "/auth/refresh", body)


async def _with_second_factor(someone: Api) -> tuple[str, str, list[str]]:
    """The secret, the code that confirmed it, and the recovery codes."""
    begun = await someone.post("/auth/totp", {"password": PASSWORD})
    assert begun["otpauth_uri"].startswith("otpauth://totp/Taskledger:")
    code = pyotp.TOTP(begun["secret"]).now()
    confirmed = await someone.post("/auth/totp/confirm", {"code": code})
    return begun["secret"], code, confirmed["recovery_codes"]


async def test_a_second_factor_is_asked_for_and_no_code_counts_twice(
    nobody: Api, catcher: Catcher
) -> None:
    someone, email = await _account(nobody)
    await someone.refused(422, "validation-failed", "POST", "/auth/totp", {"password": "x"})
    await someone.refused(422, "validation-failed", "POST", "/auth/totp/confirm", {"code": "1"})
    secret, used, recovery = await _with_second_factor(someone)
    assert await someone.get("/auth/totp") == {"enabled": True, "recovery_codes_left": 10}
    await someone.refused(409, "already-exists", "POST", "/auth/totp", {"password": PASSWORD})
    await catcher.mail_to(email, "second factor is on")
    login = ("POST", "/auth/login")
    problem = await nobody.refused(401, "second-factor-required", *login, _log_in(email))
    assert problem["factors"] == ["totp_code", "recovery_code"]
    for wrong in (used, "000000x", ""):
        await nobody.refused(401, "unauthenticated", *login, _log_in(email, totp_code=wrong))
    next_code = pyotp.TOTP(secret).at(_later())
    bodies = [_log_in(email, totp_code=next_code)] * 3
    answers = await asyncio.gather(*(nobody.send(*login, body) for body in bodies))
    assert sorted(each.status_code for each in answers) == [200, 401, 401]
    form = {"grant_type": "password", **_log_in(email, recovery_code=recovery[0].upper())}
    assert (await nobody.send(*login, data=form)).status_code == 200
    again = _log_in(email, recovery_code=recovery[0])
    await nobody.refused(401, "unauthenticated", *login, again)
    assert (await someone.get("/auth/totp"))["recovery_codes_left"] == 9
    fresh = await someone.post("/auth/totp/recovery-codes", {"recovery_code": recovery[1]})
    old = _log_in(email, recovery_code=recovery[2])
    await nobody.refused(401, "unauthenticated", *login, old)
    new = _log_in(email, recovery_code=fresh["recovery_codes"][0])
    assert (await nobody.send(*login, new)).status_code == 200
    await someone.refused(422, "validation-failed", "DELETE", "/auth/totp", {})
    removed = await someone.send("DELETE", "/auth/totp", {"password": PASSWORD})
    assert removed.status_code == 204
    await Api(nobody.http, nobody.issue).log_in(email)
    await catcher.mail_to(email, "second factor is off")


async def test_a_second_factor_that_was_confirmed_halfway_is_confirmed_again(
    nobody: Api, product: Product
) -> None:
    someone, _ = await _account(nobody)
    begun = await someone.post("/auth/totp", {"password": PASSWORD})
    totp = pyotp.TOTP(begun["secret"])
    factors = product.house.second_factors
    assert await product.do(factors.confirm(someone.user_id, totp.now()))
    later = {"code": totp.at(_later())}
    assert len((await someone.post("/auth/totp/confirm", later))["recovery_codes"]) == 10
    assert (await someone.get("/users/me"))["has_second_factor"] is True
    await someone.refused(422, "validation-failed", "POST", "/auth/totp/confirm", later)


def _later() -> int:
    """A moment of the step after this one: its code is taken already, as clocks differ."""
    return int(time.time()) + 30


async def test_a_mail_that_cannot_leave_is_tried_again_and_one_that_never_will_is_given_up(
    nobody: Api, catcher: Catcher, product_database: Database
) -> None:
    _, email = await _account(nobody)
    await catcher.mail_to(email, "Verify")
    with psycopg.connect(product_database.superuser_url, autocommit=True) as connection:

        def states() -> list[tuple[str, int, bool]]:
            return connection.execute(
                "SELECT state, attempts, sealed IS NULL FROM people.outbox"
                " WHERE kind = 'reset-password' ORDER BY created_at DESC LIMIT 1"
            ).fetchall()

        async def come_to(*expected: tuple[str, int, bool]) -> None:
            until = time.monotonic() + 10
            while states() != list(expected):
                assert time.monotonic() < until, states()
                await asyncio.sleep(0.02)

        catcher.refuse = ["451 come again"]
        await nobody.post("/auth/password/forgot", {"email": email})
        await come_to(("waiting", 1, False))
        until = time.monotonic() + 10
        while not connection.execute(  # the wait before the next try, not the lease
            "UPDATE people.outbox SET due_at = now() WHERE state = 'waiting'"
            " AND due_at < now() + interval '10 seconds'"
        ).rowcount:
            assert time.monotonic() < until
            await asyncio.sleep(0.02)
        await catcher.token_to(email, "new password")
        await come_to(("sent", 2, True))
        catcher.refuse = ["550 nobody here"]
        await nobody.post("/auth/password/forgot", {"email": email})
        await come_to(("given up", 1, True))
    assert len(catcher.mails_to(email, "new password")) == 1


async def test_the_links_lead_to_pages_that_do_nothing_by_themselves(
    nobody: Api, catcher: Catcher, product: Product
) -> None:
    _, email = await _account(nobody)
    mail = await catcher.mail_to(email, "Verify")
    body = mail.get_body(("plain",))
    assert body is not None
    link = next(line for line in body.get_content().splitlines() if "#token=" in line)
    assert link.startswith(f"{product.settings.base_url()}/account/verify-email#token=")
    for path in ("verify-email", "reset-password", "invitation", "script.js"):
        answer = await nobody.http.get(f"/account/{path}")
        assert answer.status_code == 200
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert (await nobody.http.get("/account/other")).status_code == 404


async def test_an_operator_closes_an_account_and_opens_it_again(
    nobody: Api, product: Product
) -> None:
    someone, email = await _account(nobody)
    tokens = await someone.log_in(email)
    name = someone.user["username"]
    for verb, closed in (("suspend", True), ("activate", False)):
        done = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "api.cli.main", "users", verb, "--json", name),
            env=child_environment(product.settings.as_environment()),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await done.communicate()
        assert done.returncode == 0
        assert json.loads(out) == {"user_id": someone.user_id, "suspended": closed}
        login = await nobody.send("POST", "/auth/login", _log_in(email))
        assert login.status_code == (401 if closed else 200)
        body = {"refresh_token": tokens["refresh_token"]}
        await nobody.refused(401, "unauthenticated", "POST", "/auth/refresh", body)
        until = time.monotonic() + 20
        while (await someone.send("GET", "/auth/sessions")).status_code != 401:
            assert time.monotonic() < until, "an ended session goes on"
            await asyncio.sleep(0.02)


async def test_nothing_secret_is_in_the_database_as_it_was_said(
    nobody: Api, catcher: Catcher, product_database: Database
) -> None:
    with capture_logs() as logged:
        await _nothing_secret(nobody, catcher, product_database, logged)


async def _nothing_secret(
    nobody: Api, catcher: Catcher, product_database: Database, logged: list[Any]
) -> None:
    someone, email = await _account(nobody)
    verify = await catcher.token_to(email, "Verify")
    await nobody.post("/auth/password/forgot", {"email": email})
    reset = await catcher.token_to(email, "new password")
    totp, _, recovery = await _with_second_factor(someone)
    tokens = await someone.log_in(email, recovery_code=recovery[0])
    secrets = [PASSWORD, verify, reset, totp, *recovery, tokens["refresh_token"], email]
    wrong = _log_in(email, "a wrong password")
    await nobody.refused(401, "unauthenticated", "POST", "/auth/login", wrong)
    said = repr(logged)
    assert [secret for secret in secrets if secret in said] == []
    with psycopg.connect(product_database.superuser_url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('people', 'log', 'keys')"
        ).fetchall()
        assert len(tables) > 10
        for (table,) in tables:
            for secret in secrets:
                for form in (secret, secret.encode().hex()):
                    found = connection.execute(
                        f"SELECT FROM {table} AS t WHERE position(%s in t::text) > 0", (form,)
                    ).fetchone()
                    assert found is None, (table, secret)
        left = connection.execute(
            "SELECT 1 FROM people.outbox WHERE state = 'sent' AND sealed IS NOT NULL"
        ).fetchall()
        assert left == []


async def test_what_a_key_was_answered_it_is_answered_again(nobody: Api, catcher: Catcher) -> None:
    someone, email = await _account(nobody)
    key = {"Idempotency-Key": "once"}
    token = await catcher.token_to(email, "Verify")
    for replayed in (None, "true"):
        path, body = "/auth/verify-email", {"token": token}
        verified = await nobody.send("POST", path, body, headers=key)
        assert verified.json()["email_verified"] is True
        assert verified.headers.get("Idempotency-Replayed") == replayed
    # Who cannot name the token has a key of their own.
    await nobody.refused(422, "validation-failed", "POST", path, {"token": "tlm_x"}, headers=key)

    body = {"current_password": PASSWORD, "new_password": _NEW}
    for replayed in (None, "true"):
        changed = await someone.send("POST", "/auth/password", body, headers=key)
        assert (changed.status_code, changed.headers.get("Idempotency-Replayed")) == (204, replayed)
    await someone.refused(
        422, "idempotency-key-reused", "POST", "/auth/email",
        {"email": "new@example.org", "password": _NEW}, headers=key,
    )  # fmt: skip

    other = {"Idempotency-Key": "other"}
    wrong = {"password": "no"}
    await someone.refused(422, "validation-failed", "POST", "/auth/totp", wrong, headers=other)
    begun = await someone.send("POST", "/auth/totp", {"password": _NEW}, headers=other)
    assert begun.json()["secret"]
    again = await someone.send("POST", "/auth/totp", {"password": _NEW}, headers=other)
    assert again.json() == {"secret": None, "otpauth_uri": None}
    confirmed = {"code": pyotp.TOTP(begun.json()["secret"]).now()}
    codes = [
        (
            await someone.send(
                "POST", "/auth/totp/confirm", confirmed, headers={"Idempotency-Key": "c"}
            )
        )
        for _ in range(2)
    ]
    assert [bool(each.json()["recovery_codes"]) for each in codes] == [True, False]


async def test_a_key_whose_first_call_runs_is_told_so(nobody: Api, product: Product) -> None:
    someone, _ = await _account(nobody)
    answers = product.house.kept_answers
    slot = answers.slot(someone.user_id, "running", b"digest")
    assert await product.do(answers.begin(slot, someone.user_id, b"digest")) is None
    body = {"email": "new@example.org", "password": PASSWORD}
    with pytest.raises(Refused) as refused:
        await product.do(answers.begin(slot, someone.user_id, b"digest"))
    assert refused.value.kind is Kind.IDEMPOTENCY_IN_PROGRESS
    await product.do(answers.drop(slot))
    answer = await someone.send("POST", "/auth/email", body, headers={"Idempotency-Key": "running"})
    assert answer.status_code == 202
