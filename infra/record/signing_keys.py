"""The keys that sign a log now: made known, and recorded, before they sign anything."""

from collections.abc import Awaitable, Callable

import structlog

from domain.ledger.events import SigningKeyChanged
from domain.record.note import Note
from domain.record.note_keys import KeyKind, VerifierKey
from infra.record.files import KEYS, PublishedFiles
from infra.record.folder import SealersFolder
from infra.record.key_book import KeyBook
from infra.record.signing import Signer, signature, verifier_key

log = structlog.get_logger()


class SigningKeys:
    """Of the first signer, and of the second where there is one; `origin` names the log."""

    def __init__(
        self,
        signers: tuple[Signer, Signer | None],
        book: KeyBook,
        folder: SealersFolder,
        files: PublishedFiles,
        origin: str,
        record: Callable[[SigningKeyChanged], Awaitable[None]],
    ) -> None:
        self._signers = [signer for signer in signers if signer is not None]
        self._book = book
        self._folder = folder
        self._files = files
        self._origin = origin
        self._record = record
        self._present: list[tuple[Signer, VerifierKey]] = []

    async def prepare(self) -> None:
        """Take note of the present keys. Raises CannotSign, FilesAway, and what recording does."""
        keys = [(signer, await verifier_key(signer, self._origin)) for signer in self._signers]
        for _, key in keys:
            await self._change(key)
        if len(keys) == 1:
            was = self._book.drop(self._origin, KeyKind.ML_DSA_44_COSIGNATURE)
            if was is not None:
                await self._publish()
                log.warning("signing_key_dropped", was=was)
        self._present = keys

    async def sign(self, text: str) -> Note:
        """By the keys that were prepared. Raises CannotSign, SignatureBroken."""
        return Note(
            text, tuple([await signature(signer, key, text) for signer, key in self._present])
        )

    async def _change(self, key: VerifierKey) -> None:
        was = self._book.present(self._origin, key.kind)
        if was == key.encode():
            return
        since = self._book.change(key)
        # First, since a key that is published is taken for one that was told of.
        if was is not None:
            await self._record(SigningKeyChanged(now=key.encode(), was=was, valid_from=since))
        await self._publish()
        if was is None:
            log.info("signing_key_begins", now=key.encode())
        else:
            log.warning("signing_key_changed", now=key.encode(), was=was)

    async def _publish(self) -> None:
        self._folder.keep_keys(self._book.document)
        await self._files.write(KEYS, self._book.document)
