"""``fewrec recommend``, ``similar`` and ``fit``, from tables and from a saved model."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fewrec.cli import main
from fewrec.recommender import Recommender


@pytest.fixture
def requests(monkeypatch) -> list[dict]:
    """The arguments of every call of ``Recommender.recommend``, which still answers."""
    calls: list[dict] = []
    real = Recommender.recommend

    def recommend(self, **arguments):
        calls.append(arguments)
        return real(self, **arguments)

    monkeypatch.setattr(Recommender, "recommend", recommend)
    return calls


def titles(plain: dict) -> list[str]:
    return [row["title"] for row in plain["recommendations"]]


def test_a_list_on_stdout_and_talk_on_stderr(run, shop):
    result = run("recommend", *shop, "--like", "Alien", "-n", "3")
    assert result.code == 0
    assert "Aliens" in result.out
    assert "chance" in result.out or "score" in result.out
    for talk in ("items: item = item_id, title = title", "5 users, 8 items, 19 interactions", "Fitted in"):
        assert talk in result.err
        assert talk not in result.out


def test_the_module_is_the_command(shop):
    result = subprocess.run(
        [sys.executable, "-m", "fewrec.cli", "recommend", *shop, "--taste", "space", "--json"],
        capture_output=True,
        check=False,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)["recommendations"]) > 0
    assert "Fitted in" in result.stderr


def test_quiet_leaves_results_alone(run, shop):
    loud, quiet = run("recommend", *shop, "--no-tune"), run("recommend", *shop, "--no-tune", "-q")
    assert quiet.out == loud.out
    assert quiet.err == ""


def test_the_json_has_its_documented_shape(run, shop):
    result = run("recommend", *shop, "--user", "anna", "--taste", "space horror", "-n", "4", "--json")
    plain = result.json
    assert set(plain) == {"recommendations", "sure", "profile", "warnings"}
    assert isinstance(plain["sure"], str)
    assert plain["sure"]
    for name in ("profile", "warnings"):
        assert all(isinstance(text, str) for text in plain[name])
    rows = plain["recommendations"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        assert set(row) == {
            "item", "title", "rank", "score", "probability", "rating", "served", "reasons",
        }  # fmt: skip
        assert isinstance(row["item"], int)
        assert isinstance(row["title"], str)
        assert isinstance(row["score"], float)
        assert row["probability"] is None or 0 <= row["probability"] <= 1
        if row["rating"] is not None:
            assert set(row["rating"]) == {"mean", "low", "high"}
            assert row["rating"]["low"] <= row["rating"]["mean"] <= row["rating"]["high"]
        assert row["served"] in ("hot", "warm", "cold")
        for reason in row["reasons"]:
            assert set(reason) == {"kind", "what", "contribution"}
            assert isinstance(reason["what"], str)
            assert isinstance(reason["contribution"], float)
        total = sum(reason["contribution"] for reason in row["reasons"])
        assert total == pytest.approx(row["score"], abs=1e-3)


def test_the_csv_has_a_header_and_a_line_an_item(run, shop):
    rows = list(csv.DictReader(io.StringIO(run("recommend", *shop, "-n", "2", "--csv").out)))
    assert list(rows[0]) == [
        "rank", "item", "title", "score", "probability", "rating", "rating_low", "rating_high",
        "served", "why",
    ]  # fmt: skip
    assert [row["rank"] for row in rows] == ["1", "2"]


def test_what_is_said_about_somebody_reaches_the_model(run, shop, requests):
    line = ["--user", "anna", "--like", "3", "--dislike", "Heat", "--rate", "Solaris=4", "--rate", "5 = 2"]
    line += ["--taste", "slow", "--attribute", "city=Oslo", "--attribute", "age_group = young"]
    line += ["--where", "price < 20", "--exclude", "Aliens", "--exclude", "1"]
    result = run("recommend", *shop, *line, "-n", "4", "--diversity", "0.3", "--on-unknown", "warn")
    assert result.code == 0, result.err
    (request,) = requests
    support = request.pop("support")
    # the mean of the ratings that are likes (4 and more), and of the others
    assert support == {
        "3": pytest.approx((5 + 5 + 4 + 5 + 4 + 5 + 5 + 4 + 4 + 4 + 5 + 4 + 4) / 13),
        "Heat": pytest.approx((1 + 2 + 2 + 1 + 1 + 2) / 6),
        "Solaris": 4.0,
        "5": 2.0,
    }
    assert request == {
        "user": "anna",
        "taste": "slow",
        "attributes": {"city": "Oslo", "age_group": "young"},
        "n": 4,
        "exclude": ["Aliens", "1"],
        "where": "price < 20",
        "diversity": 0.3,
        "on_unknown": "warn",
        "include_seen": False,
    }


def test_beside_ratings_of_a_catalogue_that_nobody_has_rated_a_like_is_a_high_rating(run, shop, requests):
    line = ["--items", "items.csv", "--encoder", "hashed", "--like", "Alien", "--dislike", "Heat"]
    run("recommend", *line)
    run("recommend", *line, "--rate", "Solaris=4")  # of 1 to 5: a like of 1 would be a dislike
    run("recommend", *line, "--rate", "Solaris=8")  # of 1 to 10
    assert [request["support"] for request in requests] == [
        {"Alien": 1.0, "Heat": -1.0},
        {"Alien": 5.0, "Heat": 1.0, "Solaris": 4.0},
        {"Alien": 10.0, "Heat": 1.0, "Solaris": 8.0},
    ]


def test_of_a_stranger_nothing_is_said(run, shop, requests):
    run("recommend", *shop)
    assert {name: requests[0][name] for name in ("user", "support", "taste", "attributes")} == {
        "user": None,
        "support": None,
        "taste": None,
        "attributes": None,
    }


def test_a_title_with_an_equals_sign_can_be_rated(run, shop, requests):
    Path("items.csv").write_text("item_id,title\n1,E=mc2\n2,Heat\n3,Ran\n", encoding="utf-8")
    result = run("recommend", "--items", "items.csv", "--encoder", "hashed", "--rate", "E=mc2=5")
    assert (result.code, requests[0]["support"]) == (0, {"E=mc2": 5.0})


def test_several_values_of_an_attribute_are_a_list(run, shop, requests):
    run("recommend", *shop, "--attribute", "city=Oslo", "--attribute", "city=Rome")
    assert requests[0]["attributes"] == {"city": ["Oslo", "Rome"]}


def test_exclusions_conditions_and_length_are_obeyed(run, shop):
    plain = run("recommend", *shop, "--user", "anna", "-n", "50", "--json").json
    assert set(titles(plain)) == {"Amélie", "The Matrix", "Solaris", "Heat"}  # the other four anna has met
    plain = run("recommend", *shop, "--user", "anna", "-n", "50", "--include-seen", "--json").json
    assert len(titles(plain)) == 8
    plain = run("recommend", *shop, "--where", "price < 10", "--exclude", "Alien", "--json").json
    assert set(titles(plain)) == {"Titanic", "Notting Hill"}
    assert len(titles(run("recommend", *shop, "-n", "1", "--json").json)) == 1


def test_an_empty_list_explains_itself_and_is_no_error(run, shop):
    result = run("recommend", *shop, "--where", "price > 1000", "--json")
    assert result.code == 0
    assert result.json["recommendations"] == []
    assert "where" in " ".join(result.json["warnings"])


def test_warnings_are_talk_and_stand_in_the_json(run, shop):
    line = ["recommend", *shop, "--like", "Alien", "--like", "Brazil", "--on-unknown", "warn"]
    result = run(*line)
    assert result.code == 0
    assert "Brazil" not in result.out
    assert result.err.count("Brazil") == 1
    assert "fewrec: warning: " in result.err
    assert any("Brazil" in warning for warning in run(*line, "--json").json["warnings"])


def test_similar(run, shop):
    result = run("similar", *shop, "--item", "Alien", "-n", "3", "--json")
    assert result.code == 0, result.err
    assert "Aliens" in titles(result.json)
    assert "Alien" not in titles(result.json)
    assert len(titles(result.json)) <= 3
    assert "Aliens" in run("similar", *shop, "--item", "1").out


def test_a_saved_model_answers_like_the_tables(run, shop):
    result = run("fit", *shop, "--out", "model")
    assert (result.code, result.out) == (0, "Saved in model.\n")
    assert "Next: fewrec recommend --model model" in result.err
    asked = ["--like", "Alien", "--dislike", "Titanic", "--json"]
    from_tables = run("recommend", *shop, *asked).json
    for name in ("items.csv", "ratings.csv", "users.csv"):
        Path(name).unlink()
    result = run("recommend", "--model", "model", *asked)
    assert result.code == 0, result.err
    assert titles(result.json) == titles(from_tables)
    assert [row["score"] for row in result.json["recommendations"]] == pytest.approx(
        [row["score"] for row in from_tables["recommendations"]], abs=1e-5
    )


def test_fit_as_json(run, shop):
    plain = run("fit", *shop, "--out", "model", "--no-tune", "--json").json
    assert plain == {
        "folder": "model",
        "users": 5,
        "items": 8,
        "interactions": 19,
        "feedback": "ratings from 1 to 5; 3.6 and more is a like",
        "encoder": plain["encoder"],
    }
    assert plain["encoder"].startswith("hashed")


def test_settings_of_the_file_do_not_stand_in_the_way_of_a_model(run, shop):
    run("fit", *shop, "--out", "model", "--no-tune")
    Path("fewrec.toml").write_text('[data]\nitems = "gone.csv"\n[list]\nn = 2\n', encoding="utf-8")
    result = run("recommend", "--model", "model", "--json")
    assert result.code == 0, result.err
    assert len(titles(result.json)) == 2


@pytest.mark.parametrize(
    "flag", [["--seed", "1"], ["--no-tune"], ["--liked-at", "3"], ["--columns", "item=x"]]
)
def test_a_setting_that_does_nothing_beside_a_model_is_refused(run, flag):
    result = run("recommend", "--model", "model", *flag)
    assert result.code == 2
    assert f"{flag[0]} does nothing beside --model" in result.err


def test_items_alone_are_enough(run, shop):
    result = run(
        "recommend", "--items", "items.csv", "--encoder", "hashed", "--taste", "science fiction", "--json"
    )
    assert result.code == 0, result.err
    assert titles(result.json)
    assert {row["rating"] for row in result.json["recommendations"]} == {None}


def test_interactions_alone_are_enough(run, shop):
    result = run(
        "recommend", "--interactions", "ratings.csv", "--encoder", "hashed", "--user", "dora", "--json"
    )
    assert result.code == 0, result.err
    assert not {3, 5, 6} & {row["item"] for row in result.json["recommendations"]}


def test_the_audience_of_an_item(run, shop):
    plain = run("audience", *shop, "--item", "Solaris", "-n", "3", "--json").json
    assert set(plain) == {"item", "title", "audience", "sure"}
    assert (plain["item"], plain["title"]) == (7, "Solaris")
    assert [row["rank"] for row in plain["audience"]] == [1, 2, 3]
    for row in plain["audience"]:
        assert set(row) == {"user", "rank", "score", "probability"}
        assert row["user"] != "bert"  # has met it
    best = plain["audience"][0]["user"]
    result = run("audience", *shop, "--item", "7", "-n", "3")
    assert f"1  {best}" in result.out
    assert "Solaris" in result.out
    rows = list(csv.DictReader(io.StringIO(run("audience", *shop, "--item", "7", "--csv").out)))
    assert list(rows[0]) == ["rank", "user", "score", "probability"]
    assert rows[0]["user"] == best


def test_ids_and_columns_do_not_steer_the_terminal(run, shop):
    evil = "\x1b[2Jclear\u202e"
    for file, line in (
        ("ratings.csv", f"{evil},1,5\n"),
        ("items.csv", f"9,{evil} film,science fiction,20\n"),
    ):
        with open(file, "a", encoding="utf-8") as out:
            out.write(line)
    for arguments in (
        ("audience", *shop, "--item", "Solaris", "-n", "9"),
        ("audience", *shop, "--item", "9"),
        ("recommend", *shop, "-n", "9"),
        ("check", *shop, "--columns", f"category={evil}"),
    ):
        told = run(*arguments)
        assert not {"\x1b", "\u202e"} & set(told.out + told.err), arguments
    assert "[2Jclear" in run("audience", *shop, "--item", "Solaris", "-n", "9").out


def test_a_new_item_has_an_audience_too(run, shop):
    with open("items.csv", "a", encoding="utf-8") as file:
        file.write("9,Aliens 3,science fiction|horror,20\n")
    result = run("audience", *shop, "--item", "Aliens 3", "--json")
    assert result.code == 0, result.err
    assert {row["user"] for row in result.json["audience"]} == {"anna", "bert", "cleo", "dora", "emil"}


def test_an_item_that_everybody_has_met_has_no_audience(run, shop):
    with open("ratings.csv", "a", encoding="utf-8") as file:
        file.write("bert,4,3\ndora,4,3\n")
    result = run("audience", *shop, "--item", "Titanic", "--json")
    assert (result.code, result.json["audience"]) == (0, [])


def test_a_terminal_gets_the_same_table_in_colours(run, shop, monkeypatch, capsys):
    plain = run("recommend", *shop, "--like", "Alien").out
    capsys.readouterr()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main(["recommend", *shop, "--like", "Alien"]) == 0
    coloured = capsys.readouterr().out
    assert "\x1b[" in coloured
    bare = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in bare.strip().splitlines()] == plain.strip().splitlines()


def test_a_known_attribute_is_not_warned_of(run, shop):
    line = ["recommend", *shop, "--attribute", "city=Oslo", "--on-unknown", "warn"]
    assert "warning" not in run(*line).err
    assert run(*line, "--attribute", "city=Atlantis").err.count("Atlantis") == 1
