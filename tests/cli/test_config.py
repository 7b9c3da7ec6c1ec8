"""Settings as objects: defaults, ranges, and plain dicts."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewrec.config import (
    SECTIONS,
    CacheSettings,
    Config,
    DataSettings,
    EvaluateSettings,
    ListSettings,
    ModelSettings,
    definitions,
)
from fewrec.config.sources import variable_of
from fewrec.errors import ConfigError

words = st.text(min_size=1).filter(str.strip)
numbers = st.floats(allow_nan=False, allow_infinity=False)
paths = st.lists(words, max_size=3)
configs = st.builds(
    Config,
    data=st.builds(
        DataSettings,
        items=paths,
        interactions=paths,
        users=st.one_of(words, paths),
        columns=st.dictionaries(words, st.one_of(st.text(), st.lists(words))),
        feedback=st.sampled_from(["auto", "explicit", "implicit"]),
        liked_at=st.none() | numbers | st.integers(-5, 5),
        events=st.dictionaries(words, numbers),
        half_life=st.none() | st.floats(0, 1e6, exclude_min=True),
        on_bad_row=st.sampled_from(["stop", "skip"]),
    ),
    model=st.builds(ModelSettings, encoder=words, tune=st.booleans(), seed=st.integers(0)),
    list=st.builds(
        ListSettings,
        n=st.integers(1),
        diversity=st.floats(0, 1),
        on_unknown=st.sampled_from(["raise", "warn", "skip"]),
    ),
    evaluate=st.builds(
        EvaluateSettings,
        task=st.sampled_from(["warm", "rating"]),
        systems=st.none() | words | st.lists(words, min_size=1),
        k_shot=st.integers(0) | st.lists(st.integers(0), min_size=1),
        train_users=st.just("all") | st.lists(st.integers(1) | st.just("all"), min_size=1),
        share=st.floats(0.01, 0.99),
        last=st.booleans(),
        date=st.none() | words | st.dates() | st.datetimes(),
        splits=st.none() | words,
    ),
    cache=st.builds(CacheSettings, folder=st.none() | words, vectors_mb=st.floats(1, 1e9)),
)


@given(configs)
def test_a_dict_gives_the_config_back(config):
    plain = config.to_dict()
    assert Config.from_dict(plain) == config
    assert Config.from_dict(json.loads(json.dumps(plain))) == config


def test_what_is_left_out_has_its_default():
    assert Config.from_dict({}) == Config()
    config = Config.from_dict({"list": {"n": 3}})
    assert config == Config(list=ListSettings(n=3))
    assert config.list.diversity == 0.0


def test_values_are_brought_into_normal_form():
    data = DataSettings(items="a.csv", columns={"item": "movieId", "time": ""}, events={"buy": 4})  # type: ignore[arg-type]
    assert (data.items, data.columns, data.events) == (
        ("a.csv",),
        {"item": ("movieId",), "time": ()},
        {"buy": 4.0},
    )


def test_a_config_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().list.n = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("section", "name", "value", "message"),
    [
        ("list", "n", 0, "list.n: 0 is out of range.\nGive a whole number from 1 on."),
        ("list", "n", 2.5, "list.n: 2.5 is not a whole number.\nGive a whole number from 1 on."),
        ("list", "n", True, "list.n: True is not a whole number.\nGive a whole number from 1 on."),
        ("list", "n", "5", 'list.n: "5" is not a whole number.\nGive a whole number from 1 on.'),
        ("list", "diversity", 1.1, "list.diversity: 1.1 is out of range.\nGive a number from 0 to 1."),
        (
            "list",
            "diversity",
            float("nan"),
            "list.diversity: nan is not a number.\nGive a number from 0 to 1.",
        ),
        (
            "list",
            "on_unknown",
            "stop",
            'list.on_unknown: "stop" is not a choice.\nChoose one of: raise, warn, skip.',
        ),
        ("data", "half_life", 0, "data.half_life: 0 is out of range.\nGive a number of days above 0."),
        ("data", "liked_at", "4", 'data.liked_at: "4" is not a number.\nGive a number.'),
        ("data", "items", 5, "data.items: 5 is not a file name.\nGive a file name, or a list of them."),
        ("data", "items", " ", 'data.items: " " is not a file name.\nGive a file name, or a list of them.'),
        (
            "data",
            "columns",
            "item",
            'data.columns: "item" is not a table of roles.\nWrite { item = "movieId" }.',
        ),
        (
            "data",
            "columns",
            {"item": 5},
            "data.columns.item: 5 is not a column name.\n"
            'Give a column name, or a list of them; "" where no column plays the role.',
        ),
        ("data", "events", [1], "data.events: [1] is not a table of weights.\nWrite { view = 1, buy = 4 }."),
        ("data", "events", {"buy": "much"}, 'data.events.buy: "much" is not a number.\nGive a number.'),
        ("model", "encoder", "", 'model.encoder: "" is not a text.\nGive a text that is not blank.'),
        (
            "evaluate",
            "k_shot",
            [],
            "evaluate.k_shot: [] is no list of whole numbers.\nGive whole numbers from 0 on.",
        ),
        (
            "evaluate",
            "k_shot",
            [1, -1],
            "evaluate.k_shot: -1 is out of range.\nGive whole numbers from 0 on.",
        ),
        (
            "evaluate",
            "k_shot",
            [True],
            "evaluate.k_shot: True is not a whole number.\nGive whole numbers from 0 on.",
        ),
        (
            "evaluate",
            "train_users",
            [10, "most"],
            'evaluate.train_users: "most" is not a whole number.\nGive whole numbers from 1 on, or all.',
        ),
        ("evaluate", "systems", [], "evaluate.systems: no name is given.\nGive a name, or a list of them."),
        ("evaluate", "systems", 5, "evaluate.systems: 5 is not a name.\nGive a name, or a list of them."),
        ("evaluate", "date", 5, "evaluate.date: 5 is no date.\nWrite 2024-05-17."),
        ("model", "seed", -1, "model.seed: -1 is out of range.\nGive a whole number from 0 on."),
        ("model", "tune", 1, "model.tune: 1 is neither true nor false.\nGive true or false."),
        ("cache", "vectors_mb", 0.5, "cache.vectors_mb: 0.5 is out of range.\nGive a number from 1."),
    ],
)
def test_a_value_out_of_range_is_refused(section, name, value, message):
    with pytest.raises(ConfigError) as caught:
        SECTIONS[section](**{name: value})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("plain", "message"),
    [
        ({"lst": {}}, "the settings: there is no section 'lst'.\nNearest: list."),
        (
            {"output": {}},
            "the settings: there is no section 'output'.\nSections: data, model, list, evaluate, cache, service.",
        ),
        ({"seed": 1}, "the settings: there is no section 'seed'.\nWrite it in the section [model]."),
        (
            {"list": 5},
            "the settings: list is a section, not a value.\nWrite [list] on a line of its own.",
        ),
        (
            {"model": {"sed": 1}},
            "the settings: there is no setting model.sed.\nNearest: seed.",
        ),
        (
            {"model": {"n": 1}},
            "the settings: there is no setting model.n.\nIt belongs in the section [list].",
        ),
        (
            {"model": {"width": 1}},
            "the settings: there is no setting model.width.\nKnown: encoder, tune, seed.",
        ),
    ],
)
def test_an_unknown_name_is_refused(plain, message):
    with pytest.raises(ConfigError) as caught:
        Config.from_dict(plain)
    assert str(caught.value) == message


def test_a_section_must_be_one():
    with pytest.raises(ConfigError) as caught:
        Config(list={"n": 5})  # type: ignore[arg-type]
    assert str(caught.value) == "list: {'n': 5} is not a ListSettings.\nUse Config.from_dict for dicts."


def test_every_setting_is_described():
    for name, entry in definitions():
        assert entry.metadata["help"], name
        flag = entry.metadata["flag"]
        assert flag is None or flag.startswith("-"), name
    variables = [variable_of(name) for name, _ in definitions()]
    assert len(set(variables)) == len(variables)
    flags = [entry.metadata["flag"] for _, entry in definitions() if entry.metadata["flag"]]
    # Evaluations and services both have workers; no command has both sections, and config show tells both settings.
    assert sorted({flag for flag in flags if flags.count(flag) > 1}) == ["--workers"]
