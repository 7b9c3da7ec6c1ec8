"""Many texts -> one matrix: each distinct text is encoded once, and known ones come from the cache."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np

from fewrec.encode.cache import VectorCache
from fewrec.encode.checks import checked_texts, checked_vectors
from fewrec.encode.encoder import Encoder, resolve
from fewrec.errors import EncoderError

Progress = Callable[[int, int], None]  # (texts done, texts in total)


def encode_texts(
    encoder: Encoder | Any,
    texts: Sequence[str],
    *,
    cache: VectorCache | Literal["default"] | None = "default",
    progress: Progress | None = None,
    expected_id: str | None = None,
) -> np.ndarray:
    """(N, D) float32, one row per text in the given order; a blank text gives a zero row.

    ``encoder``: an `Encoder`, or anything `resolve` takes. ``cache``: where vectors are kept between runs;
    ``None`` for nowhere. Every batch is stored as soon as it is done, so an interrupted run goes on where it
    stopped. ``progress(done, total)`` is called with the number of distinct texts known so far, first with
    those from the cache. ``expected_id``: the id of the encoder that made the vectors these are to be
    compared with.

    Distinct texts are encoded in sorted order, so that the order of a catalogue cannot change even the last
    bits.

    Raises `EncoderError` if a text is not a string, the encoder fails or gives unusable vectors, or its id is
    not ``expected_id``.
    """
    if isinstance(encoder, str) or not hasattr(encoder, "encode"):
        encoder = resolve(encoder)
    listed = checked_texts(texts, encoder.id)
    if cache == "default":
        cache = VectorCache()
    while True:
        asked = encoder.id
        if expected_id is not None and asked != expected_id:
            raise EncoderError(
                f"the vectors come from {asked}, but the model was fitted with {expected_id}.",
                where="encoder",
                value=asked,
                hint="Vectors of different encoders cannot be compared: use the same encoder, or fit anew.",
            )
        matrix = _encode_once(encoder, listed, cache, progress)
        # An encoder may find out at its first real use that it must become another one (see DefaultEncoder).
        if encoder.id == asked and matrix is not None:
            return matrix


def _encode_once(
    encoder: Encoder, texts: list[str], cache: VectorCache | None, progress: Progress | None
) -> np.ndarray | None:
    """The matrix, or ``None`` if the encoder changed its id on the way."""
    started_as = encoder.id
    usable = cache if getattr(encoder, "cacheable", True) else None
    unique = sorted({text for text in texts if text.strip()})
    place = {text: row for row, text in enumerate(unique)}
    known = usable.get(started_as, unique) if usable is not None else {}
    dimension = encoder.dimension
    # Rows of another length under this id are left by an older build of it; they are encoded anew and
    # overwritten.
    width = dimension if dimension is not None else next((len(v) for v in known.values()), None)
    known = {row: vector for row, vector in known.items() if len(vector) == width}
    missing = [row for row in range(len(unique)) if row not in known]
    if progress is not None and unique:
        progress(len(known), len(unique))

    rows: np.ndarray | None = None
    if width is not None:
        rows = np.zeros((len(unique), width), dtype=np.float32)
        for row, vector in known.items():
            rows[row] = vector
    for start in range(0, len(missing), encoder.batch_size):
        part = missing[start : start + encoder.batch_size]
        batch = [unique[row] for row in part]
        vectors = encoder.encode([_valid(text) for text in batch])
        if encoder.id != started_as:
            return None
        vectors = checked_vectors(vectors, len(batch), started_as, width)
        if rows is None:
            width = vectors.shape[1]
            rows = np.zeros((len(unique), width), dtype=np.float32)
        rows[part] = vectors
        if usable is not None:
            usable.put(started_as, batch, vectors)
        if progress is not None:
            progress(len(known) + start + len(part), len(unique))

    if width is None:  # nothing but blank texts: only the encoder can tell how wide a zero row is
        width = int(encoder.encode([""]).shape[1]) if texts else 0
    out = np.zeros((len(texts), width), dtype=np.float32)
    filled = [position for position, text in enumerate(texts) if text.strip()]
    if rows is not None and filled:
        out[filled] = rows[[place[texts[position]] for position in filled]]
    return out


def _valid(text: str) -> str:
    """``text`` without lone surrogates, which are left by broken files and are no characters."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


@contextlib.contextmanager
def progress_bar(label: str = "Encoding texts") -> Iterator[Progress]:
    """A ``progress`` function that draws a bar on stderr: on a terminal, and when there is something to do.

    ``with progress_bar() as progress: encode_texts(encoder, texts, progress=progress)``
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    console = Console(stderr=True)
    bar = RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    task: Any = None

    def show(done: int, total: int) -> None:
        nonlocal task
        if task is None:
            if done >= total or not console.is_terminal:
                return
            bar.start()
            task = bar.add_task(label, total=total)
        bar.update(task, completed=done, total=total)

    try:
        yield show
    finally:
        if task is not None:
            bar.stop()
