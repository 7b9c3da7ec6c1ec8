"""Three public data sets with splits of our own: groceries, articles and restaurants, by the same protocol.

Test users are drawn among those with enough interactions; training users are a random sample of everybody
else, light users too, as a young shop has them. Supports are revealed in random order; the query is the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.protocol import Split, Stranger, World
from benchmarks.reference import histories_of, read_table

__all__ = ["DATA", "SETS", "draw_splits", "read_world", "without_twins"]

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SETS = ("complete-journey", "ibm-articles", "uci-restaurant")

SEEDS = (0, 1, 2)


def read_world(name: str, folder: Path = DATA) -> World:
    """One of the three sets with its splits."""
    return {"complete-journey": _groceries, "ibm-articles": _articles, "uci-restaurant": _restaurants}[name](
        folder / name
    )


def draw_splits(
    histories: Mapping[str, Mapping[str, float]],
    liked_at: float,
    *,
    tested: int,
    shown: int,
    held_back: int,
    seeds: Sequence[int] = SEEDS,
) -> tuple[Split, ...]:
    """Per seed ``tested`` users with at least ``shown + held_back`` interactions, a liked one among the rest;
    all others train, in random order."""
    splits = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        names = sorted(histories)
        strangers: list[Stranger] = []
        for at in rng.permutation(len(names)):
            history = histories[names[at]]
            if len(history) < shown + held_back or len(strangers) == tested:
                continue
            items = sorted(history)
            order = [items[position] for position in rng.permutation(len(items))]
            relevant = frozenset(item for item in order[shown:] if history[item] >= liked_at)
            if relevant:
                support = tuple((item, history[item]) for item in order[:shown])
                strangers.append(Stranger(names[at], support, relevant))
        if len(strangers) < tested:
            raise ValueError(f"only {len(strangers)} users can be tested, {tested} are wanted.")
        test = {stranger.user for stranger in strangers}
        others = [name for name in names if name not in test]
        training = tuple(others[at] for at in rng.permutation(len(others)))
        splits.append(Split(seed, training, tuple(strangers)))
    return tuple(splits)


def without_twins(
    histories: Mapping[str, Mapping[str, float]], least: float = 0.5, size: int = 5
) -> dict[str, Mapping[str, float]]:
    """The users less every later one (by name) who has nearly the same items as one that is kept.

    Nearly: ``size`` items or more, and at least ``least`` of the items of both are shared (Jaccard). Such users are
    one person under two names; with one in training and the other tested, copying the twin looks like foresight.
    """
    kept: dict[str, Mapping[str, float]] = {}
    having: dict[str, list[str]] = {}  # item -> kept users
    for user in sorted(histories):
        history = histories[user]
        if len(history) >= size:
            shared = Counter(other for item in history for other in having.get(item, ()))
            if any(both >= least * (len(history) + len(kept[o]) - both) for o, both in shared.items()):
                continue
            for item in history:
                having.setdefault(item, []).append(user)
        kept[user] = history
    return {user: history for user, history in histories.items() if user in kept}


def _groceries(folder: Path) -> World:
    """Households and the products they bought; what a product is stands in five columns, without a title."""
    items = read_table(folder / "products.csv.gz")
    bought = read_table(folder / "transactions_sample.csv.gz")
    known = set(items["product_id"])
    keep = [row for row, item in enumerate(bought["product_id"]) if item in known]
    columns = ("household_id", "product_id", "quantity", "transaction_timestamp")
    events = {name: [bought[name][row] for row in keep] for name in columns}
    ones = [1.0] * len(keep)
    histories = histories_of(events["household_id"], events["product_id"], ones)
    told = ("department", "brand", "product_category", "product_type", "package_size")
    return World(
        name="complete-journey",
        items=items,
        events=events,
        user_column="household_id",
        item_column="product_id",
        catalogue=tuple(items["product_id"]),
        texts=tuple(" ".join(cells) for cells in zip(*(items[name] for name in told), strict=True)),
        histories=histories,
        liked_at=1.0,
        splits=draw_splits(histories, 1.0, tested=150, shown=10, held_back=5),
    )


def _articles(folder: Path) -> World:
    """Readers and the articles they opened; titles for all, descriptions and bodies for most.

    Nearly every busy reader of this set is there twice, under two hashes: of those with 15 articles or more, 580 of
    584 share over four fifths of them with another. One of each pair is kept.
    """
    written = read_table(folder / "articles.csv.gz")
    read = read_table(folder / "interactions.csv.gz")
    keep = [row for row, user in enumerate(read["user_hash"]) if user]
    events = {name: [read[name][row] for row in keep] for name in ("article_id", "user_hash")}
    about: dict[str, tuple[str, str, str]] = {}
    for row, item in enumerate(written["article_id"]):
        title, description, body = (
            written[name][row] for name in ("doc_full_name", "doc_description", "doc_body")
        )
        about.setdefault(item, (title, description, body))
    for item, title in zip(read["article_id"], read["title"], strict=True):
        about.setdefault(item, (title, "", ""))
    titles, descriptions, bodies = zip(*about.values(), strict=True)
    histories = without_twins(histories_of(events["user_hash"], events["article_id"], [1.0] * len(keep)))
    return World(
        name="ibm-articles",
        items={
            "article_id": list(about),
            "title": list(titles),
            "description": list(descriptions),
            "body": list(bodies),
        },
        events=events,
        user_column="user_hash",
        item_column="article_id",
        catalogue=tuple(about),
        texts=tuple(f"{title} {description}".strip() for title, description, _ in about.values()),
        histories=histories,
        liked_at=1.0,
        splits=draw_splits(histories, 1.0, tested=150, shown=10, held_back=5),
    )


def _restaurants(folder: Path) -> World:
    """Guests with attributes, places with attributes, ratings of 0, 1 and 2 (2 is liked).

    So small that at most five ratings are revealed, and only 30 guests tested a seed: busy raters live in one
    of the three cities, and taking most of them away would leave training users from the others.
    """
    latin = "latin-1"  # the encoding of these files
    places = [read_table(folder / f"{name}.csv", latin) for name in ("geoplaces2", "chefmozcuisine")]
    rated = read_table(folder / "rating_final.csv", latin)
    events = {name: rated[name] for name in ("userID", "placeID", "rating")}
    histories = histories_of(
        events["userID"], events["placeID"], [float(value) for value in events["rating"]]
    )
    main, cuisine = places
    cuisines: dict[str, list[str]] = {}
    for place, kind in zip(cuisine["placeID"], cuisine["Rcuisine"], strict=True):
        cuisines.setdefault(place, []).append(kind)
    told = ("name", "city", "alcohol", "smoking_area", "dress_code", "price", "Rambience", "area")
    texts = tuple(
        " ".join([*(cell for cell in cells if cell != "?"), *cuisines.get(place, [])])
        for place, *cells in zip(main["placeID"], *(main[name] for name in told), strict=True)
    )
    people = read_table(folder / "userprofile.csv", latin)
    known = set(main["placeID"])  # other tables of the source describe places that nobody rated
    rows = [row for row, place in enumerate(cuisine["placeID"]) if place in known]
    return World(
        name="uci-restaurant",
        items=[main, {name: [column[row] for row in rows] for name, column in cuisine.items()}],
        events=events,
        user_column="userID",
        item_column="placeID",
        catalogue=tuple(main["placeID"]),
        texts=texts,
        histories=histories,
        liked_at=2.0,
        splits=draw_splits(histories, 2.0, tested=30, shown=5, held_back=3),
        sizes=(10, 50, None),
        k_shots=(0, 1, 3, 5),
        users=people,
        attributes={user: dict(zip(people, cells, strict=True)) for user, *cells in _rows_with_key(people)},
    )


def _rows_with_key(table: Mapping[str, Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Every row with its user id in front."""
    return [(row[0], *row) for row in zip(*table.values(), strict=True)]
