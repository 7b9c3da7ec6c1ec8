"""What was measured of the model that answers: how good its lists were for past users, and how far they reach."""

from __future__ import annotations

import time
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.hub import Hub, Serving

PEOPLE, SECONDS = 50, 2.0
"""Users whose lists are looked at for the reach, at most, and how long: with 10,000 items that hardly anybody has
met, one list takes a quarter of a second."""
LENGTH = 10

MEASURES = {
    "type": "object",
    "required": ["model", "users", "curve", "reach"],
    "properties": {
        "model": {"type": "integer"},
        "users": {"type": "integer", "description": "Past users on whom the lists were tried."},
        "curve": {
            "type": "array",
            "description": "Likes among ten suggestions, by how many interactions of a person were shown.",
            "items": {
                "type": "object",
                "properties": {
                    "known": {"type": "integer"},
                    "hits": {"type": "number"},
                    "bestsellers": {"type": "number", "description": "The same of the ten bestsellers."},
                },
            },
        },
        "reach": {
            "type": ["object", "null"],
            "description": "Items in the lists of ten of so many users, and the share of the catalogue that they are.",
        },
    },
}

_last: WeakKeyDictionary[Hub, tuple[Serving, dict[str, Any]]] = WeakKeyDictionary()


def measures(ask: Ask) -> Reply:
    serving, hub = ask.hub.now, ask.hub
    found = _last.get(hub)
    if found is None or found[0] is not serving:
        found = _last[hub] = (serving, measured(serving))
    return Reply(found[1])


def measured(serving: Serving) -> dict[str, Any]:
    """Measured at the fit, on past users of whom only a little was shown; the reach by lists made now."""
    trust = serving.model.trust
    rows = () if trust is None else trust.hits
    return {
        "model": serving.version.version,
        "users": 0 if trust is None else trust.users,
        "curve": [
            {"known": int(known), "hits": float(hits), "bestsellers": float(popular)}
            for known, hits, popular in rows
        ],
        "reach": reach(serving),
    }


def reach(serving: Serving) -> dict[str, Any] | None:
    """How many different items the lists of some users hold; ``None`` where nobody is known."""
    data = serving.model.data
    everybody = data.users.ids
    if not len(everybody) or not len(data.items):
        return None
    until, looked_at = time.monotonic() + SECONDS, 0
    items: set[Any] = set()
    for at in np.random.default_rng(0).permutation(len(everybody))[:PEOPLE].tolist():
        items |= {row.item for row in serving.model.recommend(user=everybody[at], n=LENGTH)}
        looked_at += 1
        if time.monotonic() > until:
            break
    return {"users": looked_at, "items": len(items), "share": len(items) / len(data.items)}


ENDPOINTS = (
    Endpoint(
        "GET", "/v1/measures", "read", measures,
        "What was measured of the model that answers: likes among ten suggestions, and how much of the catalogue is "
        "listed.", "state", reply=MEASURES, fails=(503,), slow=True,
    ),
)  # fmt: skip
