"""Verifies a bundle: all that it says follows from the bytes in it and the key that is trusted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from domain.record.bundle import Kind, digest_of, sections_of
from domain.record.checkpoint import Checkpoint, parse_checkpoint
from domain.record.disclosure import NotReadable
from domain.record.encoding import HASH_BYTES
from domain.record.manifest import Asked, Filter, Manifest, ManifestBroken, parse_manifest
from domain.record.note import NoteBroken, parse_note
from domain.record.note_keys import (
    KeyKind,
    NobodyKnown,
    SignatureBroken,
    Signed,
    VerifierKey,
    open_note,
    parse_vkey,
    signed_by,
)
from domain.record.subset import ProofBroken, root_by_subset
from domain.record.summary import Summary, read_summary
from domain.record.trust import TrustedKey
from domain.record.walk import Walk
from domain.record.window import NotValid, Window

_AHEAD = 1 << 20
_SECOND = 1_000_000
_LINK = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verified:
    """What a valid bundle shows. `events` are those that are disclosed, `fields` how many sealed
    ones of theirs were opened. From the count `complete_from` to `complete_to` no event is left
    out; `withheld` of them do not match the filter, as the exporter says. `at` in microseconds
    since 1970; `upto` is the position up to which the workspace has `head_count` events, of which
    the last has the link `head_link`, as was summed up at `summed_at`: what came later is not in
    the bundle, however much later the checkpoint is. `cosigned` are those of the witnesses asked
    for that signed the checkpoint too."""

    workspace_id: str
    log_id: str
    filter: Filter
    events: int
    withheld: int
    fields: int
    complete_from: int
    complete_to: int
    head_count: int
    head_link: bytes
    upto: int
    summed_at: int
    tree_size: int
    root: bytes
    signed_by: tuple[str, ...]
    at: int
    cosigned: tuple[Signed, ...] = ()


def verify_bundle(
    file: BinaryIO,
    length: int,
    trusted: Sequence[TrustedKey] | None = None,
    witnesses: Sequence[VerifierKey] = (),
) -> Verified:
    """Reads a file of this length, which can be sought in, in bounded memory; `trusted` None takes
    the keys in the bundle for true, which shows only that it was not altered since.

    Raises NotValid for the first thing that is wrong.
    """
    sections = sections_of(file, length)
    windows = {kind: Window(file, *place, ahead=_AHEAD) for kind, place in sections.items()}
    manifest, asked = _manifest(windows[Kind.MANIFEST])
    listed = _listed(windows[Kind.KEYS])
    checkpoint, signed, cosigned = _checkpoint(
        windows[Kind.CHECKPOINT], manifest, listed if trusted is None else trusted, witnesses
    )
    summary, upto = _summary(windows[Kind.SUMMARY], manifest)
    walk = Walk(manifest, asked, summary, upto)
    proof = windows[Kind.PROOF]
    start = proof.offset
    try:
        root = root_by_subset(checkpoint.size, walk.leaves(windows[Kind.ENTRIES]), proof.hashes())
    except ProofBroken as error:
        raise NotValid(f"the proof does not fit the entries: {error}", start) from error
    if root != checkpoint.root:
        raise NotValid("entries and proof do not lead to the root that was signed", start)
    end = length - HASH_BYTES
    if digest_of(file, end) != file.read(HASH_BYTES):
        raise NotValid("the digest is not that of the file", end)
    return Verified(
        workspace_id=manifest.workspace_id,
        log_id=manifest.log_id,
        filter=manifest.filter,
        events=manifest.disclosed,
        withheld=walk.withheld,
        fields=walk.fields,
        complete_from=manifest.complete_from,
        complete_to=manifest.complete_to,
        head_count=summary.place.chain.count,
        head_link=summary.place.chain.link,
        upto=upto,
        summed_at=summary.envelope.recorded_at,
        tree_size=checkpoint.size,
        root=root,
        signed_by=tuple(f"{each.key.name}+{each.key.key_id.hex()}" for each in signed),
        at=_signed_at(checkpoint, signed),
        cosigned=tuple(cosigned),
    )


def _manifest(window: Window) -> tuple[Manifest, Asked]:
    start = window.offset
    try:
        manifest = parse_manifest(window.take(window.left))
        if not _LINK.fullmatch(manifest.previous_link):
            raise ManifestBroken("the previous link is no hash")
        return manifest, Asked.by(manifest.filter)
    except ValueError as error:
        raise NotValid(str(error), start) from error


def _listed(window: Window) -> list[TrustedKey]:
    keys = []
    start = window.offset
    try:
        for line in window.take(window.left).decode().splitlines(keepends=True):
            if not line.endswith("\n"):
                raise NoteBroken("the last line is not ended")
            keys.append(TrustedKey(parse_vkey(line[:-1])))
        if not keys:
            raise NoteBroken("none at all")
    except ValueError as error:
        raise NotValid(f"the keys cannot be read: {error}", start) from error
    return keys


def _checkpoint(
    window: Window,
    manifest: Manifest,
    trusted: Sequence[TrustedKey],
    witnesses: Sequence[VerifierKey],
) -> tuple[Checkpoint, list[Signed], list[Signed]]:
    """Whom it was signed by, of those that are trusted and are the log's own; and by which of the
    witnesses."""
    start = window.offset
    try:
        note = parse_note(window.take(window.left))
        checkpoint = parse_checkpoint(note.text)
        if checkpoint.at is None or checkpoint.extensions:
            raise NoteBroken("it does not say when it was signed, or says more")
        if not checkpoint.origin.endswith(f"/{manifest.log_id}"):
            raise NoteBroken(f"it is of another log than {manifest.log_id}")
        own = [
            each
            for each in trusted
            if each.key.name == checkpoint.origin and each.key.kind in _OF_LOGS
        ]
        signed = open_note(note, [each.key for each in own])
        cosigned = signed_by(note, witnesses)
    except (NoteBroken, NobodyKnown, SignatureBroken) as error:
        raise NotValid(f"the checkpoint: {error}", start) from error
    at = _signed_at(checkpoint, signed)
    valid_keys = {each.key for each in own if each.valid_at(at)}
    valid = [each for each in signed if each.key in valid_keys]
    if not valid:
        raise NotValid("the checkpoint: its key was not valid when it was signed", start)
    return checkpoint, valid, cosigned


_OF_LOGS = (KeyKind.ED25519, KeyKind.ML_DSA_44_COSIGNATURE)


def _signed_at(checkpoint: Checkpoint, signed: Sequence[Signed]) -> int:
    """By the line `at` where a signature holds it, else by the signature's own time."""
    times = [each.at for each in signed if each.at is not None]
    if len(times) < len(signed) and checkpoint.at is not None:
        return checkpoint.at
    return min(times) * _SECOND


def _summary(window: Window, manifest: Manifest) -> tuple[Summary, int]:
    start = window.offset
    summary = read_summary(window, manifest.workspace_id)
    try:
        upto = summary.upto()
    except NotReadable as error:
        raise NotValid(f"the summary: {error}", start, None, summary.position) from error
    head_count = summary.place.chain.count
    if manifest.last_count > head_count:
        raise NotValid("the summary: it counts fewer events than there are entries", start)
    if manifest.last_count == manifest.complete_to < head_count:
        raise NotValid("the summary: it counts events behind what is called complete", start)
    return summary, upto
