"""``fewrec cache``: what is kept between runs."""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from fewrec.cli.fitted import cache_root, model_cache
from fewrec.cli.output import print_json, print_lines, size
from fewrec.cli.parser import Parser, add_output, add_settings, add_talk, resolved
from fewrec.cli.talk import Talk


def add(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, parser_class=Parser
    )
    for name, purpose in (
        ("info", "where the cache is, how much it holds, and how much it may hold"),
        ("clear", "delete vectors and models; they are made again when needed"),
    ):
        action = actions.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
        action.set_defaults(parser=action)
        if name == "clear":
            only = action.add_mutually_exclusive_group()
            only.add_argument("--vectors", action="store_true", help="delete the vectors only")
            only.add_argument("--models", action="store_true", help="delete the models only")
        add_settings(action, "cache")
        add_output(action, csv=False)
        add_talk(action)


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.cli.fitted import vector_cache

    settings = resolved(options).config.cache
    vectors, models = vector_cache(settings), model_cache(settings, talk)
    if options.action == "clear":
        freed = {
            "vectors": 0 if options.models or vectors is None else vectors.clear(),
            "models": 0 if options.vectors else models.clear(),
        }
        root = cache_root(settings)
        if root is not None and not options.vectors and not options.models:
            shutil.rmtree(
                root / "evaluations", ignore_errors=True
            )  # unfinished ones; finished ones leave nothing
        if options.json:
            print_json({f"{name}_bytes_freed": count for name, count in freed.items()})
        else:
            print_lines(f"Freed {size(freed['vectors'])} of vectors and {size(freed['models'])} of models.")
        return 0
    of_models = models.info()
    of_vectors: dict[str, Any] = (
        {"path": "off", "vectors": 0, "bytes": 0, "max_bytes": 0, "encoders": {}}
        if vectors is None
        else vectors.info().to_dict()
    )
    if options.json:
        print_json({"vectors": of_vectors, "models": of_models})
        return 0
    lines = []
    for noun, about in (("vectors", of_vectors), ("models", of_models)):
        room = f"{size(about['bytes'])} of at most {size(about['max_bytes'])}"
        lines.append(f"{noun}: {about[noun]:,}, {room}, in {about['path']}")
    lines += [f"  {count:,} by {encoder}" for encoder, count in of_vectors["encoders"].items()]
    print_lines("\n".join(lines))
    return 0
