"""Limits, browsers and what operators see, each over a product of its own settings."""

from collections.abc import Iterator

import httpx
import pytest

from infra.redis.client import open_redis
from tests.api.client import Api
from tests.api.product import Product, served, settings_of
from tests.infra.redis.test_rate_limit import begin_of_a_window
from tests.real import Database, Parts

ORIGIN = "https://app.example.org"


@pytest.fixture
def strict(parts: Parts, database: Database) -> Iterator[Product]:
    settings = settings_of(
        parts, database, rate_limit_per_minute=30, cors_origins=(ORIGIN,), max_body_bytes=2_048
    )
    with served(settings, views=False) as running:
        yield running


async def test_requests_a_minute_are_told_and_then_refused(strict: Product) -> None:
    async with httpx.AsyncClient(base_url=strict.base_url, timeout=20) as http:
        someone = await Api(http, strict.house.access_tokens.issue).register()
        someone.position = 0  # there are no views to wait for
        first = await someone.send("GET", "/users/me")
        assert first.headers["RateLimit-Policy"] == '"default";q=30;w=60'
        assert first.headers["RateLimit"].startswith('"default";r=29;t=')
        assert first.headers["X-RateLimit-Limit"] == "30"
        answers = [await someone.send("GET", "/users/me") for _ in range(60)]
        refused = next(answer for answer in answers if answer.status_code != 200)
        assert refused.status_code == 429
        assert refused.json()["code"] == "rate-limited"
        assert 0 < int(refused.headers["Retry-After"]) <= 60
        assert refused.headers["RateLimit"].startswith('"default";r=0;t=')
        assert (await http.get("/healthz")).status_code == 200


async def test_a_key_has_a_smaller_budget_of_its_own(parts: Parts, database: Database) -> None:
    settings = settings_of(
        parts, database, rate_limit_per_minute=40, rate_limit_per_key_per_minute=5
    )
    with served(settings, views=False) as running:
        async with httpx.AsyncClient(base_url=running.base_url, timeout=20) as http:
            ada = await Api(http, running.house.access_tokens.issue).register()
            ada.position = 0  # there are no views to wait for
            made = await ada.post("/api-keys", {"name": "CI", "scopes": ["projects:read"]})
            program = ada.with_token(made["key"])
            async with open_redis(parts.redis_url) as redis:
                await begin_of_a_window(redis)
            answers = [await program.send("GET", "/users/me") for _ in range(6)]
            assert [each.status_code for each in answers] == [200] * 5 + [429]
            assert answers[0].headers["RateLimit-Policy"] == '"key";q=5;w=60'
            assert answers[0].headers["X-RateLimit-Limit"] == "5"
            assert answers[-1].json()["code"] == "rate-limited"
            ada.position = 0
            own = await ada.send("GET", "/users/me")
            assert own.status_code == 200
            assert own.headers["RateLimit-Policy"] == '"default";q=40;w=60'
            assert int(own.headers["X-RateLimit-Remaining"]) <= 40 - 7


async def test_the_store_of_limits_gone_is_said_and_harms_nobody(
    parts: Parts, database: Database
) -> None:
    settings = settings_of(parts, database, rate_limit_per_minute=1_000)
    with served(settings, views=False) as running:
        parts.valkey.kill()
        try:
            async with httpx.AsyncClient(base_url=running.base_url, timeout=20) as http:
                someone = await Api(http, running.house.access_tokens.issue).register()
                await someone.log_in(someone.user["username"])
                answer = await someone.send("POST", "/tasks", {"title": "All the same"})
                assert answer.status_code == 201
                assert answer.headers["X-RateLimit-Limit"] == "1000"
                limits = (await http.get("/readyz")).json()["parts"]["rate_limits"]
                assert not limits["ok"]
                assert "each process limits by itself" in limits["why"]
                assert (
                    'taskledger_part_up{part="rate_limits"} 0.0'
                    in (await http.get("/metrics")).text
                )
        finally:
            parts.valkey.start()


async def test_browsers_of_named_origins_may_call(strict: Product) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
    async with httpx.AsyncClient(base_url=strict.base_url, timeout=20) as http:
        preflight = await http.options("/api/v1/tasks/x", headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["Access-Control-Allow-Origin"] == ORIGIN
        answer = await http.get("/api/v1/tasks", headers={"Origin": ORIGIN})
        assert answer.status_code == 401
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        exposed = answer.headers["Access-Control-Expose-Headers"]
        for name in (
            "ETag", "Link", "Location", "Retry-After", "RateLimit", "RateLimit-Policy",
            "X-Log-Position", "X-Request-Id", "Idempotency-Replayed",
        ):  # fmt: skip
            assert name in exposed
        other = await http.get("/api/v1/tasks", headers={"Origin": "https://evil.example.org"})
        assert "Access-Control-Allow-Origin" not in other.headers


async def test_a_smaller_body_limit_is_a_setting(strict: Product) -> None:
    async with httpx.AsyncClient(base_url=strict.base_url, timeout=20) as http:
        body = {"username": "x" * 3_000, "email": "x", "password": "x"}
        answer = await http.post("/api/v1/users", json=body)
        assert answer.status_code == 413
