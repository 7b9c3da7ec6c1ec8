"""The OpenAPI document is true: whatever it allows, and whatever it forbids, is answered as it says.

Schemathesis reads the document as a stranger would, and makes requests from it: such as it allows, and such as it
does not. No answer may be a 500, or have a status, a media type or a shape that the document does not name.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.openapi import from_dict

from fewrec.service.openapi import document
from fewrec.service.routes import ENDPOINTS

pytestmark = pytest.mark.slow

PATHS = {endpoint.name: endpoint.example.get("path") for endpoint in ENDPOINTS}
SCHEMA = from_dict(document())
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
REQUESTS = 25
"""Made for each operation and kind; derived from the document alone, so that a failure comes again."""

load_all_checks()
CONFORM = CHECKS.get_by_names(
    ["status_code_conformance", "content_type_conformance", "response_schema_conformance"]
)


def requests_of(label, mode):
    """Requests to one operation: with made-up ids in the path, and with those of its example, which exist."""
    kinds = [OPERATIONS[label].as_strategy(generation_mode=mode)]
    if PATHS[label] and mode is GenerationMode.POSITIVE:
        kinds.append(OPERATIONS[label].as_strategy(generation_mode=mode, path_parameters=PATHS[label]))
    return st.one_of(kinds)


def forbids(operation):
    """Whether some request is not allowed: where there is neither a body nor a query, and ids are any text, none is."""
    return "requestBody" in operation or any(one["in"] == "query" for one in operation.get("parameters", ()))


BOTH = [
    pytest.param(label, mode, id=f"{label} {mode.value}")
    for label in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or forbids(OPERATIONS[label].definition.raw)
]


@pytest.mark.parametrize(("label", "mode"), BOTH)
def test_requests_are_answered_as_the_document_says(lasting_shop, label, mode):
    lasting_shop.restock()

    @settings(
        max_examples=REQUESTS, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=requests_of(label, mode))
    def answered(case):
        answer = case.call(app=lasting_shop.app, headers=dict(lasting_shop.headers))
        assert answer.status_code < 500, answer.text  # there is a model, so not even 503
        assert b"Traceback" not in answer.content
        assert b".py" not in answer.content
        case.validate_response(answer, checks=CONFORM)

    answered()
