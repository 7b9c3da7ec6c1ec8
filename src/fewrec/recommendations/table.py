"""Recommendations -> tables for people: terminal, plain text and notebook."""

from __future__ import annotations

import html
import io
import math
import shutil
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fewrec.recommendations import Rating, Reason, Recommendation, Recommendations

WIDE = 100  # columns from which three reasons fit instead of two
NARROW = 64  # columns below which ratings stand without intervals, and hot, warm, cold are left out
LONGEST = 80  # characters of a title that a table shows
ORDER = "Chance is of liking it once tried; the order also counts what you would try."
SERVED = {
    "hot": "hot: others have tried it",
    "warm": "warm: nobody has tried it yet, judged by its text",
    "cold": "cold: nothing is known of it but that it exists",
}


def as_text(found: Any, width: int | None = None) -> str:
    """A list or predictions as a plain table without colours, at most ``width`` columns wide (the terminal's, or
    80 where there is none)."""
    from rich.console import Console

    columns = max(width if width is not None else shutil.get_terminal_size((80, 24)).columns, 48)
    out = io.StringIO()
    console = Console(
        file=out,
        width=columns,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
        emoji=False,
        highlight=False,
    )
    console.print(found)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")


def as_table(found: Recommendations, width: int) -> Iterator[Any]:
    """What ``rich`` prints: the table and the lines below it. Cells are texts, never markup."""
    from rich.text import Text

    if found.rows:
        heads, rows = cells(found, reasons=3 if width >= WIDE else 2, wide=width >= NARROW)
        yield table_of(heads, rows)
        yield Text()
    for kind, line in lines(found):
        yield Text(line, style={"warning": "yellow", "sure": "italic"}.get(kind, ""))


def table_of(heads: list[str], rows: list[list[str]]) -> Any:
    """The ``rich`` table of these cells; numbers stand to the right, long texts are folded."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for head in heads:
        table.add_column(
            head,
            justify="right" if head in ("#", "chance", "score") else "left",
            no_wrap=head not in ("title", "why"),
            overflow="fold",
            ratio={"title": 2, "why": 3}.get(head),
            min_width=12 if head in ("title", "why") else None,
            style={"title": "bold", "why": "dim"}.get(head, ""),
        )
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])
    return table


def as_html(found: Recommendations) -> str:
    """An HTML table for notebooks; everything that comes from data is escaped."""
    parts = []
    if found.rows:
        heads, rows = cells(found, reasons=3)
        parts.append(html_table(heads, rows))
    parts += [f"<p>{html.escape(line)}</p>" for _, line in lines(found)]
    return "<div>\n" + "\n".join(parts) + "\n</div>"


def html_table(heads: list[str], rows: list[list[str]]) -> str:
    """These cells as HTML, escaped."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"


def cells(found: Recommendations, reasons: int, wide: bool = True) -> tuple[list[str], list[list[str]]]:
    """``(heads, rows)``: the columns that say something in this list, as readable text."""
    decimals = decimals_of([row.rating for row in found if row.rating is not None])
    columns = {
        "#": [str(row.rank) for row in found],
        "title": [readable(row.title, LONGEST) or str(row.item) for row in found],
    }
    if any(row.probability is not None for row in found):
        columns["chance"] = [percent(row.probability) for row in found]
    else:
        columns["score"] = [_short(row.score) for row in found]
    if any(row.rating is not None for row in found):
        columns["rating"] = [interval(row.rating, decimals, whole=wide) for row in found]
    if wide and len({row.served for row in found}) > 1:
        columns["served"] = [row.served for row in found]
    if any(row.reasons for row in found):
        columns["why"] = [
            "; ".join(readable(one.what) for one in strongest(row.reasons, reasons)) for row in found
        ]
    return list(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def lines(found: Recommendations) -> list[tuple[str, str]]:
    """``(kind, line)`` for what stands below the table: "empty", "sure", "order", "profile", "served",
    "warning"."""
    told = []
    empty = found.why_empty()
    if empty:
        told.append(("empty", readable(empty)))
    repeated = bool(empty) and str(empty).startswith(found.sure.rstrip("."))
    if found.sure and not repeated:
        told.append(("sure", readable(found.sure)))
    if _disordered(found):
        told.append(("order", ORDER))
    if found.profile:
        told.append(("profile", "You seem to like: " + ", ".join(map(readable, found.profile)) + "."))
    served = {row.served for row in found}
    if len(served) > 1:
        told.append(("served", "; ".join(SERVED[kind] for kind in SERVED if kind in served) + "."))
    told += [("warning", "Note: " + readable(warning)) for warning in found.warnings]
    return told


def _disordered(found: Recommendations) -> bool:
    """Whether the chances shown rise somewhere in a list that goes by score: a reader would take it for a mistake."""
    rows = [(row.score, round(100 * row.probability)) for row in found if row.probability is not None]
    by_score = all(upper[0] >= lower[0] for upper, lower in pairwise(rows))
    return by_score and any(upper[1] < lower[1] for upper, lower in pairwise(rows))


def explanation(row: Recommendation) -> str:
    """One item with all its reasons, strongest first; their contributions add up to the score."""
    head = [f"{row.rank}. {readable(row.title) or row.item} (item {readable(repr(row.item))})"]
    facts = []
    if row.probability is not None:
        facts.append(f"chance of a like: {percent(row.probability)}")
    if row.rating is not None:
        facts.append(f"rating: {interval(row.rating, decimals_of([row.rating]))}")
    facts.append(SERVED[row.served])
    head.append("   " + "; ".join(facts))
    terms = [(f"{one.contribution:+.3f}", readable(one.what)) for one in _by_strength(row.reasons)]
    terms.append((f"{row.score:+.3f}", "score"))
    wide = max(len(number) for number, _ in terms)
    return "\n".join(head + [f"   {number:>{wide}}  {what}" for number, what in terms])


def strongest(reasons: tuple[Reason, ...], n: int) -> list[Reason]:
    """At most ``n`` reasons that raise the score, strongest first; those below a tenth of the first are left
    out, and so is what is told together as "other", unless nothing else is there.

    Where nothing raises the score, the one that lowers it least speaks.
    """
    named = [one for one in reasons if one.kind != "other"] or list(reasons)
    ordered = sorted(named, key=lambda one: -one.contribution)  # stable: equals stay as given
    raising = [one for one in ordered if one.contribution > 0]
    if not raising:
        return ordered[:1]
    return [one for one in raising if one.contribution >= raising[0].contribution / 10][:n]


def _by_strength(reasons: tuple[Reason, ...]) -> list[Reason]:
    return sorted(reasons, key=lambda one: -abs(one.contribution))


def percent(probability: float | None) -> str:
    """``87 %``; never a rounded 0 % or 100 %, which would claim to be certain."""
    if probability is None or not math.isfinite(probability):
        return ""
    rounded = round(100 * probability)
    if rounded == 0 and probability > 0:
        return "<1 %"
    if rounded == 100 and probability < 1:
        return ">99 %"
    return f"{rounded} %"


def interval(rating: Rating | None, decimals: int, whole: bool = True) -> str:
    """``4.2 (3.4–4.9)``, or ``4.2`` where it is not wanted ``whole``."""
    if rating is None:
        return ""
    mean, low, high = (f"{value:.{decimals}f}" for value in (rating.mean, rating.low, rating.high))
    return f"{mean} ({low}–{high})" if whole else mean


def decimals_of(ratings: list[Rating]) -> int:
    """Decimals that show the intervals and no more: 0 on a scale of 100, 1 on a scale of 5, 2 on one of 1."""
    widest = max((rating.high - rating.low for rating in ratings), default=1.0)
    return 0 if widest >= 20 else 1 if widest >= 1 else 2


def _short(score: float) -> str:
    return f"{score:.2f}" if math.isfinite(score) else ""


def readable(text: str, longest: int | None = None) -> str:
    """``text`` on one line, without characters that steer a terminal or turn the direction of writing."""
    cut = text if longest is None else text[: 4 * longest]  # a cell may hold megabytes
    kept = "".join(
        " " if character.isspace() else character
        for character in cut
        if character.isspace() or character in "\u200c\u200d" or unicodedata.category(character)[0] != "C"
    )
    line = " ".join(kept.split())
    return line if longest is None or len(line) <= longest else line[: longest - 1].rstrip() + "…"
