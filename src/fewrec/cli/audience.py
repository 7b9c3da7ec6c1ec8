"""``fewrec audience``: who should see an item."""

from __future__ import annotations

import argparse
import csv
import io

from fewrec.cli.oneitem import add_item, model_of_item
from fewrec.cli.output import print_json, print_lines
from fewrec.cli.talk import Talk

COLUMNS = ("rank", "user", "score", "probability")


def add(parser: argparse.ArgumentParser) -> None:
    add_item(parser)


def run(options: argparse.Namespace, talk: Talk) -> int:
    with talk.listening():
        model, n = model_of_item(options, talk)
        audience = model.audience(options.item, n=n)
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
