"""Products to do harm to, and how often."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.person import Person
from tests.e2e.served import Served, serving
from tests.faults.given import Given, given


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rounds", type=int, default=1, help="How often each part is killed under load."
    )


@pytest.fixture(scope="session")
def rounds(pytestconfig: pytest.Config) -> int:
    return int(pytestconfig.getoption("rounds", 1))


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One product for all of them; each leaves it healed."""
    folder: Path = tmp_path_factory.mktemp("faults")
    with serving(folder, RATE_LIMIT_PER_MINUTE="0") as product:
        yield product


@pytest.fixture
def person(served: Served) -> Iterator[Person]:
    served.await_ready()
    with Person(served.url) as someone:
        yield someone.register()


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    """One product on given servers for all of them; each leaves it healed."""
    with given(tmp_path_factory.mktemp("given")) as product:
        yield product


@pytest.fixture
def someone(product: Given) -> Iterator[Person]:
    """A person of the product on given servers."""
    product.served.await_ready()
    with Person(product.served.url) as person:
        yield person.register()
