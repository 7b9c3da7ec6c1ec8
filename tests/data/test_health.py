"""The health report: numbers found by hand, sentences, and its speed."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from fewrec.data import Dataset
from fewrec.data.health import bar
from fewrec.data.language import UNKNOWN, guess, mix, normalised


def planted() -> Dataset:
    """Six items, five users.

    Users 1 and 2 are twins; item 5 has a text only, item 6 neither text nor interaction; items 1 and 2 share
    a title but for its spelling; user 3 rated item 1 with both 5 and 1.
    """
    items = {
        "item": [1, 2, 3, 4, 5, 6],
        "title": ["Amélie!", "amelie", "Heat", "Up", "The story of the sea", None],
        "overview": ["a tale of the city", None, None, None, None, None],
    }
    users = [1, 1, 1, 2, 2, 2, 3, 3, 4]
    rated = [1, 2, 3, 1, 2, 3, 1, 1, 4]
    values = [5, 4, 1, 5, 4, 1, 5, 1, 2]
    log = {"user": users, "item": rated, "rating": values, "time": [86_400 * day for day in range(9)]}
    return Dataset(items=items, interactions=log, users={"user": [5], "age": [3]})


def test_numbers():
    report = planted().health()
    assert (report.users, report.items, report.interactions, report.events) == (5, 6, 8, 9)
    assert report.density == pytest.approx(8 / 30)
    assert report.liked == pytest.approx(4 / 8)  # the mean of 5 and 1 is 3, below 3.6
    assert (report.repeated_events, report.contradictions) == (1, 1)
    assert report.cold_items == pytest.approx(2 / 6)
    assert report.silent_items == pytest.approx(1 / 6)
    assert report.new_users == pytest.approx(3 / 5)
    assert (report.twin_groups, report.twin_users) == (1, 2)
    assert (report.near_duplicates, report.near_duplicate_items) == ([[1, 2]], 2)
    assert report.text_coverage == {"title": pytest.approx(5 / 6), "description": pytest.approx(1 / 6)}
    assert report.text_length["description"] == len("a tale of the city")
    assert report.histogram == [("1", 2), ("2", 1), ("3", 1), ("4", 2), ("5", 2)]
    assert report.span == (0, 8 * 86_400)
    assert report.top_tenth == pytest.approx(3 / 8)  # the most popular of six items has three interactions


def test_what_it_means():
    meaning = "\n".join(planted().health().meaning)
    for part in (
        "No person has five likes or more",
        "17 % of the items have no text",
        "17 % of the items have neither a text nor an interaction",
        "33 % of the items have no interaction",
        "60 % of the users have fewer than three interactions",
        "2 users have exactly the same history as another one",
        "2 items share their title with another one (such as 1 and 2)",
    ):
        assert part in meaning
    assert "no times" not in meaning


def test_the_report_in_words():
    text = str(planted().health())
    assert text.startswith(
        "5 users, 6 items, 8 interactions (27 % of all pairs), 9 events\n"
        "Feedback: ratings from 1 to 5; 3.6 and more is a like\n"
        "Time: 1970-01-01 to 1970-01-09\n"
    )
    assert "Pairs both liked and disliked         1\n" in text
    assert "Ratings\n1 ██████████████████████████████ 2\n2 ███████████████ 1\n" in text
    assert text.endswith(
        "- Ratings run from 1 to 5: 4 and more is taken as a like (set liked_at to change this)."
    )


def test_json_ready():
    report = planted().health()
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["histogram"][0] == ["1", 2]
    assert plain["meaning"] == report.meaning


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"items": {"item": [1, 2], "title": ["a", "b"]}}, "Nobody has rated, bought or read anything yet"),
        ({"interactions": {"user": [1, 2], "item": [1, 1]}}, "No item has a text"),
        ({"interactions": {"user": [1, 2], "item": [1, 1]}}, "Interactions have no times"),
        ({"interactions": {"user": [1, 2], "item": [1, 1], "event": ["hide", "hide"]}}, "Nothing is liked"),
        (
            {"interactions": {"user": [1] * 12, "item": list(range(12)), "rating": [5] * 11 + [1]}},
            "92 % of the ratings are likes",
        ),
        (
            {"interactions": {"user": [u for u in range(12) for _ in range(5)], "item": list(range(5)) * 12}},
            "12 people have five likes or more: habits help",
        ),
        (
            {"interactions": {"user": [u for u in range(60) for _ in range(5)], "item": list(range(5)) * 60}},
            "60 people have five likes or more: enough to learn from habits",
        ),
        ({"interactions": {"user": [1] * 5, "item": list(range(5))}}, "1 person has five likes or more"),
        (
            {"interactions": {"user": list(range(90)), "item": [0] * 61 + list(range(1, 30))}},
            "The most popular tenth of the items has 70 % of the interactions",
        ),
        (
            {"items": {"item": [1, 2], "title": ["Das ist ein Buch über die Welt", "The best of the sea"]}},
            "Texts seem to be in several languages (English, German)",
        ),
    ],
)
def test_further_sentences(arguments, part):
    assert part in "\n".join(Dataset(**arguments).health().meaning)


def test_histograms_of_many_values():
    rng = np.random.default_rng(0)
    ratings = rng.uniform(0, 10, 200).tolist()
    rated = Dataset(interactions={"user": list(range(200)), "item": [1] * 200, "rating": ratings}).health()
    assert len(rated.histogram) == 10
    assert sum(count for _, count in rated.histogram) == 200
    plays = Dataset(
        interactions={"user": list(range(200)), "item": [1] * 200, "plays": list(range(200))}
    ).health()
    assert plays.histogram[0] == ("0 to 1", 1)  # only 0 plays weigh less than 1
    assert sum(count for _, count in plays.histogram) == 200
    assert "Weight of a pair's events" in str(plays)


def test_bars():
    assert bar(8, 8) == "█" * 30
    assert bar(4, 8) == "█" * 15
    assert bar(1, 10_000) == "▏"
    assert bar(0, 8) == ""
    assert bar(0, 0) == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The lord of the rings", "English"),
        ("El amor en los tiempos del cólera", "Spanish"),
        ("Le fabuleux destin et la vie des gens", "French"),
        ("Der Himmel über Berlin ist nicht grau", "German"),
        ("重庆小面 spicy", "Chinese"),
        ("千と千尋の神隠し", "Japanese"),
        ("기생충", "Korean"),
        ("Война и мир", "Cyrillic script"),
        ("Heat", UNKNOWN),
        ("12:30", None),
        ("", None),
    ],
)
def test_guessed_languages(text, language):
    assert guess(text) == language


def test_language_mix():
    assert mix(["the sea of the", "战争与和平", "the end of it", "", "7"]) == {
        "English": 2 / 3,
        "Chinese": 1 / 3,
    }


def test_normalised_titles():
    assert normalised("  Amélie! ") == normalised("AMELIE") == "amelie"
    assert normalised("战争与和平") == "战争与和平"


def test_linear_and_quick_at_ten_thousand_items():
    rng = np.random.default_rng(1)
    items = {"item": list(range(10_000)), "title": [f"Thing {at} of the house" for at in range(10_000)]}
    log = {
        "user": rng.integers(0, 2000, 100_000).tolist(),
        "item": rng.integers(0, 10_000, 100_000).tolist(),
        "rating": rng.integers(1, 6, 100_000).tolist(),
    }
    data = Dataset(items=items, interactions=log)
    start = time.perf_counter()
    data.health()
    assert time.perf_counter() - start < 3  # about 0.3 s alone on a core
