"""The one line that says how much to make of a list."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from fewrec import Dataset, Recommender


def test_the_line_names_what_the_list_rests_on(tuned: Recommender) -> None:
    for request, basis in (
        ({"support": ["i0"]}, "from 1 interaction."),
        ({"support": ["i0", "i4"]}, "from 2 interactions."),
        ({"taste": "a farm"}, "from a sentence."),
        ({"support": ["i0"], "taste": "a farm"}, "from 1 interaction and a sentence."),
    ):
        assert basis in tuned.recommend(**request).sure


def test_it_tells_what_such_lists_were_worth_to_past_users(make_world: Callable[..., Any]) -> None:
    model = Recommender(encoder="hashed").fit(make_world(users=24).data(), progress=False)
    sure = model.recommend(support=["i0"]).sure
    assert "Of ten suggestions made from 1 interaction, past users went on to like " in sure
    assert "; of ten bestsellers " in sure
    hits = float(sure.split("went on to like ")[1].split(";")[0])
    bestsellers = float(sure.rsplit(" ", 1)[1].rstrip("."))
    assert hits > bestsellers  # tastes are plain in this world
    assert f"past users went on to like {bestsellers:.1f}." in model.recommend().sure


def test_more_is_known_more_is_said(tuned: Recommender) -> None:
    one, many = tuned.recommend(support=["i0"]), tuned.recommend(support=["i0", "i4", "i8"])
    assert one.sure.startswith("A first idea")
    assert many.sure.split(",")[0] in ("Sure", "Fairly sure", "Not very sure")


def test_an_untuned_model_says_that_it_was_never_tried(plain: Recommender) -> None:
    sure = plain.recommend(support=["i0"]).sure
    assert sure == "Untested, from 1 interaction: the model was not tried on past users."


def test_disliked_things_alone_make_it_unsure(tuned: Recommender) -> None:
    sure = tuned.recommend(support={"i0": 1, "i4": 2}).sure
    assert sure == "Unsure: 2 interactions and nothing liked among them. One liked item would help most."


def test_a_model_that_earned_no_trust_says_so(tuned: Recommender) -> None:
    model = copy(tuned)
    assert model._model is not None
    ranker = model._model.ranker
    assert ranker.trust is not None
    model._model = replace(
        model._model, ranker=replace(ranker, trust=replace(ranker.trust, value=(0.0, 0.0)))
    )
    users = ranker.trust.users
    assert model.recommend(support=["i0"]).sure == (
        "Little more than the bestseller list: from 1 interaction nothing personal could be shown to help the "
        f"{users} past users it was tried on."
    )
    assert (
        "nothing personal" not in model.recommend(support=["i0"], taste="a farm").sure
    )  # a sentence still counts


@pytest.mark.parametrize(
    ("support", "liked"), [({"a": 5, "b": 1}, "a"), ({"a": 1, "b": 5}, "b"), ({"a": 3}, "a")]
)
def test_without_ratings_a_visitors_own_scale_is_read_off(support: dict[str, float], liked: str) -> None:
    titles = {"item": ["a", "b", "c", "d"], "title": ["red planet", "love letter", "red comet", "love story"]}
    model = Recommender(encoder="hashed").fit(Dataset(titles), progress=False)
    assert model.recommend(support=support, n=1)[0].item == {"a": "c", "b": "d"}[liked]


def test_sentences_are_practised_on_past_users(make_world: Callable[..., Any]) -> None:
    # Sixteen users with enough likes: the weight of a sentence is learned, and it finds what it names.
    world = make_world(users=16, items=24, new=0)
    model = Recommender(encoder="hashed").fit(world.data(), progress=False)
    for kind in ("space", "love", "crime", "farm"):
        assert {row.title.split()[0] for row in model.recommend(taste=kind, n=4)} == {kind}
    bare = [{"item": row["item"], "title": row["title"]} for row in world.items]  # now without named features
    model = Recommender(encoder="hashed").fit(Dataset(bare, world.ratings), progress=False)
    assert {row.title.split()[0] for row in model.recommend(taste="crime", n=4)} == {"crime"}
