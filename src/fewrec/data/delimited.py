"""CSV and TSV text as a ``Table``, with the line number of every row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from fewrec.data.table import Coder, Column, Fault, Table
from fewrec.data.times import parse_times
from fewrec.errors import DataError

CELL_LIMIT = 1_000_000  # characters; a longer cell is nearly always an unclosed quotation mark
DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
RECBOLE = re.compile(r"^(?P<name>.+):(?P<kind>token|token_seq|float|float_seq)$")
_CHUNK = 4_096  # rows decoded at once: bounds memory, long enough for the per-chunk cost not to matter


def read_delimited(
    name: str, label: str, open_text: Callable[[], io.TextIOBase], *, tabs: bool = False
) -> Table:
    """The table in a delimited text.

    ``open_text`` opens the text anew at every call (it is looked at first, then read). ``tabs``: the file's
    name says that tabs separate the cells. Raises ``DataError`` for an empty file, a missing or double
    header, huge cells.
    """
    if csv.field_size_limit() < CELL_LIMIT:  # process-wide, so only ever raised: other readers lose nothing
        csv.field_size_limit(CELL_LIMIT)
    with open_text() as stream:
        sample = stream.read(65_536)
    if not sample.strip():
        raise DataError("the file is empty.", where=label, hint="It needs a header line and one line a row.")
    delimiter = "\t" if tabs and "\t" in sample.split("\n", 1)[0] else sniff(sample)
    if delimiter == "\t":  # many tab files do not quote at all: a lone quotation mark would swallow lines
        plain = _read(name, label, open_text, delimiter, csv.QUOTE_NONE)
        if '"' not in sample and not plain.quotes:
            return _finish(name, label, plain)
        try:
            quoted = _read(name, label, open_text, delimiter, csv.QUOTE_MINIMAL)
        except DataError:
            return _finish(name, label, plain)
        # without quoting every line is a row: what quoting joins over lines must at least mend torn rows
        better = quoted.faulty < plain.faulty or (quoted.faulty == plain.faulty and not quoted.torn)
        return _finish(name, label, quoted if better else plain)
    return _finish(name, label, _read(name, label, open_text, delimiter, csv.QUOTE_MINIMAL))


def sniff(sample: str) -> str:
    """The delimiter of ``sample``: the one that cuts the header, and most rows as often as the header."""
    lines = sample.splitlines(keepends=True)
    if len(lines) > 1 and len(sample) >= 65_536:
        lines.pop()  # may be cut off
    best, best_key = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            rows = [row for row in islice(csv.reader(lines, delimiter=delimiter), 100) if row]
        except csv.Error:
            continue
        width = len(rows[0]) if rows else 0
        if width < 2:
            continue
        agreeing = sum(len(row) == width for row in rows) / len(rows)
        if (round(agreeing, 1), width) > best_key:
            best, best_key = delimiter, (round(agreeing, 1), width)
    return best


@dataclass
class _Reading:
    header: list[str]
    coders: list[Coder]
    codes: list[list[np.ndarray]]
    lines: list[np.ndarray]
    faults: list[Fault] = field(default_factory=list)
    faulty: int = 0
    torn: bool = False  # some cell runs over several lines
    quotes: bool = False  # some cell starts with a quotation mark
    padded: int = 0  # rows with surplus empty cells


def _read(
    name: str, label: str, open_text: Callable[[], io.TextIOBase], delimiter: str, quoting: int
) -> _Reading:
    """All rows. Read strictly first, because only so an unclosed quotation mark shows before it swallows
    rows."""
    for strict in (True, False):
        start = 1  # line on which the record now being read starts
        with open_text() as stream:
            reader = csv.reader(stream, delimiter=delimiter, quoting=quoting, strict=strict)  # type: ignore[arg-type]
            try:
                header = next((row for row in reader if row), [])
                reading = _Reading(
                    [cell.strip() for cell in header], [Coder() for _ in header], [[] for _ in header], []
                )
                for chunk, lines in _chunks(reader, reading):
                    start = reader.line_num + 1
                    _add(reading, label, chunk, lines, unquoted=quoting == csv.QUOTE_NONE)
                return reading
            except csv.Error as error:
                if strict and "field larger" not in str(error) and "end of data" not in str(error):
                    continue  # such as 5" disk: readable, though not by the book
                if "end of data" in str(error):
                    raise _unclosed(label, open_text, delimiter, start) from None
                raise _csv_error(label, error, reader.line_num) from None
    raise AssertionError("the second reading returns or raises")


def _unclosed(label: str, open_text: Callable[[], io.TextIOBase], delimiter: str, start: int) -> DataError:
    with open_text() as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            for _ in reader:
                start = max(start, reader.line_num + 1)
        except csv.Error:
            pass  # expected: this is the error whose place is looked for
    return DataError(
        "a quotation mark opens here and is never closed.",
        where=f"{label}, row {start}",
        hint='Close it, or write a quotation mark inside a cell twice: "" for ".',
    )


def _csv_error(label: str, error: csv.Error, line: int) -> DataError:
    if "field larger" in str(error):
        return DataError(
            f"a cell is longer than {CELL_LIMIT:,} characters.",
            where=f"{label}, row {line}",
            hint="Close the quotation mark that is missing, or shorten the cell.",
        )
    return DataError(
        f"the line cannot be read as delimited text ({error}).",
        where=f"{label}, row {line}",
        hint="Save the file again as CSV.",
    )


def _chunks(reader: Iterator[list[str]], reading: _Reading) -> Iterator[tuple[list[list[str]], np.ndarray]]:
    """Rows with the line numbers at which they start."""
    while True:
        before: int = reader.line_num  # type: ignore[attr-defined]
        chunk = list(islice(reader, _CHUNK))
        if not chunk:
            return
        lines = np.arange(before + 1, before + 1 + len(chunk), dtype=np.int64)
        if reader.line_num - before != len(chunk):  # type: ignore[attr-defined]
            reading.torn = True
            spans = [1 + sum(len(re.findall(r"\r\n|\r|\n", cell)) for cell in row) for row in chunk]
            lines = before + 1 + np.concatenate([[0], np.cumsum(spans[:-1], dtype=np.int64)])
        yield chunk, lines


def _add(reading: _Reading, label: str, chunk: list[list[str]], lines: np.ndarray, *, unquoted: bool) -> None:
    width = len(reading.header)
    widths = np.fromiter(map(len, chunk), dtype=np.int64, count=len(chunk))
    if (widths != width).any():
        kept = []
        for at, row in enumerate(chunk):
            if not row or (width > 1 and not any(row)):
                continue  # a blank line
            if len(row) > width and not any(row[width:]):
                chunk[at] = row[:width]
                reading.padded += 1
            elif len(row) != width:
                reading.faulty += 1
                if len(reading.faults) < 10:
                    problem = f"the row has {len(row)} cells where the header has {width}"
                    reading.faults.append(Fault(label, int(lines[at]), problem))
                continue
            kept.append(at)
        chunk = [chunk[at] for at in kept]
        lines = lines[kept]
    if not chunk:
        return
    reading.lines.append(lines)
    for coder, codes, cells in zip(reading.coders, reading.codes, zip(*chunk, strict=True), strict=True):
        codes.append(coder.encode(cells))
        if unquoted and not reading.quotes:
            reading.quotes = any(cell.startswith('"') for cell in coder)


def _finish(name: str, label: str, reading: _Reading) -> Table:
    header = reading.header
    if any(cell.endswith('"') or "\0" in cell for cell in header):
        raise DataError(f"the header cannot be read: {header!r}.", where=label, hint="Save it again as CSV.")
    if not any(header) or sum(map(_is_data, header)) > 0.5 * len(header):
        first = ", ".join(repr(cell if len(cell) <= 40 else cell[:37] + "...") for cell in header[:4])
        raise DataError(
            f"the first line holds {first} and no column names.",
            where=label,
            hint="Add a header line such as: user_id,item_id,rating",
        )
    typed = [RECBOLE.match(cell) for cell in header]
    kinds: list[str | None] = [None] * len(header)
    if all(typed):
        header = [match["name"] for match in typed if match]
        kinds = [match["kind"] for match in typed if match]
    notes = []
    columns: dict[str, Column] = {}
    lines = np.concatenate(reading.lines) if reading.lines else np.zeros(0, np.int64)
    for at, (key, kind) in enumerate(zip(header, kinds, strict=True)):
        if not key:
            notes.append(f"{label}: column {at + 1} has no name in the header and is not used.")
            continue
        if key in columns:
            raise DataError(
                f'two columns are called "{key}".', where=label, value=key, hint="Rename one of them."
            )
        codes = np.concatenate(reading.codes[at]) if reading.codes[at] else np.zeros(0, np.int32)
        values = list(reading.coders[at])
        if max(map(len, values), default=0) > CELL_LIMIT:
            row = int(lines[np.argmax(codes == int(np.argmax([len(value) for value in values])))])
            raise _csv_error(label, csv.Error("field larger"), row)
        column = Column(values, codes, kind)
        stripped = any(value != value.strip() for value in values)
        columns[key] = column.map(str.strip) if stripped else column
    if reading.padded:
        notes.append(f"{label}: {reading.padded} rows end in surplus empty cells, which are not used.")
    rows = len(lines)
    return Table(
        name,
        columns,
        rows,
        [label],
        np.zeros(rows, np.int32),
        lines,
        True,
        tuple(reading.faults),
        reading.faulty,
        tuple(notes),
    )


def _is_data(text: str) -> bool:
    """Whether a header cell looks like data: a number, a date, or a long text."""
    return len(text) > 200 or (bool(text) and bool(np.isfinite(parse_times([text])[0][0])))
