"""A seeded sample of `make proof`."""

import importlib

import pytest

from tests.proof.__main__ import PROOFS, main
from tests.proof.results import Result, lines


@pytest.mark.parametrize("name", PROOFS)
def test_a_sample_of_each_proof_holds(name: str) -> None:
    for result in importlib.import_module(f"tests.proof.{name}").prove(seed=1, share=0.02):
        assert result.held, (result.what, result.failed)


def test_what_does_not_hold_is_shown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Result("a thing", 2, ["seed 7"], 0.5)
    assert not found.held
    assert not Result("nothing tried").held
    assert "seed 7" in list(lines([found]))[-1]
    monkeypatch.setattr("tests.proof.bundles.prove", lambda seed, share: [found])
    assert main(["bundles", "--share", "0.1"]) == 1
    assert "did not hold: seed 7" in capsys.readouterr().out
