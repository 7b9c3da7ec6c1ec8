"""What an encoder is, and how a short name becomes one.

Built-in encoders and an outsider's register through the same door, ``register_encoder``. Nothing heavy is
imported until a name is resolved, and the default model is not even loaded then: only when texts really must
be encoded.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from fewrec.errors import ConfigError, EncoderError

VECTOR_SUFFIXES = (".npy", ".npz", ".safetensors", ".csv", ".csv.gz", ".parquet")
_NAME = re.compile(r"[a-z][a-z0-9_-]+")  # at least two characters: "C:" stays a Windows drive


@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors.

    ``id`` names model and version: the same id must always mean the same vectors, for it is part of the cache
    key. ``dimension`` is D, or ``None`` before it is known. ``batch_size`` is how many texts the encoder
    likes at once.

    An encoder may also carry ``cacheable = False``: its vectors then never go to disk; and ``load()``, which brings
    its model into memory now, not at the first text. One that asks another machine has none.
    """

    @property
    def id(self) -> str: ...

    @property
    def dimension(self) -> int | None: ...

    @property
    def batch_size(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32, finite, one row per text in the given order; an empty text gives a zero row."""
        ...


def load_now(encoder: Encoder) -> None:
    """Loads the encoder's model, where it has one in this process and says how."""
    load = getattr(encoder, "load", None)
    if load is not None:
        load()


Factory = Callable[[str | None], Encoder]
_registry: dict[str, Factory] = {}


def register_encoder(name: str, factory: Factory, *, replace: bool = False) -> None:
    """Makes ``resolve(name)`` and ``resolve("name:argument")`` call ``factory``.

    ``factory`` gets what stands after the colon, or ``None``, and gives back an `Encoder`.

    Raises `ConfigError` for a malformed name, and for a taken one unless ``replace`` is true.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} cannot be an encoder's name.",
            value=name,
            hint="Use two or more of the characters a-z, 0-9, _ and -, beginning with a letter.",
        )
    if name in _registry and not replace:
        raise ConfigError(
            f"the encoder name {name!r} is taken.",
            value=name,
            hint="Choose another name, or pass replace=True.",
        )
    _registry[name] = factory


def encoder_names() -> list[str]:
    """The registered names, sorted."""
    return sorted(_registry)


def resolve(encoder: Any) -> Encoder:
    """The `Encoder` that ``encoder`` stands for.

    ``encoder`` may be a registered name (``"default"``, ``"hashed"``, ``"minilm"``), a name with an argument
    (``"hub:sentence-transformers/all-MiniLM-L6-v2"``, ``"openai:text-embedding-3-small"``,
    ``"file:vectors.npz"``), a folder that holds a sentence-transformers or Transformers model, a file of
    ready vectors, an `Encoder`, or a callable ``texts -> (N, D)``.

    Raises `ConfigError` for an unknown name (the nearest known ones are named) or a wrong type, and
    `EncoderError` when what was asked for cannot be had.
    """
    if isinstance(encoder, str):
        return _resolve_name(encoder)
    if isinstance(encoder, Path):
        return _resolve_path(encoder)
    if not isinstance(encoder, type) and callable(getattr(encoder, "encode", None)):
        return _checked(encoder)
    if callable(encoder) and not isinstance(encoder, type):
        from fewrec.encode.wrapped import CallableEncoder

        return CallableEncoder(encoder)
    raise ConfigError(
        f"an encoder cannot be a {type(encoder).__name__}.",
        value=encoder,
        hint=f"Pass a name ({', '.join(encoder_names())}), a path, an Encoder, or a function.",
    )


def _resolve_name(text: str) -> Encoder:
    name, colon, argument = text.partition(":")
    if name in _registry:
        if colon and not argument.strip():
            raise ConfigError(
                f"nothing stands after the colon in {text!r}.", value=text, hint=f"Write {name}:NAME."
            )
        return _checked(_registry[name](argument.strip() if colon else None))
    path = Path(text).expanduser()
    if path.exists() or os.sep in text or "/" in text or text.lower().endswith(VECTOR_SUFFIXES):
        return _resolve_path(path)
    known = encoder_names()
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    raise ConfigError(
        f"there is no encoder named {text!r}.",
        value=text,
        hint=(f"Did you mean {' or '.join(near)}? " if near else "")
        + f"Known names: {', '.join(known)}; or give a folder, a file of vectors, or a function.",
    )


def _resolve_path(path: Path) -> Encoder:
    path = path.expanduser()
    if path.is_dir():
        from fewrec.encode.adapted import holds_adapted

        return _checked(_registry["adapted" if holds_adapted(path) else "hub"](str(path)))
    if path.is_file():
        return _checked(_registry["file"](str(path)))
    raise EncoderError(
        "there is no such file or folder.",
        where=str(path),
        value=str(path),
        hint=f"For a model on the hub write hub:{path.as_posix()}; for ready vectors give an existing file.",
    )


def _checked(encoder: Any) -> Encoder:
    """The encoder itself, once it is clear that it has what the protocol asks for."""
    kind = type(encoder).__name__
    lacking = [a for a in ("id", "dimension", "batch_size", "encode") if not hasattr(encoder, a)]
    if lacking:
        raise EncoderError(
            f"{kind} is not an encoder: it has no {', '.join(lacking)}.",
            value=kind,
            hint="An encoder has id, dimension, batch_size and encode(texts); see fewrec.encode.Encoder.",
        )
    if not isinstance(encoder.id, str) or not encoder.id:
        raise EncoderError(
            f"the id of {kind} must be a non-empty text, not {encoder.id!r}.",
            value=encoder.id,
            hint="Name the model and its version, as in 'my-model@1'.",
        )
    if not isinstance(encoder.batch_size, int) or encoder.batch_size < 1:
        raise EncoderError(
            f"batch_size of {encoder.id} must be a whole number above 0, not {encoder.batch_size!r}.",
            value=encoder.batch_size,
        )
    checked: Encoder = encoder
    return checked


def _lazily(module: str, attribute: str) -> Factory:
    def factory(argument: str | None) -> Encoder:
        made: Encoder = getattr(import_module(module), attribute)(argument)
        return made

    return factory


for _name, _module, _attribute in [
    ("default", "fewrec.encode.use", "default_encoder"),
    ("use", "fewrec.encode.use", "use_encoder"),
    ("hashed", "fewrec.encode.hashed", "hashed_encoder"),
    ("minilm", "fewrec.encode.minilm", "minilm_encoder"),
    ("hub", "fewrec.encode.hub", "hub_encoder"),
    ("adapted", "fewrec.encode.adapted", "adapted_encoder"),
    ("openai", "fewrec.encode.endpoint", "openai_encoder"),
    ("file", "fewrec.encode.ready", "file_encoder"),
]:
    register_encoder(_name, _lazily(_module, _attribute))
