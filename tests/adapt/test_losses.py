"""Losses and the correction: slopes against finite differences, and what a loss must be blind to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.adapt.delta import DeltaSettings, DeltaTrainer
from fewrec.adapt.losses import LOSSES, Batch
from fewrec.adapt.ridge import JITTER, RidgeTask
from fewrec.adapt.tasks import Tasks
from fewrec.adapt.transformer import TransformerSettings
from fewrec.errors import ConfigError
from fewrec.signals import TrainingData


def batch() -> Batch:
    wanted = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=bool)
    allowed = np.array([[1, 1, 0, 1, 1], [1, 1, 1, 1, 0], [1, 1, 1, 1, 1]], dtype=bool)
    value = np.where(wanted, 1.0, 0.0)
    value[1, 2] = -1
    weight = np.log(np.array([1, 1, 1, 1, 7.0]))
    return Batch(wanted, allowed, value, weight)


@pytest.mark.parametrize("name", LOSSES)
def test_the_slope_is_that_of_the_value(name):
    scores = np.random.default_rng(0).standard_normal((3, 5))
    value, slope = LOSSES[name](scores, batch())
    assert np.isfinite(value)
    for row in range(3):
        for column in range(5):
            moved = scores.copy()
            moved[row, column] += 1e-2
            up = LOSSES[name](moved, batch())[0]
            moved[row, column] -= 2e-2
            down = LOSSES[name](moved, batch())[0]
            assert slope[row, column] == pytest.approx((up - down) / 2e-2, abs=2e-4)


@pytest.mark.parametrize("name", LOSSES)
def test_the_support_is_no_candidate(name):
    scores = np.zeros((3, 5))
    assert LOSSES[name](scores, batch())[1][~batch().allowed].tolist() == [0.0, 0.0]


def test_sampled_negatives_are_corrected():
    """Two items, the second standing for seven: log of 1/8 at equal scores."""
    two = Batch(
        np.array([[True, False]]), np.ones((1, 2), bool), np.array([[1.0, 0]]), np.log(np.array([1, 7.0]))
    )
    value, slope = LOSSES["softmax"](np.zeros((1, 2)), two)
    assert value == pytest.approx(np.log(8))
    assert slope == pytest.approx(np.array([[-7 / 8, 7 / 8]]))


def test_a_like_of_ones_own_is_no_negative():
    """In the batch of two, the first likes both items: nothing pushes the second away from them."""
    both = Batch(np.array([[True, True], [False, True]]), np.ones((2, 2), bool), np.ones((2, 2)), np.zeros(2))
    value, slope = LOSSES["contrastive"](np.zeros((2, 2)), both)
    assert slope[0].tolist() == [0.0, 0.0]
    assert slope[1] == pytest.approx([0.25, -0.25])  # over two rows
    assert value == pytest.approx(np.log(2) / 2)


def small(items: int = 12, users: int = 30) -> TrainingData:
    rng = np.random.default_rng(1)
    liked = sp.csr_matrix((rng.random((users, items)) < 0.4).astype(np.float32))
    words = sp.csr_matrix(np.eye(items, 4, dtype=np.float32))
    return TrainingData(liked=liked, seen=liked, explicit=False, words=words)


@pytest.mark.parametrize("loss", [*LOSSES, "ridge"])
def test_the_gradient_of_the_correction(loss):
    rng = np.random.default_rng(2)
    trainer, slope = ready(loss, rng, 0.0)
    gradient = slope()[1]
    for name in ("left", "right"):
        direction = rng.standard_normal(gradient[name].shape)
        direction /= np.linalg.norm(direction)
        start = trainer.state[name].copy()
        trainer.state[name] = start + 1e-2 * direction
        up = slope()[0]
        trainer.state[name] = start - 1e-2 * direction
        down = slope()[0]
        trainer.state[name] = start
        assert float((gradient[name] * direction).sum()) == pytest.approx(
            (up - down) / 2e-2, rel=0.02, abs=1e-3
        )


def ready(loss, rng, epsilon):
    """A trainer in the middle of its way, and its slope on one batch."""
    vectors = rng.standard_normal((12, 6)).astype(np.float32)
    settings = DeltaSettings(rank=3, l2=0.01, dropout=0.0, epsilon=epsilon)
    trainer = DeltaTrainer(vectors, LOSSES.get(loss, LOSSES["mse"]), np.zeros(12, np.float32), 1.0, settings)
    trainer.state["right"] += (0.3 * rng.standard_normal((3, 6))).astype(np.float32)
    task, everything = RidgeTask(small()), np.arange(12)
    support, items, what = next(Tasks.of(small()).batches(8, np.random.default_rng(3)))

    def slope():
        if loss == "ridge":
            return trainer.slope_of(task.at(everything), everything, None)
        return trainer.slope(support, items, what, None)

    return trainer, slope


@pytest.mark.parametrize("loss", [*LOSSES, "ridge"])
def test_the_adversary_makes_it_harder(loss):
    """The loss at the moved vectors is above that at the vectors: it was moved up its gradient, a little."""
    alone = ready(loss, np.random.default_rng(2), 0.0)[1]()[0]
    both = ready(loss, np.random.default_rng(2), 0.01)[1]()[0]
    pull = 0.01 * np.linalg.norm(np.linalg.multi_dot(pair(loss))) ** 2
    assert both - alone > alone - pull


def test_the_virtual_adversary_asks_for_no_label():
    """It turns each vector by a move of the stated length, more than chance does, and only those that may be moved;
    its gradient is that of the turn (checked along one direction, with the move held where it is)."""
    rng = np.random.default_rng(2)
    trainer, _ = ready("mse", rng, 0.0)
    trainer.settings = replace(trainer.settings, virtual=0.05)
    trainer._open = np.array([1, 4, 7])
    moves, at = [], DeltaTrainer._at

    def watched(self, loss, off, base):
        moves.append(base - self._centred[self._open[order]])
        return at(self, loss, off, base)

    order = np.random.default_rng(0).permutation(3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DeltaTrainer, "_at", watched)
        turned, gradient = trainer.smoothness(np.random.default_rng(0))
    length = np.linalg.norm(trainer._centred[trainer._open[order]], axis=1)
    assert np.linalg.norm(moves[-1], axis=1) == pytest.approx(0.05 * length, rel=1e-4)
    off, base = trainer._off[trainer._open[order]], trainer._centred[trainer._open[order]]

    def units(move):
        raw = (base + move).astype(float) + (off + move) @ trainer.state["left"] @ trainer.state["right"]
        return raw / np.linalg.norm(raw, axis=1, keepdims=True)

    still = units(0)
    assert turned == pytest.approx(float((1 - (still * units(moves[-1])).sum(1)).mean()), rel=1e-3, abs=1e-6)
    chance = rng.standard_normal((200, *base.shape))
    chance *= 0.05 * length[:, None] / np.linalg.norm(chance, axis=2, keepdims=True)
    assert turned > np.mean([(1 - (still * units(move)).sum(1)).mean() for move in chance])
    for name in ("left", "right"):
        start, direction = trainer.state[name].copy(), rng.standard_normal(gradient[name].shape)
        direction /= np.linalg.norm(direction)
        sides = []
        for side in (1e-2, -1e-2):
            trainer.state[name] = start.astype(float) + side * direction
            sides.append(float((1 - (still * units(moves[-1])).sum(1)).mean()))
        trainer.state[name] = start
        assert float((gradient[name] * direction).sum()) == pytest.approx(
            (sides[0] - sides[1]) / 2e-2, rel=0.02, abs=1e-5
        )


@pytest.mark.parametrize("wrong", [{"epsilon": -0.1}, {"virtual": float("nan")}, {"unlabelled": 0}])
def test_a_radius_that_is_none_is_refused(wrong):
    with pytest.raises(ConfigError, match=f"settings: {next(iter(wrong))} is at least"):
        DeltaSettings(**wrong)
    with pytest.raises(ConfigError, match=f"settings: {next(iter(wrong))} is at least"):
        TransformerSettings(**wrong)


def pair(loss):
    state = ready(loss, np.random.default_rng(2), 0.0)[0].state
    return [state["left"], state["right"]]


def test_the_ridge_leaves_out_what_it_predicts():
    """The closed form against twelve regressions, each without one item."""
    training = small()
    task, items = RidgeTask(training), np.arange(12)
    unit = np.random.default_rng(4).standard_normal((12, 5)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    value, _ = task.slope(unit, items)
    cosines = unit @ unit.T + 0.5 * (training.words @ training.words.T).toarray()
    kernel = np.exp(1.5 * (cosines / 1.5 - 1))
    count = np.asarray(training.seen.sum(axis=0)).ravel()
    weight = count / (count + 5)
    rows = task._rows - task._rows.mean(axis=0)
    total = 0.0
    for item in range(12):
        others = np.delete(items, item)
        matrix = kernel[np.ix_(others, others)] + np.diag(1 / weight[others] + JITTER)
        read = kernel[item, others] @ np.linalg.solve(matrix, rows[others])
        total += weight[item] * ((rows[item] - read) ** 2).sum()
    assert value == pytest.approx(total / (weight[:, None] * rows**2).sum(), rel=1e-4)


def test_the_correction_starts_at_nothing_and_moves_off():
    vectors = np.random.default_rng(2).standard_normal((12, 6)).astype(np.float32)
    trainer = DeltaTrainer(vectors, LOSSES["softmax"], np.zeros(12, np.float32), 3.0, DeltaSettings(rank=3))
    assert not trainer.correction()["right"].any()

    def epoch():
        tasks = Tasks.of(small()).batches(8, np.random.default_rng(3))
        return np.mean([trainer.step(*task, np.random.default_rng(5)) for task in tasks])

    first = epoch()
    for _ in range(60):
        last = epoch()
    assert last < first - 0.05


def test_a_task_hides_likes_and_never_shows_them():
    for support, items, what in Tasks.of(small()).batches(8, np.random.default_rng(0)):
        shown = support.toarray() > 0
        assert not (shown & what.wanted).any()
        assert not (shown & what.allowed).any()
        assert len(set(items.tolist())) == len(items)
        assert np.linalg.norm(support.toarray(), axis=1) == pytest.approx(1)
