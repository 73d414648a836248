"""Search: tasks by what is written in them, with what of it was met."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from msgspec import Struct

from api.http.call import Call, CallHere
from api.http.describe import BACKEND_HEADER, read
from api.http.labels import with_labels_called
from api.http.names import with_names
from api.http.paging import page_reply
from api.http.references import after_task
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.query.field_query import PARAMETER
from api.routes.answers import Page, encode
from api.routes.search_query import BY_RELEVANCE, SearchQuery
from api.routes.task_listing import in_workspace
from domain.values.evolved import evolved
from projections.questions import Scope
from projections.search import SEARCH_VIEW
from projections.search_query import AskedText, asked_text
from projections.search_questions import Searched, TaskFound
from projections.task_answers import TaskAnswer

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Tasks"])


class Highlights(Struct, frozen=True):
    """HTML: what was met stands within `<em>`, all else is escaped. Of the comments the newest
    three that were met."""

    title: str | None
    description: str | None
    comments: tuple[str, ...]


class FoundTask(TaskAnswer, frozen=True, kw_only=True, gc=False):
    """`highlight` is the best of the `highlights`. All three are null, or empty, where no text was
    looked for, and where only a key or a label was met."""

    score: float | None
    highlight: str | None
    highlights: Highlights


class FoundPage(Page, kw_only=True):
    """`total` is exact up to 10,000 (`total_is_exact`). `truncated`: more tasks than that meet the
    text, of which only 2,000 were looked at, those that changed last or the best. `page`: null
    where a cursor says where to go on."""

    tasks: list[FoundTask]
    total: int
    total_is_exact: bool
    page: int | None
    truncated: bool


_OPTIONS = read(FoundPage, is_list=True, has_path=False, beside=(PARAMETER,), shows=BACKEND_HEADER)
_raws = msgspec.json.Decoder(list[msgspec.Raw]).decode


@router.get("/search", summary="Search tasks", **_OPTIONS)
async def search(call: CallHere, query: Annotated[SearchQuery, Query()]) -> Reply:
    return await _search(call, query)


@router.get("/tasks/search", summary="Search tasks, like GET /search", **_OPTIONS)
async def search_tasks(call: CallHere, query: Annotated[SearchQuery, Query()]) -> Reply:
    return await _search(call, query)


async def _search(call: Call, query: SearchQuery) -> Reply:
    house, position = call.house, call.position
    tasks = await in_workspace(call, query)
    if position is not None:
        await tasks.others_reached(call, position)
    text = _text(tasks.asked.q, house.settings.max_search_words)
    if text is not None:
        text = await with_labels_called(call, text, tasks.workspaces, position)
    asked = evolved(tasks.asked, q=None)
    sort = None if tasks.order is BY_RELEVANCE and text is not None else tasks.order
    page = await after_task(call, query.asked())

    async def ask(scope: Scope) -> Searched:
        return await house.waiter.at_least(
            SEARCH_VIEW,
            position,
            lambda: house.search.page(scope, text, asked, sort, page, position),
        )

    found = await call.access.within(call.caller.user_id, tasks.workspaces, ask)
    docs = await with_names(call, _with_findings(found.listing.docs, found.found), position)
    beside = {
        "page": None if query.cursor or query.last_id else page.skip // page.limit + 1,
        "truncated": not found.whole,
    }
    reply = page_reply(call, "tasks", found.listing, docs, beside)
    reply.headers.append((b"x-search-backend", found.backend.encode()))
    return reply


def _text(q: str | None, most_words: int) -> AskedText | None:
    """None where no text is looked for."""
    return None if q is None or not q.strip() else asked_text(q, most_words)


def _with_findings(docs: bytes, found: Sequence[TaskFound]) -> bytes:
    """The tasks' answers, each with what the search says of it."""
    return b",".join(
        [
            b'%b,"score":%b,"highlight":%b,"highlights":%b}'
            % (
                bytes(raw)[:-1],
                encode(None if said.score is None else round(said.score, 4)),
                encode(said.highlight),
                encode(Highlights(said.title, said.description, said.comments)),
            )
            for raw, said in zip(_raws(b"[%b]" % docs), found, strict=True)
        ]
    )
