"""Items and users: put, get, list, delete."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

from fewrec.errors import DataError
from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.schemas import ENTITY, PAGE, one_or_many
from fewrec.store.events import check_cells, check_id
from fewrec.store.store import Entity

__all__ = ["ENDPOINTS", "cursor_of", "from_cursor"]

ROW = {"type": "object", "properties": {"id": {"type": "string"}, "columns": {"type": "object"}}}
ROWS = {"type": "array", "items": ROW}
COUNT = {"type": "object", "properties": {"stored": {"type": "integer"}}}


def read_entities(body: Any) -> list[tuple[str, dict[str, Any]]]:
    """The rows of a body that holds one or many."""
    several = body if isinstance(body, list) else [body]
    rows = []
    for at, one in enumerate(several):
        where = f"body[{at}]" if isinstance(body, list) else "body"
        rows.append(
            (check_id(one["id"], f"{where}.id"), check_cells(one.get("columns", {}), f"{where}.columns"))
        )
    return rows


def cursor_of(*parts: Any) -> str:
    """A place in a list, as text that means nothing to a reader."""
    import json

    written = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def from_cursor(text: str | None, kinds: tuple[type, ...]) -> tuple[Any, ...] | None:
    """The inverse. Raises ``DataError`` for a text that is no cursor."""
    import json

    if text is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or [type(part) for part in parts] != list(kinds):
        raise DataError(
            "this is no cursor.", where="query.cursor", hint='Give the "next" of the page before.'
        )
    return tuple(parts)


def plain(entity: Entity) -> dict[str, Any]:
    """An item or a user as JSON."""
    return {"id": entity.id, "columns": entity.columns}


def _page(ask: Ask, read: Callable[[str, int], Sequence[Entity]]) -> Reply:
    limit = ask.query.get("limit", 100)
    (after,) = from_cursor(ask.query.get("cursor"), (str,)) or ("",)
    rows = read(check_id(after, "query.cursor") if after else "", limit)
    return Reply(
        [plain(row) for row in rows], more={"next": cursor_of(rows[-1].id) if len(rows) == limit else None}
    )


SEARCH = {
    "type": "string",
    "maxLength": 200,
    "description": "Words that an item must hold, each anywhere in its id, texts, lists or numbers, whatever their "
    "case and accents; of each cell the first 1,000 characters are looked at. Items whose title begins with the first "
    "word, then those whose title holds all words, then the others; in each by id.",
}


def page_of_items(ask: Ask) -> Reply:
    text = ask.query.get("search", "")
    if not text.strip():
        return _page(ask, ask.hub.store.items)
    limit = ask.query.get("limit", 100)
    place, id = from_cursor(ask.query.get("cursor"), (int, str)) or (0, "")
    if not 0 <= place <= 2:
        raise DataError(
            "this is no cursor.", where="query.cursor", hint='Give the "next" of the page before.'
        )
    rows = ask.hub.store.search(text, (place, check_id(id, "query.cursor") if id else ""), limit)
    following = cursor_of(rows[-1][1], rows[-1][0].id) if len(rows) == limit else None
    return Reply([plain(row) for row, _ in rows], more={"next": following})


def put_items(ask: Ask) -> Reply:
    rows = read_entities(ask.body)
    ask.hub.store.put_items(rows)
    ask.hub.wait_for_items()
    return Reply({"stored": len(rows)})


def put_users(ask: Ask) -> Reply:
    rows = read_entities(ask.body)
    ask.hub.store.put_users(rows)
    return Reply({"stored": len(rows)})


def delete_item(ask: Ask) -> Reply:
    deleted = ask.hub.store.delete_item(check_id(ask.path["id"], "path.id"))
    ask.hub.wait_for_items()
    return Reply({"deleted": deleted})


def _endpoints(noun: str, put: Any, get: Any, page: Any) -> list[Endpoint]:
    sample = {"item": {"title": "Alien", "genre": ["science fiction"], "price": 9}, "user": {"city": "Oslo"}}[
        noun
    ]
    id = {"item": "7", "user": "anna"}[noun]
    query = {**PAGE, "search": SEARCH} if noun == "item" else PAGE
    article = {"item": "an item", "user": "a user"}[noun]
    return [
        Endpoint(
            "PUT", f"/v1/{noun}s", "write", put, f"Adds or replaces {article}, or many.", f"{noun}s",
            body=one_or_many(ENTITY), reply=COUNT, slow=noun == "item",
            example={"body": [{"id": id, "columns": sample}]},
        ),
        Endpoint(
            "GET", f"/v1/{noun}s", "read" if noun == "item" else "write", page,
            {"item": "All items, or those that a search finds, a page at a time.",
             "user": "All users, a page at a time, in the order of their ids."}[noun], f"{noun}s",
            query=query, reply=ROWS, example={"query": {"limit": 2, **({"search": "alien"} if noun == "item" else {})}},
        ),
        Endpoint(
            "GET", f"/v1/{noun}s/{{id}}", "read" if noun == "item" else "write", get, f"One {noun}.", f"{noun}s",
            reply=ROW, example={"path": {"id": id}}, fails=(404,),
        ),
    ]  # fmt: skip


def get_item(ask: Ask) -> Reply:
    return Reply(plain(ask.hub.store.item(check_id(ask.path["id"], "path.id"))))


def get_user(ask: Ask) -> Reply:
    return Reply(plain(ask.hub.store.user(check_id(ask.path["id"], "path.id"))))


ENDPOINTS = (
    *_endpoints("item", put_items, get_item, page_of_items),
    Endpoint(
        "DELETE", "/v1/items/{id}", "write", delete_item,
        "Takes an item out, and what people did with it; it is listed no more.", "items",
        example={"path": {"id": "7"}}, fails=(404,), slow=True,
    ),
    *_endpoints("user", put_users, get_user, lambda ask: _page(ask, ask.hub.store.users)),
)  # fmt: skip
