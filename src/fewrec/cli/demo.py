"""``fewrec demo``: the main job on the bundled restaurants, for three strangers and somebody known."""

from __future__ import annotations

import argparse
import statistics
import time
from typing import TYPE_CHECKING, Any

from fewrec.cli.answer import print_table
from fewrec.cli.fitted import facts, fit
from fewrec.cli.output import print_json
from fewrec.cli.parser import add_output, add_settings, resolved
from fewrec.cli.talk import Talk

if TYPE_CHECKING:
    from fewrec.data import Dataset

N = 5
USER = "U1108"

NEXT = """\
Now with your own files; a table of items is enough, ratings or purchases make it better:

  fewrec check --items items.csv --interactions ratings.csv
  fewrec recommend --items items.csv --interactions ratings.csv --like "an item" --taste "in your own words"
  fewrec recommend --items items.csv --interactions ratings.csv --user "somebody in your data" --json
  fewrec --help"""


def add(parser: argparse.ArgumentParser) -> None:
    add_settings(parser, "cache")
    add_output(parser, csv=False)


def visitors(data: Dataset) -> list[tuple[str, str, dict[str, Any]]]:
    """``(who, what is known, arguments of recommend)`` for everybody in the demo."""
    rated = len(data.history(USER))
    return [
        ("A stranger", "Nothing is known.", {}),
        (
            "A stranger with two ratings",
            "Crudalia, a bar with a terrace: 2 of 2. Mikasa, Japanese: 2 of 2.",
            {"support": {"Crudalia": 2, "Mikasa": 2}},
        ),
        (
            "A stranger with a sentence",
            'One sentence: "a quiet evening with good wine, outside"',
            {"taste": "a quiet evening with good wine, outside"},
        ),
        (
            "A stranger with a sentence in Chinese",
            "One sentence: “想吃日本料理,寿司最好” (Japanese food, sushi if possible)",
            {"taste": "想吃日本料理,寿司最好"},
        ),
        (f"Somebody known: {USER}", f"{rated} ratings and what the users table says.", {"user": USER}),
    ]


def run(options: argparse.Namespace, talk: Talk) -> int:
    from fewrec import samples

    config = resolved(options).config
    begin = time.perf_counter()
    with talk.listening():
        data = samples.restaurants()
        talk.say("Learning from the bundled sample of restaurants ...")
        model, told = fit(data, config, talk)
        fitted = time.perf_counter() - begin
        answers, times = [], []
        for who, known, request in visitors(model.data):
            asked = time.perf_counter()
            answers.append((who, known, request, model.recommend(**request, n=N)))
            times.append(time.perf_counter() - asked)
    seconds = time.perf_counter() - begin
    if options.json:
        print_json(
            {
                "data": facts(data),
                "answers": [
                    {"who": who, "known": known, "request": request, **answer.to_dict()}
                    for who, known, request, answer in answers
                ],
                "seconds": {
                    "fit": round(fitted, 3),
                    "lists": [round(one, 4) for one in times],
                    "total": round(seconds, 3),
                },
            }
        )
        return 0
    print(
        f"{len(data.items)} restaurants in Mexico, {len(data.interactions):,} ratings (0, 1 or 2) by "
        f"{len(data.users)} people.\nWhere should somebody eat whom nobody here has met before?"
    )
    for number, (who, known, request, answer) in enumerate(answers, start=1):
        arguments = "".join(f"{name}={value!r}, " for name, value in request.items())
        print(f"\n{number}. {who}\n   {known}\n   model.recommend({arguments}n={N})\n")
        talk.warn_all(answer.warnings)
        print_table(answer)
    print(f"\n{told} {_told_times(times)}\n\n{NEXT}")
    return 0


def _told_times(times: list[float]) -> str:
    """How long a list takes; the first sentence loads the encoder when the fit found its vectors in the
    cache."""
    usual, longest = statistics.median(times), max(times)
    told = f"A list took {usual * 1000:.0f} ms"
    if longest > 10 * usual:
        told += f", the slowest {longest:.1f} s (to load the encoder)"
    return f"{told}, on one core of this machine."
