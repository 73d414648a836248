"""Write down that a file was made of a workspace's trail, before anybody gets it."""

from collections.abc import Mapping
from dataclasses import field

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.export.events import TrailExported
from domain.export.state import EXPORT
from domain.values.frozen import dataclass
from domain.values.ids import checked_id
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordExport:
    """As in `TrailExported`; `export_id` is a fresh one of the caller's making."""

    workspace_id: str
    export_id: str
    format: str
    events: int
    digest: str
    tree_size: int = 0
    filter: Mapping[str, str] = field(default_factory=dict)


async def record_export(command: RecordExport, work: Work) -> str:
    export_id = checked_id(command.export_id, "exp", "/export_id")
    present = await work.load(EXPORT, export_id)
    if present is None or present.digest != command.digest:
        made = TrailExported(
            format=command.format,
            filter=dict(command.filter),
            events=command.events,
            tree_size=command.tree_size,
            digest=command.digest,
        )
        work.record(EXPORT, command.workspace_id, export_id, made)
    return export_id


RECORD_EXPORT = CommandSpec(
    command=RecordExport,
    handler=record_export,
    permission=InWorkspace(Right.READ_TRAIL),
    events=(TrailExported,),
    route="POST /audit/exports",
    inverse=NoInverse("what has left cannot be called back."),
    writes=lambda command: command.export_id,
)
