"""Whatever is sent: no 500, no stack for the client, no harm to the store."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewrec.config import ServiceSettings
from fewrec.service.routes import ENDPOINTS

WITH_BODY = [
    endpoint for endpoint in ENDPOINTS if endpoint.body is not None and endpoint.bodies[0].endswith("json")
]
LEAST = ServiceSettings(rate=0.0, body_mb=0.01)

HOSTILE = [
    b"", b"{", b"null", b"[]", b"0", b'"x"', b"[[]]", b"[null]", b"{}", b'{"a":1}', b"NaN", b'{"n":NaN}',
    b'{"n":Infinity}', b'{"n":1e999}', b"1" * 5000, b"[" * 200_000, b'{"a":' * 5000, b"\xff\xfe", b'{"n":-1}',
    b'{"n":true}', b'{"n":1.5}', b'{"n":99999999999999999999999}', b'{"support":{"7":"x"}}', b'{"support":[[]]}',
    b'{"support":{"7":1e308,"8":-1e308}}', b'{"support":"7"}', b'{"taste":5}', b'{"taste":"\\u0000"}',
    b'{"taste":"\\ud800"}', b'{"where":"__import__(\\"os\\").system(\\"true\\")"}', b'{"where":"price <"}',
    b'{"where":{"price":{}}}', b'{"where":"' + b"(" * 1500 + b'"}', b'{"where":"' + b"not " * 450 + b'price"}',
    b'{"boosts":{"price <":1}}', b'{"boosts":{"price < 3":1e9}}', b'{"pinned":["nothing"]}', b'{"explore":2}',
    b'{"attributes":{"city":{"a":{}}}}', b'{"attributes":{"city":[[1]]}}', b'{"attributes":{"city":[null]}}',
    b'{"user":""}', b'{"user":"x\\u0000"}', b'{"user":1e5}', b'{"id":"7","columns":{"title":{}}}',
    b'{"id":"7","columns":{"id":"x"}}', b'{"id":" 7","columns":{}}', b'[{"id":"7"},{"id":[]}]',
    b'{"user":"a","item":"b","event":"view","time":1e300}', b'{"user":"a","item":"b","event":"view","time":"soon"}',
    b'{"user":"a","item":"b","event":"view","time":-1}', b'{"user":"a","item":"b","event":"view","value":1e400}',
    b'{"user":"a","item":"b","event":"rating","value":null}', b'{"name":"\\n","role":"read"}',
    b'{"name":"x","role":"root"}',
]  # fmt: skip


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=lambda endpoint: endpoint.name)
def test_hostile_bodies_are_refused_in_the_envelope(shop, endpoint):
    path = endpoint.path.replace("{version}", "1")
    for body in HOSTILE:
        answer = shop.client.request(
            endpoint.method, path, content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code < 500, (body[:80], answer.text)
        if answer.status_code >= 400:
            error = answer.json()["error"]
            assert set(error) == {"code", "message", "where", "hint"}
            assert "Traceback" not in answer.text
            assert ".py" not in answer.text
        elif endpoint.path == "/v1/keys":
            raise AssertionError(f"{body!r} made a key")
    assert shop.store.item("7").columns.get("title", "gone") != {}
    assert shop.titles("anna")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["user", "support", "taste", "attributes", "n", "where", "exclude", "diversity", "include_seen", "boosts",
         "pinned", "explore", "explain", "id", "columns", "item", "event", "value", "time", "name", "role"]  # fmt: skip
bodies = json_values | st.dictionaries(
    st.sampled_from(NAMES),
    json_values
    | st.sampled_from(["7", "anna", "buy", "rating", "price < 20", ["7"], {"7": 1}, {"title": "x"}, 3, 0.5]),
    max_size=6,
)


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(body=bodies, which=st.sampled_from(WITH_BODY))
def test_any_json_is_answered_without_a_500(shop, body, which):
    path = which.path.replace("{version}", "1")
    if which.path == "/v1/keys":
        return  # a key that is made by chance would close the service to the rest of this test
    answer = shop.client.request(
        which.method, path, content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code < 500, answer.text


@pytest.mark.slow
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(text=st.text(max_size=30), which=st.sampled_from([e for e in ENDPOINTS if e.method == "GET"]))
def test_any_path_and_query_is_answered_without_a_500(shop, text, which):
    from urllib.parse import quote

    try:
        safe = quote(text, safe="")
    except UnicodeEncodeError:
        return
    path = which.path
    for name in ("id", "version", "table"):
        path = path.replace(f"{{{name}}}", safe or "x")
    for params in ({}, dict.fromkeys(which.query, text)):
        answer = shop.client.get(path, params=params)
        if answer.status_code != 503:  # a model that is not there is no fault of the path
            assert answer.status_code < 500, answer.text


FILES = [
    b"", b"\n\n", b"\xff\xfe\x00", b"a", b"item_id,title\n", b"item_id\n" + b"x" * 5000, b'{"a":{}}\n', b"PAR1junkPAR1",
    b"user,item,event\na,b,frobnicate\n", b"user,item,event,time\na,b,view,soon\n", b'item_id,title\n"7,unclosed\n',
    b"item_id,title\n\x00,x\n", "item_id,title\n7,ab\u202ec\n".encode(), b"item_id,item_id\n1,2\n",
]  # fmt: skip


@pytest.mark.parametrize("name", ["items", "users", "interactions"])
@pytest.mark.parametrize("kind", ["text/csv", "application/x-ndjson", "application/vnd.apache.parquet"])
def test_hostile_files_are_refused_in_the_envelope(shop, name, kind):
    for content in FILES:
        answer = shop.client.post(
            "/v1/imports", params={"table": name}, content=content, headers={"Content-Type": kind}
        )
        assert answer.status_code < 500, (content, answer.text)
        assert shop.titles("anna"), content


# -- limits


def test_a_large_body_is_refused_before_it_is_read(shop):
    client = shop.make(LEAST)
    body = json.dumps([{"id": str(at), "columns": {"title": "x" * 100}} for at in range(200)])
    answer = client.put("/v1/items", content=body)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
    assert shop.store.counts()["items"] == 8


def test_a_large_body_without_a_length_is_refused_while_it_is_read(shop):
    client = shop.make(LEAST)

    def pieces():
        for _ in range(100):
            yield b" " * 1000

    assert client.put("/v1/items", content=pieces()).status_code == 413


@pytest.mark.parametrize(("query", "what"), [("n=201", "n"), ("n=0", "n"), ("n=x", "n"), ("limit=1001", "limit"),
                                              ("cursor=xyz", "cursor"), ("n=1&n=2", "n"), ("n=%203", "n"),
                                              ("n=1_0", "n"), ("n=%D9%A3", "n")])  # fmt: skip
def test_lists_and_pages_have_limits(shop, query, what):
    path = "/v1/items" if what in ("limit", "cursor") else "/v1/users/anna/recommendations"
    assert shop.ask("GET", f"{path}?{query}", status=422)["where"] == f"query.{what}"


@pytest.fixture
def clock(monkeypatch):
    """The time that the limit sees: it stands still until a test moves it."""
    from fewrec.service import limit

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(limit, "time", made)
    return made


def test_who_asks_too_often_is_told_to_wait(shop, clock):
    client = shop.make(ServiceSettings(rate=5.0))
    told = [client.get("/healthz").status_code for _ in range(12)]
    assert told == [200] * 10 + [429] * 2  # twice the rate at once
    refused = client.get("/healthz")
    assert refused.json()["error"]["code"] == "too_many"
    assert refused.headers["retry-after"] == "1"
    clock.now += 0.4  # two more
    assert [client.get("/healthz").status_code for _ in range(3)] == [200, 200, 429]


def test_who_makes_keys_up_gets_no_more(shop, clock):
    secret, _ = shop.store.keys.create("shop", "read")
    client = shop.make(ServiceSettings(rate=5.0))
    made_up = [{"Authorization": f"Bearer fewrec_{at}_x"} for at in range(12)]
    assert [client.get("/v1/items", headers=headers).status_code for headers in made_up] == [401] * 10 + [
        429
    ] * 2
    # Whoever has a key is not held up by them.
    assert client.get("/v1/items", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


# -- what goes out


def test_security_headers_stand_on_every_answer(shop):
    for path in ("/healthz", "/nowhere", "/v1/items/unknown"):
        headers = shop.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'; script-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert len(headers["x-request-id"]) == 16
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


def test_cors_is_for_those_named(shop):
    shop.store.keys.create("x", "read")  # what a browser may read does not depend on keys
    client = shop.make(ServiceSettings(rate=0.0, cors=("https://shop.example",)))
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = client.options("/v1/recommendations", headers=asked)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in answer.headers
    other = client.options("/v1/recommendations", headers={**asked, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


def test_the_log_holds_no_id_no_sentence_and_no_key(shop):
    log = io.StringIO()
    client = shop.make(log=log)
    secret, key = shop.store.keys.create("shop", "admin")
    mine = {"Authorization": f"Bearer {secret}"}
    client.get("/v1/users/anna/recommendations?where=price<7654321", headers=mine)
    client.post("/v1/recommendations", json={"taste": "something private"}, headers=mine)
    client.get("/v1/users/secretive", headers={**mine, "X-Request-Id": "abc-123"})
    client.get("/v1/nowhere/anna", headers=mine)
    text = log.getvalue()
    for secretive in ("anna", "7654321", "private", "secretive", secret.rpartition("_")[2]):
        assert secretive not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["route"] for line in lines] == [
        "/v1/users/{id}/recommendations", "/v1/recommendations", "/v1/users/{id}", None]  # fmt: skip
    assert {line["key"] for line in lines[:3]} == {key.id}
    assert lines[2]["request"] == "abc-123"
    # and with them, where they are asked for
    log = io.StringIO()
    shop.make(ServiceSettings(rate=0.0, log_ids=True), log=log).get("/v1/users/anna", headers=mine)
    assert json.loads(log.getvalue())["path"] == "/v1/users/anna"


def test_a_bug_is_told_in_the_log_alone(shop, monkeypatch):
    log = io.StringIO()

    def broken(*given):
        raise RuntimeError("anna's secret")

    monkeypatch.setattr(shop.store, "counts", broken)
    answer = shop.make(log=log).get("/v1/report")
    assert answer.status_code == 500
    error = answer.json()["error"]
    assert error["code"] == "internal"
    assert "secret" not in answer.text
    line = json.loads(log.getvalue())
    assert line["request"] in error["hint"]
    assert line["error"] == "RuntimeError"
    assert any("broken" in place for place in line["stack"])
    assert "secret" not in log.getvalue()


@pytest.mark.parametrize(("kind", "status"), [("StoreFull", 507), ("StoreBusy", 503), ("StoreGone", 503)])
def test_a_store_that_cannot_is_told_and_the_service_stays_up(shop, monkeypatch, kind, status):
    from fewrec.store import failures

    def full(*given):
        raise getattr(failures, kind)("no.", where="store")

    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "append_each", full)
        error = shop.ask("POST", "/v1/interactions", {"user": "a", "item": "7", "event": "buy"}, status)
        assert error["code"].startswith("store_")
    shop.ask("POST", "/v1/interactions", {"user": "a", "item": "7", "event": "buy"}, 201)


def test_counts_are_kept_for_prometheus(shop):
    shop.titles("anna")
    shop.ask("GET", "/v1/users/nobody", status=404)
    text = shop.client.get("/metrics").text
    assert 'fewrec_requests_total{method="GET",route="/v1/users/{id}/recommendations",status="200"} 1' in text
    assert 'fewrec_requests_total{method="GET",route="/v1/users/{id}",status="404"} 1' in text
    assert "fewrec_ready 1" in text
    assert "anna" not in text
    buckets = [float(line.split()[-1]) for line in text.splitlines()
               if line.startswith('fewrec_request_seconds_bucket{method="GET",route="/v1/users/{id}/rec')]  # fmt: skip
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1


def test_slow_requests_hold_no_list_up(shop, monkeypatch):
    """As many slow requests as there are threads wait for the same thing; a list is answered meanwhile."""
    import threading

    settings = ServiceSettings(rate=0.0, threads=2)
    client, release, inside = shop.make(settings), threading.Event(), threading.Semaphore(0)
    monkeypatch.setattr(shop.hub, "wait_for_items", lambda: (inside.release(), release.wait(30)))
    told = []
    with client:  # one event loop for all of them
        slow = [
            threading.Thread(
                target=lambda at=at: told.append(client.put("/v1/items", json={"id": f"n{at}"}).status_code)
            )
            for at in range(3)
        ]
        for thread in slow:
            thread.start()
        assert inside.acquire(timeout=20)
        assert inside.acquire(timeout=20)
        assert client.get("/v1/users/anna/recommendations").status_code == 200
        assert told == []
        release.set()
        for thread in slow:
            thread.join(timeout=20)
    assert told == [200] * 3


def test_lists_hold_no_event_up(shop, monkeypatch):
    """All threads for lists wait for something; an event is kept meanwhile."""
    import threading

    from fewrec.recommender import Recommender

    client, release, inside = shop.make(), threading.Event(), threading.Semaphore(0)
    monkeypatch.setattr(Recommender, "recommend", lambda *given, **more: (inside.release(), release.wait(30)))
    with client:  # one event loop for all of them
        lists = [
            threading.Thread(target=lambda user=user: client.get(f"/v1/users/{user}/recommendations"))
            for user in ("anna", "bert", "cleo", "dora")
        ]
        for thread in lists:
            thread.start()
        for _ in range(ServiceSettings().threads):
            assert inside.acquire(timeout=20)
        event = {"user": "anna", "item": "7", "event": "buy"}
        assert client.post("/v1/interactions", json=event).status_code == 201
        release.set()
        for thread in lists:
            thread.join(timeout=20)
