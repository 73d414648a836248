"""Who signs checkpoints: a key in a file, or a command that holds one elsewhere."""

import asyncio
import os
import shlex
from base64 import b64decode
from binascii import Error as NotBase64
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from domain.record.note import NoteSignature
from domain.record.note_keys import KeyKind, VerifierKey
from infra.settings import PREFIX, Settings

COMMAND_TIMEOUT_S: Final = 10.0


class CannotSign(Exception):
    """There is no key, or whoever holds it does not sign; the message is for people."""


class Signer(Protocol):
    """Holds one private key."""

    async def public(self) -> bytes:
        """The public key as it is now: it may be another than before. Raises CannotSign."""
        ...

    async def sign(self, message: bytes) -> bytes:
        """By the key that `public` gave last. Raises CannotSign."""
        ...


class FileSigner:
    """A key in a file, read again whenever the file is another one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._key: Ed25519PrivateKey | None = None

    async def public(self) -> bytes:
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns)
            if self._key is None or seen != self._seen:
                self._key = _private_key(self._path.read_bytes())
                self._seen = seen
        except FileNotFoundError:
            raise CannotSign(
                f"there is no signing key in {self._path}; {PREFIX}RECORD_KEY_FILE names another "
                "file, and `taskledger record new-key` makes one"
            ) from None
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise CannotSign(f"the signing key in {self._path} cannot be read: {error}") from error
        return self._key.public_key().public_bytes_raw()

    async def sign(self, message: bytes) -> bytes:
        if self._key is None:
            await self.public()
        assert self._key is not None
        return self._key.sign(message)


class CommandSigner:
    """A command that is given the message and answers with its signature."""

    def __init__(self, command: str, public_key: str) -> None:
        self._words = shlex.split(command)
        self._public_key = public_key

    async def public(self) -> bytes:
        try:
            return b64decode(self._public_key, validate=True)
        except NotBase64 as error:
            raise CannotSign(f"{PREFIX}RECORD_PUBLIC_KEY is not base64") from error

    async def sign(self, message: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *self._words, stdin=pipe, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            raise CannotSign(f"the command that signs cannot be run: {error}") from error
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                signed, said = await process.communicate(message)
        except TimeoutError:
            raise CannotSign("the command that signs does not end") from None
        finally:
            with suppress(ProcessLookupError):
                if process.returncode is None:
                    process.kill()
        if process.returncode:
            why = said.decode(errors="replace").strip()[-200:]
            raise CannotSign(f"the command that signs ended with {process.returncode}: {why}")
        return signed


def signer_of(settings: Settings) -> Signer:
    """As the settings say; whether it can sign is seen when it has to."""
    if settings.record_sign_command is not None:
        return CommandSigner(settings.record_sign_command, settings.record_public_key or "")
    return FileSigner(settings.signing_key_file())


async def verifier_key(signer: Signer, origin: str) -> VerifierKey:
    """The present public key under the name of a log. Raises CannotSign."""
    try:
        return VerifierKey(origin, KeyKind.ED25519, await signer.public())
    except ValueError as error:
        raise CannotSign(f"the signing key is none: {error}") from error


async def signature(signer: Signer, key: VerifierKey, text: str) -> NoteSignature:
    """Raises CannotSign, SignatureBroken where what came is no signature of this key."""
    made = NoteSignature(key.name, key.key_id, await signer.sign(key.message(text)))
    key.verify(text, made)
    return made


def make_signing_key(path: Path, *, replace: bool = False) -> bool:
    """Make a new key, for its owner alone to read. False where there is one already, unless it is
    to be replaced; the sealer takes note of another one by itself."""
    if path.exists() and not replace:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    return True


def _private_key(pem: bytes) -> Ed25519PrivateKey:
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return key
