"""How far predicted ratings, intervals and probabilities come true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bin", "bins", "brier", "calibration_error", "covered", "log_loss", "mae", "rmse"]

Floats = NDArray[np.float64]
BINS = 10
LEAST_CASES = 50
"""Cases a bin holds at least (but there are always two bins): with ten a bin, chance alone makes an error of .12."""
LEAST = 1e-6
"""Probabilities are kept this far from 0 and 1 in the log loss: one certain error must not outweigh all else."""


@dataclass(frozen=True)
class Bin:
    """Cases with about the same stated probability."""

    said: float  # mean of the stated probabilities
    true: float  # share that came true
    count: int


def mae(predicted: Floats, true: Floats) -> float:
    """Mean absolute error."""
    return float(np.abs(predicted - true).mean())


def rmse(predicted: Floats, true: Floats) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.square(predicted - true).mean()))


def covered(low: Floats, high: Floats, true: Floats) -> float:
    """Share of the true values inside their stated interval."""
    return float(((low <= true) & (true <= high)).mean())


def log_loss(said: Floats, true: Floats) -> float:
    """Mean of -log of the probability that was given to what happened (natural logarithm)."""
    kept = np.clip(said, LEAST, 1 - LEAST)
    return float(-np.where(true > 0, np.log(kept), np.log1p(-kept)).mean())


def brier(said: Floats, true: Floats) -> float:
    """Mean squared difference between probability and outcome (Brier 1950)."""
    return float(np.square(said - true).mean())


def bins(said: Floats, true: Floats) -> list[Bin]:
    """Up to ten bins of equal size by stated probability, lowest first."""
    count = min(BINS, max(2, len(said) // LEAST_CASES))
    order = np.argsort(said, kind="stable")
    parts = [part for part in np.array_split(order, count) if len(part)]
    return [Bin(float(said[part].mean()), float(true[part].mean()), len(part)) for part in parts]


def calibration_error(found: list[Bin]) -> float:
    """Expected calibration error: mean difference between stated and true share over the bins, by their size.

    Naeini, Cooper and Hauskrecht, AAAI 2015, with bins of equal size instead of equal width.
    """
    total = sum(one.count for one in found)
    return sum(one.count * abs(one.said - one.true) for one in found) / total if total else float("nan")
