"""Each peer on a planted world of two tastes: a peer that is badly wired would flatter fewrec."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks.peers import SYSTEMS, System, installed, register
from benchmarks.peers.tuned import fallen_back
from fewrec import Dataset
from fewrec.evaluate import evaluate, lineup, system_names
from fewrec.evaluate.textbook import told

PEERS = [system for system in SYSTEMS if system.module.startswith("benchmarks.")]
pytestmark = [
    # What the libraries warn of is theirs to mend.
    pytest.mark.filterwarnings("ignore"),
]


def world(ratings: bool) -> Dataset:
    """Ninety users of two tastes, fifteen items each; everybody meets eight of their own and two of the others."""
    rng = np.random.default_rng(0)
    rows = []
    for user in range(90):
        own, other = 15 * (user % 2), 15 * (1 - user % 2)
        rows += [(f"u{user}", f"i{own + at}", 5.0) for at in rng.choice(15, 8, replace=False)]
        if ratings:
            rows += [(f"u{user}", f"i{other + at}", 1.0) for at in rng.choice(15, 2, replace=False)]
    users, items, values = zip(*rows, strict=True)
    events = {"user": list(users), "item": list(items)} | ({"rating": list(values)} if ratings else {})
    texts = [f"{'red wine' if at < 15 else 'green tea'} number{at}" for at in range(30)]
    return Dataset({"item": [f"i{at}" for at in range(30)], "title": texts}, events)


def fitted(system: System) -> tuple[object, Dataset]:
    if not system.there:
        pytest.skip(f"{system.requirement} is not installed.")
    data = world(ratings=system.ratings)
    made = system.make()
    made.fit(data)
    return made, data


@pytest.mark.parametrize("system", PEERS, ids=lambda system: system.name)
def test_a_peer_finds_the_taste_and_says_something_of_everything(system):
    made, data = fitted(system)
    at = np.array([int(item[1:]) for item in data.items.ids])
    value = 5.0 if system.ratings else 1.0
    supports = [{}, {"i0": value, "i1": value, "i2": value}, {"i16": value, "i20": value, "i29": value}]
    scores = np.asarray(made.score_many(supports))
    assert scores.shape == (3, 30)
    assert np.isfinite(scores).all()
    # Fifteen of thirty items are of the right taste: chance puts 6 of the 12 not shown among the first 12.
    if (
        not system.ratings
    ):  # predicted ratings sort by what raters said, and everybody rated their own taste 5
        for row, own in ((1, at < 15), (2, at >= 15)):
            shown = np.isin(at, [int(item[1:]) for item in supports[row]])
            first = np.argsort(np.where(shown, np.inf, -scores[row]))[:12]
            assert own[first].sum() >= 10
    likes = np.asarray(data.matrix("liked").sum(axis=0)).ravel()
    assert np.all(np.diff(likes[np.argsort(-scores[0], kind="stable")]) <= 0)  # nobody's taste: bestsellers
    if system.name != "encoder-text":  # it has nothing to tune
        # Ninety users: one fifth of them is held out. Nobody has more than ten interactions, so that nothing is tried
        # for k = 10; for the others every setting is, and one of them is taken.
        tuning = made.tuning
        assert list(tuning) == ["settings", "users", "searched", "chosen"]
        assert tuning["users"] == 18
        assert [len(row) for row in tuning["searched"].values()] == [tuning["settings"]] * 3 + [0]
        assert all(tuning["chosen"][k] in row for k, row in tuning["searched"].items() if row)


@pytest.mark.parametrize("system", PEERS, ids=lambda system: system.name)
def test_one_at_a_time_is_the_same_as_all_at_once_and_the_same_again(system):
    made, _data = fitted(system)
    value = 5.0 if system.ratings else 1.0
    supports = [{"i3": value}, {"i17": value, "i2": value}, {}]
    many = np.asarray(made.score_many(supports))
    for row, support in enumerate(supports):
        assert made.score(support) == pytest.approx(many[row], rel=1e-5, abs=1e-6)
    assert np.array_equal(many, made.score_many(supports))  # asking changes nothing
    again, _ = fitted(system)
    assert again.score_many(supports) == pytest.approx(many, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("system", PEERS, ids=lambda system: system.name)
def test_a_peer_passes_the_guard_against_leaks_and_beats_random(system):
    """``evaluate`` lets a system given as an object learn where every id stands for another item; who still finds
    what people like has seen the answers, and is refused."""
    if not system.there:
        pytest.skip(f"{system.requirement} is not installed.")
    data = world(ratings=system.ratings)
    found = evaluate(data, {"peer": system.make()}, k_shot=3, seeds=1, test_users=30, progress=False)
    means = {
        cell["system"]: cell["mean"]
        for cell in found.cells
        if cell["metric"].startswith("NDCG") or cell["metric"].startswith("ndcg")
    }
    assert means["peer"] > means["random"]


def test_where_a_library_is_silent_popularity_speaks_last():
    # Spoken of: 0 and 3. Silent: 2 with two likes, then 1 with one.
    scores = fallen_back(np.array([[0.2, np.nan, np.nan, -4.0]]), np.array([0.0, 1.0, 2.0, 9.0]))
    assert np.argsort(-scores[0]).tolist() == [0, 3, 2, 1]


def test_what_is_held_out_of_the_search_is_not_told():
    # Ratings of 0 are stored: of 0, 0 and 2 the first and the last are shown.
    values = sp.csr_matrix(([0.0, 0.0, 2.0], [0, 1, 2], [0, 3]), shape=(1, 4))
    found = told(values, np.array([[True, False, True, True]]))
    assert found.indices.tolist() == [0, 2]
    assert found.data.tolist() == [0, 2]


def test_what_is_not_installed_is_named():
    there, said = installed()
    named = {name for line in said for name in line.partition("left out: ")[2].rstrip(".").split(", ")}
    assert {system.name for system in there} | (named - {""}) == {system.name for system in SYSTEMS}


def test_peers_can_be_asked_for_by_name(monkeypatch):
    # Elsewhere the names that fewrec itself has are counted.
    monkeypatch.setattr("fewrec.evaluate.lineup._SYSTEMS", dict(lineup._SYSTEMS))
    before = set(system_names())
    added = set(register())
    assert added
    assert set(system_names()) == before | added
