"""One browser with one page for all of these tests."""

from collections.abc import Iterator

import pytest

from tests.browser.chromium import CHROMIUM, Page, browsing


@pytest.fixture(scope="package")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed here")
    with browsing(tmp_path_factory.mktemp("chromium") / "profile") as opened:
        yield opened
