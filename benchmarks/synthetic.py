"""A made-up shop of any size: power-law popularity, texts by topic, users with two topics each."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

__all__ = ["shop", "write"]

TOPICS, WORDS, BRANDS = 60, 25, 400
SYLLABLES = ("ba", "del", "fi", "gor", "hu", "kam", "li", "mon", "ne", "pur", "ra", "sil", "to", "vex", "zu")


def shop(
    items: int, users: int, per_user: int, seed: int = 0
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """``(items table, interactions table)``: titles of five words and a brand, categories, ratings 1 to 5.

    A user draws three quarters of the items from two topics and rates those higher.
    """
    rng = np.random.default_rng(seed)
    names = ["".join(rng.choice(SYLLABLES, 3)) for _ in range(TOPICS * WORDS + BRANDS)]
    topic = rng.integers(0, TOPICS, items)
    weight = 1 / (1 + rng.permutation(items)) ** 0.8
    titles, brands = [], []
    for item in range(items):
        words = rng.integers(0, WORDS, 5) + WORDS * topic[item]
        brand = names[TOPICS * WORDS + int(rng.integers(0, BRANDS))]
        titles.append(" ".join([*(names[word] for word in words), "by", brand]))
        brands.append(brand)
    table = {
        "item_id": [f"i{item}" for item in range(items)],
        "title": titles,
        "category": [f"{names[WORDS * int(number)]} goods" for number in topic],
        "brand": brands,
    }
    who: list[str] = []
    what: list[str] = []
    rating: list[str] = []
    for user in range(users):
        liked = np.isin(topic, rng.integers(0, TOPICS, 2))
        chance = weight * np.where(liked, 1.0, 0.0)
        chance = 0.75 * chance / max(chance.sum(), 1e-12) + 0.25 * weight / weight.sum()
        many = int(np.clip(rng.lognormal(np.log(per_user), 0.6), 3, items // 2))
        chosen = rng.choice(items, many, replace=False, p=chance / chance.sum())
        stars = np.clip(np.round(rng.normal(np.where(liked[chosen], 4.2, 3.0), 0.9)), 1, 5).astype(int)
        who += [f"u{user}"] * many
        what += [f"i{item}" for item in chosen]
        rating += [str(value) for value in stars]
    return table, {"user_id": who, "item_id": what, "rating": rating}


def write(table: dict[str, list[str]], path: Path) -> Path:
    """The table as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(table)
        rows.writerows(zip(*table.values(), strict=True))
    return path
