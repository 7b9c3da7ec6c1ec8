"""A plain function as an encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fewrec.encode.checks import checked_vectors
from fewrec.errors import ConfigError, EncoderError


class CallableEncoder:
    """Wraps ``function(list of texts) -> (N, D)`` numbers.

    ``id`` is ``"call:<module>.<qualified name>"``, or the name given, and ``"@<version>"`` when there is a
    version: the argument, or the function's own ``version`` attribute. Only then do its vectors go to the
    disk cache: without a version nobody can tell whether an old vector still belongs to today's function.

    Raises `EncoderError` from `encode` when the function raises, or gives other than (N, D) finite numbers.
    """

    def __init__(
        self,
        function: Callable[[list[str]], Any],
        *,
        name: str | None = None,
        version: str | int | None = None,
        batch_size: int = 64,
    ) -> None:
        if not callable(function):
            raise ConfigError(f"{function!r} cannot be called.", where="encoder", value=function)
        if batch_size < 1:
            raise ConfigError(
                f"batch_size must be at least 1, not {batch_size}.", where="encoder", value=batch_size
            )
        if name is None:
            owner: Any = function if hasattr(function, "__qualname__") else type(function)
            name = f"{owner.__module__}.{owner.__qualname__}"
        if version is None:
            version = getattr(function, "version", None)
        self.id = f"call:{name}" if version is None else f"call:{name}@{version}"
        self.cacheable = version is not None
        self.batch_size = batch_size
        self.dimension: int | None = None
        self._function = function

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32; blank texts are not shown to the function and give zero rows."""
        rows = [row for row, text in enumerate(texts) if text.strip()]
        if not rows and self.dimension is None:
            rows = list(range(len(texts)))[:1]  # the width is not known yet: show it one text, blank as it is
            if not rows:
                return np.zeros((0, 0), dtype=np.float32)
        vectors = self._call([texts[row] for row in rows]) if rows else np.zeros((0, self.dimension or 0))
        out = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
        out[rows] = vectors
        out[[row for row, text in enumerate(texts) if not text.strip()]] = 0.0
        return out

    def _call(self, texts: list[str]) -> np.ndarray:
        try:
            vectors = self._function(texts)
        except Exception as error:  # somebody else's code
            raise EncoderError(
                f"the function failed: {type(error).__name__}: {error}",
                where=self.id,
                hint="It gets a list of texts and must give back one row of numbers for each.",
            ) from error
        checked = checked_vectors(vectors, len(texts), self.id, self.dimension)
        self.dimension = checked.shape[1]
        return checked
