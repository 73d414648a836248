"""The OpenAPI document and its pages, which need nothing from any other server."""

from importlib.resources import files

import orjson
from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from api.http.reply import Reply
from api.openapi import document

_ASSETS = "/api/assets"
_DOCUMENT = "/api/openapi.json"


def documentation_routes(app: FastAPI) -> list[Route | Mount]:
    """The pages' scripts and styles come with the `fastapi-offline` package."""
    ready: list[bytes] = []

    async def openapi(_: Request) -> Reply:
        if not ready:
            ready.append(orjson.dumps(document(app)))
        return Reply(200, ready[0], [(b"cache-control", b"no-cache")])

    async def swagger(_: Request) -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url=_DOCUMENT,
            title="Taskledger API",
            swagger_js_url=f"{_ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{_ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{_ASSETS}/favicon.png",
        )

    async def redoc(_: Request) -> HTMLResponse:
        return get_redoc_html(
            openapi_url=_DOCUMENT,
            title="Taskledger API",
            redoc_js_url=f"{_ASSETS}/redoc.standalone.js",
            redoc_favicon_url=f"{_ASSETS}/favicon.png",
            with_google_fonts=False,
        )

    assets = StaticFiles(directory=str(files("fastapi_offline") / "static"))
    return [
        Route(_DOCUMENT, openapi),
        Route("/api/docs", swagger),
        Route("/docs", swagger),
        Route("/api/redoc", redoc),
        Mount(_ASSETS, assets),
    ]
