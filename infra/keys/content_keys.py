"""Sealing keys: made durable before their first use, unwrapped once, kept in this process."""

import asyncio
import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from domain.record.disclosure import commitment_of, key_id_of
from infra.keys.field_keys import FieldKeys
from infra.keys.master import MasterKeys, Wrapped, new_key
from infra.postgres.pool import Connection, Pool

Kind = Literal["content", "identity", "snapshot"]

_REMEMBERED = 50_000  # about 40 MiB of keys at most

_BLOCK_BYTES = 64  # of SHA-256
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class KeyName(NamedTuple):
    """Whose key: `content` of an author in a workspace, `identity` of a person everywhere,
    `snapshot` of a workspace."""

    kind: Kind
    workspace_id: str
    owner: str

    @property
    def context(self) -> bytes:
        return "\x00".join(self).encode()


def content_key(workspace_id: str, author: str) -> KeyName:
    return KeyName("content", workspace_id, author)


def identity_key(person: str) -> KeyName:
    return KeyName("identity", "", person)


def snapshot_key(workspace_id: str) -> KeyName:
    return KeyName("snapshot", workspace_id, "")


class SealingKey:
    """One key, ready to derive the keys of single fields from.

    HMAC (RFC 2104) is a hash within a hash, each begun with the key. Begun once and copied for each
    field, the two take a quarter of the time of the library's HMAC, which sets up more than that
    for every copy.
    """

    __slots__ = ("_inner", "_outer", "key_id")

    def __init__(self, key_id: bytes, secret: bytes) -> None:
        self.key_id = key_id
        padded = secret.ljust(_BLOCK_BYTES, b"\0")
        if len(padded) > _BLOCK_BYTES:
            raise ValueError(f"a key is at most {_BLOCK_BYTES} bytes")
        self._inner = hashlib.sha256(padded.translate(_INNER))
        self._outer = hashlib.sha256(padded.translate(_OUTER))

    def expand(self, info: bytes) -> bytes:
        """32 bytes by HKDF-Expand over SHA-256 (RFC 5869)."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(info + b"\x01")
        outer.update(inner.digest())
        return outer.digest()


OpeningKey = SealingKey | FieldKeys
"""What opens sealed fields: a key that sealed them here, or those of single fields that came with
a bundle."""


class KeyRing:
    """The keys of a database, as far as this process has needed them. For one event loop.

    `cached` answers at once; `obtain` makes what is missing; `load` reads by id, and `opening` for
    what shall be unsealed. A key whose row is gone is None, and stays gone.
    """

    def __init__(self, pool: Pool, master: MasterKeys) -> None:
        self._pool = pool
        self._master = master
        self._by_name: dict[KeyName, SealingKey] = {}
        self._by_id: dict[bytes, OpeningKey | None] = {}
        self._turn = asyncio.Lock()

    def cached(self, name: KeyName) -> SealingKey | None:
        return self._by_name.get(name)

    async def obtain(self, names: Collection[KeyName]) -> Mapping[KeyName, SealingKey]:
        """Every named key; those that did not exist are durable in the database on return. One
        that was destroyed is never made anew, and is left out."""
        found, missing = self._split(names)
        if missing:
            async with self._turn:
                found, missing = self._split(names)  # whoever had the turn may have read them
                if missing:
                    found |= await self._read_or_make(missing)
        return found

    @property
    def at_hand(self) -> Mapping[bytes, OpeningKey | None]:
        """Those that `load` would give at once, by their ids."""
        return self._by_id

    async def opening(self, sealed: Collection[bytes]) -> dict[bytes, OpeningKey | None]:
        """For sealed fields, or what they begin with as far as the commitment: keys by their ids,
        with which each of these fields is either opened or known to be closed for ever."""
        found = await self.load({key_id_of(each) for each in sealed})
        asked: dict[FieldKeys, set[bytes]] = {}
        for each in sealed:
            key = found[key_id_of(each)]
            if isinstance(key, FieldKeys):
                asked.setdefault(key, set()).add(commitment_of(each))
        # Others may make one forget while it learns.
        while unknown := {key: new for key, of in asked.items() if (new := key.unknown(of))}:
            wrapped = await self._wrapped_fields(unknown)
            for key, new in unknown.items():
                key.learn(new, wrapped.get(key.key_id, {}), keep=asked[key])
        return found

    async def load(self, key_ids: Collection[bytes]) -> dict[bytes, OpeningKey | None]:
        """Keys by their ids, None for one whose row is gone."""
        found = {key_id: self._by_id[key_id] for key_id in key_ids if key_id in self._by_id}
        missing = [key_id for key_id in key_ids if key_id not in found]
        if not missing:
            return found
        ids = [uuid.UUID(bytes=key_id) for key_id in missing]
        async with self._turn, self._pool.connection() as connection:
            cursor = await connection.execute(
                f"{_SELECT} WHERE key_id = ANY (%s)", (ids,), prepare=True
            )
            rows = await cursor.fetchall()
            loaded: list[OpeningKey] = [self._remember(row)[1] for row in rows]
            if len(loaded) < len(missing):
                cursor = await connection.execute(_IMPORTED, (ids,), prepare=True)
                loaded += [self._remember_imported(row) for row in await cursor.fetchall()]
        found |= {key.key_id: key for key in loaded}
        for key_id in missing:
            self._by_id[key_id] = found.setdefault(key_id, None)
        return found

    def drop(self, key_ids: Iterable[bytes] | None = None) -> None:
        """Forget these keys, or all: the next use reads the database again."""
        if key_ids is None:
            self._by_name.clear()
            self._by_id.clear()
            return
        dropped = set(key_ids)
        for key_id in dropped:
            self._by_id.pop(key_id, None)
        for name in [name for name, key in self._by_name.items() if key.key_id in dropped]:
            del self._by_name[name]

    def _split(self, names: Collection[KeyName]) -> tuple[dict[KeyName, SealingKey], list[KeyName]]:
        found = {name: key for name in names if (key := self._by_name.get(name)) is not None}
        return found, [name for name in names if name not in found]

    async def _read_or_make(self, names: list[KeyName]) -> dict[KeyName, SealingKey]:
        async with self._pool.connection() as connection:
            found = await self._read(connection, names)
            missing = sorted(name for name in names if name not in found)
            if missing:
                await self._make(connection, missing)
                found |= await self._read(connection, missing)
        return found

    async def _read(
        self, connection: Connection, names: Sequence[KeyName]
    ) -> dict[KeyName, SealingKey]:
        kinds, workspaces, owners = zip(*names, strict=True)
        cursor = await connection.execute(
            f"{_SELECT} JOIN unnest(%s::text[], %s::text[], %s::text[])"
            " AS n (kind, workspace_id, owner) USING (kind, workspace_id, owner)",
            (list(kinds), list(workspaces), list(owners)),
            prepare=True,
        )
        return dict([self._remember(row) for row in await cursor.fetchall()])

    async def _make(self, connection: Connection, names: Sequence[KeyName]) -> None:
        """In one order everywhere, so that two processes cannot wait for each other."""
        wrapped = [self._master.wrap(new_key(), name.context) for name in names]
        kinds, workspaces, owners = zip(*names, strict=True)
        async with connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = on")
            await connection.execute(
                "INSERT INTO keys.sealing_keys"
                " (key_id, kind, workspace_id, owner, master_id, wrapped)"
                " SELECT n.* FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[],"
                " %s::text[], %s::bytea[])"
                " AS n (key_id, kind, workspace_id, owner, master_id, wrapped)"
                " WHERE n.kind = 'snapshot' OR NOT EXISTS (SELECT FROM keys.destroyed AS d"
                " WHERE (d.owner, d.kind, d.workspace_id) = (n.owner, n.kind, n.workspace_id))"
                " ON CONFLICT (kind, workspace_id, owner) DO NOTHING",
                (
                    [uuid.uuid4() for _ in names],
                    list(kinds),
                    list(workspaces),
                    list(owners),
                    [key.master_id for key in wrapped],
                    [key.data for key in wrapped],
                ),
            )

    def _remember(self, row: Sequence[Any]) -> tuple[KeyName, SealingKey]:
        key_id, name, secret = self._unwrapped(row)
        key = SealingKey(key_id, secret)
        self._make_room()
        self._by_name[name] = key
        self._by_id[key_id] = key
        return name, key

    def _remember_imported(self, row: Sequence[Any]) -> FieldKeys:
        key_id, _, secret = self._unwrapped(row)
        self._make_room()
        key = self._by_id[key_id] = FieldKeys(key_id, secret)
        return key

    def _unwrapped(self, row: Sequence[Any]) -> tuple[bytes, KeyName, bytes]:
        key_id, kind, workspace_id, owner, master_id, wrapped = row
        name = KeyName(kind, workspace_id, owner)
        secret = self._master.unwrap(Wrapped(master_id, bytes(wrapped)), name.context)
        return key_id.bytes, name, secret

    def _make_room(self) -> None:
        if len(self._by_id) >= _REMEMBERED:
            self.drop()

    async def _wrapped_fields(
        self, wanted: Mapping[FieldKeys, Sequence[bytes]]
    ) -> dict[bytes, dict[bytes, bytes]]:
        """By the ids of their keys, and their commitments."""
        pairs = [(uuid.UUID(bytes=key.key_id), each) for key, of in wanted.items() for each in of]
        found: dict[bytes, dict[bytes, bytes]] = {}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _FIELDS, tuple(map(list, zip(*pairs, strict=True))), prepare=True
            )
            for key_id, commitment, wrapped in await cursor.fetchall():
                found.setdefault(key_id.bytes, {})[bytes(commitment)] = bytes(wrapped)
        return found


_SELECT = "SELECT key_id, kind, workspace_id, owner, master_id, wrapped FROM keys.sealing_keys"
_IMPORTED = """
SELECT key_id, kind, workspace_id, owner, master_id, wrapped FROM keys.imported_keys
WHERE key_id = ANY (%s)
"""
_FIELDS = """
SELECT f.key_id, f.commitment, f.wrapped
FROM unnest(%s::uuid[], %s::bytea[]) AS a (key_id, commitment)
JOIN keys.field_keys f USING (key_id, commitment)
"""
