"""Evaluations: how good the lists are for people who were never seen; start one, and look at the results."""

from __future__ import annotations

from fewrec.errors import DataError
from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.evaluator import SEEDS, TEST_USERS

RUN = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "integer"},
        "status": {"type": "string", "enum": ["waiting", "running", "done", "failed", "erased"]},
        "data_seq": {"type": "integer", "description": "The state of the data that was measured."},
        "progress": {"type": ["object", "null"]},
        "reason": {"type": "string"},
        "result": {
            "type": ["object", "null"],
            "description": 'What fewrec evaluate writes as JSON: "cells" has a mean with its standard errors for each '
            'system, k and metric, "calibration" what was said against what came true; null until it is done.',
        },
    },
}


def request(ask: Ask) -> Reply:
    run, new = ask.hub.store.evaluations.request(by=ask.key.id if ask.key else None)
    return Reply(run.to_dict(), status=202, more={"new": new})


def listed(ask: Ask) -> Reply:
    return Reply([run.to_dict() for run in ask.hub.store.evaluations.all()])


def one(ask: Ask) -> Reply:
    text = ask.path["id"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DataError("this is no evaluation.", where="path.id", hint="Evaluations are 1, 2, 3, ...")
    run = ask.hub.store.evaluations.get(int(text))
    return Reply({**run.to_dict(), "result": run.result})


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/evaluations", "admin", request,
        f"Measures the lists on people taken out of the data, in a process of its own: {SEEDS} splits, at most "
        f"{TEST_USERS} people each, fewrec and the bestseller list. The model that answers is not touched.",
        "evaluations",
        body={"type": "object", "additionalProperties": False, "properties": {}}, reply=RUN, status=202,
        example={"body": {}},
    ),
    Endpoint("GET", "/v1/evaluations", "read", listed, "All evaluations, the latest first, without their results.",
             "evaluations", reply={"type": "array", "items": RUN}),
    Endpoint("GET", "/v1/evaluations/{id}", "read", one,
             "One evaluation: how far it is, why it failed, or what came out.", "evaluations", reply=RUN,
             example={"path": {"id": "1"}}, fails=(404,)),
)  # fmt: skip
