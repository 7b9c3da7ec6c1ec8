"""Published tables met on their own protocols: LLMRank's games and TALLRec's likes, written to PUBLISHED.md.

scripts/bench published          both tables: some minutes on one core
scripts/bench published --quick  less of both, to look at; PUBLISHED.md stays as it is
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import llmrank, tallrec
from benchmarks.kept import versions
from benchmarks.open_sets import DATA

RESULTS = Path(__file__).resolve().with_name("PUBLISHED.md")

HEAD = """# Published tables, met on their own protocols

    scripts/bench published

{versions} Nothing was tuned for these tables; fewrec runs with its defaults. ± is two standard errors.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench published", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="less of both; writes no PUBLISHED.md")
    options = parser.parse_args(arguments)
    parts = [HEAD.format(versions=versions())]
    chapters: dict[str, Callable[[Path, bool], str]] = {
        "llmrank-games": llmrank.chapter,
        "tallrec": tallrec.chapter,
    }
    for name, chapter in chapters.items():
        if not (DATA / name).exists():
            print(f"{name}: left out, its data are not beside the project.", file=sys.stderr)
            continue
        parts.append(chapter(DATA / name, options.quick))
        print(parts[-1], flush=True)
    text = "\n".join(parts)
    if len(parts) == 1 + len(chapters) and not options.quick:
        RESULTS.write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
