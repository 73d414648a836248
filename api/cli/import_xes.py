"""Imports an XES event log for the command line: looks through it, brings it in, sums it up."""

import time
from pathlib import Path
from typing import Final

import typer
import uvloop

from api.cli.answers import give_json, say
from api.cli.exits import FOUND_WRONG, Exit, unreadable
from api.cli.house import connected_house
from api.cli.importing import tell_password, views_show
from api.cli.progress import Moving, step
from commands.imports.event_log import Broken, NotAnEventLog
from commands.imports.importer import BrokenLog, Importer, surveyed
from commands.imports.plan_project import fields_by_attribute
from commands.imports.reading import reading
from commands.imports.survey import Survey
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.values.recorded import Origin
from infra import logs
from infra.bootstrap import House
from infra.imports.place import Places
from infra.imports.tools import import_tools
from infra.imports.xes import XesFile
from infra.limits import limits_of
from infra.settings import Settings

_FAULTS_LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """`workspace`, `project` and `user` are as on the command line, None where not given."""

    file: Path
    user: str | None
    workspace: str | None
    project: str | None


def run(wanted: Wanted, classifier: str | None, *, skip_bad: bool, as_json: bool) -> None:
    """Raises Exit where not all of the file came in."""
    began = time.monotonic()
    logs.configure("error", "import")
    settings = Settings.load()
    meter = _Meter()
    log = XesFile(wanted.file, progress=meter.to)
    survey = _look(log, wanted.file, classifier, settings, meter)
    summary = _Summary(survey, began, as_json)
    if survey.faults and not skip_bad:
        summary.give(events=0)
        raise Exit(FOUND_WRONG, "Nothing was imported; --skip-bad leaves out what is broken.")
    work = _Run(settings.resolve(), log, survey, meter, wanted)
    events, complete = uvloop.run(work.bring_in(skip_bad=skip_bad))
    summary.give(events)
    if not complete:
        raise Exit(
            FOUND_WRONG,
            "Stopped where the file tells the past otherwise than an earlier import; "
            "--skip-bad leaves such traces as they are.",
        )


@dataclass(slots=True)
class _Meter:
    """Tells the step that is shown how far the file has been read."""

    shown: Moving | None = None

    def to(self, done: int) -> None:
        if self.shown is not None:
            self.shown.to(done)


def _look(
    log: XesFile, file: Path, classifier: str | None, settings: Settings, meter: _Meter
) -> Survey:
    try:
        found = reading(log.header, classifier, limits_of(settings))
        with step("Reading", file.stat().st_size) as meter.shown:
            return surveyed(log, found)
    except NotAnEventLog as error:
        raise Exit(FOUND_WRONG, f"{file}: {error}.") from error
    except OSError as error:
        raise unreadable(file, error) from error


@dataclass(frozen=True, slots=True)
class _Run:
    """The part of the command that needs the product's parts."""

    settings: Settings
    log: XesFile
    survey: Survey
    meter: _Meter
    wanted: Wanted

    async def bring_in(self, *, skip_bad: bool) -> tuple[int, bool]:
        """How many events were added, and whether it went through to the end. Returns when every
        view has them."""
        async with connected_house(self.settings) as house:
            wanted = self.wanted
            found = await Places(house.store, house.executor, house.accounts).find(
                wanted.file, wanted.user, wanted.workspace, wanted.project
            )
            tell_password(found.password)
            origin = Origin(actor=found.user_id, via="import")
            importer = Importer(
                house.executor,
                import_tools(house.store, house.import_key),
                origin,
                self.log,
                self.survey,
            )
            complete = True
            try:
                with step("Importing", wanted.file.stat().st_size) as self.meter.shown:
                    await importer.bring_in(found.place, skip_bad=skip_bad)
            except BrokenLog:
                complete = False
            await views_show(house, importer.progress.position)
            await self._tell_fields(house, found.place.project_id)
            return importer.progress.events, complete

    async def _tell_fields(self, house: House, project_id: str) -> None:
        project = await house.executor.states.read(PROJECT, project_id)
        fields = fields_by_attribute(
            () if project is None else project.fields, self.survey.attributes
        )
        left = [name for name in self.survey.attributes if name not in fields]
        if left:
            say(
                f"{len(left)} attributes have no field, since the project has no room for more; "
                f"the records have them: {', '.join(left[:10])}{' ...' if left[10:] else ''}"
            )


@dataclass(frozen=True, slots=True)
class _Summary:
    survey: Survey
    began: float
    as_json: bool

    def give(self, events: int) -> None:
        """List what was left out on stderr, and sum it all up on stdout."""
        survey, seconds = self.survey, time.monotonic() - self.began
        for fault in survey.faults[:_FAULTS_LISTED]:
            say(_told(fault))
        if survey.broken > _FAULTS_LISTED:
            say(f"... and {survey.broken - _FAULTS_LISTED} more")
        if self.as_json:
            give_json(
                {
                    "tasks": survey.tasks,
                    "records": survey.records,
                    "events": events,
                    "skipped": survey.skipped,
                    "seconds": round(seconds, 3),
                }
            )
        else:
            typer.echo(
                f"{survey.tasks:,} tasks with {survey.records:,} records in the file; "
                f"{survey.skipped:,} records left out; "
                f"{events:,} events added in {seconds:.1f} s"
            )


def _told(fault: Broken) -> str:
    if fault.begins is None:
        return f"line {fault.line}: {fault.reason}"
    name = "a trace" if fault.trace is None else f"the trace {fault.trace!r}"
    return f"line {fault.line}: {name}, which begins at line {fault.begins}: {fault.reason}"
