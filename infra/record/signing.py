"""Who signs checkpoints: a key in a file, or a command that holds one elsewhere."""

import asyncio
import shlex
import time
from base64 import b64decode
from binascii import Error as NotBase64
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from domain.record.note import NoteSignature
from domain.record.note_keys import KeyKind, VerifierKey
from infra.durable import write_durably
from infra.record.key_book import ALGORITHMS
from infra.settings import PREFIX, Settings

COMMAND_TIMEOUT_S: Final = 10.0

PrivateKey: TypeAlias = Ed25519PrivateKey | MLDSA44PrivateKey

_KEYS: Final[dict[KeyKind, type[PrivateKey]]] = {
    KeyKind.ED25519: Ed25519PrivateKey,
    KeyKind.ED25519_COSIGNATURE: Ed25519PrivateKey,
    KeyKind.ML_DSA_44_COSIGNATURE: MLDSA44PrivateKey,
}
_MADE_BY: Final = {
    KeyKind.ED25519: (f"{PREFIX}RECORD_KEY_FILE", "taskledger record new-key"),
    KeyKind.ED25519_COSIGNATURE: (f"{PREFIX}WITNESS_KEY_FILE", "taskledger witness new"),
    KeyKind.ML_DSA_44_COSIGNATURE: (
        f"{PREFIX}RECORD_ML_DSA_KEY_FILE",
        "taskledger record new-key --ml-dsa",
    ),
}


class CannotSign(Exception):
    """There is no key, or whoever holds it does not sign; the message is for people."""


class Signer(Protocol):
    """Holds one private key."""

    @property
    def kind(self) -> KeyKind:
        """What its signatures are."""
        ...

    async def public(self) -> bytes:
        """The public key as it is now: it may be another than before. Raises CannotSign."""
        ...

    async def sign(self, message: bytes) -> bytes:
        """By the key that `public` gave last. Raises CannotSign."""
        ...


class FileSigner:
    """A key in a file, read again whenever the file is another one."""

    def __init__(self, path: Path, kind: KeyKind = KeyKind.ED25519) -> None:
        self.kind = kind
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._key: PrivateKey | None = None

    async def public(self) -> bytes:
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns)
            if self._key is None or seen != self._seen:
                self._key = _private_key(self._path.read_bytes(), self.kind)
                self._seen = seen
        except FileNotFoundError:
            setting, command = _MADE_BY[self.kind]
            raise CannotSign(
                f"there is no signing key in {self._path}; {setting} names another file, and "
                f"`{command}` makes one"
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

    kind = KeyKind.ED25519

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


def second_signer_of(settings: Settings) -> Signer | None:
    """Who signs beside the first, where the settings name a key for that."""
    if settings.record_ml_dsa_key_file is None:
        return None
    return FileSigner(settings.record_ml_dsa_key_file, KeyKind.ML_DSA_44_COSIGNATURE)


async def verifier_key(signer: Signer, origin: str) -> VerifierKey:
    """The present public key under the name of a log. Raises CannotSign."""
    try:
        return VerifierKey(origin, signer.kind, await signer.public())
    except ValueError as error:
        raise CannotSign(f"the signing key is none: {error}") from error


async def signature(signer: Signer, key: VerifierKey, text: str) -> NoteSignature:
    """Raises CannotSign, SignatureBroken where what came is no signature of this key."""
    now = int(time.time()) if key.timestamped else 0
    return key.signature(text, await signer.sign(key.message(text, now)), now)


def make_signing_key(path: Path, kind: KeyKind = KeyKind.ED25519, *, replace: bool = False) -> bool:
    """Make a new key, for its owner alone to read. False where there is one already, unless it is
    to be replaced; the sealer takes note of another one by itself."""
    if path.exists() and not replace:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = _KEYS[kind].generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.with_name(f"{path.name}.new").unlink(missing_ok=True)  # whoever may have read it
    write_durably(path, pem)
    return True


def make_signing_keys(settings: Settings) -> None:
    """Those of the settings that are files, where there are none yet."""
    if settings.record_sign_command is None:
        make_signing_key(settings.signing_key_file())
    if settings.record_ml_dsa_key_file is not None:
        make_signing_key(settings.record_ml_dsa_key_file, KeyKind.ML_DSA_44_COSIGNATURE)


def _private_key(pem: bytes, kind: KeyKind) -> PrivateKey:
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey | MLDSA44PrivateKey) or not isinstance(
        key, _KEYS[kind]
    ):
        raise ValueError(f"not a key for {ALGORITHMS[kind]}")
    return key
