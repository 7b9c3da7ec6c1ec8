"""Every route stands in the OpenAPI document, with an example that works; and answers as the document says."""

from __future__ import annotations

import pytest

from fewrec.service.check import check
from fewrec.service.openapi import document
from fewrec.service.routes import ENDPOINTS

DOCUMENT = document()


def prepared(shop, endpoint):
    """The path of the example, after what it speaks of was made."""
    path = dict(endpoint.example.get("path", {}))
    if endpoint.path == "/v1/erasures/{id}":
        path["id"] = shop.ask("DELETE", "/v1/users/bert", status=202)["id"]
    if endpoint.path == "/v1/evaluations/{id}":
        shop.store.evaluations.request()
    if endpoint.path == "/v1/keys/{id}":
        path["id"] = shop.store.keys.create("old", "read")[1].id
        secret, _ = shop.store.keys.create("me", "admin")
        shop.client.headers["Authorization"] = f"Bearer {secret}"
    return path


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_the_example_works(shop, endpoint):
    operation = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    path = endpoint.path
    for name, value in prepared(shop, endpoint).items():
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, "a path without an example"
    body = endpoint.example.get("body")
    if endpoint.body is not None:
        assert body is not None, "a body without an example"
    sent = (
        {"content": body, "headers": {"Content-Type": endpoint.bodies[0]}}
        if isinstance(body, str)
        else {"json": body}
    )
    answer = shop.client.request(
        endpoint.method,
        path,
        params=endpoint.example.get("query"),
        **(sent if endpoint.body is not None else {}),
    )
    assert answer.status_code == endpoint.status, answer.text
    told = operation["responses"][str(endpoint.status)]["content"]
    assert answer.headers["content-type"].partition(";")[0] in told
    if not endpoint.plain:
        check(answer.json(), told["application/json"]["schema"], "answer")


def test_the_document_has_every_route_once():
    told = sorted(
        f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods
    )
    assert told == sorted(endpoint.name for endpoint in ENDPOINTS)
    ids = [methods[method]["operationId"] for methods in DOCUMENT["paths"].values() for method in methods]
    assert len(set(ids)) == len(ids)


def test_every_operation_tells_who_may_and_what_goes_wrong():
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            assert operation["summary"].endswith(".")
            assert ("401" in operation["responses"]) == (operation["x-role"] != "none")
            assert "422" in operation["responses"]


def test_unknown_paths_and_methods_answer_in_the_envelope(shop):
    assert shop.ask("GET", "/v2/items", status=404)["code"] == "no_route"
    error = shop.ask("PATCH", "/v1/items", status=405)
    assert error["code"] == "method"
    assert shop.client.patch("/v1/items").headers["allow"]


def test_ids_may_hold_any_letters(shop):
    odd = "a/b c?d#e%f+g/recommendationsß"
    shop.ask("PUT", "/v1/items", {"id": odd, "columns": {"title": "Odd"}})
    from urllib.parse import quote

    assert shop.ask("GET", f"/v1/items/{quote(odd, safe='')}")["id"] == odd
    shop.ask("POST", "/v1/interactions", {"user": odd, "item": "7", "event": "buy"}, 201)
    assert shop.ask("GET", f"/v1/users/{quote(odd, safe='')}/recommendations")["recommendations"]
