"""fewrec beside the libraries a user would take instead, in one run on the same strangers, written to PEERS.md.

    scripts/bench peers              with implicit and LightFM: three seeds, over an hour of one core
    scripts/bench peers --heavy      with LensKit as well, which brings PyTorch (some gigabytes)
    scripts/bench peers --workers 2  the same by two processes, one thread each; the numbers stay
    scripts/bench peers --quick      two small sets, seed 0, 10 and 50 users; PEERS.md stays as it is

Every finished cell is kept in a file of its own under ``build/benchmarks/peers`` (``--keep``); ``--resume`` goes on
from there, ``--report`` only writes the table. A table that cannot be true is told of, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import sys

from benchmarks import reference
from benchmarks.kept import ROOT, SETS, add_options, commit, gathered, load, present
from benchmarks.peers.cells import Job, jobs
from benchmarks.peers.registry import SYSTEMS, installed
from benchmarks.peers.report import render
from benchmarks.peers.sanity import findings
from benchmarks.systems import size_name

RESULTS = ROOT / "benchmarks" / "PEERS.md"
QUICK = ["ml-100k", "uci-restaurant"]


def command(options: argparse.Namespace) -> str:
    heavy = any(system.package == "lenskit" and system.there for system in SYSTEMS)
    if options.quick:
        return "scripts/bench peers --quick" + " --heavy" * heavy
    return "scripts/bench peers" + " --heavy" * heavy + f" --seeds {options.seeds}" * (options.seeds < 3)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench peers", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two sets, seed 0, 10 and 50 training users")
    parser.add_argument("--seeds", type=int, default=3, choices=(1, 2, 3), help="how many splits (3)")
    parser.add_argument("--system", action="append", choices=[s.name for s in SYSTEMS], help="only this peer")
    add_options(parser, "peers")
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
    text = render(marks, people, stored, left_out, absent, commit(), command(options))
    if not (options.quick or options.set or options.system):
        RESULTS.write_text(text)
    print(text)
    wrong = findings(text, asked(measured), left_out)
    print("\n".join(["This cannot be:", *wrong]) if wrong else "The table is sane.", file=sys.stderr)
    return 1 if wrong else 0


def asked(measured: list[Job]) -> dict[tuple[str, str, int], list[str]]:
    """(set, training users, k) -> the systems of which there must be a number."""
    found: dict[tuple[str, str, int], list[str]] = {}
    for job in sorted(measured, key=lambda job: job.world):
        for k_shot in load(job.world).k_shots:
            systems = found.setdefault((job.world, size_name(job.n), k_shot), [])
            if job.system not in systems:
                systems.append(job.system)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
