"""``fewrec check``: roles of the columns and the health report."""

from __future__ import annotations

import argparse

from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import add_output, add_settings, resolved
from fewrec.cli.sources import read_data
from fewrec.cli.talk import Talk
from fewrec.cli.words import harmless, in_flags


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser, "data")
    add_output(parser, csv=False)


def run(options: argparse.Namespace, talk: Talk) -> int:
    config = resolved(options).config
    with talk.listening():
        data = read_data(options, config.data)
        report = data.health()
    if options.json:
        print_json({"roles": data.roles.to_dict(), "health": report.to_dict()})
    else:
        print_lines(harmless(f"{data.roles}\n\n{in_flags(str(report))}"))
    return 0
