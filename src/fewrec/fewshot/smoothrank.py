"""A smooth NDCG@10 and its gradient, so that weights can be learned on the measure that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from fewrec.fewshot.episodes import Episode

if TYPE_CHECKING:
    from fewrec.fewshot.fusion import Fusion

__all__ = ["Pack", "hard_ndcg", "ideal_gain", "pack_episodes", "pack_ndcg", "smooth_ndcg"]

CUTOFF = 10
TOP = 80
TEMPERATURE = 0.15
"""Width of the step by which one item passes another, in units of score."""

EDGE = 1.5
"""Width of the cutoff's edge, in ranks."""

PACK = 100


@dataclass(frozen=True)
class Pack:
    """Up to 100 episodes as padded arrays: ``E`` episodes, ``C`` candidates, ``P`` positives, ``S`` signals."""

    features: NDArray[np.float32]  # (E, C, S) scaled signals
    mask: NDArray[np.bool_]  # (E, C) a real candidate
    positive: NDArray[np.intp]  # (E, P) positions of positives among the candidates
    is_positive: NDArray[np.bool_]  # (E, P) not padding
    log_k: NDArray[np.float64]  # (E,) log k - log 4
    ideal: NDArray[np.float64]  # (E,) best possible DCG@10


def ideal_gain(n_positive: int) -> float:
    """DCG@10 of a list that begins with all positives."""
    return float((1 / np.log2(np.arange(2, min(CUTOFF, n_positive) + 2))).sum())


def pack_episodes(episodes: Sequence[Episode], fusion: Fusion, centre: float) -> list[Pack]:
    """Episodes cut to the 80 candidates that ``fusion`` puts first, scaled and padded.

    Those with as many positives are packed together: padding is computed with, too.
    """
    episodes = sorted(episodes, key=lambda episode: int(episode.positive.sum()))
    scales = {episode.k_shot: fusion.scale(episode.k_shot) for episode in episodes}
    weights = {k_shot: fusion.weights(k_shot) for k_shot in scales}
    packs = []
    for start in range(0, len(episodes), PACK):
        chunk = episodes[start : start + PACK]
        tops = [np.argsort(-(e.scores @ weights[e.k_shot]), kind="stable")[:TOP] for e in chunk]
        width = max(len(top) for top in tops)
        features = np.zeros((len(chunk), width, len(fusion.level)), dtype=np.float32)
        mask = np.zeros((len(chunk), width), dtype=bool)
        hit = np.zeros((len(chunk), width), dtype=bool)
        for row, (episode, top) in enumerate(zip(chunk, tops, strict=True)):
            features[row, : len(top)] = episode.scores[top] / scales[episode.k_shot]
            mask[row, : len(top)] = True
            hit[row, : len(top)] = episode.positive[top]
        most = max(1, int(hit.sum(axis=1).max()))
        positive = np.argsort(~hit, axis=1, kind="stable")[:, :most]
        packs.append(
            Pack(
                features=features,
                mask=mask,
                positive=positive,
                is_positive=np.take_along_axis(hit, positive, axis=1),
                log_k=np.log(np.array([episode.k_shot for episode in chunk]) / centre),
                ideal=np.array([ideal_gain(episode.n_positive) for episode in chunk]),
            )
        )
    return packs


def smooth_ndcg(packs: Sequence[Pack], line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """``(sum over episodes of smooth NDCG@10, its gradient)`` for ``line = (level, slope)``, ``(2, S)``.

    ``rank_i = .5 + sum_j sigmoid((s_j - s_i) / .15)``, ``gain_i = sigmoid((10.5 - rank_i) / 1.5) / log2(1 + rank_i)``
    (after Qin, Liu & Li 2010, "A general approximation framework for direct optimization of information retrieval
    measures"; the soft edge at the cutoff is ours).
    """
    total = 0.0
    gradient = np.zeros_like(line)
    for pack in packs:
        weights = line[0] + line[1] * pack.log_k[:, None]  # (E, S)
        scores = np.einsum("ecs,es->ec", pack.features, weights.astype(np.float32))
        scores = np.where(pack.mask, scores, np.float32(-1e4))
        own = np.take_along_axis(scores, pack.positive, axis=1)  # (E, P)
        # sigmoid(x) = (1 + tanh(x / 2)) / 2, in one array of (E, P, C): by far the largest.
        passed = np.subtract(scores[:, None, :], own[:, :, None])
        passed *= np.float32(0.5 / TEMPERATURE)
        np.tanh(passed, out=passed)
        ones = np.ones(passed.shape[2], dtype=np.float32)
        rank = 0.5 + 0.5 * (passed.shape[2] + (passed @ ones).astype(np.float64))
        edge = expit((CUTOFF + 0.5 - rank) / EDGE)
        discount = np.log2(1 + rank)
        scale = pack.is_positive / pack.ideal[:, None]
        total += float((scale * edge / discount).sum())
        slope = -edge * (1 - edge) / EDGE / discount - edge / discount**2 / np.log(2) / (1 + rank)
        push = (0.25 * scale * slope / TEMPERATURE).astype(np.float32)  # (E, P)
        np.subtract(1, np.square(passed, out=passed), out=passed)  # four times the sigmoid's slope
        by_score = np.matmul(push[:, None, :], passed)[:, 0].astype(np.float64)
        pull = push * (passed @ ones)
        np.add.at(by_score, (np.arange(len(by_score))[:, None], pack.positive), -pull.astype(np.float64))
        by_weight = np.einsum("ec,ecs->es", np.where(pack.mask, by_score, 0), pack.features)
        gradient[0] += by_weight.sum(axis=0)
        gradient[1] += (by_weight * pack.log_k[:, None]).sum(axis=0)
    return total, gradient


def hard_ndcg(
    episodes: Sequence[Episode], fusions: Sequence[Fusion]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """NDCG@10 and positives among the first ten, of every episode by each of ``fusions``: ``(E, len(fusions))``."""
    k_shots = {episode.k_shot for episode in episodes}
    weights = {
        k: np.stack([fusion.weights(k) for fusion in fusions], axis=1).astype(np.float32) for k in k_shots
    }
    ndcg, hits = np.zeros((len(episodes), len(fusions))), np.zeros((len(episodes), len(fusions)))
    for row, episode in enumerate(episodes):
        scores = episode.scores @ weights[episode.k_shot]  # (C, len(fusions))
        order = np.argsort(-scores, axis=0, kind="stable")[:CUTOFF]
        positive = episode.positive[order]
        gain = positive / np.log2(np.arange(2, len(order) + 2))[:, None]
        ndcg[row] = gain.sum(axis=0) / ideal_gain(episode.n_positive)
        hits[row] = positive.sum(axis=0)
    return ndcg, hits


def pack_ndcg(packs: Sequence[Pack], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """``(E, L)`` plain NDCG@10 of every episode by each of ``weights`` (L, S), which do not depend on k."""
    marks = []
    for pack in packs:
        scores = np.einsum("ecs,ls->elc", pack.features, weights.astype(np.float32))
        scores = np.where(pack.mask[:, None], scores, -np.inf)
        order = np.argsort(-scores, axis=2, kind="stable")[:, :, :CUTOFF]
        hit = np.zeros(pack.mask.shape, dtype=bool)
        episode, place = np.nonzero(pack.is_positive)
        hit[episode, pack.positive[episode, place]] = True
        gain = np.take_along_axis(hit[:, None], order, axis=2) / np.log2(np.arange(2, order.shape[2] + 2))
        marks.append(gain.sum(axis=2) / pack.ideal[:, None])
    return np.concatenate(marks)
