"""Values of a visitor where the data hold no ratings to compare them with."""

from __future__ import annotations

import pytest

from fewrec import Dataset, Recommender
from fewrec.data.feedback import liked_without_scale, mistaken_weights

TITLES = {"item": ["a", "b", "c", "d"], "title": ["red planet", "red letter", "love letter", "love planet"]}
WEIGHTS = (
    "the data hold no ratings, so the values given count as weights of events: above 0 is a like, and so is {}. "
    "Give a dislike a value below 0."
)


def read_as(low: str, high: str, least: str) -> str:
    return (
        f"nobody has rated anything yet, so the values given were read as ratings from {low} to {high}: "
        f"{least} and more is a like."
    )


def alone(value: str, high: str) -> str:
    return (
        f"nobody has rated anything yet, so a value of {value} counts as a like, though of 1 to {high} it would be "
        "none. Give a dislike a value below 0."
    )


@pytest.mark.parametrize(
    ("values", "likes", "note"),
    [
        ([5, 4], [5, 4], None),  # 3.6 of 5
        ([5, 4, 3, 1], [5, 4], None),
        ([5, 3.5], [5], None),
        ([4], [4], None),
        ([10, 7, 6], [10, 7], None),  # 6.85 of 10
        ([3, 2], [], read_as("1", "5", "4")),
        ([2], [2], alone("2", "5")),
        ([3, 3], [3, 3], alone("3", "5")),
        ([6], [6], alone("6", "10")),
        ([6, 5], [], read_as("1", "10", "7")),
        ([1, 1], [1, 1], None),  # as a list of likes
        ([1, -1], [1], None),
        ([1, 0], [1], None),
        ([0], [], None),
        ([4, -4, 1], [4, 1], None),  # signs
        ([0, 1, 2], [2], read_as("0", "2", "1.3")),
        ([60, 90], [90], read_as("60", "90", "79.5")),
        ([1000], [1000], None),
    ],
)
def test_without_a_scale_the_usual_one_decides(
    values: list[float], likes: list[float], note: str | None
) -> None:
    flags, said = liked_without_scale(values)
    assert [value for value, flag in zip(values, flags.tolist(), strict=True) if flag] == likes
    assert said == note


@pytest.mark.parametrize(
    ("values", "lowest"),
    [([5, 1], "1"), ([2], "2"), ([3, 2.5], "2.5"), ([8, 4], "4"), ([5, 4], None), ([1, 1], None), ([1, -1], None),
     ([20, 3], None), ([0.5, 4], None), ([], None)],
)  # fmt: skip
def test_weights_that_look_like_ratings_are_told(values: list[float], lowest: str | None) -> None:
    assert mistaken_weights(values) == (None if lowest is None else WEIGHTS.format(lowest))


def test_a_four_beside_a_five_is_a_like_in_a_catalogue_that_nobody_has_rated() -> None:
    model = Recommender(encoder="hashed").fit(Dataset(TITLES), progress=False)
    found = model.recommend(support={"a": 5, "b": 4})
    assert [
        reason.what for reason in found[0].reasons if "lower" in reason.what or "passed" in reason.what
    ] == []
    assert {row.item: row.score for row in found} == {
        row.item: row.score for row in model.recommend(support=["a", "b"])
    }
    assert found.warnings == ()
    assert model.recommend(support={"a": 3}).warnings == (alone("3", "5"),)
    assert model.recommend(support={"a": 3, "b": 2}).warnings == (read_as("1", "5", "4"),)


def test_a_bare_like_beside_a_rating_is_a_high_one() -> None:
    model = Recommender(encoder="hashed").fit(Dataset(TITLES), progress=False)
    for said, wanted in (
        ({"a": True, "b": 4}, {"a": 5, "b": 4}),
        ({"a": True, "b": False, "c": 2}, {"a": 5, "b": 1, "c": 2}),
        ({"a": True, "b": 9}, {"a": 10, "b": 9}),
        ({"a": True, "b": False}, {"a": 1, "b": -1}),
    ):
        assert model._visitors.read(support=said).values == wanted
        assert model._visitors.read(support=said).liked == model._visitors.read(support=wanted).liked


def test_events_keep_their_weights_and_a_rating_among_them_is_noted() -> None:
    rows = {"user": list("uuvv"), "item": list("abbc"), "event": ["view", "buy", "view", "buy"]}
    model = Recommender(encoder="hashed").fit(Dataset(TITLES, rows), progress=False)
    found = model.recommend(support={"a": 5, "b": 1})
    assert found.warnings == (WEIGHTS.format("1"),)
    assert model.recommend(user="u").warnings == ()  # a history of 1 and 4: the shop's own weights
    said = Recommender(encoder="hashed").fit(Dataset(TITLES, rows, liked_at=2), progress=False)
    assert said.recommend(support={"a": 5, "b": 1}).warnings == ()  # the shop has said what a like is
