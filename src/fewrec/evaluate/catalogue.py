"""Every metric by name: what it says in one sentence, and whether more is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fewrec.evaluate.settings import Settings

__all__ = ["METRICS", "Metric", "base_name", "primary_metrics"]


@dataclass(frozen=True)
class Metric:
    """``better``: "high", "low", or "neither" where it describes and does not judge."""

    says: str
    better: Literal["high", "low", "neither"] = "high"


METRICS = {
    "ndcg": Metric(
        "How far up the list the items stand that the person went on to like; 1 is a perfect beginning."
    ),
    "recall": Metric("Share of the items the person went on to like that are in the list."),
    "hit": Metric("Share of people whose list holds at least one item they went on to like."),
    "mrr": Metric("1 / rank of the first item the person went on to like, in the ranking of all items."),
    "auc": Metric(
        "Chance that an item the person likes is ranked above one they do not; 0.5 is no better than chance."
    ),
    "auc-global": Metric(
        "The same over all people at once. It also rewards telling busy people from others: judge by the per-user AUC."
    ),
    "rmse": Metric("Root of the mean squared error of the predicted ratings, person by person.", "low"),
    "rmse-pooled": Metric("The same over all ratings at once, as papers often print it.", "low"),
    "mae": Metric("Mean absolute error of the predicted ratings.", "low"),
    "foretold": Metric("Share of the ratings for which there is a prediction; errors are over these alone."),
    "interval-coverage": Metric("Share of ratings inside their 80 % interval; 0.8 is right.", "neither"),
    "interval-width": Metric("Mean width of the 80 % intervals.", "neither"),
    "log-loss": Metric("Mean of -log of the probability given to what happened.", "low"),
    "brier": Metric("Mean squared difference between probability and outcome.", "low"),
    "ece": Metric(
        "Expected calibration error: how far stated probabilities are from the shares that came true.", "low"
    ),
    "coverage": Metric("Share of the catalogue that is in anybody's list.", "neither"),
    "gini": Metric(
        "How unevenly items are listed: 0 all alike, towards 1 the same few for everybody.", "neither"
    ),
    "diversity": Metric("How different the items of a list are from each other, by their words.", "neither"),
    "novelty": Metric("How rarely met a list's items are, in bits: one more is half as often.", "neither"),
}
"""Without the length of the list: ``ndcg@10`` is found as ``ndcg``."""


def base_name(metric: str) -> str:
    """The metric without the length of the list."""
    return metric.partition("@")[0]


def primary_metrics(settings: Settings) -> tuple[str, ...]:
    """What systems are compared by."""
    return ("rmse", "log-loss") if settings.task == "rating" else (f"ndcg@{settings.n}",)
