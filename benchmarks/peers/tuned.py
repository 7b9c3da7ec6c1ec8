"""What all peers share: a small grid searched on training users alone, and popularity where a library is silent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.evaluate.baselines import Support
from fewrec.evaluate.textbook import Tuned

__all__ = ["Collaborative", "Heard", "Rated", "Searched", "fallen_back"]

Floats = NDArray[np.float64]
Scorer = Callable[[sp.csr_matrix], Floats]
Setting = Mapping[str, Any]


class Searched(Tuned):
    """``Tuned`` with named settings in place of one number: the same folds, the same choice per k."""

    SETTINGS: ClassVar[tuple[Setting, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.GRID = tuple(range(len(cls.SETTINGS)))

    def learn(self, liked: sp.csr_matrix) -> None:
        super().learn(liked)
        words = [", ".join(f"{name}={value}" for name, value in one.items()) for one in self.SETTINGS]
        self.tuning |= {
            "searched": {
                k: {words[int(at)]: mean for at, mean in row.items()}
                for k, row in self.tuning["searched"].items()
            },
            "chosen": {k: words[at] for k, at in self.tuning["chosen"].items()},
        }


class Rated(Searched):
    """A peer that learns from ratings; the same search, with the values of what is shown."""

    def train(self, values: sp.csr_matrix, **setting: Any) -> Scorer:
        """Learns from ``values`` (U, I); what comes back scores supports (B, I) with values, NaN where silent."""
        raise NotImplementedError

    def scorer(self, liked: sp.csr_matrix, value: float) -> Scorer:
        """``liked`` holds values here, of likes and of dislikes."""
        likes = self._likes(liked)
        trained = self.train(liked, **self.SETTINGS[int(value)]) if liked.nnz else None

        def score(supports: sp.csr_matrix) -> Floats:
            silent = np.full(supports.shape, np.nan)
            return fallen_back(silent if trained is None else trained(supports), likes)

        return score

    def learn(self, liked: sp.csr_matrix) -> None:
        super().learn(self.data.matrix("value"))

    def indicator(self, supports: Sequence[Support]) -> sp.csr_matrix:
        """(B, I) with the values of each support."""
        rows = [row for row, support in enumerate(supports) for _ in support]
        columns = [self.data.items.index(item) for support in supports for item in support]
        values = [float(value) for support in supports for value in support.values()]
        return sp.csr_matrix((values, (rows, columns)), shape=(len(supports), len(self.data.items)))

    def _likes(self, values: sp.csr_matrix) -> Floats:
        good = self.data.feedback.liked(values.data)
        return np.bincount(values.indices[good], minlength=values.shape[1]).astype(np.float64)

    def good(self, values: sp.csr_matrix) -> NDArray[np.bool_]:
        ones = values.copy()
        ones.data = self.data.feedback.liked(values.data).astype(np.float64)
        return super().good(ones)


class Heard(Rated):
    """A peer that learns from 0/1: where there are ratings, from likes or from all that was met, as the search says.

    Who disliked a book has still told that they read such books; libraries for clicks gain from it where one
    interaction is all there is.
    """

    HEARD: ClassVar[tuple[str, ...]] = ("likes",)

    def learn(self, liked: sp.csr_matrix) -> None:
        given = type(self).SETTINGS
        if self.data.feedback.kind == "explicit" and len(self.HEARD) > 1:
            given = tuple({**one, "heard": heard} for one in given for heard in self.HEARD)
        self.SETTINGS = given  # type: ignore[misc]
        self.GRID = tuple(range(len(given)))
        super().learn(liked)

    def on(self, heard: sp.csr_matrix, likes: Floats, setting: Setting) -> Scorer:
        """Learns from ``heard`` (U, I) 0/1; what comes back scores supports (B, I) 0/1, all finite."""
        raise NotImplementedError

    def scorer(self, liked: sp.csr_matrix, value: float) -> Scorer:
        """``liked`` holds values here, and so do the supports."""
        setting = dict(self.SETTINGS[int(value)])
        everything = setting.pop("heard", "likes") == "all"
        inner = self.on(self._ones(liked, everything), self._likes(liked), setting)
        return lambda supports: inner(self._ones(supports, everything))

    def _ones(self, values: sp.csr_matrix, everything: bool) -> sp.csr_matrix:
        good = np.ones(values.nnz, dtype=bool) if everything else self.data.feedback.liked(values.data)
        ones = sp.csr_matrix(
            (good.astype(np.float64), values.indices, values.indptr), shape=values.shape, copy=True
        )
        ones.eliminate_zeros()
        ones.sort_indices()
        return ones


class Collaborative(Heard):
    """A peer that knows items by who met them alone.

    Items that nobody met in training teach it nothing and rank last; who met none of the others gets the bestsellers,
    as does everybody where there is nothing to learn from.
    """

    def train(self, values: sp.csr_matrix, **setting: Any) -> Scorer:
        """Learns from ``values`` (U, I) 0/1; what comes back scores supports (B, I) 0/1 with a one in each row."""
        raise NotImplementedError

    def on(self, heard: sp.csr_matrix, likes: Floats, setting: Setting) -> Scorer:
        known = np.asarray(heard.sum(axis=0)).ravel() > 0
        trained = self.train(heard, **setting) if known.any() else None

        def score(supports: sp.csr_matrix) -> Floats:
            told = sp.csr_matrix(supports @ sp.diags(known.astype(np.float64)))
            told.eliminate_zeros()
            told.sort_indices()
            scores = np.full(told.shape, np.nan)
            speaks = np.flatnonzero(np.diff(told.indptr))
            if trained is not None and len(speaks):
                scores[speaks] = trained(told[speaks])
            scores[:, ~known] = np.nan
            return fallen_back(scores, likes)

        return score


def fallen_back(scores: Floats, likes: Floats) -> Floats:
    """``scores`` (B, I) without NaN: where the library is silent, popularity decides, below all it speaks of.

    >>> fallen_back(np.array([[0.5, np.nan, np.nan], [np.nan, np.nan, np.nan]]), np.array([0.0, 2.0, 1.0])).argsort()
    array([[2, 1, 0],
           [0, 2, 1]])
    """
    silent = ~np.isfinite(scores)
    spoken = np.where(silent, np.inf, scores).min(axis=1, initial=np.inf)
    floor = np.where(np.isfinite(spoken), spoken, 0.0)
    popular = likes / max(float(likes.max(initial=0.0)), 1.0) - 2.0  # from -2 to -1
    width = np.maximum(np.abs(np.where(silent, 0.0, scores)).max(axis=1, initial=0.0), 1e-9)[:, None]
    found = np.where(silent, floor[:, None] + popular * width, scores)
    return np.asarray(found + 1e-9 * width * (popular + 2.0))  # ties among what is spoken of, too
