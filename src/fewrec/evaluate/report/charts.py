"""The charts of the report, each as one SVG drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fewrec.evaluate.report.svg import Frame, drawing, element, even, linear, nice_ticks, text

__all__ = ["bars", "calibration", "curves"]

Point = tuple[float, float, float]  # place, mean, standard error


def curves(
    lines: Mapping[str, Sequence[Point]],
    colours: Mapping[str, str],
    label: str,
    below: str,
    *,
    from_zero: bool = True,
) -> str:
    """One line a system over the number of interactions (or of people), with a band of one standard error.

    Places are drawn at their square root: 0, 1, 3, 5, 10 would else crowd on the left.
    """
    frame = Frame(right=room(lines))
    points = [point for line in lines.values() for point in line]
    low = min(mean - error for _, mean, error in points)
    ticks = nice_ticks(min(0.0, low) if from_zero else low, max(mean + error for _, mean, error in points))
    places = sorted({place for place, _, _ in points})
    across = linear(math.sqrt(places[0]), math.sqrt(places[-1]), *frame.x)
    up = linear(ticks[0], ticks[-1], *frame.y)

    def at(place: float) -> float:
        return across(math.sqrt(place))

    bands, drawn = [], []
    for name, line in lines.items():
        style = f"stroke:var(--{colours[name]});fill:none"
        upper = [f"{at(x):.1f},{up(mean + error):.1f}" for x, mean, error in line]
        lower = [f"{at(x):.1f},{up(mean - error):.1f}" for x, mean, error in reversed(line)]
        bands.append(
            element(
                "polygon",
                points=" ".join([*upper, *lower]),
                class_="band",
                style=f"fill:var(--{colours[name]})",
            )
        )
        path = "M" + " L".join(f"{at(x):.1f},{up(mean):.1f}" for x, mean, _ in line)
        kind = "line ours" if colours[name].startswith("ours") else "line"
        drawn.append(element("path", d=path, class_=kind, style=style))
        drawn += [
            element(
                "circle",
                element("title", _escaped(f"{name}, {x:g}: {mean:.3f} ± {error:.3f}")),
                cx=at(x),
                cy=up(mean),
                r=3.0,
                style=f"fill:var(--{colours[name]})",
            )
            for x, mean, error in line
        ]
    ends = even([up(line[-1][1]) for line in lines.values()], 12, frame.top + 4, frame.y[0] - 2)
    right = frame.x[1] + 8
    names = [
        text(right, y + 3.5, _short(name), class_="name", style=f"fill:var(--{colours[name]})")
        for name, y in zip(lines, ends, strict=True)
    ]
    axes = [*frame.across(ticks, up), *frame.below([(place, f"{place:g}") for place in places], at, below)]
    return drawing(frame.width, frame.height, [*axes, *bands, *drawn, *names], label)


def calibration(
    bins: Mapping[str, Sequence[tuple[float, float, int]]], colours: Mapping[str, str], label: str
) -> str:
    """Stated probability against the share that came true; on the diagonal they agree.

    Larger dots: more cases; whisker: one standard error of a share.
    """
    frame = Frame(height=260.0, right=room(bins))
    most = max(max(said, true) for line in bins.values() for said, true, _ in line)
    ticks = nice_ticks(0.0, max(most, 1e-3), 4)
    across, up = linear(0.0, ticks[-1], *frame.x), linear(0.0, ticks[-1], *frame.y)
    parts = [
        *frame.across(ticks, up),
        *frame.below([(tick, f"{tick:g}") for tick in ticks], across, "what was said"),
        element("line", x1=across(0), y1=up(0), x2=across(ticks[-1]), y2=up(ticks[-1]), class_="diagonal"),
    ]
    largest = max(count for line in bins.values() for _, _, count in line)
    for name, line in bins.items():
        path = "M" + " L".join(f"{across(said):.1f},{up(true):.1f}" for said, true, _ in line)
        kind = "line ours" if colours[name].startswith("ours") else "line"
        parts.append(element("path", d=path, class_=kind, style=f"stroke:var(--{colours[name]});fill:none"))
        for said, true, count in line:
            told = element("title", _escaped(f"{name}: said {said:.1%}, came true {true:.1%} of {count}"))
            error = math.sqrt(max(true * (1 - true), 0.0) / count)
            ends = [up(min(max(true + way * error, 0.0), ticks[-1])) for way in (-1, 1)]
            parts.append(
                element("line", x1=across(said), x2=across(said), y1=ends[0], y2=ends[1],
                        style=f"stroke:var(--{colours[name]});opacity:.45")
            )  # fmt: skip
            radius = 2.0 + 3.0 * math.sqrt(count / largest)
            parts.append(
                element(
                    "circle",
                    told,
                    cx=across(said),
                    cy=up(true),
                    r=radius,
                    style=f"fill:var(--{colours[name]})",
                )
            )
    ends = even([up(line[-1][1]) for line in bins.values()], 12, frame.top + 4, frame.y[0] - 2)
    parts += [
        text(frame.x[1] + 8, y + 3.5, _short(name), class_="name", style=f"fill:var(--{colours[name]})")
        for name, y in zip(bins, ends, strict=True)
    ]
    return drawing(frame.width, frame.height, parts, label)


def bars(rows: Sequence[tuple[str, float, float]], colours: Mapping[str, str], label: str) -> str:
    """One bar a system from zero, with a whisker of one standard error either way."""
    frame = Frame(
        height=14.0 + 22.0 * len(rows),
        left=room([name for name, _, _ in rows]),
        right=46.0,
        top=4.0,
        bottom=10.0,
    )
    largest = max((mean + error for _, mean, error in rows), default=1.0) or 1.0
    across = linear(0.0, largest, *frame.x)
    parts: list[str] = []
    for at, (name, mean, error) in enumerate(rows):
        y = frame.top + 11 + 22.0 * at
        end = max(across(max(mean, 0.0)), frame.left + 1)
        fill = f"fill:var(--{colours[name]})"
        parts += [
            text(frame.left - 8, y + 3.5, _short(name), class_="name", text_anchor="end", style=fill),
            element("rect", x=frame.left, y=y - 7, width=end - frame.left, height=14.0, rx=2, class_="bar", style=fill),
            element("line", x1=across(max(mean - error, 0.0)), x2=across(mean + error), y1=y, y2=y, class_="whisker"),
            text(across(mean + error) + 6, y + 3.5, f"{mean:.3f}", class_="tick"),
        ]  # fmt: skip
    return drawing(frame.width, frame.height, parts, label)


LONGEST = 18  # letters of a name that are shown
LETTER = 6.7  # how wide one is at most, in the drawing's units


def room(names: Iterable[str]) -> float:
    """The space that the longest of these names needs beside a chart."""
    return 14.0 + LETTER * max((len(_short(name)) for name in names), default=0)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _escaped(words: Any) -> str:
    import html

    return html.escape(str(words))
