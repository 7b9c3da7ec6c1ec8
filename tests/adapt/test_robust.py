"""Attacks on titles: what they may touch, and that only the new items' titles are touched."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec import Dataset
from fewrec.adapt import robust
from fewrec.adapt.robust import CLEAN, Typos, attack_set, robustness
from fewrec.errors import ConfigError, DataError, UnknownIdError

GROUPS = ("red", "blue", "green", "amber")


def shelf(*, titles: bool = True) -> Dataset:
    """80 things of four colours; everybody likes ten of one colour."""
    rng = np.random.default_rng(0)
    users = np.repeat(np.arange(40), 10)
    items = np.concatenate([4 * rng.permutation(20)[:10] + user % 4 for user in range(40)])
    told = [f"{GROUPS[item % 4]} thing" if titles else "" for item in range(80)]
    return Dataset(
        items={"item": list(range(80)), "title": told},
        interactions={"user": users.tolist(), "item": items.tolist()},
    )


def test_typos_are_of_words_alone():
    rng = np.random.default_rng(0)
    text = "the quick-fix 1979 films of Kurosawa"
    for _ in range(50):
        told = Typos(1.0)(text, rng).split(" ")
        assert len(told) == 6
        assert told[1:3] == ["quick-fix", "1979"]  # neither is letters alone
        assert abs(len(told[5]) - 8) <= 1
    assert Typos(0.0)(text, rng) == text
    changed = np.mean([a != b for _ in range(400) for a, b in zip(Typos(0.2)("abcdef ghijkl", rng).split(),
                                                                   ["abcdef", "ghijkl"], strict=True)])  # fmt: skip
    assert changed == pytest.approx(0.2, abs=0.04)
    with pytest.raises(ConfigError, match="Typos: share must lie from 0 to 1, not 2"):
        Typos(2)


def test_the_attacks_are_named_by_share():
    names = list(attack_set(["red thing", "blue thing"], "hashed", (0.1, 0.2)))
    assert names == [
        f"{kind} {share}" for share in ("10%", "20%") for kind in ("typos", "synonyms", "words left out")
    ]


def test_what_carries_the_answer_is_missed_when_it_is_altered(monkeypatch):
    """The colour says who likes a thing: with another colour the list is wrong, with another noun it is as before.
    Met items keep their titles."""
    read = []
    attacked = robust._attacked

    def watched(training, *rest):
        found = attacked(training, *rest)
        read.append((training, found, rest[2]))
        return found

    monkeypatch.setattr(robust, "_attacked", watched)
    swap = dict(zip(GROUPS, (*GROUPS[1:], GROUPS[0]), strict=True))
    attacks = {
        "nothing": lambda text, rng: text,
        "noun": lambda text, rng: text.replace("thing", "object"),
        "colour": lambda text, rng: " ".join(swap.get(word, word) for word in text.split()),
    }
    marks = robustness(shelf(), "hashed", list(range(0, 80, 5)), attacks, cache=None)
    assert list(marks) == [CLEAN, *attacks]
    assert marks["nothing"] == pytest.approx(marks[CLEAN], abs=1e-6)
    clean = marks[
        CLEAN
    ].mean()  # below 1: of the new things of their colour people like half, and no text says which
    assert clean > 0.7
    assert marks["noun"].mean() > clean - 0.1
    assert marks["colour"].mean() < clean - 0.4
    before, after, hidden = read[-1]
    met = np.setdiff1d(np.arange(80), hidden)
    assert (before.views["title"][met] == after.views["title"][met]).all()
    assert (before.words[met] != after.words[met]).nnz == 0
    assert (before.words[hidden] != after.words[hidden]).nnz > 0


def test_the_same_seed_gives_the_same_attack():
    new = list(range(0, 80, 5))
    first, second, other = (
        robustness(shelf(), "hashed", new, {"typos": Typos(0.5)}, seed=seed, cache=None)["typos"]
        for seed in (0, 0, 1)
    )
    assert (first == second).all()
    assert not np.array_equal(first, other)


def test_what_cannot_be_ranked_is_said():
    with pytest.raises(DataError, match="no texts, or no likes"):
        robustness(shelf(titles=False), "hashed", [0, 5], {}, cache=None)
    with pytest.raises(UnknownIdError):
        robustness(shelf(), "hashed", ["none such"], {}, cache=None)
