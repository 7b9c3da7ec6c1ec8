"""Tuning a rater: tasks by hand, a planted taste is learned, chance is not, what is written can be read."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.adapt import instruct
from fewrec.adapt.instruct import _Asking, tune_rater
from fewrec.cli import main
from fewrec.errors import ConfigError, DataError, EncoderError, StoreError
from fewrec.llm import LocalModel, Rater, files, named_rater, template
from fewrec.llm.prompts import parsed
from fewrec.text.augment import generator

# peft asks Transformers for a name that it is about to drop.
pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning"),
]
needs_torch = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("torch", "transformers", "peft", "tokenizers"))),
    reason="torch, transformers and peft are not installed (extra train)",
)
COLOURS = ("red", "blue")
THINGS = ("lamp", "rug", "vase", "chair", "table", "bowl", "clock", "sofa")


def shop(n_users: int = 40, seed: int = 0, labels: str = "red") -> Dataset:
    """Everybody likes what is red, or, with labels "chance", what a coin says."""
    rng = np.random.default_rng(seed)
    titles = [f"{colour} {thing}" for colour in COLOURS for thing in THINGS]
    rows = []
    for user in range(n_users):
        for item, title in enumerate(titles):
            if rng.random() < 0.6:
                liked = "red" in title if labels == "red" else rng.random() < 0.5
                rows.append({"user": f"u{user}", "item": item, "rating": 5 if liked else 1})
    return Dataset([{"item": item, "title": title} for item, title in enumerate(titles)], rows, liked_at=4)


def tiny(seed: int = 0) -> LocalModel:
    """A random Llama of one layer, and a tokenizer of the words of these tests."""
    import torch
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    known = ["[UNK]", "</s>", "Yes", "No", "item", "/", "<", ">", "liked", "did", "not", "person", "Answer", ":",
             "Will", "?", *COLOURS, *THINGS]  # fmt: skip
    inner = Tokenizer(models.WordLevel({word: at for at, word in enumerate(known)}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex(r"\w+|[^\w\s]"), "removed", invert=True)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="</s>", unk_token="[UNK]")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=len(known), hidden_size=32, intermediate_size=48, num_hidden_layers=1,
                num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=512,
                initializer_range=0.1, bos_token_id=None, eos_token_id=1,
            )
        )  # fmt: skip
    return LocalModel.of(model, tokenizer, f"tiny@{seed}")


# Few words, so that a model of one layer can learn from few tasks.
SHORT = parsed(
    """
[rate]
system = "Rate"
example = "$item $verdict"
taste = "$taste"
question = "$item"
liked = "liked"
disliked = "not"
words = ["Yes", "No"]
values = [1, 0]
[write]
system = "Write"
item = "$item"
user = "$examples"
""",
    "short",
)
FAST = {
    "language": SHORT,
    "learning_rate": 0.01,
    "batch_size": 16,
    "epochs": 5,
    "pairs_per_user": 4,
    "rank": 16,
}


def test_tasks_show_others_and_ask_about_one():
    asking = _Asking(shop(), template("en"), 80)
    for user in asking.users()[:10].tolist():
        tasks = asking.of(user, 2, generator(0, user))
        for one, other in zip(tasks[0::2], tasks[1::2], strict=True):  # what is shown betrays nothing
            assert one.prompt.user.splitlines()[:-1] == other.prompt.user.splitlines()[:-1]
        assert [task.liked for task in tasks] == [True, False, True, False]
        for task in tasks:
            *shown, asked = task.prompt.user.splitlines()
            told = asked.partition("</item>")[0]
            assert 1 <= len(shown) <= 10
            assert all(not line.startswith(told + "</item>") for line in shown)  # never the answer itself
            assert ("red" in told) == task.liked
            assert all(("red" in line) == ("did not" not in line) for line in shown)


def test_users_without_dislikes_are_asked_about_what_they_never_met():
    data = Dataset({"item": [0, 1, 2, 3, 4], "title": list("abcde")},
                   [{"user": "u", "item": item} for item in (0, 1, 2)])  # fmt: skip
    asking = _Asking(data, template("en"), 80)
    assert asking.users().tolist() == [0]
    asked = [task.prompt.user.splitlines()[-1] for task in asking.of(0, 4, generator(0))]
    assert {line[6] for line in asked[1::2]} <= {"d", "e"}


@needs_torch
def test_a_planted_taste_is_learned_and_written(tmp_path):
    import torch

    model = tiny()
    weights = {name: one.clone() for name, one in model.parts()[0].state_dict().items()}
    begin = torch.random.get_rng_state()
    found = tune_rater(shop(), model, tmp_path / "tuned", **FAST)
    assert found.verdict == "tuned"
    assert found.after > 0.9
    assert "tuned: pairs told apart" in str(found)
    assert torch.equal(torch.random.get_rng_state(), begin)
    after = model.parts()[0].state_dict()  # the model that was given is as it was
    assert set(after) == set(weights)
    assert all(torch.equal(after[name], one) for name, one in weights.items())
    again = LocalModel(tmp_path / "tuned", device="cpu")
    assert [path.name for path in tmp_path.iterdir()] == ["tuned"]
    scores = Rater(again, language=SHORT, cache=None, seconds=60).scores([("red rug", True), ("blue vase", False)],
                                                         ["red lamp", "blue lamp"])  # fmt: skip
    assert scores[0] > scores[1]
    about = json.loads((tmp_path / "tuned" / "tuned.json").read_text())
    assert about["trained_on"] == list(found.trained_on)
    assert about["language"] == "short"
    named = named_rater(tmp_path / "tuned", language=SHORT)  # its own language has no prompts that come along
    assert named.trained_on == frozenset(found.trained_on)
    assert named.model.id == again.id
    with pytest.raises(ConfigError, match="there are no prompts in 'short'"):
        Recommender(rater=tmp_path / "tuned")
    assert len(found.trained_on) + found.test_users == 40
    with pytest.raises(StoreError, match="this folder is there already"):
        tune_rater(shop(), model, tmp_path / "tuned")


@needs_torch
@pytest.mark.slow
def test_labels_of_chance_keep_the_model_frozen(tmp_path):
    kept = 0
    for seed in range(20):
        found = tune_rater(shop(seed=seed, labels="chance"), tiny(seed), tmp_path / f"t{seed}", seed=seed,
                           **{**FAST, "epochs": 2})  # fmt: skip
        kept += found.verdict == "kept frozen"
        assert (tmp_path / f"t{seed}").exists() == (found.verdict == "tuned")
    assert kept >= 19


@needs_torch
def test_the_same_seed_gives_the_same_model(tmp_path):
    runs = [
        tune_rater(shop(), tiny(), tmp_path / name, seed=3, **{**FAST, "epochs": 1}) for name in ("a", "b")
    ]
    assert runs[0].epochs == runs[1].epochs
    assert runs[0].after == runs[1].after


@needs_torch
def test_patience_counts_epochs_that_were_no_better(tmp_path, monkeypatch):
    """Best at the second; two more that are no better, and it ends."""
    held = iter([0.7, 0.5, 0.5, 0.6, 0.1])
    monkeypatch.setattr(instruct.Learner, "loss", lambda self, tasks: next(held))
    found = tune_rater(shop(), tiny(), tmp_path / "x", **{**FAST, "patience": 2})
    assert [row[1] for row in found.epochs] == [0.7, 0.5, 0.5, 0.6]


class Killed(Exception):
    pass


@needs_torch
@pytest.mark.parametrize("after", [1, 3])
def test_an_interrupted_run_ends_as_an_unbroken_one(tmp_path, monkeypatch, after):
    whole = tune_rater(shop(), tiny(), tmp_path / "whole", **FAST)
    assert len(whole.epochs) > 3
    lines, model, beside = [], tiny(), tmp_path / ".tuning"

    def say(line):
        lines.append(line)
        if len(lines) == after:
            raise Killed

    with pytest.raises(Killed):
        tune_rater(shop(), model, tmp_path / "again", checkpoint=beside, say=say, **FAST)
    assert not (tmp_path / "again").exists()
    trained, epoch = [], instruct.Learner.epoch
    monkeypatch.setattr(
        instruct.Learner, "epoch", lambda self, *both: (trained.append(1), epoch(self, *both))[1]
    )
    told = []  # the same model: an interruption leaves no LoRA on it
    again = tune_rater(shop(), model, tmp_path / "again", checkpoint=beside, say=told.append, **FAST)
    # The line of an epoch comes before its state is kept.
    assert len(trained) == len(whole.epochs) - (after - 1)
    assert told[:after] == lines
    assert replace(again, folder=None) == replace(whole, folder=None)
    weights = [
        LocalModel(tmp_path / name, device="cpu").parts()[0].state_dict() for name in ("whole", "again")
    ]
    assert all((weights[0][name] == one).all() for name, one in weights[1].items())
    assert not beside.exists()


@needs_torch
def test_other_settings_start_anew(tmp_path):
    def tuned(folder, **how):
        return tune_rater(
            shop(), tiny(), tmp_path / folder, checkpoint=tmp_path / ".tuning", **{**FAST, **how}
        )

    with pytest.raises(Killed):
        tuned("a", say=lambda line: (_ for _ in ()).throw(Killed), epochs=2)
    fresh = tune_rater(shop(), tiny(), tmp_path / "b", **{**FAST, "epochs": 1})
    assert tuned("c", epochs=1).epochs == fresh.epochs


@needs_torch
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"rank": 0}, "rank must be at least 1"),
        ({"learning_rate": 0}, "learning_rate must be above 0"),
        ({"language": "fr"}, "there are no prompts in 'fr'"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, arguments, message):
    with pytest.raises(ConfigError, match=message):
        tune_rater(shop(), tiny(), tmp_path / "x", **arguments)


@needs_torch
def test_too_few_users_are_told(tmp_path):
    with pytest.raises(DataError, match="5 users have three interactions"):
        tune_rater(shop(n_users=5), tiny(), tmp_path / "x")


def test_what_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "find_spec", lambda name: None)
    with pytest.raises(EncoderError, match="needs torch, transformers, peft"):
        tune_rater(shop(), None, tmp_path / "x")


def saved(folder, seed: int = 0) -> Path:
    """The tiny model in a folder, as a command line can name it."""
    model, tokenizer = tiny(seed).parts()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tables(data: Dataset, folder: Path) -> list[str]:
    """The data set as two files, and the flags that name them."""
    pairs = data.interactions
    rows = zip(pairs.user_index.tolist(), pairs.item_index.tolist(), pairs.value.tolist(), strict=True)
    lines = [f"{data.users.ids[user]},{data.items.ids[item]},{value:g}" for user, item, value in rows]
    titles = [f"{item},{title}" for item, title in zip(data.items.ids, data.titles, strict=True)]
    (folder / "items.csv").write_text("\n".join(["item,title", *titles]), encoding="utf-8")
    (folder / "ratings.csv").write_text("\n".join(["user,item,rating", *lines]), encoding="utf-8")
    return [f"--items={folder / 'items.csv'}", f"--interactions={folder / 'ratings.csv'}", "--liked-at=4"]


@needs_torch
@pytest.mark.parametrize("labels", ["red", "chance"])
def test_the_command_gives_a_folder_in_any_case(tmp_path, capsys, monkeypatch, labels):
    monkeypatch.setenv("FEWREC_CACHE", str(tmp_path / "cache"))
    # Few words, see above; the model of one layer learns nothing from whole sentences.
    monkeypatch.setattr(instruct, "template", lambda language: replace(SHORT, language=language))
    base, out = saved(tmp_path / "base"), tmp_path / "rater"
    flags = tables(shop(labels=labels), tmp_path)
    how = ["--epochs=12", "--learning-rate=0.01", "--rank=16"] if labels == "red" else ["--epochs=1"]
    line = ["adapt", "instruct", *flags, f"--language-model={base}", f"--out={out}", *how, "--json"]
    assert main(line) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["folder"] == str(out)
    assert told["verdict"] == ("tuned" if labels == "red" else "kept frozen")
    assert {"before", "after", "error", "test_users"} <= set(told)  # beside the frozen one
    assert told["epochs"][0]["epoch"] == 1
    assert "epoch 1: loss" in printed.err
    rater = named_rater(out)
    assert rater.template.language == "en"
    assert rater.trained_on == (frozenset(told["trained_on"]) if labels == "red" else frozenset())
    assert (rater.model.id == LocalModel(base).id) == (labels == "chance")
    if labels == "chance":
        (out / "tuned.json").write_text(json.dumps({"base": str(tmp_path / "gone")}))
        with pytest.raises(
            StoreError, match=r"stands for the language model .*gone', which is not there any more"
        ):
            named_rater(out)
        (out / "tuned.json").write_text("[]")
        with pytest.raises(StoreError, match="no record of a tuning"):
            named_rater(out)
        (out / "tuned.json").write_text("{")
        with pytest.raises(StoreError, match="cannot be read"):
            named_rater(out)


@needs_torch
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--epochs=0"], "epochs must be at least 1"),
        (["--language=fr"], "there are no prompts in 'fr'"),
        (["--language-model=openai:gpt"], "the weights of 'openai:gpt' cannot be tuned"),
        (["--language-model=nowhere"], "--language-model: there is no language model 'nowhere'"),
        (["--out=."], "--out: '.' is no name of a folder"),
    ],
)
def test_the_command_refuses_before_any_data_is_read(tmp_path, capsys, monkeypatch, flags, message):
    monkeypatch.setenv("FEWREC_OPENAI_API_KEY", "none")
    base = saved(tmp_path / "base")
    line = ["adapt", "instruct", "--items=none.csv", "--interactions=none.csv", f"--language-model={base}"]
    assert main([*line, f"--out={tmp_path / 'out'}", *flags]) == 4
    said = capsys.readouterr().err
    assert message in said
    assert "none.csv" not in said
