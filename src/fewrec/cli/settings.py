"""``fewrec config show``: every setting, its value, and which source won."""

from __future__ import annotations

import argparse
import json
import re
from typing import Any

from fewrec.cli.output import print_json, print_lines, table
from fewrec.cli.parser import Parser, add_output, add_settings, add_talk, resolved
from fewrec.cli.talk import Talk
from fewrec.config import SECTIONS


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, parser_class=Parser
    )
    purpose = "every setting, its value, and which source won: flag, environment, file or default"
    show = actions.add_parser("show", help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    show.set_defaults(parser=show)
    add_settings(show, *SECTIONS)
    add_output(show, csv=False)
    add_talk(show)


def run(options: argparse.Namespace, talk: Talk) -> int:
    found = resolved(options)
    talk.say(f"Settings file: {found.file or 'none'}")
    settings = [(name, _harmless(value), source) for name, value, source in found.rows()]
    if options.json:
        print_json({name: {"value": value, "source": source} for name, value, source in settings})
    else:
        rows = [(name, _shown(value), source) for name, value, source in settings]
        print_lines(table(("setting", "value", "source"), rows))
    return 0


def _harmless(value: Any) -> Any:
    """A value without the password that an address may hold."""
    return re.sub(r"//([^:/@]*):[^@]*@", r"//\1:***@", value) if isinstance(value, str) else value


def _shown(value: Any) -> str:
    """A value as it is written in the file of settings; "-" where there is none."""
    return "-" if value is None or value in ([], {}) else json.dumps(value, ensure_ascii=False)
