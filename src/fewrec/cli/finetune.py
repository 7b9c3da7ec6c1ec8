"""``fewrec adapt finetune``: an encoder tuned on your data, kept only if that is certain to help."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fewrec.cli.evaluate import check_report
from fewrec.cli.fitted import tell_data, vector_cache
from fewrec.cli.output import print_json, print_lines
from fewrec.cli.parser import add_output, add_settings, resolved
from fewrec.cli.sources import read_data
from fewrec.cli.talk import Talk
from fewrec.errors import ConfigError

if TYPE_CHECKING:
    from fewrec.adapt.delta import DeltaSettings
    from fewrec.adapt.transformer import TransformerSettings

LOSSES = ("ridge", "mse", "softmax-mse", "softmax", "contrastive")
MODES = ("delta", "lora", "full")
NUMBERS = ("rank", "learning_rate", "l2", "batch_size", "epsilon", "virtual")
"""Of the settings of a mode, those that have a flag; the others are for Python."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="FOLDER", required=True, help="where to save the encoder")
    how = parser.add_argument_group("tuning", "What has no flag here stands in DeltaSettings, in Python.")
    how.add_argument("--mode", choices=MODES, default="delta", help="what is trained (default: delta)")
    how.add_argument("--loss", choices=LOSSES, default="ridge", help="what is made small (default: ridge)")
    how.add_argument("--epochs", type=int, default=30, metavar="N", help="at most (default: 30)")
    how.add_argument(
        "--patience", type=int, default=4, metavar="N", help="epochs without a better one (default: 4)"
    )
    how.add_argument("--rank", type=int, metavar="N", help="width of what is trained (delta: 64, lora: 8)")
    how.add_argument("--learning-rate", type=float, metavar="X", help="delta: 0.002, lora and full: 0.0002")
    how.add_argument("--l2", type=float, metavar="X", help="delta: the pull to the frozen vectors (0.002)")
    how.add_argument(
        "--batch-size",
        type=int,
        metavar="N",
        help="lora, full: texts in memory at once (16); delta, not by ridge: people of a step (64)",
    )
    how.add_argument(
        "--epsilon", type=float, metavar="X", help="radius of adversarial training (default: 0, without)"
    )
    how.add_argument(
        "--virtual", type=float, metavar="X", help="radius of its virtual form (default: 0, without)"
    )
    how.add_argument(
        "--augment",
        metavar="WAY[:SHARE]",
        action="append",
        default=[],
        help="train on altered titles, too: word-drop, word-swap, span-mask or synonyms; may be repeated",
    )
    how.add_argument(
        "--user",
        choices=("mean", "text"),
        help="lora, full, not by ridge: mean of the liked items (default), or a text that names them",
    )
    how.add_argument("--report", metavar="FILE", help="write an HTML page: curves, verdict, settings")
    add_settings(parser, "data", "model.encoder", "model.seed", "cache")
    add_output(parser, csv=False)


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec.adapt import finetune
    from fewrec.adapt.finetune import checked_how
    from fewrec.adapt.loading import tunable
    from fewrec.cli.tuningpage import page
    from fewrec.encode import resolve
    from fewrec.evaluate.keep import write_whole
    from fewrec.text.augment import Named

    check_report(options.report)
    check_out(options.out, options.report)
    _check_idle(options)
    settings = checked_how(options.mode, options.loss, options.epochs, options.patience, _settings(options))
    ways = [Named.of(text, "--augment") for text in options.augment]
    config = resolved(options).config
    if options.mode != "delta":
        tunable(resolve(config.model.encoder))
    with talk.listening():
        data = read_data(options, config.data)
        tell_data(data, talk)
        titles = data.texts.get("title", [])
        found = finetune(
            data,
            config.model.encoder,
            mode=options.mode,
            loss=options.loss,
            epochs=options.epochs,
            patience=options.patience,
            seed=config.model.seed,
            settings=settings,
            augment=[way.made(titles, resolve(config.model.encoder)) for way in ways],
            checkpoint=beside(options.out),
            cache=vector_cache(config.cache),
            progress=not talk.quiet,
            say=talk.say,
        )
        found.save(options.out)
        if options.report:
            write_whole(options.report, page(found).encode("utf-8", "replace"), "the report")
            talk.say(f"Report: {options.report}")
    if options.json:
        print_json({"folder": options.out, **found.to_dict()})
    else:
        print_lines(f"{found.why[0].upper()}{found.why[1:]}\nSaved in {options.out}.")
    talk.say(f"Next: fewrec fit --encoder {options.out} --items ... --interactions ... --out model")
    return 0


def _settings(options: argparse.Namespace) -> DeltaSettings | TransformerSettings:
    from fewrec.adapt.delta import DeltaSettings
    from fewrec.adapt.transformer import TransformerSettings

    kind = DeltaSettings if options.mode == "delta" else TransformerSettings
    given = {name: getattr(options, name) for name in (*NUMBERS, "user")}
    return kind(**{name: value for name, value in given.items() if value is not None})


def _check_idle(options: argparse.Namespace) -> None:
    """Raises ``ConfigError`` for a flag that would change nothing beside the others."""
    mode, loss = options.mode, options.loss
    idle = {
        "--user": mode == "delta" or loss == "ridge",
        "--l2": mode != "delta",
        "--rank": mode == "full",
        "--batch-size": mode == "delta" and loss == "ridge",
    }
    needs = {
        "--user": "It takes --mode lora or full, and another loss: --loss softmax.",
        "--l2": "It belongs to --mode delta.",
        "--rank": "It belongs to --mode delta and lora.",
        "--batch-size": "It takes --mode lora or full, or another loss.",
    }
    for flag, nothing in idle.items():
        value = getattr(options, flag[2:].replace("-", "_"))
        if nothing and value is not None:
            raise ConfigError(
                f"it changes nothing with --mode {mode} and --loss {loss}.",
                where=flag,
                value=value,
                hint=needs[flag],
            )


def check_out(out: str, report: str | None) -> None:
    """Raises where the folder could not be written: nobody should tune for an hour to be told so."""
    target = Path(out).expanduser()
    why = None
    if not out.strip() or target.absolute().resolve() == Path.cwd():
        why = f"{out!r} is no name of a folder"
    elif target.is_file():
        why = f"{out!r} is a file"
    elif report is not None and Path(report).expanduser().absolute() == target.absolute():
        why = "the folder and the report have one name"
    if why is not None:
        raise ConfigError(f"{why}.", where="--out", value=out, hint="Name a folder that can be made.")


def beside(out: str) -> Path:
    """Where an unfinished run stands until the folder ``out`` is written."""
    target = Path(out).expanduser().absolute()
    return target.with_name(f".{target.name}.tuning")
