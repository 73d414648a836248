"""Whom a comment mentions: those it names by id, and those whom its text calls by name."""

import re
from asyncio import gather
from collections.abc import Sequence
from typing import Final

from commands.people import require_in_project
from commands.work import Work
from domain.project.state import Project
from domain.values.ids import is_id
from domain.values.text import Text
from domain.values.text_rules import normal_username
from domain.workspace.roles import project_role
from domain.workspace.state import WORKSPACE

# A word after an @ that does not stand inside another word, such as an e-mail address.
_MENTION: Final = re.compile(r"(?<![\w@.])@([A-Za-z0-9_][A-Za-z0-9_.-]{2,39})")

# Names are looked up one by one; a text that has more of them than this mentions only the first.
_LOOKED_UP: Final = 20


async def mentioned_in(
    work: Work, project: Project, text: Text, named: Sequence[str]
) -> tuple[str, ...]:
    """Everybody whom the text or `named` (ids) mentions, each once.

    Invalid at the pointers of those in `named` who may not see the project. A name in the text
    that is nobody's, or of somebody who may not see it, is only text: the two look the same.
    """
    by_id = tuple(dict.fromkeys(named))
    require_in_project(work, project, ((each, f"/mentions/{at}") for at, each in enumerate(named)))
    everybody = tuple(dict.fromkeys((*by_id, *await called_in(work, project, text))))
    return everybody[: max(len(by_id), work.limits.mentions)]


async def called_in(work: Work, project: Project, text: Text) -> list[str]:
    """Whom the text calls as `@username` or `@user_...` and who may see the project."""
    if not isinstance(text, str) or "@" not in text:
        return []
    words = list(dict.fromkeys(match.rstrip(".-") for match in _MENTION.findall(text)))
    people = await gather(*(_person(word, work) for word in words[:_LOOKED_UP]))
    workspace = work.seen(WORKSPACE, project.workspace_id)
    return [
        user_id
        for user_id in people
        if user_id is not None and project_role(workspace, project, user_id) is not None
    ]


async def _person(word: str, work: Work) -> str | None:
    if is_id(word, "user"):
        return word
    return await work.claimed_by("username", normal_username(word))
