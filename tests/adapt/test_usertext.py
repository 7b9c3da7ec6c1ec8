"""The user's tower as text: what it says, what it hides, and that it trains (needs what the extra `train` brings)."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.adapt import finetune
from fewrec.adapt.loading import tunable
from fewrec.adapt.losses import LOSSES, Batch
from fewrec.adapt.tasks import Tasks
from fewrec.adapt.transformer import TransformerSettings, TransformerTuner
from fewrec.adapt.usertext import loss_of_texts, user_texts
from fewrec.adapt.world import World
from fewrec.encode import resolve
from fewrec.errors import ConfigError
from fewrec.signals import TrainingData

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("sentence_transformers", reason="needs the extra train")

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]
GROUP_OF = {
    f"thing{item % 7} {7000 + item}": group
    for item, group in enumerate(np.random.default_rng(0).integers(0, 4, 200).tolist())
}  # as tests/adapt/conftest.py deals them out


def read_by(one):
    """All texts that ``one`` reads from now on."""
    read, unit = [], one._unit
    one._unit = lambda texts, move=None: (read.extend(texts), unit(texts, move))[1]
    return read


def test_the_tower_of_text_names_what_is_shown_and_trains(shop, tiny):
    base = resolve(tiny)
    world = World.of(shop().sorted(), base, 0, None, lambda *told: None)
    how = TransformerSettings(steps=8, items=32, learning_rate=1e-2, user="text")
    one = TransformerTuner(
        tunable(base), world.texts, world.raw, world.training, None, "full", "softmax", how, 0
    )
    read = read_by(one)
    first = one.epoch(np.random.default_rng(0))[0]
    said = {text for text in read if text.startswith("liked: ")}
    assert len(said) > 8
    titles = set(world.texts["title"])
    for text in said:
        named = text.removeprefix("liked: ").split("; ")
        assert set(named) <= titles
        assert len({GROUP_OF[title] for title in named}) == 1  # of one person, whose likes are of one group
    for _ in range(8):
        last = one.epoch(np.random.default_rng(0))[0]
    assert last < first - 0.05


def test_the_slope_at_both_towers():
    """Against finite differences."""
    rng = np.random.default_rng(0)
    wanted = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=bool)
    what = Batch(wanted, np.ones((3, 5), dtype=bool), wanted.astype(np.float32), np.zeros(5, np.float32))
    at = loss_of_texts(LOSSES["softmax"], what, 3.0, np.zeros(5, np.float32))
    unit, direction = rng.standard_normal((8, 4)), rng.standard_normal((8, 4))  # five items, three people
    slope = at(unit)[1]
    change = (at(unit + 1e-3 * direction)[0] - at(unit - 1e-3 * direction)[0]) / 2e-3
    assert float((slope * direction).sum()) == pytest.approx(change, rel=1e-2)


def test_dislikes_and_attributes_are_said_and_not_asked_for():
    """A disliked item that is shown is no candidate; without the tower of text none is shown."""
    liked = sp.csr_matrix(np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 0]], dtype=np.float32))
    seen = sp.csr_matrix(np.array([[1, 1, 1, 1, 1, 0], [0, 0, 1, 1, 1, 0]], dtype=np.float32))
    training = TrainingData(liked=liked, seen=seen, explicit=True, portraits=sp.csr_matrix(np.eye(2)[::-1]))
    titles = ["A", "B", "C", "D", "E", "F"]
    support, items, what = next(Tasks.of(training, dislikes=True).batches(2, np.random.default_rng(0)))
    told = user_texts(support, items, what, titles, training.portraits, ["old", "young"])
    for row, user in enumerate(what.users):
        shown = {titles[item] for item in what.disliked[row]}
        assert shown <= ({"D", "E"} if user == 0 else set())
        assert ("did not like: " in told[row]) == bool(shown) == (user == 0)
        assert told[row].endswith(". young" if user == 0 else ". old")
        assert not what.allowed[row][np.isin(items, what.disliked[row])].any()
    plain = next(Tasks.of(training).batches(2, np.random.default_rng(0)))[2]
    assert all(len(row) == 0 for row in plain.disliked)


def test_shuffled_likes_stay_frozen_with_the_tower_of_text(shop, tiny):
    found = finetune(
        shop(shuffled=True), tiny, mode="full", loss="softmax", epochs=5, cache=None, progress=False,
        settings=TransformerSettings(steps=4, items=32, learning_rate=1e-2, user="text"),
    )  # fmt: skip
    assert found.verdict == "kept frozen"
    assert found.settings["user"] == "text"


def test_a_tower_that_is_none_is_refused(shop, tiny):
    with pytest.raises(ConfigError, match="no tower 'sum' for the user"):
        TransformerSettings(user="sum")
    with pytest.raises(ConfigError, match="'ridge' has no tower for the user"):
        finetune(
            shop(), tiny, mode="full", cache=None, progress=False, settings=TransformerSettings(user="text")
        )
