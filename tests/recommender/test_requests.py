"""Many requests at once, and what a recommender says of itself."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import ConfigError
from fewrec.recommender.arguments import ASKED

KNOWN = f"Known are: {', '.join(ASKED)}."


def test_the_arguments_are_those_of_recommend() -> None:
    assert ("self", *ASKED) == tuple(inspect.signature(Recommender.recommend).parameters)


@pytest.mark.parametrize(
    ("requests", "common", "told"),
    [
        ("ab", {}, 'requests: \'ab\' is no list of requests.\nGive a list of dicts, [{"user": "anna"}].'),
        ({"user": "u1"}, {}, "requests: {'user': 'u1'} is no list of requests.\nGive a list of dicts, "),
        (None, {}, "requests: None is no list of requests.\nGive a list of dicts, "),
        ([{}, None], {}, 'request 1: None is no request.\nGive a dict, such as {"user": "anna", "n": 5}.'),
        (["u1"], {}, "request 0: 'u1' is no request.\nGive a dict, such as "),
        ([{"users": "u1"}], {}, f"request 0: 'users' is no argument of recommend.\n{KNOWN}"),
        ([], {"m": 5}, f"recommend_many: 'm' is no argument of recommend.\n{KNOWN}"),
    ],
)
def test_what_is_no_request_is_named(
    tuned: Recommender, requests: Any, common: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        tuned.recommend_many(requests, **common)
    assert str(raised.value).startswith(told)


def test_requests_may_come_one_by_one(tuned: Recommender) -> None:
    found = tuned.recommend_many(({"user": user} for user in ("u1", "u2")), n=2)
    assert [len(one) for one in found] == [2, 2]
    assert found[0].to_dict() == tuned.recommend(user="u1", n=2).to_dict()


def test_a_recommender_says_what_it_rests_on(tuned: Recommender) -> None:
    assert repr(Recommender()) == "Recommender(encoder='default', not fitted)"
    assert repr(tuned) == f"Recommender(encoder='hashed', fitted on {tuned.data!r})"


def test_an_audience_of_nobody_says_so() -> None:
    rows = {"user": ["u", "v", "u"], "item": ["a", "a", "b"], "rating": [5, 1, 4]}
    data = Dataset({"item": ["a", "b"], "title": ["red", "blue"]}, rows)
    model = Recommender(encoder="hashed", tune=False).fit(data, progress=False)
    assert len(model.audience("a")) == 0
    assert model.audience("a").sure == (
        "There is nobody to show it to: no known user is left who has not met it."
    )
    assert model.audience("b").sure == "Judged from 1 history and what others did with it."
