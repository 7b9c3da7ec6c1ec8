"""The help is instant; a second run on the same files answers in under two seconds for 10,000 items."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

ITEMS, USERS, RATED = 10_000, 500, 40


def seconds(*arguments: str, told: str = "") -> float:
    """CPU seconds of one command line, which must say ``told``: the time on the clock depends on what else
    the machine does."""
    begin = os.times()
    line = [sys.executable, "-m", "fewrec.cli", *arguments]
    result = subprocess.run(line, capture_output=True, check=True, text=True)
    end = os.times()
    assert told in result.stderr
    return end.children_user - begin.children_user + end.children_system - begin.children_system


def test_the_help_is_instant():
    assert min(seconds("--help") for _ in range(3)) < 0.5


@pytest.mark.slow
def test_a_second_run_on_ten_thousand_items_takes_under_two_seconds():
    chance = random.Random(0)
    words = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("ara", "elo", "imu", "oni", "uso")]
    with open("items.csv", "w", encoding="utf-8") as file:
        file.write("item_id,title,genre,price\n")
        for item in range(ITEMS):
            title = " ".join(chance.choices(words, k=3))
            file.write(f"{item},{title} {item},{chance.choice(words[:20])},{chance.randint(1, 99)}\n")
    with open("ratings.csv", "w", encoding="utf-8") as file:
        file.write("user_id,item_id,rating\n")
        for user in range(USERS):
            for item in chance.sample(range(ITEMS), RATED):
                file.write(f"{user},{item},{chance.randint(1, 5)}\n")
    line = ["recommend", "--items", "items.csv", "--interactions", "ratings.csv", "--no-tune"]
    line += ["--like", "7", "--where", "price < 50"]
    seconds(*line, told="Kept for the next run.")
    assert min(seconds(*line, told="Fitted in an earlier run") for _ in range(3)) < 2
