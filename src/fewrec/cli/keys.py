"""``fewrec keys``: who may ask the service."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from fewrec.cli.output import print_json, print_lines, table
from fewrec.cli.parser import Parser, add_output, add_settings, add_talk, resolved
from fewrec.cli.talk import Talk


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, parser_class=Parser
    )
    for name, purpose in {
        "create": "a new key, which is shown this once",
        "list": "all keys, without their secrets",
        "revoke": "let a key open nothing from now on",
    }.items():
        action = actions.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        action.set_defaults(parser=action)
        if name == "create":
            action.add_argument("--name", required=True, help="who will use it")
            action.add_argument(
                "--role", default="read", metavar="read|write|admin", help="what it may do (default: read)"
            )
        elif name == "revoke":
            action.add_argument("--id", required=True, help="the key's id, as fewrec keys list tells it")
        add_settings(action, "service.data", "service.database")
        add_output(action, csv=False)
        add_talk(action)


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.service.place import database_of, is_there
    from fewrec.store import open_store
    from fewrec.store.keys import check_new

    url = database_of(resolved(options).config.service)
    if options.action == "create":
        check_new(options.name, options.role)
    elif not is_there(url):
        url = "sqlite://"  # an empty one, which says the same, and leaves no folder behind
    store = open_store(url)
    try:
        if options.action == "create":
            secret, key = store.keys.create(options.name, options.role)
            if options.json:
                print_json({**key.to_dict(), "key": secret})
            else:
                print_lines(secret)
            talk.say("This is shown once. Send it as: Authorization: Bearer KEY")
            return 0
        keys = [store.keys.revoke(options.id)] if options.action == "revoke" else store.keys.all()
    finally:
        store.close()
    if options.json:
        print_json([key.to_dict() for key in keys])
        return 0
    rows = [
        (key.id, key.name, key.role, _day(key.created), "-" if key.revoked is None else _day(key.revoked))
        for key in keys
    ]
    print_lines(table(("id", "name", "role", "created", "revoked"), rows))
    return 0


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
