"""Files in and out, and what a look at one tells."""

from __future__ import annotations

import io

import pytest

CSV = "movieId,name,price\n1,Alien,9\n2,Heat,x\n,Nameless,4\n"


def send(shop, table, content, kind="text/csv", status=200, **query):
    answer = shop.client.post(
        "/v1/imports", params={"table": table, **query}, content=content, headers={"Content-Type": kind}
    )
    assert answer.status_code == status, answer.text
    return answer.json()["data" if status < 400 else "error"]


def test_a_look_tells_columns_and_bad_rows_and_keeps_nothing(empty):
    told = send(empty, "items", CSV, preview="true")
    assert {entry["column"]: entry["role"] for entry in told["columns"]}["movieId"] == "item"
    assert (told["rows"], told["stored"]) == (3, None)
    assert told["sample"][0] == {"movieId": "1", "name": "Alien", "price": "9"}
    assert "the item id is missing" in told["warnings"][0]
    assert empty.store.counts()["items"] == 0


def test_bad_rows_stop_the_file_or_are_left_out(empty):
    error = send(empty, "items", CSV, status=422)
    assert error["where"] == 'items.csv, row 4, column "movieId"'
    assert empty.store.counts()["items"] == 0
    assert send(empty, "items", CSV, skip_bad_rows="true")["stored"]["items"] == 2
    assert empty.store.item("1").columns == {"name": "Alien", "price": "9"}


@pytest.mark.parametrize(("name", "told"), [
    ("my films (2024).csv", "my films (2024).csv"), ("films.parquet", "films.parquet"),
    ("../../etc/passwd", "../../etc/passwd"), ("a\nb", "a\ufffdb"), ("电影.csv", "电影.csv"),
])  # fmt: skip
def test_messages_name_the_file_that_was_sent(empty, name, told):
    """By whatever name: it is a label, and neither opens a file nor says how this one is to be read."""
    error = send(empty, "items", CSV, status=422, name=name)
    assert error["where"] == f'{told}, row 4, column "movieId"'
    warning = send(empty, "items", CSV, name=name, preview="true")["warnings"][0]
    assert warning.startswith(f"{told}: 1 of 3 rows left out")


def test_the_same_file_twice_counts_once(empty):
    text = "user,item,event,time\na,1,buy,2024-01-01\na,1,buy,2024-01-01\nb,1,view,\n"
    # The same row twice in one file is two purchases.
    assert send(empty, "interactions", text)["stored"]["interactions"] == 3
    again = send(empty, "interactions", text)["stored"]
    assert (again["interactions"], again["already_there"]) == (0, 3)
    kept = sorted((e.event, e.time) for e, _ in empty.store.interactions())
    assert kept == [("buy", 1704067200.0), ("buy", 1704067200.0), ("view", 0.0)]


def test_ratings_keep_their_values(empty):
    send(empty, "interactions", "user,item,stars\na,1,4.5\nb,1,2\n")
    assert sorted((e.user, e.event, e.value) for e, _ in empty.store.interactions()) == [
        ("a", "rating", 4.5), ("b", "rating", 2.0)]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_what_goes_out_comes_in_again(shop, empty_twin, kind):
    from fewrec.service.export import KINDS

    for table in ("items", "users", "interactions"):
        answer = shop.client.get(f"/v1/exports/{table}", params={"format": kind})
        assert answer.status_code == 200
        send(empty_twin, table, answer.content, kind=KINDS[kind].partition(";")[0])
    one, two = shop.store.snapshot(), empty_twin.store.snapshot()
    for (id, cells), (other, others) in zip(one.items, two.items, strict=True):
        assert (id, cells["title"], cells["genre"]) == (other, others["title"], others["genre"])
        assert float(others["price"]) == cells["price"]
    assert [id for id, _ in one.users] == [id for id, _ in two.users]
    again = send(empty_twin, "interactions", shop.client.get("/v1/exports/interactions").content)
    assert again["stored"] == {"items": 0, "users": 0, "interactions": 0, "already_there": 18}
    pick = [[(e.user, e.item, e.event, e.value, e.time) for e in sorted(s.events, key=lambda e: (e.user, e.item))]
            for s in (one, two)]  # fmt: skip
    assert pick[0] == pick[1]


@pytest.fixture
def empty_twin(open_shop, tmp_path):
    (tmp_path / "twin").mkdir()
    return open_shop(tmp_path / "twin", fit=False, fill=False)


def test_parquet_is_read(empty):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    parquet.write_table(pyarrow.table({"item": ["1"], "title": ["Alien"], "tags": [["a", "b"]]}), out)
    send(empty, "items", out.getvalue(), kind="application/vnd.apache.parquet")
    assert empty.store.item("1").columns == {"title": "Alien", "tags": ["a", "b"]}


def test_an_export_ends_where_the_client_goes_away(shop, monkeypatch):
    """Of endless parts a few are made, not all."""
    import asyncio

    from fewrec.service.routes import transfer

    made = []
    monkeypatch.setattr(
        transfer, "exported", lambda *given: (made.append(at) or b"x" * 10 for at in range(10**6))
    )

    async def go():
        gone, sent = asyncio.Event(), []

        async def receive():
            if receive.first:
                receive.first = False
                return {"type": "http.request", "body": b""}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)
            if len(sent) == 5:
                gone.set()

        receive.first = True
        await shop.client.app({"type": "http", "method": "GET", "path": "/v1/exports/items", "query_string": b"",
                               "headers": [(b"host", b"localhost")], "client": None}, receive, send)  # fmt: skip
        return sent

    sent = asyncio.run(asyncio.wait_for(go(), 20))
    assert sent[0]["status"] == 200
    assert 4 <= len(made) < 50


def test_tables_and_kinds_that_are_none_are_refused(shop):
    assert send(shop, "prices", "a\n", status=422)["where"] == "query.table"
    assert send(shop, "items", "a\n", kind="image/png", status=415)["code"] == "media_type"
    assert (
        shop.client.post("/v1/imports", content="x", headers={"Content-Type": "text/csv"}).status_code == 422
    )
    shop.ask("GET", "/v1/exports/prices", status=404)
