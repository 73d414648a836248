"""Cosigns checkpoints of logs that only ever grew, as far as it has seen them."""

import asyncio
from contextlib import AbstractContextManager
from pathlib import Path

import structlog

from domain.record.note_keys import KeyKind, VerifierKey
from domain.record.witnessing import Why, WillNotCosign, check_against, submitted
from infra.durable import held
from infra.record.signing import FileSigner, Signer, make_signing_key, signature, verifier_key
from infra.settings import PREFIX, Settings, SettingsError
from infra.witness.logs import KnownLogs
from infra.witness.memory import WitnessMemory

log = structlog.get_logger()


class Witness:
    """Its key and its memory belong together: with another memory the same key could cosign two
    histories of one log."""

    def __init__(self, name: str, signer: Signer, memory: WitnessMemory, logs: KnownLogs) -> None:
        self._name = name
        self._signer = signer
        self._memory = memory
        self._logs = logs
        self._one_at_a_time = asyncio.Lock()

    async def key(self) -> VerifierKey:
        """What its cosignatures are checked by. Raises CannotSign."""
        return await verifier_key(self._signer, self._name)

    async def add_checkpoint(self, body: bytes) -> bytes:
        """The line of its cosignature, for what follows from all that it cosigned before; that is
        on the disk by then. Raises WillNotCosign, CannotSign, OSError where it cannot remember."""
        new = submitted(body, self._logs.keys())
        said = new.checkpoint
        async with self._one_at_a_time:
            try:
                check_against(self._memory.seen(said.origin), new)
            except WillNotCosign as refused:
                if refused.why is not Why.OTHER_SIZE:  # the log's own signature under two histories
                    evidence = {"why": str(refused), "note": new.note.encode().decode()}
                    log.error("witness_refuses", origin=said.origin, old=new.old, **evidence)
                raise
            signed = await signature(self._signer, await self.key(), new.note.text)
            # In the loop itself, so that nothing else can begin before it is there for good.
            self._memory.keep(said.origin, new.note.with_signatures([signed]).encode())
        log.info("witness_cosigned", origin=said.origin, size=said.size)
        return signed.encode()

    async def checkpoint(self, name: str) -> bytes | None:
        """What it cosigned last of the log whose origin has this hash (`name_of`). Raises
        MemoryLost."""
        return self._memory.note(name)


def new_witness(settings: Settings) -> None:
    """Make the key, where there is none yet, and begin its memory. Raises SettingsError where a
    memory is there already."""
    memory = _memory(settings)
    if memory.exists:
        raise SettingsError(f"There is a witness in {settings.witness_dir()} already.")
    make_signing_key(_key_file(settings), KeyKind.ED25519_COSIGNATURE)
    memory.begin()


def witness_of(settings: Settings, *, begins: bool = True) -> Witness:
    """Makes what is missing where nothing is there yet, if it may begin; where only a part is, that
    is no witness any more. Raises SettingsError."""
    if settings.witness_name is None:
        raise SettingsError(f"{PREFIX}WITNESS_NAME is not set.")
    memory, key_file = _memory(settings), _key_file(settings)
    if not memory.exists and not key_file.exists():
        if not begins:
            where = settings.witness_dir()
            raise SettingsError(f"There is no witness in {where}; `taskledger witness new` begins.")
        new_witness(settings)
    if not memory.exists:
        raise SettingsError(
            f"There is a key in {key_file}, and nothing in {settings.witness_dir()} of what was "
            "cosigned by it: put that back. Where it never cosigned anything, `taskledger witness "
            "new` begins; where what it cosigned is lost, it must not sign again: take another "
            "key, under another name."
        )
    signer = FileSigner(key_file, KeyKind.ED25519_COSIGNATURE)
    logs = KnownLogs(settings.witness_logs_file or settings.witness_dir() / "logs")
    return Witness(settings.witness_name, signer, memory, logs)


def alone(settings: Settings) -> AbstractContextManager[None]:
    """While the block runs, no other witness works there. Raises FolderBusy."""
    return held(settings.witness_dir(), "witness")


def _memory(settings: Settings) -> WitnessMemory:
    return WitnessMemory(settings.witness_dir() / "cosigned")


def _key_file(settings: Settings) -> Path:
    return settings.witness_key_file or settings.witness_dir() / "signing.key"
