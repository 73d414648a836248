"""The product's own answers for the command line: its calls, asked in process as one user."""

from typing import Any, Final
from urllib.parse import urlencode

import orjson
from pydantic import ValidationError
from starlette.types import Scope

from api.app import ROUTERS
from api.http.batched import answer_alone
from api.http.call import Call, Caller, nothing_sent
from api.http.past import AsOf, moment_of
from api.http.route_table import RouteTable
from api.http.validation import problems_of
from domain.values.frozen import dataclass
from infra.bootstrap import House
from projections.past_moments import Moment

_SESSION: Final = "command line"


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is what stands in the answer's JSON; `position` what it shows of the log."""

    status: int
    body: Any
    position: int | None


class Door:
    """What one user may see of a running product, by the very routes that they have over HTTP."""

    def __init__(self, house: House, user_id: str) -> None:
        self.house = house
        self.user_id = user_id
        self._routes = RouteTable(route for router in ROUTERS for route in router.routes)

    async def get(self, path: str, **query: str | int | None) -> Answer:
        """What GET of a path under `/api/v1` answers; parameters that are None are left out."""
        asked = urlencode({name: value for name, value in query.items() if value is not None})
        call = self.call(f"/api/v1{path}", asked)
        reply = await answer_alone(call, self._routes)
        headers = dict(reply.headers)
        position = headers.get(b"x-log-position")
        return Answer(
            reply.status,
            orjson.loads(reply.body) if reply.body else None,
            None if position is None else int(position),
        )

    async def moment(self, as_of: str, clock: str | None = None) -> Moment:
        """The moment that `?as_of=` and `clock=` mean. Raises Invalid as `moment_of`."""
        try:
            asked = AsOf.model_validate({"as_of": as_of, "clock": clock})
        except ValidationError as error:
            raise problems_of(error) from None
        found = await moment_of(self.call(), asked)
        assert found is not None  # one was asked for
        return found

    def call(self, path: str = "/", query: str = "") -> Call:
        """A call of theirs, for what the doors do beside their routes."""
        token = self.house.access_tokens.issue(self.user_id, _SESSION)
        headers = [(b"authorization", b"Bearer " + token.encode())]
        scope: Scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
        }
        call = Call(self.house, scope, nothing_sent)
        scope["call"] = call
        call.caller = Caller(self.user_id, _SESSION)
        return call
