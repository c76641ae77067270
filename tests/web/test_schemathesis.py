"""A fuzzer over the OpenAPI document: no 5xx, no answer outside the schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from onhand.bootstrap.environment import Onhand, first_start, open_environments
from onhand.bootstrap.settings import Settings
from onhand.web.app import create_app

EXAMPLES = 8  # an operation and mode
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.fixture(scope="module")
def onhand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Onhand]:
    """Both environments on SQLite, `test` with the demo."""
    opened = open_environments(Settings(onhand_home=tmp_path_factory.mktemp("fuzzed")))
    first_start(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def token(onhand: Onhand) -> str:
    """The first admin's token."""
    return Path(onhand.settings.onhand_home, "admin-token.test").read_text().strip()


@pytest.fixture(scope="module")
def document(onhand: Onhand) -> Any:
    """The schema as a stranger loads it."""
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(onhand))


def check(operation: Any, mode: GenerationMode, token: str) -> bool:
    """Send an operation what its description allows or forbids; False: it forbids nothing."""

    @settings(
        max_examples=EXAMPLES,
        suppress_health_check=[*HealthCheck],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)

    try:
        send()
    except Unsatisfiable:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_operation_keeps_to_the_document(
    document: Any, token: str, mode: GenerationMode
) -> None:
    operations = [found.ok() for found in document.get_all_operations()]

    assert len(operations) > 50
    assert sum(check(operation, mode, token) for operation in operations) > 40
