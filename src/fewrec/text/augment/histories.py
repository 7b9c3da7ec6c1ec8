"""Histories of users: their values, their order, and how much of them is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from fewrec.errors import ConfigError
from fewrec.text.augment.base import checked_generator, checked_share

__all__ = ["HistorySample", "OrderShuffle", "RatingNoise"]

T = TypeVar("T")


@dataclass(frozen=True)
class RatingNoise:
    """Adds normal noise of standard deviation ``std`` (in units of the scale) and clips to ``low`` and ``high``.

    ``value``: (N,) ratings; NaN stays NaN. With ``liked_at`` a rating stays on its side: a like comes no lower than
    ``liked_at``, any other stays at the largest float below it or lower.
    """

    keeps: ClassVar[str] = "which ratings are missing, the scale and, with `liked_at`, which are likes"
    std: float
    low: float
    high: float
    liked_at: float | None = None

    def __post_init__(self) -> None:
        if not (0 <= self.std < np.inf):
            raise ConfigError(
                f"std must be a number from 0 on, not {self.std}.", where="RatingNoise", value=self.std
            )
        if not (-np.inf < self.low < self.high < np.inf):
            raise ConfigError(
                f"low must lie below high, not {self.low} and {self.high}.",
                where="RatingNoise",
                value=self.low,
            )
        if self.liked_at is not None and not self.low < self.liked_at <= self.high:
            raise ConfigError(
                f"liked_at must lie above {self.low} and up to {self.high}, not {self.liked_at}.",
                where="RatingNoise",
                value=self.liked_at,
            )

    def __call__(self, value: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
        given = np.asarray(value, dtype=np.float64)
        outside = (given < self.low) | (given > self.high)
        if outside.any():
            raise ConfigError(
                f"{given[outside][0]:g} lies outside the scale of {self.low:g} to {self.high:g}.",
                where="RatingNoise",
                value=float(given[outside][0]),
                hint="Set low and high to the ends of the scale.",
            )
        noisy = given + self.std * checked_generator(rng, "RatingNoise").standard_normal(given.shape)
        low, high = np.full(given.shape, self.low), np.full(given.shape, self.high)
        if self.liked_at is not None:
            liked = given >= self.liked_at
            low[liked] = self.liked_at
            high[~liked] = np.nextafter(self.liked_at, -np.inf)
        return np.clip(noisy, low, high)


@dataclass(frozen=True)
class OrderShuffle:
    """The same entries in random order. ``value``: entries of a history or a support, (item, rating) pairs say."""

    keeps: ClassVar[str] = "every entry, whole"

    def __call__(self, value: Sequence[T], rng: np.random.Generator) -> tuple[T, ...]:
        return tuple(value[at] for at in checked_generator(rng, "OrderShuffle").permutation(len(value)))


@dataclass(frozen=True)
class HistorySample:
    """Some of the entries: each stays with probability ``share``, and at least ``least`` of them do.

    ``value``: entries of a history, (item, rating) pairs say; a history shorter than ``least`` stays whole.
    """

    keeps: ClassVar[str] = "the order, and every entry that is left, whole"
    share: float = 0.5
    least: int = 1

    def __post_init__(self) -> None:
        checked_share(self.share, "HistorySample")
        if self.least < 0:
            raise ConfigError(
                f"least must be 0 or more, not {self.least}.", where="HistorySample", value=self.least
            )

    def __call__(self, value: Sequence[T], rng: np.random.Generator) -> tuple[T, ...]:
        luck = checked_generator(rng, "HistorySample").random(len(value))
        stays = luck < self.share
        # The luckiest stay where too few do: an entry's chance then still depends on no other entry's place.
        stays[np.argsort(luck)[: self.least]] = True
        return tuple(entry for entry, stay in zip(value, stays, strict=True) if stay)
