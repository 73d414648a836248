"""`Idempotency-Key` of calls that are no commands: their first answers are kept beside the log."""

from collections.abc import Awaitable, Callable

from api.http.bodies import Body
from api.http.call import Call
from api.http.once import REPLAYED, once
from api.http.reply import JSON, Reply
from infra.people.kept_answers import KeptAnswer


async def kept(call: Call, body: Body | None, run: Callable[[], Awaitable[Reply]]) -> Reply:
    """What `run` answers, once for each key. Raises as `KeptAnswers.begin`, and as `run`."""
    given = once(call, body)
    if given is None:
        return await run()
    answers = call.house.kept_answers
    slot = answers.slot(call.user_id, given.key, given.digest)
    first = await answers.begin(slot, call.user_id, given.digest)
    if first is not None:
        headers = [*first.headers, REPLAYED]
        return Reply(first.status, first.body, headers, JSON if first.body else None)
    try:
        reply = await run()
    except BaseException:
        await answers.drop(slot)
        raise
    said = reply.body if reply.kept is None else reply.kept
    await answers.keep(slot, KeptAnswer(reply.status, said, reply.headers))
    return reply
