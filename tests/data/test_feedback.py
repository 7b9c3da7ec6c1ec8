"""What a value means, worked out by hand on tiny tables."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.data import Dataset
from fewrec.data.feedback import DEFAULT_EVENTS, fading, threshold
from fewrec.errors import FewrecWarning

DAY = 86_400


def rated(ratings, **more):
    users = [f"u{at}" for at in range(len(ratings))]
    return Dataset(interactions={"user": users, "item": [1] * len(ratings), "rating": ratings}, **more)


@pytest.mark.parametrize(
    ("low", "high", "least"),
    [(1, 5, 3.6), (1, 10, 6.85), (0, 2, 1.3), (0, 1, 0.65), (0.5, 5, 3.425), (0, 100, 65)],
)
def test_threshold_lies_65_percent_up_the_scale(low, high, least):
    assert threshold(low, high) == pytest.approx(least)


@pytest.mark.parametrize(
    ("ratings", "likes"),
    [
        ([1, 2, 3, 4, 5], [4, 5]),
        (list(range(1, 11)), [7, 8, 9, 10]),
        ([0, 1, 2], [2]),
        ([7, 8, 9.3], [9.3]),  # tenths: the observed scale counts, 7 + .65 * 2.3 = 8.495
    ],
)
def test_likes_found(ratings, likes):
    data = rated(ratings)
    assert data.feedback.kind == "explicit"
    assert data.feedback.scale == (min(ratings), max(ratings))
    assert [v for v, liked in zip(ratings, data.interactions.liked.tolist(), strict=True) if liked] == likes
    assert data.feedback.like_value == pytest.approx(np.mean(likes))
    assert data.feedback.dislike_value == pytest.approx(np.mean([r for r in ratings if r not in likes]))


def test_liked_at_overrides_and_is_exact_in_float32():
    data = rated([3.6, 3.5, 1.0], liked_at=3.6)  # float32(3.6) is below 3.6 in float64
    assert data.interactions.liked.tolist() == [True, False, False]
    assert data.feedback.liked([3.6, 3.59]).tolist() == [True, False]


@pytest.mark.parametrize(
    ("ratings", "scale", "least"),
    [
        ([3, 4, 5], (1, 5), "4"),
        ([3, 5], (1, 5), "4"),  # nobody has given a 4 yet, but it would be a like
        ([4, 5], (1, 5), "4"),  # all of them liked so far
        ([2, 4], (1, 5), "4"),
        ([3, 4.5], (1, 5), "4"),
        ([5, 6], (1, 10), "7"),  # none of them liked: 6.85 is the threshold, see below
        ([8, 10], (1, 10), "7"),
        ([2.5, 9], (1, 10), "7"),
        ([1, 8], (1, 10), "7"),
    ],
)
def test_a_young_shop_has_seen_a_part_of_the_usual_scale(ratings, scale, least):
    if max(ratings) < threshold(*scale):
        with pytest.warns(FewrecWarning, match="no rating stands out as a like"):
            assert rated(ratings).feedback.kind == "implicit"
        return
    data = rated(ratings)
    low, high = min(ratings), max(ratings)
    assert (data.feedback.kind, data.feedback.scale) == ("explicit", scale)
    assert data.feedback.liked_at == pytest.approx(threshold(*scale))
    assert data.warnings == [
        f"Ratings run from {low:g} to {high:g}, read as a scale from {scale[0]} to {scale[1]}: {least} and more is "
        "taken as a like (set liked_at to change this)."
    ]


@pytest.mark.parametrize(
    "ratings",
    [[1, 2, 3], [0, 1, 2], [0.5, 5], [1, 7], [1, 6], [1, 4.2], [2, 4.25, 5], [3, 11], [-1, 5], [1.5, 3.5]],
)
def test_other_scales_are_as_they_were_given(ratings):
    assert rated(ratings).feedback.scale == (min(ratings), max(ratings))


def test_the_usual_scale_holds_beside_a_liked_at():
    data = rated([3, 4, 5], liked_at=5)
    assert (data.feedback.scale, data.feedback.liked_at) == ((1, 5), 5)
    assert data.interactions.liked.tolist() == [False, False, True]


def test_where_all_are_liked_a_dislike_stands_at_the_lower_end():
    # 4 and 5 of 5: the mean like is 4.5; nobody has disliked anything, so a bare dislike is a 1
    feedback = rated([4, 5]).feedback
    assert (feedback.like_value, feedback.dislike_value) == (4.5, 1.0)


def test_guessed_threshold_is_told():
    assert rated([1, 3, 5]).warnings == [
        "Ratings run from 1 to 5: 5 and more is taken as a like (set liked_at to change this)."
    ]


def test_all_equal_ratings_become_implicit_with_a_visible_warning():
    with pytest.warns(
        FewrecWarning, match="all ratings are 4, so each rating counts as one sign of interest"
    ):
        data = rated([4, 4, 4])
    assert data.feedback.kind == "implicit"
    assert data.interactions.value.tolist() == [1, 1, 1]
    assert data.interactions.liked.all()
    assert any("all ratings are 4" in warning for warning in data.warnings)


def test_all_equal_ratings_stay_explicit_when_liked_at_is_given():
    data = rated([4, 4], liked_at=3)
    assert (data.feedback.kind, data.feedback.scale) == ("explicit", (4.0, 4.0))
    assert data.warnings == ["liked_at=3 makes every rating a like."]
    assert (data.feedback.like_value, data.feedback.dislike_value) == (4.0, 4.0)


def test_no_pair_reaches_the_threshold():
    # one pair rated 1 and 5: mean 3, threshold 3.6, so nothing is a like
    with pytest.warns(FewrecWarning, match="no rating stands out as a like"):
        data = Dataset(interactions={"user": ["a", "a"], "item": [1, 1], "rating": [1, 5]})
    assert data.feedback.kind == "implicit"
    assert data.interactions.value.tolist() == [2]


def test_repeated_ratings_are_averaged():
    data = Dataset(
        interactions={"user": ["a", "a", "b"], "item": [1, 1, 1], "rating": [5, 3, 1], "time": [10, 20, 5]}
    )
    assert data.interactions.value.tolist() == [4.0, 1.0]
    assert data.interactions.count.tolist() == [2, 1]
    assert data.interactions.time.tolist() == [20.0, 5.0]


def test_shop_events():
    # view 1 + cart 2 + buy 4 = 7; buy 4 - return 4 = 0, not liked; return alone = -4
    data = Dataset(
        interactions={
            "user": ["a", "a", "a", "b", "b", "c"],
            "item": [1, 1, 1, 1, 1, 2],
            "event": ["view", "Add to cart", "buy", "purchase", "return", "refund"],
        }
    )
    assert data.feedback.kind == "implicit"
    assert data.interactions.value.tolist() == [7, 0, -4]
    assert data.interactions.liked.tolist() == [True, False, False]
    assert (data.feedback.like_value, data.feedback.dislike_value) == (1, -1)


def test_news_events():
    # five impressions without a click: -1; read 1 + comment 2 + share 3 = 6; hide -4
    events = ["impression"] * 5 + ["read", "comment", "share", "hide"]
    data = Dataset(
        interactions={"reader": ["a"] * 5 + ["b"] * 3 + ["c"], "article": [7] * 9, "event": events}
    )
    assert data.interactions.value.tolist() == [-1, 6, -4]
    assert data.interactions.liked.tolist() == [False, True, False]


def test_event_weights_are_laid_over_the_defaults():
    data = Dataset(
        interactions={"user": ["a", "a"], "item": [1, 2], "event": ["Taste it", "buy"]},
        events={"taste-it": 3, "buy": 10},
    )
    assert data.history("a") == {1: 3.0, 2: 10.0}
    assert data.feedback.events == {**DEFAULT_EVENTS, "taste_it": 3.0, "buy": 10.0}


def test_a_click_column_is_implicit_and_no_click_weighs_minus_a_fifth():
    data = Dataset(interactions={"user": ["a", "a", "a"], "item": [1, 2, 2], "click": [1, 0, 0]})
    assert data.feedback.kind == "implicit"
    assert data.interactions.value.tolist() == pytest.approx([1, -0.4])
    assert data.interactions.liked.tolist() == [True, False]


def test_a_like_column_is_explicit():
    data = Dataset(interactions={"user": ["a", "a"], "item": [1, 2], "liked": ["true", "false"]})
    assert (data.feedback.kind, data.feedback.scale) == ("explicit", (0.0, 1.0))
    assert data.interactions.liked.tolist() == [True, False]


def test_a_click_column_can_be_made_explicit():
    data = Dataset(interactions={"user": ["a", "a"], "item": [1, 2], "click": [1, 0]}, feedback="explicit")
    assert data.feedback.scale == (0.0, 1.0)


def test_quantities_are_damped_and_their_sign_counts():
    # 1 + log2(4) = 3; 1 + log2(1) = 1; a return of 4 is -3; nothing bought is 0
    data = Dataset(interactions={"user": ["a"] * 4, "item": [1, 2, 3, 4], "quantity": [4, 1, -4, 0]})
    assert data.interactions.value.tolist() == [3, 1, -3, 0]


def test_rows_without_rating_or_event_count_one_each():
    data = Dataset(interactions={"user": ["a", "a"], "item": [1, 1]})
    assert (data.interactions.value.tolist(), data.interactions.count.tolist()) == ([2], [2])


def test_implicit_on_request_does_not_use_ratings_and_says_so():
    data = rated([1, 5], feedback="implicit")
    assert data.interactions.value.tolist() == [1, 1]
    assert data.warnings == ['interactions: the column "rating" is not used, because feedback is "implicit".']


def test_a_log_with_some_ratings_is_read_by_its_events():
    log = {"user": ["a", "a"], "item": [1, 2], "event": ["view", "buy"], "rating": [None, 5]}
    data = Dataset(interactions=log)
    assert data.history("a") == {1: 1.0, 2: 4.0}
    assert data.warnings == [
        'interactions: not every row has a "rating", so the events in "event" count and ratings do not.'
    ]


def test_half_life_fades_events():
    # 10 days before the latest event at a half-life of 5 days: a quarter
    times = [0, 10 * DAY, 5 * DAY]
    log = {"user": ["a", "a", "b"], "item": [1, 2, 1], "event": ["buy", "buy", "view"], "time": times}
    data = Dataset(interactions=log, half_life=5)
    assert data.interactions.value.tolist() == [1, 4, 0.5]
    later = Dataset(interactions=log, half_life=5, now=20 * DAY)
    assert later.interactions.value.tolist() == [0.25, 1, 0.125]


def test_half_life_weighs_repeated_ratings():
    # ratings 1 (weight 1/4) and 5 (weight 1): (1/4 + 5) / (5/4) = 4.2
    log = {"user": ["a", "a", "b"], "item": [1, 1, 2], "rating": [1, 5, 1], "time": [0, 10 * DAY, 10 * DAY]}
    assert Dataset(interactions=log, half_life=5).interactions.value.tolist() == pytest.approx([4.2, 1])


def test_fading_edges():
    times = np.array([0.0, 10 * DAY, np.nan, 1000 * DAY])
    weights = fading(times, 1.0, 10 * DAY)
    assert weights[1] == weights[3] == 1  # what lies after now has full weight
    assert weights[0] == weights[2] == 0.5**10  # no time: as old as the oldest
    assert fading(np.array([0.0, 1e9]), 1.0, None)[0] == 2.0**-20  # never fades to nothing


def test_half_life_without_a_single_time_has_no_effect_and_says_so():
    log = {"user": ["a", "b"], "item": [1, 1], "time": [None, None]}
    data = Dataset(interactions=log, half_life=5)
    assert data.interactions.value.tolist() == [1, 1]
    assert "half_life has no effect: no interaction has a time." in data.warnings


def test_times_that_are_all_zero_are_no_times():
    data = Dataset(interactions={"user": ["a", "b"], "item": [1, 1], "timestamp": [0, 0]})
    assert data.interactions.time is None
    assert data.warnings == ['interactions: every "timestamp" is 0, so no time is known.']


def test_no_feedback():
    data = Dataset(items={"item": [1], "title": ["Alien"]})
    assert (data.feedback.kind, len(data.interactions), len(data.users)) == ("none", 0, 0)
    assert data.matrix("value").shape == (0, 1)


def test_liked_at_for_summed_weights():
    log = {"user": ["a", "b", "b"], "item": [1, 1, 1], "event": ["view", "view", "cart"]}
    data = Dataset(interactions=log, liked_at=3)
    assert data.interactions.liked.tolist() == [False, True]
    assert data.feedback.like_value == 3
    assert "3 and more is a like" in data.feedback.describe()
