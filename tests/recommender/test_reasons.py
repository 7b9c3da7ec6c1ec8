"""Reasons are the score's own terms: they add up to it, name the right items and leave nothing large
untold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fewrec import Recommender
from fewrec.errors import ConfigError
from fewrec.recommendations import Recommendation
from fewrec.signals import Signal, Supports, TrainingData

REQUESTS: dict[str, dict[str, Any]] = {
    "nobody": {},
    "one like": {"support": ["i0"]},
    "likes and dislikes": {"support": {"i0": 5, "i4": 4, "i1": 1, "i2": 2}},
    "many": {"support": [f"i{at}" for at in range(12)]},
    "known user": {"user": "u2"},
    "known user with more": {"user": "u2", "support": ["i13"], "taste": "a farm story"},
    "sentence": {"taste": "a love story"},
    "sentence and likes": {"taste": "a love story", "support": ["i0"]},
    "attributes": {"attributes": {"city": "Oslo"}},
    "all": {"user": "u1", "support": {"i15": 1}, "taste": "crime", "attributes": {"city": "Rome"}},
}


def check(row: Recommendation, k: int = 14) -> None:
    """``k``: items that the visitor has met; each may have two small terms that are not told, and there are a few
    terms beside."""
    amounts = [reason.contribution for reason in row.reasons]
    other = sum(abs(reason.contribution) for reason in row.reasons if reason.kind == "other")
    assert other <= 0.02 * (2 * k + 4) * sum(map(abs, amounts))
    assert sum(amounts) == pytest.approx(row.score, rel=1e-4, abs=1e-5)
    assert row.reasons, "an item of a list is there for a reason"
    told = [reason for reason in row.reasons if reason.kind != "other"]
    sizes = [abs(reason.contribution) for reason in told]
    assert sizes == sorted(sizes, reverse=True)
    assert all(reason.what and reason.kind for reason in row.reasons)


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("which", ["tuned", "plain"])
def test_reasons_add_up_to_the_score(name: str, which: str, request: pytest.FixtureRequest) -> None:
    model: Recommender = request.getfixturevalue(which)
    found = model.recommend(**REQUESTS[name], n=16)
    for row in found:
        check(row)
        kinds = {reason.kind for reason in row.reasons}
        assert not ("new" in kinds and row.served == "hot")
        assert not ("new" in kinds and "user" not in REQUESTS[name])


@pytest.mark.parametrize(
    "signal",
    [
        "text",
        "words",
        "graph-wide",
        "text-graph",
        "text-ease",
        "exposure",
        "graph-met",
        "met-together",
        "dislike",
        "taste",
    ],
)
def test_every_signal_is_told_apart(world: Any, signal: str) -> None:
    """With popularity and one signal alone there is nothing that "other" could hide."""
    model = Recommender(encoder="hashed", signals=["popularity", signal], tune=False).fit(
        world.data(), progress=False
    )
    support = {"i0": 5, "i4": 5, "i1": 1}
    for row in model.recommend(support=support, taste="a love story", n=16):
        check(row, k=3)
        kinds = {reason.kind for reason in row.reasons}
        allowed = {
            "text": {"liked"},
            "words": {"liked"},
            "dislike": {"disliked"},
            "taste": {"taste"},
            "graph-wide": {"habits"},
            "exposure": {"habits"},
            "graph-met": {"habits"},
            "met-together": {"habits"},
            "text-graph": {"habits", "taste"},  # a sentence speaks in these two through its nearest items
            "text-ease": {"habits", "taste"},
        }[signal]
        assert kinds <= {"popularity", "other"} | allowed


def test_each_support_item_is_named_in_its_own_reason(tuned: Recommender) -> None:
    found = tuned.recommend(support={"i0": 5, "i1": 1}, n=16)
    told = {reason.what for row in found for reason in row.reasons}
    assert "reads like “space story red”, which you liked" in told
    assert any(
        what.startswith("reads like “love story red”, which you") and "liked" not in what for what in told
    )
    best = found[0]
    assert best.title.startswith("space")
    assert "space story red" in best.reasons[0].what


def test_popularity_is_counted_in_people(tuned: Recommender, world: Any) -> None:
    found = tuned.recommend(n=16)
    for row in found:
        likes = sum(r["item"] == row.item and r["rating"] == 5 for r in world.ratings)
        likes += sum(
            r["item"] == row.item and 5 > r["rating"] >= tuned.data.feedback.liked_at for r in world.ratings
        )
        what = f"liked by {likes} of 12 users" if likes else "liked by nobody yet"
        assert [reason.what for reason in row.reasons if reason.kind == "popularity"] == [what]


def test_a_sentence_and_a_portrait_have_reasons_of_their_own(tuned: Recommender) -> None:
    best = tuned.recommend(taste="a love story", n=1)[0]
    assert (best.reasons[0].kind, best.reasons[0].what) == ("taste", "fits your sentence")
    rows = tuned.recommend(taste="a love story", support=["i0"], n=14)
    said = [reason for row in rows for reason in row.reasons if reason.kind == "taste"]
    assert min(reason.contribution for reason in said) < 0
    for reason in said:  # and does not say so where it is a reason against
        less = " less than most" if reason.contribution < 0 else ""
        assert reason.what == f"fits your sentence{less}"


def test_a_portrait_is_a_reason(towns: Recommender) -> None:
    found = towns.recommend(attributes={"city": "Oslo"}, support=["i"], n=16)
    assert "portrait" in {reason.kind for row in found for reason in row.reasons}
    for row in found:
        check(row)


def test_an_explanation_is_the_row_itself(tuned: Recommender) -> None:
    found = tuned.recommend(support=["i0"])
    assert found.explain(found[2].item) is found[2]
    lines = str(found[0]).splitlines()
    assert lines[0].startswith(f"1. {found[0].title}")
    assert lines[-1].endswith("score")


class Crowd(Signal):
    """Habits that are no sum over the support and do not say what came from which item."""

    name = "crowd"
    kind = "habits"
    prior = 1.0
    linear = False

    def fit(self, training: TrainingData) -> Crowd:
        self._liked = training.liked
        return self

    def score(self, supports: Supports) -> Any:
        both = np.asarray((supports.liked @ self._liked.T @ self._liked).todense(), dtype=np.float32)
        return np.sqrt(both)


def test_habits_that_are_no_sum_are_told_item_by_item_where_they_can_be(world: Any) -> None:
    model = Recommender(encoder="hashed", signals=["default", "ials"], tune=False).fit(
        world.data(), progress=False
    )
    ranker = model._fitted.ranker
    names = [signal.name for signal in ranker.signals]
    only = ranker
    for column, name in enumerate(names):  # nothing but iALS has a weight
        only = only.with_weight(column, 10.0 if name == "ials" else 0.0)
    model._fitted.ranker = only
    factors = ranker.signals[names.index("ials")]
    at = model._fitted.position
    for taste in (None, "a love story"):
        for row in model.recommend(support={"i0": 5, "i4": 5, "i1": 1}, taste=taste, n=14):
            if row.score == 0:  # iALS alone has nothing to say of it
                continue
            check(row, k=3)
            told = {reason.what: reason.contribution for reason in row.reasons if reason.kind == "habits"}
            supports = model._fitted.supports([model._visitors.read(support={"i0": 5, "i4": 5, "i1": 1})])
            terms = {other: 10 * amount for other, amount in factors.terms(supports, at[row.item])}
            for item, title in (("i0", "space story red"), ("i4", "space story blue")):
                what = f"liked by people who like “{title}”"
                if what in told:  # not among the smaller ones
                    assert told[what] == pytest.approx(terms[at[item]], rel=1e-4)
            assert {reason.kind for reason in row.reasons} <= {"habits", "other", "new"}


def test_habits_that_cannot_be_taken_apart_are_habits_and_no_sentence(world: Any) -> None:
    model = Recommender(encoder="hashed", signals=["popularity", Crowd()], tune=False).fit(
        world.data(), progress=False
    )
    told = set()
    for row in model.recommend(support={"i0": 5, "i4": 5}, n=14):
        check(row, k=2)
        told |= {reason.what for reason in row.reasons if reason.kind == "habits"}
        assert "taste" not in {reason.kind for reason in row.reasons}
    assert told == {"liked by people who like what you like"}


@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("which", ["tuned", "plain"])
def test_a_list_without_reasons_is_the_same_list(
    name: str, which: str, request: pytest.FixtureRequest
) -> None:
    model: Recommender = request.getfixturevalue(which)
    asked = {**REQUESTS[name], "n": 6}
    told, plain = model.recommend(**asked).to_dict(), model.recommend(**asked, explain=False).to_dict()
    for row in told["recommendations"]:
        row["reasons"] = []
    assert plain == told  # with its line on how sure it is, which rests on whether any reason is personal


def test_explain_is_yes_or_no(tuned: Recommender) -> None:
    with pytest.raises(ConfigError, match="'yes' is neither True nor False"):
        tuned.recommend(explain="yes")  # type: ignore[arg-type]
