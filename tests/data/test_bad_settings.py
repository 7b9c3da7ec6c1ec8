"""Bad settings: every argument of ``Dataset`` that means nothing, with its exact message."""

from __future__ import annotations

import pytest

from fewrec.data import Dataset
from fewrec.errors import ConfigError, DataError

ITEMS = {"item": [1, 2, 3], "title": ["Alien", "Amélie", "Up"]}
RATINGS = {"user": ["anna", "anna", "ben"], "item": [1, 2, 3], "rating": [5, 1, 4]}

SETTINGS = {
    "an unknown role": (
        {"items": ITEMS, "columns": {"itm": "item"}},
        ConfigError,
        "columns: 'itm' is not a role of a column.\n"
        'Nearest: item, time. One table alone is named so: "items.item".',
    ),
    "an unknown table": (
        {"items": ITEMS, "columns": {"item_table.title": "title"}},
        ConfigError,
        "columns: 'item_table.title' is not a role of a column.\n"
        'Nearest: title, time. One table alone is named so: "items.item".',
    ),
    "a role in the wrong table": (
        {"items": ITEMS, "columns": {"items.rating": "title"}},
        ConfigError,
        "columns: a column of the items table cannot be the rating.\nIt can be in: interactions.",
    ),
    "an unknown column": (
        {"items": ITEMS, "interactions": RATINGS, "columns": {"rating": "ratings"}},
        DataError,
        'columns[\'rating\']: there is no column "ratings" in interactions.\nNearest: "rating".',
    ),
    "a column for a missing table": (
        {"items": ITEMS, "columns": {"rating": "rating"}},
        DataError,
        "columns['rating']: there is no column \"rating\" in any interactions table.\nColumns: .",
    ),
    "a number for a column": (
        {"items": ITEMS, "columns": {"title": 1}},
        ConfigError,
        "columns['title']: 1 is not a column name.\n"
        "Give a name, or for title, description, tags, text and ignore a list of names.",
    ),
    "two columns for one role": (
        {"interactions": RATINGS, "columns": {"rating": ["rating", "item"]}},
        ConfigError,
        "columns['rating']: the role rating takes one column, not 2.\nName one column.",
    ),
    "one column for two roles": (
        {"interactions": RATINGS, "columns": {"user": "item", "item": "item"}},
        ConfigError,
        'columns: the column "item" of interactions is asked to be item and user at once.\nGive it one role.',
    ),
    "columns as a list": (
        {"items": ITEMS, "columns": ["item"]},
        ConfigError,
        'columns: [\'item\'] is not a dict.\nWrite columns={"item": "movieId"}.',
    ),
    "an unknown kind of feedback": (
        {"interactions": RATINGS, "feedback": "stars"},
        ConfigError,
        'feedback: \'stars\' is not a choice.\nChoose one of "auto", "explicit", "implicit".',
    ),
    "explicit without ratings": (
        {"interactions": {"user": [1], "item": [2]}, "feedback": "explicit"},
        ConfigError,
        'feedback: feedback is "explicit", but interactions has no column of ratings.\n'
        'Name it: columns={"rating": ...}, or leave feedback at "auto".',
    ),
    "a threshold that is no number": (
        {"interactions": RATINGS, "liked_at": "four"},
        ConfigError,
        "liked_at: 'four' is not a number.\nGive a finite number.",
    ),
    "a half-life of nothing": (
        {"interactions": RATINGS, "half_life": 0},
        ConfigError,
        "half_life: 0 is not a half-life.\nGive days above 0.",
    ),
    "a half-life without times": (
        {"interactions": RATINGS, "half_life": 30},
        ConfigError,
        "half_life: half_life is set, but no column holds times.\n"
        'Name it: columns={"time": ...}, or leave half_life out.',
    ),
    "weights without events": (
        {"interactions": {"user": [1], "item": [2]}, "events": {"buy": 9}},
        ConfigError,
        "events: events gives weights, but no column of interactions holds event names.\n"
        'Name it: columns={"event": ...}, or leave events out.',
    ),
    "a weight that is no number": (
        {"interactions": RATINGS, "events": {"buy": "much"}},
        ConfigError,
        "events['buy']: 'much' is not a number.\nGive a finite number.",
    ),
    "weights as a list": (
        {"interactions": RATINGS, "events": ["buy"]},
        ConfigError,
        'events: [\'buy\'] is not a dict.\nWrite events={"view": 1, "buy": 4}.',
    ),
    "a moment that is none": (
        {"interactions": RATINGS, "now": "soon"},
        ConfigError,
        "now: 'soon' is not a time.\nGive unix seconds (874965478), milliseconds, or dates such as "
        "2024-05-17 or "
        "2024-05-17 09:30:00.",
    ),
    "an unknown way with bad rows": (
        {"interactions": RATINGS, "on_bad_row": "ignore"},
        ConfigError,
        'on_bad_row: \'ignore\' is not a choice.\nChoose one of "stop", "skip".',
    ),
}


@pytest.mark.parametrize("case", SETTINGS)
def test_bad_settings(case, told):
    arguments, kind, message = SETTINGS[case]
    assert told(lambda: Dataset(**arguments)) == (kind, message)
