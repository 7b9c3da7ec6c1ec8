"""The parts of the report, each as HTML; "" where there is nothing to show."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

from fewrec.evaluate.catalogue import METRICS, base_name
from fewrec.evaluate.lineup import BASELINES
from fewrec.evaluate.report import charts
from fewrec.evaluate.report.words import Lookup, called, headline, metric_words, shown_words, tiles

__all__ = ["beyond", "certainty", "everything", "health", "learning", "matrix", "method", "parts", "top"]

SIGNS = {"better": "▲", "worse": "▼", "no clear winner": "≈"}
BEYOND = ("coverage", "gini", "diversity", "novelty")


def esc(words: Any) -> str:
    """Escaped."""
    return html.escape(str(words))


def section(title: str, *content: str) -> str:
    return f"<section>\n<h2>{esc(title)}</h2>\n{''.join(content)}\n</section>"


def soft(words: str) -> str:
    return f'<p class="soft small">{esc(words)}</p>'


def figure(caption: str, chart: str) -> str:
    return f"<figure><figcaption>{esc(caption)}</figcaption>{chart}</figure>"


def colours(table: Lookup) -> dict[str, str]:
    """A CSS variable for each system: baselines muted, the others strong."""
    others = [name for name in table.systems if name not in BASELINES]
    return {name: name if name in BASELINES else f"ours{others.index(name) % 6}" for name in table.systems}


def top(table: Lookup, title: str) -> str:
    """Title, verdict, the numbers worth remembering, and what must not be overlooked."""
    found, report = table.found, table.found.health
    about = (
        f"{report.users:,} people, {report.items:,} items, {report.interactions:,} interactions; "
        f"{found.settings['liked']}"
    )
    boxes = "".join(
        f'<div class="tile"><b>{esc(number)}</b><span>{esc(words)}</span></div>'
        for number, words in tiles(table)
    )
    flags = "".join(
        f'<p class="flag small{" bad" if " is worse than " in flag else ""}">{esc(flag)}</p>'
        for flag in found.flags
    )
    notes = "".join(f'<p class="note small">{esc(note)}</p>' for note in found.notes)
    return (
        f'<header><h1>{esc(title)}</h1><p class="soft">{esc(about)}</p><p class="verdict">{esc(headline(table))}</p>'
        f'<div class="tiles">{boxes}</div>{flags}{notes}</header>'
    )


def learning(table: Lookup) -> str:
    """Metric against what is known of a person, and against the number of people to learn from."""
    drawn = []
    wanted = [
        *table.primary,
        *(name for name in table.metrics if base_name(name) == "hit" and len(table.primary) < 2),
    ]
    for metric in wanted:
        for size in table.sizes if metric in table.primary else table.sizes[-1:]:
            learned = "" if len(table.sizes) == 1 else f", learned from {size} people"
            drawn.append(figure(f"{metric}{learned}", _by_shot(table, metric, size)))
        if len(table.sizes) > 1 and metric == table.primary[0]:
            drawn.append(
                figure(
                    f"{metric} by people to learn from, {shown_words(table.shots[-1])}",
                    _by_size(table, metric),
                )
            )
    if table.shots == [None]:
        says = "One bar a system; the whisker is one standard error over people."
    else:
        says = "One line a system over the number of interactions shown; the band is one standard error over people."
    title = "What it learns from a few interactions" if table.shots != [None] else "How good the lists are"
    return section(
        title, soft(f"{says} {metric_words(wanted[0])}"), f'<div class="charts">{"".join(drawn)}</div>'
    )


def _by_shot(table: Lookup, metric: str, size: Any) -> str:
    if len(table.shots) < 2:
        shot = table.shots[0]
        rows = [
            (name, cell["mean"], cell["se_users"] or 0.0)
            for name in table.systems
            if (cell := table.cell(name, size, shot, metric))
        ]
        return charts.bars(rows, colours(table), f"{metric} of each system")
    lines = {
        name: line
        for name in table.systems
        if (line := [
            (float(shot), cell["mean"], cell["se_users"] or 0.0)
            for shot in table.shots
            if (cell := table.cell(name, size, shot, metric))
        ])
    }  # fmt: skip
    up = METRICS[base_name(metric)].better == "high"
    return charts.curves(
        lines, colours(table), f"{metric} over interactions shown", "interactions shown", from_zero=up
    )


def _by_size(table: Lookup, metric: str) -> str:
    people = {size: len_of(table, size) for size in table.sizes}
    lines = {
        name: [
            (float(people[size]), cell["mean"], cell["se_users"] or 0.0)
            for size in table.sizes
            if (cell := table.cell(name, size, table.shots[-1], metric))
        ]
        for name in table.systems
    }
    return charts.curves(lines, colours(table), f"{metric} over people to learn from", "people to learn from")


def len_of(table: Lookup, size: Any) -> int:
    """How many training users a size stands for."""
    return int(table.found.settings["training_users"]) if size == "all" else int(size)


def matrix(table: Lookup) -> str:
    """Every comparison: difference, interval and verdict."""
    if not table.found.comparisons:
        return ""
    made = []
    rivals = sorted(
        table.systems, key=lambda name: name != table.found.must_beat
    )  # that one first: phones are narrow
    for metric in table.primary:
        for size in table.sizes:
            for mine in table.contenders:
                others = [name for name in rivals if table.against(mine, name, metric, size)]
                if others:
                    learned = "" if len(table.sizes) == 1 else f", learned from {size} people"
                    made.append(
                        f"<h3>{esc(mine)}: {esc(metric)}{esc(learned)}</h3>"
                        + _matrix(table, mine, others, metric, size)
                    )
    return section(
        "What beats what",
        soft(
            "Difference on the same people, with its 95 % interval. ▲ better and ▼ worse: p below 0.05 in a "
            "permutation test, corrected for the number of comparisons (Holm); ≈ no clear winner."
        ),
        *made,
    )


def _matrix(table: Lookup, mine: str, others: Sequence[str], metric: str, size: Any) -> str:
    rows = []
    for shot in table.shots:
        cells = []
        for other in others:
            row = next(
                (row for row in table.against(mine, other, metric, size) if row["k_shot"] == shot), None
            )
            if row is None:
                cells.append("<td></td>")
                continue
            kind = "even" if row["verdict"] == "no clear winner" else row["verdict"]
            told = f"{row['low']:+.3f} to {row['high']:+.3f}"
            cells.append(
                f'<td class="{kind}" title="{esc(row["verdict"])}, p = {row["p_holm"]:.4f}">'
                f"{SIGNS[row['verdict']]} {row['difference']:+.3f}<small>{told}</small></td>"
            )
        first = "whole history" if shot is None else f"k = {shot}"
        rows.append(f"<tr><td>{first}</td>{''.join(cells)}</tr>")
    heads = "".join(f"<th>against {esc(other)}</th>" for other in others)
    return f'<div class="wide"><table><tr><th></th>{heads}</tr>{"".join(rows)}</table></div>'


def certainty(table: Lookup) -> str:
    """Do stated probabilities come true?"""
    size = table.sizes[-1]
    drawn = []
    for shot in dict.fromkeys((table.shots[0], table.shots[-1])):
        found: dict[str, list[tuple[float, float, int]]] = {}
        for row in table.found.calibration:
            if (row["train_users"], row["k_shot"]) == (size, shot):
                found.setdefault(row["system"], []).extend(map(tuple, row["bins"]))
        pooled = {name: _pooled(bins) for name, bins in found.items() if bins}
        if pooled:
            drawn.append(
                figure(
                    shown_words(shot).capitalize(), charts.calibration(pooled, colours(table), "calibration")
                )
            )
    if not drawn:
        return ""
    what = "of the rated items" if table.found.settings["explicit"] else "of all items"
    says = (
        f"Up: the share {what} that people really liked, or met. Along: the probability that was stated. On the dotted "
        "line both agree; below it the system promised too much."
    )
    return section(
        "Do stated probabilities come true?", soft(says), f'<div class="charts">{"".join(drawn)}</div>'
    )


def _pooled(bins: Sequence[tuple[float, float, int]], count: int = 10) -> list[tuple[float, float, int]]:
    """The bins of all seeds, joined to ``count``."""
    ordered = sorted(bins)
    per = max(1, math.ceil(len(ordered) / count))
    joined = []
    for start in range(0, len(ordered), per):
        part = ordered[start : start + per]
        total = sum(number for _, _, number in part)
        said, true = (sum(one[at] * one[2] for one in part) / total for at in (0, 1))
        joined.append((said, true, total))
    return joined


def parts(table: Lookup) -> str:
    """Slices of items and of people."""
    size, shot = table.sizes[-1], table.shots[-1]
    rows = [row for row in table.found.slices if (row["train_users"], row["k_shot"]) == (size, shot)]
    drawn = []
    for name in dict.fromkeys(row["slice"] for row in rows):
        here = [row for row in rows if row["slice"] == name]
        bars = [(row["system"], row["mean"], row["se_users"] or 0.0) for row in here]
        caption = f"{name} · {here[0]['metric']} · {here[0]['users']} people"
        drawn.append(figure(caption, charts.bars(bars, colours(table), f"{here[0]['metric']}, {name}")))
    if not drawn:
        return ""
    says = (
        f"{shown_words(shot).capitalize()}. Hot items were met by somebody in training, warm ones are known "
        "by their text alone, cold ones not at all. People are split into thirds by how much they did in all the data."
    )
    return section(
        "Where it is good, and where not", soft(says), f'<div class="charts">{"".join(drawn)}</div>'
    )


def beyond(table: Lookup) -> str:
    """Coverage, evenness, variety, novelty."""
    size, shot = table.sizes[-1], table.shots[-1]
    metrics = [name for name in table.metrics if base_name(name) in BEYOND]
    if not metrics:
        return ""
    says = "".join(f"<li><b>{esc(name)}</b>: {esc(metric_words(name))}</li>" for name in metrics)
    return section("Beyond accuracy", soft(f"{shown_words(shot).capitalize()}."), _numbers(table, metrics, size, shot),
                   f'<ul class="small soft">{says}</ul>')  # fmt: skip


def _numbers(table: Lookup, metrics: Sequence[str], size: Any, shot: Any) -> str:
    rows = []
    for name in table.systems:
        cells = []
        for metric in metrics:
            cell = table.cell(name, size, shot, metric)
            if cell is None:
                cells.append("<td></td>")
                continue
            errors = ", ".join(
                f"{cell[key]:.3f} {words}"
                for key, words in (("se_users", "over users"), ("se_seeds", "over seeds"))
                if cell[key] is not None
            )
            error = (
                f' <span class="pm">±{cell["se_users"]:.3f}</span>' if cell["se_users"] is not None else ""
            )
            cells.append(f'<td title="standard error: {errors or "none"}">{cell["mean"]:.3f}{error}</td>')
        kind = ' class="ours"' if name in table.contenders else ""
        rows.append(f"<tr{kind}><td>{esc(name)}</td>{''.join(cells)}</tr>")
    heads = "".join(f'<th title="{esc(metric_words(metric))}">{esc(metric)}</th>' for metric in metrics)
    return f'<div class="wide"><table><tr><th>system</th>{heads}</tr>{"".join(rows)}</table></div>'


def everything(table: Lookup) -> str:
    """All cells, folded away."""
    metrics = [name for name in table.metrics if base_name(name) not in BEYOND]
    tables = [
        f"<h3>{esc(shown_words(shot).capitalize())}{_learned(table, size)}</h3>{_numbers(table, metrics, size, shot)}"
        for size in table.sizes
        for shot in table.shots
    ]
    says = "".join(f"<li><b>{esc(name)}</b>: {esc(metric_words(name))}</li>" for name in metrics)
    return section(
        "All numbers",
        soft("± one standard error over people; point at a number for that over seeds."),
        f"<details><summary>Show {len(tables)} table{'s' if len(tables) != 1 else ''}</summary>"
        f"{''.join(tables)}</details>",
        f'<details><summary>What the metrics say</summary><ul class="small soft">{says}</ul></details>',
    )


def _learned(table: Lookup, size: Any) -> str:
    return "" if len(table.sizes) == 1 else esc(f", learned from {size} people")


def health(table: Lookup) -> str:
    """What the data check says."""
    report = table.found.health
    numbers = [
        ("people", f"{report.users:,}, of whom {report.learners:,} have five likes or more"),
        ("items", f"{report.items:,}; {report.cold_items:.0%} of them without any interaction"),
        (
            "interactions",
            f"{report.interactions:,}; {report.density:.2%} of all pairs; {report.liked:.0%} are likes",
        ),
        ("bestsellers", f"the top tenth of the items has {report.top_tenth:.0%} of the interactions"),
        *[(f"text: {view}", f"{share:.0%} of the items") for view, share in report.text_coverage.items()],
    ]
    told = "".join(f"<li>{esc(line)}</li>" for line in [*report.meaning, *report.warnings])
    return section("How healthy the data are", definitions(numbers), f'<ul class="small">{told}</ul>')


def definitions(rows: Sequence[tuple[str, Any]]) -> str:
    return "<dl>" + "".join(f"<dt>{esc(name)}</dt><dd>{esc(value)}</dd>" for name, value in rows) + "</dl>"


def method(table: Lookup) -> str:
    """Settings, seeds, versions, tuning, run time: what another needs to get the same numbers."""
    found = table.found
    settings = [
        (name.replace("_", " "), _listed(value))
        for name, value in found.settings.items()
        if name != "systems" and value is not None  # what does not count in this task
    ]
    systems = [(f"{name} ({called(name)})" if called(name) != name else name, about)
               for name, about in found.settings["systems"].items()]  # fmt: skip
    times = [(name, f"{seconds:.1f} s") for name, seconds in found.seconds.items()]
    chosen = "".join(
        f"<tr><td>{esc(row['system'])}</td><td>{esc(row['train_users'])}</td><td>{esc(row['seed'])}</td>"
        f"<td>{esc(row.get('settings', ''))}</td><td>{esc(row.get('users', ''))}</td>"
        f'<td class="words">{esc(_listed(row.get("searched", "")))}</td>'
        f'<td class="words">{esc(_listed(row.get("chosen", "")))}</td></tr>'
        for row in found.tuning
    )
    heads = (
        "<tr><th>system</th><th>people</th><th>seed</th><th>settings tried</th><th>on users</th>"
        '<th class="words">searched</th><th class="words">chosen</th></tr>'
    )
    tuned = (
        "<details><summary>What was tuned, on training users alone</summary>"
        f'<div class="wide"><table>{heads}{chosen}</table></div></details>'
    )
    return section(
        "How this was measured",
        definitions(settings),
        f"<details><summary>Systems</summary>{definitions(systems)}</details>",
        tuned if found.tuning else "",
        f"<details><summary>Versions</summary>{definitions(list(found.versions.items()))}</details>",
        f"<details><summary>Run time</summary>{definitions(times)}</details>",
    )


def _listed(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(
            f"{name}: ({_listed(inner)})" if isinstance(inner, dict) else f"{name}: {inner}"
            for name, inner in value.items()
        )
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
