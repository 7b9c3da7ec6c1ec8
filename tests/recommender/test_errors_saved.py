"""What cannot be saved or loaded is named, with the way out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewrec import Recommender
from fewrec.errors import (
    EncoderError,
    StoreError,
)
from fewrec.persist import write_folder
from fewrec.signals import Signal, Supports, TrainingData, register_signal


class Loudest(Signal):
    """An outsider's signal that is not registered."""

    name = "loudest"
    personal = False

    def fit(self, training: TrainingData) -> Loudest:
        self._scores = np.arange(training.n_items, dtype=np.float32)
        return self

    def score(self, supports: Supports) -> np.ndarray:
        return np.broadcast_to(self._scores, (len(supports), len(self._scores)))


def embed(texts: list[str]) -> np.ndarray:
    return np.array([[len(text), text.count("o"), 1.0] for text in texts], dtype=np.float32)


def test_a_signal_object_cannot_be_saved_but_a_registered_one_can(world: Any, tmp_path: Path) -> None:
    data = world.data()
    model = Recommender(encoder="hashed", signals=["default", Loudest()], tune=False).fit(
        data, progress=False
    )
    with pytest.raises(StoreError) as raised:
        model.save(tmp_path / "model")
    assert str(raised.value) == (
        "signals: the signal 'loudest' is an object that cannot be saved.\n"
        "Register it with fewrec.signals.register_signal and name it in signals=[...]."
    )
    assert not (tmp_path / "model").exists()
    register_signal("loudest", Loudest)
    named = Recommender(encoder="hashed", signals=["default", "loudest"], tune=False).fit(
        data, progress=False
    )
    named.save(tmp_path / "model")
    loaded = Recommender.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.score(["i0"]), named.score(["i0"]))
    np.testing.assert_array_equal(named.score(["i0"]), model.score(["i0"]))


def test_an_encoder_object_must_be_given_again(world: Any, tmp_path: Path) -> None:
    model = Recommender(encoder=embed, cache=None, tune=False).fit(world.data(), progress=False)
    folder = model.save(tmp_path / "model")
    with pytest.raises(StoreError) as raised:
        Recommender.load(folder)
    where, about = str(raised.value).split(": ", 1)
    assert where == str(folder)
    assert about.startswith("the encoder of this model was an object (call:")
    assert about.endswith(
        "which is not in the folder.\nGive it again: Recommender.load(folder, encoder=...)."
    )
    loaded = Recommender.load(folder, encoder=embed, cache=None)
    np.testing.assert_array_equal(loaded.score(taste="a love story"), model.score(taste="a love story"))
    other = Recommender.load(folder, encoder="hashed")
    np.testing.assert_array_equal(other.score(["i0"]), model.score(["i0"]))  # needs no encoder
    with pytest.raises(
        EncoderError, match=r"^encoder: the vectors come from hashed-words-1024@1, but the model was"
    ):
        other.score(taste="a love story")
    with pytest.raises(EncoderError, match="Vectors of different encoders cannot be compared"):
        other.update(items=[{"item": "new", "title": "space story violet"}])
    np.testing.assert_array_equal(other.score(["i0"]), model.score(["i0"]))  # nothing was changed


def test_a_folder_that_is_no_recommender(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        Recommender.load(tmp_path / "none")
    assert str(raised.value) == (
        f"{tmp_path / 'none'}: there is no such folder.\nGive the folder that a model was saved to."
    )
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(StoreError) as raised:
        Recommender.load(tmp_path / "file")
    assert str(raised.value) == f"{tmp_path / 'file'}: this is a file; a saved model is a folder."
    folder = write_folder(tmp_path / "other", {"class": "Shelf"}, {}, {})
    with pytest.raises(StoreError) as raised:
        Recommender.load(folder)
    assert str(raised.value) == (
        f"{folder}: this folder holds 'Shelf', not a Recommender.\n"
        "Give a folder that Recommender.save has written."
    )


def test_a_folder_of_another_version_that_lacks_a_part(plain: Recommender, tmp_path: Path) -> None:
    folder = plain.save(tmp_path / "model")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["model"]["trust"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(StoreError) as raised:
        Recommender.load(folder)
    assert str(raised.value) == (
        f"{folder}: the saved model lacks 'trust'.\n"
        "It was saved by another version of fewrec: fit the model again and save it."
    )


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("configuration", None),
        ("configuration", {}),
        ("feedback", 3),
        ("fused", []),
        ("fused", 7),
        ("trust", "all"),
        ("words", None),
    ],
)
def test_a_manifest_that_was_changed(plain: Recommender, tmp_path: Path, part: str, value: Any) -> None:
    folder = plain.save(tmp_path / "model")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["model"][part] = value
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(StoreError, match="the manifest does not fit the saved model") as raised:
        Recommender.load(folder)
    assert raised.value.hint == "Undo what was changed in it, or fit the model again and save it."


def test_a_full_folder_or_file_is_not_overwritten(plain: Recommender, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(StoreError, match="the folder is not empty and no saved model, so it is left alone"):
        plain.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text(encoding="utf-8") == "dear"
