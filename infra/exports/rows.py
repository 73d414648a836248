"""Rows of the log as the record hashes them."""

from domain.record.encoding import envelope
from infra.event_store.rows import StoredRow


def envelope_of(row: StoredRow) -> bytes:
    """All of an event but its workspace, position and payload."""
    return envelope(row.stream, row.version, row.type, row.recorded_at, row.number, row.metadata)
