"""``--rater``: a language model beside the list, by name."""

from __future__ import annotations

import pytest

from fewrec.cli import main
from fewrec.llm import Rater, named
from tests.recommender.test_rater import Planted, world


@pytest.fixture
def planted(monkeypatch):
    """``--rater planted`` is a model that knows what no signal does; all that was made of it."""
    models = []

    def made(name, where):
        assert name == "planted"
        models.append(Planted())
        return models[-1]

    monkeypatch.setattr(named, "language_model", made)
    return models


@pytest.fixture
def tables(tmp_path):
    data = world()
    rows = [
        f"{data.users.ids[user]},{data.items.ids[item]},{value:g}"
        for user, item, value in zip(
            data.interactions.user_index.tolist(),
            data.interactions.item_index.tolist(),
            data.interactions.value.tolist(),
            strict=True,
        )
    ]
    titles = [f"{item},{title}" for item, title in zip(data.items.ids, data.titles, strict=True)]
    (tmp_path / "items.csv").write_text("\n".join(["item,title", *titles]), encoding="utf-8")
    (tmp_path / "ratings.csv").write_text("\n".join(["user,item,rating", *rows]), encoding="utf-8")
    return [
        f"--items={tmp_path / 'items.csv'}",
        f"--interactions={tmp_path / 'ratings.csv'}",
        "--encoder=hashed",
    ]


def order(result) -> list[str]:
    return [row["item"] for row in result.json["recommendations"]]


def test_fit_and_recommend_take_a_rater(run, tables, planted, tmp_path):
    """Whether weight is earned, tests/recommender/test_rater.py asks; here, that all is handed on."""
    folder = str(tmp_path / "model")
    fitted = run("fit", *tables, "--rater=planted", f"--out={folder}")
    assert fitted.code == 0
    assert "rater:planted@1:Yes|No earned" in fitted.err
    told = planted[-1]
    assert told.asked > 0
    saved = run("recommend", f"--model={folder}", "--rater=planted", "--like=i3", "--json")
    without = run("recommend", f"--model={folder}", "--rater=off", "--like=i3", "--json")
    assert (saved.code, without.code) == (0, 0)
    direct = run("recommend", *tables, "--rater=planted", "--like=i3", "--json")
    again = run("recommend", *tables, "--rater=planted", "--like=i3", "--json")
    plain = run("recommend", *tables, "--like=i3", "--json")
    assert order(direct) == order(again) == order(saved)
    assert order(plain) == order(without)
    assert "Fitted in an earlier run" in again.err
    assert "Fitted in an earlier run" not in plain.err  # one without a rater is another model


def test_a_model_with_a_rater_wants_it_again_but_not_where_it_is_never_asked(
    run, tables, planted, tmp_path, monkeypatch
):
    from fewrec.fewshot import rescoring

    monkeypatch.setattr(rescoring, "PROOF", -100.0)  # it has a weight, whatever it proved
    monkeypatch.setattr(rescoring, "GRID", (0.0, 1.0))
    folder = str(tmp_path / "model")
    assert run("fit", *tables, "--rater=planted", f"--out={folder}").code == 0
    lacking = run("recommend", f"--model={folder}", "--like=i3")
    assert lacking.code == 7
    assert "On the command line: --rater MODEL, or --rater off." in " ".join(lacking.err.split())
    assert run("similar", f"--model={folder}", "--item=i3").code == 0
    assert run("audience", f"--model={folder}", "--item=i3").code == 0


def test_settings_of_the_rater(run, tables, monkeypatch):
    seen = {}

    def noted(name, **settings):
        seen.update(settings, name=name)
        return Rater(Planted(), cache=None)

    monkeypatch.setattr(named, "named_rater", noted)
    run("recommend", *tables, "--rater=openai:x", "--rater-seconds=2.5", "--rater-language=zh", "--like=i3")
    assert (seen["name"], seen["seconds"], seen["language"]) == ("openai:x", 2.5, "zh")


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [
        (["--rater=nowhere"], 4, "rater: there is no language model 'nowhere'"),
        (["--rater-seconds=3"], 2, "do nothing without --rater"),
        (["--rater=off", "--rater-language=zh"], 2, "do nothing without --rater"),
    ],
)
def test_what_cannot_be_is_said_before_any_data_is_read(capsys, flags, code, told, tmp_path):
    (tmp_path / "none.csv").touch()
    assert main(["fit", f"--items={tmp_path / 'none.csv'}", f"--out={tmp_path / 'm'}", *flags]) == code
    said = capsys.readouterr().err
    assert told in said
    assert "none.csv" not in said
