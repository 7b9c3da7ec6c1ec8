"""What vectors must look like before anyone may use them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fewrec.errors import EncoderError


def checked_vectors(vectors: Any, rows: int, where: str, dimension: int | None = None) -> np.ndarray:
    """``vectors`` as (``rows``, D) float32, finite, D >= 1; `EncoderError` names what is wrong with them."""
    hint = f"Expected one row of numbers for each of the {rows} texts, all of one length."
    try:
        array = np.asarray(vectors)
    except ValueError:  # rows of unequal length
        raise EncoderError("the vectors have unequal lengths.", where=where, hint=hint) from None
    if array.dtype == object or array.dtype.kind not in "fiu":
        raise EncoderError(f"the vectors are not numbers (dtype {array.dtype}).", where=where, hint=hint)
    if array.ndim != 2 or array.shape[1] < 1:
        raise EncoderError(
            f"the vectors have shape {array.shape}.", where=where, value=array.shape, hint=hint
        )
    if array.shape[0] != rows:
        raise EncoderError(
            f"{rows} texts gave {array.shape[0]} vectors.", where=where, value=array.shape, hint=hint
        )
    if dimension is not None and array.shape[1] != dimension:
        raise EncoderError(
            f"the vectors have {array.shape[1]} columns, but {dimension} were expected.",
            where=where,
            value=array.shape,
            hint="One encoder id always gives vectors of one length; give a changed encoder a new version.",
        )
    with np.errstate(over="ignore"):  # an overflow to infinity is reported below, in words
        array = array.astype(np.float32, copy=False)
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if len(bad):
        raise EncoderError(
            f"{len(bad)} of {rows} vectors hold NaN or infinity, the first in row {bad[0]}.",
            where=where,
            value=int(bad[0]),
            hint="Every entry must be a finite number that fits into 32 bits.",
        )
    return array


def checked_texts(texts: Sequence[str], where: str) -> list[str]:
    """``texts`` as a list; `EncoderError` names the first entry that is not a string."""
    if isinstance(texts, str | bytes):
        raise EncoderError(
            f"got one {type(texts).__name__} instead of a list of texts.", where=where, hint="Write [text]."
        )
    listed = list(texts)
    for position, text in enumerate(listed):
        if not isinstance(text, str):
            raise EncoderError(
                f"text {position} is not a string but {text!r}.",
                where=where,
                value=text,
                hint='Use "" where an item has no text.',
            )
    return listed
