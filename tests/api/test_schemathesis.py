"""The OpenAPI document against the product: generated calls, answers held to what it says."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx
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
from tests.e2e.person import is_behind
from tests.waiting import until

# Whether what a schema allows is also accepted depends on what exists: ids, statuses, moves.
_OF_ANSWERS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
_CHECKS = [
    *_OF_ANSWERS,
    negative_data_rejection,
    unsupported_method,
    ignored_auth,
]


_EXAMPLES = settings(
    max_examples=4,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


_FEW_EXAMPLES = settings(_EXAMPLES, max_examples=2)


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
            _without_positions(case)
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


# What makes a thing, by path, in the order in which one needs another. `{name}` is made before.
_MAKING: Mapping[str, Mapping[str, Any]] = {
    "/api/v1/workspaces": {"name": "Chains"},
    "/api/v1/workspaces/{workspace_id}/service-accounts": {"name": "Robot"},
    "/api/v1/workspaces/{workspace_id}/service-accounts/{user_id}/keys": {
        "name": "Its key",
        "scopes": ["tasks:read"],
    },
    "/api/v1/workspaces/{workspace_id}/teams": {"name": "Team"},
    "/api/v1/workspaces/{workspace_id}/labels": {"name": "urgent"},
    "/api/v1/api-keys": {"name": "A key", "scopes": ["tasks:read"]},
    "/api/v1/projects": {"name": "Chains"},
    "/api/v1/tasks": {"title": "First", "project_id": "{project_id}"},
    "/api/v1/tasks/{task_id}/duplicate": {},
    "/api/v1/tasks/{task_id}/dependencies": {"depends_on_id": "{other_task_id}"},
    "/api/v1/tasks/{task_id}/comments": {"text": "Seen."},
    "/api/v1/templates": {"name": "Again", "from_task_id": "{task_id}"},
}


def test_what_was_made_can_be_gone_on_with(product: Product, token: str) -> None:
    """Every link of the document is followed, each answer held to what is said of it."""
    schema = schemathesis.openapi.from_url(f"{product.base_url}/api/openapi.json")
    operations = {result.ok().label: result.ok() for result in schema.get_all_operations()}
    labels = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, item in schema.raw_schema["paths"].items()
        for method, operation in item.items()
    }
    headers = {"Authorization": f"Bearer {token}"}
    made: dict[str, str] = {}
    followed: list[tuple[str, dict[str, str]]] = []
    with httpx.Client(base_url=product.base_url, headers=headers, timeout=20) as client:
        for path, body in _MAKING.items():
            filled = {
                key: value.format(**made) if isinstance(value, str) else value
                for key, value in body.items()
            }
            answer = _answer(client, path.format(**made), filled)
            assert answer.status_code == HTTPStatus.CREATED, answer.text
            links = schema.raw_schema["paths"][path]["post"]["responses"]["201"]["links"]
            assert links, path
            for name, link in links.items():
                parameters = {
                    each.removeprefix("path."): _resolved(value, answer.json(), made)
                    for each, value in link["parameters"].items()
                }
                followed.append((labels[name], parameters))
            made["other_task_id"] = made.get("task_id", "")
            made |= {key: value for key, value in answer.json().items() if key.endswith("_id")}
    assert len(followed) > 80
    wrong: list[Exception] = []
    # What takes things away comes last, and what was made first of it.
    for label, parameters in sorted(
        followed, key=lambda each: (each[0].startswith("DELETE"), -len(each[1]))
    ):
        try:
            _call(operations[label], parameters, headers)
        except Exception as error:
            error.add_note(label)
            wrong.append(error)
    if wrong:
        raise ExceptionGroup("calls that answer otherwise than they are described", wrong)


def _answer(client: httpx.Client, path: str, body: Mapping[str, Any]) -> httpx.Response:
    """Asked again while a view does not show yet who may do so."""

    def answered() -> httpx.Response | None:
        answer = client.post(path, json=body)
        return None if is_behind(answer) else answer

    return until(path, 30, answered)


def _call(operation: Any, parameters: Mapping[str, str], headers: Mapping[str, str]) -> None:
    @_FEW_EXAMPLES
    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def goes_on(case: schemathesis.Case) -> None:
        _without_positions(case)
        case.path_parameters |= parameters
        case.call_and_validate(headers=headers, checks=_OF_ANSWERS)

    goes_on()


def _resolved(expression: str, answer: Mapping[str, Any], made: Mapping[str, str]) -> str:
    """What a link's runtime expression stands for."""
    source, _, name = expression.rpartition("#/" if "#/" in expression else ".")
    return str(answer[name] if source == "$response.body" else made[name])


def _without_positions(case: schemathesis.Case) -> None:
    """A position of the future is waited for, and then refused as it should be."""
    case.headers.pop("X-Min-Log-Position", None)
    case.query.pop("min_position", None)
