"""Language models, and raters of them, by the name that a command line or a file can hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fewrec.errors import ConfigError, StoreError
from fewrec.llm.model import LanguageModel
from fewrec.llm.prompts import Template
from fewrec.llm.rater import Rater

__all__ = ["ABOUT", "language_model", "named_rater"]

ABOUT = "tuned.json"
"""In a folder that instruction tuning wrote: what came of it, and with which model and users."""


def language_model(name: str | Path, where: str = "language model") -> LanguageModel:
    """What a name stands for: ``openai:NAME``, ``llamacpp:FILE``, a folder or a .gguf file.

    A folder in which instruction tuning left the model as it was stands for that model. Raises `ConfigError` for what
    is none of these.
    """
    from fewrec.llm import ChatEndpoint, LlamaCpp, LocalModel

    kind, colon, rest = str(name).partition(":")
    if colon and kind == "openai":
        return ChatEndpoint(rest)
    if colon and kind == "llamacpp":
        return LlamaCpp(rest)
    place = Path(name).expanduser()
    if not place.exists():
        raise ConfigError(
            f"there is no language model {str(name)!r}.",
            where=where,
            value=str(name),
            hint="Give a folder, a .gguf file, llamacpp:FILE, or openai:NAME.",
        )
    base = _about(place).get("base")
    if base is None:
        return LocalModel(place)
    if not Path(base).exists():
        raise StoreError(
            f"it stands for the language model {base!r}, which is not there any more.",
            where=str(place),
            value=base,
            hint="Put it back, or tune anew.",
        )
    return LocalModel(base)


def named_rater(name: str | Path, *, language: str | Template | None = None, **settings: Any) -> Rater:
    """A `Rater` of the language model that ``name`` stands for.

    Of a folder that instruction tuning wrote it takes the language of the prompts and the users whose answers were
    learned from. ``language``: another one ("en" where nothing is said). ``settings``: as `Rater` has them.
    """
    about = _about(Path(name).expanduser())
    spoken = language or about.get("language") or "en"
    model = language_model(name, "rater")
    return Rater(model, language=spoken, trained_on=about.get("trained_on", ()), **settings)


def _about(place: Path) -> dict[str, Any]:
    """What tuning left in a folder; nothing where it was not there."""
    file = place / ABOUT
    if not file.is_file():
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(
            f"this cannot be read: {error}.", where=str(file), hint="Tune anew, or remove the file."
        ) from error
    if not isinstance(found, dict):
        raise StoreError(
            "this is no record of a tuning.", where=str(file), hint="Tune anew, or remove the file."
        )
    return found
