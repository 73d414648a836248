"""One witness, as a log sees it: asked by c2sp.org/tlog-witness for its cosignature."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx2

from domain.record.note import NoteBroken, NoteSignature
from domain.record.note_keys import NobodyKnown, SignatureBroken, VerifierKey
from domain.record.witnessing import AddCheckpoint, cosignature, parse_size
from infra.record.signed import SignedTree

MOST_ANSWER_BYTES: Final = 64 * 1024
ANSWER_WITHIN_S: Final = 10.0

_SIZE_TYPE: Final = "text/x.tlog.size"
_TRIES: Final = 3

Prove = Callable[[int, int], Awaitable[Sequence[bytes]]]
"""A consistency proof from one size to the other."""


class NotCosigned(Exception):
    """The message is for people. `contradicts`: the witness knows another history of the log."""

    def __init__(self, what: str, *, contradicts: bool = False) -> None:
        super().__init__(what)
        self.contradicts = contradicts


def client() -> httpx2.AsyncClient:
    """For all witnesses of a log: bounded in time, and led nowhere else."""
    return httpx2.AsyncClient(timeout=ANSWER_WITHIN_S, follow_redirects=False, trust_env=False)


class WitnessClient:
    """`url` is its submission prefix. It is asked for one checkpoint at a time."""

    def __init__(self, key: VerifierKey, url: str) -> None:
        self.key = key
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._cosigned = 0

    def forget(self) -> None:
        """It is asked anew what it has cosigned."""
        self._cosigned = 0

    async def cosign(
        self, http: httpx2.AsyncClient, signed: SignedTree, text: str, prove: Prove
    ) -> NoteSignature:
        """Its cosignature of what the log signed; `text` is that of the note.

        Raises NotCosigned, and what `prove` raises.
        """
        for _ in range(_TRIES):
            old = self._cosigned
            if old > signed.size:
                self.forget()
                raise NotCosigned(
                    f"it has cosigned {old} events of this log, and here are {signed.size}",
                    contradicts=True,
                )
            proof = tuple(await prove(old, signed.size)) if 0 < old < signed.size else ()
            status, kind, answer = await self._post(http, AddCheckpoint(old, proof, signed.note))
            try:
                if status == 409 and kind == _SIZE_TYPE:
                    self._cosigned = parse_size(answer)
                elif status == 200:
                    found = cosignature(answer, text, self.key)
                    self._cosigned = signed.size
                    return found
                else:
                    said = answer.decode(errors="replace").split("\n")[0][:200]
                    raise NotCosigned(
                        f"it answers {status}: {said}", contradicts=status in (409, 422)
                    )
            except (NoteBroken, NobodyKnown, SignatureBroken) as error:
                raise NotCosigned(f"its answer cannot be used: {error}") from error
        raise NotCosigned("it is asked by others too, or forgets what it cosigned")

    async def _post(self, http: httpx2.AsyncClient, asked: AddCheckpoint) -> tuple[int, str, bytes]:
        content = bytearray()
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            async with http.stream(
                "POST", self._url, content=asked.encode(), headers=headers
            ) as reply:
                async for part in reply.aiter_bytes():
                    content += part
                    if len(content) > MOST_ANSWER_BYTES:
                        raise NotCosigned("it answers without an end")
                return reply.status_code, reply.headers.get("Content-Type", ""), bytes(content)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise NotCosigned(f"it cannot be reached: {why}") from error
