"""Which endpoint a path leads to."""

from __future__ import annotations

import pytest

from fewrec.service.answers import Refused
from fewrec.service.router import Router
from fewrec.service.routes import ENDPOINTS

ROUTER = Router(ENDPOINTS)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_is_found(endpoint):
    filled = endpoint.path.replace("{id}", "a").replace("{version}", "3").replace("{table}", "items")
    found, path = ROUTER.find(endpoint.method, filled)
    assert found is endpoint
    assert endpoint.path.format(**path) == filled


@pytest.mark.parametrize(("method", "path", "name", "holes"), [
    ("GET", "/v1/users/a/b", "GET /v1/users/{id}", {"id": "a/b"}),
    ("GET", "/v1/users/a/b/recommendations", "GET /v1/users/{id}/recommendations", {"id": "a/b"}),
    # What a path spells out goes first, and an id takes the rest.
    ("GET", "/v1/items/similar/similar", "GET /v1/items/{id}/similar", {"id": "similar"}),
    ("DELETE", "/v1/users/a/recommendations", "DELETE /v1/users/{id}", {"id": "a/recommendations"}),
    ("HEAD", "/healthz", "GET /healthz", {}),
    ("GET", "/v1/models/3", "GET /v1/models/{version}", {"version": "3"}),
    ("GET", "/v1/items/(.*)|+", "GET /v1/items/{id}", {"id": "(.*)|+"}),
])  # fmt: skip
def test_ids_may_hold_any_letters(method, path, name, holes):
    found, given = ROUTER.find(method, path)
    assert (found.name, given) == (name, holes)


@pytest.mark.parametrize("path", ["", "/v1", "/v1/items/7\n8", "/healthz/", "//", "/v1/models/3/4/5"])
def test_a_path_that_is_none(path):
    with pytest.raises(Refused, match="nothing at this path") as told:
        ROUTER.find("GET", path)
    assert told.value.status == 404


@pytest.mark.parametrize(("method", "path", "allow"), [
    ("PATCH", "/v1/items", "GET, PUT, HEAD"), ("POST", "/healthz", "GET, HEAD"), ("GET", "/v1/recommendations", "POST"),
])  # fmt: skip
def test_another_method_is_told_which_there_are(method, path, allow):
    with pytest.raises(Refused, match="does not know the method") as told:
        ROUTER.find(method, path)
    assert (told.value.status, told.value.headers) == (405, {"Allow": allow})
