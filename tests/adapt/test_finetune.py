"""`finetune` on a planted world: it finds what is there, and leaves alone what is not."""

from __future__ import annotations

import html
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.adapt import finetune
from fewrec.adapt.delta import DeltaSettings
from fewrec.adapt.deltatuner import DeltaTuner
from fewrec.adapt.losses import LOSSES
from fewrec.adapt.world import World
from fewrec.cli import main
from fewrec.cli.finetune import LOSSES as FLAGS
from fewrec.encode import resolve
from fewrec.errors import ConfigError, DataError, EncoderError, StoreError


@pytest.mark.parametrize("loss", ["ridge", "mse", "softmax"])
def test_what_is_planted_is_found(shop, noisy, loss):
    lines = []
    found = finetune(shop(), noisy, loss=loss, cache=None, progress=False, say=lines.append)
    assert found.verdict == "tuned"
    assert found.test.difference > 2.5 * found.test.error > 0
    assert found.strangers.difference > -2 * found.strangers.error
    assert f"for new people {found.strangers.tuned:.4f} tuned" in lines[-1]
    # One line for the frozen encoder, one for each epoch, one for the test.
    assert len(lines) == len(found.epochs) + 2
    assert lines[0].startswith("epoch 0: frozen, validation loss ")
    assert all(", validation NDCG@10 0." in line for line in lines[:-1])
    for epoch, line in zip(found.epochs, lines[1:], strict=False):
        assert f"loss {epoch.loss:.4f}" in line
        assert f", validation loss {epoch.validation_loss:.4f}, " in line
    assert lines[-1].startswith("test: tuned: NDCG@10 of new items 0.")
    best = max(found.epochs, key=lambda epoch: epoch.validation)
    assert found.best_epoch == best.epoch


def test_shuffled_likes_leave_it_frozen(shop, noisy):
    found = finetune(shop(shuffled=True), noisy, cache=None, progress=False)
    assert found.verdict == "kept frozen"
    assert found.strangers is None  # new items had decided
    assert found.encoder.id == "noisy@1"
    assert (found.encoder.encode(["thing0 7007"]) == resolve(noisy).encode(["thing0 7007"])).all()


@pytest.mark.slow
def test_shuffled_likes_leave_it_frozen_in_19_of_20_seeds(shop, noisy):
    verdicts = [
        finetune(shop(shuffled=True, seed=seed), noisy, seed=seed, cache=None, progress=False).verdict
        for seed in range(20)
    ]
    assert verdicts.count("kept frozen") >= 19


def test_a_text_that_was_never_seen_is_corrected_too(shop, noisy):
    found = finetune(shop(), noisy, cache=None, progress=False)
    new = [f"thing0 7{item:03d}" for item in range(200)]  # other words, so that no row can have been stored
    frozen, tuned = resolve(noisy).encode(new), found.encoder.encode(new)
    # The planted four columns grow against the noise.
    assert share(tuned) > 1.1 * share(frozen)


def share(vectors: np.ndarray) -> float:
    """Of the variance, that of the four columns that mean something."""
    variance = vectors.var(axis=0)
    return float(variance[:4].sum() / variance.sum())


def test_the_same_seed_gives_the_same_encoder(shop, noisy):
    first, second = (finetune(shop(), noisy, seed=3, epochs=2, cache=None, progress=False) for _ in range(2))
    assert first.encoder.id == second.encoder.id
    assert [epoch.loss for epoch in first.epochs] == [epoch.loss for epoch in second.epochs]


def test_the_folder_serves_everywhere(shop, noisy, tmp_path):
    found = finetune(shop(), noisy, cache=None, progress=False)
    found.save(tmp_path / "encoder")
    loaded = resolve(str(tmp_path / "encoder"))
    assert loaded.id == found.encoder.id != "noisy@1"
    assert (loaded.encode(["thing1 7001"]) == found.encoder.encode(["thing1 7001"])).all()
    model = Recommender(encoder=str(tmp_path / "encoder"), cache=None).fit(shop(), progress=False)
    assert len(model.recommend(support=[3], n=5)) == 5
    model.save(tmp_path / "model")
    again = Recommender.load(tmp_path / "model", cache=None)
    assert (again.score(support=[3]) == model.score(support=[3])).all()


def test_a_frozen_folder_serves_the_base(shop, noisy, tmp_path):
    found = finetune(shop(shuffled=True), noisy, cache=None, progress=False)
    found.save(tmp_path / "encoder")
    loaded = resolve(tmp_path / "encoder")
    assert loaded.id == "noisy@1"  # so that vectors in the cache are its own
    assert (loaded.encode(["thing1 7001"]) == resolve(noisy).encode(["thing1 7001"])).all()


def test_serving_loads_no_torch(shop, noisy, tmp_path):
    finetune(shop(), "hashed", cache=None, progress=False, epochs=1).save(tmp_path / "encoder")
    code = (
        "import sys; sys.modules['torch'] = None\n"  # an import of it would fail
        "from fewrec import Dataset, Recommender\n"
        "data = Dataset(items={'item': [1, 2, 3], 'title': ['Alien', 'Aliens', 'Heat']})\n"
        f"model = Recommender(encoder={str(tmp_path / 'encoder')!r}, cache=None).fit(data, progress=False)\n"
        "print(model.recommend(support=['Alien'], n=1)[0].title)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "Aliens\n"


def test_another_base_is_refused(shop, noisy, tmp_path):
    found = finetune(shop(), noisy, cache=None, progress=False)
    found.save(tmp_path / "encoder")
    loaded = resolve(tmp_path / "encoder")
    loaded.base.id = "noisy@2"
    with pytest.raises(EncoderError, match="was tuned on noisy@1, but noisy@2 is here"):
        loaded.encode(["thing1 7001"])


def test_a_folder_of_something_else_is_refused(shop, tmp_path):
    Recommender("hashed", tune=False, cache=None).fit(shop(), progress=False).save(tmp_path / "model")
    with pytest.raises(EncoderError, match="holds 'Recommender', not an encoder"):
        resolve(tmp_path / "model")


def test_damage_is_told(shop, noisy, tmp_path):
    finetune(shop(), noisy, cache=None, progress=False).save(tmp_path / "encoder")
    data = bytearray((tmp_path / "encoder" / "arrays.npz").read_bytes())
    data[-200] ^= 1
    (tmp_path / "encoder" / "arrays.npz").write_bytes(data)
    with pytest.raises(StoreError):
        resolve(tmp_path / "encoder")


def test_an_object_cannot_be_named_by_a_folder(shop, noisy, tmp_path):
    found = finetune(shop(shuffled=True), resolve(noisy), cache=None, progress=False, epochs=1)
    with pytest.raises(ConfigError, match="an object, which a folder cannot name"):
        found.save(tmp_path / "encoder")


def test_too_little_to_tune_on_is_said(noisy):
    data = Dataset(
        items={"item": [1, 2], "title": ["thing0 7001", "thing0 7002"]},
        interactions={"user": [1, 1], "item": [1, 2]},
    )
    with pytest.raises(DataError, match="2 liked items and 1 people with two likes"):
        finetune(data, noisy, cache=None, progress=False)


def test_the_verdict_rests_on_three_disjoint_parts(shop, noisy, monkeypatch):
    """And on none of the items by which the number of epochs was chosen."""
    from fewrec.adapt import run, world

    hidden, parts = [], []
    marks, of = run.new_item_ndcg, world.World.of.__func__

    def watched(training, items, users, seed):
        hidden.append(set(items.tolist()))
        return marks(training, items, users, seed)

    def kept(cls, *arguments):
        parts.append(of(cls, *arguments))
        return parts[-1]

    monkeypatch.setattr(run, "new_item_ndcg", watched)
    monkeypatch.setattr(world.World, "of", classmethod(kept))
    assert finetune(shop(), noisy, cache=None, progress=False).verdict == "tuned"
    assert len(hidden) == 6  # three parts, frozen and tuned
    assert hidden[0::2] == hidden[1::2]
    assert len(set.union(*hidden)) == sum(len(part) for part in hidden[0::2])
    assert not set.union(*hidden) & set(parts[0].validation.tolist())


def test_new_people_are_cut_out_whole_and_shown_some_items(shop, noisy, monkeypatch):
    """Likes of others alone train the model; what is shown is neither ranked nor wanted; and better vectors mark
    higher."""
    from fewrec.adapt import trial
    from fewrec.adapt.world import World

    training = World.of(shop().sorted(), resolve(noisy), 0, None, lambda *told: None).training
    people, seen, marked = np.array([3, 50, 51, 119]), [], []
    fit, ndcg = trial.Ranker.fit.__func__, trial.ndcg

    def watched(cls, known, *rest):
        seen.append(known)
        return fit(cls, known, *rest)

    monkeypatch.setattr(trial.Ranker, "fit", classmethod(watched))
    monkeypatch.setattr(trial, "ndcg", lambda *both: (marked.append(both), ndcg(*both))[1])
    marks = trial.new_user_ndcg(training, people, 0)
    rest = np.setdiff1d(np.arange(120), people)
    assert (seen[0].liked != training.liked[rest]).nnz == 0
    assert [len(wanted) for _, wanted in marked] == [4, 4, 4, 4]
    for k_shot, (scores, wanted) in zip((1, 3, 5, 10), marked, strict=True):
        assert np.isneginf(scores).sum(axis=1).tolist() == [k_shot] * 4
        assert wanted.sum(axis=1).tolist() == [12 - k_shot] * 4  # everybody likes 12
        assert not wanted[np.isneginf(scores)].any()
    assert marks.shape == (4,)
    assert ((marks >= 0) & (marks <= 1)).all()


def test_what_is_worse_for_new_people_is_not_kept(shop, noisy, monkeypatch):
    from fewrec.adapt import run

    calls = []

    def behind(training, people, seed):
        calls.append(people)
        return np.linspace(0.4, 0.6, len(people)) - 0.1 * (len(calls) == 2)  # the tuned one is marked second

    monkeypatch.setattr(run, "new_user_ndcg", behind)
    lines = []
    found = finetune(shop(), noisy, cache=None, progress=False, say=lines.append)
    assert found.verdict == "kept frozen"
    assert found.encoder.id == "noisy@1"
    assert found.test.ahead
    assert found.to_dict()["new_users"]["difference"] == pytest.approx(-0.1)
    assert found.to_dict()["new_users"]["users"] == len(calls[0]) == 120 // 5
    assert "for new people 0.4000 tuned, 0.5000 frozen (-0.1000" in lines[-1]
    assert lines[-1].endswith("new people may not lose 2 standard errors.")


def test_what_one_part_of_the_items_gains_alone_is_not_kept(shop, noisy, monkeypatch):
    from fewrec.adapt import run

    calls = []

    def part(training, items, users, seed):
        calls.append(items)
        tuned, gains = len(calls) % 2 == 0, {2: 0.5, 4: -0.02, 6: -0.02}
        return np.linspace(0.2, 0.4, len(users)) + (gains[len(calls)] if tuned else 0.0)

    monkeypatch.setattr(run, "new_item_ndcg", part)
    lines = []
    found = finetune(shop(), noisy, epochs=2, cache=None, progress=False, say=lines.append)
    assert found.test.parts == pytest.approx((0.5, -0.02, -0.02))
    assert found.test.certain
    assert not found.test.ahead
    assert found.verdict == "kept frozen"
    assert found.strangers is None
    assert found.to_dict()["test"]["parts"] == pytest.approx([0.5, -0.02, -0.02])
    assert lines[-1].endswith("but not in most parts of the items (+0.5000, -0.0200, -0.0200).")


@pytest.mark.parametrize("loss", ["ridge", "mse", "softmax", "contrastive"])
def test_the_validation_loss_falls_on_what_is_planted_alone(shop, noisy, loss):
    """It is that of people whom tuning does not see, so learning by heart does not lower it."""

    def fall(shuffled):
        world = World.of(shop(shuffled=shuffled).sorted(), resolve(noisy), 0, None, lambda *told: None)
        tuner = DeltaTuner(world.raw, world.training, world.people, loss, DeltaSettings(), 0)
        told = [tuner.apart(world.training, world.judges)]
        for at in range(4):
            tuner.epoch(np.random.default_rng(at))
            told.append(tuner.apart(world.training, world.judges))
        return told[0] - told[-1]

    assert fall(shuffled=False) > max(2 * fall(shuffled=True), 0)


def test_where_held_out_people_like_nothing_there_is_no_validation_loss(shop, noisy):
    """Nor where they like but one thing; where all like the same there is nothing to be told apart."""
    world = World.of(shop().sorted(), resolve(noisy), 0, None, lambda *told: None)
    rest = np.arange(world.training.n_items)
    first = world.training.liked[0].indices
    for kept, ridge in ((first[:0], np.nan), (first[:1], 0.0)):
        training = world.training.without_items(np.setdiff1d(rest, kept))
        people = np.array([0])
        for loss, wanted in (("ridge", ridge), ("mse", np.nan)):
            tuner = DeltaTuner(world.raw, world.training, None, loss, DeltaSettings(), 0)
            assert tuner.apart(training, people) == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"loss": "mes"}, "no loss 'mes'"),
        ({"mode": "half"}, "no mode 'half'"),
        ({"epochs": 0}, "epochs: 0 is too few; it is at least 1"),
    ],
)
def test_wrong_settings_are_named(shop, noisy, wrong, told):
    with pytest.raises(ConfigError, match=told):
        finetune(shop(), noisy, cache=None, progress=False, **wrong)


def test_texts_without_labels_are_those_that_are_not_hidden(shop, noisy):
    """An item that nobody has met may be read, one that is hidden for the verdict may not."""
    from fewrec.adapt.world import World

    world = World.of(shop().sorted(), resolve(noisy), 0, None, lambda *told: None)
    never = world.kept[:2]
    world = replace(world, training=world.training.without_items(never))  # two that nobody has met
    hidden = world.training.without_items(world.test)
    assert world.open_to(world.training).tolist() == list(range(200))
    assert set(world.open_to(hidden).tolist()) == set(range(200)) - set(world.test.tolist())


def test_ready_vectors_cannot_be_tuned(shop):
    from fewrec.encode import ReadyVectors

    with pytest.raises(ConfigError, match="ready vectors cannot be tuned"):
        finetune(shop(), ReadyVectors(list(range(200)), np.eye(200, 8) + 1), cache=None, progress=False)


def test_the_flags_name_every_loss():
    assert ("ridge", *LOSSES) == FLAGS


def test_the_command_line(shop, tmp_path, capsys):
    from fewrec.samples import path

    tables = [
        f"--items={path('restaurants') / 'items.csv'}",
        f"--interactions={path('restaurants') / 'ratings.csv'}",
    ]
    out = str(tmp_path / "encoder")
    code = main(
        [
            "adapt",
            "finetune",
            *tables,
            "--encoder=hashed",
            "--mode=delta",
            "--epochs=2",
            f"--out={out}",
            f"--report={tmp_path / 'report.html'}",
            "--json",
        ]
    )
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert code == 0
    assert told["verdict"] in ("tuned", "kept frozen")
    assert len(told["epochs"]) == 2
    marks = {"frozen", "tuned", "difference", "standard_error", "users"}
    assert marks == set(told["test"]) - {"parts"}
    assert len(told["test"].get("parts", [0, 0, 0])) == 3
    assert "epoch 1: loss" in printed.err
    assert {"epochs": 2, "patience": 4, "seed": 0, "rank": 64}.items() <= told["settings"].items()
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert told["why"][1:] in html.unescape(written)
    assert f"epoch 0: {told['frozen_validation']:.4f}" in written
    assert "Validation loss" in written
    assert f"epoch 2: {told['epochs'][1]['validation_loss']:.4f}" in written
    assert main(["recommend", *tables, f"--encoder={out}", "--like=Crudalia", "-n=2", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["recommendations"]) == 2


def test_texts_are_altered_for_training_alone(shop, noisy):
    """What validation marks before any training is the same; what is trained on is not."""
    asked = []

    def other_item(text, rng):
        asked.append(text)
        return f"thing0 7{rng.integers(0, 200):03d}"

    plain = finetune(shop(), noisy, epochs=2, cache=None, progress=False)
    wild = finetune(shop(), noisy, epochs=2, cache=None, progress=False, augment=[other_item] * 9)
    assert len(asked) == 9 * 200
    # Nine epochs of ten are trained on texts of other items: nothing is learned there.
    assert wild.epochs[-1].loss > plain.epochs[-1].loss
