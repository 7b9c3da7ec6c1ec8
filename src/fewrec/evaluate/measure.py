"""Asks one fitted system for the lists and predictions of a split's cases, and marks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.evaluate import beyond, certainty, metrics
from fewrec.evaluate.certainty import Bin, bins
from fewrec.evaluate.lists import Ranked, ranked
from fewrec.evaluate.splits import Case
from fewrec.evaluate.systems import Asked
from fewrec.evaluate.world import Trained, World

__all__ = ["Marks", "mark_lists", "mark_predictions"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
BLOCK = 64
"""People whose scores are looked at together."""


@dataclass
class Marks:
    """What one system got in one cell of one seed. ``slices`` are per-user marks over some of the items."""

    k_shot: int | None
    per_user: dict[str, Floats] = field(default_factory=dict)  # metric -> (B,), NaN where there is no mark
    whole: dict[str, float] = field(default_factory=dict)  # metric -> one number for all lists together
    slices: dict[str, Floats] = field(
        default_factory=dict
    )  # "hot", "warm", "cold" -> (B,) recall among these
    calibration: list[Bin] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, and exact."""
        return {
            "k_shot": self.k_shot,
            "per_user": {name: plain(marks) for name, marks in self.per_user.items()},
            "whole": {name: None if np.isnan(mark) else mark for name, mark in self.whole.items()},
            "slices": {name: plain(marks) for name, marks in self.slices.items()},
            "calibration": [[one.said, one.true, one.count] for one in self.calibration],
        }

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Marks:
        """The inverse of ``to_dict``."""
        return cls(
            stored["k_shot"],
            {name: floats(marks) for name, marks in stored["per_user"].items()},
            {name: float("nan") if mark is None else mark for name, mark in stored["whole"].items()},
            {name: floats(marks) for name, marks in stored["slices"].items()},
            [Bin(*one) for one in stored["calibration"]],
        )


def plain(marks: Floats) -> list[float | None]:
    return [None if np.isnan(mark) else float(mark) for mark in marks]


def floats(marks: Sequence[float | None]) -> Floats:
    return np.array([np.nan if mark is None else mark for mark in marks], dtype=np.float64)


def mark_lists(
    asked: Asked,
    world: World,
    trained: Trained,
    cases: Sequence[Case],
    k_shot: int | None,
    n: int,
    noise: Any,
) -> Marks:
    """The lists of all cases with ``k_shot`` interactions shown. ``noise`` (B, I): how ties are broken."""
    parts: dict[str, list[Floats]] = {}
    tops, every = [], []
    for start in range(0, len(cases), BLOCK):
        block = cases[start : start + BLOCK]
        allowed, relevant = masks(block, k_shot, len(world.data.items))
        found = ranked(asked.scores(block, k_shot), allowed, noise[start : start + BLOCK], n)
        for name, marks in _accuracy(found, relevant, n, trained.served(world)).items():
            parts.setdefault(name, []).append(marks)
        parts.setdefault(f"novelty@{n}", []).append(beyond.novelty(found.top, trained.met, trained.people))
        parts.setdefault(f"diversity@{n}", []).append(beyond.diversity(found.top, world.words))
        tops.append(found.top)
        every.append((found.scores[allowed], relevant[allowed]))
    marked = {name: np.concatenate(marks) for name, marks in parts.items()}
    if not world.words.nnz:
        marked[f"diversity@{n}"][:] = np.nan
    top = np.concatenate(tops)
    scores, good = (np.concatenate(column)[None] for column in zip(*every, strict=True))
    slices = {name: marked.pop(name) for name in ("hot", "warm", "cold")}
    whole = {
        "auc-global": metrics.global_auc(scores, np.ones_like(good), good),
        f"coverage@{n}": beyond.coverage(top, len(world.data.items)),
        f"gini@{n}": beyond.gini(top, len(world.data.items)),
    }
    return Marks(k_shot, marked, whole, slices)


def masks(cases: Sequence[Case], k_shot: int | None, items: int) -> tuple[Mask, Mask]:
    """(B, I) what may be listed, and what is looked for."""
    allowed = np.ones((len(cases), items), dtype=bool)
    relevant = np.zeros((len(cases), items), dtype=bool)
    for row, case in enumerate(cases):
        if case.candidates is not None:
            allowed[row] = False
            allowed[row, case.candidates] = True
        allowed[row, case.support[:k_shot]] = False
        relevant[row, case.relevant] = True
    return allowed, relevant & allowed


def _accuracy(found: Ranked, relevant: Mask, n: int, served: dict[str, Mask]) -> dict[str, Floats]:
    listed = found.top >= 0
    place = np.maximum(found.top, 0)
    hits = np.take_along_axis(relevant, place, axis=1) & listed
    count = relevant.sum(axis=1)
    told = {
        f"ndcg@{n}": metrics.ndcg(hits, count),
        f"recall@{n}": metrics.recall(hits, count),
        f"hit@{n}": metrics.hit_rate(hits, count),
        "mrr": metrics.reciprocal_rank(found.first(relevant), count),
        "auc": metrics.auc(found.scores, found.allowed, relevant),
    }
    for name, kind in served.items():
        told[name] = metrics.recall(hits & kind[place], (relevant & kind).sum(axis=1))
    return told


def mark_predictions(
    asked: Asked, world: World, cases: Sequence[Case], k_shot: int | None, *, ratings: bool
) -> Marks:
    """What is predicted for the query of every case, against what came true.

    Where people rate, the query is what they rated beyond the support; where they only act, every item that is not
    shown counts, and true is that they met it. ``ratings``: also mark the predicted ratings; else the probabilities
    alone.
    """
    explicit = world.data.feedback.kind == "explicit"
    per_user: dict[str, list[float]] = {}
    all_said, all_true = [np.zeros(0)], [np.zeros(0)]
    foretold: list[Floats] = []
    rated: list[Floats] = []
    for case in cases:
        at, true = (
            (case.query, world.data.feedback.liked(case.query_values))
            if explicit
            else _events(world, case, k_shot)
        )
        told = {name: values[at] for name, values in asked.predictions(case, k_shot).items()}
        marks = _certainty(told, true.astype(np.float64))
        if ratings:
            marks |= _rated(told, case.query_values.astype(np.float64))
            marks["auc"] = _auc(told, true)
            known = ~np.isnan(told["mean"])
            if known.any():
                foretold.append(told["mean"][known])
                rated.append(case.query_values[known].astype(np.float64))
        for name, mark in marks.items():
            per_user.setdefault(name, []).append(mark)
        said = ~np.isnan(told["probability"])
        all_said.append(told["probability"][said])
        all_true.append(true[said].astype(np.float64))
    said, came = np.concatenate(all_said), np.concatenate(all_true)
    found = bins(said, came)
    whole = {"ece": certainty.calibration_error(found)}
    if ratings:
        whole["rmse-pooled"] = (
            certainty.rmse(*map(np.concatenate, (foretold, rated))) if foretold else float("nan")
        )
    return Marks(k_shot, {name: np.array(marks) for name, marks in per_user.items()}, whole, {}, found)


def _events(world: World, case: Case, k_shot: int | None) -> tuple[NDArray[np.intp], Mask]:
    everything = np.arange(len(world.data.items)) if case.candidates is None else case.candidates
    at = np.setdiff1d(everything, case.support[:k_shot])
    return at, np.isin(at, np.concatenate([case.query, case.support]))


def _certainty(told: dict[str, Floats], true: Floats) -> dict[str, float]:
    said = ~np.isnan(told["probability"])
    probability, came = told["probability"][said], true[said]
    nothing = float("nan")
    return {
        "log-loss": certainty.log_loss(probability, came) if len(came) else nothing,
        "brier": certainty.brier(probability, came) if len(came) else nothing,
    }


def _rated(told: dict[str, Floats], values: Floats) -> dict[str, float]:
    mean, low, high = told["mean"], told["low"], told["high"]
    known, stated = ~np.isnan(mean), ~np.isnan(low) & ~np.isnan(high)
    nothing = float("nan")
    return {
        "rmse": certainty.rmse(mean[known], values[known]) if known.any() else nothing,
        "foretold": float(known.mean()) if len(known) else nothing,
        "mae": certainty.mae(mean[known], values[known]) if known.any() else nothing,
        "interval-coverage": certainty.covered(low[stated], high[stated], values[stated])
        if stated.any()
        else nothing,
        "interval-width": float((high - low)[stated].mean()) if stated.any() else nothing,
    }


def _auc(told: dict[str, Floats], true: Mask) -> float:
    """How well likes are told from dislikes: by probability, else by the predicted rating."""
    by = told["probability"] if not np.isnan(told["probability"]).all() else told["mean"]
    rows = np.where(np.isnan(by), -np.inf, by)[None]
    return float(metrics.auc(rows, np.ones((1, len(true)), dtype=bool), true[None])[0])
