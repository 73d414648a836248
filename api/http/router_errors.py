"""What the router itself refuses: an unknown path, a method that a path does not have."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Match, Route

from api.http.call import Call
from api.http.problems import METHOD_NOT_ALLOWED, problem
from api.http.reply import Reply, header
from domain.errors import Kind


async def answer_http_exception(request: Request, error: HTTPException) -> Reply:
    """The problem that a Starlette exception stands for; 405 says what the path takes."""
    call: Call = request.scope["call"]
    if error.status_code == 405:
        return no_such_method(call, _methods_at(request))
    return no_such_resource(call)


def no_such_method(call: Call, methods: Iterable[str]) -> Reply:
    """`methods`: those that the path takes."""
    allowed = ", ".join(sorted(methods))
    call.code = METHOD_NOT_ALLOWED
    return problem(
        METHOD_NOT_ALLOWED,
        f"This resource takes {allowed}.",
        instance=call.path,
        request_id=call.request_id,
        headers=[header("allow", allowed)],
    )


def no_such_resource(call: Call) -> Reply:
    """The same, whether a path never was one or is hidden from whoever asks."""
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
