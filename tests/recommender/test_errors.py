"""Every mistake has its exact message: what was wrong, where, how to mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import (
    ConfigError,
    DataError,
    EncoderError,
    FewrecError,
    NotFittedError,
    UnknownIdError,
)
from fewrec.signals import Popularity

Call = Callable[[Recommender], Any]

N_HINT = "Give a whole number of at least 1, such as n=10."
DIVERSITY_HINT = "Give a number from 0 (the best scores, whatever they are) to 1 (as different as can be)."
SUPPORT_HINT = 'Give a list of liked items, ["Alien"], or values, {"Alien": 5}.'
VALUE_HINT = "Values are ratings or weights, such as 5 or 1."
TASTE_HINT = 'Give one text, such as "quiet, with a terrace".'
ATTRIBUTES_HINT = 'Give values by column of the users table, such as {"city": "Oslo"}.'
NO_ITEM = "item: the item '%%%' is not known.\nNo item looks like it."

REQUESTS: list[tuple[str, Call, type[FewrecError], str]] = [
    ("n = 0", lambda m: m.recommend(n=0), ConfigError, f"n: 0 is no length of a list.\n{N_HINT}"),
    ("n = -3", lambda m: m.recommend(n=-3), ConfigError, f"n: -3 is no length of a list.\n{N_HINT}"),
    ("n = True", lambda m: m.recommend(n=True), ConfigError, f"n: True is no length of a list.\n{N_HINT}"),
    ("n = 2.0", lambda m: m.recommend(n=2.0), ConfigError, f"n: 2.0 is no length of a list.\n{N_HINT}"),
    ("n = '3'", lambda m: m.recommend(n="3"), ConfigError, f"n: '3' is no length of a list.\n{N_HINT}"),
    (
        "n of similar",
        lambda m: m.similar_items("i0", n=0),
        ConfigError,
        f"n: 0 is no length of a list.\n{N_HINT}",
    ),
    (
        "n of audience",
        lambda m: m.audience("i0", n=0),
        ConfigError,
        f"n: 0 is no length of a list.\n{N_HINT}",
    ),
    (
        "diversity above 1",
        lambda m: m.recommend(diversity=1.5),
        ConfigError,
        f"diversity: 1.5 is no share of diversity.\n{DIVERSITY_HINT}",
    ),
    (
        "diversity below 0",
        lambda m: m.recommend(diversity=-0.1),
        ConfigError,
        f"diversity: -0.1 is no share of diversity.\n{DIVERSITY_HINT}",
    ),
    (
        "diversity NaN",
        lambda m: m.recommend(diversity=float("nan")),
        ConfigError,
        f"diversity: nan is no share of diversity.\n{DIVERSITY_HINT}",
    ),
    (
        "on_unknown",
        lambda m: m.recommend(on_unknown="ignore"),
        ConfigError,
        "on_unknown: 'ignore' is not a way to treat unknown ids.\nUse 'raise', 'warn' or 'skip'.",
    ),
    (
        "support as text",
        lambda m: m.recommend(support="Alien"),
        DataError,
        f"support: support is the text 'Alien'.\n{SUPPORT_HINT}",
    ),
    (
        "support as bytes",
        lambda m: m.recommend(support=b"i0"),
        DataError,
        f"support: support is the bytes b'i0'.\n{SUPPORT_HINT}",
    ),
    (
        "support as number",
        lambda m: m.score(5),
        DataError,
        f"support: support is the int 5.\n{SUPPORT_HINT}",
    ),
    (
        "supports of a batch as text",
        lambda m: m.score_many(["i0"]),
        DataError,
        f"support: support is the text 'i0'.\n{SUPPORT_HINT}",
    ),
    (
        "value off the scale",
        lambda m: m.recommend(support={"i0": 9}),
        DataError,
        "support, 'i0': 9 lies outside the scale.\nRatings in this data go from 1 to 5.",
    ),
    (
        "value NaN",
        lambda m: m.recommend(support={"i0": float("nan")}),
        DataError,
        f"support, 'i0': nan is not a number.\n{VALUE_HINT}",
    ),
    (
        "value infinite",
        lambda m: m.score({"i0": float("inf")}),
        DataError,
        f"support, 'i0': inf is not a number.\n{VALUE_HINT}",
    ),
    (
        "value None",
        lambda m: m.recommend(support={"i0": None}),
        DataError,
        f"support, 'i0': None is not a number.\n{VALUE_HINT}",
    ),
    (
        "value a word",
        lambda m: m.recommend(support={"i0": "good"}),
        DataError,
        f"support, 'i0': 'good' is not a number.\n{VALUE_HINT}",
    ),
    (
        "value beyond all numbers",
        lambda m: m.recommend(support={"i0": 10**400}),
        DataError,
        f"support, 'i0': {10**400} is not a number.\n{VALUE_HINT}",
    ),
    (
        "contradictory likes",
        lambda m: m.recommend(support={"i0": 5, "space story red": 1}),
        DataError,
        "support: 'space story red' has two values, 5 and 1.\nName each item once.",
    ),
    (
        "taste as list",
        lambda m: m.recommend(taste=["love"]),
        DataError,
        f"taste: ['love'] is not a sentence.\n{TASTE_HINT}",
    ),
    ("taste as number", lambda m: m.score(taste=5), DataError, f"taste: 5 is not a sentence.\n{TASTE_HINT}"),
    (
        "attributes as text",
        lambda m: m.recommend(attributes="Oslo"),
        DataError,
        f"attributes: 'Oslo' are no attributes.\n{ATTRIBUTES_HINT}",
    ),
    (
        "attributes as list",
        lambda m: m.recommend(attributes=["Oslo"]),
        DataError,
        f"attributes: ['Oslo'] are no attributes.\n{ATTRIBUTES_HINT}",
    ),
    (
        "unknown user",
        lambda m: m.recommend(user="u99"),
        UnknownIdError,
        "the user 'u99' is not known.\nNearest known ids: 'u9'.",
    ),
    ("user True", lambda m: m.recommend(user=True), UnknownIdError, "the user True is not known."),
    (
        "user as list",
        lambda m: m.recommend(user=["u1"]),
        UnknownIdError,
        "the user ['u1'] is not known.\nNearest known ids: 'u1'.",
    ),
    ("unknown support", lambda m: m.recommend(support=["%%%"]), UnknownIdError, NO_ITEM),
    ("unknown exclude", lambda m: m.recommend(exclude=["%%%"]), UnknownIdError, NO_ITEM),
    ("unknown scored item", lambda m: m.score(items=["%%%"]), UnknownIdError, NO_ITEM),
    (
        "a pair in a list",
        lambda m: m.recommend(support=[["i0", 5]]),
        DataError,
        f"support: ['i0', 5] is no item.\n{SUPPORT_HINT}",
    ),
    (
        "None in a support",
        lambda m: m.recommend(support=[None]),
        UnknownIdError,
        "item: the item None is not known.\nNo item looks like it.",
    ),
    (
        "unknown item of similar",
        lambda m: m.similar_items("i99"),
        UnknownIdError,
        "item: the item 'i99' is not known.\nNearest known: ids 'i9'.",
    ),
    (
        "unknown item of audience",
        lambda m: m.audience("i99"),
        UnknownIdError,
        "item: the item 'i99' is not known.\nNearest known: ids 'i9'.",
    ),
    (
        "predicted items no list",
        lambda m: m.predict(items=5.5),
        UnknownIdError,
        "item: the item 5.5 is not known.\nNo item looks like it.",
    ),
    ("unknown forgotten", lambda m: m.forget("%"), UnknownIdError, "the user '%' is not known."),
    (
        "unknown column",
        lambda m: m.recommend(where="pricy < 3"),
        ConfigError,
        "where: the items have no column 'pricy'.\nNearest columns: 'price'.",
    ),
]


@pytest.mark.parametrize(
    ("call", "kind", "text"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS]
)
def test_a_bad_request(tuned: Recommender, call: Call, kind: type[FewrecError], text: str) -> None:
    with pytest.raises(FewrecError) as raised:
        call(tuned)
    assert str(raised.value) == text
    assert type(raised.value) is kind
    assert json.dumps(raised.value.to_dict())  # a service can tell it


NO_MODEL = "this Recommender has not been fitted.\nCall fit(data) first."
NO_DATA = "this Recommender has no data yet.\nCall fit(data) first."
UNFITTED: list[tuple[str, Call, str]] = [
    ("recommend", lambda m: m.recommend(), NO_MODEL),
    ("recommend_many", lambda m: m.recommend_many([{}]), NO_MODEL),
    ("score", lambda m: m.score(), NO_MODEL),
    ("score_many", lambda m: m.score_many([[]]), NO_MODEL),
    ("similar_items", lambda m: m.similar_items("x"), NO_MODEL),
    ("audience", lambda m: m.audience("x"), NO_MODEL),
    ("save", lambda m: m.save("nowhere"), NO_MODEL),
    ("fit without data", lambda m: m.fit(), NO_DATA),
    ("update", lambda m: m.update(items={"item": ["x"]}), NO_DATA),
    ("forget", lambda m: m.forget("x"), NO_DATA),
    ("data", lambda m: m.data, NO_DATA),
]


@pytest.mark.parametrize(("call", "text"), [row[1:] for row in UNFITTED], ids=[row[0] for row in UNFITTED])
def test_nothing_works_before_fit(call: Call, text: str) -> None:
    with pytest.raises(NotFittedError) as raised:
        call(Recommender(encoder="hashed"))
    assert str(raised.value) == text


TUNE_HINT = "Use True to learn weights from the data, or False."
CACHE_HINT = 'Use "default", None for nowhere, or fewrec.encode.VectorCache(folder).'
SETTINGS: list[tuple[dict[str, Any], str]] = [
    ({"seed": -1}, "seed: -1 is not a seed.\nUse an integer from 0 on."),
    ({"seed": True}, "seed: True is not a seed.\nUse an integer from 0 on."),
    ({"seed": 1.5}, "seed: 1.5 is not a seed.\nUse an integer from 0 on."),
    ({"tune": "no"}, f"tune: 'no' is neither True nor False.\n{TUNE_HINT}"),
    ({"tune": 1}, f"tune: 1 is neither True nor False.\n{TUNE_HINT}"),
    ({"cache": "x"}, f"cache: 'x' is no cache.\n{CACHE_HINT}"),
    ({"cache": False}, f"cache: False is no cache.\n{CACHE_HINT}"),
    ({"s": 0}, "s: 0 is not a number of features.\nUse 1 or more."),
    ({"s": True}, "s: True is not a number of features.\nUse 1 or more."),
]


@pytest.mark.parametrize(("settings", "text"), SETTINGS, ids=[str(row[0]) for row in SETTINGS])
def test_a_bad_setting(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Recommender(**settings)
    assert str(raised.value) == text


def test_fit_takes_a_data_set() -> None:
    with pytest.raises(DataError) as raised:
        Recommender(encoder="hashed").fit({"item": [1]})  # type: ignore[arg-type]
    assert str(raised.value) == "fit: a dict is no Dataset.\nMake one first: Dataset(items, interactions)."


def test_an_unknown_signal_or_encoder_is_named_when_fitting(world: Any) -> None:
    with pytest.raises(
        ConfigError, match=r"^signals: there is no signal 'populrity'.\nDid you mean 'popularity'\?"
    ):
        Recommender(encoder="hashed", signals=["populrity"]).fit(world.data())
    with pytest.raises(ConfigError, match=r"^signals: the list of signals is empty.\nSignals are: default, "):
        Recommender(encoder="hashed", signals=[]).fit(world.data())
    with pytest.raises(
        ConfigError, match=r"^signals: the signal 'text' is named twice.\nName each signal once.$"
    ):
        Recommender(encoder="hashed", signals=["default", "text"]).fit(world.data())
    with pytest.raises(ConfigError, match=r"^there is no encoder named 'hashd'.\nDid you mean hashed\?"):
        Recommender(encoder="hashd").fit(world.data())


def test_a_bad_encoder_is_named_when_fitting(world: Any) -> None:
    def broken(texts: list[str]) -> Any:
        return np.full((len(texts), 4), np.nan)

    with pytest.raises(EncoderError, match="hold NaN or infinity, the first in row 0"):
        Recommender(encoder=broken, cache=None).fit(world.data())


def test_a_failed_update_changes_nothing(fresh: Callable[[], Recommender]) -> None:
    model = fresh()
    data, scores = model.data, model.score(["i0"])
    with pytest.raises(DataError, match='column "rating": "bad" is not a number'):
        model.update(
            items=[{"item": "new", "title": "space story violet"}],
            interactions=[{"user": "u0", "item": "new", "rating": "bad"}],
        )
    assert model.data is data
    np.testing.assert_array_equal(model.score(["i0"]), scores)


# -- saving and loading


def test_ready_signal_objects_are_left_as_they_were_and_count_like_named_ones(world: Any) -> None:
    given = Popularity()
    data = world.data()
    by_object = Recommender(encoder="hashed", signals=[given, "text", "graph-wide"]).fit(data, progress=False)
    by_name = Recommender(encoder="hashed", signals=["popularity", "text", "graph-wide"]).fit(
        data, progress=False
    )
    np.testing.assert_array_equal(by_object.score(["i0"]), by_name.score(["i0"]))
    assert not vars(given)  # never fitted itself
    by_object.update(items=[{"item": "new", "title": "space story violet"}])
    assert not vars(given)


def test_values_without_a_scale_are_free() -> None:
    data = Dataset({"item": ["a", "b"], "title": ["Alien", "Aliens"]})
    model = Recommender(encoder="hashed").fit(data, progress=False)
    assert len(model.recommend(support={"a": 1000})) == 1


@pytest.mark.parametrize(
    ("signals", "told"),
    [
        (5, "5 is no list of signals.\nGive a list. Signals are: default, "),
        (None, "None is no list of signals.\nGive a list. Signals are: default, "),
        (b"text", "b'text' is no list of signals.\nGive a list. Signals are: default, "),
        ({"text": 1}, "{'text': 1} is no list of signals.\nGive a list. Signals are: default, "),
        ([5], "there is no signal 5.\nSignals are: default, "),
        ([["text"]], "there is no signal ['text'].\nDid you mean 'text'? Signals are: default, "),
    ],
)
def test_signals_of_a_wrong_type_are_a_setting_that_is_named(world: Any, signals: Any, told: str) -> None:
    def never(texts: list[str]) -> Any:
        raise AssertionError("no text need be read to find this mistake")

    with pytest.raises(ConfigError) as raised:
        Recommender(encoder=never, signals=signals, cache=None).fit(world.data(), progress=False)
    assert str(raised.value).startswith(f"signals: {told}")


@pytest.mark.parametrize("progress", ["x", 1, None])
def test_progress_is_a_switch_or_a_function(world: Any, progress: Any) -> None:
    with pytest.raises(ConfigError) as raised:
        Recommender(encoder="hashed").fit(world.data(), progress=progress)
    assert str(raised.value) == (
        f"progress: {progress!r} is no way to show progress.\n"
        "Use True for a bar, False for silence, or a function (what, done, total)."
    )
