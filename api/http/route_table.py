"""Which call a method and a path name, found segment by segment.

Trying one pattern after the other costs more than many a call itself does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from starlette.routing import BaseRoute

from api.http.route import DirectRoute


@dataclass(slots=True)
class _Place:
    """Where a path has come to: `named` segments go on from here, or any `other` one."""

    named: dict[str, "_Place"] = field(default_factory=dict)
    other: "_Place | None" = None
    routes: dict[str, DirectRoute] = field(default_factory=dict)


class RouteTable:
    """Of two paths that fit, the one that names a segment goes before one that takes any."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        """Routes that are not direct are left to the application's own router."""
        self._root = _Place()
        self._methods: set[str] = set()
        for route in routes:
            if isinstance(route, DirectRoute):
                self._add(route)

    def find(self, method: str, path: str) -> tuple[DirectRoute, dict[str, str]] | None:
        """The route and the values of its path; HEAD asks for what GET would answer."""
        found = _find(self._root, path.split("/"), "GET" if method == "HEAD" else method)
        if found is None:
            return None
        route, values = found
        return route, dict(zip(route.in_path, values, strict=True))

    def methods(self, path: str) -> set[str]:
        """What a path may be asked with; nothing where there is no such path."""
        return {method for method in self._methods if self.find(method, path) is not None}

    def _add(self, route: DirectRoute) -> None:
        place = self._root
        for segment in route.path.split("/"):
            if segment.startswith("{"):
                place.other = place.other or _Place()
                place = place.other
            else:
                place = place.named.setdefault(segment, _Place())
        for method in route.methods or ():
            if method in place.routes:
                raise ValueError(f"{method} {route.path} stands twice in the table of routes")
            place.routes[method] = route
            self._methods.add(method)


def _find(
    place: _Place, segments: Sequence[str], method: str
) -> tuple[DirectRoute, list[str]] | None:
    """The route and the values of its path, in order."""
    at = 0
    values: list[str] = []
    # Where a segment that is named could have been any: come back to, the last first.
    passed: list[tuple[_Place, int, list[str]]] = []
    while True:
        onward = None
        if at == len(segments):
            route = place.routes.get(method)
            if route is not None:
                return route, values
        else:
            segment = segments[at]
            at += 1
            onward = place.named.get(segment)
            if place.other is not None and segment:
                if onward is None:
                    onward = place.other
                    values.append(segment)
                else:
                    passed.append((place.other, at, [*values, segment]))
        if onward is not None:
            place = onward
        elif passed:
            place, at, values = passed.pop()
        else:
            return None
