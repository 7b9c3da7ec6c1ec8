"""Public data sets: roles found without help. Skipped where the data are not beside the project."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from fewrec.data import Dataset
from fewrec.errors import FewrecWarning

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA = SHARED / "data"
PLACES = ("geoplaces2", "chefmozcuisine", "chefmozaccepts", "chefmozparking")
PEOPLE = ("userprofile", "usercuisine", "userpayment")


def load(folder: Path, **sources: Any) -> Dataset:
    """The data set of files in ``folder``; text in another encoding than UTF-8 is no failure here."""
    settings = {name: sources.pop(name) for name in ("on_bad_row", "columns") if name in sources}
    if not folder.exists():
        pytest.skip(f"{folder.name} is not beside the project")
    paths = {
        name: [folder / file for file in files] if isinstance(files, list) else folder / files
        for name, files in sources.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewrecWarning)
        return Dataset.from_files(**paths, **settings)


def shape(data: Dataset) -> tuple[int, int, int, str]:
    return len(data.users), len(data.items), len(data.interactions), data.feedback.kind


def test_restaurants():
    data = load(
        DATA / "uci-restaurant",
        items=[f"{name}.csv" for name in PLACES],
        interactions="rating_final.csv",
        users=[f"{name}.csv" for name in PEOPLE],
    )
    assert shape(data) == (138, 130, 1161, "explicit")
    assert (data.feedback.scale, data.roles.of("items", "title")) == ((0.0, 2.0), ["name"])
    assert {"alcohol: Full Bar", "Rcuisine: Mexican", "Rpayment: cash"} <= set(data.item_features[1])
    assert {"smoker: true", "Rcuisine: Mexican", "Upayment: cash"} <= set(data.user_features[1])
    assert not any(name.startswith(("latitude", "zip", "url")) for name in data.item_features[1])


def test_movies():
    data = load(
        DATA / "ml-100k",
        items=["ml-100k.item", "extra_text.csv.gz"],
        interactions="ml-100k.inter",
        users="ml-100k.user",
    )
    assert shape(data) == (943, 1682, 100_000, "explicit")
    assert data.texts["title"][0].startswith(
        "Toy Story. release year: 1995. class: Animation, Children's, Comedy"
    )
    assert data.texts["description"][0].startswith("Led by Woody")
    assert data.interactions.liked.mean() == pytest.approx(0.55375)  # 4 and 5 stars
    assert data.users.ids[:2] == [1, 2]


def test_books():
    data = load(DATA / "goodbooks-10k-v1", items="books.csv.gz", interactions="ratings.csv.gz")
    assert shape(data) == (53_424, 10_000, 979_478, "explicit")
    assert data.roles.column("items", "item") == "id"  # not "book_id", which the ratings mean by it
    assert data.titles[0] == "The Hunger Games (The Hunger Games, #1)"
    assert data.health().events == 981_756


def test_groceries():
    data = load(DATA / "complete-journey", items="products.csv.gz", interactions="transactions_sample.csv.gz")
    assert shape(data) == (2377, 20_902, 69_254, "implicit")
    assert data.roles.column("interactions", "quantity") == "quantity"
    assert data.texts["title"][0].startswith("department: GROCERY. brand: Private. product category: EGGS")


def test_films_alone():
    data = load(DATA / "tmdb-5000", items="movies.csv.gz")
    assert shape(data) == (0, 4803, 0, "none")
    assert data.texts["title"][0].startswith(
        "Avatar. original language: en. genres: Action, Adventure, Fantasy"
    )
    assert data.texts["description"][0].endswith("Enter the World of Pandora.")


def test_news():
    data = load(DATA / "mind-sample", items="news.csv.gz", interactions="clicks_with_text.csv.gz")
    assert shape(data) == (3454, 2000, 10_529, "implicit")
    assert data.roles.column("interactions", "click") == "click"
    assert 0.4 < data.interactions.liked.mean() < 0.6  # shown but not clicked is no like


def test_articles_with_their_faults():
    folder = DATA / "ibm-articles"
    data = load(folder, items="articles.csv.gz", interactions="interactions.csv.gz", on_bad_row="skip")
    assert shape(data)[0] == 5148
    assert "5 of 1056 rows left out" in data.warnings[0]
    assert "17 of 45993 rows left out" in data.warnings[1]
    assert data.titles[data.items.index(1430)].startswith(
        "using pixiedust for fast, flexible"
    )  # from its reads


def test_games():
    data = load(DATA / "llmrank-games", items="Games.item.gz")
    assert (len(data.items), data.titles[1]) == (16_859, "GBA 6-Pak Care Case - Game Boy Advance")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("ml-100k", (943, 1682, 100_000, "explicit")), ("goodbooks", (1500, 8896, 71_353, "explicit"))],
)
def test_reference_sets(name, wanted):
    data = load(SHARED / "reference" / name, items="items.csv.gz", interactions="interactions.csv.gz")
    assert shape(data) == wanted
    assert any(feature.startswith("tags: ") for feature in data.item_features[1])
    assert data.feedback.liked_at == pytest.approx(3.6)
