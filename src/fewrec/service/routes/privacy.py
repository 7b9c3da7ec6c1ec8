"""What people may ask for: all that is held on them, and to be forgotten."""

from __future__ import annotations

from typing import Any

from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.hub import Hub
from fewrec.store.events import check_id

RECEIPT = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "GET /v1/erasures/{id} tells how far it is."},
        "deleted": {"type": "object"},
        "free_model": {
            "type": ["integer", "null"],
            "description": "The first version that never saw the person.",
        },
        "influenced_model": {
            "type": ["integer", "null"],
            "description": "The version that answers although it learned from the person; null where none does.",
        },
        "models_to_delete": {
            "type": "array",
            "items": {"type": "integer"},
            "description": "Versions whose folders still hold what they learned from the person.",
        },
        "status": {"type": "string", "enum": ["done", "fitting", "failed"]},
    },
}


def erase(ask: Ask) -> Reply:
    hub = ask.hub
    receipt = hub.store.erase_user(check_id(ask.path["id"], "path.id"))
    if hub.store.versions.active() is not None:
        hub.store.versions.request(by="erasure")
    hub.refresh()
    return Reply(state_of(hub, receipt), status=202)


def erasure(ask: Ask) -> Reply:
    return Reply(state_of(ask.hub, ask.hub.store.erasure(check_id(ask.path["id"], "path.id"))))


def state_of(hub: Hub, receipt: dict[str, Any]) -> dict[str, Any]:
    """The receipt, with what has become of the models that had seen the person.

    "done": a version that never saw them answers, and the folders of all that did are gone, or will be within a second.
    """
    versions = sorted(hub.store.versions.all(), key=lambda version: version.version)
    free = next((v.version for v in versions if v.status == "ready" and v.seq >= receipt["seq"]), None)
    holding = [v.version for v in versions if v.status == "ready" and v.seq < receipt["seq"]]
    failed = versions and versions[-1].status == "failed" and free is None
    done = not holding
    answering = next((v.version for v in versions if v.active and v.version in holding), None)
    return {
        **receipt,
        "free_model": free,
        "influenced_model": None if hub.config.service.erase_at_once else answering,
        "models_to_delete": holding,
        "status": "done" if done else "failed" if failed else "fitting",
        "reason": versions[-1].about.get("reason") if failed and not done else None,
    }


def export(ask: Ask) -> Reply:
    user = check_id(ask.path["id"], "path.id")
    entity, events = ask.hub.store.visitor(user)
    return Reply(
        {
            "user": {"id": entity.id, "columns": entity.columns},
            "interactions": [event.to_dict() for event in events],
        }
    )


ENDPOINTS = (
    Endpoint(
        "GET", "/v1/users/{id}/export", "admin", export, "All that is held on one person.", "users",
        example={"path": {"id": "anna"}}, fails=(404,),
    ),
    Endpoint(
        "DELETE", "/v1/users/{id}", "admin", erase,
        "Erases a person: their rows at once, their influence with the next version, which is fitted right away.",
        "users", reply=RECEIPT, status=202, example={"path": {"id": "anna"}}, fails=(404,), slow=True,
    ),
    Endpoint(
        "GET", "/v1/erasures/{id}", "admin", erasure, "How far an erasure is. The receipt does not say whose it was.",
        "users", reply=RECEIPT, example={"path": {"id": "0123456789ab"}}, fails=(404,),
    ),
)  # fmt: skip
