"""The Transformers model that is trained: whether there is one, and how it is loaded."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fewrec.encode.hub import HubEncoder
from fewrec.errors import ConfigError, EncoderError

__all__ = ["load_model", "require_train", "tunable"]


def tunable(encoder: Any, instead: str = 'Use mode="delta", which takes any encoder') -> HubEncoder:
    """The encoder, if it is a Transformers model in a folder.

    Raises ``ConfigError``, which says what to do ``instead``, and ``EncoderError`` without the extra.
    """
    if not isinstance(encoder, HubEncoder):
        raise ConfigError(
            f"{getattr(encoder, 'id', encoder)} is no Transformers model.",
            where="encoder",
            hint=f"{instead}; or give a Transformers model: hub:NAME or a folder.",
        )
    require_train()
    return encoder


def require_train() -> None:
    """Raises ``EncoderError`` without the extra ``train``."""
    lacking = [
        name for name in ("torch", "transformers", "peft", "sentence_transformers") if find_spec(name) is None
    ]
    if lacking:
        raise EncoderError(
            f"needs {', '.join(lacking)}.",
            where="adapt",
            value=lacking,
            hint='Install it: pip install "fewrec[train]".',
        )


def load_model(folder: Path) -> Any:
    """The sentence-transformers model in ``folder``, on the GPU where there is one. No code of the folder's is
    run."""
    import torch
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(
        str(folder),
        device="cuda" if torch.cuda.is_available() else "cpu",
        trust_remote_code=False,
        local_files_only=True,
        model_kwargs={"use_safetensors": True},
    )
