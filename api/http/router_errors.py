"""What the router itself refuses: an unknown path, a method that a path does not have."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Match, Route

from api.http.call import Call
from api.http.problems import METHOD_NOT_ALLOWED, problem
from api.http.reply import Reply, header
from domain.errors import Kind


async def answer_http_exception(request: Request, error: Exception) -> Reply:
    """The problem that a Starlette exception stands for; 405 says what the path takes."""
    assert isinstance(error, HTTPException)
    call: Call = request.scope["call"]
    if error.status_code == 405:
        allowed = ", ".join(sorted(_methods_at(request)))
        call.code = METHOD_NOT_ALLOWED
        return problem(
            METHOD_NOT_ALLOWED,
            f"This resource takes {allowed}.",
            instance=call.path,
            request_id=call.request_id,
            headers=[header("allow", allowed)],
        )
    call.code = Kind.NOT_FOUND
    return problem(
        Kind.NOT_FOUND,
        "There is no such resource, or you may not see it.",
        instance=call.path,
        request_id=call.request_id,
    )


def _methods_at(request: Request) -> set[str]:
    app: Starlette = request.scope["app"]
    methods = {
        method
        for route in app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    return methods | {"HEAD"} if "GET" in methods else methods
