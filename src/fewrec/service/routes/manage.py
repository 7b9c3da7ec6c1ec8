"""Keys, for those who manage the service."""

from __future__ import annotations

from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.store.keys import ROLES

KEY = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "role": {"type": "string"}},
}


def create(ask: Ask) -> Reply:
    secret, key = ask.hub.store.keys.create(ask.body["name"], ask.body["role"])
    return Reply({**key.to_dict(), "key": secret}, status=201)


def listed(ask: Ask) -> Reply:
    return Reply([key.to_dict() for key in ask.hub.store.keys.all()])


def revoke(ask: Ask) -> Reply:
    return Reply(ask.hub.store.keys.revoke(ask.path["id"]).to_dict())


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/keys", "admin", create, "A new key; it is shown this once.", "keys",
        body={"type": "object", "required": ["name", "role"], "additionalProperties": False,
              "properties": {"name": {"type": "string", "maxLength": 100},
                             "role": {"type": "string", "enum": list(ROLES)}}},
        reply=KEY, status=201, example={"body": {"name": "shop", "role": "write"}},
    ),
    Endpoint("GET", "/v1/keys", "admin", listed, "All keys, without their secrets.", "keys",
             reply={"type": "array", "items": KEY}),
    Endpoint("DELETE", "/v1/keys/{id}", "admin", revoke, "Revokes a key: it opens nothing from now on.", "keys",
             reply=KEY, example={"path": {"id": "0123456789ab"}}, fails=(404,)),
)  # fmt: skip
