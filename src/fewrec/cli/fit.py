"""``fewrec fit``: a model in a folder."""

from __future__ import annotations

import argparse

from fewrec.cli.fitted import add_rater, facts, fit, rater, tell_data
from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import add_output, add_settings, resolved
from fewrec.cli.sources import read_data
from fewrec.cli.talk import Talk


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where to save the model")
    add_settings(parser, "data", "model", "cache")
    add_rater(parser)
    add_output(parser, csv=False)


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.persist import read_manifest

    config = resolved(options).config
    rates = rater(options, config.cache) or None
    with talk.listening():
        data = read_data(options, config.data)
        tell_data(data, talk)
        model, told = fit(data, config, talk, rates=rates)
        talk.say(told)
        model.save(options.out)
    if options.json:
        print_json(
            {"folder": options.out, **facts(data), "encoder": read_manifest(options.out)["encoder_id"]}
        )
    else:
        print_lines(f"Saved in {options.out}.")
    talk.say(f'Next: fewrec recommend --model {options.out} --taste "what somebody likes"')
    return 0
