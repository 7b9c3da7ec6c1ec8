"""Small made-up worlds whose right answer is known: for tests of signals, rankers and whole recommenders.

Every world comes twice: as ``training`` for a signal or a ``Ranker``, and as ``items``, ``interactions`` and
``users``, plain tables (a dict of lists each) that ``fewrec.Dataset`` takes as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.signals.neighbours import text_neighbours
from fewrec.signals.training import TrainingData, centred

__all__ = ["World", "bestsellers", "noise", "two_cities", "two_tastes"]

Table = dict[str, list[Any]]

WORDS = (
    ("comedy", ("wedding", "neighbour", "holiday", "butler", "misunderstanding", "piano")),
    ("horror", ("cellar", "scream", "fog", "mirror", "lighthouse", "teeth")),
)
CITIES = ("Utrecht", "Salamanca")
WIDTH = 16


@dataclass(frozen=True)
class World:
    """One planted world. Item ``i`` has the id ``f"i{i}"``, user ``u`` the id ``f"u{u}"``."""

    training: TrainingData
    items: Table  # item, title, genre, description
    interactions: Table  # user, item, rating: 5 liked, 1 not
    users: Table  # user, city
    item_kind: NDArray[np.intp]  # (I,) 0 or 1
    user_kind: NDArray[np.intp]  # (U,) 0 or 1


def two_tastes(n_users: int = 40, n_items: int = 40, seed: int = 0) -> World:
    """Half of the items are comedies, half horror; each user likes half of one genre and rejects some of the
    other.

    Text, features and habits all tell the genres apart, popularity and cities do not. One liked item reveals
    the taste.
    """
    rng = np.random.default_rng(seed)
    item_kind, user_kind = np.arange(n_items) % 2, np.arange(n_users) % 2
    same = user_kind[:, None] == item_kind
    met = np.where(same, rng.random(same.shape) < 0.5, rng.random(same.shape) < 0.15)
    return _world(met & same, met, item_kind, user_kind, rng)


def bestsellers(n_users: int = 40, n_items: int = 40, seed: int = 0) -> World:
    """Everybody likes the same items, from the first, liked by nearly all, to the last: taste tells
    nothing."""
    rng = np.random.default_rng(seed)
    share = 0.9 * np.exp(-3 * np.arange(n_items) / n_items)
    met = rng.random((n_users, n_items)) < share
    liked = met & (rng.random(met.shape) < 0.8)
    return _world(liked, met, rng.integers(0, 2, n_items), np.arange(n_users) % 2, rng)


def noise(n_users: int = 40, n_items: int = 40, seed: int = 0) -> World:
    """Everybody likes items at random, all equally often: there is nothing to learn."""
    rng = np.random.default_rng(seed)
    met = rng.random((n_users, n_items)) < 0.3
    liked = met & (rng.random(met.shape) < 0.7)
    return _world(liked, met, rng.integers(0, 2, n_items), np.arange(n_users) % 2, rng)


def two_cities(n_users: int = 40, n_items: int = 40, seed: int = 0) -> World:
    """Who lives in one city likes the places there, and nobody meets others; neither text nor genre says
    which."""
    rng = np.random.default_rng(seed)
    place, city = np.arange(n_items) % 2, np.arange(n_users) % 2
    met = (city[:, None] == place) & (rng.random((n_users, n_items)) < 0.5)
    liked = met & (rng.random(met.shape) < 0.7)
    world = _world(liked, met, rng.integers(0, 2, n_items), city, rng, lives=city)
    return World(world.training, world.items, world.interactions, world.users, place, city)


def _world(
    liked: NDArray[np.bool_],
    met: NDArray[np.bool_],
    item_kind: NDArray[np.intp],
    user_kind: NDArray[np.intp],
    rng: np.random.Generator,
    lives: NDArray[np.intp] | None = None,
) -> World:
    """The tables and the training data of one world; texts follow ``item_kind``, cities are random unless
    given."""
    n_users, n_items = liked.shape
    city = rng.integers(0, len(CITIES), (n_users,)) if lives is None else lives
    genres = [WORDS[kind][0] for kind in item_kind]
    titles = [
        f"{rng.choice(WORDS[kind][1])} {rng.choice(WORDS[kind][1])} {i}" for i, kind in enumerate(item_kind)
    ]
    about = [
        f"A {genre} about a {title.split()[0]}, told at length."
        for genre, title in zip(genres, titles, strict=True)
    ]
    words, view = _words(titles, genres), _view(item_kind, rng)
    rows, columns = np.nonzero(met)
    training = TrainingData(
        liked=_sparse(liked),
        seen=_sparse(met),
        explicit=True,
        views={"title": view, "description": _view(item_kind, rng)},
        words=words,
        neighbours=text_neighbours(view, words),
        features=_sparse(item_kind[:, None] == np.arange(len(WORDS))),
        portraits=_sparse(city[:, None] == np.arange(len(CITIES))),
        strength=_sparse(liked),
        tie_break=rng.random((n_items,)).astype(np.float32),
    )
    item_ids, user_ids = [f"i{i}" for i in range(n_items)], [f"u{u}" for u in range(n_users)]
    return World(
        training=training,
        items={"item": item_ids, "title": titles, "genre": genres, "description": about},
        interactions={
            "user": [user_ids[u] for u in rows],
            "item": [item_ids[i] for i in columns],
            "rating": [5 if liked[u, i] else 1 for u, i in zip(rows, columns, strict=True)],
        },
        users={"user": user_ids, "city": [CITIES[c] for c in city]},
        item_kind=item_kind,
        user_kind=user_kind,
    )


def _words(titles: list[str], genres: list[str]) -> sp.csr_matrix:
    """(I, W) unit rows: one column a word, without its document frequency."""
    texts = [f"{title} {genre}".split() for title, genre in zip(titles, genres, strict=True)]
    column = {word: at for at, word in enumerate(sorted({word for text in texts for word in text}))}
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    places = np.array([column[word] for text in texts for word in text], dtype=np.intp)
    counts = sp.csr_matrix((np.ones(len(places)), (rows, places)), shape=(len(texts), len(column)))
    length = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags(1 / np.maximum(length, 1e-12)) @ counts, dtype=np.float32)


def _view(item_kind: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.float32]:
    """(I, 16) embeddings: one direction a genre, a common one, and noise."""
    directions = rng.normal(size=(len(WORDS), WIDTH))
    rows = 2 + directions[item_kind] + 0.5 * rng.normal(size=(len(item_kind), WIDTH))
    return centred(rows.astype(np.float32))[0]


def _sparse(dense: NDArray[np.bool_]) -> sp.csr_matrix:
    return sp.csr_matrix(dense, dtype=np.float32)
