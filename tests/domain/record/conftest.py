"""Whatever is found wrong with a record in any test here is said in words, with its place."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from domain.record.disclosure import NotReadable, SealBroken
from domain.record.manifest import ManifestBroken
from domain.record.note import NoteBroken
from domain.record.note_keys import NobodyKnown, SignatureBroken
from domain.record.subset import ProofBroken
from domain.record.window import NotValid

_IN_WORDS = (
    ManifestBroken, NobodyKnown, NotReadable, NoteBroken, ProofBroken, SealBroken, SignatureBroken,
)  # fmt: skip
_QUOTED = re.compile(r"'[^']*'|b\"[^\"]*\"")
_SHOUTED = re.compile(r"\b[A-Z]{2,}(?![\w-])|XX")


@pytest.fixture(autouse=True)
def said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in _IN_WORDS:
        monkeypatch.setattr(kind, "__init__", _checked(kind.__init__))

    not_valid = NotValid.__init__

    def checked_place(self: NotValid, what: str, offset: int, *place: int | None) -> None:
        assert_says(what)
        assert type(offset) is int
        assert offset >= 0
        not_valid(self, what, offset, *place)

    monkeypatch.setattr(NotValid, "__init__", checked_place)


def _checked(made: Callable[..., None]) -> Callable[..., None]:
    def checked(self: Any, what: str) -> None:
        assert_says(what)
        made(self, what)

    return checked


def assert_says(what: str) -> None:
    """Part of a sentence, nothing of it shouted."""
    assert isinstance(what, str)
    assert "None" not in what
    shouted = _SHOUTED.findall(_QUOTED.sub("", what))
    assert set(shouted) <= {"JSON"}, what
