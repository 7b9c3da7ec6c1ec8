"""What needs PyArrow: Parquet files and Zstandard packing."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from fewrec.data.frames import encoded
from fewrec.data.table import NESTED, Table, table_of
from fewrec.errors import DataError


def _pyarrow(label: str, what: str) -> Any:
    try:
        import pyarrow
    except ImportError:
        raise DataError(
            f"{what} need PyArrow, which is not installed.",
            where=label,
            hint='Install it: pip install "fewrec[files]"',
        ) from None
    return pyarrow


def open_zst(file: Path, label: str) -> BinaryIO:
    """The unpacked bytes of a Zstandard file, as a stream."""
    pyarrow = _pyarrow(label, "Zstandard files")
    stream = pyarrow.CompressedInputStream(pyarrow.OSFile(str(file), "rb"), "zstd")
    return io.BufferedReader(_Raw(stream, label), 1 << 20)


class _Raw(io.RawIOBase):
    """A PyArrow stream as Python's text layer wants it; damage is reported as ``EOFError`` like gzip's."""

    def __init__(self, stream: Any, label: str) -> None:
        self._stream = stream
        self._label = label

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            block = self._stream.read(len(buffer))
        except OSError as error:
            raise EOFError(str(error).split(".")[0]) from error
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def read_parquet(name: str, label: str, opener: Callable[[], BinaryIO]) -> Table:
    """The table in a Parquet file; ``DataError`` for columns of nested objects and damaged files."""
    pyarrow = _pyarrow(label, "Parquet files")
    import pyarrow.parquet as parquet

    with opener() as stream:
        content = stream.read()
    try:
        table = parquet.read_table(pyarrow.BufferReader(content))
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(
            "the Parquet file is damaged.",
            where=label,
            hint="Write it again.",
        ) from error
    columns = {}
    for key in table.column_names:
        column = table.column(key)
        kind = column.type
        inner = kind.value_type if pyarrow.types.is_list(kind) or pyarrow.types.is_large_list(kind) else kind
        if pyarrow.types.is_nested(inner):
            raise DataError(
                f"the column holds nested values ({kind}).", where=f'{label}, column "{key}"', hint=NESTED
            )
        columns[key] = encoded(label, key, column.to_pylist())
    return table_of(name, columns, label=label)
