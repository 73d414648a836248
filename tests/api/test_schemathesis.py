"""The OpenAPI document against the product: generated calls, answers held to what it says."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.api.client import Api
from tests.api.product import Product

# Whether what a schema allows is also accepted depends on what exists: ids, statuses, moves.
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
]


_EXAMPLES = settings(
    max_examples=5,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
async def token(nobody: Api) -> str:
    """Of somebody with a project and a task."""
    someone = await nobody.register()
    await someone.project("WEB")
    await someone.task(project_id="WEB")
    assert someone.token is not None
    return someone.token


def test_every_call_answers_as_it_is_described(product: Product, token: str) -> None:
    schema = schemathesis.openapi.from_url(f"{product.base_url}/api/openapi.json")
    headers = {"Authorization": f"Bearer {token}"}
    wrong: list[Exception] = []
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

        @_EXAMPLES
        @given(case=good | bad)
        def answers_as_described(case: schemathesis.Case) -> None:
            # A position of the future is waited for, and then refused as it should be.
            case.headers.pop("X-Min-Log-Position", None)
            case.query.pop("min_position", None)
            case.call_and_validate(headers=headers, checks=_CHECKS)

        try:
            answers_as_described()
        except Exception as error:
            error.add_note(operation.label)
            wrong.append(error)
        tried += 1
    assert tried > 40
    if wrong:
        raise ExceptionGroup("calls that answer otherwise than they are described", wrong)
