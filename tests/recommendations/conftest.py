"""Two lists that the tests of this room share."""

from __future__ import annotations

import pytest

from fewrec.recommendations import Rating, Reason, Recommendation, Recommendations


@pytest.fixture
def films() -> Recommendations:
    """Two films, one of them new, with everything that a row can have."""
    liked = Reason("liked", 'you liked "Aliens"', 1.0)
    popular = Reason("popularity", "popular here: liked by 31 of 138", 0.4)
    words = Reason("words", "shared words: space, crew", 0.3)
    disliked = Reason("disliked", 'you disliked "Titanic"', -0.2)
    return Recommendations(
        [
            Recommendation(
                "a7", "Alien", 1, 1.5, 0.87, Rating(4.2, 3.4, 4.9), "hot", (popular, liked, words, disliked)
            ),
            Recommendation(
                "b2", "Gravity", 2, 1.04, 0.5, Rating(3.5, 2, 5), "warm", (liked, Reason("x", "tiny", 0.04))
            ),
        ],
        sure="Fairly sure: two ratings are known.",
        profile=["space", "quiet"],
        warnings=["ratings.csv: 3 rows were skipped."],
        dropped={"already known": 2},
        candidates=4,
    )


@pytest.fixture
def places() -> Recommendations:
    """Two places with whole-number ids, and nothing known of them but a score."""
    return Recommendations([Recommendation(7, "Chilis", 1, 0.5), Recommendation(12, "Kiku", 2, -0.25)])
