"""How long a ``delta`` run takes on 5,000 items and 50,000 interactions, written into docs/adapt.md.

    scripts/bench tuning_time             writes the line in docs/adapt.md
    scripts/bench tuning_time --print     only prints it

On a made-up shop (`benchmarks.synthetic`), by the default encoder and loss, on one core. Seconds are those of the
processor, of the whole process from the tables to the verdict; no text has been read before."""

from __future__ import annotations

import argparse
import tempfile
import time

from benchmarks.adapt import PAGE
from benchmarks.kept import commit, written
from benchmarks.synthetic import shop
from benchmarks.systems import quiet
from fewrec.adapt import finetune
from fewrec.encode import VectorCache
from fewrec.recommender.threads import one_thread

BEGIN, END = "<!-- begin: tuning-time -->", "<!-- end: tuning-time -->"
ITEMS, INTERACTIONS, PER_USER = 5_000, 50_000, 17
LIMIT = 120.0


def measured(items: int = ITEMS, interactions: int = INTERACTIONS) -> tuple[float, int, str]:
    """``(CPU seconds, epochs, verdict)`` of one run on the first so many interactions."""
    table, events = shop(items, -(-interactions // PER_USER), PER_USER)
    rows = {name: column[:interactions] for name, column in events.items()}
    if len(rows["item_id"]) < interactions:
        raise ValueError(f"only {len(rows['item_id'])} interactions were made, {interactions} are wanted.")
    started = time.process_time()
    with one_thread, tempfile.TemporaryDirectory() as folder:
        data = quiet({"items": table, "interactions": rows})
        found = finetune(data, cache=VectorCache(folder), progress=False)
    return time.process_time() - started, len(found.epochs), found.verdict


def line(seconds: float, epochs: int, verdict: str) -> str:
    met = "under" if seconds < LIMIT else "over"
    return (
        f"Tuning {ITEMS:,} items by {INTERACTIONS:,} interactions took {seconds:.0f} s of one core, {met} the "
        f"two minutes aimed at: reading the texts, {epochs} epochs, and the verdict, *{verdict}* (a made-up shop, "
        f"at {commit()}; `scripts/bench tuning_time`).\n"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench tuning_time", description=__doc__.splitlines()[0])
    parser.add_argument("--print", action="store_true", dest="only", help="write nothing")
    options = parser.parse_args(arguments)
    told = line(*measured())
    if not options.only:
        written(PAGE, BEGIN, END, told)
    print(told)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
