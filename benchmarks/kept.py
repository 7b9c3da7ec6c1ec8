"""Cells that are measured once: each finished one is a file of its own, from which an interrupted run goes on."""

from __future__ import annotations

import json
import os
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks import open_sets, reference
from benchmarks.protocol import World
from benchmarks.systems import Marks

__all__ = ["ROOT", "SETS", "add_options", "gathered", "load", "present"]

ROOT = Path(__file__).resolve().parents[1]
SETS = (*reference.SETS, *open_sets.SETS)


class Job(Protocol):
    """One fit and all that is marked with it."""

    @property
    def file(self) -> str: ...

    def run(self) -> Iterator[Marks]: ...


AnyJob = TypeVar("AnyJob", bound=Job)


@lru_cache(maxsize=1)
def load(name: str) -> World:
    return (reference if name in reference.SETS else open_sets).read_world(name)


def present(names: Iterable[str]) -> list[str]:
    """Those of ``names`` whose data lie beside the project; says which do not."""
    found = []
    for name in names:
        folder = (reference.REFERENCE if name in reference.SETS else open_sets.DATA) / name
        if folder.exists():
            found.append(name)
        else:
            print(f"{name}: left out, its data are not beside the project.", file=sys.stderr)
    return found


def add_options(parser: ArgumentParser, folder: str) -> None:
    """``--set``, ``--resume``, ``--report`` and ``--keep``, which is ``build/benchmarks/FOLDER``."""
    parser.add_argument("--set", action="append", choices=SETS, help="only this set")
    parser.add_argument("--resume", action="store_true", help="keep the cells that are there")
    parser.add_argument("--report", action="store_true", help="measure nothing, write what is kept")
    parser.add_argument(
        "--keep", type=Path, default=ROOT / "build" / "benchmarks" / folder, help="kept cells"
    )


def gathered(jobs: Iterable[AnyJob], options: Namespace) -> tuple[list[Marks], list[AnyJob], list[str]]:
    """``(all marks in the order of the jobs, the jobs they are of, the names of those that are not measured)``."""
    options.keep.mkdir(parents=True, exist_ok=True)
    marks, done, absent = list[Marks](), list[AnyJob](), list[str]()
    for job in jobs:
        file = options.keep / job.file
        if not ((options.resume or options.report) and file.exists()):
            if options.report:
                absent.append(job.file.removesuffix(".json"))
                continue
            measure(job, file)
        marks += [Marks(**row) for row in json.loads(file.read_text())]
        done.append(job)
    return marks, done, absent


def measure(job: Job, file: Path) -> None:
    """Writes what comes of the job, whole or not at all."""
    started = time.perf_counter()
    found = [mark.to_dict() for mark in job.run()]
    written = file.with_suffix(".part")
    written.write_text(json.dumps(found))
    os.replace(written, file)
    print(f"{job.file}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)
