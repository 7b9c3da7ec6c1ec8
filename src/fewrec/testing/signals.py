"""The contract of every signal, ours and an outsider's, as one function to call in a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.signals.base import Kind, Signal
from fewrec.signals.products import SparseRows
from fewrec.signals.supports import Supports, Taste
from fewrec.signals.training import TrainingData
from fewrec.testing.worlds import bestsellers, two_cities, two_tastes

__all__ = ["check_signal", "poor_worlds", "some_supports"]

Scores = NDArray[np.float32]

NOTHING = 1e-5
"""Scores are not expected to agree better than if this were the largest: some are differences of larger numbers."""


def check_signal(
    signal_factory: Callable[[], Signal], training: TrainingData | None = None, *, tolerance: float = 1e-5
) -> None:
    """Raises `AssertionError` naming the first rule of the signal contract that the signals break.

    The rules: class attributes have the documented types; ``fit`` gives a signal and leaves the data as they
    are; ``score`` gives (B, I) float32, finite, the same when asked again, and changes neither supports nor
    signal; a batch gives what its rows give alone and in another order; ``score_items`` gives columns of
    ``score``; other numbers for users or items give the same answers under those numbers; fitting a copy, or
    the same object on other data first, makes no difference. A personal signal is zero for a stranger of whom
    nothing is known; one that is not personal says the same to everybody; a linear one is, for every support,
    the sum over its items alone plus what it says of sentence and portrait alone. One user, one item, no
    likes, no interactions, no text, items and likes that training never met: ``available`` says no, or all
    rules of ``score`` hold.

    Scores count as the same when no entry differs by more than ``tolerance`` times the largest of a batch. Without
    ``training`` the signal is tried on planted worlds (10 users, 24 items, text, features, attributes), of
    which it must be available on one at least, and on poor ones.

    Use it in a test: ``def test_contract(): check_signal(MySignal)``.
    """
    _declared(signal_factory())
    if training is None:
        rich = [
            world(10, 24, seed).training for seed, world in enumerate((two_tastes, bestsellers, two_cities))
        ]
        rich.append(replace(rich[0], explicit=False, seen=rich[0].liked, strength=None))
    else:
        rich = [training]
    spoken = [data for data in rich if _available(signal_factory(), data)]
    _rule(bool(spoken), f"{signal_factory().name}: available must be true for some of the data tried")
    for data in spoken:
        _Check(signal_factory, data, tolerance).all()
    _same_after_other_data(signal_factory, spoken, tolerance)
    for name, data in poor_worlds(spoken[0]):
        if _available(signal_factory(), data):
            _Check(signal_factory, data, tolerance, f" (with {name})").scores()


def some_supports(training: TrainingData, seed: int = 0) -> Supports:
    """Strangers of every sort: nothing known; likes, dislikes, both; a sentence; attributes; all of these."""
    rng = np.random.default_rng(seed)
    sizes = [min(size, training.n_items) for size in (0, 1, 1, 2, 3, 5, 0, 0, 2, 3)]
    items = [rng.permutation(training.n_items)[:size].astype(np.intp) for size in sizes]
    liked = [rng.random(size) < 0.6 for size in sizes]
    liked[1][:], liked[2][:] = True, False
    talking, described = np.isin(np.arange(len(sizes)), [6, 8]), np.isin(np.arange(len(sizes)), [7, 8, 9])
    taste, portraits = None, None
    if training.words is not None and training.n_items > 0:
        told = sp.diags(talking.astype(np.float32))
        lines = rng.integers(0, training.n_items, (len(sizes),))
        views = {
            name: view[lines] * talking[:, None].astype(np.float32) for name, view in training.views.items()
        }
        taste = Taste(views, sp.csr_matrix(told @ training.words[lines], dtype=np.float32))
        taste.words.eliminate_zeros()
    if training.portraits is not None:
        given = rng.random((len(sizes), training.portraits.shape[1])) < 0.5
        portraits = sp.csr_matrix(given & described[:, None], dtype=np.float32)
    return Supports.of(items, liked, training.n_items, taste=taste, portraits=portraits)


def poor_worlds(training: TrainingData) -> Iterator[tuple[str, TrainingData]]:
    """``training`` with something missing, each with its name."""
    first = np.arange(min(1, training.n_users))
    yield "one user", training.with_users(first)
    yield "no users", training.with_users(first[:0])
    yield "one item", _with_items(training, np.arange(1))
    yield "one user and one item", _with_items(training.with_users(first), np.arange(1))
    nothing = sp.csr_matrix(training.liked.shape, dtype=np.float32)
    yield "no likes", replace(training, liked=nothing, strength=_but(training.strength, nothing), _spectra={})
    yield "no interactions", training.without_items(np.arange(training.n_items))
    yield "items nobody met", training.without_items(np.arange(0, training.n_items, 3))
    yield "no text", replace(training, views={}, words=None, neighbours=None, _spectra={})
    yield (
        "blank text",
        replace(
            training,
            views={name: np.zeros_like(view) for name, view in training.views.items()},
            words=None if training.words is None else sp.csr_matrix(training.words.shape, dtype=np.float32),
            neighbours=None
            if training.neighbours is None
            else sp.csr_matrix(training.neighbours.shape, dtype=np.float32),
            _spectra={},
        ),
    )
    yield "no features or attributes", replace(training, features=None, portraits=None, _spectra={})
    every = sp.csr_matrix(np.ones(training.liked.shape, dtype=np.float32))
    full = replace(training, liked=every, seen=every, strength=None, freshness=None, _spectra={})
    yield "everybody liking everything", full


class _Check:
    """The rules for one signal on one set of training data."""

    def __init__(
        self, factory: Callable[[], Signal], data: TrainingData, tolerance: float, where: str = ""
    ) -> None:
        self.factory, self.data, self.where, self.tolerance = factory, data, where, tolerance
        self.name = factory().name
        before = _state(data)
        self.signal = factory().fit(data)
        self.rule(isinstance(self.signal, Signal), "fit must give the fitted signal")
        self.rule(_state(data) == before, "fit must leave the training data as they are")
        self.supports = some_supports(data)
        self.largest = NOTHING

    def rule(self, holds: bool, otherwise: str) -> None:
        _rule(holds, f"{self.name}{self.where}: {otherwise}")

    def same(self, found: Scores, wanted: Scores, rule: str) -> None:
        self.rule(found.shape == wanted.shape, f"{rule}: shape {found.shape} instead of {wanted.shape}")
        slack = self.tolerance * max(float(np.abs(wanted).max(initial=0.0)), self.largest)
        gap = float(np.abs(found.astype(np.float64) - wanted).max(initial=0.0))
        self.rule(gap <= slack, f"{rule}: scores differ by up to {gap:.2g} (allowed: {slack:.2g})")

    def all(self) -> None:
        self.scores()
        self.renumbered()
        self.copied()

    def scores(self) -> None:
        data, supports, signal = self.data, self.supports, self.signal
        asked, fitted = _state(supports), _state(signal)
        scores = signal.score(supports)
        shape = (len(supports), data.n_items)
        self.rule(
            isinstance(scores, np.ndarray), f"score must give a NumPy array, not {type(scores).__name__}"
        )
        self.rule(scores.shape == shape, f"score gave shape {scores.shape} instead of {shape}")
        self.rule(scores.dtype == np.float32, f"scores must be float32, not {scores.dtype}")
        self.rule(bool(np.isfinite(scores).all()), "scores must be finite")
        scores = scores.copy()
        self.largest = max(float(np.abs(scores).max(initial=0.0)), self.largest)
        again = signal.score(supports)
        self.rule(np.array_equal(scores, again), "the same supports must give the same scores again")
        self.rule(_state(supports) == asked, "score must leave the supports as they are")
        self.rule(_state(signal) == fitted, "score must leave the fitted signal as it is")
        order = np.arange(len(supports))
        alone = np.concatenate([signal.score(supports[order[row : row + 1]]) for row in order])
        self.same(alone, scores, "a stranger must get the same scores alone and in a batch")
        self.same(
            signal.score(supports[order[::-1]]), scores[::-1], "strangers in another order must keep theirs"
        )
        empty = signal.score(supports[order[:0]])
        self.rule(
            empty.shape == (0, data.n_items), f"no strangers must give (0, {data.n_items}), not {empty.shape}"
        )
        some = np.arange(data.n_items - 1, -1, -2)
        self.same(
            signal.score_items(supports, some), scores[:, some], "score_items must give columns of score"
        )
        self.same(signal.score_items(supports, slice(None)), scores, "score_items must take slice(None)")
        for rows in (order, order[:1], order[-1:]):
            off = np.abs(_answered(signal, supports[rows]) - scores[rows]).max(initial=0)
            most = 1e-5 * np.abs(scores).max(initial=0) + 1e-8  # added up in another order, in float32
            self.rule(bool(off <= most), f"product must give the scores of score, not {off:.2g} beside")
        self.declared(scores)

    def declared(self, scores: Scores) -> None:
        """What ``personal`` and ``linear`` promise."""
        signal, nobody = (
            self.signal,
            Supports.of([np.zeros(0, np.intp)], [np.zeros(0, bool)], self.data.n_items),
        )
        blank = signal.score(nobody)
        if not signal.personal:
            rows = np.broadcast_to(blank, scores.shape)
            self.same(scores, rows, "a signal that is not personal must say the same to everybody")
            return
        self.rule(not blank.any(), "a personal signal must be zero for a stranger of whom nothing is known")
        if not signal.linear:
            return
        for row in range(len(self.supports)):
            one = self.supports[np.array([row])]
            rest = replace(
                Supports.of([np.zeros(0, np.intp)], [np.zeros(0, bool)], self.data.n_items),
                taste=one.taste,
                portraits=one.portraits,
            )
            items, parts = one.parts()
            total = signal.score(rest)[0]
            if len(items):
                total = total + signal.score(parts).sum(axis=0)
            self.same(total, scores[row], "a linear signal must be the sum over the parts of a support")

    def renumbered(self) -> None:
        rng = np.random.default_rng(0)
        scores = self.signal.score(self.supports)
        users = rng.permutation(self.data.n_users)
        found = self.factory().fit(self.data.with_users(users)).score(self.supports)
        self.same(found, scores, "users in another order must give the same scores")
        items = rng.permutation(self.data.n_items)
        supports = replace(
            self.supports,
            liked_rows=SparseRows.of(_columns(self.supports.liked, items)),
            disliked_rows=SparseRows.of(_columns(self.supports.disliked, items)),
            seen_rows=SparseRows.of(_columns(self.supports.seen, items)),
        )
        found = self.factory().fit(_with_items(self.data, items)).score(supports)
        self.same(found, scores[:, items], "items in another order must keep their scores")

    def copied(self) -> None:
        scores = self.signal.score(self.supports)
        copy(self.signal).fit(self.data.with_users(np.arange(0, self.data.n_users, 2)))
        found = self.signal.score(self.supports)
        self.rule(np.array_equal(found, scores), "fitting a copy must not change the fitted signal")


def _answered(signal: Signal, supports: Supports) -> Scores:
    """The scores by way of ``product``."""
    product = signal.product(supports)
    if product is None:
        return signal.score(supports)
    pair, rest = product
    found = 0 if pair is None else pair[1].answer(pair[0])
    return np.asarray(found if rest is None else found + rest, dtype=np.float32)


def _same_after_other_data(
    factory: Callable[[], Signal], spoken: list[TrainingData], tolerance: float
) -> None:
    """Nothing of an earlier fit may be left in a later one."""
    data = spoken[0]
    other = spoken[-1] if len(spoken) > 1 else data.with_users(np.arange(0, data.n_users, 2))
    check = _Check(factory, data, tolerance)
    used = factory()
    if used.available(other):
        used = used.fit(other).fit(data)
        check.same(
            used.score(check.supports),
            check.signal.score(check.supports),
            "an object fitted before on other data must score as a new one does",
        )


def _declared(signal: Signal) -> None:
    _rule(isinstance(signal, Signal), f"the factory must make a Signal, not {type(signal).__name__}")
    name = signal.name
    _rule(isinstance(name, str) and bool(name.strip()), f"name must be a non-empty string, not {name!r}")
    _rule(signal.kind in get_args(Kind), f"{name}: kind must be one of {get_args(Kind)}, not {signal.kind!r}")
    for flag in ("free_sign", "linear", "personal"):
        _rule(isinstance(getattr(signal, flag), bool), f"{name}: {flag} must be True or False")
    prior = signal.prior
    _rule(bool(np.isfinite(prior)), f"{name}: prior must be a number, not {prior!r}")
    _rule(signal.free_sign or prior >= 0, f"{name}: prior may be negative only with free_sign, not {prior!r}")


def _available(signal: Signal, data: TrainingData) -> bool:
    answer = signal.available(data)
    _rule(
        isinstance(answer, bool | np.bool_), f"{signal.name}: available must be True or False, not {answer!r}"
    )
    return bool(answer)


def _with_items(data: TrainingData, items: NDArray[np.intp]) -> TrainingData:
    """``data`` with these items in this order."""
    cut = {"liked", "seen", "strength", "freshness"}
    changed: dict[str, Any] = {name: _columns(getattr(data, name), items) for name in cut}
    for name in ("words", "features", "tie_break"):
        found = getattr(data, name)
        changed[name] = None if found is None else found[items]
    neighbours = data.neighbours
    return replace(
        data,
        **changed,
        views={name: view[items] for name, view in data.views.items()},
        neighbours=None if neighbours is None else _columns(neighbours[items], items),
        _spectra={},
    )


def _columns(matrix: sp.csr_matrix | None, items: NDArray[np.intp]) -> sp.csr_matrix | None:
    if matrix is None:
        return None
    result = sp.csr_matrix(matrix[:, items])
    result.sort_indices()
    return result


def _but(matrix: sp.csr_matrix | None, instead: sp.csr_matrix) -> sp.csr_matrix | None:
    return None if matrix is None else instead


def _state(thing: Any) -> Any:
    """Everything that a change could show in, as comparable values; what data compute lazily is left out."""
    if isinstance(thing, np.ndarray):
        return (thing.shape, str(thing.dtype), thing.tobytes())
    if sp.issparse(thing):
        return (thing.shape, *(_state(part) for part in (thing.data, thing.indices, thing.indptr)))
    if is_dataclass(thing) and not isinstance(thing, type):
        shown = [field.name for field in fields(thing) if not field.name.startswith("_")]
        return [(name, _state(getattr(thing, name))) for name in shown]
    if isinstance(thing, dict):
        return [(deepcopy(key), _state(value)) for key, value in thing.items()]
    if isinstance(thing, list | tuple):
        return [_state(value) for value in thing]
    if hasattr(thing, "__dict__") and not callable(thing):
        return _state(vars(thing))
    return repr(thing)


def _rule(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
