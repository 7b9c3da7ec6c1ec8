"""Every route x role x (none, wrong, revoked) key; and what an open service on loopback lets in."""

from __future__ import annotations

import pytest

from fewrec.errors import ConfigError
from fewrec.service.access import check_binding, is_loopback
from fewrec.service.routes import ENDPOINTS
from fewrec.store.keys import ROLES

KEYS = ("none", "wrong", "revoked", "malformed", *ROLES)


def filled_path(endpoint) -> str:
    """A path that leads nowhere in particular: who may not in must not learn that."""
    return endpoint.path.replace("{id}", "x1").replace("{version}", "999").replace("{table}", "x1")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A client of a service with keys, and the header for each kind of key."""
    from starlette.testclient import TestClient

    from fewrec.config import Config, ServiceSettings
    from fewrec.service.app import create_app
    from fewrec.service.hub import Hub
    from fewrec.store import open_store

    folder = tmp_path_factory.mktemp("guarded")
    store = open_store(f"sqlite:///{folder / 'fewrec.db'}")
    headers = {"none": {}, "wrong": {"Authorization": "Bearer fewrec_0123456789ab_00"},
               "malformed": {"Authorization": "Basic Zm9vOmJhcg=="}}  # fmt: skip
    for role in ROLES:
        secret, _ = store.keys.create(role, role)
        headers[role] = {"Authorization": f"Bearer {secret}"}
    secret, key = store.keys.create("gone", "admin")
    store.keys.revoke(key.id)
    headers["revoked"] = {"Authorization": f"Bearer {secret}"}
    hub = Hub(store, Config(), folder / "models", cache=None)
    client = TestClient(create_app(hub, ServiceSettings(rate=0.0)), base_url="http://localhost")
    yield client, headers
    store.close()


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_the_matrix(guarded, endpoint, kind):
    client, headers = guarded
    # An empty list is no body of any endpoint: nothing is changed, whoever asks.
    body = {"content": b"[]", "headers": {"Content-Type": "application/json", **headers[kind]}}
    answer = client.request(
        endpoint.method, filled_path(endpoint), **(body if endpoint.body else {"headers": headers[kind]})
    )
    if endpoint.role == "none":
        assert answer.status_code not in (401, 403)
    elif kind not in ROLES:
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "key"
    elif ROLES.index(kind) < ROLES.index(endpoint.role):
        assert answer.status_code == 403
        assert endpoint.role in answer.json()["error"]["message"]
    else:
        assert answer.status_code not in (401, 403)


def test_roles_are_what_they_should_be():
    """Written out, so that no route changes its role by accident."""
    roles = {role: sorted(e.name for e in ENDPOINTS if e.role == role) for role in ("none", *ROLES)}
    assert roles["none"] == ["GET /", "GET /healthz", "GET /openapi.json", "GET /page/{id}", "GET /readyz"]
    assert roles["read"] == [
        "GET /metrics", "GET /v1/evaluations", "GET /v1/evaluations/{id}", "GET /v1/events", "GET /v1/items",
        "GET /v1/items/{id}", "GET /v1/items/{id}/similar",
        "GET /v1/measures", "GET /v1/models", "GET /v1/models/{version}", "GET /v1/report",
        "GET /v1/users/{id}/recommendations", "POST /v1/questions", "POST /v1/recommendations",
    ]  # fmt: skip
    assert roles["write"] == [
        "DELETE /v1/interactions/{id}", "DELETE /v1/items/{id}", "GET /v1/interactions", "GET /v1/items/{id}/audience",
        "GET /v1/users", "GET /v1/users/{id}", "POST /v1/imports", "POST /v1/interactions", "PUT /v1/items",
        "PUT /v1/users",
    ]  # fmt: skip
    assert roles["admin"] == [
        "DELETE /v1/keys/{id}", "DELETE /v1/users/{id}", "GET /v1/erasures/{id}", "GET /v1/exports/{table}",
        "GET /v1/keys", "GET /v1/users/{id}/export", "POST /v1/evaluations", "POST /v1/keys", "POST /v1/models",
        "POST /v1/models/{version}/activate",
    ]  # fmt: skip


@pytest.mark.parametrize("headers", [
    {"Host": "shop.example"},  # a name that a foreign site lets point to this machine
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"X-Forwarded-For": "10.0.0.1"},  # behind a proxy "local" means nothing
    {"Forwarded": "for=10.0.0.1"},
])  # fmt: skip
def test_an_open_service_answers_this_machine_alone(empty, headers):
    empty.ask("GET", "/v1/items")
    assert "only this machine" in empty.ask("GET", "/v1/items", status=401, headers=headers)["message"]


@pytest.mark.parametrize("host", ["localhost", "localhost:8787", "127.0.0.1:8787", "[::1]:8787", "[::1]"])
def test_an_open_service_answers_under_its_own_names(empty, host):
    empty.ask("GET", "/v1/items", headers={"Host": host, "Origin": f"http://{host}"})


def test_the_first_key_closes_the_service(empty):
    made = empty.ask("POST", "/v1/keys", {"name": "me", "role": "admin"}, 201)
    empty.ask("GET", "/v1/items", status=401)
    mine = {"Authorization": f"Bearer {made['key']}"}
    assert [key["id"] for key in empty.ask("GET", "/v1/keys", headers=mine)] == [made["id"]]
    assert "key" not in empty.ask("GET", "/v1/keys", headers=mine)[0]
    empty.ask("DELETE", f"/v1/keys/{made['id']}", headers=mine)
    empty.ask("GET", "/v1/keys", status=401, headers=mine)


def test_a_key_revoked_elsewhere_is_refused_at_once(empty):
    secret, key = empty.store.keys.create("me", "read")
    mine = {"Authorization": f"Bearer {secret}"}
    empty.ask("GET", "/v1/items", headers=mine)
    empty.store.keys.revoke(key.id)
    empty.ask("GET", "/v1/items", status=401, headers=mine)


def test_beyond_loopback_nobody_gets_in_without_a_key(empty):
    client = empty.make(host="0.0.0.0")
    assert client.get("/v1/items").status_code == 401


@pytest.mark.parametrize(("host", "local"), [
    ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
    ("192.168.0.7", False), ("shop.example", False), ("localhost.evil.example", False), ("", False),
])  # fmt: skip
def test_what_is_loopback(host, local):
    assert is_loopback(host) is local
    check_binding(host, any_key=True)
    if local:
        check_binding(host, any_key=False)
    else:
        with pytest.raises(ConfigError, match="there is no key"):
            check_binding(host, any_key=False)
