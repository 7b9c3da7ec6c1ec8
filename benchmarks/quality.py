"""Quality: NDCG@10 of fewrec beside the libraries a user would take instead, on the same strangers, in RESULTS.md.

    scripts/bench quality              with implicit and LightFM: three seeds
    scripts/bench quality --heavy      with LensKit as well, which brings PyTorch (some gigabytes)
    scripts/bench quality --workers 2  the same by two processes, one thread each; the numbers stay
    scripts/bench quality --quick      two small sets, seed 0, 10 and 50 users; RESULTS.md stays as it is

Every finished cell is kept in a file of its own under ``build/benchmarks/quality`` (``--keep``); ``--resume`` goes on
from there (after an interruption, or when some cells are to be measured again: delete their files), ``--report`` only
writes the table. A table that cannot be true is told of, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import reference
from benchmarks.cells import Job, jobs
from benchmarks.kept import ROOT, SETS, add_options, gathered, load, present
from benchmarks.peers import SYSTEMS, installed
from benchmarks.report import render
from benchmarks.sanity import findings
from benchmarks.systems import size_name

RESULTS = ROOT / "benchmarks" / "RESULTS.md"
QUICK = ["ml-100k", "uci-restaurant"]


def command(options: argparse.Namespace) -> str:
    heavy = any(system.package == "lenskit" and system.there for system in SYSTEMS)
    if options.quick:
        return "scripts/bench quality --quick" + " --heavy" * heavy
    return "scripts/bench quality" + " --heavy" * heavy + f" --seeds {options.seeds}" * (options.seeds < 3)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench quality", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two sets, seed 0, 10 and 50 training users")
    parser.add_argument("--seeds", type=int, default=3, choices=(1, 2, 3), help="how many splits (3)")
    parser.add_argument("--system", action="append", choices=[s.name for s in SYSTEMS], help="only this peer")
    add_options(parser, "quality")
    options = parser.parse_args(arguments)
    there, left_out = installed()
    print(*left_out, sep="\n", file=sys.stderr)
    wanted = [system for system in there if not options.system or system.name in options.system]
    names = present(options.set or (QUICK if options.quick else SETS))
    if not names:
        return 0
    planned = jobs(names, wanted, 1 if options.quick else options.seeds, 2 if options.quick else None)
    marks, measured, absent = gathered(planned, options)
    if not marks:
        print("Nothing was measured.", file=sys.stderr)
        return 1
    people = {
        (name, split.seed): [stranger.user for stranger in split.strangers]
        for name in names
        for split in load(name).splits
    }
    stored = {name: reference.read_peers(name) for name in names if name in reference.SETS}
    text, missed = render(marks, people, stored, left_out, absent, command(options))
    if not (options.quick or options.set or options.system):
        RESULTS.write_text(text)
    print(text)
    if not options.quick:  # floors are for the means of three seeds
        print("\n".join(["Not met:", *missed]) if missed else "All floors are met.", file=sys.stderr)
    wrong = findings(text, asked(measured), left_out)
    print("\n".join(["This cannot be:", *wrong]) if wrong else "The table is sane.", file=sys.stderr)
    return 1 if wrong else 0


def asked(measured: list[Job]) -> dict[tuple[str, str, int], list[str]]:
    """(set, training users, k) -> the systems of which there must be a number."""
    found: dict[tuple[str, str, int], list[str]] = {}
    for job in sorted((job for job in measured if not job.items), key=lambda job: job.world):
        for k_shot in load(job.world).k_shots:
            systems = found.setdefault((job.world, size_name(job.n), k_shot), [])
            if job.system not in systems:
                systems.append(job.system)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
