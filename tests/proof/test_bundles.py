"""Bundles: untouched ones are verified, and whatever is done to one is found."""

import random
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

from domain.record import times
from domain.record.bundle import MAGIC, sections_of
from domain.record.chains import Chain
from domain.record.encoding import body_hash, envelope, link
from domain.record.entry import Envelope
from domain.record.manifest import Filter
from domain.record.trust import TrustedKey
from domain.record.verify import verify_bundle
from domain.record.window import NotValid
from tests.proof.tally import Proof
from tests.record.made import (
    MINE,
    SECOND,
    START,
    SYSTEM,
    THEIRS,
    Event,
    MadeLog,
    Parts,
    parts_of,
    signer,
    small_log,
)

TRUSTED = [TrustedKey(signer().key)]
LARGE = 5_000


def test_untouched_bundles_are_verified(proof: Proof) -> None:
    proof.tried("a bundle", proof.seeds(1000), _untouched, is_untouched=True)


def test_no_bit_of_a_bundle_can_be_flipped(proof: Proof) -> None:
    small = parts_of(small_log()).bundle()
    bits = [f"{at}.{bit}" for at in range(len(small)) for bit in range(8)]
    if proof.share < 1:
        bits = random.Random(proof.seed).sample(bits, proof.some(len(bits)))
    proof.tried("a bundle: a bit flipped", bits, _flipped(small, digest=False))
    proof.tried("a bundle: a bit flipped, with a new digest", bits, _flipped(small, digest=True))


def test_no_byte_of_a_large_bundle_can_be_changed(proof: Proof) -> None:
    events = proof.some(LARGE)
    large = random_bundle(random.Random(0), events, Filter()).bundle()
    proof.tried("a large bundle: a byte changed", proof.seeds(1000), _changed(large))


def test_nothing_of_a_bundle_can_be_cut_or_moved(proof: Proof) -> None:
    proof.tried("a bundle: cut, doubled, put in another order", proof.seeds(1000), _torn)


def test_an_altered_event_is_named(proof: Proof) -> None:
    what = "a bundle: an event altered, named by count and position"
    proof.tried(what, proof.seeds(1000), _altered)


def test_a_log_that_was_made_anew_is_not_the_one_that_was_signed(proof: Proof) -> None:
    what = "a bundle: the log altered, all hashes made anew, not signed"
    proof.tried(what, proof.seeds(1000), _forged)


def _untouched(case: str) -> bool:
    return _verified(random_bundle(random.Random(int(case))).bundle())


def _flipped(bundle: bytes, *, digest: bool) -> Callable[[str], bool]:
    def holds(case: str) -> bool:
        at, bit = map(int, case.split("."))
        changed = bytearray(bundle)
        changed[at] ^= 1 << bit
        if digest and at < len(bundle) - 32:
            changed[-32:] = sha256(changed[:-32]).digest()
        return not _verified(bytes(changed))

    return holds


def _changed(large: bytes) -> Callable[[str], bool]:
    def holds(case: str) -> bool:
        randomly = random.Random(int(case))
        changed = bytearray(large)
        changed[randomly.randrange(len(changed) - 32)] ^= randomly.randrange(1, 256)
        if randomly.random() < 0.5:
            changed[-32:] = sha256(changed[:-32]).digest()
        return not _verified(bytes(changed))

    return holds


def _torn(case: str) -> bool:
    randomly = random.Random(int(case))
    bundle = random_bundle(randomly).bundle()
    parts = [bundle[a - 9 : b] for a, b in sections_of(BytesIO(bundle), len(bundle)).values()]
    match randomly.randrange(4):
        case 0:
            torn = bundle[: randomly.randrange(len(bundle))]
        case 1:
            torn = bundle + bundle[: randomly.randrange(1, len(bundle) + 1)]
        case 2:
            at = randomly.randrange(6)
            torn = MAGIC + b"".join([*parts[:at], parts[randomly.randrange(6)], *parts[at:]])
        case _:
            order = list(range(6))
            while order == sorted(order):
                randomly.shuffle(order)
            torn = MAGIC + b"".join(parts[n] for n in order)
    digested = torn + sha256(torn).digest()
    return not _verified(torn) and not _verified(digested)


def _altered(case: str) -> bool:
    """By somebody who changes the file and leaves links as they were."""
    randomly = random.Random(int(case))
    log = _random_log(randomly, 20)
    victim = randomly.choice([each for each in log.events if each.workspace == MINE])
    log.events[victim.position - 1] = replace(_changed_event(randomly, victim), link=victim.link)
    parts = parts_of(log)
    try:
        _verify(parts.bundle())
    except NotValid as wrong:
        return (wrong.count, wrong.position) == (victim.count, victim.position)
    return False


def _forged(case: str) -> bool:
    """By somebody who may do everything with the database, but has not the key: the checkpoint is
    the one that was signed before."""
    randomly = random.Random(int(case))
    log = _random_log(randomly, 20)
    honest = parts_of(log)
    events = list(log.events[: honest.summed.position - 1])
    mine = [n for n, each in enumerate(events) if each.workspace == MINE]
    at = randomly.choice(mine)
    match randomly.randrange(5):
        case 0:
            events[at] = _changed_event(randomly, events[at])
        case 1:
            del events[at]
        case 2:
            events.insert(at, _changed_event(randomly, events[at]))
        case 3:
            other = randomly.choice([n for n in mine if n != at])
            events[at], events[other] = events[other], events[at]
        case _:
            del events[at:]
    if not any(each.workspace == MINE for each in events):
        return True  # there is nothing to make a bundle of
    forged = parts_of(_linked(events))
    forged.note = honest.note
    return not _verified(forged.bundle())


def _changed_event(randomly: random.Random, event: Event) -> Event:
    """Another payload, time, type, stream or author than was recorded."""
    about = event.envelope
    match randomly.randrange(5):
        case 0:
            at = randomly.randrange(len(event.payload))
            flipped = bytes([event.payload[at] ^ 1 << randomly.randrange(8)])
            return replace(event, payload=event.payload[:at] + flipped + event.payload[at + 1 :])
        case 1:
            about = about._replace(recorded_at=about.recorded_at + 1)
        case 2:
            about = about._replace(type="TaskRenamed.v1")
        case 3:
            about = about._replace(stream="task_another")
        case _:
            about = about._replace(metadata=about.metadata.replace(b"user_01j", b"user_02j"))
    return replace(event, envelope=_encoded(about))


def _linked(events: list[Event]) -> MadeLog:
    """A log that holds these events in this order."""
    log = MadeLog()
    for event in events:
        chain = log.chains.get(event.workspace, Chain(event.workspace, 0, bytes(32)))
        hashed = sha256(event.payload).digest()
        body = body_hash(event.workspace, event.envelope.content, hashed)
        count = chain.count + 1
        linked = link(count, chain.link, body)
        log.chains[event.workspace] = Chain(event.workspace, count, linked)
        position = len(log.events) + 1
        log.events.append(replace(event, position=position, count=count, link=linked))
    return log


def _random_log(randomly: random.Random, most: int) -> MadeLog:
    """Of three workspaces, with events of one moment too, and summed up now and then."""
    log = MadeLog(randomly.randrange(2**32))
    clock = START
    for n in range(randomly.randint(2, most)):
        workspace = randomly.choice((MINE, MINE, THEIRS, SYSTEM)) if n > 1 else MINE
        clock += randomly.choice((0, 1, SECOND))
        actor = randomly.choice(("user_01jann", "user_01jbob"))
        reason = randomly.choice((None, "since it was asked for"))
        title = randomly.choice(("", "Überfällig", "x" * 300))
        log.create(workspace, n, title, actor=actor, reason=reason, at=clock)
        if randomly.random() < 0.1:
            log.sum_up()
            clock = log.events[-1].envelope.recorded_at
    return log


def random_bundle(randomly: random.Random, most: int = 30, wanted: Filter | None = None) -> Parts:
    log = _random_log(randomly, most)
    return parts_of(log, MINE, wanted or _random_filter(randomly, log))


def _random_filter(randomly: random.Random, log: MadeLog) -> Filter:
    moments = sorted(
        randomly.choice(log.events).envelope.recorded_at + randomly.randint(-1, 1) for _ in range(2)
    )
    since, until = (times.written(each) for each in moments)
    return Filter(
        from_=randomly.choice((None, since)),
        to=randomly.choice((None, until)),
        stream=randomly.choice((None, None, log.events[0].envelope.stream)),
        actor=randomly.choice((None, None, "user_01jann")),
    )


def _verified(bundle: bytes) -> bool:
    try:
        _verify(bundle)
    except NotValid:
        return False
    return True


def _verify(bundle: bytes) -> None:
    verify_bundle(BytesIO(bundle), len(bundle), TRUSTED)


def _encoded(about: Envelope) -> Envelope:
    content = envelope(
        about.stream, about.version, about.type, about.recorded_at, about.number, about.metadata
    )
    return about._replace(content=content)
