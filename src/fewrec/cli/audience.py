"""``fewrec audience``: who should see an item."""

from __future__ import annotations

import argparse
import csv
import io
from typing import Any

from fewrec.cli.fitted import add_model, fitted_model
from fewrec.cli.output import print_json, print_lines, table
from fewrec.cli.parser import add_output, resolved
from fewrec.cli.talk import Talk

COLUMNS = ("rank", "user", "score", "probability")


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--item", metavar="ITEM", required=True, help="the item, by id or by title")
    add_model(parser, "list.n")
    add_output(parser)


def run(options: argparse.Namespace, talk: Talk) -> int:
    found = resolved(options)
    with talk.listening():
        model = fitted_model(options, found, talk)
        rows = [row.to_dict() for row in model.audience(options.item, n=found.config.list.n)]
    if options.json:
        print_json({"item": options.item, "audience": rows})
    elif options.csv:
        print_lines(_csv(rows))
    elif rows:
        heads = [name for name in COLUMNS if any(row[name] is not None for row in rows)]
        print_lines(table(tuple(heads), [tuple(_shown(row[name]) for name in heads) for row in rows]))
    else:
        print_lines("Nobody: no user in the data has not met this item yet.")
    return 0


def _csv(rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
