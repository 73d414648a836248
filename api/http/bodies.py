"""Request bodies: strict JSON into a model, and the system's own fields taken back politely."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from api.http.call import Call
from api.http.problems import UNSUPPORTED_MEDIA_TYPE, DoorRefused
from api.http.validation import problems_of
from domain.errors import Invalid, Problem, invalid
from domain.values.moment import moment

if TYPE_CHECKING:
    from infra.settings import Settings

_JSON: Final = re.compile(rb"\s*application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.IGNORECASE)


class Body(BaseModel):
    """A request's body. Unknown fields are refused and named.

    `derived` fields are the system's and may be sent back: they are ignored. `identity` fields
    may be sent back as they are: `require_unchanged` says whether they were.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    derived: ClassVar[frozenset[str]] = frozenset()
    identity: ClassVar[frozenset[str]] = frozenset()
    secret: ClassVar[frozenset[str]] = frozenset()
    # Whether a call may come without a body, which then means an empty object.
    may_be_left_out: ClassVar[bool] = False

    # Slots, since pydantic's own private attributes cost more than many a body's validation.
    __slots__ = ("_raw", "_sent_back")
    if TYPE_CHECKING:
        _raw: dict[str, Any]
        _sent_back: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _without_derived(cls, value: Any) -> Any:
        if isinstance(value, dict) and not cls.derived.isdisjoint(value):
            return {name: each for name, each in value.items() if name not in cls.derived}
        return value

    @classmethod
    def most_bytes(cls, settings: "Settings") -> int:
        """How large it may be as it is sent."""
        return settings.max_body_bytes

    def gives(self, name: str) -> bool:
        """Whether the client named this field, be it with null."""
        return name in self.model_fields_set

    def as_sent(self) -> dict[str, Any]:
        """What makes two requests the same: all that was sent but secrets."""
        return {name: value for name, value in self._raw.items() if name not in self.secret}

    @property
    def sent_back(self) -> dict[str, Any]:
        """The identity fields that came back."""
        return self._sent_back


B = TypeVar("B", bound=Body)


async def read_body(call: Call, model: type[B]) -> B:
    """The validated body. Raises Refused for 413 and 415, Invalid with every problem for 422."""
    media = call.headers.get(b"content-type")
    if media is not None and not _JSON.fullmatch(media):
        raise DoorRefused(
            UNSUPPORTED_MEDIA_TYPE,
            "The body is JSON: send Content-Type: application/json.",
            (b"accept", b"application/json"),
        )
    most = model.most_bytes(call.house.settings)
    return parse_body(model, await call.json(most, may_be_left_out=model.may_be_left_out))


def parse_body(model: type[B], value: Any) -> B:
    """Validate a decoded body."""
    if not isinstance(value, dict):
        raise invalid("", "The body is a JSON object.", "malformed")
    accepted: dict[str, Any] = value
    sent_back: dict[str, Any] = {}
    if not model.identity.isdisjoint(value):
        accepted = dict(value)
        sent_back = {name: accepted.pop(name) for name in model.identity if name in accepted}
    try:
        body = model.model_validate(accepted)
    except ValidationError as error:
        raise problems_of(error) from None
    object.__setattr__(body, "_sent_back", sent_back)
    object.__setattr__(body, "_raw", value)
    return body


def require_unchanged(
    sent_back: Mapping[str, Any],
    present: Mapping[str, Any],
    instead: Mapping[str, str] | None = None,
) -> None:
    """Raises Invalid for every identity field that came back with another value, and for a time
    that is none; one and the same may be written in several ways. `instead` says of some of them
    what else does it."""
    told = instead or {}
    changed = [
        Problem(
            f"/{name}",
            "read-only",
            told.get(name, f"{name} is the system's own and cannot be changed."),
        )
        for name, value in sent_back.items()
        if _meant(name, value, present[name]) != present[name]
    ]
    if changed:
        raise Invalid(*changed)


def _meant(name: str, value: Any, present: Any) -> Any:
    is_time = isinstance(present, datetime) and isinstance(value, str)
    return moment(value, f"/{name}") if is_time else value
