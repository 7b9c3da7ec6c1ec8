"""Systems of strangers: what they are given, what they must give, and how one that has seen the answers is caught."""

from __future__ import annotations

import numpy as np
import pytest

import fewrec
from fewrec import Dataset, Recommender
from fewrec.errors import ConfigError, DataError
from fewrec.evaluate import lineup, register_system, system_names

QUICK = {"seeds": 1, "k_shot": (3,), "progress": False}


class Likes:
    """Counts likes."""

    def fit(self, data):
        self.data = data
        self.likes = np.asarray(data.matrix("liked").sum(axis=0)).ravel()

    def score(self, support):
        return self.likes


class Leak(Likes):
    """Looks a stranger up in data that it was not given."""

    def __init__(self, everything):
        self.everything = everything

    def score(self, support):
        for user in self.everything.users.ids:
            history = self.everything.history(user)
            if user not in self.data.users and support.items() <= history.items():
                return np.array([history.get(item, 0.0) for item in self.data.items.ids])
        return self.likes


def test_what_a_system_is_given(world):
    seen = []

    class Spy(Likes):
        def fit(self, data):
            super().fit(data)
            seen.append(set(data.users.ids))

        def score(self, support):
            seen.append(dict(support))
            return super().score(support)

    found = fewrec.evaluate(world, {"spy": Spy()}, guard=False, **QUICK)
    trained, *supports = seen
    tested = {row["user"] for row in found.rows}
    assert trained == set(world.users.ids) - tested
    assert len(supports) == 20
    for support in supports:
        assert any(support.items() <= world.history(user).items() for user in tested)
        assert len(support) == 3


def test_one_like_ours_gets_the_same_marks(world):
    found = fewrec.evaluate(world, {"mine": Likes()}, **QUICK)
    marks = {
        name: [row["value"] for row in found.rows if row["system"] == name and row["metric"] == "ndcg@10"]
        for name in ("mine", "popularity")
    }
    assert marks["mine"] == marks["popularity"]


@pytest.mark.parametrize("name", ["restaurants", "groceries"])
def test_a_system_that_has_seen_the_answers_is_caught(name):
    data = getattr(fewrec.samples, name)()
    with pytest.raises(
        ConfigError,
        match=r"it finds what people like \(NDCG@10 [.\d]+; the best list for everybody has [.\d]+\)",
    ) as caught:
        fewrec.evaluate(data, {"leak": Leak(data)}, **QUICK)
    assert caught.value.where == "systems['leak']"
    assert "guard=False" in caught.value.hint
    # Without the guard it gets a nearly perfect score: the guard is all that stands between.
    found = fewrec.evaluate(data, {"leak": Leak(data)}, guard=False, **QUICK)
    (row,) = (row for row in found.cells if row["system"] == "leak" and row["metric"] == "ndcg@10")
    assert row["mean"] > 0.9
    assert found.settings["guard"] is False


class Foresight(Likes):
    """Scores honestly, and predicts what it should not know."""

    def __init__(self, everything):
        self.leak = Leak(everything)

    def fit(self, data):
        super().fit(data)
        self.leak.fit(data)

    def predict(self, support):
        from types import SimpleNamespace

        return SimpleNamespace(probability=self.leak.score(support)[None] / 5)


def test_a_prediction_that_knows_the_answers_is_caught_too():
    data = fewrec.samples.restaurants()
    with pytest.raises(ConfigError, match="it has seen the answers"):
        fewrec.evaluate(data, {"foresight": Foresight(data)}, task="rating", **QUICK)


class Rare(Likes):
    """Shows everybody what nobody likes: in the mirrored world that is what everybody likes."""

    def score(self, support):
        return -self.likes


@pytest.mark.parametrize("name", ["restaurants", "groceries"])
def test_honest_systems_pass_on_the_samples(name):
    from fewrec.evaluate.baselines import ItemMean, Popularity, Text
    from fewrec.evaluate.guard import check_system
    from fewrec.evaluate.jobs import Work
    from fewrec.evaluate.settings import Settings
    from fewrec.evaluate.splits import cold_users
    from fewrec.evaluate.textbook import Ease, UserKnn
    from fewrec.evaluate.world import World

    honest = [Popularity(), Rare(), ItemMean(), Text(), UserKnn(), Ease(), Recommender("hashed", tune=False)]
    world = World.of(getattr(fewrec.samples, name)())
    settings = Settings(k_shot=(1, 3), seeds=1)
    work = Work(
        world, settings, cold_users(world.data, settings), {type(one).__name__: one for one in honest}
    )
    for system in work.systems:
        check_system(work, system)


def test_the_recommender_is_guarded_too_and_passes(world):
    found = fewrec.evaluate(world, {"ours": Recommender("hashed")}, **QUICK)
    assert {"random", "popularity", "item-mean", "text", "ours"} == {row["system"] for row in found.cells}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda items: np.zeros(items + 1), r"score gave an array of shape \(20, 25\), not \(20, 24\)"),
        (lambda items: ["a"] * items, "score gave no numbers"),
        (lambda items: np.full(items, np.inf), "score gave an infinite number"),
    ],
)
def test_answers_of_the_wrong_form(world, answer, message):
    class Wrong(Likes):
        def score(self, support):
            return answer(len(self.likes))

    with pytest.raises(DataError, match=message) as caught:
        fewrec.evaluate(world, {"wrong": Wrong()}, guard=False, **QUICK)
    assert caught.value.where == "systems['wrong']"
    assert "each of the 24 items" in caught.value.hint


def test_a_system_that_knows_nothing_is_ranked_at_random(world):
    class Silent(Likes):
        def score(self, support):
            return np.full(len(self.likes), np.nan)

    found = fewrec.evaluate(world, {"silent": Silent()}, guard=False, **QUICK)
    marks = {
        name: [row["value"] for row in found.rows if row["system"] == name and row["metric"] == "ndcg@10"]
        for name in ("silent", "random")
    }
    assert marks["silent"] == marks["random"]


def test_a_registered_system_has_a_name(world, monkeypatch):
    monkeypatch.setattr(lineup, "_SYSTEMS", dict(lineup._SYSTEMS))
    register_system("likes", Likes)
    assert "likes" in system_names()
    found = fewrec.evaluate(world, ["likes"], **QUICK)
    assert {row["system"] for row in found.cells} == {"popularity", "likes"}


def test_attributes_are_told_to_who_wants_them(world):
    tables, _ = world.to_tables()
    users = {
        "user": [f"u{user}" for user in range(60)],
        "side": ["left" if user % 2 else "right" for user in range(60)],
    }
    data = Dataset(items=tables["items"], interactions=tables["interactions"], users=users, liked_at=4)
    told = []

    class Listener(Likes):
        wants_attributes = True

        def score(self, support, attributes):
            told.append(attributes)
            return self.likes

    found = fewrec.evaluate(data, {"listener": Listener()}, guard=False, **QUICK)
    tested = [row["user"] for row in found.rows if (row["system"], row["metric"]) == ("listener", "mrr")]
    assert told == [{"side": "left" if int(user[1:]) % 2 else "right"} for user in tested]


def test_fewrec_uses_attributes_of_strangers():
    # Whoever is on the left likes the odd items, whoever is on the right the even ones: one word tells all.
    rng = np.random.default_rng(0)
    rated = [
        (user, item, 5 if (user + item) % 2 == 0 else 1)
        for user in range(120)
        for item in rng.permutation(24)[:8].tolist()
    ]
    user, item, rating = zip(*rated, strict=True)
    data = Dataset(
        items={"item": list(range(24)), "title": [f"thing {item}" for item in range(24)]},
        interactions={"user": list(user), "item": list(item), "rating": list(rating)},
        users={"user": list(range(120)), "side": ["left" if user % 2 else "right" for user in range(120)]},
        liked_at=4,
    )
    found = fewrec.evaluate(data, seeds=1, k_shot=0, fewrec=Recommender("hashed"), progress=False)
    mean = {row["system"]: row["mean"] for row in found.cells if row["metric"] == "auc"}
    assert list(mean)[-2:] == ["fewrec", "fewrec-attributes"]
    assert mean["fewrec-attributes"] > mean["fewrec"] + 0.1


def test_many_are_scored_at_once_where_a_system_can(world):
    class Many(Likes):
        def score(self, support):
            raise AssertionError("one by one")

        def score_many(self, supports):
            return np.tile(self.likes, (len(supports), 1))

    found = fewrec.evaluate(world, {"many": Many()}, guard=False, **QUICK)
    assert "many" in {row["system"] for row in found.cells}


def test_fewrec_is_asked_for_people_it_knows_by_name(world):
    asked = []

    class Spy(Recommender):
        def score(self, support=None, items=None, **more):
            asked.append(more.get("user"))
            return super().score(support, items, **more)

    spy = Spy("hashed", tune=False)
    found = fewrec.evaluate(world, ["fewrec"], task="cold-items", fewrec=spy, seeds=1, progress=False)
    assert set(asked) == {row["user"] for row in found.rows}


def test_in_the_mirrored_world_the_bestseller_is_called_like_the_least_sold():
    from fewrec.evaluate.guard import mirrored

    data = Dataset(
        items={"item": [1, 2, 3], "title": ["much", "some", "little"]},
        interactions={"user": ["a", "b", "c", "a", "b", "a"], "item": [1, 1, 1, 2, 2, 3]},
    ).sorted()
    other = mirrored(data, data)
    assert dict(zip(other.items.ids, other.titles, strict=True)) == {1: "little", 2: "some", 3: "much"}
    assert other.history("c") == {3: 1.0}


class Hoarder(Likes):
    """Keeps what earlier fits saw, test users of other splits among it."""

    seen = 0

    def fit(self, data):
        super().fit(data)
        self.seen += len(data.interactions)
        self.likes = self.likes * (1 if self.seen == len(data.interactions) else np.nan)


def maker():
    return Hoarder()


@pytest.mark.parametrize("system", [Hoarder(), Hoarder, maker, lambda: Hoarder()])
def test_what_an_earlier_fit_saw_does_not_stay(world, system):
    found = fewrec.evaluate(world, {"mine": system}, seeds=3, k_shot=3, progress=False)
    marks = {
        name: [row["value"] for row in found.rows if row["system"] == name and row["metric"] == "mrr"]
        for name in ("mine", "popularity")
    }
    assert marks["mine"] == marks["popularity"]


def test_a_system_that_cannot_be_copied_is_told_of(world):
    class Locked(Likes):
        def __init__(self):
            import threading

            self.lock = threading.Lock()

    with pytest.raises(
        ConfigError, match=r"it cannot be copied: TypeError: cannot pickle '_thread.lock' object"
    ) as caught:
        fewrec.evaluate(world, {"locked": Locked()}, **QUICK)
    assert "Give a class, or a function that makes one" in caught.value.hint
    assert "locked" in {row["system"] for row in fewrec.evaluate(world, {"locked": Locked}, **QUICK).cells}


def test_a_class_without_the_methods_is_refused(world):
    with pytest.raises(ConfigError, match="a type has no method fit"):
        fewrec.evaluate(world, {"nothing": int}, **QUICK)


class Tells(Likes):
    """Says what it tuned."""

    def __init__(self, tuning):
        self.tuning = tuning


def test_tuning_may_hold_numbers_of_numpy_and_cannot_move_a_row(world):
    said = {"seed": 77, "searched": np.array([1, 3]), "chosen": np.float64(3)}
    found = fewrec.evaluate(world, {"mine": Tells(said)}, **QUICK)
    assert found.tuning == [
        {"system": "mine", "train_users": "all", "seed": 0, "searched": [1, 3], "chosen": 3.0}
    ]
    assert '"chosen": 3.0' in found.to_json()


def test_every_tuned_system_tells_its_budget_and_its_choice(world):
    found = fewrec.evaluate(
        world, ["user-knn", "ease", "fewrec", "fewrec-attributes"], fewrec=Recommender("hashed"), **QUICK
    )
    told = {row["system"]: row for row in found.tuning}
    # Forty people train: five folds, all of them tried. fewrec: six fits of 8 starts and 26 steps, 21 degrees of trust.
    assert {name: (row["settings"], row["users"]) for name, row in told.items()} == {
        "user-knn": (6, 40), "ease": (7, 40), "fewrec": (225, 40), "fewrec-attributes": (225, 40),
    }  # fmt: skip
    assert set(told["fewrec"]["chosen"]["trust"]) == {"k = 1", "k = 10"}
    assert "popularity" in told["fewrec"]["chosen"]["weights at k = 4"]
    page = found.to_html()
    assert "<td>225</td><td>40</td>" in page
    assert "settings tried" in page
    assert "{&#x27;" not in page  # no Python in a page for people


def test_what_is_not_tuned_tells_nothing(world):
    found = fewrec.evaluate(world, ["fewrec"], fewrec=Recommender("hashed", tune=False), **QUICK)
    assert found.tuning == []


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("ridge 3", "a str is no dict"),
        ({"chosen": object()}, "a object is no number, text or list"),
        ({"chosen": float("nan")}, "its tuning cannot be kept"),
    ],
)
def test_tuning_that_cannot_be_kept_is_refused_after_the_first_fit(world, said, message):
    with pytest.raises(DataError, match=message) as caught:
        fewrec.evaluate(world, {"mine": Tells(said)}, **QUICK)
    assert caught.value.where == "systems['mine']"
    assert caught.value.hint
