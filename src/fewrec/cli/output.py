"""Results on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any


def print_json(plain: Any) -> None:
    """JSON that any reader can take: no NaN; beyond ASCII only where stdout speaks UTF-8."""
    utf = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "").startswith("utf")
    print(json.dumps(plain, ensure_ascii=not utf, allow_nan=False, indent=2))


def print_lines(text: str) -> None:
    """Text that ends with exactly one newline."""
    print(text.rstrip("\n"))


def table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as their longest cell; the last one is not filled up."""
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [heads, *rows]
    )


def size(count: float) -> str:
    """Bytes for people: "1.5 MB"."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count:.0f} bytes"
