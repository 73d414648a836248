"""An event of the trail as JSON: what happened, and everything that is known of its origin."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from domain.values.recorded import Recorded
from domain.values.text import Erased, Text, readable
from infra.event_store.rows import StoredRow, moment
from infra.feed.shown import Actor, fields_of

_encode: Final = msgspec.json.Encoder().encode


class TrailEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`erased` names fields (`ip` and `reason` too) whose text was made unreadable for ever. Of an
    `unreadable` event nothing can be told but where it stands; `actor` is then null as well."""

    position: int
    workspace_id: str
    stream: str
    version: int
    type: str
    data: msgspec.Raw | None = None
    actor: Actor | None = None
    recorded_at: Any = None
    occurred_at: Any = None
    author: str | None = None
    authors: Mapping[str, str] | None = None
    ip: str | None = None
    via: str | None = None
    key_id: str | None = None
    command_id: str | None = None
    request_id: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    reason: str | None = None
    erased: tuple[str, ...] = ()
    unreadable: bool = False


def shown(row: StoredRow, recorded: Recorded | None, names: Mapping[str, bytes]) -> bytes:
    """`recorded` None: it does not hold what was once written. Nor can it be read where its type
    is one that only newer code knows."""
    if recorded is None or recorded.event is None:
        return _encode(
            TrailEvent(
                position=row.position,
                workspace_id=row.workspace_id,
                stream=row.stream,
                version=row.version,
                type=row.type,
                recorded_at=moment(row.recorded_at),
                unreadable=True,
            )
        )
    stamp, origin = recorded.stamp, recorded.origin
    values, erased = fields_of(recorded.event)
    beside: dict[str, Text | None] = {"ip": origin.ip, "reason": origin.reason}
    return _encode(
        TrailEvent(
            position=stamp.position,
            workspace_id=stamp.workspace_id,
            stream=stamp.stream,
            version=stamp.version,
            type=recorded.type,
            data=msgspec.Raw(_encode(values)),
            actor=Actor(stamp.actor, msgspec.Raw(names.get(stamp.actor, b"null"))),
            recorded_at=stamp.recorded_at,
            occurred_at=stamp.occurred_at,
            author=stamp.author,
            authors=stamp.authors,
            ip=readable(origin.ip),
            via=origin.via,
            key_id=origin.key_id,
            command_id=recorded.command_id,
            request_id=origin.request_id,
            correlation_id=origin.correlation_id,
            causation_id=origin.causation_id,
            reason=readable(origin.reason),
            erased=(
                *erased,
                *(name for name, text in beside.items() if isinstance(text, Erased)),
            ),
        )
    )
