"""``fewrec describe``: summaries of items and portraits of users, written by a language model."""

from __future__ import annotations

import argparse

from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import add_output, add_settings, resolved
from fewrec.cli.sources import read_data
from fewrec.cli.talk import Talk
from fewrec.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--of", metavar="KIND", default="items", help="items or users (default: items)")
    parser.add_argument(
        "--language-model",
        metavar="MODEL",
        required=True,
        help="a folder, a .gguf file, llamacpp:FILE, or openai:NAME",
    )
    parser.add_argument("--out", metavar="FILE", required=True, help="table to write, as JSON lines (.jsonl)")
    parser.add_argument(
        "--language", metavar="CODE", default="en", help="of the prompts: en or zh (default: en)"
    )
    parser.add_argument(
        "--tokens", type=int, default=60, metavar="N", help="tokens of one text at most (default: 60)"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="describe the first N only")
    add_settings(parser, "data")
    add_output(parser, csv=False)


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.adapt.describe import describe
    from fewrec.encode import progress_bar
    from fewrec.llm import language_model

    if not options.out.endswith(".jsonl"):
        raise ConfigError(
            f"{options.out!r} does not end with .jsonl.",
            where="--out",
            value=options.out,
            hint="It holds JSON lines.",
        )
    config = resolved(options).config
    with talk.listening(), progress_bar("Describing") as bar:
        data = read_data(options, config.data)
        found = describe(
            data,
            language_model(options.language_model, "--language-model"),
            options.out,
            of=options.of,
            language=options.language,
            tokens=options.tokens,
            limit=options.limit,
            progress=None if talk.quiet else bar,
        )
    if options.json:
        print_json(
            {
                "file": str(found.path),
                "provenance": str(found.provenance),
                "written": found.written,
                "kept": found.kept,
                "silent": found.silent,
            }
        )
    else:
        print_lines(
            f"{found.path}: {found.written} written, {found.kept} kept, {found.silent} without a word."
        )
    talk.say(f"Written by a machine; what by, stands in {found.provenance}. Read some before you use them.")
    return 0
