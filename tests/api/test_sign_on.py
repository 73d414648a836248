"""Single sign-on at a real provider: who comes in, to whose account, and what is not believed."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import psycopg
import pyotp
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from commands.user.verify_email import VerifyEmail
from domain.values.ids import SYSTEM_ACTOR
from domain.values.recorded import Origin
from infra.bootstrap.sign_on import SIGN_ON_CALLBACK
from infra.ids import new_id
from tests.api import provider as there
from tests.api.browser import PUBLIC_URL, Browser
from tests.api.client import PASSWORD, Api, pointers
from tests.api.forgeries import FORGERIES, resigned
from tests.api.mail import Catcher
from tests.api.product import Product, served, settings_of
from tests.api.provider import Provider, provided
from tests.real import Database, Parts, fresh_database

BAD_CODE = {"code": "tls_nobodys"}
TOKEN = ("POST", "/auth/oidc/token")
LINK = ("POST", "/auth/identities")


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with provided(PUBLIC_URL + SIGN_ON_CALLBACK) as running:
        yield running


@pytest.fixture(scope="module")
def database_here(parts: Parts, migrated: str) -> Iterator[Database]:
    with fresh_database(parts, migrated) as made:
        yield made


@pytest.fixture(scope="module")
def product(
    parts: Parts, database_here: Database, provider: Provider, catcher: Catcher
) -> Iterator[Product]:
    settings = settings_of(
        parts,
        database_here,
        smtp_url=SecretStr(catcher.url),
        public_url=PUBLIC_URL,
        oidc_issuer=provider.issuer,
        oidc_client_id=there.CLIENT_ID,
        oidc_client_secret=SecretStr(there.CLIENT_SECRET),
        oidc_name="Our provider",
        cors_origins="https://app.example.org",
    )
    with served(settings, views=False) as running:
        yield running


@pytest.fixture
async def another(product: Product, provider: Provider) -> AsyncIterator[Callable[[], Browser]]:
    """Browsers of their own, each with cookies of its own."""
    opened: list[httpx.AsyncClient] = []

    def open_one() -> Browser:
        http = httpx.AsyncClient(base_url=product.base_url, timeout=20)
        opened.append(http)
        return Browser(Api(http, product.house.access_tokens.issue), provider)

    yield open_one
    for http in opened:
        await http.aclose()


@pytest.fixture
def browser(another: Callable[[], Browser]) -> Browser:
    return another()


@pytest.fixture
def ann(provider: Provider) -> str:
    """Somebody new at the provider, whose address is verified there."""
    return person(provider)


def person(provider: Provider, *, verified: bool = True, email: str = "") -> str:
    name = f"p{uuid4().hex[:10]}"
    provider.person(name, email or f"{name}@example.org", verified=verified)
    return name


async def verify(product: Product, someone: Api) -> None:
    command = VerifyEmail(user_id=someone.user_id, email=someone.user["email"])
    await product.do(product.house.executor.execute([command], Origin(actor=someone.user_id)))


async def test_the_first_sign_on_makes_an_account_and_the_next_finds_it(
    browser: Browser, another: Callable[[], Browser], ann: str
) -> None:
    listed = await browser.api.get("/auth/oidc")
    assert listed["providers"] == [
        {
            "name": "Our provider",
            "issuer": browser.provider.issuer,
            "login_path": "/api/v1/auth/oidc/login",
        }
    ]
    first = await browser.sign_on(ann)
    assert (first.user["username"], first.user["email"]) == (ann, f"{ann}@example.org")
    assert (first.user["name"], first.user["email_verified"]) == (f"{ann.title()} Lee", True)
    assert (await first.task("Mine"))["creator_id"] == first.user_id
    again = await another().sign_on(ann)
    assert again.user_id == first.user_id
    identities = (await again.get("/auth/identities"))["identities"]
    assert [each["issuer"] for each in identities] == [browser.provider.issuer]
    assert identities[0]["last_used_at"] is not None
    sessions = (await again.get("/auth/sessions"))["sessions"]
    assert [each["method"] for each in sessions] == ["sign-on", "sign-on"]
    login = {"username": ann, "password": ""}
    await browser.api.refused(401, "unauthenticated", "POST", "/auth/login", login)


async def test_two_windows_that_sign_on_first_at_once_come_to_one_account(
    another: Callable[[], Browser], ann: str
) -> None:
    browsers = [another() for _ in range(3)]
    codes = [await each.code(ann) for each in browsers]
    people = await asyncio.gather(
        *(each.api.post(TOKEN[1], code) for each, code in zip(browsers, codes, strict=True))
    )
    assert len({each["user"]["user_id"] for each in people}) == 1
    someone = browsers[0].holding(people[0])
    assert len((await someone.get("/auth/identities"))["identities"]) == 1


async def test_an_account_is_found_by_an_address_that_both_sides_have_verified(
    product: Product, provider: Provider, another: Callable[[], Browser]
) -> None:
    browser = another()
    owner = await browser.api.register()
    name = person(provider, email=owner.user["email"])
    code = await browser.code(name)
    problem = await browser.api.refused(403, "email-not-verified", *TOKEN, code)
    assert (problem["where"], "Verify it" in problem["detail"]) == ("account", True)
    await verify(product, owner)
    tokens = await browser.api.post(TOKEN[1], code)
    assert tokens["user"]["user_id"] == owner.user_id
    await browser.api.refused(422, "validation-failed", *TOKEN, code)


async def test_what_the_provider_has_not_verified_is_linked_by_who_is_logged_in(
    product: Product, provider: Provider, another: Callable[[], Browser]
) -> None:
    browser, stranger = another(), another()
    owner = await browser.api.register()
    name = person(provider, verified=False, email=owner.user["email"])
    code = await browser.code(name)
    problem = await browser.api.refused(403, "email-not-verified", *TOKEN, code)
    assert problem["where"] == "provider"
    assert "POST /auth/identities" in problem["detail"]
    body = {**code, "password": PASSWORD}
    await owner.refused(422, "validation-failed", *LINK, {**body, "password": "wrong"})
    await owner.refused(403, "email-not-verified", *LINK, body)
    await verify(product, owner)
    elsewhere = stranger.api.with_token(owner.token)
    await elsewhere.refused(422, "validation-failed", *LINK, body)
    assert (await owner.send(*LINK, body)).status_code == 204
    assert (await another().sign_on(name)).user_id == owner.user_id
    other = await stranger.api.register()
    await verify(product, other)
    body = {**await stranger.code(name), "password": PASSWORD}
    problem = await other.refused(409, "already-exists", *LINK, body)
    assert problem["field"] == "identity"


async def test_a_sign_on_goes_on_where_it_began_and_only_once(
    browser: Browser, another: Callable[[], Browser], ann: str, product: Product
) -> None:
    back = await browser.log_in_there(ann)
    changed = re.sub(r"state=[^&]+", "state=another", back)
    callback = ("GET", "!" + changed)
    assert pointers(await browser.api.refused(422, "validation-failed", *callback)) == [
        "/query/state"
    ]
    callback = ("GET", "!" + back)
    await another().api.refused(422, "validation-failed", *callback)
    went_on = await browser.http.get(back)
    assert went_on.status_code == 303
    assert went_on.headers["Cache-Control"] == "no-store"
    problem = await browser.api.refused(422, "validation-failed", *callback)
    assert problem["errors"][0]["code"] == "used"
    code = {"code": went_on.headers["Location"].partition("#code=")[2]}
    await another().api.refused(422, "validation-failed", *TOKEN, code)
    await browser.api.refused(422, "validation-failed", *TOKEN, BAD_CODE)
    kept = dict(browser.http.cookies)
    answers = await asyncio.gather(*(browser.api.send(*TOKEN, code) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 422, 422]
    assert "taskledger_sign_on" not in browser.http.cookies
    browser.http.cookies.update(kept)
    await browser.api.refused(422, "validation-failed", *TOKEN, code)


async def test_a_cookie_is_sealed_and_good_for_minutes(
    browser: Browser, ann: str, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await browser.http.get("/api/v1/auth/oidc/login")
    said = sent.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1200"} <= set(said.split("; "))
    asked = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert not any(asked[each][0] in said for each in ("state", "nonce", "code_challenge"))
    back = await browser.log_in_there(ann, at=sent.headers["Location"])
    cookie = browser.http.cookies["taskledger_sign_on"]
    forged = cookie[:20] + ("A" if cookie[20] != "A" else "B") + cookie[21:]
    for wrong in (forged, "", "x", cookie[:10]):
        browser.http.cookies.clear()
        browser.http.cookies.set("taskledger_sign_on", wrong)
        await browser.api.refused(422, "validation-failed", "GET", "!" + back)
    browser.http.cookies.clear()
    browser.http.cookies.set("taskledger_sign_on", cookie)
    assert product.house.sign_on is not None
    monkeypatch.setattr(product.house.sign_on.flows, "now", lambda: time.time() + 601)
    problem = await browser.api.refused(422, "validation-failed", "GET", "!" + back)
    assert problem["errors"][0]["code"] == "expired"


async def test_what_the_provider_has_not_said_is_not_believed(
    browser: Browser, provider: Provider, ann: str
) -> None:
    try:
        for what, forged in FORGERIES.items():
            provider.tamper = lambda said, forged=forged: {  # type: ignore[misc]
                **said,
                "id_token": forged(provider, said["id_token"]),
            }
            back = await browser.log_in_there(ann)
            answer = await browser.api.send("GET", "!" + back)
            assert (what, answer.status_code) == (what, 401), answer.text
            assert answer.json()["code"] == "unauthenticated"
        provider.tamper = lambda said: {
            **said,
            "id_token": resigned(said["id_token"], provider.key),
        }
        assert await browser.code(ann)
    finally:
        provider.tamper = None
    back = re.sub(r"iss=[^&]+", "iss=http://127.0.0.1:1", await browser.log_in_there(ann))
    await browser.api.refused(401, "unauthenticated", "GET", "!" + back)
    assert await browser.code(ann)


async def test_a_provider_changes_its_keys_and_is_not_asked_for_them_without_end(
    browser: Browser, provider: Provider, ann: str
) -> None:
    await browser.sign_on(ann)
    provider.rotate()
    provider.asked.clear()
    await browser.sign_on(ann)
    assert provider.asked.count("/oauth/jwks.json") == 1
    known = provider.key
    for _ in range(3):
        provider.rotate()
        back = await browser.log_in_there(ann)
        await browser.api.refused(401, "unauthenticated", "GET", "!" + back)
    assert provider.asked.count("/oauth/jwks.json") == 1
    assert provider.asked.count("/.well-known/openid-configuration") == 0
    provider.rotate(known)
    await browser.sign_on(ann)


async def test_a_provider_that_is_away_or_says_no(
    browser: Browser, provider: Provider, ann: str
) -> None:
    back = await browser.log_in_there(ann, answer="deny")
    problem = await browser.api.refused(403, "forbidden", "GET", "!" + back)
    assert "access_denied" in problem["detail"]
    back = await browser.log_in_there(ann)
    provider.is_down = True
    try:
        answer = await browser.api.send("GET", "!" + back)
    finally:
        provider.is_down = False
    assert (answer.status_code, answer.json()["code"]) == (503, "dependency-down")
    assert "Our provider does not answer" in answer.json()["detail"]
    assert int(answer.headers["Retry-After"]) > 0
    at = await browser.begin()
    state = parse_qs(urlsplit(at).query)["state"][0]
    odd = {"state": state, "error": "<script>", "iss": provider.issuer, "session_state": "x"}
    answer = await browser.api.send("GET", "!" + SIGN_ON_CALLBACK, params=odd)
    assert (answer.status_code, "script" in answer.text) == (503, False)


@pytest.mark.parametrize(
    "junk",
    [b"<html>", b"[" * 100_000, b'{"expires_in": 1e999}', b'{"error": [1]}', b" " * 10_000_000],
    ids=["a page", "nested", "a number", "an error", "10 MB"],
)
async def test_a_provider_that_makes_no_sense_is_one_that_does_not_answer(
    browser: Browser, provider: Provider, ann: str, junk: bytes
) -> None:
    back = await browser.log_in_there(ann)
    provider.junk = junk
    try:
        await browser.api.refused(503, "dependency-down", "GET", "!" + back)
    finally:
        provider.junk = None


@pytest.mark.parametrize(
    "return_to",
    [
        "//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)",
        "https://app.example.org.evil.example/", "https://app.example.org@evil.example/",
        "http://app.example.org/", "/a\\b", "/\tevil", "evil", "", "/a#b", "/a b", "///evil",
    ],
)  # fmt: skip
async def test_nobody_is_led_elsewhere(browser: Browser, return_to: str) -> None:
    problem = await browser.api.refused(
        422, "validation-failed", "GET", "/auth/oidc/login", params={"return_to": return_to}
    )
    assert pointers(problem) == ["/query/return_to"]


async def test_a_page_of_ours_or_of_a_known_origin_gets_the_browser_back(
    browser: Browser, ann: str
) -> None:
    for return_to in ("/board?x=1", "https://app.example.org/in"):
        at = await browser.begin(return_to)
        back = await browser.http.get(await browser.log_in_there(ann, at=at))
        assert back.headers["Location"].startswith(return_to + "#code=tls_")
    page = await browser.http.get("/account/sign-on")
    assert page.status_code == 200
    headers = {"Origin": "https://app.example.org"}
    code = {"code": back.headers["Location"].partition("#code=")[2]}
    answer = await browser.api.send(*TOKEN, code, headers=headers)
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.org"


async def test_the_second_factor_of_an_account_is_asked_for_here_as_well(
    product: Product, provider: Provider, browser: Browser
) -> None:
    owner = await browser.api.register()
    await verify(product, owner)
    begun = await owner.post("/auth/totp", {"password": PASSWORD})
    totp = pyotp.TOTP(begun["secret"])
    confirmed = await owner.post("/auth/totp/confirm", {"code": totp.now()})
    name = person(provider, email=owner.user["email"])
    code = await browser.code(name)
    problem = await browser.api.refused(401, "second-factor-required", *TOKEN, code)
    assert problem["factors"] == ["totp_code", "recovery_code"]
    wrong = {**code, "totp_code": "000000x"}
    await browser.api.refused(401, "unauthenticated", *TOKEN, wrong)
    assert (await owner.get("/auth/identities"))["identities"] == []
    right = {**code, "recovery_code": confirmed["recovery_codes"][0]}
    assert (await browser.api.post(TOKEN[1], right))["user"]["user_id"] == owner.user_id
    body = {**await browser.code(name), "totp_code": totp.at(int(time.time()) + 30)}
    assert (await browser.api.post(TOKEN[1], body))["user"]["user_id"] == owner.user_id


async def test_who_has_only_signed_on_chooses_a_password_by_mail_and_can_then_unlink(
    browser: Browser, another: Callable[[], Browser], ann: str, catcher: Catcher
) -> None:
    someone, other = await browser.sign_on(ann), await another().sign_on(ann)
    identity_id = (await someone.get("/auth/identities"))["identities"][0]["identity_id"]
    path = f"/auth/identities/{identity_id}"
    body = {"password": PASSWORD}
    problem = await someone.refused(422, "validation-failed", "DELETE", path, body)
    assert "POST /auth/password/forgot" in problem["errors"][0]["detail"]
    email = someone.user["email"]
    await browser.api.post("/auth/password/forgot", {"email": email})
    token = await catcher.token_to(email, "new password")
    reset = {"token": token, "password": PASSWORD}
    assert (await browser.api.send("POST", "/auth/password/reset", reset)).status_code == 204
    await other.refused(401, "unauthenticated", "GET", "/auth/sessions")
    await someone.log_in(ann)
    other = await another().sign_on(ann)
    stranger = another()
    theirs = await stranger.sign_on(person(stranger.provider))
    for not_mine in ((await theirs.get("/auth/identities"))["identities"][0]["id"], new_id("idn")):
        at = f"/auth/identities/{not_mine}"
        await someone.refused(404, "not-found", "DELETE", at, body)
    assert len((await theirs.get("/auth/identities"))["identities"]) == 1
    assert (await someone.send("DELETE", path, body)).status_code == 204
    await other.refused(401, "unauthenticated", "GET", "/auth/sessions")
    sessions = (await someone.get("/auth/sessions"))["sessions"]
    assert [each["method"] for each in sessions] == ["password"]
    await catcher.mail_to(email, "unlinked")
    await another().sign_on(ann)
    await catcher.mail_to(email, "linked for single sign-on")


async def test_a_closed_account_lets_nobody_in(
    product: Product, browser: Browser, ann: str
) -> None:
    someone = await browser.sign_on(ann)
    code = await browser.code(ann)
    operator = Origin(actor=SYSTEM_ACTOR, via="cli")
    await product.do(product.house.accounts.suspend(ann, operator))
    await browser.api.refused(403, "forbidden", *TOKEN, code)
    await product.do(product.house.accounts.reopen(ann, operator))
    assert (await browser.api.post(TOKEN[1], code))["user"]["user_id"] == someone.user_id


async def test_who_somebody_is_at_the_provider_is_neither_kept_nor_logged(
    browser: Browser, ann: str, database_here: Database
) -> None:
    with capture_logs() as logged:
        back = await browser.log_in_there(ann)
        went_on = await browser.http.get(back)
        code = went_on.headers["Location"].partition("#code=")[2]
        await browser.api.post(TOKEN[1], {"code": code})
    said = parse_qs(urlsplit(back).query)
    secrets = [there.CLIENT_SECRET, ann, f"{ann}@example.org", code, *said["code"], *said["state"]]
    assert [each for each in secrets if each in repr(logged)] == []
    with psycopg.connect(database_here.superuser_url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname IN ('people', 'log', 'keys')"
        ).fetchall()
        for (table,) in tables:
            for secret in secrets:
                for form in (secret, secret.encode().hex()):
                    query = f"SELECT FROM {table} AS t WHERE position(%s in t::text) > 0"
                    assert connection.execute(query, (form,)).fetchone() is None, (table, secret)
