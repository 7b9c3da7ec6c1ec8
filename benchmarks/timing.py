"""Processes that are timed, and the rows that tell of them."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.speed_tasks import Times

__all__ = ["ROOT", "Row", "environment", "shown", "started", "task"]

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds on the clock and of the CPU."""

    what: str
    times: Sequence[Sequence[float]]  # [wall, CPU] of every try
    limit: float | None = None

    @property
    def wall(self) -> float:
        return statistics.median(pair[0] for pair in self.times)

    @property
    def cpu(self) -> float:
        return statistics.median(pair[1] for pair in self.times)

    @property
    def met(self) -> bool:
        return self.limit is None or self.cpu <= self.limit

    def __str__(self) -> str:
        walls = [pair[0] for pair in self.times]
        spread = f"{shown(min(walls))} - {shown(max(walls))} ({len(walls)})"
        limit = "" if self.limit is None else shown(self.limit)
        met = "" if self.limit is None else "yes" if self.met else "**no**"
        return f"| {self.what} | {shown(self.wall)} | {spread} | {shown(self.cpu)} | {limit} | {met} |\n"


def shown(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.0f} s"
    return f"{seconds:.2f} s" if seconds >= 0.2 else f"{1000 * seconds:.2f} ms"


def environment(cache: Path) -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {**os.environ, **threads, "FEWREC_CACHE": str(cache)}


def started(command: Sequence[str], cache: Path, tries: int, folder: Path = ROOT) -> list[list[float]]:
    """[wall, CPU] of running ``command`` so often; where several times, one run before is not counted."""
    times = []
    for attempt in range(tries + (tries > 1)):
        before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=environment(cache), capture_output=True, text=True)
        if done.returncode:  # what went wrong is on stderr, which nobody would see
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
        wall, after = time.perf_counter() - wall, resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if attempt or tries == 1:
            times.append([wall, cpu])
    return times


def task(cache: Path, *arguments: str) -> tuple[Times, dict[str, float]]:
    command = [sys.executable, "-m", "benchmarks.speed_tasks", *arguments]
    print(" ".join(arguments), file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=ROOT, env=environment(cache), capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed:\n{done.stderr}")
    result = json.loads(done.stdout.splitlines()[-1])
    return result["times"], result["memory"]
