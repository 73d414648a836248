"""The FastAPI application: every route, and the manners that they share."""

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from api.http.manners import Manners
from api.http.route_table import RouteTable
from api.http.router_errors import answer_http_exception
from api.openapi import document
from api.routes import (
    activity,
    api_keys,
    audit,
    audit_exports,
    batch,
    boards,
    bulk,
    comment_history,
    comments,
    dependencies,
    erasures,
    events,
    favourites,
    handover,
    history,
    holds,
    invitations,
    jobs,
    labels,
    log_in,
    notifications,
    operations,
    own_account,
    own_data,
    people,
    project_members,
    project_settings,
    projects,
    proofs,
    recurrences,
    reviews,
    search,
    sign_on,
    stats,
    subtasks,
    tasks,
    teams,
    templates,
    transitions,
    undo,
    views,
    watching,
    workspaces,
)
from api.routes.account_pages import account_pages
from api.routes.documentation import documentation_routes
from api.routes.proofs import published
from infra.bootstrap import House

_EXPOSED: Final = (
    "ETag",
    "Link",
    "Location",
    "Retry-After",
    "RateLimit",
    "RateLimit-Policy",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Log-Position",
    "X-Log-Id",
    "X-Stale-Streams",
    "X-Search-Backend",
    "X-Request-Id",
    "Idempotency-Replayed",
)


ROUTERS: Final = (
    tasks.router,
    subtasks.router,
    search.router,
    transitions.router,
    recurrences.router,
    templates.router,
    views.router,
    comments.router,
    comment_history.router,
    watching.router,
    favourites.router,
    notifications.router,
    labels.router,
    dependencies.router,
    projects.router,
    project_members.router,
    project_settings.router,
    boards.router,
    undo.router,
    stats.router,
    activity.router,
    events.router,
    audit.router,
    proofs.router,
    reviews.router,
    batch.router,
    bulk.router,
    jobs.router,
    audit_exports.router,
    history.router,
    workspaces.router,
    teams.router,
    people.router,
    log_in.router,
    api_keys.router,
    own_account.router,
    own_data.router,
    sign_on.router,
    invitations.router,
    handover.router,
    erasures.router,
    holds.router,
    operations.router,
)


class Application(FastAPI):
    """FastAPI without the layers that none of our routes needs: errors are answered by `Manners`
    and by the routes themselves, and nothing is left to be closed after an answer."""

    def build_middleware_stack(self) -> ASGIApp:
        # A reply of ours is called as Starlette's responses are, but is none of them.
        handlers: dict[Any, Any] = {**self.exception_handlers, HTTPException: answer_http_exception}
        app: ASGIApp = ExceptionMiddleware(self.router, handlers=handlers)
        for middleware, args, options in reversed(self.user_middleware):
            app = middleware(app, *args, **options)
        return app

    # FastAPI's own asks with each request whether somebody wants its telemetry: nobody does.
    __call__ = Starlette.__call__

    def openapi(self) -> dict[str, Any]:
        return document(self)


def create_app(house: House) -> FastAPI:
    """The whole HTTP door over the parts of one process."""
    app = Application(
        title="Taskledger",
        version=version("taskledger"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.house = house
    for router in ROUTERS:
        # Not included but taken over: an included router would match each of its routes twice.
        app.router.routes.extend(router.routes)
    app.router.routes.extend(documentation_routes(app))
    app.router.routes.extend(account_pages())
    app.router.routes.extend(published(house))
    app.state.routes = RouteTable(app.routes)
    app.add_middleware(Manners, house=house, routes=app.state.routes)
    if house.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(house.settings.cors_origins),
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["*"],
            expose_headers=list(_EXPOSED),
            max_age=3_600,
            # For the one cookie there is: that of a sign-on, which is of use with its code alone.
            allow_credentials=house.sign_on is not None and "*" not in house.settings.cors_origins,
        )
    return app
