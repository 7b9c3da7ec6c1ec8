"""The result for a terminal: one table a metric that matters, verdicts in words."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fewrec.evaluate.catalogue import METRICS, base_name

if TYPE_CHECKING:
    from fewrec.evaluate.evaluation import Evaluation

__all__ = ["as_table", "as_text"]

SIGNS = {"better": "▲", "worse": "▼", "no clear winner": "≈"}


def as_text(found: Evaluation, width: int | None = None) -> str:
    """Plain text without colours, at most ``width`` columns wide (the terminal's, or 80 where there is none)."""
    from rich.console import Console

    columns = max(width if width is not None else shutil.get_terminal_size((80, 24)).columns, 48)
    out = io.StringIO()
    console = Console(
        file=out, width=columns, color_system=None, force_terminal=False, force_jupyter=False, legacy_windows=False,
        emoji=False, highlight=False,
    )  # fmt: skip
    console.print(found)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()).strip("\n")


def as_table(found: Evaluation, width: int) -> Iterator[Any]:
    """What ``rich`` prints."""
    from rich.text import Text

    sizes = list(dict.fromkeys(row["train_users"] for row in found.cells))
    for metric in main_metrics(found):
        for size in sizes:
            learned = "" if len(sizes) == 1 and size == "all" else f", learned from {size} people"
            yield Text(f"{metric}{learned}", style="bold")
            yield Text(METRICS[base_name(metric)].says, style="dim")
            yield _table(found, metric, size, width)
            yield Text()
    yield from _beside(found)
    for line, style in below(found):
        yield Text(line, style=style)


def main_metrics(found: Evaluation) -> list[str]:
    """What the comparisons are about; the first metric of all where nothing is compared."""
    compared = list(dict.fromkeys(row["metric"] for row in found.comparisons))
    return compared or [row["metric"] for row in found.cells[:1]]


CELL = 16
"""Columns that a mean takes with its error and its sign; where they do not fit, the error stands below the mean."""


def _table(found: Evaluation, metric: str, size: Any, width: int) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = [row for row in found.cells if row["metric"] == metric and row["train_users"] == size]
    shots = list(dict.fromkeys(row["k_shot"] for row in rows))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    longest = max(len(row["system"]) for row in rows)
    narrow = longest + 2 + CELL * len(shots) > width
    table.add_column("system", no_wrap=True, overflow="fold", min_width=min(longest, width // 3))
    for shot in shots:
        table.add_column("all shown" if shot is None else f"k = {shot}", justify="right", no_wrap=True)
    verdicts = {
        (row["system"], row["k_shot"]): row["verdict"]
        for row in found.comparisons
        if row["metric"] == metric and row["train_users"] == size and row["against"] == found.must_beat
    }
    for system in dict.fromkeys(row["system"] for row in rows):
        cells = {row["k_shot"]: row for row in rows if row["system"] == system}
        shown = [
            _cell(cells[shot], verdicts.get((system, shot)), narrow=narrow) if shot in cells else ""
            for shot in shots
        ]
        table.add_row(*[Text(cell) for cell in (system, *shown)])
    return table


def _cell(row: dict[str, Any], verdict: str | None, *, narrow: bool) -> str:
    mean, sign = f"{row['mean']:.3f}", SIGNS.get(verdict or "", " ")
    error = "" if row["se_users"] is None else f"±{row['se_users']:.3f}"
    return f"{mean} {sign}\n{error}  " if narrow else f"{mean} {error} {sign}"


def _beside(found: Evaluation) -> Iterator[Any]:
    """The per-user AUC, and the global one beside it with the reason why it is not looked at alone."""
    from rich.text import Text

    for row in found.cells:
        if row["metric"] != "auc-global":
            continue
        twins = [cell for cell in found.cells if cell["metric"] == "auc" and _axes(cell) == _axes(row)]
        last = all(cell["k_shot"] is None or row["k_shot"] is None or cell["k_shot"] <= row["k_shot"]
                   for cell in found.cells)  # fmt: skip
        contender = any(row["system"] == one["system"] for one in found.comparisons)
        if last and contender and twins:
            shown = "" if row["k_shot"] is None else f", k = {row['k_shot']}"
            if len(found.settings["train_users"]) > 1:
                shown += f", learned from {row['train_users']} people"
            yield Text(
                f"AUC of {row['system']}{shown}: {twins[0]['mean']:.3f} person by person (over all at once "
                f"{row['mean']:.3f}, which also rewards telling busy people from others)."
            )


def _axes(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["system"], row["train_users"], row["k_shot"]


def below(found: Evaluation) -> Iterator[tuple[str, str]]:
    """The lines under the tables, with a style each."""
    users = max((row["users"] for row in found.cells), default=0)
    yield (
        f"{users} test users, {found.settings['lists']} lists, {found.settings['seeds']} "
        f"seed{'s' if found.settings['seeds'] != 1 else ''}; ± one standard error over users.",
        "",
    )
    if any(row["against"] == found.must_beat for row in found.comparisons):
        yield (
            f"Against {found.must_beat}, paired, p < 0.05 after Holm's correction: "
            "▲ better, ▼ worse, ≈ no clear winner.",
            "",
        )
    for line in found.flags:
        yield line, "yellow"
    for line in found.notes:
        yield f"Note: {line}", "yellow"
