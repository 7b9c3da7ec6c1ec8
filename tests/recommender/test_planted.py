"""Worlds whose right answer is known beforehand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender

# Two tastes, items a0..a7 and b0..b7: every user likes six of one kind and dislikes two of the other.
# (Drawn, not in rotation: where all items have equally many likes, taking a user out lowers the counts of
# just the user's own likes, and cross-validation learns the opposite of the truth.)
TITLES = {
    "a": "galaxy {} rocket starship",
    "b": "wedding {} kiss romance",
}
WORD = ("one", "two", "three", "four", "five", "six", "seven", "eight")
A, B = [f"a{n}" for n in range(8)], [f"b{n}" for n in range(8)]


def two_tastes(*, habits: bool, text: bool, seed: int = 0) -> Dataset:
    rng = np.random.default_rng(seed)
    items: dict[str, list[Any]] = {"item": A + B}
    if text:
        items["title"] = [TITLES[item[0]].format(WORD[int(item[1])]) for item in A + B]
    events = []
    for user in range(24 if habits else 0):
        own, other = (A, B) if user % 2 == 0 else (B, A)
        for item in rng.permutation(own)[:6]:
            events.append({"user": f"u{user}", "item": str(item), "rating": 5})
        for item in rng.permutation(other)[:2]:
            events.append({"user": f"u{user}", "item": str(item), "rating": 1})
    return Dataset(items, events or None)


@pytest.fixture(
    scope="module",
    params=[(True, True), (True, False), (False, True)],
    ids=["habits and text", "habits alone", "text alone"],
)
def both(request: pytest.FixtureRequest) -> Recommender:
    habits, text = request.param
    return Recommender(encoder="hashed").fit(two_tastes(habits=habits, text=text), progress=False)


@pytest.mark.parametrize("liked", [*A, *B])
def test_two_tastes_are_told_apart_by_a_single_like(both: Recommender, liked: str) -> None:
    found = both.recommend(support=[liked], n=5)
    assert {row.item[0] for row in found} == {liked[0]}


def test_a_known_user_gets_the_rest_of_their_taste(both: Recommender) -> None:
    if not len(both.data.users):
        pytest.skip("nobody is known in this world")
    wrong = 0
    for user in both.data.users:
        own = "a" if int(user[1:]) % 2 == 0 else "b"  # they have met six of the eight
        first, second = both.recommend(user=user, n=2)
        assert first.item[0] == own
        wrong += second.item[0] != own
    # Who dislikes a thing has met it: without text, what is met together may let a bestseller of the other taste pass.
    assert wrong <= (0 if any(any(view) for view in both.data.texts.values()) else 3)


def standing(model: Recommender, support: list[str], one: list[str], others: list[str]) -> float:
    """How often an item of ``one`` is above an item of ``others``, ties half: 1 is always."""
    first, second = model.score(support, items=one), model.score(support, items=others)
    gaps = first[:, None] - second[None, :]
    return float((gaps > 0).mean() + 0.5 * (gaps == 0).mean())


@pytest.mark.parametrize(
    "start", [[], ["b0"], ["b0", "b1", "b2"]], ids=["nothing", "one other", "three others"]
)
def test_more_likes_of_one_kind_never_lower_that_kind(both: Recommender, start: list[str]) -> None:
    # a5..a7 against b5..b7, which are never shown, while the likes of a grow.
    places = [standing(both, [*start, *A[:k]], A[5:], B[5:]) for k in range(0 if both.data.users else 1, 6)]
    assert all(later >= earlier for earlier, later in pairwise(places)), places
    assert places[-1] > 0.9


def test_a_visitor_of_two_tastes_gets_both(both: Recommender) -> None:
    found = both.recommend(support=["a0", "a1", "b0", "b1"], n=10)
    assert {row.item[0] for row in found} == {"a", "b"}


def test_the_bestseller_list_is_the_order_of_likes() -> None:
    # c is liked three times, b twice, a once; d was met and disliked, e was never met and is not described.
    pairs = [("u", "a"), ("u", "b"), ("u", "c"), ("v", "b"), ("v", "c"), ("w", "c")]
    events = [{"user": user, "item": item, "rating": 5} for user, item in pairs]
    events.append({"user": "w", "item": "d", "rating": 1})
    data = Dataset({"item": ["a", "b", "c", "d", "e"]}, events)
    found = Recommender(encoder="hashed").fit(data, progress=False).recommend()
    assert [row.item for row in found] == ["c", "b", "a", "d"]
    assert found.dropped["nothing known"] == 1  # e
    assert found.sure.startswith(
        "A guess: nothing is known about this visitor, so this is the bestseller list."
    )


def test_a_sentence_brings_what_it_names_to_the_top(tuned: Recommender) -> None:
    for kind in ("space", "love", "crime", "farm"):
        found = tuned.recommend(taste=f"a {kind} story please", n=3)
        assert {row.title.split()[0] for row in found} == {kind}


def test_a_new_item_is_recommended_at_once_by_its_text(world: Any) -> None:
    model = Recommender(encoder="hashed").fit(world.data(), progress=False)
    model.update(items=[{"item": "new", "title": "space story violet", "genre": "space"}])
    found = model.recommend(support=["i0", "i4", "i8"], n=20)  # space, space, space
    places = {row.item: row.rank for row in found}
    assert found.explain("new").served == "warm"
    others = [rank for item, rank in places.items() if item != "new" and int(item[1:]) % 4 != 0]
    assert places["new"] < min(others)  # above everything of another kind


def test_habits_reach_an_item_without_text() -> None:
    # "x" has no title, but the people who like space like it.
    world = two_tastes(habits=True, text=True)
    space = [user for user in world.users if int(user[1:]) % 2 == 0]
    data = world.extended(interactions={"user": space[:6], "item": ["x"] * 6, "rating": [5] * 6})
    model = Recommender(encoder="hashed").fit(data, progress=False)
    found = model.recommend(support=["a0"], n=16)
    others = [row.item[0] for row in found][: [row.item for row in found].index("x")]
    assert others.count("b") <= 1  # of the eight; the one that most people have met
    assert found.explain("x").served == "hot"


def test_the_audience_of_a_new_item_are_those_who_like_its_kind(fresh: Callable[[], Recommender]) -> None:
    model = fresh()
    model.update(items=[{"item": "new", "title": "love story violet", "genre": "love"}])
    found = model.audience("new", n=3)
    assert {int(row.user[1:]) % 4 for row in found} == {1}  # love is kind 1
    assert found.sure == "Judged from 12 histories and its text alone, since nobody has met it."
    assert found.to_dict()["audience"][0]["rank"] == 1
    assert str(found).splitlines()[0] == "Who should see “love story violet”:"


def test_similar_items_are_of_the_same_kind_and_never_the_item_itself(tuned: Recommender) -> None:
    for item in ("i0", "i1", "i14"):  # i14 is new: nobody has met it
        found = tuned.similar_items(item, n=3)
        assert {int(row.item[1:]) % 4 for row in found} == {int(item[1:]) % 4}
        assert item not in [row.item for row in found]
        for row in found:
            assert sum(reason.contribution for reason in row.reasons) == pytest.approx(row.score, rel=1e-4)
    assert tuned.similar_items("i0").sure == "Resemblance by text and habits."
    assert tuned.similar_items("i14").sure == "Resemblance by text alone: nobody has met this item yet."


def test_diversity_trades_likeness_for_variety(tuned: Recommender) -> None:
    def kinds(diversity: float) -> int:
        found = tuned.recommend(support=["i0", "i4"], n=4, diversity=diversity, include_seen=True)
        return len({row.title.split()[0] for row in found})

    assert kinds(0) == 1
    assert kinds(0) <= kinds(0.5) <= kinds(1)
    assert kinds(1) >= 3


def test_words_of_every_item_are_no_reason_why_two_are_alike() -> None:
    data = Dataset(items={
        "item": [1, 2, 3, 4],
        "title": ["黑客帝国", "流浪地球", "花样年华", "活着"],
        "类别": ["科幻", "科幻", "爱情", "剧情"],
    }, columns={"tags": "类别"})  # fmt: skip
    found = Recommender(encoder="hashed", cache=None).fit(data, progress=False).similar_items(1, n=3)
    told = {row.item: [reason.what for reason in row.reasons] for row in found}
    assert "shared words: 科幻" in told[2]  # and not "类别", the name of the column
    assert not any("类别" in what for whats in told.values() for what in whats)
