"""How much of everything is tried, and the table of it."""

import pytest

from tests.proof.tally import Proof

_PROOF = pytest.StashKey[Proof]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--share", type=float, default=0.02, help="How much of all tampers, 0 to 1.")
    parser.addoption("--seed", type=int, default=1, help="With which tamper it begins.")


@pytest.fixture(scope="session")
def proof(pytestconfig: pytest.Config) -> Proof:
    """A small sample, unless asked for more (`make proof`)."""
    seed, share = pytestconfig.getoption("seed", 1), pytestconfig.getoption("share", 0.02)
    return pytestconfig.stash.setdefault(_PROOF, Proof(seed, share))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    found = config.stash.get(_PROOF, None)
    if found is not None:
        terminalreporter.section("proof")
        for line in found.table():
            terminalreporter.line(line)
