"""Messages of the library in the words of the command line."""

from __future__ import annotations

import pytest

from fewrec.cli.words import in_flags


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('or load with on_bad_row="skip" to leave', "or load with --on-bad-row skip to leave"),
        ('Name it: columns={"time": ...}, or leave half_life out.',
         "Name it: --columns time=..., or leave --half-life out."),
        ('leave it out with columns={"ignore": [...]}.', "leave it out with --columns ignore=...."),
        ('Write columns={"item": "movieId"}.', "Write --columns item=movieId."),
        ('Give a weight: events={"pin": 1.0} (below 0', "Give a weight: --event pin=1.0 (below 0"),
        ('Write events={"view": 1, "buy": -4}.', "Write --event view=1 --event buy=-4."),
        ("(set liked_at to change this)", "(set --liked-at to change this)"),
        ("liked_at=7 makes no rating a like.", "--liked-at=7 makes no rating a like."),
        ("Use on_unknown='skip'.", "Use --on-unknown skip."),
        # names that only look like settings, and flags that are said already
        ("fewrec.toml, data.half_life: 0", "fewrec.toml, data.half_life: 0"),
        ("no column my_liked_at, --half-life", "no column my_liked_at, --half-life"),
    ],
)  # fmt: skip
def test_settings_are_named_by_their_flags(text, said):
    assert in_flags(text) == said


def test_an_error_and_a_note_speak_of_flags(run, shop):
    with open("ratings.csv", "a", encoding="utf-8") as file:
        file.write("emil,3,five\n")
    error = run("check", *shop[:4]).err
    assert error.endswith("Mend the row, or load with --on-bad-row skip to leave such rows out.\n")
    assert "(set --liked-at to change this)" in run("check", *shop[:4], "--on-bad-row", "skip").out
