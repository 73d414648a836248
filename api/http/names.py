"""People's names into answers that name them by id."""

import orjson

from api.http.call import Call
from domain.user.state import USER
from domain.values.text import readable
from projections.people import fill_names, names_needed


async def with_names(call: Call, doc: bytes, position: int | None = None) -> bytes:
    """The answer with everybody's name; `position` is what the reader has written itself.

    Whom the directory does not know yet is asked of the log.
    """
    wanted = names_needed(doc)
    if not wanted:
        return doc
    names = await call.house.directory.names(wanted, position)
    missing = wanted - names.keys()
    if missing:
        names = {**names, **{each: await _from_log(call, each) for each in missing}}
    return fill_names(doc, names)


async def _from_log(call: Call, user_id: str) -> bytes:
    user = await call.house.access.newest(USER, user_id)
    return orjson.dumps(None if user is None else readable(user.name))
