"""Items as 8-bit integers against their float32 vectors, written into docs/python.md.

    scripts/bench int8             a million items, some minutes and 3 GB of memory
    scripts/bench int8 --print     only prints it
    scripts/bench int8 --quick     20,000 items, to look at; writes nothing

Made-up unit vectors round 2,000 centres, so that each has near neighbours, some 500 at a million; a user is near one of
them. Both ways give the best ten of the same users in turn, on one core; seconds are those of the processor."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kept import ROOT, commit, written
from fewrec.rank import Int8Items
from fewrec.recommender.threads import one_thread

PAGE = ROOT / "docs" / "python.md"
BEGIN, END = "<!-- begin: int8 -->", "<!-- end: int8 -->"
ITEMS, QUICK, WIDTH, CENTRES, USERS, N = 1_000_000, 20_000, 384, 2_000, 256, 10
TOGETHER = (1, 16)
"""Users who are answered in one call."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """What was measured; seconds are those of one list, exact and by 8 bits, by users in a call."""

    items: int
    memory: float  # float32 vectors / what is kept of them
    seconds: dict[int, tuple[float, float]]
    same: float  # share of the lists with the same ten items
    rescored: tuple[float, int]  # median and most
    bound: float  # the largest
    error: float  # the largest
    spread: tuple[float, float]  # mean score of the first and of the tenth


def unit(rows: Array) -> Array:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def made_up(items: int, users: int, seed: int = 0) -> tuple[Array, Array]:
    """``(items (I, D), users (B, D))``; cosines within a group are about 0.7."""
    rng = np.random.default_rng(seed)

    def near(rows: Array) -> Array:
        return unit(rows + (0.65 / WIDTH**0.5) * rng.standard_normal(rows.shape, dtype=np.float32))

    centres = unit(rng.standard_normal((CENTRES, WIDTH), dtype=np.float32))
    made = np.empty((items, WIDTH), dtype=np.float32)
    for start in range(0, items, QUICK):
        part = made[start : start + QUICK]
        part[:] = near(centres[rng.integers(0, CENTRES, len(part))])
    return made, near(made[rng.integers(0, items, users)])


def exact_top(vectors: Array, users: Array) -> NDArray[np.intp]:
    """(B, N) by the plain product."""
    scores = users @ vectors.T
    best = np.argpartition(-scores, N - 1, axis=1)[:, :N]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
    return np.take_along_axis(best, order, axis=1)


def timed(work: Callable[[Array], Any], users: Array, together: int) -> tuple[float, list[Any]]:
    """``(seconds for one user, what came of each call)``."""
    started = time.process_time()
    found = [work(users[start : start + together]) for start in range(0, len(users), together)]
    return (time.process_time() - started) / len(users), found


@one_thread
def measured(items: int, count: int = USERS) -> Found:
    vectors, users = made_up(items, count)
    short = Int8Items(vectors)
    seconds, same, first = {}, 1.0, np.zeros(0)
    for together in TOGETHER:
        plain, exact = timed(lambda part: exact_top(vectors, part), users, together)
        less, approximate = timed(lambda part: short.top(part, N), users, together)
        seconds[together] = plain, less
        lists = np.concatenate([found for found, _ in approximate])
        alike = (np.sort(lists) == np.sort(np.concatenate(exact))).all(axis=1)
        same = min(same, float(alike.mean()))
        first = np.concatenate([scores for _, scores in approximate])
    many, bound, error = [], 0.0, 0.0
    for start in range(0, count, max(TOGETHER)):
        part = users[start : start + max(TOGETHER)]
        many.append(short.rescored(part, N))
        bound = max(bound, float(short.bound(part).max()))
        error = max(error, float(np.abs(short.score(part) - part @ vectors.T).max()))
    counts = np.concatenate(many)
    return Found(
        items,
        vectors.nbytes / short.nbytes,
        seconds,
        same,
        (float(np.median(counts)), int(counts.max())),
        bound,
        error,
        (float(first[:, 0].mean()), float(first[:, -1].mean())),
    )


def line(found: Found) -> str:
    lines = [
        f"| {found.items:,} x {WIDTH}, {USERS} users | float32 | 8 bits |",
        "|---|---|---|",
        f"| memory | 1 | 1 / {found.memory:.2f} |",
    ]
    for together, (plain, less) in found.seconds.items():
        who = "one user" if together == 1 else f"{together} users"
        lines.append(f"| a list, {who} in a call | {1000 * plain:.0f} ms | {1000 * less:.0f} ms |")
    median, most = found.rescored
    return (
        "\n".join(lines)
        + f"\n\nThe same ten in {found.same:.1%} of the lists. Re-scored were {median:.0f} items "
        f"(median; {most} at most). By the bound no score is off by more than {found.bound:.4f}; the largest error was "
        f"{found.error:.4f}. The first of a list has {found.spread[0]:.3f} and the tenth {found.spread[1]:.3f}, on "
        f"average. Made-up vectors, one core, at {commit()}; `scripts/bench int8`.\n"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench int8", description=__doc__.splitlines()[0])
    parser.add_argument("--print", action="store_true", dest="only", help="write nothing")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} items; writes nothing")
    options = parser.parse_args(arguments)
    told = line(measured(QUICK if options.quick else ITEMS))
    if not (options.only or options.quick):
        written(PAGE, BEGIN, END, told)
    print(told)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
