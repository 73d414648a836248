"""`taskledger users create-admin` beside a served product."""

import json
import subprocess
import sys

import pytest

from infra.settings import child_environment
from tests.api.client import Api
from tests.api.product import Product


@pytest.fixture
def environment(product: Product) -> dict[str, str]:
    return child_environment(product.settings.as_environment())


def _run(
    environment: dict[str, str], *options: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.cli.main", "users", "create-admin", "--json", *options],
        input=given,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )


async def test_an_admin_gets_a_password_that_is_told_once(
    environment: dict[str, str], nobody: Api
) -> None:
    made = _run(environment)
    assert made.returncode == 0, made.stderr
    password = made.stderr.splitlines()[0].removeprefix("The password of admin is ")
    tokens = await nobody.log_in("admin", password)
    assert tokens["user"]["user_id"] == json.loads(made.stdout)["user_id"]
    again = _run(environment)
    assert (again.returncode, again.stdout) == (2, "")
    assert "taken" in again.stderr


async def test_a_password_may_be_brought_along(environment: dict[str, str], nobody: Api) -> None:
    options = ("--username", "operator", "--email", "ops@example.org", "--password-stdin")
    weak = _run(environment, *options, given="password\n")
    assert weak.returncode == 2
    made = _run(environment, *options, given="correct horse battery\n")
    assert made.returncode == 0, made.stderr
    assert "correct horse" not in made.stderr + made.stdout
    await nobody.log_in("ops@example.org")
