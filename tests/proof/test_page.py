"""docs/verify.html in a browser: no byte of a bundle can be changed for this verifier either."""

import base64
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from domain.record.manifest import Filter
from tests.browser.chromium import Page
from tests.browser.conftest import page
from tests.proof.tally import Proof
from tests.proof.test_bundles import random_bundle
from tests.record.made import parts_of, signer, small_log

__all__ = ["page"]

VERIFIER = Path(__file__).parents[2] / "docs" / "verify.html"
LARGE = 2_000
AT_ONCE = 500

# Which of the changes were not verified; the digest is made anew where that is asked for.
ASK = """
window.load = (content) => {
  window.whole = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
};
window.refused = async (key, changes) => {
  const keys = [JSON.stringify({ keys: [{ vkey: key }] })];
  const answers = [];
  for (const [at, bits, digest] of changes) {
    const changed = whole.slice();
    changed[at] ^= bits;
    if (digest) {
      const made = await crypto.subtle.digest('SHA-256', changed.subarray(0, -32));
      changed.set(new Uint8Array(made), changed.length - 32);
    }
    const { ok, line } = await verify(new Blob([changed]), keys, {});
    answers.push(!ok && line.startsWith('not verified: '));
  }
  return answers;
};
0
"""


@pytest.fixture
def verifier(page: Page) -> Iterator[Page]:
    page.open(VERIFIER.as_uri())
    page.run(ASK)
    yield page
    assert page.said == []


def test_no_byte_of_a_bundle_can_be_changed_for_the_page(verifier: Page, proof: Proof) -> None:
    small = parts_of(small_log()).bundle()
    randomly = random.Random(proof.seed)
    places = randomly.sample(range(len(small)), proof.some(len(small)))
    flips = [(at, 1 << randomly.randrange(8)) for at in places]
    _try(verifier, proof, "the page: a byte of a small bundle", small, flips)

    large = random_bundle(random.Random(0), proof.some(LARGE), Filter()).bundle()
    flips = [
        (randomly.randrange(len(large) - 32), 1 << randomly.randrange(8))
        for _ in range(proof.some(200))
    ]
    _try(verifier, proof, "the page: a byte of a large bundle", large, flips)


def _try(
    verifier: Page, proof: Proof, what: str, bundle: bytes, flips: Sequence[tuple[int, int]]
) -> None:
    verifier.run(f"load('{base64.b64encode(bundle).decode()}')")
    assert _refused(verifier, [(0, 0, True)]) == [False]
    for digest, how in ((False, ""), (True, ", with a new digest")):
        # The digest itself is no longer wrong once it is made anew.
        changes = [(*each, digest) for each in flips if not digest or each[0] < len(bundle) - 32]
        with proof.counted(f"{what}{how}") as count:
            for first in range(0, len(changes), AT_ONCE):
                some = changes[first : first + AT_ONCE]
                for each, found in zip(some, _refused(verifier, some), strict=True):
                    count(f"{each}", found)


def _refused(verifier: Page, changes: Sequence[tuple[int, int, bool]]) -> list[bool]:
    key = json.dumps(signer().key.encode())
    found: list[bool] = verifier.run(f"refused({key}, {json.dumps(changes)})")
    return found
