"""Time stamps by a real authority, `openssl ts`: asked for beside the sealing, checked offline."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.record import times
from domain.record.authority import load_certificates, verify_stamp
from domain.record.checkpoint import parse_checkpoint
from domain.record.note import parse_note
from domain.record.timestamp import NotStamped, Stamp, parse_stamp
from domain.record.trust import parse_keys
from infra.record import timestamps
from infra.record.proofs import LogProofs
from infra.record.timestamps import TimeStamps
from tests.infra.processes.conftest import until
from tests.infra.record.conftest import Bench
from tests.record.authority import OPENSSL, Authority, served_authority

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="no openssl is installed here")


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    with served_authority(tmp_path / "authority") as made:
        yield made


def stamps_of(authority: Authority, every_s: float) -> TimeStamps:
    return TimeStamps(authority.url, every_s, load_certificates(authority.root.read_bytes()))


def root_of(stamp: Stamp) -> tuple[int, bytes]:
    said = parse_checkpoint(parse_note(stamp.note).text)
    return said.size, said.root


async def test_a_checkpoint_is_stamped_and_earlier_trees_with_it(
    bench: Bench, authority: Authority
) -> None:
    bench.append(200)
    await bench.sealed()
    first = parse_checkpoint(parse_note(bench.published("checkpoint").read_bytes()).text)
    bench.append(140)
    await bench.sealed()
    stamps = stamps_of(authority, 3600)
    sealer = bench.start(stamps=stamps)
    await until(lambda: stamps.report.get("size") == 340, 20, "a stamp")
    assert stamps.report == {"state": "running", "size": 340}
    stamp = parse_stamp(bench.published("timestamp/last").read_bytes())
    assert stamp == parse_stamp(bench.published("timestamp/340").read_bytes())
    assert stamp.encode() == bench.published("timestamp/last").read_bytes()
    assert root_of(stamp)[0] == 340

    trusted = parse_keys((bench.path / "keys.json").read_bytes())
    authorities = load_certificates(authority.root.read_bytes())
    given = await LogProofs(bench.files, bench.log.log_id()).stamp(200)
    assert given is not None
    found = verify_stamp(given, 200, first.root, trusted, authorities)
    assert found.size == 340
    signed_at = parse_checkpoint(parse_note(stamp.note).text).at or 0
    assert -1_000_000 < found.at - signed_at < 60_000_000, times.written(found.at)
    assert await LogProofs(bench.files, bench.log.log_id()).stamp(341) is None

    others = load_certificates((authority.folder / "authority.pem").read_bytes())
    flipped = Stamp(stamp.note.replace(b"at 20", b"at 19"), stamp.response)
    for wrong, root, certificates in (
        (given, bytes(32), authorities),
        (stamp, first.root, authorities),
        (given, first.root, others),
        (Stamp(given.note, given.response[:-1], given.proof), first.root, authorities),
        (flipped, first.root, authorities),
    ):
        with pytest.raises(NotStamped):
            verify_stamp(wrong, 200, root, trusted, certificates)
    with pytest.raises(NotStamped, match="its checkpoint"):
        verify_stamp(given, 200, first.root, [], authorities)

    asked = authority.asked
    bench.append(10)
    await bench.signed(sealer, 350)
    await bench.stop()
    again = stamps_of(authority, 3600)
    bench.start(stamps=again)
    await until(lambda: again.report.get("size") == 340, 20, "what was stamped is known")
    assert authority.asked == asked, "once in its time, whoever asks"


async def test_an_authority_that_fails_holds_nothing_up(
    bench: Bench, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamps, "GRACE_S", 0.0)
    authority.broken = True
    stamps = stamps_of(authority, 0.01)
    bench.append(20)
    sealer = bench.start(stamps=stamps)
    await bench.signed(sealer, 20)
    await until(lambda: stamps.report["state"] == "no stamp: the authority answers 500", 20)
    bench.append(20)
    await bench.signed(sealer, 40)
    assert not bench.published("timestamp").exists()
    authority.broken = False
    await until(lambda: stamps.report == {"state": "running", "size": 40}, 20, "a stamp")
