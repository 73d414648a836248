"""Commands from a request into the log, and what every answer to a change carries."""

from collections.abc import Sequence
from typing import Any

from api.http.bodies import Body
from api.http.call import Call
from api.http.etags import etag, parse_if_match
from api.http.once import REPLAYED, once
from api.http.positions import position_headers
from api.http.reply import Header, Reply, no_content
from commands.execution import Outcome
from domain.errors import Kind, Refused
from domain.values.recorded import Origin


async def execute(
    call: Call,
    commands: Sequence[Any],
    *,
    body: Body | None = None,
    match: str | None = None,
    origin: Origin | None = None,
) -> Outcome:
    """Run commands as one commit, once for each Idempotency-Key.

    `match` is the stream whose version an If-Match is about. Raises Refused.
    """
    metrics = call.house.metrics
    name = type(commands[0]).__name__
    try:
        if call.together is not None:
            outcome = await call.together.join(commands)
        else:
            outcome = await _execute(call, commands, body, match, origin or call.origin())
    except Refused as refused:
        metrics.command_done(name, refused.kind)
        raise
    call.recorded = outcome.position
    if outcome.changed:
        call.changes.append((outcome.workspace_id, outcome.position))
    done = "done" if outcome.changed else "replayed" if outcome.replayed else "nothing"
    metrics.command_done(name, done)
    return outcome


async def _execute(
    call: Call, commands: Sequence[Any], body: Body | None, match: str | None, origin: Origin
) -> Outcome:
    given = once(call, body)
    key, digest = (None, None) if given is None else (given.key, given.digest)
    wanted = None if match is None else parse_if_match(call.headers.get(b"if-match"))
    run = call.house.executor.execute
    if match is None or wanted is None or wanted.any:
        return await run(commands, origin, idempotency_key=key, digest=digest)
    # Of several tags the one that fits counts; which that is, only the refusal tells.
    version = next(iter(wanted.versions), 0)
    try:
        return await run(
            commands, origin, idempotency_key=key, digest=digest, if_match=(match, version)
        )
    except Refused as refused:
        if refused.kind is not Kind.VERSION_STALE:
            raise
        current: int = refused.fields["current_version"]
        if not wanted.allows(current):
            raise
        return await run(
            commands, origin, idempotency_key=key, digest=digest, if_match=(match, current)
        )


async def done(
    call: Call, command: Any, *, body: Body | None = None, match: str | None = None
) -> Reply:
    """The answer to a change that has nothing to show, after it. Raises as `execute`."""
    outcome = await execute(call, [command], body=body, match=match)
    return no_content(changed_headers(call, outcome))


def changed_headers(call: Call, outcome: Outcome) -> list[Header]:
    """Where a change stands in the log, and whether this is its first answer again."""
    headers = position_headers(call, outcome.position)
    if outcome.replayed:
        headers.append(REPLAYED)
    return headers


def changed(
    call: Call,
    outcome: Outcome,
    doc: bytes,
    version: int,
    *,
    status: int = 200,
    location: str | None = None,
) -> Reply:
    """The answer to a change: the resource as it is after it."""
    headers = [etag(version, doc), *changed_headers(call, outcome)]
    if location is not None:
        headers.append((b"location", location.encode("ascii")))
    return Reply(status, doc, headers)
