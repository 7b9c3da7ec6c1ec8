"""A rater beside the model: absent it changes nothing, with weight it moves the top, without answers it is left out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.errors import ConfigError, EncoderError, FewrecWarning, StoreError
from fewrec.evaluate import evaluate
from fewrec.llm import Rater

N_ITEMS, N_USERS = 60, 40


class Planted:
    """Says Yes to candidates that share a hidden letter with the first liked example; no text of items shows it to
    other signals, for letters stand in a code that the model alone can read."""

    batch_size = 20

    def __init__(self, knows: bool = True, id: str = "planted@1") -> None:
        self.id, self.knows, self.asked, self.now, self.broken, self.cost = id, knows, 0, 0.0, "", 0.0

    def clock(self) -> float:
        return self.now

    def likelihoods(self, prompts, words, seconds=None):
        if self.broken:
            raise EncoderError(self.broken, where=self.id)
        self.asked += len(prompts)
        self.now += self.cost
        return np.array([self._row(prompt.user) for prompt in prompts], dtype=np.float32)

    def _row(self, user):
        shown = [line for line in user.splitlines()[:-1] if "did not" not in line]
        same = bool(shown) and kind_of(shown[0]) == kind_of(user.splitlines()[-1])
        yes = 0.9 if same and self.knows else 0.2
        return [math.log(yes), math.log(1 - yes)]

    def write(self, prompt, tokens):
        return ""


def kind_of(line: str) -> int:
    """The sum of the digits of the number in a title, modulo 4: words see other words, nothing alike."""
    number = line.partition("<item>")[2].partition("</item>")[0]
    return sum(int(letter) for letter in number if letter.isdigit()) % 4


def world(seed: int = 0) -> Dataset:
    """Users like one of four kinds; everyone meets other items of it, so that habits alone know little."""
    rng = np.random.default_rng(seed)
    titles = [f"x{int(rng.integers(10**6)):06d}" for _ in range(N_ITEMS)]
    kinds = [sum(map(int, title[1:])) % 4 for title in titles]
    rows = [
        {
            "user": f"u{user}",
            "item": f"i{item}",
            "rating": 5 if kinds[item] == user % 4 else int(rng.integers(1, 3)),
        }
        for user in range(N_USERS)
        for item in range(N_ITEMS)
        if rng.random() < 0.35
    ]
    return Dataset([{"item": f"i{at}", "title": title} for at, title in enumerate(titles)], rows)


SIGNALS = ["popularity", "text"]  # nothing that reads habits: what the rater knows, no one else does


def fitted(model: Planted, **settings) -> Recommender:
    rater = Rater(model, cache=None, clock=model.clock, learning_users=40, **settings)
    return Recommender("hashed", SIGNALS, cache=None, rater=rater).fit(world(), progress=False)


@pytest.fixture(scope="module")
def knowing() -> Recommender:
    return fitted(Planted())


def lists(model: Recommender) -> list:
    return [model.recommend(support={"i3": 5}, n=10), model.recommend(user="u1", n=10)]


def test_a_rater_that_knows_earns_weight_and_orders_the_top(knowing):
    assert knowing.rater_report.weight > 0
    assert "earned the weight" in str(knowing.rater_report)
    plain = Recommender("hashed", SIGNALS, cache=None).fit(world(), progress=False)
    titles = dict(zip(knowing.data.items.ids, knowing.data.titles, strict=True))
    kind = kind_of(f"<item>{titles['i3']}</item>")

    def alike(model):
        rows = model.recommend(support={"i3": 5}, n=5)
        return sum(kind_of(f"<item>{row.title}</item>") == kind for row in rows)

    assert alike(knowing) >= alike(plain) + 2


def test_reasons_name_the_rater_and_add_up(knowing):
    for answer in lists(knowing):
        for row in answer:
            assert sum(reason.contribution for reason in row.reasons) == pytest.approx(row.score, abs=1e-4)
        told = [reason for row in answer for reason in row.reasons if reason.kind == "rater"]
        assert told
        assert all(reason.what.startswith("a language model's rating: ") for reason in told)
        assert [row.score for row in answer] == sorted((row.score for row in answer), reverse=True)


def test_only_the_top_is_asked_about(knowing):
    planted = knowing.rater.model
    before = planted.asked
    knowing.recommend(support={"i3": 5}, n=5)
    assert planted.asked - before == 20
    before = planted.asked
    knowing.score(support={"i3": 5})
    assert planted.asked - before == 20
    before = planted.asked
    knowing.recommend(taste="x1", n=5)  # a weight earned on interactions says nothing about sentences
    knowing.score(taste="x1")
    knowing.predict(users=["u1"])
    knowing.audience("i3")
    assert planted.asked == before


def test_scores_are_those_of_the_list(knowing):
    ids = knowing.data.items.ids
    for who in ({"support": {"i3": 5}}, {"user": "u1"}, {"support": {"i3": 5}, "taste": "zzz"}):
        listed = knowing.recommend(**who, n=40)
        scores = dict(zip(ids, knowing.score(**who).tolist(), strict=True))
        assert [row.score for row in listed] == [scores[row.item] for row in listed]
    one, two = {"i3": 5}, {"i7": 5, "i9": 1}
    many = knowing.score_many([one, two])
    assert np.allclose(
        many, np.stack([knowing.score(one), knowing.score(two)]), rtol=1e-5
    )  # sums of other sizes
    # The top is that of the whole list, whatever items are asked for.
    assert (
        knowing.score(one, items=["i5", "i1"]) == knowing.score(one)[[ids.index("i5"), ids.index("i1")]]
    ).all()
    plain = Recommender("hashed", SIGNALS, cache=None).fit(world(), progress=False)
    moved = knowing.score(one) != plain.score(one)
    assert 0 < moved.sum() <= 20
    assert sorted(knowing.score(one)) == sorted(plain.score(one))  # exchanged among the twenty


def test_what_goes_without_the_rater_says_so(knowing):
    told = "The language model has no say in this: it rates the top of one visitor's list."
    found = knowing.predict(users=["u1"], items=["i1"])
    assert found.warnings == (told,)
    assert found.to_dict()["warnings"] == [told]
    assert str(found).splitlines()[-1] == told
    assert knowing.audience("i3").sure.endswith(f". {told}")
    plain = fitted(Planted(knows=False))
    assert plain.predict(users=["u1"], items=["i1"]).warnings == ()
    assert told not in plain.audience("i3").sure


def test_scores_without_an_answer_warn(knowing):
    model = knowing.rater.model
    plain = Recommender("hashed", SIGNALS, cache=None).fit(world(), progress=False)
    model.cost = 99.0
    try:
        with pytest.warns(
            FewrecWarning, match="these scores are without the language model's say: no answer in 10"
        ):
            scores = knowing.score({"i3": 5})
    finally:
        model.cost = 0.0
    assert (scores == plain.score({"i3": 5})).all()


def test_an_evaluation_asks_the_rater():
    """A rater that knows what no signal does makes the lists better, and an evaluation sees it."""
    plain = Recommender("hashed", SIGNALS, cache=None)
    planted = Planted()
    rated = Recommender("hashed", SIGNALS, cache=None, rater=Rater(planted, cache=None, clock=planted.clock))
    systems = {"plain": plain, "rated": rated}
    found = evaluate(world(), systems, k_shot=3, seeds=1, test_users=10, progress=False)
    mean = {row["system"]: row["mean"] for row in found.cells if row["metric"] == "ndcg@10"}
    assert mean["rated"] > mean["plain"] + 0.05


def test_a_rater_that_knows_nothing_changes_nothing():
    plain = Recommender("hashed", SIGNALS, cache=None).fit(world(), progress=False)
    unaware = Planted(knows=False)
    with_it = fitted(unaware)
    assert with_it.rater_report.weight == 0
    assert "earned no weight, and is not asked" in str(with_it.rater_report)
    before = unaware.asked
    assert [answer.to_dict() for answer in lists(with_it)] == [answer.to_dict() for answer in lists(plain)]
    assert unaware.asked == before
    assert plain.rater_report is None


def test_an_answer_that_comes_too_late_is_left_out(knowing):
    model = knowing.rater.model
    plain = Recommender("hashed", SIGNALS, cache=None).fit(world(), progress=False)
    model.cost = 99.0
    try:
        answer = knowing.recommend(support={"i3": 5}, n=5)
    finally:
        model.cost = 0.0
    assert any(
        "without the language model's say: no answer in 10 seconds" in note for note in answer.warnings
    )
    assert [row.score for row in answer] == [row.score for row in plain.recommend(support={"i3": 5}, n=5)]


def test_a_model_that_fails_is_left_out_and_named(knowing):
    model = knowing.rater.model
    model.broken = "the service is gone."
    try:
        answer = knowing.recommend(support={"i3": 5}, n=5)
    finally:
        model.broken = ""
    assert len(answer) == 5
    assert any("say: planted@1: the service is gone" in note for note in answer.warnings)


def test_a_model_that_fails_stops_the_fit():
    broken = Planted()
    broken.broken = "no such file."
    with pytest.raises(EncoderError, match="planted@1: no such file"):
        fitted(broken)


def test_the_fit_keeps_to_its_time():
    slow = Planted()
    slow.cost = 5.0
    model = fitted(slow, learning_seconds=30.0)
    assert model.rater_report.stopped
    assert model.rater_report.seconds <= 30
    assert model.rater_report.weight == 0  # six users prove nothing


def test_users_that_the_model_was_tuned_on_prove_nothing():
    found = fitted(Planted(), trained_on=[f"u{user}" for user in range(5, N_USERS)]).rater_report
    assert 0 < found.users <= 5
    assert found.weight == 0


def test_saving_and_loading(knowing, tmp_path):
    folder = knowing.save(tmp_path / "model")
    again = Recommender.load(folder, rater=knowing.rater, cache=None)
    assert [a.to_dict() for a in lists(again)] == [a.to_dict() for a in lists(knowing)]
    assert again.rater_report == knowing.rater_report
    without = Recommender.load(folder, rater=False, cache=None)
    plain = Recommender("hashed", SIGNALS, cache=None).fit(world(), progress=False)
    assert [a.to_dict() for a in lists(without)] == [a.to_dict() for a in lists(plain)]
    with pytest.raises(StoreError, match=r"had a say of rater:planted@1:Yes\|No, which is not in the folder"):
        Recommender.load(folder, cache=None)
    with pytest.raises(StoreError, match="the rater is rater:other@1"):
        Recommender.load(folder, rater=Rater(Planted(id="other@1"), cache=None), cache=None)
    with pytest.raises(StoreError, match="the weight was learned with none"):
        Recommender.load(plain.save(tmp_path / "plain"), rater=knowing.rater, cache=None)


def test_an_item_that_came_later_is_read_too(knowing):
    model = fitted(Planted())
    model.update(items=[{"item": "new", "title": "x100000"}])
    assert model.recommend(support={"i3": 5}, n=40).warnings == ()


def test_no_rater_is_refused():
    with pytest.raises(
        ConfigError, match=r"rater: there is no language model 'gpt'\.\sGive a folder, a \.gguf file"
    ):
        Recommender(rater="gpt")
    with pytest.raises(ConfigError, match="rater: 7 is no rater"):
        Recommender(rater=7)
