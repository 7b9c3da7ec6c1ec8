"""Vectors that somebody made already, kept in a file and found by item id or by text.

`encode_items` is the one door for a caller that has items: it takes ready vectors by whichever key they have,
and sends the texts to any other encoder. Ready vectors cannot answer for a text they have never seen, such as
a sentence about one's taste; ``takes_new_texts`` tells a caller so beforehand.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fewrec.encode.cache import VectorCache
from fewrec.encode.checks import checked_vectors
from fewrec.encode.encoder import Encoder, resolve
from fewrec.encode.encoding import Progress, encode_texts
from fewrec.encode.formats import By, read_vectors
from fewrec.errors import ConfigError, EncoderError, FewrecWarning


class ReadyVectors:
    """``vectors`` (N, D), row for row those of ``keys``: item ids (``by="id"``) or texts (``by="text"``).

    Ids are compared as text, so the number 7 finds the key "7" (but not "007"). ``id`` holds a hash of the
    content.

    Raises `EncoderError` for keys that are not unique, or vectors that are not (N, D) finite numbers.
    """

    batch_size = 4096
    cacheable = False  # they lie in a file already
    takes_new_texts = False

    def __init__(
        self, keys: Sequence[str | int], vectors: Any, *, by: By = "id", where: str = "vectors"
    ) -> None:
        if by not in ("id", "text"):
            raise ConfigError(f"by must be 'id' or 'text', not {by!r}.", where=where, value=by)
        names = [str(key) for key in keys]
        self.by = by
        self.vectors = _per_key(vectors, names, where)
        self.dimension = int(self.vectors.shape[1])
        self._rows = {name: row for row, name in enumerate(names)}
        if len(self._rows) != len(names):
            twice = sorted({name for row, name in enumerate(names) if self._rows[name] != row})
            raise EncoderError(
                f"{len(twice)} keys occur more than once: {_first(twice)}.",
                where=where,
                value=twice[:10],
                hint="Keep one vector for each.",
            )
        total = hashlib.sha256("\0".join([by, *names]).encode("utf-8", "surrogatepass"))
        total.update(np.ascontiguousarray(self.vectors, dtype="<f4").tobytes())
        self.id = f"vectors@{total.hexdigest()[:16]}"

    @classmethod
    def from_file(cls, path: str | Path) -> ReadyVectors:
        """The vectors in a file; for formats see `fewrec.encode.formats`."""
        place = Path(path).expanduser()
        if not place.is_file():
            raise EncoderError("there is no such file.", where=str(place), value=str(path))
        by, keys, vectors = read_vectors(place)
        return cls(keys, vectors, by=by, where=str(place))

    def __len__(self) -> int:
        return len(self._rows)

    def lookup(self, keys: Sequence[str | int]) -> tuple[np.ndarray, np.ndarray]:
        """``(vectors (N, D) float32, known (N,) bool)``; the row of an unknown key is zero."""
        rows = np.array([self._rows.get(str(key), -1) for key in keys], dtype=np.int64)
        known = rows >= 0
        out = np.zeros((len(keys), self.dimension), dtype=np.float32)
        out[known] = self.vectors[rows[known]]
        return out, known

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32 for texts that are keys, zero rows for blank ones; `EncoderError` for others."""
        blank = np.array([not text.strip() for text in texts], dtype=bool)
        if self.by == "id" and not blank.all():
            raise EncoderError(
                "these vectors belong to item ids; they say nothing about a text.",
                where=self.id,
                hint="Use an encoder that takes texts, such as 'default'.",
            )
        out, known = self.lookup(texts)
        unknown = [text for text, bad in zip(texts, ~known & ~blank, strict=True) if bad]
        if unknown:
            raise EncoderError(
                f"{len(unknown)} texts have no ready vector: {_first(unknown)}.",
                where=self.id,
                value=unknown[:10],
                hint="Add them to the file, or use an encoder that takes any text, such as 'default'.",
            )
        out[blank] = 0.0
        return out


def encode_items(
    encoder: Encoder | Any,
    ids: Sequence[str | int],
    texts: Sequence[str],
    *,
    cache: VectorCache | Literal["default"] | None = "default",
    progress: Progress | None = None,
    expected_id: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """``(vectors (I, D) float32, known (I,) bool)`` of items; an item without a vector has a zero row.

    Ready vectors are found by id or text; missing ones give a `FewrecWarning`, and `EncoderError` if not a
    single one fits (the wrong file, most likely). Any other encoder gets the texts (see `encode_texts`); an
    item without text is then one without a vector.
    """
    if len(ids) != len(texts):
        raise ConfigError(f"{len(ids)} ids but {len(texts)} texts.", where="encode_items")
    chosen = resolve(encoder)
    if not isinstance(chosen, ReadyVectors):
        matrix = encode_texts(chosen, texts, cache=cache, progress=progress, expected_id=expected_id)
        return matrix, np.asarray((matrix != 0).any(axis=1))
    if expected_id is not None and chosen.id != expected_id:
        raise EncoderError(
            f"the vectors are {chosen.id}, but the model was fitted with {expected_id}.",
            where="encoder",
            value=chosen.id,
            hint="Vectors of different encoders cannot be compared: use the same file, or fit anew.",
        )
    keys: Sequence[str | int] = ids if chosen.by == "id" else texts
    matrix, known = chosen.lookup(keys)
    missing = [str(key) for key, there in zip(keys, known, strict=True) if not there]
    if len(missing) == len(keys) > 0:
        raise EncoderError(
            f"not one of the {len(keys)} items has a ready vector.",
            where=chosen.id,
            value=missing[:10],
            hint=f"The items' {chosen.by}s begin with {_first(missing, 3)}; those of the vectors with "
            f"{_first(list(chosen._rows), 3)}.",
        )
    if missing:
        warnings.warn(
            f"{len(missing)} of {len(keys)} items have no ready vector and count as items without text: "
            f"{_first(missing)}.",
            FewrecWarning,
            stacklevel=2,
        )
    return matrix, known


def takes_new_texts(encoder: Encoder) -> bool:
    """Whether ``encoder`` can encode a text it has never seen; false for ready vectors alone."""
    return bool(getattr(encoder, "takes_new_texts", True))


def file_encoder(argument: str | None) -> ReadyVectors:
    """``file:PATH`` or the path of an existing file."""
    if argument is None:
        raise ConfigError("file needs a path.", value="file", hint="Write file:vectors.npz.")
    return ReadyVectors.from_file(argument)


def _per_key(vectors: Any, names: list[str], where: str) -> np.ndarray:
    try:
        return checked_vectors(vectors, len(names), where)
    except EncoderError as error:  # the same check, told in the words of this place
        raise EncoderError(
            error.message.replace("texts gave", "keys come with"),
            where=where,
            value=error.value,
            hint=f"Expected one row of finite numbers for each of the {len(names)} keys.",
        ) from None


def _first(names: Sequence[str], n: int = 10) -> str:
    shown = ", ".join(repr(name if len(name) <= 60 else name[:57] + "...") for name in names[:n])
    return shown + (", ..." if len(names) > n else "")
