"""Which endpoint a path leads to."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from fewrec.config import ServiceSettings
from fewrec.service.answers import to_json
from fewrec.service.app import Rooms, create_app
from fewrec.service.endpoint import Reply
from fewrec.service.routes import ENDPOINTS


@pytest.fixture
def ask(monkeypatch):
    """What a path leads to: the status, and the endpoint with what stands in the holes, or the error."""

    async def answer(self, endpoint, request):
        return Reply(raw=to_json([endpoint.name, request.path_params]))

    monkeypatch.setattr(Rooms, "answer", answer)
    client = TestClient(create_app(None, ServiceSettings()))

    def ask(method, path):
        found = client.request(method, path, follow_redirects=False)
        return found.status_code, found

    return ask


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_is_found(ask, endpoint):
    filled = endpoint.path.replace("{id}", "a").replace("{version}", "3").replace("{table}", "items")
    status, found = ask(endpoint.method, filled)
    name, holes = found.json()
    assert (status, name) == (200, endpoint.name)
    assert endpoint.path.format(**holes) == filled


@pytest.mark.parametrize(("method", "path", "name", "holes"), [
    ("GET", "/v1/users/a/b", "GET /v1/users/{id}", {"id": "a/b"}),
    ("GET", "/v1/users/a%2Fb/recommendations", "GET /v1/users/{id}/recommendations", {"id": "a/b"}),
    # What a path spells out goes first, and an id takes the rest.
    ("GET", "/v1/items/similar/similar", "GET /v1/items/{id}/similar", {"id": "similar"}),
    ("DELETE", "/v1/users/a/recommendations", "DELETE /v1/users/{id}", {"id": "a/recommendations"}),
    ("GET", "/v1/models/3", "GET /v1/models/{version}", {"version": "3"}),
    ("GET", "/v1/items/(.*)|+", "GET /v1/items/{id}", {"id": "(.*)|+"}),
    ("GET", "/v1/users/é 中?n=1", "GET /v1/users/{id}", {"id": "é 中"}),
])  # fmt: skip
def test_ids_may_hold_any_letters(ask, method, path, name, holes):
    assert ask(method, path)[1].json() == [name, holes]


def test_head_is_get_without_a_body(ask):
    status, found = ask("HEAD", "/healthz")
    assert (status, found.headers["content-length"]) == (200, "19")  # of ["GET /healthz",{}]


@pytest.mark.parametrize("path", ["/v1", "/v1/items/7%0A8", "/healthz/", "/v1//items", "/v1/models/3/4/5"])
def test_a_path_that_is_none(ask, path):
    status, found = ask("GET", path)
    assert (status, found.headers["content-type"]) == (404, "application/json")
    assert found.json()["error"]["message"] == "there is nothing at this path."


@pytest.mark.parametrize(("method", "path", "allow"), [
    ("PATCH", "/v1/items", {"GET", "PUT", "HEAD"}), ("POST", "/healthz", {"GET", "HEAD"}),
    ("GET", "/v1/recommendations", {"POST"}), ("OPTIONS", "/v1/recommendations", {"POST"}),
])  # fmt: skip
def test_another_method_is_told_which_there_are(ask, method, path, allow):
    status, found = ask(method, path)
    assert (status, set(found.headers["allow"].split(", "))) == (405, allow)
    assert found.json()["error"]["code"] == "method"
