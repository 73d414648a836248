"""What a command asks the log to append: whole or not at all."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from domain.values.frozen import dataclass
from domain.values.recorded import Origin


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event to append to `stream`.

    `draws` names a gapless sequence whose next value is put into the event's envelope.
    `touches` are the guards whose position this event moves.
    `author` owns the content key that seals its free text (default: the commit's actor), and
    `authors` names those of single fields that another person wrote, such as `was`;
    `subject` owns the identity key that seals who a person is (default: the author).
    """

    workspace_id: str
    stream: str
    event: Any
    draws: str | None = None
    touches: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    author: str | None = None
    subject: str | None = None
    authors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """`value` is unique within `scope`; only its HMAC is stored. `field` names it in a refusal.

    `owner` is the stream that holds it. `holding` False gives it back.
    """

    scope: str
    value: str
    field: str
    owner: str
    holding: bool = True


@dataclass(frozen=True, slots=True)
class Commit:
    """`command_id`: 16 bytes. `expected`: stream -> version that it must still have, for every
    stream that is written and every one that was only read. `guards`: guard -> position; refused
    if the guard was touched later. `main_stream` is the resource that the answer shows.
    `request_digest`: HMAC of the request, to tell a retry from a reused key; None when unkeyed.
    """

    command_id: bytes
    workspace_id: str
    main_stream: str
    origin: Origin
    events: tuple[NewEvent, ...] = ()
    expected: Mapping[str, int] = field(default_factory=dict)
    guards: Mapping[str, int] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    request_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the log did. `position` is that of the last event (for an empty commit: the head).

    `numbers` has one entry an event: what it drew, or None. `replayed` says that this command
    was in the log already; then `numbers` is empty and `main_version` tells how far to fold
    `main_stream` to give the first answer again.
    """

    position: int
    recorded_at: datetime
    main_stream: str
    main_version: int
    numbers: tuple[int | None, ...] = ()
    replayed: bool = False
