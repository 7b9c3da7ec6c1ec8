"""Interactions: append one or many, list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fewrec.errors import DataError
from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.hub import Hub
from fewrec.service.reading import is_rating
from fewrec.service.routes.entities import cursor_of, from_cursor
from fewrec.service.schemas import EVENT, PAGE, one_or_many
from fewrec.service.tables import check_event
from fewrec.store.events import Event, check_id, event_from

EXAMPLE = {"id": "e1", "user": "anna", "item": "7", "event": "buy"}
ROWS = {"type": "array", "items": {"type": "object"}}


def sent(ask: Ask) -> list[Event]:
    """The events of one request."""
    several = ask.body if isinstance(ask.body, list) else [ask.body]
    events = []
    for at, one in enumerate(several):
        where = f"body[{at}]" if isinstance(ask.body, list) else "body"
        event = event_from(one, where)
        wrong = check_event(event, ask.hub.config.data)
        if wrong is not None:
            if is_rating(event):
                raise DataError(
                    wrong, where=f"{where}.value", hint="Send the rating on the scale of the others."
                )
            raise DataError(wrong, where=f"{where}.event", hint="See GET /v1/events for the known names.")
        events.append(event)
    return events


def append(hub: Hub, several: Sequence[list[Event]]) -> list[Reply]:
    """Keeps the events of all requests."""
    return [
        Reply({"added": added, "already_there": known, "ids": [event.id for event in events]}, status=201)
        for events, (added, known) in zip(several, hub.store.append_each(several), strict=True)
    ]


def take_back(ask: Ask) -> Reply:
    return Reply({"deleted": ask.hub.store.delete_event(check_id(ask.path["id"], "path.id"))})


def names(ask: Ask) -> Reply:
    from fewrec.data.feedback import event_weights
    from fewrec.service.tables import RATINGS

    weights = event_weights(ask.hub.config.data.events)
    rows: list[dict[str, Any]] = [{"event": name, "weight": None} for name in sorted(RATINGS)]
    return Reply(rows + [{"event": name, "weight": weight} for name, weight in sorted(weights.items())])


def page(ask: Ask) -> Reply:
    limit, user = ask.query.get("limit", 100), ask.query.get("user")
    after = from_cursor(ask.query.get("cursor"), (int, str)) or (0, "")
    if not 0 <= after[0] < 2**63:
        raise DataError(
            "this is no cursor.", where="query.cursor", hint='Give the "next" of the page before.'
        )
    rows = ask.hub.store.interactions(
        None if user is None else check_id(user, "query.user"), (after[0], after[1]), limit
    )
    following = cursor_of(rows[-1][1], rows[-1][0].id) if len(rows) == limit else None
    return Reply([event.to_dict() for event, _ in rows], more={"next": following})


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/interactions", "write", sent,
        "Appends one event or many; the next list of their users rests on them.", "interactions",
        body=one_or_many(EVENT), status=201, together=append, example={"body": EXAMPLE},
        reply={"type": "object", "properties": {"added": {"type": "integer"}, "already_there": {"type": "integer"},
                                                "ids": {"type": "array", "items": {"type": "string"}}}},
    ),
    Endpoint(
        "GET", "/v1/interactions", "write", page, "All events, or those of a user, in the order in which they came.",
        "interactions", query={**PAGE, "user": {"type": "string", "maxLength": 200, "description": "Whose."}},
        reply=ROWS, example={"query": {"user": "anna", "limit": 5}},
    ),
    Endpoint(
        "DELETE", "/v1/interactions/{id}", "write", take_back,
        "Takes one event back; the next list of its user is made without it.", "interactions",
        example={"path": {"id": "anna-7"}}, fails=(404,),
    ),
    Endpoint(
        "GET", "/v1/events", "read", names, "The names an event may have, and what each weighs.", "interactions",
        reply=ROWS, example={},
    ),
)  # fmt: skip
