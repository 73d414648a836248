"""Asks each part whether it answers, none of them for longer than a few seconds."""

import asyncio

import psycopg
from pydantic import SecretStr
from redis.exceptions import RedisError

from infra.nats.connection import NatsConnection
from infra.processes.sessions import Sessions
from infra.processes.status import FlowStatus, read_status
from infra.redis.client import open_redis
from infra.settings import Settings

PATIENCE_S = 3.0

Parts = dict[str, str | None]  # part -> why it does not answer


async def ask(settings: Settings) -> tuple[Parts, FlowStatus | None]:
    """Every part that has an address, and what the database says of the flow where it answers."""
    flow, nats, redis = await asyncio.gather(
        _flow(settings.worker_url()), _nats(settings.nats_url), _redis(settings.redis_url)
    )
    if isinstance(flow, str):
        return {"postgresql": flow} | nats | redis, None
    return {"postgresql": None} | nats | redis, flow


async def _flow(url: str) -> FlowStatus | str:
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            Sessions(url).open("taskledger status") as session,
        ):
            return await read_status(session)
    except psycopg.OperationalError as error:
        return str(error).strip() or type(error).__name__
    except TimeoutError:
        return f"no answer within {PATIENCE_S:.0f} s"


async def _nats(url: SecretStr | None) -> Parts:
    if url is None:
        return {}
    async with NatsConnection(url.get_secret_value(), "taskledger status") as connection:
        there = await connection.wait_connected(PATIENCE_S)
    return {"nats": None if there else f"no connection within {PATIENCE_S:.0f} s"}


async def _redis(url: SecretStr | None) -> Parts:
    if url is None:
        return {}
    redis = open_redis(url.get_secret_value())
    try:
        await redis.ping()
    except (RedisError, OSError) as error:
        return {"redis": str(error) or type(error).__name__}
    finally:
        await redis.aclose()
    return {"redis": None}
