"""One served product for all of these tests, and somebody who uses it."""

from collections.abc import Iterator

import pytest

from tests.e2e.person import Person
from tests.e2e.served import Served, serving


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), RATE_LIMIT_PER_MINUTE="0") as product:
        yield product


@pytest.fixture
def person(served: Served) -> Iterator[Person]:
    with Person(served.url) as someone:
        yield someone.register()
