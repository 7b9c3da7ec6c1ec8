"""``fewrec adapt instruct``: a language model tuned to rate for your users, kept only if that is certain to help."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from fewrec.cli.finetune import beside, check_out
from fewrec.cli.fitted import tell_data
from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import add_output, add_settings, resolved
from fewrec.cli.sources import read_data
from fewrec.cli.talk import Talk
from fewrec.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--language-model", metavar="MODEL", required=True, help="what is tuned: a folder or a .gguf file"
    )
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where to save the language model")
    how = parser.add_argument_group("tuning", "What has no flag here stands in tune_rater, in Python.")
    how.add_argument(
        "--language", metavar="CODE", default="en", help="of the prompts: en or zh (default: en)"
    )
    how.add_argument("--epochs", type=int, default=5, metavar="N", help="at most (default: 5)")
    how.add_argument(
        "--patience", type=int, default=2, metavar="N", help="epochs without a better one (default: 2)"
    )
    how.add_argument("--rank", type=int, default=8, metavar="N", help="of LoRA (default: 8)")
    how.add_argument("--learning-rate", type=float, default=2e-4, metavar="X", help="default: 0.0002")
    add_settings(parser, "data", "model.seed")
    add_output(parser, csv=False)


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.adapt.instruct import check_tuning, leave, tune_rater
    from fewrec.llm import LocalModel, language_model, template
    from fewrec.recommender.model import shown

    check_out(options.out, None)
    target = Path(options.out).expanduser()
    check_tuning(
        target, options.learning_rate, epochs=options.epochs, patience=options.patience, rank=options.rank
    )
    template(options.language)
    model = language_model(options.language_model, "--language-model")
    if not isinstance(model, LocalModel):
        raise ConfigError(
            f"the weights of {options.language_model!r} cannot be tuned.",
            where="--language-model",
            value=options.language_model,
            hint="Give a folder of Transformers, or a .gguf file without llamacpp: before it.",
        )
    config = resolved(options).config
    with talk.listening(), shown(not talk.quiet) as bar:
        data = read_data(options, config.data)
        tell_data(data, talk)
        found = tune_rater(
            data,
            model,
            target,
            language=options.language,
            epochs=options.epochs,
            patience=options.patience,
            rank=options.rank,
            learning_rate=options.learning_rate,
            seed=config.model.seed,
            checkpoint=beside(options.out),
            progress=bar,
            say=talk.say,
        )
        if found.folder is None:
            leave(target, model, found, options.language)
    if options.json:
        told = asdict(found)
        # (loss, validation loss, validation pairs) by name, as those of finetune
        names = ("loss", "validation_loss", "validation")
        told["epochs"] = [
            {"epoch": at, **dict(zip(names, row, strict=True))} for at, row in enumerate(found.epochs, 1)
        ]
        print_json({**told, "folder": options.out})
    else:
        how = "the tuned model" if found.folder is not None else "a note that stands for the model as it was"
        print_lines(f"{str(found)[0].upper()}{str(found)[1:]}\nSaved in {options.out}: {how}.")
    talk.say(f"Next: fewrec fit --rater {options.out} --items ... --interactions ... --out model")
    return 0
