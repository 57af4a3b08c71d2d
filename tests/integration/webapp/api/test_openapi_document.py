"""Whatever the OpenAPI document allows or forbids: no server error, and no answer that it does not describe."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.specs.openapi.schemas import OpenApiSchema

from fakes.oidc_issuer import Issuer
from tests.integration.operations.test_pause import Lambda
from tests.integration.webapp.conftest import Cloud
from webapp.app import create_app
from webapp.composition import Services
from webapp.text_validation import LINE_PATTERN, is_line

pytestmark = pytest.mark.slow

OPERATIONS = [
    ("POST", "/v1/books"),
    ("GET", "/v1/books"),
    ("GET", "/v1/books/{book_id}"),
    ("PATCH", "/v1/books/{book_id}"),
    ("DELETE", "/v1/books/{book_id}"),
    ("GET", "/v1/books/{book_id}/notifications"),
    ("DELETE", "/v1/me"),
]
PROBES = {("GET", "/livez"), ("GET", "/readyz")}
LENIENT = list(HealthCheck)
_EXAMPLES = hypothesis_settings().max_examples
ISBNS = ["0-441-00731-7", "080442957X", "9780441007318", "978-0-446-60377-5", "9791032305690"]
#: What the document cannot say: that a change must name the state which the book is in, that a key stands for one body,
#: and that unknown parameters of a query are overlooked.
TOLERANT: dict[tuple[str, str], list[Any]] = {
    ("PATCH", "POSITIVE"): [positive_data_acceptance],
    ("DELETE", "POSITIVE"): [positive_data_acceptance],
    ("GET", "NEGATIVE"): [negative_data_rejection],
    ("DELETE", "NEGATIVE"): [negative_data_rejection],
}

schemathesis.openapi.format("isbn", st.sampled_from(ISBNS))
schemathesis.openapi.format("line", st.from_regex(LINE_PATTERN, fullmatch=True).filter(is_line))


@pytest.fixture
def services(services: Services) -> Services:
    """With the notifier that an account's deletion asks for its tenants."""
    Lambda(None)
    return services


@pytest.fixture
def document(services: Services) -> OpenApiSchema:
    return schemathesis.openapi.from_asgi("/v1/openapi.json", create_app(services))


@pytest.fixture
def signed(issuer: Issuer) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {issuer.token()}"}


def test_every_operation_is_tried(document: OpenApiSchema) -> None:
    documented = {
        (method.upper(), path) for path, methods in document.raw_schema["paths"].items() for method in methods
    }
    assert documented == set(OPERATIONS) | PROBES


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (method, path, mode)
        for method, path in OPERATIONS
        for mode in ("POSITIVE", "NEGATIVE")
        if (path, mode) != ("/v1/me", "NEGATIVE")  # it is asked for nothing that could be wrong
    ],
)
def test_no_undocumented_answer(
    document: OpenApiSchema, signed: Mapping[str, str], method: str, path: str, mode: str
) -> None:
    operation = document[path][method]
    cases = operation.as_strategy(generation_mode=schemathesis.GenerationMode[mode])

    @hypothesis_settings(max_examples=_EXAMPLES // 2, deadline=None, suppress_health_check=LENIENT, database=None)
    @given(case=cases)
    def check_answer(case: schemathesis.Case[Any]) -> None:
        if "Idempotency-Key" in case.headers and mode == "POSITIVE":
            case.headers["Idempotency-Key"] = str(uuid4())
        case.call_and_validate(headers=dict(signed), excluded_checks=TOLERANT.get((method, mode), []))

    check_answer()


def test_no_undocumented_answer_on_any_road(cloud: Cloud, services: Services, signed: Mapping[str, str]) -> None:
    numbers = itertools.count()
    counted = replace(services, new_id=lambda: f"{next(numbers):026d}")
    document = schemathesis.openapi.from_asgi("/v1/openapi.json", create_app(counted))

    class ApiStateMachine(document.exclude(path="/v1/me").as_state_machine()):  # type: ignore[misc]  # made at run time
        """Follows the links of the document from answer to request."""

        def setup(self) -> None:
            """Every road begins with no books and the same ids, so that it can be walked again."""
            nonlocal numbers
            numbers = itertools.count()
            cloud.forget_books()

        def get_call_kwargs(self, case: schemathesis.Case[Any]) -> dict[str, Any]:
            return {"headers": dict(signed)}

        def validate_response(self, response: Any, case: schemathesis.Case[Any], **more: Any) -> None:
            case.validate_response(response, excluded_checks=[positive_data_acceptance, negative_data_rejection])

    steps = hypothesis_settings(
        max_examples=_EXAMPLES // 3, stateful_step_count=10, deadline=None, suppress_health_check=LENIENT, database=None
    )
    run_state_machine_as_test(ApiStateMachine, settings=steps)
