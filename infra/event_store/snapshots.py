"""Folded states of long streams, so that reading one does not mean reading its whole past."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from msgspec import msgpack
from psycopg_pool import PoolTimeout

import domain
from domain.aggregate import Versioned
from domain.comment.state import Comment
from domain.dependency_graph.state import DEPENDENCY_GRAPH, DependencyGraph, Edge, graph_with
from domain.project.state import Project
from domain.record.disclosure import SealBroken, key_id_of, place
from domain.task.state import Task
from domain.user.state import User
from domain.workspace.state import Workspace
from infra.event_store.sealing import Sealer, unseal
from infra.keys.content_keys import KeyRing, snapshot_key
from infra.postgres.pool import Pool
from projections.states import StateCodec

STATES: Mapping[str, type[Versioned]] = {
    "user": User,
    "ws": Workspace,
    "proj": Project,
    "task": Task,
    "cmt": Comment,
}

_STATE = "state"

_log = logging.getLogger(__name__)


_Flat = tuple[str, datetime, str, int, int, list[tuple[str, str, str, str, str, datetime, int]]]
_BARE_FIELDS = ("workspace_id", "updated_at", "updated_by", "version", "position")
_BARE = attrgetter(*_BARE_FIELDS)
_EDGE_FIELDS = tuple(each.name for each in fields(Edge))
_EDGE = attrgetter(*_EDGE_FIELDS)


class GraphCodec:
    """A graph as a list of its edges; the index follows from them."""

    def __init__(self) -> None:
        self._encoder = msgpack.Encoder()
        self._decoder: msgpack.Decoder[Any] = msgpack.Decoder(_Flat)

    def encode(self, graph: Any) -> bytes:
        edges = sorted(graph.edges.values(), key=attrgetter("version"))
        return self._encoder.encode((*_BARE(graph), [_EDGE(edge) for edge in edges]))

    def decode(self, data: bytes) -> DependencyGraph:
        """The graph that was encoded. Raises msgspec.MsgspecError for any other bytes."""
        *bare, edges = self._decoder.decode(data)
        return graph_with(
            (Edge(**dict(zip(_EDGE_FIELDS, each, strict=True))) for each in edges),
            DependencyGraph(**dict(zip(_BARE_FIELDS, bare, strict=True))),
        )


class Snapshots:
    """`commands.ports.Snapshots`. A cache: what is missing, unreadable, or was folded by other code
    than this is simply not there.

    What is kept is sealed under a key of its workspace, which is destroyed with any author's key
    there; see `infra.keys.destruction`.
    """

    def __init__(self, pool: Pool, ring: KeyRing) -> None:
        self._pool = pool
        self._ring = ring
        self._code = domain_code()
        self._codecs: dict[str, StateCodec[Any] | GraphCodec] = {
            **{kind: StateCodec(state) for kind, state in STATES.items()},
            DEPENDENCY_GRAPH.kind: GraphCodec(),
        }

    async def load(self, stream: str) -> Versioned | None:
        """The state that was kept last, at its own `version`."""
        kind = _kind(stream)
        if kind not in self._codecs:
            return None
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT workspace_id, version, state FROM log.snapshots"
                " WHERE stream = %s AND code = %s",
                (stream, self._code),
                prepare=True,
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        workspace_id, version, sealed = row[0], row[1], bytes(row[2])
        where = place(workspace_id, stream, version, self._code)
        keys = await self._ring.load([key_id_of(sealed)])
        key = keys[key_id_of(sealed)]
        if key is None:
            return None
        try:
            plain = unseal(key, where + _STATE.encode(), sealed)
            state: Versioned | None = None if plain is None else self._codecs[kind].decode(plain)
        except (SealBroken, msgspec.MsgspecError):
            _log.exception("the snapshot of %s cannot be used", stream)
            return None
        return state

    async def save(self, stream: str, state: Versioned) -> None:
        """Keep a state, unless a newer one is kept. Failing to is no harm."""
        kind = _kind(stream)
        if kind not in self._codecs:
            return
        try:
            await self._save(kind, stream, state)
        except (psycopg.OperationalError, PoolTimeout) as error:
            _log.warning("no snapshot of %s was kept: %s", stream, error)

    async def _save(self, kind: str, stream: str, state: Versioned) -> None:
        name = snapshot_key(state.workspace_id)
        keys = await self._ring.obtain([name])
        where = place(state.workspace_id, stream, state.version, self._code)
        sealer = Sealer(where, {_STATE: keys[name]})
        sealed = sealer.seal(_STATE, self._codecs[kind].encode(state))
        assert sealed is not None  # such a key is made anew after it was destroyed
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO log.snapshots AS s (stream, workspace_id, version, code, state)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (stream) DO UPDATE"
                " SET version = excluded.version, code = excluded.code, state = excluded.state"
                " WHERE s.version <= excluded.version OR s.code <> excluded.code",
                (stream, state.workspace_id, state.version, self._code, sealed),
                prepare=True,
            )


def domain_code() -> str:
    """A digest of all that decides what a state looks like and how events change it."""
    digest = hashlib.sha256()
    for root in domain.__path__:
        for path in sorted(Path(root).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _kind(stream: str) -> str:
    return stream.partition("_")[0]
