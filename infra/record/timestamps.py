"""Has checkpoints stamped by a time-stamping authority (RFC 3161), beside the sealing."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx2
import structlog
from cryptography.x509 import Certificate
from rfc3161_client import TimestampRequestBuilder
from rfc3161_client.base import HashAlgorithm

from domain.record.authority import load_certificates, response_time, verify_response
from domain.record.checkpoint import parse_checkpoint
from domain.record.note import parse_note
from domain.record.timestamp import MOST_BYTES, NotStamped, Stamp, parse_stamp, stamped_bytes
from infra.processes.backoff import Backoff
from infra.record.files import LAST_STAMP, STAMPS, FilesAway, PublishedFiles, file_of
from infra.record.signed import SignedTree
from infra.settings import Settings, SettingsError

ANSWER_WITHIN_S: Final = 20.0
GRACE_S: Final = 300.0
"""So long after it was due a stamp may be missing before that is told."""

_LONGEST_PAUSE_S: Final = 600.0
_MOST_ANSWER_BYTES: Final = MOST_BYTES // 2
_HEADERS: Final = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
}

log = structlog.get_logger()


class TimeStamps:
    """One in `every_s` at most, of the newest checkpoint; what fails is tried again and told."""

    def __init__(self, url: str, every_s: float, authorities: Sequence[Certificate]) -> None:
        self._url = url
        self._every_s = every_s
        self._authorities = authorities
        self._newest: SignedTree | None = None
        self._offered = asyncio.Event()
        self._size = 0
        self._due_at = 0.0
        self._waiting_since: float | None = None
        self._wrong: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "TimeStamps | None":
        """None where the settings name no authority. Raises SettingsError for certificates that
        cannot be read."""
        if settings.record_tsa_url is None or settings.record_tsa_cert_file is None:
            return None
        authorities = _certificates(settings.record_tsa_cert_file)
        every_s = settings.record_tsa_every_minutes * 60
        return cls(settings.record_tsa_url.get_secret_value(), every_s, authorities)

    @property
    def report(self) -> Mapping[str, int | str]:
        """`state` is `running` while stamps come when they are due; `size` is that of the tree
        that was stamped last. Nothing where nothing is sealed here."""
        if self._newest is None:
            return {}
        since = self._waiting_since
        late = since is not None and time.time() > max(since, self._due_at) + GRACE_S
        why = f"no stamp: {self._wrong or 'no answer'}"
        return {"state": why if late else "running", "size": self._size}

    def begin(self) -> None:
        """Another term, and maybe of another log: nothing is known yet."""
        self._newest, self._size, self._due_at = None, 0, 0.0
        self._waiting_since = None
        self._offered.clear()

    def offer(self, signed: SignedTree) -> None:
        """The newest checkpoint."""
        self._newest = signed
        self._offered.set()
        if self._waiting_since is None:
            self._waiting_since = time.time()

    async def ask(self, files: PublishedFiles, log_id: str) -> None:
        """Until cancelled."""
        backoff = Backoff(first_s=0.2, longest_s=_LONGEST_PAUSE_S)
        known = False
        try:
            while True:
                await self._offered.wait()
                try:
                    if not known:
                        await self._go_on(files, log_id)
                        known = True
                    await asyncio.sleep(max(0.0, self._due_at - time.time()))
                    self._offered.clear()
                    await self._stamp(files, log_id)
                except (NotStamped, FilesAway) as error:
                    if self._wrong != str(error):
                        log.warning("time_stamp_fails", why=str(error))
                    self._wrong = str(error)
                    self._offered.set()
                    await backoff.wait()
                else:
                    backoff.reset()
                    self._wrong = None
        finally:
            self.begin()

    async def _go_on(self, files: PublishedFiles, log_id: str) -> None:
        """From the last stamp that is published, and when it was made. Raises FilesAway."""
        content = await files.read(file_of(log_id, LAST_STAMP))
        if content is None:
            return
        try:
            last = parse_stamp(content)
            self._size = parse_checkpoint(parse_note(last.note).text).size
            self._due_at = response_time(last.response) / 1e6 + self._every_s
        except (NotStamped, ValueError) as error:
            log.warning("time_stamp_unreadable", why=str(error))

    async def _stamp(self, files: PublishedFiles, log_id: str) -> None:
        """Raises NotStamped, FilesAway."""
        signed = self._newest
        assert signed is not None, "an offer is of something"
        if signed.size <= self._size:
            self._waiting_since = None
            return
        note = parse_note(signed.note)
        message = stamped_bytes(note)
        asked = (
            TimestampRequestBuilder()
            .data(message)
            .hash_algorithm(HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
            .build()
        )
        response = await _post(self._url, asked.as_bytes())
        verify_response(response, message, self._authorities, asked.nonce)
        content = Stamp(message, response).encode()
        names = (f"{STAMPS}/{signed.size}", LAST_STAMP)
        await files.write_all((file_of(log_id, name), content) for name in names)
        self._size = signed.size
        self._due_at = time.time() + self._every_s
        self._waiting_since = time.time() if self._offered.is_set() else None
        log.info("time_stamped", size=signed.size)


async def _post(url: str, query: bytes) -> bytes:
    """Raises NotStamped."""
    content = bytearray()
    try:
        async with (
            asyncio.timeout(ANSWER_WITHIN_S),
            httpx2.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False) as http,
            http.stream("POST", url, content=query, headers=_HEADERS) as reply,
        ):
            async for part in reply.aiter_bytes():
                content += part
                if len(content) > _MOST_ANSWER_BYTES:
                    raise NotStamped("the authority answers without an end")
    except TimeoutError:
        raise NotStamped("the authority does not answer") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        why = str(error) or type(error).__name__
        raise NotStamped(f"the authority cannot be reached: {why}") from error
    if reply.status_code != 200:
        raise NotStamped(f"the authority answers {reply.status_code}")
    return bytes(content)


def _certificates(path: Path) -> list[Certificate]:
    try:
        return load_certificates(path.read_bytes())
    except (OSError, NotStamped) as error:
        raise SettingsError(f"The certificates of the authority in {path}: {error}") from error
