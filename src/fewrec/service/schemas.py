"""Schemas that several routes share."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

ID: Schema = {
    "type": ["string", "integer"],
    "description": "An id: text, or a whole number, which is its digits.",
}
CELLS: Schema = {
    "type": "object",
    "description": "Columns: texts, numbers, true and false, or lists of these.",
    "maxProperties": 500,
}
EVENT: Schema = {
    "type": "object",
    "required": ["user", "item", "event"],
    "additionalProperties": False,
    "properties": {
        "id": {
            **ID,
            "description": "The same id twice is the same event, and counts once. Made up where missing.",
        },
        "user": ID,
        "item": ID,
        "event": {"type": "string", "description": 'Such as view, cart, buy, like; "rating" with a value.'},
        "value": {
            "type": ["number", "null"],
            "description": "A rating; of other events how many or how much.",
        },
        "time": {
            "type": ["number", "string", "null"],
            "description": "Unix seconds or ISO 8601; now where missing.",
        },
    },
}
ENTITY: Schema = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "properties": {"id": ID, "columns": CELLS},
}
MOST = 10_000
"""Rows of one request; a file of more goes to POST /v1/imports."""


def one_or_many(schema: Schema) -> Schema:
    """One, or a list of them."""
    return {
        "oneOf": [schema, {"type": "array", "items": schema, "minItems": 1, "maxItems": MOST}],
        "x-one": schema,
    }


N: Schema = {"type": "integer", "minimum": 1, "maximum": 200, "description": "Length of the list."}
SUPPORT: Schema = {
    "type": ["object", "array"],
    "description": 'Values by item ({"7": 5}; true and false are a bare like and dislike), or a list of liked items.',
    "maxProperties": 2000,
    "maxItems": 2000,
    "items": ID,
    "additionalProperties": {"type": ["number", "boolean"]},
}
RULES: dict[str, Schema] = {
    "n": N,
    "where": {
        "type": ["string", "object"],
        "maxLength": 2000,
        "maxProperties": 50,
        "description": 'A condition on item columns: "price < 20 and genre == \'crime\'", or {"genre": ["crime"]}.',
    },
    "exclude": {"type": "array", "items": ID, "maxItems": 2000, "description": "Items to leave out."},
    "diversity": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "0 keeps the order; MMR above.",
    },
    "include_seen": {"type": "boolean", "description": "Whether items already met may be listed."},
    "boosts": {
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": {"type": "number", "minimum": -10, "maximum": 10},
        "description": "Standard deviations of the scores by which items move that meet a condition: "
        '{"price < 20": 0.5}.',
    },
    "pinned": {"type": "array", "items": ID, "maxItems": 50, "description": "Items that come first."},
    "explore": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "description": "The share of places that go to items drawn at random.",
    },
    "explain": {
        "type": "boolean",
        "description": "Whether each row says why, in terms that add up to its score.",
    },
}
LIST: Schema = {
    "type": "object",
    "properties": {
        "recommendations": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "item": {"type": "string"},
                    "title": {"type": "string"},
                    "rank": {"type": "integer"},
                    "score": {"type": ["number", "null"]},
                    "probability": {"type": ["number", "null"]},
                    "rating": {"type": ["object", "null"]},
                    "served": {"type": "string"},
                    "reasons": {"type": "array", "items": {"type": "object"}},
                },
            },
        },
        "sure": {"type": "string"},
        "profile": {"type": "array", "items": {"type": "string"}},
        "warnings": {"type": "array", "items": {"type": "string"}},
        "dropped": {"type": "object"},
        "model": {"type": "integer", "description": "The model version that answered."},
    },
}
PAGE: dict[str, Schema] = {
    "cursor": {"type": "string", "maxLength": 1200, "description": 'The "next" of the page before.'},
    "limit": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "description": "Rows of a page; 100 by itself.",
    },
}
