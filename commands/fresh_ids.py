"""The id of a stream that a command begins: made now, or by the client."""

from typing import Any

from commands.work import Work
from domain.aggregate import Aggregate
from domain.errors import Kind, Refused
from domain.values.ids import checked_id


async def fresh_id(
    work: Work, aggregate: Aggregate[Any], given: str | None, *, field: str, what: str
) -> str:
    """`given` is what the client made, which stands in `field` and is the id of nothing yet.

    Raises Invalid for what is no id of this kind, and Refused(ALREADY_EXISTS); `what` is what it
    would be the id of.
    """
    if given is None:
        return work.new_id(aggregate.kind)
    stream = checked_id(given, aggregate.kind, f"/{field}")
    if await work.load(aggregate, stream) is not None:
        raise Refused(Kind.ALREADY_EXISTS, f"There is a {what} with this id.", field=field)
    return stream
