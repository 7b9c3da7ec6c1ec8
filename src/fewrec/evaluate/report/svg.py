"""A little SVG: elements, scales and axes. Colours are CSS variables of the page, so that light and dark both work."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Frame", "drawing", "element", "even", "linear", "nice_ticks", "text"]

Scale = Callable[[float], float]


def element(tag: str, content: str = "", **attributes: object) -> str:
    """``<tag a="1">content</tag>``; ``_`` in names becomes ``-``, and a trailing one is dropped (``class_``)."""
    parts = [
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(_number(value))}"'
        for name, value in attributes.items()
        if value is not None
    ]
    inside = f">{content}</{tag}>" if content else "/>"
    return f"<{tag}{''.join(parts)}{inside}"


def _number(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def text(x: float, y: float, words: str, **attributes: object) -> str:
    """Words at a place, escaped."""
    return element("text", html.escape(words), x=float(x), y=float(y), **attributes)


def drawing(width: float, height: float, parts: Sequence[str], label: str) -> str:
    """A drawing as wide as its place; ``label`` is what a screen reader says."""
    title = element("title", html.escape(label))
    box = f"0 0 {width:g} {height:g}"
    return element("svg", title + "".join(parts), viewBox=box, role="img", class_="chart")


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Value -> place. A span of nothing lands in the middle."""
    span = high - low
    return lambda value: (start + end) / 2 if span == 0 else start + (value - low) / span * (end - start)


def nice_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from at or below ``low`` to at or above ``high``.

    >>> nice_ticks(0, 0.23)
    [0.0, 0.05, 0.1, 0.15, 0.2, 0.25]
    """
    span = (high - low) or abs(high) or 1.0
    rough = span / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def even(wanted: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Places near the wanted ones, at least ``gap`` apart, between ``top`` and ``bottom``; for labels of lines.

    >>> even([10, 11, 30], 8, 0, 40)
    [10, 18, 30]
    """
    order = sorted(range(len(wanted)), key=lambda at: wanted[at])
    placed = [0.0] * len(wanted)
    last = top - gap
    for at in order:
        last = placed[at] = max(wanted[at], last + gap)
    limit = bottom
    for at in reversed(order):
        placed[at] = min(placed[at], limit)
        limit = placed[at] - gap
    return placed


@dataclass(frozen=True)
class Frame:
    """The place of a chart inside its margins."""

    width: float = 360.0
    height: float = 240.0
    left: float = 40.0
    right: float = 76.0
    top: float = 10.0
    bottom: float = 36.0

    @property
    def x(self) -> tuple[float, float]:
        """From left to right."""
        return self.left, self.width - self.right

    @property
    def y(self) -> tuple[float, float]:
        """From bottom to top: larger values are higher up."""
        return self.height - self.bottom, self.top

    def across(self, ticks: Sequence[float], at: Scale) -> list[str]:
        """Horizontal grid lines with their numbers."""
        left, right = self.x
        return [
            element("line", x1=left, x2=right, y1=at(tick), y2=at(tick), class_="grid")
            + text(left - 6, at(tick) + 3.5, f"{tick:g}", class_="tick", text_anchor="end")
            for tick in ticks
        ]

    def below(self, ticks: Sequence[tuple[float, str]], at: Scale, label: str) -> list[str]:
        """Numbers along the bottom, and what they count."""
        bottom, left, right = self.y[0], *self.x
        marks = [
            text(at(tick), bottom + 14, word, class_="tick", text_anchor="middle") for tick, word in ticks
        ]
        return [*marks, text((left + right) / 2, bottom + 30, label, class_="axis", text_anchor="middle")]
