"""docs/verify.html: the second verifier, written from the page of the format alone, against the
first; and that it reads bundles to people without asking anybody anything."""

import base64
import hashlib
import inspect
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from domain.record import times
from domain.record.manifest import Filter
from domain.record.note_keys import KeyKind
from domain.record.trust import TrustedKey
from domain.record.verify import Verified, verify_bundle
from domain.record.window import NotValid
from tests.browser.chromium import Page
from tests.domain.record import test_verdicts, test_verify
from tests.record.made import MINE, Signer, parts_of, signer, small_log, witness
from tests.waiting import until

VERIFIER = Path(__file__).parents[2] / "docs" / "verify.html"
KEY = signer().key.encode()
AT_ONCE = 100

# What the tests of the other verifier do to every byte is done here to some.
SAMPLED = {"test_no_byte_can_be_flipped", "test_nothing_can_be_cut_or_added"}
SAMPLED |= {"test_no_byte_can_be_changed_even_with_a_new_digest"}

ASK = """
window.asked = async (cases) => {
  const answers = [];
  for (const [content, keys, trustBundleKey] of cases) {
    const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
    const { ok, line } = await verify(new Blob([bytes]), [keys], { trustBundleKey });
    answers.push([ok, line]);
  }
  return answers;
};
0
"""


@dataclass(frozen=True)
class Case:
    """A bundle, whose signature counts (None: those that it brings), and the first's verdict."""

    bundle: bytes
    trusted: Sequence[TrustedKey] | None
    verdict: str

    @property
    def good(self) -> bool:
        return self.verdict == "verified"

    def asked(self) -> list[Any]:
        keys = [
            {
                "vkey": each.key.encode(),
                "valid_from": _written(each.valid_from),
                "valid_until": _written(each.valid_until),
            }
            for each in self.trusted or ()
        ]
        content = base64.b64encode(self.bundle).decode()
        return [content, json.dumps({"keys": keys}), self.trusted is None]


def _written(at: int | None) -> str | None:
    return None if at is None else times.written(at)


def case(bundle: bytes, trusted: Sequence[TrustedKey] | None) -> Case:
    try:
        verify_bundle(BytesIO(bundle), len(bundle), trusted)
    except NotValid as wrong:
        return Case(bundle, trusted, wrong.what)
    return Case(bundle, trusted, "verified")


@pytest.fixture
def verifier(page: Page) -> Iterator[Page]:
    """The page, which asks nobody anything and finds nothing to complain of."""
    page.open(VERIFIER.as_uri())
    page.run(ASK)
    yield page
    assert page.asked == [VERIFIER.as_uri()]
    assert page.said == []


def agree(verifier: Page, cases: Sequence[Case]) -> None:
    for first in range(0, len(cases), AT_ONCE):
        some = cases[first : first + AT_ONCE]
        answers = verifier.run(f"asked({json.dumps([each.asked() for each in some])})")
        for each, (good, line) in zip(some, answers, strict=True):
            assert good is each.good, (line, each.verdict)
            assert line.startswith("verified: " if good else "not verified: ")


def test_both_refuse_what_was_changed_cut_or_put_elsewhere(verifier: Page) -> None:
    randomly = random.Random(20260131)
    wanted = Filter(from_=test_verify.after(4), to=test_verify.after(8), actor="user_01jbob")
    trusted = [TrustedKey(signer().key)]
    cases = []
    for bundle in (parts_of(small_log()).bundle(), parts_of(small_log(), MINE, wanted).bundle()):
        cases.append(case(bundle, trusted))
        assert cases[-1].good
        for _ in range(50):  # `make proof` changes every byte
            changed = bytearray(bundle)
            changed[randomly.randrange(len(changed) - 32)] ^= 1 << randomly.randrange(8)
            cases += [case(bytes(changed), trusted), case(test_verify.digested(changed), trusted)]
        for _ in range(25):
            cut = bundle[: randomly.randrange(len(bundle))]
            here, there = sorted(randomly.sample(range(len(bundle)), 2))
            elsewhere = bundle[:here] + bundle[there:] + bundle[here:there]
            cases += [case(cut, trusted), case(test_verify.digested(elsewhere), trusted)]
    assert sum(each.good for each in cases) == 2
    agree(verifier, cases)


def test_both_say_the_same_of_every_forgery(
    verifier: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And of every oddity: whatever the tests of the first verifier show to it."""
    shown: list[Case] = []

    def shows(file: BinaryIO, length: int, trusted: Sequence[TrustedKey] | None = None) -> Verified:
        content = file.read()
        shown.append(case(content, trusted))
        return verify_bundle(BytesIO(content), length, trusted)

    monkeypatch.setattr(test_verify, "verify_bundle", shows)
    wanted = Filter(from_=test_verify.after(4), to=test_verify.after(8), actor="user_01jbob")
    fixtures = {
        "whole": parts_of(small_log()).bundle(),
        "filtered": parts_of(small_log(), MINE, wanted).bundle(),
    }
    members = [*inspect.getmembers(test_verify), *inspect.getmembers(test_verdicts)]
    for name, test in members:
        if name.startswith("test_") and name not in SAMPLED:
            for arguments in _arguments(test):
                named = inspect.signature(test).parameters
                given = {each: fixtures[each] for each in named if each in fixtures}
                test(**arguments, **given)
    assert len(shown) > 150
    assert sum(each.good for each in shown) > 15
    agree(verifier, [each for each in shown if _known(each)])


def _arguments(test: Any) -> Iterator[dict[str, Any]]:
    marks = [each for each in getattr(test, "pytestmark", ()) if each.name == "parametrize"]
    if not marks:
        yield {}
        return
    (mark,) = marks
    names, values = mark.args
    for value in values:
        yield {names: value} if isinstance(names, str) else dict(zip(names, value, strict=True))


def _known(each: Case) -> bool:
    """Of a key of another kind than Ed25519 the page knows nothing."""
    keys = each.trusted or ()
    return not keys or any(one.key.kind is KeyKind.ED25519 for one in keys)


def test_a_person_verifies_a_file_and_reads_it(verifier: Page, tmp_path: Path) -> None:
    file = tmp_path / "period.bundle"
    file.write_bytes(parts_of(small_log()).bundle())
    verifier.choose("#file", file)
    verifier.run(f"document.getElementById('key').value = {json.dumps(KEY)}")
    verifier.run("document.getElementById('form').requestSubmit()")
    rows = until("the events are listed", 30, lambda: listed(verifier))
    assert len(rows) == 5
    result = text(verifier, "result")
    for said in ("Verified", "5 events", "complete from 1 to 5", signer().key.key_id.hex()):
        assert said in result

    fill(verifier, "by-text", "überfäll")  # which only its field's key can tell
    until("it is found", 30, lambda: only(verifier, "user_01jbob"))
    verifier.run("document.getElementById('list').focus()")
    verifier.press("Enter")
    until("it is shown", 30, lambda: "Überfällig" in text(verifier, "one"))
    assert "asked for by Bob" in text(verifier, "one")
    fill(verifier, "by-text", "")
    fill(verifier, "by-type", "statuschanged")
    until("it is found", 30, lambda: only(verifier, "TaskStatusChanged.v1"))
    fill(verifier, "by-type", "")
    until("all are back", 30, lambda: len(listed(verifier) or ()) == 5)
    verifier.press("ArrowDown")
    verifier.press("ArrowDown")
    until("the third is chosen", 30, lambda: "row-2" in verifier.run(ACTIVE))


ACTIVE = "document.getElementById('list').getAttribute('aria-activedescendant') || ''"


def test_it_says_which_witnesses_cosigned(verifier: Page, tmp_path: Path) -> None:
    first, second = (witness(seed, f"witness.example/{seed}") for seed in (5, 6))
    stranger = witness(7, "stranger.example")
    file = tmp_path / "period.bundle"
    bundle = parts_of(small_log(), signers=(signer(), first, stranger)).bundle()

    def asked(*witnesses: Signer, quorum: str = "", content: bytes = bundle) -> str:
        file.write_bytes(content)
        verifier.choose("#file", file)
        fill(verifier, "key", KEY)
        fill(verifier, "witness", "\n".join(each.key.encode() for each in witnesses))
        fill(verifier, "quorum", quorum)
        verifier.run("document.getElementById('form').requestSubmit()")
        until("it is done", 30, lambda: "erifying" not in text(verifier, "result"))
        return text(verifier, "result")

    said = asked(first)
    assert f"witness.example/5+{first.key.key_id.hex()}, at 2027-01-15T08:00:00.000000Z" in said
    assert f"Signatures not checked\n{stranger.key.name}+{stranger.key.key_id.hex()}" in said
    assert "1 of the witnesses cosigned it, and 2 are wanted" in asked(first, second)
    assert "Cosigned by" in asked(first, second, quorum="1")
    assert "no key of a witness" in asked(signer())
    line = bundle[bundle.index(b"witness.example/5") :].partition(b"\n")[0]
    flipped = line[:-8] + (b"A" if line[-8:-7] != b"A" else b"B") + line[-7:]
    assert "the signature of witness.example/5 is false" in asked(
        first, content=test_verify.digested(bundle.replace(line, flipped))
    )


def test_a_wrong_bundle_or_key_is_said_and_nothing_is_listed(
    verifier: Page, tmp_path: Path
) -> None:
    content = bytearray(parts_of(small_log()).bundle())
    content[content.index(b"TaskStatusChanged")] ^= 1
    file = tmp_path / "altered.bundle"
    file.write_bytes(content)
    verifier.choose("#file", file)
    verifier.run("document.getElementById('trust').click()")
    assert not verifier.run("document.getElementById('warning').hidden")
    verifier.run("document.getElementById('form').requestSubmit()")
    until("it is refused", 30, lambda: "Not verified" in text(verifier, "result"))
    assert "entry 5, position 10, byte" in text(verifier, "result")
    assert verifier.run("document.getElementById('events').hidden")

    file.write_bytes(parts_of(small_log()).bundle())
    verifier.choose("#file", file)
    verifier.run("document.getElementById('form').requestSubmit()")
    until("it is verified", 30, lambda: "which nobody else vouches for" in text(verifier, "result"))
    verifier.run("document.getElementById('trust').click()")
    fill(verifier, "key", signer(2).key.encode())
    verifier.run("document.getElementById('form').requestSubmit()")
    until("it is refused", 30, lambda: "no Ed25519 key that is trusted" in text(verifier, "result"))


def test_the_page_may_do_nothing_but_run_its_own_script(page: Page) -> None:
    source = VERIFIER.read_text()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', source)
    assert policy.startswith(
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:"
    )
    for name in ("style", "script"):
        (held,) = re.findall(f"<{name}>(.*?)</{name}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(held.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy, "the policy must name what stands there"
    assert not re.search(r"https?://|\bimport\b|\beval\b", source.partition("<script>")[0])
    page.open(VERIFIER.as_uri())
    tried = page.run("fetch('http://127.0.0.1:9/').then(() => 'went', () => 'refused')")
    assert tried == "refused"
    assert page.asked == [VERIFIER.as_uri()]
    assert any("Content Security Policy" in each for each in page.said)


def test_every_part_of_the_page_has_a_name_and_both_schemes_of_colour(page: Page) -> None:
    page.open(VERIFIER.as_uri())
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    widgets = {"button", "textbox", "checkbox", "listbox", "link"}
    named = [
        (each["role"]["value"], each.get("name", {}).get("value"))
        for each in tree
        if each.get("role", {}).get("value") in widgets
    ]
    assert len(named) >= 5
    assert all(name for _, name in named), named
    colour = "getComputedStyle(document.body).color"
    colours = []
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        page.call("Emulation.setEmulatedMedia", features=[feature])
        colours.append(page.run(colour))
    page.call("Emulation.setEmulatedMedia", features=[])
    assert colours[0] != colours[1]


def text(page: Page, element: str) -> str:
    return str(page.run(f"document.getElementById('{element}').innerText"))


def listed(page: Page) -> list[str] | None:
    rows = page.run("[...document.querySelectorAll('.row')].map((each) => each.textContent)")
    return rows or None


def only(page: Page, said: str) -> bool:
    """Whether one event is listed, and says this."""
    rows = listed(page) or []
    return len(rows) == 1 and said in rows[0]


def fill(page: Page, element: str, value: str) -> None:
    page.run(
        f"(() => {{ const field = document.getElementById('{element}');"
        f" field.value = {json.dumps(value)}; field.dispatchEvent(new Event('input')); }})()"
    )
