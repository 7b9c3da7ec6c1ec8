"""A language model that rates: from a few examples and a candidate to the likelihood of rating words.

A room of its own, not a signal: signals see arrays, a rater reads words. It is asked about the top of a list alone.
"""

from fewrec.llm.endpoint import ChatEndpoint
from fewrec.llm.files import packaged_gguf
from fewrec.llm.llamacpp import LlamaCpp
from fewrec.llm.local import LocalModel
from fewrec.llm.model import LanguageModel
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
    "packaged_gguf",
    "template",
]
