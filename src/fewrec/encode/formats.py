"""Files of ready vectors -> keys and a matrix. Nothing is ever unpickled.

| ending | keys | vectors |
|---|---|---|
| ``.npz`` | array ``ids`` or ``texts`` | array ``vectors`` (N, D) |
| ``.npy`` | one a line, UTF-8, in ``NAME.ids.txt`` or ``NAME.texts.txt`` beside it | the array itself |
| ``.safetensors`` | metadata ``ids`` or ``texts``: a JSON list | tensor ``vectors`` (N, D) |
| ``.csv``, ``.csv.gz`` | column ``id`` or ``text`` | the other columns, one number each |
| ``.parquet`` | column ``id`` or ``text`` | a list column, or one number column each (extra ``files``) |
"""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any, Literal

import numpy as np

from fewrec.errors import EncoderError

By = Literal["id", "text"]
_KEYS: dict[str, By] = {
    "id": "id",
    "ids": "id",
    "item": "id",
    "items": "id",
    "item_id": "id",
    "itemid": "id",
    "text": "text",
    "texts": "text",
}
_SAFETENSORS = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


def read_vectors(path: Path) -> tuple[By, list[str], np.ndarray]:
    """``(by, keys, vectors)``: what the keys are, N of them as text, and the (N, D) matrix as stored.

    Raises `EncoderError` if the file's ending is unknown or its content is not what the table above says.
    """
    name = path.name.lower()
    readers = {".npz": _npz, ".npy": _npy, ".safetensors": _safetensors, ".csv": _csv, ".csv.gz": _csv}
    readers[".parquet"] = _parquet
    for ending, reader in readers.items():
        if name.endswith(ending):
            try:
                return reader(path)
            except EncoderError:
                raise
            except (
                OSError,
                ValueError,
                KeyError,
                TypeError,
                EOFError,
                zipfile.BadZipFile,
                csv.Error,
            ) as error:
                raise EncoderError(
                    f"the file cannot be read as {ending[1:]}: {type(error).__name__}: {error}",
                    where=str(path),
                    hint="Was it written by another program, or cut off?",
                ) from error
    raise EncoderError(
        "vectors cannot be read from a file with this ending.",
        where=str(path),
        hint=f"Known endings: {', '.join(readers)}.",
    )


def _key_name(names: list[str], path: Path, what: str) -> tuple[str, By]:
    found = [(name, _KEYS[name.lower()]) for name in names if name.lower() in _KEYS]
    if len(found) != 1:
        has = ", ".join(name for name, _ in found) or "neither"
        raise EncoderError(
            f"the file must have one {what} of keys, ids or texts, but it has {has}.",
            where=str(path),
            value=names[:10],
            hint="Without keys nobody can tell which vector belongs to which item. Name it 'ids' or 'texts'.",
        )
    return found[0]


def _npz(path: Path) -> tuple[By, list[str], np.ndarray]:
    # Opened here, since NumPy leaves a file that turns out to be no archive open.
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        name, by = _key_name(arrays.files, path, "array")
        if "vectors" not in arrays.files:
            raise EncoderError(
                f"there is no array named vectors, only {', '.join(arrays.files)}.",
                where=str(path),
                hint="Write it with numpy.savez(path, ids=ids, vectors=vectors).",
            )
        keys, vectors = arrays[name], arrays["vectors"]
    if keys.ndim != 1 or keys.dtype.kind not in "iuU":
        raise EncoderError(
            f"{name} must be a list of texts or whole numbers, not {keys.dtype} of shape {keys.shape}.",
            where=str(path),
        )
    return by, [str(key) for key in keys.tolist()], vectors


def _npy(path: Path) -> tuple[By, list[str], np.ndarray]:
    by: By
    for by in ("id", "text"):
        beside = path.with_name(f"{path.stem}.{by}s.txt")
        if beside.exists():
            lines = beside.read_text("utf-8-sig").split("\n")
            if lines[-1] == "":
                lines.pop()
            return by, [line.rstrip("\r") for line in lines], np.load(path, allow_pickle=False)
    raise EncoderError(
        "the array comes without keys.",
        where=str(path),
        hint=f"Put the ids, one a line, into {path.stem}.ids.txt beside it, or write a .npz with both.",
    )


def _safetensors(path: Path) -> tuple[By, list[str], np.ndarray]:
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if not 2 <= length <= path.stat().st_size - 8:
            raise ValueError("its header is longer than the file")
        header: dict[str, Any] = json.loads(stream.read(length))
        metadata = header.get("__metadata__") or {}
        name, by = _key_name(list(metadata), path, "metadata entry")
        keys = json.loads(metadata[name])
        if not isinstance(keys, list) or not all(isinstance(k, str | int) for k in keys):
            raise ValueError(f"metadata {name} is not a JSON list of texts or whole numbers")
        if "vectors" not in header:
            raise ValueError("there is no tensor named vectors")
        entry = header["vectors"]
        if entry["dtype"] not in _SAFETENSORS:
            raise ValueError(f"tensors of type {entry['dtype']} are not read; use F32")
        begin, end = entry["data_offsets"]
        stream.seek(8 + length + begin)
        vectors = np.frombuffer(stream.read(end - begin), dtype=_SAFETENSORS[entry["dtype"]])
    return by, [str(key) for key in keys], vectors.reshape(entry["shape"])


def _csv(path: Path) -> tuple[By, list[str], np.ndarray]:
    opener: Any = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
        lines = csv.reader(stream)
        names = next(lines, [])
        key, by = _key_name(names, path, "column")
        place = names.index(key)
        keys: list[str] = []
        rows: list[np.ndarray] = []
        for number, cells in enumerate(lines, start=2):
            if not cells:
                continue
            if len(cells) != len(names):
                raise EncoderError(
                    f"{len(cells)} cells instead of {len(names)}.",
                    where=f"{path}, row {number}",
                    value=cells[:3],
                )
            keys.append(cells[place])
            try:
                rows.append(np.array(cells[:place] + cells[place + 1 :], dtype=np.float32))
            except ValueError as error:
                raise EncoderError(
                    f"not all cells are numbers ({error}).", where=f"{path}, row {number}"
                ) from None
    return by, keys, np.array(rows, dtype=np.float32).reshape(len(rows), len(names) - 1)


def _parquet(path: Path) -> tuple[By, list[str], np.ndarray]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise EncoderError(
            "reading Parquet needs pyarrow.", where=str(path), hint='Install it: pip install "fewrec[files]".'
        ) from None
    table = parquet.read_table(path)
    name, by = _key_name(table.column_names, path, "column")
    others = [column for column in table.column_names if column != name]
    keys = table.column(name).to_pylist()
    if not all(isinstance(k, str | int) for k in keys):
        raise ValueError(f"column {name} holds other than texts and whole numbers")
    kind = table.schema.field(others[0]).type if len(others) == 1 else None
    if kind is not None and (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    ):
        rows = table.column(others[0]).to_pylist()
        if any(row is None or len(row) != len(rows[0] or []) for row in rows):
            raise ValueError(f"the lists in column {others[0]} are missing or have unequal lengths")
        vectors = np.array(rows, dtype=np.float32)
    else:
        vectors = np.column_stack([table.column(column).to_numpy() for column in others])
    return by, [str(key) for key in keys], vectors
