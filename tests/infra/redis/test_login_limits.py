"""Guessing passwords is slowed by account and by address, with or without the store."""

from uuid import uuid4

import pytest

from domain.errors import Kind, Refused
from infra.redis.login_limits import LoginLimits
from infra.redis.windows import Windows
from tests.real import Parts


@pytest.mark.parametrize("store", ["there", "gone"])
async def test_an_account_is_closed_after_too_many_tries(parts: Parts, store: str) -> None:
    url = parts.redis_url if store == "there" else "redis://127.0.0.1:1"
    windows = Windows(url)
    limits = LoginLimits(windows, per_account=3, per_address=100)
    account, address = uuid4().hex, uuid4().hex
    for _ in range(3):
        await limits.begin(account, address)
        await limits.failed(address)
    with pytest.raises(Refused) as refused:
        await limits.begin(account, address)
    assert refused.value.kind is Kind.RATE_LIMITED
    await limits.begin(uuid4().hex, address)
    await limits.succeeded(account)
    await limits.begin(account, address)
    await windows.close()


async def test_an_address_is_closed_whatever_accounts_it_tries(parts: Parts) -> None:
    windows = Windows(parts.redis_url)
    limits = LoginLimits(windows, per_account=100, per_address=3)
    address = uuid4().hex
    for _ in range(3):
        await limits.begin(uuid4().hex, address)
        await limits.failed(address)
    with pytest.raises(Refused):
        await limits.begin(uuid4().hex, address)
    await windows.close()
