"""What leaves a workspace's trail as a file."""

from collections.abc import Mapping

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailExported:
    """A file of the trail was made, and left only after this was recorded. `filter` is what was
    asked for (`from`, `to`, `stream`, `actor`, `project`, those that were), `events` how many the
    file tells, `tree_size` that of the checkpoint in it (0: none is), `digest` the SHA-256 of the
    whole file in hex."""

    format: str
    filter: Mapping[str, str]
    events: int
    tree_size: int
    digest: str


ExportEvent = TrailExported
