"""People whom a request names: who they are, and whether they may see what it is about."""

from collections.abc import Iterable

from commands.work import Work
from domain.errors import Invalid, Problem, invalid
from domain.project.state import Project
from domain.user.state import USER
from domain.values.text_rules import normal_email
from domain.workspace.roles import project_role
from domain.workspace.state import WORKSPACE


async def person_named(work: Work, user_id: str | None, email: str | None) -> tuple[str, str]:
    """The id that a request gives, or that holds the exact address that it gives; and the
    pointer of which of the two it was. Whether the id is anybody's is not looked up."""
    if (user_id is None) == (email is None):
        raise invalid("/user_id", "Give either user_id or email.")
    if user_id is not None:
        return user_id, "/user_id"
    assert email is not None  # one of the two is given
    found = await work.claimed_by("email", normal_email(email))
    if found is None:
        raise invalid("/email", "No account has this address.", "unknown")
    return found, "/email"


def require_in_project(work: Work, project: Project, named: Iterable[tuple[str, str]]) -> None:
    """All of these (user id, pointer) may see the project; Invalid at the pointers of those who
    may not, which is also what an unknown id gets."""
    workspace = work.seen(WORKSPACE, project.workspace_id)
    problems = [
        Problem(pointer, "unknown", "There is nobody with this id who may see the project.")
        for user_id, pointer in named
        if project_role(workspace, project, user_id) is None
    ]
    if problems:
        raise Invalid(*problems)


async def time_zone_of(work: Work) -> str:
    """The zone in which the caller's days begin and end."""
    user = await work.load(USER, work.actor)
    return "UTC" if user is None else user.time_zone
