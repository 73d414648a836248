"""The served product, once for all tests of the doors: each test brings its own people."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from pydantic import SecretStr

from tests.api.client import Api
from tests.api.mail import Catcher, catching
from tests.api.product import Product, served, settings_of
from tests.real import Database, Parts, fresh_database


# Gone again before tests of other folders kill the parts that it runs on.
@pytest.fixture(scope="package")
def product_database(parts: Parts, migrated: str) -> Iterator[Database]:
    with fresh_database(parts, migrated) as made:
        yield made


@pytest.fixture(scope="package")
def catcher() -> Iterator[Catcher]:
    """The server that all mail of the product goes to."""
    with catching() as running:
        yield running


@pytest.fixture(scope="package")
def product(
    parts: Parts,
    product_database: Database,
    catcher: Catcher,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Product]:
    settings = settings_of(
        parts,
        product_database,
        smtp_url=SecretStr(catcher.url),
        data_dir=tmp_path_factory.mktemp("data"),
        security_window_s=1.0,
    )
    with served(settings) as running:
        yield running


@pytest.fixture
async def http(product: Product) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=product.base_url, timeout=20) as client:
        yield client


@pytest.fixture
def nobody(http: httpx.AsyncClient, product: Product) -> Api:
    """Without a token."""
    return Api(http, product.house.access_tokens.issue)


@pytest.fixture
async def ada(nobody: Api) -> Api:
    """Somebody with an account, logged in."""
    return await nobody.register()


@pytest.fixture
async def bob(nobody: Api) -> Api:
    """Somebody else, in no workspace with the first."""
    return await nobody.register()
