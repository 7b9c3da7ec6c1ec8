"""``fewrec audience``: who should see an item."""

from __future__ import annotations

import argparse
import csv
import io

from fewrec.cli.fitted import add_model, find_item, fitted_model
from fewrec.cli.output import print_json, print_lines
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
        model = fitted_model(options, found, talk, find_item(options.item))
        audience = model.audience(options.item, n=found.config.list.n)
    if options.json:
        print_json(audience.to_dict())
    elif options.csv:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([row.to_dict()[name] for name in COLUMNS] for row in audience)
        print_lines(out.getvalue())
    else:
        print_lines(str(audience))
    return 0
