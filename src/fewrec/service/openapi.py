"""The OpenAPI document, made from the table of endpoints."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any

from fewrec.service.endpoint import Endpoint
from fewrec.service.routes import ENDPOINTS

__all__ = ["document"]

ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "where", "hint"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "where": {"type": ["string", "null"]},
                "hint": {"type": ["string", "null"]},
            },
        }
    },
}
MEANING = {
    400: "The request was broken off.",
    401: "No key, or none that opens anything.",
    403: "The key's role does not suffice.",
    404: "Not known.",
    408: "The body came too slowly.",
    409: "Not possible as things stand.",
    413: "The body is too large.",
    415: "The body is of another kind.",
    422: "Something in the request is not as it must be.",
    429: "Too many requests.",
    503: "Not now: no model yet, or the database is busy.",
    507: "No room left; nothing was kept.",
}


def document() -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fewrec",
            "version": version("fewrec"),
            "description": 'Recommendations from almost nothing. Success is {"data": ...}, failure {"error": ...}.',
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    example = endpoint.example
    parameters = [
        _parameter("path", name, {"type": "string", "minLength": 1}, example.get("path", {}).get(name))
        for name in re.findall(r"\{(\w+)\}", endpoint.path)
    ]
    parameters += [
        _parameter("query", name, schema, example.get("query", {}).get(name))
        for name, schema in endpoint.query.items()
    ]
    fails = {400, *endpoint.fails, 422, 429, 503, 507}
    if endpoint.role != "none":
        fails |= {401, 403}
    if endpoint.body is not None:
        fails |= {408, 413, 415}
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{endpoint.method.lower()}{endpoint.path}").strip("_"),
        "summary": endpoint.summary,
        "tags": [endpoint.tag],
        "x-role": endpoint.role,
        "responses": {
            str(endpoint.status): {"description": "Done.", "content": _content(endpoint)},
            **{
                str(status): {
                    "description": MEANING[status],
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
                for status in sorted(fails)
            },
        },
    }
    if parameters:
        operation["parameters"] = parameters
    if endpoint.role != "none":
        operation["security"] = [{"key": []}]
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": bool(endpoint.body.get("required") or "oneOf" in endpoint.body),
            "content": {kind: _body(endpoint, kind) for kind in endpoint.bodies},
        }
    return operation


def _body(endpoint: Endpoint, kind: str) -> dict[str, Any]:
    if kind != "application/json":
        return {"schema": {"type": "string"}}
    schema = {name: value for name, value in (endpoint.body or {}).items() if name != "x-one"}
    return {"schema": schema, "example": endpoint.example.get("body")}


def _content(endpoint: Endpoint) -> dict[str, Any]:
    if endpoint.plain:
        return {
            kind: {"schema": {"type": "object" if kind.endswith("/json") else "string"}}
            for kind in endpoint.plain
        }
    schema = {"type": "object", "required": ["data"], "properties": {"data": endpoint.reply}}
    return {"application/json": {"schema": schema}}


def _parameter(place: str, name: str, schema: Any, example: Any) -> dict[str, Any]:
    found = {
        "name": name,
        "in": place,
        "required": place == "path" or bool(schema.get("x-required")),
        "schema": {key: value for key, value in schema.items() if key not in ("description", "x-required")},
    }
    if schema.get("description"):
        found["description"] = schema["description"]
    if example is not None:
        found["example"] = example
    return found
