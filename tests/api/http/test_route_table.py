"""The table finds what the patterns of the routes would find."""

import pytest
from fastapi import APIRouter

from api.app import ROUTERS
from api.http.call import CallHere
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.route_table import RouteTable

_ROUTES = [route for router in ROUTERS for route in router.routes]


def test_every_route_is_found_by_its_own_path() -> None:
    table = RouteTable(_ROUTES)
    for route in _ROUTES:
        assert isinstance(route, DirectRoute)
        values = {name: f"<{name}>" for name in route.in_path}
        path = route.path.format(**values)
        for method in route.methods or ():
            assert table.find(method, path) == (route, values)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/nothing"),
        ("GET", "/api/v1/tasks//comments"),
        ("GET", "/api/v1/tasks/WEB-1/comments/2/3"),
        ("DELETE", "/api/v1/tasks"),
        ("GET", "api/v1/tasks"),
        ("GET", ""),
    ],
)
def test_what_is_no_route_is_not_found(method: str, path: str) -> None:
    assert RouteTable(_ROUTES).find(method, path) is None


def test_head_asks_for_what_get_answers() -> None:
    table = RouteTable(_ROUTES)
    assert table.find("HEAD", "/api/v1/tasks/WEB-1") == table.find("GET", "/api/v1/tasks/WEB-1")


def _router() -> APIRouter:
    router = APIRouter(route_class=DirectRoute)

    async def named(call: CallHere) -> Reply:
        return Reply(200)

    async def any_of(call: CallHere, task_id: str) -> Reply:
        return Reply(200)

    router.add_api_route("/tasks/{task_id}", any_of, methods=["GET", "PATCH"])
    router.add_api_route("/tasks/trash", named, methods=["GET"])
    return router


def test_a_named_segment_goes_first_but_only_for_its_own_methods() -> None:
    router = _router()
    any_of, named = router.routes
    table = RouteTable(router.routes)
    assert table.find("GET", "/tasks/trash") == (named, {})
    assert table.find("GET", "/tasks/WEB-1") == (any_of, {"task_id": "WEB-1"})
    assert table.find("PATCH", "/tasks/trash") == (any_of, {"task_id": "trash"})


def test_a_route_that_stands_twice_is_refused() -> None:
    router = _router()
    with pytest.raises(ValueError, match="twice"):
        RouteTable([*router.routes, *router.routes])
