"""How time and memory grow with the catalogue and with the people: exponents of fitted power laws.

Made-up shops (see `benchmarks.synthetic`), one process each. Texts are read by the hashed encoder, because reading
them by the default one is linear and measured elsewhere; weights are the usual ones (``tune=False``).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.speed_tasks import Times, peak, strangers, timed
from benchmarks.synthetic import shop

__all__ = ["GROWTH", "exponent", "grow", "growth_table"]

ITEMS, USERS, PER_USER = (1_000, 10_000, 100_000), (100, 1_000, 10_000, 100_000), 20
GROWTH = {"items": [(items, 1_000) for items in ITEMS], "users": [(1_000, users) for users in USERS]}
"""What grows -> sizes (items, users)."""


def grow(size: str) -> tuple[Times, dict[str, float]]:
    """One fit and the lists of strangers at ``ITEMSxUSERS``."""
    from fewrec import Dataset, Recommender

    items, events = shop(*(int(part) for part in size.split("x")), PER_USER)
    memory = {"tables": peak()}
    times: Times = {}
    data = Dataset(items=items, interactions=events)
    model = Recommender(encoder="hashed", tune=False, cache=None)
    with timed(times, "fit"):
        model.fit(data, progress=False)
    for support in strangers(events):
        with timed(times, "list"):
            model.recommend(support=support, n=10)
    memory["lists"] = peak()
    return times, memory


def exponent(sizes: Sequence[float], amounts: Sequence[float]) -> float:
    """``b`` of ``amount = a size^b``, by least squares of the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(amounts), 1)[0])


def growth_table(measured: Mapping[tuple[int, int], tuple[Times, dict[str, float]]]) -> str:
    """CPU seconds of a fit and milliseconds of a list, peak megabytes, and the exponents of the last tenfold step and
    of all steps together; sizes as in `GROWTH`, those that were not measured left out."""
    text = f"""
## Growth

A fit without tuning on hashed texts and a stranger's list of ten from five ratings (CPU times), and the peak of the
process less its tables; {PER_USER} ratings a user. The exponent is that of a power law through all sizes, in
brackets through the last two.
"""
    for what, sizes in GROWTH.items():
        known = [size for size in sizes if size in measured]
        if len(known) < 2:
            continue
        text += "\n| items | users | fit | list | memory |\n|---|---|---|---|---|\n"
        columns: list[list[float]] = [[], [], []]
        for size in known:
            times, memory = measured[size]
            fit, each = (statistics.median(cpu for _, cpu in times[name]) for name in ("fit", "list"))
            amounts = (fit, 1000 * each, memory["lists"] - memory["tables"])
            for column, amount in zip(columns, amounts, strict=True):
                column.append(amount)
            text += (
                f"| {size[0]:,} | {size[1]:,} | {fit:.1f} s | {1000 * each:.1f} ms | {amounts[2]:,.0f} MB |\n"
            )
        grown = [float(size[0 if what == "items" else 1]) for size in known]
        told = [
            f"{exponent(grown, column):.2f} ({exponent(grown[-2:], column[-2:]):.2f})" for column in columns
        ]
        text += f"\nExponents in {what}: fit {told[0]}, list {told[1]}, memory {told[2]}.\n"
    return text
