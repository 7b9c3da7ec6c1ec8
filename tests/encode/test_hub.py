"""Models from the hub or a folder. Tiny ones are made here; nothing is downloaded."""

from __future__ import annotations

import json
import shutil
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewrec.encode import encode_texts, hub, resolve
from fewrec.encode.hub import HubEncoder
from fewrec.errors import EncoderError
from fewrec.testing.encoders import check_encoder

pytestmark = pytest.mark.torch


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "fox", "a", "b", "##s"]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Transformers model as ``save_pretrained`` writes it: BERT with two tiny layers and random weights."""
    torch = pytest.importorskip("torch", reason="the extra `hub` is not installed")
    pytest.importorskip("sentence_transformers", reason="the extra `hub` is not installed")
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("plain") / "tiny"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", "utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder)
    BertTokenizerFast(vocab=str(folder / "vocab.txt"), model_max_length=32).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def sentence(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with sentence-transformers' own pooling and normalisation, in the hub's layout."""
    folder = tmp_path_factory.mktemp("sentence") / "tiny"
    shutil.copytree(plain, folder)
    parts = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(parts)
    ]
    (folder / "modules.json").write_text(json.dumps(modules), "utf-8")
    for path, _ in parts[1:]:
        (folder / path).mkdir()
    pooling = {
        "word_embedding_dimension": 16,
        "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True,
    }
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling), "utf-8")
    return folder


def test_a_transformers_folder_keeps_the_contract(plain: Path) -> None:
    encoder = resolve(plain)
    assert encoder.id.startswith("folder:tiny@")
    assert encoder.dimension is None
    check_encoder(encoder)
    assert encoder.dimension == 16


def test_a_transformers_model_gets_mean_pooling(plain: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(plain)(["red fox"], return_tensors="pt")
    with torch.no_grad():
        hidden = AutoModel.from_pretrained(plain).eval()(**tokens).last_hidden_state[0]  # (tokens, D)
    assert resolve(str(plain)).encode(["red fox"])[0] == pytest.approx(hidden.mean(dim=0).numpy(), abs=1e-5)


def test_a_sentence_transformers_folder_keeps_the_contract(sentence: Path) -> None:
    encoder = resolve(f"hub:{sentence}")
    check_encoder(encoder)
    vectors = encoder.encode(["red fox", ""])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0], abs=1e-5)  # its Normalize part


def test_the_id_follows_the_content(plain: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "tiny"
    shutil.copytree(plain, copy)
    assert resolve(copy).id == resolve(plain).id
    config = json.loads((copy / "config.json").read_text("utf-8"))
    (copy / "config.json").write_text(json.dumps({**config, "layer_norm_eps": 1e-3}), "utf-8")
    assert resolve(copy).id != resolve(plain).id


def test_a_full_cache_does_not_load_the_model(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = encode_texts(resolve(plain), ["red fox"])
    monkeypatch.setattr(HubEncoder, "_loaded", lambda self: pytest.fail("loaded"))
    assert np.array_equal(encode_texts(resolve(plain), ["red fox"]), first)


def test_a_broken_model_says_so(plain: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((plain / "config.json").read_text("utf-8"), "utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(
        EncoderError, match=r"the model cannot be loaded: [\s\S]*It must be a sentence-transformers"
    ):
        resolve(tmp_path).encode(["a"])


def test_a_model_s_own_code_is_not_run(plain: Path, tmp_path: Path) -> None:
    folder = tmp_path / "code"
    shutil.copytree(plain, folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModel": "own.Model"}}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    marker = tmp_path / "was run"
    (folder / "own.py").write_text(
        f"open({str(marker)!r}, 'w')\nclass Config: pass\nclass Model: pass\n", "utf-8"
    )
    with pytest.raises(EncoderError, match="Models that bring their own code are not run"):
        resolve(folder).encode(["a"])
    assert not marker.exists()


# What follows needs no extra: the libraries are stood in for.


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "find_spec", lambda name: object())


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    for spec in ("hub:owner/name", str(tmp_path)):
        with pytest.raises(EncoderError, match=r'hub: needs .*\.\nInstall it: pip install "fewrec\[hub\]"'):
            resolve(spec)


@pytest.mark.usefixtures("pretended")
@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "the folder holds no model: neither config.json nor modules.json is there."),
        ({"config.json": "{}"}, "the weights are not in the safetensors format."),
        (
            {"config.json": "{}", "pytorch_model.bin": "x"},
            "the weights are not in the safetensors format (pytorch_model.bin).",
        ),
        (
            {"config.json": "{}", "model.safetensors": "x", "2_Dense/pytorch_model.bin": "x"},
            "the weights are not in the safetensors format (pytorch_model.bin).",
        ),
        (
            {"model.safetensors": "x", "modules.json": '[{"type": "own_code.Module"}]'},
            "the model needs code of its own (own_code.Module), which is not run.",
        ),
        ({"model.safetensors": "x", "modules.json": "[{}]"}, "modules.json cannot be understood ('type')."),
        ({"model.safetensors": "x", "modules.json": "["}, "modules.json cannot be understood ("),
    ],
)
def test_folders_that_are_not_loaded(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(EncoderError) as caught:
        resolve(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: {message}")


class Hub:
    """Stands in for huggingface_hub. ``local`` and ``remote`` are a folder to give or an error to raise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, local: Any, remote: Any) -> None:
        self.calls: list[dict[str, Any]] = []

        class LocalEntryNotFoundError(FileNotFoundError):
            pass

        def snapshot_download(**settings: Any) -> str:
            self.calls.append(settings)
            answer = local if settings.get("local_files_only") else remote
            if answer == "missing":
                raise LocalEntryNotFoundError("not in the cache")
            if isinstance(answer, Exception):
                raise answer
            return str(answer)

        package = types.ModuleType("huggingface_hub")
        errors = types.ModuleType("huggingface_hub.errors")
        package.snapshot_download = snapshot_download  # type: ignore[attr-defined]
        errors.LocalEntryNotFoundError = LocalEntryNotFoundError  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "huggingface_hub", package)
        monkeypatch.setitem(sys.modules, "huggingface_hub.errors", errors)


def snapshot(folder: Path, *, weights: str = "model.safetensors") -> Path:
    commit = folder / "0123456789abcdef0123456789abcdef01234567"
    commit.mkdir()
    (commit / "config.json").write_text("{}", "utf-8")
    (commit / weights).write_text("x", "utf-8")
    return commit


@pytest.mark.usefixtures("pretended")
def test_a_model_on_this_machine_is_not_looked_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stood_in = Hub(monkeypatch, snapshot(tmp_path), RuntimeError("network"))
    encoder = resolve("hub:owner/name")
    assert encoder.id == "hub:owner/name@0123456789ab"
    assert [call["local_files_only"] for call in stood_in.calls] == [True]
    assert stood_in.calls[0]["repo_id"] == "owner/name"
    assert stood_in.calls[0]["revision"] is None
    assert not any(
        pattern.endswith((".bin", ".py", ".pt")) for pattern in stood_in.calls[0]["allow_patterns"]
    )


@pytest.mark.usefixtures("pretended")
def test_a_model_that_is_missing_or_incomplete_is_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    remote = snapshot(whole)
    sharded = tmp_path / "sharded"
    sharded.mkdir()
    local = snapshot(sharded, weights="model-1.safetensors")
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (local / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()
    for before in ("missing", local, empty):
        stood_in = Hub(monkeypatch, before, remote)
        assert resolve("hub:owner/name@v2").id == "hub:owner/name@0123456789ab"
        assert [call.get("local_files_only", False) for call in stood_in.calls] == [True, False]
        assert {call["revision"] for call in stood_in.calls} == {"v2"}
    (local / "model-2.safetensors").write_text("x", "utf-8")
    stood_in = Hub(monkeypatch, local, RuntimeError("network"))
    resolve("hub:owner/name")
    assert len(stood_in.calls) == 1


@pytest.mark.usefixtures("pretended")
@pytest.mark.parametrize(
    "problem", [ConnectionError("no route\nmore lines"), ConnectionError(), ValueError("no route")]
)
def test_offline_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    Hub(monkeypatch, "missing", problem)
    with pytest.raises(EncoderError) as caught:
        resolve("hub:owner/name")
    reason = "no route" if str(problem) else "no reason given"
    assert str(caught.value) == (
        "hub:owner/name: the model is not on this machine and cannot be downloaded: "
        f"{type(problem).__name__}: {reason}\n"
        "Check the name and the connection. On a machine without a connection copy the model's folder "
        "there and give its path instead of hub:NAME."
    )
