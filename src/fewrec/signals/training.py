"""What signals are fitted on: index arrays of one catalogue, no ids and no files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.signals.products import Columns, People
from fewrec.signals.spectrum import Spectrum

__all__ = ["TrainingData", "centred"]

Array = NDArray[np.float32]

CENTRING = 0.8
"""Share of the catalogue's mean embedding that is taken out before rows are scaled to unit length."""


@dataclass(frozen=True)
class TrainingData:
    """The arrays of one catalogue and its training users; every signal is fitted on this and nothing else.

    Shapes: ``U`` users, ``I`` items, ``D`` embedding width, ``W`` words, ``F`` item features, ``G`` user features.
    """

    liked: sp.csr_matrix  # (U, I) 1 where a user liked an item
    seen: sp.csr_matrix  # (U, I) 1 where a user has any interaction with an item
    explicit: bool  # ratings (an unliked interaction is a dislike) or mere events
    views: dict[str, Array] = field(default_factory=dict)  # name -> (I, D), centred unit rows or zero rows
    words: sp.csr_matrix | None = None  # (I, W) TF-IDF, unit rows
    neighbours: sp.csr_matrix | None = None  # (I, I) text neighbours, see text_neighbours
    features: sp.csr_matrix | None = None  # (I, F) named item features
    portraits: sp.csr_matrix | None = None  # (U, G) named user features
    strength: sp.csr_matrix | None = None  # (U, I) where liked: 0 just liked .. 1 top of the scale
    freshness: sp.csr_matrix | None = None  # (U, I) where seen: weight by age, where a half-life is set
    tie_break: Array | None = None  # (I,) in [0, 1): random but fixed by the seed
    single: bool = False  # whether spectra are decomposed in float32, in half the time
    _spectra: dict[tuple[str, float, int], Spectrum] = field(default_factory=dict, repr=False, compare=False)
    _columns: dict[Any, Columns | People] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def n_users(self) -> int:
        return int(self.liked.shape[0])

    @property
    def n_items(self) -> int:
        return int(self.liked.shape[1])

    @property
    def has_text(self) -> bool:
        return self.words is not None and self.words.nnz > 0

    @property
    def has_habits(self) -> bool:
        return self.liked.nnz > 0

    @property
    def has_dislikes(self) -> bool:
        return self.seen.nnz > self.liked.nnz

    def with_users(self, rows: NDArray[np.intp]) -> TrainingData:
        """The same catalogue with these users only: what signals of an episode fold may see."""
        return replace(
            self,
            liked=self.liked[rows],
            seen=self.seen[rows],
            portraits=None if self.portraits is None else self.portraits[rows],
            strength=None if self.strength is None else self.strength[rows],
            freshness=None if self.freshness is None else self.freshness[rows],
            _spectra={},
        )

    def without_items(self, hidden: NDArray[np.intp]) -> TrainingData:
        """The same catalogue in which nobody has met the ``hidden`` items: their text stays."""
        keep = np.ones(self.n_items, dtype=bool)
        keep[hidden] = False
        return replace(
            self,
            liked=_zero_columns(self.liked, keep),
            seen=_zero_columns(self.seen, keep),
            strength=None if self.strength is None else _zero_columns(self.strength, keep),
            freshness=None if self.freshness is None else _zero_columns(self.freshness, keep),
            _spectra={},
        )

    def spectra(self) -> dict[tuple[str, float, int], Spectrum]:
        """The decompositions computed so far, by ``(which, power, rank)``."""
        return dict(self._spectra)

    def spectrum(self, which: str, power: float, rank: int = 256) -> Spectrum:
        """The shared eigendecomposition behind the filters; computed once per ``(which, power, rank)``."""
        key = (which, power, rank)
        if key not in self._spectra:
            source = self.liked if which == "liked" else self.seen
            self._spectra[key] = Spectrum.of(source, self.liked, power, rank, self.single)
        return self._spectra[key]

    def columns(self, view: str) -> Columns:
        """A view, laid out for a product with all items; made when first asked for."""
        return self._made(view, lambda: Columns(self.views[view]))

    def habits(
        self,
        which: str,
        power: float,
        answer: Literal["liked", "seen"] = "liked",
        scale: NDArray[np.floating] | None = None,
    ) -> Columns:
        """What the factors of a spectrum answer all items with, in the shorter of two ways: item by item, or over the
        people. ``answer``: ``"liked"`` for its ``outer``, ``"seen"`` for its ``inner`` at ``power`` 0. ``scale`` (I,)
        belongs to one signal, and what is made with it is not kept here."""
        if scale is not None:
            return self._habits(which, power, answer, scale)
        return self._made((which, power, answer), lambda: self._habits(which, power, answer, None))

    def _habits(
        self, which: str, power: float, answer: Literal["liked", "seen"], scale: NDArray[np.floating] | None
    ) -> Columns:
        spectrum = self.spectrum(which, power)
        met = self.liked if answer == "liked" else self.seen
        people = self._made(answer, lambda: People(met)) if scale is None else People(met, scale)
        if people.pays(len(spectrum.values)):
            evidence = self.liked if which == "liked" else self.seen
            return Columns(spectrum.people(evidence, power), then=people)
        factors = spectrum.outer if answer == "liked" else spectrum.inner
        return Columns(factors if scale is None else factors * scale[:, None].astype(np.float32))

    def _made(self, key: Any, make: Callable[[], Any]) -> Any:
        if key not in self._columns:
            self._columns[key] = make()
        return self._columns[key]


def centred(embeddings: Array, mean: Array | None = None) -> tuple[Array, Array]:
    """``(unit rows of embeddings - .8 mean, mean)``; zero rows stay zero.

    Sentence encoders give every text of one catalogue a large common direction; taking most of it out leaves what
    tells the items apart. ``mean`` is the stored one when later texts join a fitted catalogue.
    """
    known = np.einsum("id,id->i", embeddings, embeddings) > 0
    if mean is None:
        mean = embeddings[known].mean(axis=0) if known.any() else np.zeros(embeddings.shape[1], np.float32)
    out = embeddings - CENTRING * mean
    length = np.sqrt(np.einsum("id,id->i", out, out))
    out /= np.maximum(length, 1e-9)[:, None]
    out[~known] = 0
    return out.astype(np.float32, copy=False), np.asarray(mean, dtype=np.float32)


def _zero_columns(matrix: sp.csr_matrix, keep: NDArray[np.bool_]) -> sp.csr_matrix:
    mask = keep[matrix.indices]
    indptr = np.concatenate([[0], np.cumsum(mask)])[matrix.indptr]
    return sp.csr_matrix((matrix.data[mask], matrix.indices[mask], indptr), shape=matrix.shape)
