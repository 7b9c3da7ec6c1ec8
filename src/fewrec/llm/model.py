"""What a language model must be able to do here, whoever runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fewrec.errors import EncoderError
from fewrec.llm.prompts import Prompt

__all__ = ["LanguageModel", "checked_likelihoods"]


@runtime_checkable
class LanguageModel(Protocol):
    """Reads prompts. ``id`` names model and version: the same id must always give the same answers."""

    @property
    def id(self) -> str: ...

    @property
    def batch_size(self) -> int:
        """How many prompts it likes at once: between two batches a time budget is looked at."""
        ...

    def likelihoods(
        self, prompts: Sequence[Prompt], words: Sequence[str], seconds: float | None = None
    ) -> NDArray[np.float32]:
        """``(N, W)``: the natural logarithm of the likelihood with which each prompt is answered by each word.

        Rows need not add up to a likelihood of 1. ``seconds``: what the call may take; ``TimeoutError`` where it
        takes longer and can be broken off. Raises `EncoderError` for a model that cannot answer.
        """
        ...

    def write(self, prompt: Prompt, tokens: int) -> str:
        """What the model writes, at most ``tokens`` long, always the likeliest word next: no chance in it."""
        ...


def checked_likelihoods(found: NDArray[np.float32], rows: int, words: int, where: str) -> NDArray[np.float32]:
    """``found`` as float32; raises `EncoderError` for another shape than ``(rows, words)`` or for no numbers."""
    array = np.asarray(found, dtype=np.float32)
    if array.shape != (rows, words) or np.isnan(array).any() or (array > 1e-3).any():
        raise EncoderError(
            f"{rows} prompts and {words} words gave {array.shape}, or no logarithms of likelihoods.",
            where=where,
            hint="likelihoods must give one row for each prompt and one column for each word, none above 0.",
        )
    return array
