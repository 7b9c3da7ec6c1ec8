"""Settings from flags, environment and file: who wins, and who is to blame."""

from __future__ import annotations

from pathlib import Path

import pytest

from fewrec.config import Config
from fewrec.config.sources import resolve
from fewrec.errors import ConfigError


def write(text: str, name: str = "fewrec.toml") -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


def refused(*arguments, **named) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(*arguments, **named)
    return str(caught.value)


def test_without_sources_the_defaults_hold():
    found = resolve({}, {})
    assert found.config == Config()
    assert found.file is None
    assert {source for _, _, source in found.rows()} == {"default"}


def test_flags_win_over_environment_over_file_over_defaults():
    write("[list]\nn = 2\ndiversity = 0.2\n[model]\nseed = 2\n[data]\nhalf_life = 2\n")
    environment = {"FEWREC_LIST_N": "3", "FEWREC_LIST_DIVERSITY": "0.3", "OTHER": "x"}
    found = resolve({"list.n": ["4"], "data.liked_at": None}, environment)
    config = found.config
    assert (config.list.n, config.list.diversity, config.model.seed, config.data.half_life) == (
        4,
        0.3,
        2,
        2.0,
    )
    sources = {name: source for name, _, source in found.rows()}
    assert sources["list.n"] == "-n"
    assert sources["list.diversity"] == "FEWREC_LIST_DIVERSITY"
    assert sources["model.seed"] == sources["data.half_life"] == "fewrec.toml"
    assert sources["model.encoder"] == sources["data.liked_at"] == "default"
    assert found.file == "fewrec.toml"


def test_tables_are_merged_key_by_key():
    write('[data]\ncolumns = { item = "film", user = "who" }\nevents = { buy = 5, view = 1 }\n')
    flags = {"data.columns": ["item=movieId", "text=title, genres", "text=plot", "time="]}
    found = resolve(flags, {"FEWREC_DATA_EVENTS": "buy=4; share=2"})
    assert found.config.data.columns == {
        "item": ("movieId",),
        "user": ("who",),
        "text": ("title", "genres", "plot"),
        "time": (),
    }
    assert found.config.data.events == {"buy": 4.0, "view": 1.0, "share": 2.0}
    rows = {name: (value, source) for name, value, source in found.rows()}
    assert rows["data.columns.item"] == (["movieId"], "--columns")
    assert rows["data.columns.user"] == (["who"], "fewrec.toml")
    assert rows["data.events.buy"] == (4.0, "FEWREC_DATA_EVENTS")
    assert "data.columns" not in rows


def test_the_environment_reads_every_kind():
    environment = {
        "FEWREC_DATA_ITEMS": "a.csv;b.csv",
        "FEWREC_DATA_LIKED_AT": "3.5",
        "FEWREC_DATA_COLUMNS": "item=movieId;text=title,genres",
        "FEWREC_MODEL_TUNE": "No",
        "FEWREC_CACHE": "off",
        "FEWREC_LIST_N": " ",  # an empty variable says nothing
        "FEWREC_OPENAI_API_KEY": "secret",  # no setting of ours
    }
    config = resolve({}, environment).config
    assert config.data.items == ("a.csv", "b.csv")
    assert config.data.liked_at == 3.5
    assert config.data.columns == {"item": ("movieId",), "text": ("title", "genres")}
    assert config.model.tune is False
    assert config.cache.folder == "off"
    assert config.list.n == 10


def test_a_switch_may_be_turned_both_ways():
    write("[model]\ntune = false\n")
    assert resolve({}, {}).config.model.tune is False
    found = resolve({"model.tune": True}, {})
    assert (found.config.model.tune, found.sources["model.tune"]) == (True, "--tune")
    assert resolve({"model.tune": False}, {}).sources["model.tune"] == "--no-tune"


def test_paths_in_a_file_start_at_its_folder():
    write('[data]\nitems = ["a.csv", "b.csv"]\n[cache]\nfolder = "kept"\n', "shop/my.toml")
    found = resolve({}, {}, "shop/my.toml")
    assert found.config.data.items == (str(Path("shop/a.csv")), str(Path("shop/b.csv")))
    assert found.config.cache.folder == str(Path("shop/kept"))
    assert found.sources["data.items"] == str(Path("shop/my.toml"))
    write('[cache]\nfolder = "off"\n')
    assert resolve({}, {}).config.cache.folder == "off"


def test_a_path_may_start_at_home(monkeypatch):
    monkeypatch.setenv("HOME", str(Path.cwd()))
    monkeypatch.setenv("USERPROFILE", str(Path.cwd()))
    write('[data]\nitems = "~/a.csv"\n')
    assert resolve({}, {}).config.data.items == (str(Path.cwd() / "a.csv"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[list]\nn = 0\n", "fewrec.toml, list.n: 0 is out of range.\nGive a whole number from 1 on."),
        ("[list]\nm = 1\n", "fewrec.toml: there is no setting list.m.\nKnown: n, diversity, on_unknown."),
        ("[lists]\nn = 1\n", "fewrec.toml: there is no section 'lists'.\nNearest: list."),
        ("n = 1\n", "fewrec.toml: there is no section 'n'.\nWrite it in the section [list]."),
        (
            "[list\nn = 1\n",
            "fewrec.toml: this is not valid TOML: Expected ']' at the end of a table declaration "
            "(at line 1, column 6).\nText needs quotes, a section stands in brackets: [list], then n = 5.",
        ),
    ],
)
def test_a_wrong_file_is_told_by_place(text, message):
    write(text)
    assert refused({}, {}) == message


def test_a_file_that_cannot_be_read_is_told():
    assert refused({}, {}, "no.toml") == (
        "no.toml: the file does not exist.\nName the file of settings with --config."
    )
    Path("folder").mkdir()
    place = Path("folder/fewrec.toml")
    assert refused({}, {}, "folder") == f"folder: this is a folder, not a file.\nName the file: {place}."
    Path("latin.toml").write_bytes("[data]\nitems = 'é'".encode("latin-1"))
    assert refused({}, {}, "latin.toml") == "latin.toml: the file is not UTF-8 text.\nSave it as UTF-8."


def test_a_file_with_a_byte_order_mark_is_read():
    Path("fewrec.toml").write_bytes(b"\xef\xbb\xbf[list]\nn = 3\n")
    assert resolve({}, {}).config.list.n == 3


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        (
            "FEWREC_LIST_M",
            "1",
            "FEWREC_LIST_M: there is no such setting.\n"
            "Nearest: FEWREC_LIST_N, FEWREC_LIST_DIVERSITY, FEWREC_LIST_ON_UNKNOWN.",
        ),
        (
            "FEWREC_LIST_N",
            "ten",
            'FEWREC_LIST_N: "ten" is not a whole number.\nGive a whole number from 1 on.',
        ),
        (
            "FEWREC_MODEL_TUNE",
            "perhaps",
            'FEWREC_MODEL_TUNE: "perhaps" is neither true nor false.\nGive true or false.',
        ),
        ("FEWREC_DATA_EVENTS", "buy=much", 'FEWREC_DATA_EVENTS: "much" is not a number.\nGive a number.'),
    ],
)
def test_a_wrong_variable_is_told_by_name(variable, text, message):
    assert refused({}, {variable: text}) == message


@pytest.mark.parametrize(
    ("name", "texts", "message"),
    [
        ("list.n", ["0"], "-n: 0 is out of range.\nGive a whole number from 1 on."),
        *(
            (
                name,
                [text],
                f'{flag}: "{text}" is not a {noun}.\nGive {hint}.',
            )
            for text in (" 80", "80 ", "8_0", "٣٠٠٠", "８０")
            for name, flag, noun, hint in (
                ("service.port", "--port", "whole number", "a whole number from 0 to 65535"),
                ("data.liked_at", "--liked-at", "number", "a number"),
            )
        ),
        ("list.diversity", ["2"], "--diversity: 2.0 is out of range.\nGive a number from 0 to 1."),
        ("data.liked_at", ["inf"], "--liked-at: inf is not a number.\nGive a number."),
        ("data.half_life", ["x"], '--half-life: "x" is not a number.\nGive a number of days above 0.'),
        (
            "data.columns",
            ["movieId"],
            '--columns: "movieId" is not of the form KEY=VALUE.\nWrite item=movieId, or text=title,genres.',
        ),
        ("data.events", ["=4"], '--event: "=4" is not of the form KEY=VALUE.\nWrite buy=4.'),
    ],
)
def test_a_wrong_flag_is_told_by_name(name, texts, message):
    assert refused({name: texts}, {}) == message


def test_a_file_that_the_system_refuses_is_told(monkeypatch):
    write("[list]\nn = 3\n")

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert refused({}, {}) == "fewrec.toml: the file cannot be read (Permission denied)."
