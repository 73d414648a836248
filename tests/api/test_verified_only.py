"""A product that lets only verified addresses in, and one that has no mail server."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import httpx

from tests.api.client import PASSWORD, Api
from tests.api.mail import token_in
from tests.api.product import served, settings_of
from tests.real import Database, Parts
from tests.waiting import until


async def test_a_stranger_finds_the_link_in_a_file_and_then_may_log_in(
    parts: Parts, database: Database, tmp_path: Path
) -> None:
    settings = settings_of(
        parts, database, smtp_url=None, data_dir=tmp_path, require_verified_email=True
    )
    account = {"username": "ann", "email": "ann@example.org", "password": PASSWORD}
    login = {"username": "ann", "password": PASSWORD}
    with served(settings, views=False) as product:
        async with httpx.AsyncClient(base_url=product.base_url, timeout=20) as http:
            nobody = Api(http, product.house.access_tokens.issue)
            await nobody.post("/users", account)
            await nobody.refused(403, "email-not-verified", "POST", "/auth/login", login)
            wrong = {**login, "password": "not this one"}
            await nobody.refused(401, "unauthenticated", "POST", "/auth/login", wrong)
            files = until("a mail", 10, lambda: list((tmp_path / "mail").glob("*.eml")))
            assert files[0].stat().st_mode & 0o077 == 0
            mail = message_from_bytes(files[0].read_bytes(), policy=policy.default)
            token = token_in(cast("EmailMessage", mail))
            await nobody.post("/auth/verify-email", {"token": token})
            assert (await nobody.send("POST", "/auth/login", login)).status_code == 200
