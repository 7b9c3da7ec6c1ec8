"""``hub:NAME`` or a folder: any sentence-transformers or Transformers model that turns texts into vectors.

Needs the extra ``hub`` (torch, transformers, sentence-transformers). Code that a model brings along is never
run, and only weights in the safetensors format are read: nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fewrec.encode.checks import checked_vectors
from fewrec.errors import ConfigError, EncoderError

_INSTALL = 'Install it: pip install "fewrec[hub]".'
_MAX_CHARACTERS = 20_000  # far beyond what such models read (512 tokens, some 8,192)
_WANTED = ["*.json", "*.txt", "*.model", "*.safetensors", "*.jinja"]
_NOT_WANTED = ["onnx/*", "openvino/*", "*.onnx", "coreml/*"]


class HubEncoder:
    """A model in ``folder``: (N, D) float32 as the model gives them, on the CPU.

    A folder with ``modules.json`` is loaded as a sentence-transformers model; any other Transformers model
    gets mean pooling over its tokens. ``id`` holds a hash of the folder's content (or the hub's own commit),
    so that a model trained further does not meet the vectors of its former self. The model is loaded at the
    first `encode`.

    Raises `EncoderError` when the extra is missing or the folder holds no model that may be loaded.
    """

    batch_size = 32

    def __init__(self, folder: str | Path, *, name: str | None = None, commit: str | None = None) -> None:
        _require("sentence_transformers", "transformers", "torch")
        self.folder = Path(folder)
        _check_folder(self.folder)
        self.dimension: int | None = None
        version = commit or content_hash(self.folder)
        self.id = (
            f"hub:{name}@{version[:12]}" if name else f"folder:{self.folder.resolve().name}@{version[:12]}"
        )
        self._model: Any = None
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32; blank texts give zero rows, texts are cut where the model's own limit is."""
        model = self._loaded()
        rows = [row for row, text in enumerate(texts) if text.strip()]
        out = np.zeros((len(texts), self.dimension or 0), dtype=np.float32)
        if rows:
            clean = [texts[row][:_MAX_CHARACTERS].encode("utf-8", "replace").decode() for row in rows]
            vectors = model.encode(
                clean, batch_size=self.batch_size, show_progress_bar=False, convert_to_numpy=True
            )
            out[rows] = checked_vectors(vectors, len(rows), self.id, self.dimension)
        return out

    def load(self) -> None:
        """Loads the model now, not at the first `encode`. Raises `EncoderError`."""
        self._loaded()

    def _loaded(self) -> Any:
        with self._lock:
            if self._model is None:
                from sentence_transformers import SentenceTransformer

                try:
                    model = SentenceTransformer(
                        str(self.folder),
                        device="cpu",
                        trust_remote_code=False,
                        local_files_only=True,
                        model_kwargs={"use_safetensors": True},
                    )
                    model.eval()
                    probe = np.asarray(model.encode(["a"], show_progress_bar=False))
                except Exception as error:  # three libraries, each with errors of its own
                    raise EncoderError(
                        f"the model cannot be loaded: {type(error).__name__}: {error}",
                        where=self.id,
                        hint="It must be a sentence-transformers model, or a Transformers model that gives "
                        "token vectors. Models that bring their own code are not run.",
                    ) from error
                self.dimension = int(checked_vectors(probe, 1, self.id).shape[1])
                self._model = model
        return self._model


def hub_encoder(argument: str | None) -> HubEncoder:
    """``hub:NAME``, ``hub:NAME@REVISION`` or a folder.

    A model that was downloaded before is not looked up again: the network is used once, and the answers stay
    the same.
    """
    if argument is None:
        raise ConfigError("hub needs a model's name.", value="hub", hint="Write hub:OWNER/NAME or a folder.")
    if Path(argument).expanduser().is_dir():
        return HubEncoder(Path(argument).expanduser())
    name, _, revision = argument.partition("@")
    folder = _download(name, revision or None)
    return HubEncoder(folder, name=name, commit=folder.name)


def _download(name: str, revision: str | None) -> Path:
    """The folder of the hub's snapshot on this machine, downloaded if need be."""
    _require("huggingface_hub", "sentence_transformers")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    wanted: dict[str, Any] = {
        "repo_id": name,
        "revision": revision,
        "allow_patterns": _WANTED,
        "ignore_patterns": _NOT_WANTED,
    }
    try:
        try:
            folder = Path(snapshot_download(local_files_only=True, **wanted))
            if _complete(folder):
                return folder
        except LocalEntryNotFoundError:
            pass  # never downloaded: that is done next
        return Path(snapshot_download(**wanted))
    except Exception as error:  # offline, no such model, gated, disk full: the message tells
        raise EncoderError(
            f"the model is not on this machine and cannot be downloaded: {type(error).__name__}: "
            f"{str(error).strip().splitlines()[0] if str(error).strip() else 'no reason given'}",
            where=f"hub:{name}",
            value=name,
            hint="Check the name and the connection. On a machine without a connection copy the model's "
            "folder there and give its path instead of hub:NAME.",
        ) from error


def _complete(folder: Path) -> bool:
    """Whether a snapshot has its settings and all its weights; an interrupted download leaves some out."""
    if not (folder / "config.json").exists():
        return False
    index = folder / "model.safetensors.index.json"
    if index.exists():
        return all(
            (folder / part).exists() for part in json.loads(index.read_text("utf-8"))["weight_map"].values()
        )
    return bool(list(folder.rglob("*.safetensors")))


def _require(*modules: str) -> None:
    lacking = [module for module in modules if find_spec(module) is None]
    if lacking:
        raise EncoderError(f"needs {', '.join(lacking)}.", where="hub", value=lacking, hint=_INSTALL)


def _check_folder(folder: Path) -> None:
    """Refuses a folder without a model, with pickled weights alone, or with code of its own."""
    where = str(folder)
    if not (folder / "config.json").exists() and not (folder / "modules.json").exists():
        raise EncoderError(
            "the folder holds no model: neither config.json nor modules.json is there.",
            where=where,
            hint="Give the folder that save_pretrained wrote.",
        )
    pickled = [
        path
        for pattern in ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt")
        for path in sorted(folder.rglob(pattern))
        if not list(path.parent.glob("*.safetensors"))
    ]
    if pickled or not list(folder.rglob("*.safetensors")):
        raise EncoderError(
            f"the weights are not in the safetensors format{f' ({pickled[0].name})' if pickled else ''}.",
            where=where,
            hint="Other formats can run code when they are read. Save the model anew with safetensors.",
        )
    modules = folder / "modules.json"
    if modules.exists():
        try:
            types = [str(part["type"]) for part in json.loads(modules.read_text("utf-8"))]
        except (ValueError, KeyError, TypeError) as error:
            raise EncoderError(f"modules.json cannot be understood ({error}).", where=where) from error
        foreign = [name for name in types if not name.startswith("sentence_transformers.")]
        if foreign:
            raise EncoderError(
                f"the model needs code of its own ({foreign[0]}), which is not run.",
                where=where,
                value=foreign,
                hint="Choose a model made of sentence-transformers' own parts.",
            )


def content_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of the files that make the model."""
    total = hashlib.sha256()
    paths = {path for pattern in _WANTED for path in folder.rglob(pattern) if path.is_file()}
    for path in sorted(paths, key=lambda p: p.relative_to(folder).as_posix()):
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{digest}\n".encode())
    return total.hexdigest()
