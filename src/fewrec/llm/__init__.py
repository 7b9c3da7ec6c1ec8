"""A language model that rates: from a few examples and a candidate to the likelihood of rating words.

A room of its own, not a signal: signals see arrays, a rater reads words. It is asked about the top of a list alone.
Names are imported when they are first used: who has no language model need not load what speaks to one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fewrec.llm.endpoint import ChatEndpoint
    from fewrec.llm.files import packaged_gguf
    from fewrec.llm.llamacpp import LlamaCpp
    from fewrec.llm.local import LocalModel
    from fewrec.llm.model import LanguageModel
    from fewrec.llm.named import language_model, named_rater
    from fewrec.llm.prompts import Prompt, Template, template
    from fewrec.llm.rater import Rater

__all__ = [
    "ChatEndpoint",
    "LanguageModel",
    "LlamaCpp",
    "LocalModel",
    "Prompt",
    "Rater",
    "Template",
    "language_model",
    "named_rater",
    "packaged_gguf",
    "template",
]

_HOME = {
    "ChatEndpoint": "endpoint",
    "LanguageModel": "model",
    "LlamaCpp": "llamacpp",
    "LocalModel": "local",
    "Prompt": "prompts",
    "Rater": "rater",
    "Template": "prompts",
    "language_model": "named",
    "named_rater": "named",
    "packaged_gguf": "files",
    "template": "prompts",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"fewrec.llm.{_HOME[name]}"), name)
    raise AttributeError(f"module 'fewrec.llm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
