"""RFC 9457: every error as `application/problem+json`, by one table from code to status."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson

from api.http.reply import Header, Reply, header
from domain.errors import Invalid, Kind, Problem, Refused

MEDIA: Final = b"application/problem+json"

METHOD_NOT_ALLOWED: Final = "method-not-allowed"
BODY_TOO_LARGE: Final = "body-too-large"
UNSUPPORTED_MEDIA_TYPE: Final = "unsupported-media-type"
INTERNAL: Final = "internal"

# code -> (status, title). The titles never change with the occurrence (RFC 9457, 3.1.3).
TABLE: Final[Mapping[str, tuple[int, str]]] = {
    Kind.UNAUTHENTICATED: (401, "Not logged in"),
    Kind.SECOND_FACTOR_REQUIRED: (401, "Second factor required"),
    Kind.EMAIL_NOT_VERIFIED: (403, "E-mail address not verified"),
    Kind.FORBIDDEN: (403, "Not allowed"),
    Kind.NOT_FOUND: (404, "Not found"),
    METHOD_NOT_ALLOWED: (405, "Method not allowed"),
    Kind.CONFLICT: (409, "Changed at the same time"),
    Kind.TRANSITION_NOT_ALLOWED: (409, "Move not allowed"),
    Kind.GUARD_REFUSED: (409, "Guard refused"),
    Kind.BLOCKED_BY_UNFINISHED: (409, "Blocked by unfinished tasks"),
    Kind.PARENT_CYCLE: (409, "A task below itself"),
    Kind.DEPENDENCY_CYCLE: (409, "Dependencies in a ring"),
    Kind.ALREADY_EXISTS: (409, "Already exists"),
    Kind.NOT_RESTORABLE: (409, "Cannot be restored"),
    Kind.NOT_UNDOABLE: (409, "Cannot be undone"),
    Kind.KEY_AMBIGUOUS: (409, "Key is ambiguous"),
    Kind.LEGAL_HOLD: (409, "Legal hold"),
    Kind.LAST_OWNER: (409, "Last owner"),
    Kind.STATUS_IN_USE: (409, "Status in use"),
    Kind.WIP_LIMIT_REACHED: (409, "Limit of work in progress reached"),
    Kind.TRASHED: (409, "In the trash"),
    Kind.NOT_TRASHED: (409, "Not in the trash"),
    Kind.ARCHIVED: (409, "Archived"),
    Kind.IDEMPOTENCY_IN_PROGRESS: (409, "First request still running"),
    Kind.VERSION_STALE: (412, "Version is stale"),
    BODY_TOO_LARGE: (413, "Body too large"),
    UNSUPPORTED_MEDIA_TYPE: (415, "Unsupported media type"),
    Kind.VALIDATION_FAILED: (422, "Validation failed"),
    Kind.IDEMPOTENCY_KEY_REUSED: (422, "Idempotency key reused"),
    Kind.RATE_LIMITED: (429, "Too many requests"),
    INTERNAL: (500, "Internal error"),
    Kind.VIEW_BEHIND: (503, "View is behind"),
    Kind.OVERLOADED: (503, "Overloaded"),
    Kind.DEPENDENCY_DOWN: (503, "A part is down"),
}

# Seconds after which a retry is worth it, where the refusal itself does not say.
RETRY_AFTER: Final[Mapping[str, int]] = {
    Kind.IDEMPOTENCY_IN_PROGRESS: 1,
    Kind.RATE_LIMITED: 1,
    Kind.VIEW_BEHIND: 1,
    Kind.OVERLOADED: 1,
    Kind.DEPENDENCY_DOWN: 5,
}

_OWN_MEMBERS: Final = frozenset(
    ("type", "title", "status", "detail", "instance", "code", "request_id", "errors", "retry_after")
)


class DoorRefused(Refused):
    """A refusal that only HTTP knows: a method, a media type, a body's size."""

    def __init__(self, code: str, detail: str, *headers: Header) -> None:
        super().__init__(Kind.VALIDATION_FAILED, detail)
        self.code = code
        self.headers = headers


def code_of(error: Refused) -> str:
    """The stable code that the answer to this refusal carries."""
    return error.code if isinstance(error, DoorRefused) else error.kind


def refusal(error: Refused, *, instance: str, request_id: str) -> Reply:
    """The answer to a refusal. `retry_after` among its fields (seconds) becomes a header."""
    headers = list(error.headers) if isinstance(error, DoorRefused) else []
    return problem(
        code_of(error),
        error.detail,
        instance=instance,
        request_id=request_id,
        errors=error.problems if isinstance(error, Invalid) else (),
        fields=error.fields,
        headers=headers,
    )


def type_of(code: str) -> str:
    """The URI that names a kind of problem (RFC 9457, 3.1.1)."""
    return f"urn:taskledger:problem:{code}"


def problem(
    code: str,
    detail: str | None,
    *,
    instance: str,
    request_id: str,
    errors: Sequence[Problem] = (),
    fields: Mapping[str, Any] | None = None,
    headers: Sequence[Header] = (),
) -> Reply:
    """Build a problem answer; `code` stands in the table above."""
    status, title = TABLE[code]
    fields = fields or {}
    body: dict[str, Any] = {
        "type": type_of(code),
        "title": title,
        "status": status,
        "instance": instance,
        "code": code,
        "request_id": request_id,
    }
    if detail is not None:
        body["detail"] = detail
    if errors:
        body["errors"] = [
            {"pointer": each.pointer, "code": each.code, "detail": each.detail} for each in errors
        ]
    body.update((name, value) for name, value in fields.items() if name not in _OWN_MEMBERS)
    sent = list(headers)
    retry_after = fields.get("retry_after", RETRY_AFTER.get(code))
    if retry_after is not None:
        sent.append(header("retry-after", retry_after))
    if status == HTTPStatus.UNAUTHORIZED:
        sent.append((b"www-authenticate", b'Bearer realm="taskledger"'))
    return Reply(status, orjson.dumps(body, default=str), sent, MEDIA)
