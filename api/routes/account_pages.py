"""The pages that links in mails and sign-ons lead to: opening one does nothing, its button does."""

from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_PAGES: Final = ("verify-email", "reset-password", "invitation", "sign-on")
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def account_pages() -> list[Route]:
    """Mail programs and scanners open links by themselves, so no link does anything."""
    web = files("api.web")

    async def page(_: Request) -> Response:
        html = (web / "account.html").read_text()
        return Response(html, headers=_HEADERS, media_type="text/html")

    async def script(_: Request) -> Response:
        code = (web / "account.js").read_text()
        return Response(code, headers=_HEADERS, media_type="text/javascript")

    return [
        *(Route(f"/account/{name}", page) for name in _PAGES),
        Route("/account/script.js", script),
    ]
