"""Libraries at the work that fewrec is timed at: fit on the same matrix, a stranger's ten from the same five ratings.

    python -m benchmarks.speed_peers NAME ITEMS.csv RATINGS.csv      one list from two files, as a process of its own

Nothing of fewrec is imported here, so that time and memory are the library's own. Settings are in the middle of those
that `benchmarks.peers` searches; they change the time little beside the number of factors, which is 64 for each.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["LIBRARIES", "LIKED_AT", "Library", "first_ten", "likes_of", "strangers_ten"]

Floats = NDArray[Any]
Scorer = Callable[[sp.csr_matrix], Floats]
"""What a stranger likes, (1, I) 0/1 -> a score of every item, (I,)."""

FACTORS, LIKED_AT = 64, 4.0


@dataclass(frozen=True)
class Library:
    """One library: what is shown, its package, what it is installed as, its import, and a fit that gives a scorer."""

    told: str
    package: str
    requirement: str
    imported: str
    fit: Callable[[sp.csr_matrix], Scorer]
    strangers: int = 60  # fewer where each needs a fit of its own

    @property
    def there(self) -> bool:
        return importlib.util.find_spec(self.package) is not None


def _implicit(liked: sp.csr_matrix) -> Scorer:
    """iALS; the stranger's vector is the library's own ``recalculate_user``."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(
        factors=FACTORS, regularization=1.0, alpha=10, iterations=15, num_threads=1, random_state=0
    )
    model.fit(liked.astype(np.float32), show_progress=False)
    return lambda told: model.item_factors @ model.recalculate_user(0, told.astype(np.float32)).ravel()


def _lenskit(liked: sp.csr_matrix) -> Scorer:
    """iALS; a stranger is a query with a history."""
    import pandas as pd
    import torch
    from lenskit.als import ImplicitMFScorer
    from lenskit.data import ItemList, RecQuery, from_interactions_df
    from lenskit.training import TrainingOptions

    torch.set_num_threads(1)
    pairs = liked.tocoo()
    data = from_interactions_df(pd.DataFrame({"user_id": pairs.row, "item_id": pairs.col}))
    scorer = ImplicitMFScorer(embedding_size=FACTORS, regularization=1.0, weight=10, epochs=10)
    scorer.train(data, TrainingOptions(rng=0))
    known = np.asarray(data.items.ids(), dtype=np.intp)
    wanted = ItemList(item_ids=known, vocabulary=data.items)

    def score(told: sp.csr_matrix) -> Floats:
        found = np.full(liked.shape[1], -np.inf)  # it knows the items alone that somebody likes
        history = ItemList(item_ids=told.indices.astype(np.intp))
        found[known] = scorer(RecQuery(history_items=history), wanted).scores()
        return found

    return score


def _lightfm(liked: sp.csr_matrix) -> Scorer:
    """WARP; it folds nobody in, so it is fitted anew with the stranger as one more user, as its users do."""
    from lightfm import LightFM

    def fitted(matrix: sp.csr_matrix) -> Any:
        model = LightFM(no_components=FACTORS, loss="warp", random_state=0)
        return model.fit(matrix.astype(np.float32).tocoo(), epochs=30, num_threads=1)

    def score(told: sp.csr_matrix) -> Floats:
        model = fitted(sp.vstack([liked, told], format="csr"))
        items = np.arange(liked.shape[1], dtype=np.int32)
        return np.asarray(model.predict(np.full_like(items, liked.shape[0]), items, num_threads=1))

    fitted(liked)
    return score


LIBRARIES = {
    "implicit": Library(
        "implicit, iALS, `recalculate_user`",
        "implicit",
        "implicit",
        "from implicit.cpu.als import AlternatingLeastSquares",
        _implicit,
    ),
    "lenskit": Library(
        "LensKit, iALS, a query with a history",
        "lenskit",
        "lenskit",
        "from lenskit.als import ImplicitMFScorer",
        _lenskit,
    ),
    "lightfm": Library(
        "LightFM, WARP, fitted anew for each stranger",
        "lightfm",
        "lightfm-next",
        "from lightfm import LightFM",
        _lightfm,
        strangers=3,
    ),
}


def likes_of(
    items: dict[str, list[str]], events: dict[str, list[str]]
) -> tuple[sp.csr_matrix, dict[str, int]]:
    """``((U, I) 0/1: rated 4 or more, item -> column)`` from tables of either naming."""
    index = {item: at for at, item in enumerate(items.get("item", items.get("item_id", [])))}
    people = events.get("user", events.get("user_id", []))
    rows = {user: at for at, user in enumerate(dict.fromkeys(people))}
    what, values = (events.get(a, events.get(b, [])) for a, b in (("item", "item_id"), ("value", "rating")))
    good = np.array([float(value) for value in values]) >= LIKED_AT
    row, column = (
        np.array([number[name] for name in names], dtype=np.intp)[good]
        for number, names in ((rows, people), (index, what))
    )
    return sp.csr_matrix((np.ones(len(row)), (row, column)), (len(rows), len(index))), index


def strangers_ten(score: Scorer, support: dict[str, float], index: dict[str, int]) -> NDArray[np.intp]:
    """The ten best of all items that the stranger has not named; ratings of 4 and 5 are their likes."""
    loved = sorted(index[item] for item, value in support.items() if value >= LIKED_AT)
    ones, ends = np.ones(len(loved)), np.array([0, len(loved)])
    scores = np.array(score(sp.csr_matrix((ones, loved, ends), (1, len(index)))), dtype=np.float64)
    scores[[index[item] for item in support]] = -np.inf
    return first_ten(scores)


def first_ten(scores: Floats) -> NDArray[np.intp]:
    best = np.argpartition(-scores, 10)[:10]
    return np.asarray(best[np.argsort(-scores[best])])


def main(arguments: Sequence[str]) -> int:
    name, *paths = arguments
    tables = []
    for path in paths:
        with Path(path).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        tables.append(dict(zip(header, (list(column) for column in zip(*rows, strict=True)), strict=True)))
    liked, index = likes_of(*tables)
    support = dict.fromkeys(("i7", "i11"), 5.0)
    print([list(index)[at] for at in strangers_ten(LIBRARIES[name].fit(liked), support, index)])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
