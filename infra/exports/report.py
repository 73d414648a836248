"""A report of a period: who did what, and what those who watch look for, out of a trail."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from commands.states import States
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.values.text import shown
from infra.exports.trail_walk import TrailEvent

MOST_LISTED: Final = 1_000
_READ_AT_ONCE: Final = 500

ProjectsOf = Callable[[Sequence[tuple[str, int]]], Awaitable[Mapping[int, str]]]
"""As `infra.exports.whereabouts.Whereabouts.before`, of one workspace."""

_ROLES: Final = frozenset(
    {
        "WorkspaceMemberAdded",
        "WorkspaceMemberRoleChanged",
        "WorkspaceMemberRemoved",
        "WorkspaceMemberSuspended",
        "WorkspaceMemberReactivated",
        "WorkspaceTransferred",
        "WorkspaceInvitationAccepted",
        "ServiceAccountAdded",
        "TeamMemberAdded",
        "TeamMemberRemoved",
        "ProjectMemberAdded",
        "ProjectMemberRoleChanged",
        "ProjectMemberRemoved",
        "ProjectTeamAdded",
        "ProjectTeamRoleChanged",
        "ProjectTeamRemoved",
        "ProjectOwnerChanged",
    }
)
_LOG_INS: Final = frozenset({"LogInsFailed", "CommandsRefused"})
_READINGS: Final = frozenset({"TrailRead", "TrailExported"})
# What everybody does all day; whatever else there is, is a privileged act.
_DAILY: Final = frozenset(
    {
        "task", "cmt", "graph", "rct", "rec", "due", "labels", "tmpl", "view", "inbox", "prefs",
        "favs", "watch",
    }
)  # fmt: skip
_MAKING: Final = frozenset({"ProjectCreated", "ProjectRenamed", "ProjectDescribed"})


@dataclass(frozen=True, slots=True)
class Act:
    """One event as a line: `who` with their id, for names are nobody's alone, `what` its type,
    `about` the stream, `said` its content in short."""

    position: int
    at: str
    who: str
    what: str
    about: str
    said: str
    reason: str | None


@dataclass(slots=True)
class Acts:
    """The first thousand of `count`."""

    count: int = 0
    listed: list[Act] = field(default_factory=list)

    def add(self, act: Act) -> None:
        self.count += 1
        if len(self.listed) < MOST_LISTED:
            self.listed.append(act)


@dataclass(frozen=True, slots=True)
class Group:
    """All that one person did, or that was done in one project: type -> how often. A person's
    `name` has their id in it."""

    name: str
    count: int
    kinds: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """`asked` is what was asked for, by the names of the trail's filters, `upto` the position that
    the log had then, `note` a signed checkpoint that covers that."""

    workspace: str
    workspace_id: str
    log_id: str
    asked: Mapping[str, str]
    upto: int
    note: str
    events: int
    first: str | None
    last: str | None
    people: tuple[Group, ...]
    projects: tuple[Group, ...]
    sections: tuple[tuple[str, Acts], ...]


@dataclass(frozen=True, slots=True)
class About:
    """What a report is of."""

    workspace: str
    workspace_id: str
    log_id: str
    asked: Mapping[str, str]
    upto: int
    note: str


async def report(
    about: About,
    events: AsyncIterator[TrailEvent],
    projects_of: ProjectsOf,
    states: States,
) -> Report:
    """The same for the same trail and checkpoint. In memory are counts by person and project, and
    a thousand acts of each kind."""
    made = _Making(projects_of)
    batch: list[TrailEvent] = []
    async for event in events:
        batch.append(event)
        if len(batch) == _READ_AT_ONCE:
            await made.take(batch)
            batch.clear()
    await made.take(batch)
    return made.done(about, await _project_names(states, made.projects))


class _Making:
    def __init__(self, projects_of: ProjectsOf) -> None:
        self._projects_of = projects_of
        self._events = 0
        self._first: str | None = None
        self._last: str | None = None
        self._names: dict[str, str] = {}
        self._by_person: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._by_project: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._roles, self._privileged, self._log_ins = Acts(), Acts(), Acts()
        self._readings, self._reviews = Acts(), Acts()

    async def take(self, events: Sequence[TrailEvent]) -> None:
        projects = await self._projects_of(
            [
                (each["stream"], each["position"])
                for each in events
                if each["stream"].startswith("task_")
            ]
        )
        for event in events:
            self._events += 1
            self._first = self._first or event["recorded_at"]
            self._last = event["recorded_at"]
            what, actor = _plain(event["type"]), event.get("actor")
            if actor is not None:
                self._by_person[actor["user_id"]][what] += 1
                self._names[actor["user_id"]] = _who(actor)
            project = _project_of(event, projects)
            if project is not None:
                self._by_project[project][what] += 1
            section = self._section(event["stream"].partition("_")[0], what)
            if section is not None:
                section.add(_act(event, what))

    def _section(self, kind: str, what: str) -> Acts | None:
        if what in _ROLES:
            return self._roles
        if what in _LOG_INS:
            return self._log_ins
        if what in _READINGS:
            return self._readings
        if "Review" in what:
            return self._reviews
        return None if kind in _DAILY or what in _MAKING else self._privileged

    @property
    def projects(self) -> Sequence[str]:
        return list(self._by_project)

    def done(self, about: About, project_names: Mapping[str, str]) -> Report:
        return Report(
            about.workspace,
            about.workspace_id,
            about.log_id,
            about.asked,
            about.upto,
            about.note,
            self._events,
            self._first,
            self._last,
            _groups(self._by_person, self._names),
            _groups(self._by_project, project_names),
            (
                ("Role changes", self._roles),
                ("Privileged acts", self._privileged),
                ("Failed log-ins and refusals", self._log_ins),
                ("Exports and reading of the trail", self._readings),
                ("Reviews", self._reviews),
            ),
        )


async def _project_names(states: States, project_ids: Sequence[str]) -> dict[str, str]:
    """Key and name; of one that cannot be told, nothing."""
    names = {}
    for project_id in project_ids:
        project = await states.read(PROJECT, project_id)
        if project is not None:
            names[project_id] = f"{project.key} {shown(project.name)}".strip()
    return names


def _groups(counted: Mapping[str, Counter[str]], names: Mapping[str, str]) -> tuple[Group, ...]:
    """The busiest first."""
    groups = [
        (-kinds.total(), key, Group(names.get(key) or key, kinds.total(), _most(kinds)))
        for key, kinds in counted.items()
    ]
    return tuple(group for _, _, group in sorted(groups, key=lambda each: each[:2]))


def _most(kinds: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(kinds.items(), key=lambda each: (-each[1], each[0])))


def _project_of(event: TrailEvent, projects: Mapping[int, str]) -> str | None:
    """In which it happened, wherever its task is now; of a move, where to."""
    stream: str = event["stream"]
    if stream.startswith("proj_"):
        return stream
    project = (event.get("data") or {}).get("project_id")
    return project if isinstance(project, str) else projects.get(event["position"])


def _who(actor: Mapping[str, str | None]) -> str:
    user_id, name = str(actor["user_id"]), actor.get("name")
    return f"{name} ({user_id})" if name else user_id


def _act(event: TrailEvent, what: str) -> Act:
    actor = event.get("actor")
    return Act(
        event["position"],
        event["recorded_at"],
        "unknown" if actor is None else _who(actor),
        what,
        event["stream"],
        _said(event.get("data") or {}),
        event.get("reason"),
    )


def _said(data: Mapping[str, Any]) -> str:
    """`name: value` of every field that says anything."""
    said = [
        f"{name}: {_value(value)}"
        for name, value in data.items()
        if value not in (None, "", [], {}, ())
    ]
    return _cut("; ".join(said), 500)


def _value(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(f"{key} {_value(each)}" for key, each in value.items())
        case list():
            return ", ".join(map(_value, value))
        case _:
            return _cut(str(value), 200)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _plain(stored: str) -> str:
    """The name of a type without its version."""
    return stored.partition(".")[0]
