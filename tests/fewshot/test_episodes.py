"""Simulated strangers: what is shown, what is hidden, and that nobody's own habits leak into their scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.fewshot import episodes as episodes_module
from fewrec.fewshot.episodes import (
    HELD_BACK,
    Episode,
    draw_episodes,
    fit_signals,
    folds_of,
    orders_of,
)
from fewrec.signals import Popularity, Signal, Supports, TrainingData, resolve_signals
from fewrec.testing.worlds import two_cities, two_tastes


class Together(Signal):
    """How many training users liked this item and some item of the support: the plainest use of habits."""

    name = "together"

    def available(self, training: TrainingData) -> bool:
        return training.has_habits

    def fit(self, training: TrainingData) -> Signal:
        self._liked = training.liked
        return self

    def score(self, supports: Supports) -> np.ndarray:
        alike = supports.liked @ self._liked.T  # (B, U)
        return np.asarray((alike @ self._liked).toarray(), dtype=np.float32)


def signals() -> list[Signal]:
    return [Popularity(), Together()]


def drawn(data: TrainingData, seed: int = 0) -> list[Episode]:
    return draw_episodes(data, signals, ["popularity", "together"], seed)


DATA = two_tastes(24, 40, seed=1).training
EPISODES = drawn(DATA)


def row(matrix: sp.csr_matrix, user: int) -> set[int]:
    return set(matrix[user].indices.tolist())


def test_what_is_shown_is_no_candidate_and_the_hidden_likes_are_the_positives() -> None:
    assert len(EPISODES) > 100
    for episode in EPISODES:
        liked, met = row(DATA.liked, episode.user), row(DATA.seen, episode.user)
        shown, candidates = set(episode.shown.tolist()), episode.candidates.tolist()
        assert shown <= met
        assert len(shown) == len(episode.shown) == episode.k_shot
        assert candidates == sorted(set(candidates))
        assert not shown & set(candidates)
        hidden = liked - shown
        assert (
            set(episode.candidates[episode.positive].tolist()) == hidden
        )  # every hidden like is a candidate
        assert episode.n_positive == len(hidden) > 0
        assert set(episode.disliked.tolist()) == met - liked - shown
        assert episode.disliked_scores.shape == (len(episode.disliked), 2)


def test_a_pair_worked_out_by_hand() -> None:
    """Two users per taste; who is left out of the fold is scored from the other of the same taste alone."""
    liked = np.zeros((4, 12), dtype=np.float32)
    liked[0:2, :6], liked[2:4, 6:] = 1, 1  # twins
    data = TrainingData(liked=sp.csr_matrix(liked), seen=sp.csr_matrix(liked), explicit=False)
    found = draw_episodes(data, signals, ["together"], 0)
    assert {episode.k_shot for episode in found} == {1}  # six likes: one to show, five to hide
    for episode in found:
        kind = slice(0, 6) if episode.user < 2 else slice(6, 12)
        wanted = np.zeros(12)
        wanted[kind] = 1  # one twin likes the item shown, and with it the whole kind
        assert np.array_equal(episode.scores[:, 0], wanted[episode.candidates])
        own = set(range(12)[kind]) - set(episode.shown.tolist())
        assert set(episode.candidates[episode.positive].tolist()) == own


def private_world() -> TrainingData:
    """Every user likes one item that nobody else has met, and ten common ones."""
    rng = np.random.default_rng(0)
    n_users = 15
    liked = np.zeros((n_users, 30 + n_users), dtype=np.float32)
    for user in range(n_users):
        liked[user, rng.permutation(30)[:10]] = 1
        liked[user, 30 + user] = 1
    return TrainingData(liked=sp.csr_matrix(liked), seen=sp.csr_matrix(liked), explicit=False)


def leaks(found: Sequence[Episode]) -> list[float]:
    """What the signals know of everybody's private item: nothing, unless they saw the user."""
    return [
        float(episode.scores[episode.candidates == 30 + episode.user, 1].sum())
        for episode in found
        if 30 + episode.user in episode.candidates
    ]


def test_signals_have_not_seen_the_user() -> None:
    known = leaks(drawn(private_world()))
    assert len(known) > 30
    assert not any(known)


def test_a_leak_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrainingData, "with_users", lambda self, rows: self)
    assert any(leaks(drawn(private_world())))


def test_signals_see_all_users_outside_the_fold_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[int]] = []
    cut = TrainingData.with_users

    def spy(self: TrainingData, rows: np.ndarray) -> TrainingData:
        seen.append(rows.tolist())
        return cut(self, rows)

    monkeypatch.setattr(TrainingData, "with_users", spy)
    drawn(DATA)
    assert len(seen) == folds_of(24) == 10
    left_out = [set(range(24)) - set(rows) for rows in seen]
    assert all(rows == sorted(rows) for rows in seen)
    assert sorted(user for users in left_out for user in users) == list(range(24))  # each exactly once


def test_only_those_with_enough_to_hide_play() -> None:
    liked = np.zeros((6, 30), dtype=np.float32)
    for user, size in enumerate((5, 6, 8, 10, 15, 30)):
        liked[user, :size] = 1
    data = TrainingData(liked=sp.csr_matrix(liked), seen=sp.csr_matrix(liked), explicit=False)
    played: dict[int, set[int]] = {user: set() for user in range(6)}
    for episode in drawn(data):
        played[episode.user].add(episode.k_shot)
    assert played == {0: set(), 1: {1}, 2: {1, 3}, 3: {1, 3, 5}, 4: {1, 3, 5, 10}, 5: {1, 3, 5, 10}}
    assert HELD_BACK == 5


def test_supports_of_one_order_grow() -> None:
    """Within one random order the three shown begin with the one shown: k tells how much more is known."""
    of_user = [episode for episode in EPISODES if episode.user == EPISODES[0].user]
    by_size = sorted(of_user, key=lambda episode: episode.k_shot)
    ones = {tuple(e.shown) for e in by_size if e.k_shot == 1}
    assert {tuple(e.shown[:1]) for e in by_size} == ones


def test_candidates_are_the_best_of_every_signal_the_positives_and_random_ones() -> None:
    data = two_tastes(12, 400, seed=2).training
    names = ["popularity", "together"]
    for episode in draw_episodes(data, signals, names, 0)[:20]:
        assert len(episode.candidates) < 250
        assert episode.weight.shape == episode.candidates.shape
        # the candidates stand for the whole catalogue but what is shown
        assert episode.weight.sum() == pytest.approx(400 - episode.k_shot)
        assert np.all(episode.weight[episode.positive] == 1)
        assert (episode.weight > 1).sum() > 20  # some are there by chance


class Numbered(Signal):
    """Puts the last items of the catalogue first, for everybody."""

    name = "numbered"

    def fit(self, training: TrainingData) -> Signal:
        self._scores = np.arange(training.n_items, dtype=np.float32)
        return self

    def score(self, supports: Supports) -> np.ndarray:
        return np.repeat(self._scores[None], len(supports), axis=0)


def test_the_thirty_best_are_counted_without_what_is_shown() -> None:
    data = two_tastes(12, 100, seed=2).training
    for episode in draw_episodes(data, lambda: [Numbered()], ["numbered"], 0):
        best = [item for item in range(99, -1, -1) if item not in episode.shown][:30]
        assert set(best) <= set(episode.candidates.tolist())


def test_the_same_seed_draws_the_same() -> None:
    for one, other in zip(EPISODES, drawn(DATA), strict=True):
        assert one.user == other.user
        assert np.array_equal(one.candidates, other.candidates)
        assert np.array_equal(one.scores, other.scores)
    different = drawn(DATA, seed=1)
    assert [e.shown.tolist() for e in different] != [e.shown.tolist() for e in EPISODES]


def test_nobody_elses_random_numbers_are_used() -> None:
    np.random.seed(3)  # noqa: NPY002  (the global generator is what must be left alone)
    before = np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    drawn(DATA)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]  # noqa: NPY002


def test_folds_and_orders_by_the_number_of_users() -> None:
    assert [folds_of(n) for n in (0, 1, 2, 9, 50, 51, 200, 201)] == [0, 1, 2, 9, 10, 5, 5, 4]
    assert [orders_of(n) for n in (1, 10, 11, 50, 51)] == [4, 4, 2, 2, 1]


def test_each_user_plays_as_many_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    few = drawn(two_tastes(10, 60, seed=3).training)
    assert {sum(e.user == user and e.k_shot == 1 for e in few) for user in range(10)} == {4}
    monkeypatch.setattr(episodes_module, "MAX_USERS", 3)
    assert len({episode.user for episode in drawn(DATA)}) == 3


def test_too_few_users_draw_nothing() -> None:
    assert drawn(DATA.with_users(np.array([0]))) == []
    assert drawn(DATA.with_users(np.array([], dtype=int))) == []
    assert len(drawn(DATA.with_users(np.array([0, 1])))) > 0


def test_a_signal_that_a_fold_leaves_speechless_scores_zero() -> None:
    """Only one user ever disliked something; in that user's fold nobody did."""
    data = two_tastes(12, 40, seed=4).training
    seen = data.liked.toarray()
    seen[5] = data.seen.toarray()[5]
    data = TrainingData(liked=data.liked, seen=sp.csr_matrix(seen), explicit=True)
    found = draw_episodes(data, lambda: resolve_signals(["exposure"]), ["exposure"], 0)
    speaks = {episode.user: bool(episode.scores.any()) for episode in found}
    assert not speaks[5]
    assert sum(speaks.values()) >= 10  # another user may share the fold


def test_strangers_bring_their_own_portrait() -> None:
    world = two_cities(30, 40, seed=1)
    found = draw_episodes(world.training, lambda: resolve_signals(["portrait"]), ["portrait"], 0)
    right = 0
    for episode in found:
        here = world.item_kind[episode.candidates] == world.user_kind[episode.user]
        right += episode.scores[here, 0].mean() > episode.scores[~here, 0].mean()
    assert right == len(found) > 0


def test_progress_is_told_fold_by_fold() -> None:
    told: list[tuple[int, int]] = []
    draw_episodes(
        DATA, signals, ["popularity", "together"], 0, lambda done, total: told.append((done, total))
    )
    assert told == [(fold, 10) for fold in range(1, 11)]


def test_ready_objects_are_fitted_as_copies() -> None:
    ready = Together().fit(DATA)
    liked = ready._liked  # type: ignore[attr-defined]
    (fitted,) = fit_signals([ready], DATA.with_users(np.arange(3)))
    assert fitted is not ready
    assert ready._liked is liked  # type: ignore[attr-defined]


def test_those_with_nothing_to_say_are_left_out() -> None:
    bare = TrainingData(liked=DATA.liked, seen=DATA.liked, explicit=False)
    found = fit_signals(resolve_signals("default"), bare)
    names = {signal.name for signal in found}
    assert {"popularity", "graph-wide", "text-ease"} <= names
    assert not names & {"text", "words", "dislike", "exposure", "portrait", "taste"}
