"""A browser that signs on: between the product and a real provider, by redirects and forms."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.api import provider as there
from tests.api.client import Api
from tests.api.provider import Provider

# Where the browser is sent back to, which nothing listens on.
PUBLIC_URL = "http://taskledger.localhost:8000"


@dataclass
class Browser:
    """Follows redirects between product and provider as a browser does, and fills in forms."""

    api: Api
    provider: Provider

    @property
    def http(self) -> httpx.AsyncClient:
        return self.api.http

    async def begin(self, return_to: str | None = None) -> str:
        """From a link to the provider: where that sends it."""
        query = {} if return_to is None else {"return_to": return_to}
        sent = await self.http.get("/api/v1/auth/oidc/login", params=query)
        assert sent.status_code == 303, sent.text
        return sent.headers["Location"]

    async def log_in_there(self, name: str, *, answer: str = "accept", at: str = "") -> str:
        """Log in at the provider, and say whether we may know: where it sends the browser."""
        page = await self._followed(await self.http.get(at or await self.begin()))
        if "/login" in str(page.url):
            page = await self._filled(page, login=name)
            page = await self._filled(page, password=there.PASSWORD)
        if not page.is_redirect:  # it has not been asked before
            page = await self._filled(page, answer=answer)
        return page.headers["Location"].removeprefix(PUBLIC_URL)

    async def code(self, name: str, **how: Any) -> dict[str, str]:
        """The body of what a page sends, once the browser is back from the provider."""
        back = await self.http.get(await self.log_in_there(name, **how))
        assert back.status_code == 303, back.text
        where, _, fragment = back.headers["Location"].partition("#")
        assert where == "/account/sign-on"
        return {"code": fragment.removeprefix("code=")}

    async def sign_on(self, name: str) -> Api:
        tokens = await self.api.post("/auth/oidc/token", await self.code(name))
        return self.holding(tokens)

    def holding(self, tokens: dict[str, Any]) -> Api:
        someone = self.api.with_token(tokens["access_token"])
        someone.user = tokens["user"]
        return someone

    async def _filled(self, page: httpx.Response, **fields: str) -> httpx.Response:
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        body = {"csrf_token": csrf[1] if csrf else "", **fields}
        return await self._followed(await self.http.post(str(page.url), data=body))

    async def _followed(self, page: httpx.Response) -> httpx.Response:
        """As far as it stays at the provider."""
        while page.is_redirect:
            to = urljoin(str(page.url), page.headers["Location"])
            if not to.startswith(self.provider.issuer):
                break
            page = await self.http.get(to)
        assert page.is_redirect or page.is_success, page.text
        return page
