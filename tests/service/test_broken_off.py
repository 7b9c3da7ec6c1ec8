"""Requests and answers that end before their time."""

from __future__ import annotations

import asyncio
import io
import json

import pytest

from fewrec.errors import StoreError
from fewrec.service.routes import transfer


def answered(app, scope, messages):
    """What the application sends to a request of which these messages come in; they are all there is."""
    sent, coming = [], iter(messages)

    async def receive():
        message = next(coming, None)
        if message is None:
            await asyncio.sleep(60)
        return message

    async def send(message):
        sent.append(message)

    whole = {
        "type": "http",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": None,
        **scope,
    }
    try:
        asyncio.run(asyncio.wait_for(app(whole, receive, send), 20))
    except StoreError as error:
        sent.append(error)
    return sent


def test_who_leaves_while_sending_a_body_is_no_error_of_ours(shop):
    log = io.StringIO()
    app = shop.make(log=log).app
    messages = [{"type": "http.request", "body": b'{"user"', "more_body": True}, {"type": "http.disconnect"}]
    sent = answered(app, {"method": "POST", "path": "/v1/interactions"}, messages)
    assert sent[0]["status"] == 400
    error = json.loads(sent[1]["body"])["error"]
    assert (error["code"], error["message"]) == ("gone", "the client went away.")
    assert json.loads(log.getvalue())["level"] == "info"


@pytest.mark.parametrize("parts", [0, 2])
def test_an_export_that_breaks_is_broken_off(shop, monkeypatch, parts):
    """So that nobody takes a part for the whole; the log has what broke."""

    def rows(*given):
        yield from [b"x"] * parts
        raise StoreError("the disk is gone.", where="store")

    monkeypatch.setattr(transfer, "exported", rows)
    log = io.StringIO()
    sent = answered(
        shop.make(log=log).app, {"method": "GET", "path": "/v1/exports/items"}, [{"type": "http.request"}]
    )
    line = json.loads(log.getvalue())
    assert (line["error"], line["status"], line["bytes"]) == ("StoreError", 500, parts)
    assert [message["body"] for message in sent[1:-1]] == [b"x"] * parts
    assert isinstance(sent[-1], StoreError)
