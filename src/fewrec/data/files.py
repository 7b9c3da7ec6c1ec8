"""Files of any supported kind as a ``Table``: CSV, TSV, JSON lines, Parquet; plain, gzip or Zstandard."""

from __future__ import annotations

import codecs
import difflib
import gzip
import io
import os
import re
import warnings
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from fewrec.data.delimited import read_delimited
from fewrec.data.table import Table
from fewrec.errors import DataError, FewrecWarning

FORMATS = "CSV, TSV, JSON lines or Parquet, plain or as .gz or .zst"
_PACKED = (".gz", ".zst")


def read_file(name: str, path: str | os.PathLike[str], label: str | None = None) -> Table:
    """The table in the file at ``path``; ``name`` ("items", "interactions", "users") is its part in the data
    set, ``label`` what messages call the file, by itself its own name.

    The content decides about packing and Parquet, the suffix about tabs and JSON. Text is taken as UTF-8;
    where it is not, the encoding is guessed with a visible ``FewrecWarning``. Raises ``DataError`` when there
    is no such file, it cannot be opened, or is none of the formats.
    """
    file = Path(path)
    label = label or file.name or str(path)
    head = _first_bytes(file, label)
    suffixes = [suffix.lower() for suffix in file.suffixes if suffix.lower() not in _PACKED]
    suffix = suffixes[-1] if suffixes else ""
    opener = _opener(file, label, head)
    try:
        with opener() as stream:
            sample = stream.read(65_536)
        if sample.startswith(b"PAR1"):
            from fewrec.data.arrow import read_parquet

            return read_parquet(name, label, opener)
        _refuse_binary(label, sample)
        text, note = _text_opener(label, opener, sample)
        if suffix in (".jsonl", ".ndjson", ".json") or (suffix == "" and sample.lstrip()[:1] == b"{"):
            from fewrec.data.jsonlines import read_json

            table = read_json(name, label, text)
        else:
            table = read_delimited(name, label, text, tabs=suffix in (".tsv", ".tab"))
        return replace(table, notes=(*note, *table.notes))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"the packed file is damaged ({error}).", where=label, hint="Fetch or pack it again."
        ) from error


def _first_bytes(file: Path, label: str) -> bytes:
    try:
        with open(file, "rb") as stream:
            return stream.read(8)
    except FileNotFoundError:
        names = [other.name for other in file.parent.iterdir()] if file.parent.is_dir() else []
        near = difflib.get_close_matches(file.name, names, 3, 0.5)
        hint = (
            "Nearest in that folder: " + ", ".join(near) + "."
            if near
            else f"There is no such file in {file.parent}."
        )
        raise DataError("the file does not exist.", where=str(file), value=str(file), hint=hint) from None
    except IsADirectoryError:
        raise DataError(
            "this is a folder, not a file.", where=str(file), value=str(file), hint="Name one file inside it."
        ) from None
    except PermissionError:
        raise DataError(
            "the file may not be read by this user.",
            where=str(file),
            value=str(file),
            hint="Change its permissions, or copy it.",
        ) from None
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror}).", where=str(file)) from error


def _opener(file: Path, label: str, head: bytes) -> Callable[[], BinaryIO]:
    if head.startswith(b"\x1f\x8b"):
        return lambda: gzip.open(file, "rb")  # type: ignore[return-value]
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        from fewrec.data.arrow import open_zst

        return lambda: open_zst(file, label)
    return lambda: open(file, "rb")


def _refuse_binary(label: str, sample: bytes) -> None:
    utf16 = sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in sample and not utf16:
        sheet = sample.startswith(b"PK\x03\x04") or sample.startswith(b"\xd0\xcf\x11\xe0")
        raise DataError(
            "this is a spreadsheet or an archive, not text." if sheet else "this is a binary file, not text.",
            where=label,
            hint="Save the sheet as CSV." if sheet else f"Supported are {FORMATS}.",
        )


def _text_opener(
    label: str, opener: Callable[[], BinaryIO], sample: bytes
) -> tuple[Callable[[], io.TextIOBase], list[str]]:
    """How to open the file as text, and a note where its encoding had to be guessed (given visibly, too)."""
    encoding, notes = "utf-8-sig", []
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif (bad := _first_bad_line(opener)) is not None:
        line, content = bad
        encoding = _guess(content)
        notes = [
            f"{label}, row {line}: the text is not UTF-8; it is read as {encoding}. "
            "Save the file as UTF-8 if letters look wrong."
        ]
        warnings.warn(notes[0], FewrecWarning, stacklevel=2)
    # where an encoding is guessed, one odd letter is less harm than no table
    errors = "strict" if encoding == "utf-8-sig" else "replace"
    return lambda: io.TextIOWrapper(opener(), encoding=encoding, errors=errors, newline=""), notes


def _first_bad_line(opener: Callable[[], BinaryIO]) -> tuple[int, bytes] | None:
    """Line number and a bounded stretch of bytes from where the text stops being UTF-8; ``None`` when it
    is."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with opener() as stream:
        while True:
            block = stream.read(1 << 20)
            pending = decoder.getstate()[0]
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                data = pending + block
                return line + data[: error.start].count(b"\n"), data[: error.start + 65_536][-131_072:]
            if not block:
                return None
            line += block.count(b"\n")


def _guess(content: bytes) -> str:
    """gb18030 where nearly all high bytes stand in pairs, as in Chinese text; else cp1252, else latin-1."""
    runs = re.findall(rb"[\x80-\xff]+", content)
    high = sum(map(len, runs))
    paired = sum(len(run) for run in runs if len(run) % 2 == 0)
    try:
        text = content.decode("gb18030", errors="ignore")
        chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in text)
        if paired >= 0.9 * high and chinese >= 0.4 * high:
            return "gb18030"
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252"


def read_any(name: str, source: Any) -> list[Table]:
    """The tables behind ``source``: one path, or a list of paths."""
    paths = source if isinstance(source, list | tuple) else [source]
    for path in paths:
        if not isinstance(path, str | os.PathLike):
            hint = f"Give a path, or frames to Dataset({name}=...)."
            raise DataError(f"{path!r} is no file name.", where=name, value=path, hint=hint)
    return [read_file(name, path) for path in paths]
