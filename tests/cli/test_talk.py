"""What is said beside the result."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from fewrec.cli.talk import Talk
from fewrec.errors import FewrecWarning


def test_a_warning_is_told_once(capsys):
    talk = Talk()
    with talk.listening():
        warnings.warn("the texts are few.", FewrecWarning, stacklevel=1)
    talk.warn_all(["the texts are few.", "so are the users."])
    talk.note("the texts are few.")
    assert capsys.readouterr() == (
        "",
        "fewrec: warning: the texts are few.\nfewrec: warning: so are the users.\n",
    )


def test_what_tables_hold_does_not_steer_the_terminal(capsys):
    talk = Talk()
    talk.say("column \x1b[31mevil\u202e is text")
    talk.warn("\x07ids\tof users")
    assert capsys.readouterr().err == "column [31mevil is text\nfewrec: warning: ids of users\n"


def test_quiet_talk_still_warns(capsys):
    talk = Talk(quiet=True)
    talk.say("reading ...")
    talk.note("ratings run from 1 to 5.")
    talk.warn("the texts are few.")
    assert capsys.readouterr() == ("", "fewrec: warning: the texts are few.\n")


def test_warnings_of_others_stay_what_they_are():
    talk = Talk()
    with pytest.warns(UserWarning, match="of another library"), talk.listening():
        warnings.warn("of another library", UserWarning, stacklevel=1)
    before = warnings.showwarning
    with talk.listening():
        assert warnings.showwarning is not before
    assert warnings.showwarning is before


def test_many_columns_are_told_as_a_few(run):
    head = ",".join(f"tags{number}" for number in range(7))
    row = ",".join("a|b" for _ in range(7))
    Path("items.csv").write_text(f"item_id,title,{head}\n1,Alien,{row}\n2,Heat,{row}\n", encoding="utf-8")
    columns = [f"--columns=tags={','.join(f'tags{number}' for number in range(7))}"]
    result = run("recommend", "--items", "items.csv", "--encoder", "hashed", "--taste", "Alien", *columns)
    assert result.code == 0, result.err
    assert "tags = tags0, tags1, tags2, tags3, tags4 and 2 more" in result.err


def test_a_column_without_a_role_is_told(run, shop):
    Path("ratings.csv").write_text(
        "user_id,item_id,rating,comment\nanna,1,5,fine\nbert,2,3,so so\n", encoding="utf-8"
    )
    result = run("recommend", *shop[:4], "--encoder", "hashed", "--no-tune")
    assert result.code == 0, result.err
    assert "interactions: user = user_id, item = item_id, rating = rating, not used: comment\n" in result.err
