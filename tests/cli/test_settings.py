"""``fewrec config show`` and ``fewrec check``."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewrec.config import Config, definitions


def test_show_tells_value_and_source_of_every_setting(run, monkeypatch):
    Path("fewrec.toml").write_text('[data]\nitems = "items.csv"\n[list]\nn = 3\n', encoding="utf-8")
    monkeypatch.setenv("FEWREC_LIST_DIVERSITY", "0.5")
    result = run("config", "show", "--seed", "7", "--no-tune", "--columns", "item=movieId")
    assert (result.code, result.err) == (0, "Settings file: fewrec.toml\n")
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in result.out.splitlines()}
    assert rows["data.items"] == '["items.csv"] fewrec.toml'
    assert rows["list.n"] == "3 fewrec.toml"
    assert rows["list.diversity"] == "0.5 FEWREC_LIST_DIVERSITY"
    assert rows["model.seed"] == "7 --seed"
    assert rows["model.tune"] == "false --no-tune"
    assert rows["data.columns.item"] == '["movieId"] --columns'
    assert rows["data.liked_at"] == "- default"
    assert rows["cache.folder"].endswith("FEWREC_CACHE")
    assert len(rows) == len(list(definitions())) + 1  # and the head


def test_show_as_json_holds_the_whole_config(run):
    plain = run("config", "show", "--json", "-n", "4").json
    assert plain["list.n"] == {"value": 4, "source": "-n"}
    nested: dict = {}
    for name, row in plain.items():
        section, _, key = name.partition(".")
        nested.setdefault(section, {})[key] = row["value"]
    nested["cache"]["folder"] = None
    nested["list"]["n"] = 10
    assert Config.from_dict(nested) == Config()


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (["-n", "0"], 4, "fewrec: -n: 0 is out of range.\nGive a whole number from 1 on.\n"),
        (
            ["--config", "my.toml"],
            4,
            "fewrec: my.toml: the file does not exist.\nName the file of settings with --config.\n",
        ),
        (
            ["--on-unknown", "ignore"],
            4,
            'fewrec: --on-unknown: "ignore" is not a choice.\nChoose one of: raise, warn, skip.\n',
        ),
    ],
)
def test_wrong_settings_end_with_4(run, line, code, message):
    result = run("config", "show", *line)
    assert (result.code, result.out, result.err) == (code, "", message)


def test_check_prints_roles_and_health(run, shop):
    result = run("check", *shop[:6])
    assert (result.code, result.err) == (0, "")
    assert "interactions  rating     rating" in result.out
    assert "5 users, 8 items, 19 interactions" in result.out
    assert "What this means" in result.out


def test_check_as_json(run, shop):
    plain = run("check", *shop[:6], "--json").json
    assert set(plain) == {"roles", "health"}
    assert plain["health"]["users"] == 5
    assert ["interactions", "rating", "rating", "by its name"] in plain["roles"]["entries"]


def test_check_takes_every_setting_of_the_data(run, shop):
    Path("clicks.csv").write_text(
        "who,film,what,when\nanna,1,view,2024-01-01\nanna,2,buy,2024-03-01\nbert,x,view,2024-01-01\n",
        encoding="utf-8",
    )
    line = ["check", "--interactions", "clicks.csv", "--event", "view=0.5", "--half-life", "30", "--json"]
    line += ["--columns", "user=who", "--columns", "item=film", "--columns", "event=what"]
    line += ["--columns", "time=when"]
    health = run(*line).json["health"]
    assert health["feedback"] == (
        "implicit: the weights of a person's events with an item add up, half as much after 30 days; "
        "above 0 is a like"
    )
    assert (health["users"], health["items"]) == (2, 3)
    liked = [run("check", *shop[:4], "--liked-at", at, "--json").json["health"]["liked"] for at in ("2", "5")]
    assert liked[0] > liked[1]
    result = run("check", *shop[:4], "--feedback", "implicit", "--json")
    assert result.json["health"]["feedback"].startswith("implicit")


def test_bad_rows_stop_or_are_left_out(run, shop):
    with open("ratings.csv", "a", encoding="utf-8") as file:
        file.write("emil,3,five\n")
    result = run("check", *shop[:4])
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith('fewrec: ratings.csv, row 21, column "rating": "five" is not a number.\n')
    result = run("check", *shop[:4], "--on-bad-row", "skip")
    assert result.code == 0
    assert "19 interactions" in result.out
    assert "1 of 20 rows left out" in result.out


def test_a_warning_of_the_library_is_talk(run):
    Path("items.csv").write_bytes("item_id,title\n1,Amélie\n2,Alien\n".encode("latin-1"))
    result = run("check", "--items", "items.csv")
    assert result.code == 0
    assert result.err == (
        "fewrec: warning: items.csv, row 2: the text is not UTF-8; it is read as cp1252. "
        "Save the file as UTF-8 if letters look wrong.\n"
    )


def test_a_settings_file_spares_the_flags(run, shop):
    Path("fewrec.toml").write_text(
        '[data]\nitems = "items.csv"\ninteractions = ["ratings.csv"]\n', encoding="utf-8"
    )
    assert "5 users, 8 items" in run("check").out
