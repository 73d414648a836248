"""A product of its own for a file of tests in which somebody is forgotten."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest

from tests.api.product import Product, served, settings_of
from tests.real import Database, Parts, fresh_database


def own_product(scope: Literal["function", "module"] = "module", **changes: object) -> Any:
    """The fixtures `product_database` and `product`, with these changes of its settings: whoever
    is forgotten there would be found in no rebuild of other tests."""

    @pytest.fixture(scope=scope)
    def product_database(parts: Parts, migrated: str) -> Iterator[Database]:
        with fresh_database(parts, migrated) as database:
            yield database

    @pytest.fixture(scope=scope)
    def product(
        parts: Parts, product_database: Database, tmp_path_factory: pytest.TempPathFactory
    ) -> Iterator[Product]:
        folder = tmp_path_factory.mktemp("data")
        with served(settings_of(parts, product_database, data_dir=folder, **changes)) as running:
            yield running

    return product_database, product
