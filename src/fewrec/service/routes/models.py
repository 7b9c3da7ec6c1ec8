"""Model versions: fit, list, activate (which is also how to go back)."""

from __future__ import annotations

from fewrec.errors import DataError
from fewrec.service.endpoint import Ask, Endpoint, Reply

VERSION = {
    "type": "object",
    "properties": {
        "version": {"type": "integer"},
        "status": {"type": "string", "enum": ["waiting", "fitting", "ready", "failed", "erased"]},
        "active": {"type": "boolean"},
        "progress": {"type": ["object", "null"]},
        "reason": {"type": "string"},
    },
}


def request(ask: Ask) -> Reply:
    version, new = ask.hub.store.versions.request(by=ask.key.id if ask.key else None)
    return Reply(version.to_dict(), status=202, more={"new": new})


def listed(ask: Ask) -> Reply:
    return Reply([version.to_dict() for version in ask.hub.store.versions.all()])


def one(ask: Ask) -> Reply:
    return Reply(ask.hub.store.versions.get(_number(ask.path["version"])).to_dict())


def activate(ask: Ask) -> Reply:
    version = ask.hub.store.versions.activate(_number(ask.path["version"]))
    ask.hub.refresh()
    return Reply(version.to_dict())


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise DataError("this is no version.", where="path.version", hint="Versions are 1, 2, 3, ...")
    return int(text)


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/models", "admin", request,
        "Fits a new version on all rows in a process of its own; it answers when it is ready. A failed one changes "
        "nothing.", "models",
        body={"type": "object", "additionalProperties": False, "properties": {}}, reply=VERSION, status=202,
        example={"body": {}},
    ),
    Endpoint("GET", "/v1/models", "read", listed, "All versions, the latest first.", "models",
             reply={"type": "array", "items": VERSION}),
    Endpoint("GET", "/v1/models/{version}", "read", one, "One version: how far its fit is, or why it failed.", "models",
             reply=VERSION, example={"path": {"version": "1"}}, fails=(404,)),
    Endpoint("POST", "/v1/models/{version}/activate", "admin", activate,
             "Lets a version answer from now on: a newer one, or one from before.", "models",
             reply=VERSION, example={"path": {"version": "1"}}, fails=(404,), slow=True),
)  # fmt: skip
