"""Who hears of a change: those whom it concerns and who may see it, want it, and did not do it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from sys import maxsize
from typing import Any, Final

from domain.preferences.state import TYPES
from domain.values.recorded import Recorded
from domain.watching.state import following
from domain.workspace.roles import IN_PROJECT_UNNAMED, role_in_project, team_roles
from domain.workspace.state import Membership
from projections.projection import Rows

from .bundles import Told, grown
from .rows import MemberRow, Naming, News, NotificationRow, PersonRow, ProjectRow, TaskRow

# Of those who only spoke about a task so many hear of it; the others are bounded by commands.
MOST_WHO_SPOKE: Final = 1_000

IMPORT: Final = "import"
AUDITOR: Final = "auditor"

_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def reads_of(workspace_id: str, users: Iterable[str]) -> Iterator[tuple[Any, ...]]:
    """The rows that say what some people may see and want to hear."""
    for user_id in users:
        yield ("members", workspace_id, user_id)
        yield ("people", user_id)


def concerned(news: News) -> Iterable[str]:
    """Everybody who may come to hear of a change of the task, as `watchers` or `those_at_work`."""
    return {news.creator_id, *news.assignee_ids, *news.chosen, *news.spoke}


def watchers(news: News) -> Iterable[str]:
    return following(news.creator_id, news.assignee_ids, news.chosen, news.spoke, (), maxsize)


def those_at_work(news: News) -> Iterable[str]:
    """The watchers, without those who only spoke."""
    return following(news.creator_id, news.assignee_ids, news.chosen, (), (), maxsize)


def tell(
    recorded: Recorded,
    rows: Rows,
    task: TaskRow,
    type_: str,
    people: Iterable[str],
    told: Mapping[str, Any],
    *,
    apart: bool = False,
) -> None:
    """Let those of these people hear of it who are to. What concerns each of them alone stands
    `apart` in bundles of their own. Puts the task's row where anybody hears of it."""
    news = task.news
    muted = news.muted
    audience = _audience(recorded, rows, task.project_id, type_, people)
    heard = [each for each in audience if each not in muted]
    if not heard:
        return
    at = recorded.stamp.recorded_at
    bundles = {about: each for about, each in news.bundles.items() if each.is_open(at)}
    groups = [(f"{type_} {each}", [each]) for each in heard] if apart else [(type_, heard)]
    about = {"key": news.key, "title": news.title}
    for name, users in groups:
        bundle = bundles[name] = grown(bundles.get(name), recorded, told)
        write = rows.add if bundle.position == recorded.position else rows.put
        to_all = Told(type_, task.workspace_id, task.project_id, task.task_id, about, bundle)
        for user_id in users:
            write(
                "notifications",
                NotificationRow(
                    notification_id=bundle.id_for(type_, user_id),
                    user_id=user_id,
                    workspace_id=task.workspace_id,
                    project_id=task.project_id,
                    task_id=task.task_id,
                    type=type_,
                    position=bundle.position,
                    last=recorded.position,
                    told=to_all,
                ),
            )
    news.bundles = bundles
    rows.put("tasks", task)


def tell_of_project(
    recorded: Recorded, rows: Rows, user_id: str, type_: str, told: Mapping[str, Any]
) -> None:
    """Let one person hear of what concerns them in a project; each time it is another one."""
    stamp = recorded.stamp
    for each in _audience(recorded, rows, stamp.stream, type_, (user_id,)):
        bundle = grown(None, recorded, told)
        rows.add(
            "notifications",
            NotificationRow(
                notification_id=bundle.id_for(type_, each),
                user_id=each,
                workspace_id=stamp.workspace_id,
                project_id=stamp.stream,
                task_id=None,
                type=type_,
                position=stamp.position,
                last=stamp.position,
                told=Told(
                    type_,
                    stamp.workspace_id,
                    stamp.stream,
                    None,
                    {"project_id": stamp.stream},
                    bundle,
                ),
            ),
        )


def _audience(
    recorded: Recorded, rows: Rows, project_id: str, type_: str, people: Iterable[str]
) -> list[str]:
    """Nobody hears of what is imported: it is long past. Nor of what is done in the archive."""
    assert type_ in TYPES
    stamp = recorded.stamp
    project: ProjectRow | None = rows.get("projects", project_id)
    if project is None or project.archived or recorded.origin.via == IMPORT:
        return []
    return [
        each
        for each in people
        if each != stamp.actor
        and _may_see(rows.get("members", stamp.workspace_id, each), project)
        and _wants(rows.get("people", each), type_)
    ]


def _may_see(member: MemberRow | None, project: ProjectRow) -> bool:
    """As `domain.workspace.roles.project_role`; auditors look on, and have no news."""
    if member is None or member.suspended or member.role == AUDITOR:
        return False
    unnamed = IN_PROJECT_UNNAMED.get(member.role)
    if unnamed is None:
        return False
    if unnamed[project.is_private] is not None:
        return True
    named = project.named
    teams = {each: _membership(named[each]) for each in member.team_ids if each in named}
    alone = named.get(member.user_id)
    role = role_in_project(
        _membership(Naming(member.role, member.joined)),
        None if alone is None else _membership(alone),
        project.is_private,
        team_roles(teams, member.team_ids),
    )
    return role is not None


def _membership(naming: Naming) -> Membership:
    return Membership(naming.role, _EVER, naming.position)


def _wants(person: PersonRow | None, type_: str) -> bool:
    return person is None or type_ not in person.off
