"""The master key: it wraps every other key and never enters the database."""

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection

KEY_BYTES = 32
_NONCE_BYTES = 12
_ROOT_CONTEXT = b"root"


class KeyUnusable(Exception):
    """A key is missing, malformed, or not the one that this database was written with."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key as the database may hold it: `master_id` says which master key opens it."""

    master_id: str
    data: bytes


def expand(key: bytes, info: bytes) -> bytes:
    """32 bytes by HKDF-Expand (RFC 5869) over SHA-256; `key` is already uniformly random."""
    return hmac.digest(key, info + b"\x01", "sha256")


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


class MasterKeys:
    """The current master key and the older ones that rows may still be wrapped by.

    `derive` gives keys for HMACs and tokens. They come from a root secret that is itself a wrapped
    row, so that they stay the same through every rotation; `unlock` must have read it.
    """

    def __init__(self, current: bytes, older: Sequence[bytes] = ()) -> None:
        self._keys = {_id_of(key): AESGCM(expand(key, b"wrap")) for key in (*older, current)}
        self.current_id = _id_of(current)
        self._root: bytes | None = None

    @classmethod
    def of(cls, text: str) -> "MasterKeys":
        """From base64 keys, one a line or by comma: the current one first, then older ones."""
        keys = [_parsed(line) for line in text.replace(",", "\n").split()]
        if not keys:
            raise KeyUnusable("there is no master key")
        return cls(keys[0], keys[1:])

    @classmethod
    def from_file(cls, path: Path, *, create: bool = False) -> "MasterKeys":
        """From a file in the form that `of` takes; `create` makes one that only we can read."""
        if create:
            make_key_file(path)
        try:
            return cls.of(path.read_text())
        except FileNotFoundError:
            raise KeyUnusable(f"there is no master key at {path}") from None
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise KeyUnusable(f"the master key at {path} cannot be read: {why}") from None
        except KeyUnusable as error:
            raise KeyUnusable(f"{path}: {error}") from None

    def wrap(self, key: bytes, context: bytes) -> Wrapped:
        """`context` names what the key is for; the same must be given to `unwrap`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self.current_id].encrypt(nonce, key, context)
        return Wrapped(self.current_id, nonce + sealed)

    def unwrap(self, wrapped: Wrapped, context: bytes) -> bytes:
        """Raises KeyUnusable for a key wrapped by a master key that is not here, or altered."""
        master = self._keys.get(wrapped.master_id)
        if master is None:
            raise KeyUnusable(
                f"the database was written with master key {wrapped.master_id}, "
                f"which is not among those given ({', '.join(self._keys)})"
            )
        nonce, sealed = wrapped.data[:_NONCE_BYTES], wrapped.data[_NONCE_BYTES:]
        try:
            return master.decrypt(nonce, sealed, context)
        except InvalidTag:
            raise KeyUnusable("a wrapped key was altered or stands in another's place") from None

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same for the whole life of the log."""
        if self._root is None:
            raise KeyUnusable("the root secret has not been read: call unlock first")
        return expand(self._root, f"taskledger {purpose}".encode())

    def derived_from(self, root: Wrapped, purpose: str) -> bytes:
        """As `derive`, by the root secret of another database. Raises KeyUnusable."""
        return expand(self.unwrap(root, _ROOT_CONTEXT), f"taskledger {purpose}".encode())

    async def unlock(self, connection: Connection) -> None:
        """Read the root secret; an empty log gets a new one.

        Raises KeyUnusable when these master keys do not open it, or when a log that has events
        has lost it: another one would silently void every claim and every command id.
        """
        if self._root is not None:
            return
        row = await root_row(connection)
        if row is None:
            await self._make_root(connection)
            row = await root_row(connection)
        if row is None:
            raise KeyUnusable("the log has events but its root secret is gone: restore keys.root")
        self._root = self.unwrap(row, _ROOT_CONTEXT)

    def rewrapped(self, wrapped: Wrapped, context: bytes) -> Wrapped:
        """The same key under the current master key."""
        return self.wrap(self.unwrap(wrapped, context), context)

    async def _make_root(self, connection: Connection) -> None:
        wrapped = self.wrap(new_key(), _ROOT_CONTEXT)
        async with connection.transaction():
            await connection.execute("SET LOCAL synchronous_commit = on")
            await connection.execute(
                "INSERT INTO keys.root (master_id, wrapped) SELECT %s, %s"
                " WHERE (SELECT position FROM log.head) = 0 ON CONFLICT DO NOTHING",
                (wrapped.master_id, wrapped.data),
            )


async def rewrap_root(connection: Connection, master: MasterKeys) -> bool:
    """Put the root secret under the current master key; False if it was already."""
    row = await root_row(connection)
    if row is None or row.master_id == master.current_id:
        return False
    wrapped = master.rewrapped(row, _ROOT_CONTEXT)
    await connection.execute(
        "UPDATE keys.root SET master_id = %s, wrapped = %s", (wrapped.master_id, wrapped.data)
    )
    return True


def make_key_file(path: Path) -> bool:
    """A new master key in a file of its own, durable on return; False if the file was there."""
    with contextlib.suppress(FileExistsError):
        part = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            _write_private(part, base64.b64encode(new_key()) + b"\n")
            os.link(part, path)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(path.parent)
        return True
    return False


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


async def root_row(connection: Connection) -> Wrapped | None:
    """The root secret as it is kept; None before there is one."""
    cursor = await connection.execute("SELECT master_id, wrapped FROM keys.root")
    row = await cursor.fetchone()
    return None if row is None else Wrapped(row[0], bytes(row[1]))


def _parsed(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise KeyUnusable("a master key is 32 bytes in base64") from None
    if len(key) != KEY_BYTES:
        raise KeyUnusable(f"a master key is 32 bytes in base64, this one has {len(key)}")
    return key


def _id_of(key: bytes) -> str:
    return hashlib.sha256(b"taskledger master key\x00" + key).hexdigest()[:16]
