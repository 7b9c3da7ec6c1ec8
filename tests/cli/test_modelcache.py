"""Fitted models that are kept between runs, and ``fewrec cache``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fewrec.cli import modelcache
from fewrec.cli.modelcache import ModelCache, model_key
from fewrec.errors import StoreError
from fewrec.recommender import Recommender


@pytest.fixture
def fits(monkeypatch) -> list[int]:
    """Grows by one with every fit."""
    made: list[int] = []
    real = Recommender.fit

    def fit(self, *arguments, **more):
        made.append(1)
        return real(self, *arguments, **more)

    monkeypatch.setattr(Recommender, "fit", fit)
    return made


class Model:
    """Something that can be saved, of a given size."""

    def __init__(self, size: int = 1000, error: Exception | None = None) -> None:
        self.size, self.error = size, error

    def save(self, folder: Path) -> None:
        if self.error is not None:
            raise self.error
        folder.mkdir()
        (folder / "array").write_bytes(b"x" * self.size)


def kept_in(folder: Path) -> set[str]:
    return {path.name for path in (folder / modelcache.FOLDER).iterdir()}


def test_the_second_run_does_not_fit(run, shop, fits):
    first = run("recommend", *shop, "--like", "Alien", "--json")
    assert "Kept for the next run." in first.err
    second = run("recommend", *shop, "--like", "Alien", "--json")
    assert len(fits) == 1
    assert second.out == first.out
    assert "Fitted in an earlier run" in second.err
    # another question to the same model
    assert run("recommend", *shop, "--taste", "space", "-n", "2", "--diversity", "0.5").code == 0
    assert run("similar", *shop, "--item", "Alien").code == 0
    assert len(fits) == 1


def test_the_content_counts_and_not_the_folder(run, shop, fits):
    run("recommend", *shop)
    Path("moved").mkdir()
    for name in ("items.csv", "ratings.csv", "users.csv"):
        Path(name).rename(Path("moved") / name)
    moved = [f"moved/{word}" if word.endswith(".csv") else word for word in shop]
    run("recommend", *moved)
    assert len(fits) == 1
    with open("moved/ratings.csv", "a", encoding="utf-8") as file:
        file.write("dora,8,5\n")
    run("recommend", *moved)
    assert len(fits) == 2


@pytest.mark.parametrize(
    "change",
    [["--seed", "1"], ["--no-tune"], ["--liked-at", "5"], ["--on-bad-row", "skip"], ["--columns", "tags="]],
)
def test_a_setting_that_could_change_the_model_gives_another(run, shop, fits, change):
    run("recommend", *shop)
    assert run("recommend", *shop, *change).code == 0
    assert len(fits) == 2
    run("recommend", *shop, *change)
    assert len(fits) == 2


def test_another_version_or_code_gives_another(monkeypatch):
    Path("items.csv").write_text("id\n1\n", encoding="utf-8")

    def key() -> str | None:
        return model_key({"items": ["items.csv"]}, {}, {}, "e@1")

    before = key()
    assert before == key()
    monkeypatch.setattr(modelcache, "_code", lambda: ["0.2.0"])
    assert key() != before


def test_the_key_depends_on_everything():
    Path("a.csv").write_text("id\n1\n", encoding="utf-8")
    Path("b.csv").write_text("id\n1\n", encoding="utf-8")
    keys = [
        model_key({"items": ["a.csv"]}, {}, {}, "e@1"),
        model_key({"items": ["b.csv"]}, {}, {}, "e@1"),
        model_key({"users": ["a.csv"]}, {}, {}, "e@1"),
        model_key({"items": ["a.csv", "a.csv"]}, {}, {}, "e@1"),
        model_key({"items": ["a.csv"]}, {"liked_at": 3}, {}, "e@1"),
        model_key({"items": ["a.csv"]}, {}, {"seed": 1}, "e@1"),
        model_key({"items": ["a.csv"]}, {}, {}, "e@2"),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
def test_what_cannot_be_read_twice_has_no_key():
    os.mkfifo("pipe.csv")
    assert model_key({"items": ["pipe.csv"]}, {}, {}, "e") is None
    assert model_key({"items": ["missing.csv"]}, {}, {}, "e") is None


@pytest.mark.parametrize("switch", ["flag", "environment", "size"])
def test_the_cache_can_be_switched_off(run, shop, fits, monkeypatch, tmp_path, switch):
    off = ["--cache", "off"] if switch == "flag" else []
    if switch == "environment":
        monkeypatch.setenv("FEWREC_CACHE", "off")
    if switch == "size":
        monkeypatch.setenv("FEWREC_CACHE_MODELS_MB", "0")
    for _ in range(2):
        result = run("recommend", *shop, *off)
        assert result.code == 0
        assert "Kept" not in result.err
    assert len(fits) == 2
    assert not (tmp_path / "cache" / modelcache.FOLDER).exists()


def test_a_damaged_model_is_told_of_and_fitted_anew(run, shop, fits, tmp_path):
    first = run("recommend", *shop, "--json")
    (kept,) = (tmp_path / "cache" / modelcache.FOLDER).iterdir()
    for path in kept.rglob("*"):
        if path.is_file():
            path.write_bytes(b"damaged")
    second = run("recommend", *shop, "--json")
    assert (second.code, second.out) == (0, first.out)
    assert "fewrec: warning: the kept model cannot be used and is fitted anew" in second.err
    assert len(fits) == 2
    run("recommend", *shop)
    assert len(fits) == 2


def test_files_that_change_during_the_fit_are_not_kept(run, shop, monkeypatch, tmp_path):
    real = Recommender.fit

    def fit(self, *arguments, **more):
        with open("ratings.csv", "a", encoding="utf-8") as file:
            file.write("dora,8,5\n")
        return real(self, *arguments, **more)

    monkeypatch.setattr(Recommender, "fit", fit)
    assert "Kept" not in run("recommend", *shop).err
    assert not (tmp_path / "cache" / modelcache.FOLDER).exists()


def test_models_unused_for_longest_go_first(tmp_path):
    told: list[str] = []
    cache = ModelCache(tmp_path, 3500, told.append)
    for age, key in enumerate(["c", "b", "a"]):
        assert cache.keep(key, Model())
        os.utime(tmp_path / modelcache.FOLDER / key, (1000 + age, 1000 + age))
    assert kept_in(tmp_path) == {"a", "b", "c"}
    os.utime(tmp_path / modelcache.FOLDER / "c", (5000, 5000))  # used again
    assert cache.keep("d", Model())
    assert kept_in(tmp_path) == {"a", "c", "d"}
    assert cache.keep("e", Model(3400))
    assert kept_in(tmp_path) == {"e"}
    assert told == []


def test_a_model_that_is_too_large_is_told_and_not_kept(tmp_path):
    told: list[str] = []
    cache = ModelCache(tmp_path, 3_000_000, told.append)
    cache.keep("a", Model())
    assert not cache.keep("b", Model(3_000_001))
    assert kept_in(tmp_path) == {"a"}
    assert told == [
        "the model is larger than all kept models may be (3 MB, set by cache.models_mb); "
        "the next run fits it again."
    ]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), StoreError("the disk is full.")])
def test_a_model_that_cannot_be_saved_is_told_and_no_failure(tmp_path, error):
    told: list[str] = []
    cache = ModelCache(tmp_path, 1e6, told.append)
    assert not cache.keep("a", Model(error=error))
    assert told == [f"the fitted model cannot be kept for the next run: {error}"]
    assert kept_in(tmp_path) == set()


def test_another_process_that_was_quicker_is_no_failure(tmp_path):
    told: list[str] = []
    cache = ModelCache(tmp_path, 1e6, told.append)

    class Slow(Model):
        def save(self, folder: Path) -> None:
            super().save(folder)
            (tmp_path / modelcache.FOLDER / "a").mkdir()
            (tmp_path / modelcache.FOLDER / "a" / "array").write_bytes(b"quick")

    assert cache.keep("a", Slow())
    assert (tmp_path / modelcache.FOLDER / "a" / "array").read_bytes() == b"quick"
    assert (kept_in(tmp_path), told) == ({"a"}, [])


def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    cache = ModelCache(tmp_path, 1e6, print)
    cache.keep("a", Model())
    old, young = (tmp_path / modelcache.FOLDER / f".unfinished-{name}" for name in ("old", "young"))
    for folder in (old, young):
        folder.mkdir()
    os.utime(old, (1000, 1000))
    cache.keep("b", Model())
    assert kept_in(tmp_path) == {"a", "b", ".unfinished-young"}
    assert cache.info()["models"] == 2


def test_info_and_clear(run, shop, tmp_path):
    run("recommend", *shop, "--no-tune")
    run("recommend", *shop, "--no-tune", "--seed", "1")
    plain = run("cache", "info", "--json").json
    assert plain["models"]["models"] == 2
    assert plain["models"]["bytes"] > 0
    assert plain["models"]["path"] == str(tmp_path / "cache" / modelcache.FOLDER)
    assert plain["models"]["max_bytes"] == plain["vectors"]["max_bytes"] == 10**9
    assert set(plain["vectors"]) == {"path", "vectors", "bytes", "max_bytes", "encoders"}
    assert "models: 2, " in run("cache", "info").out
    assert run("cache", "clear", "--vectors", "--json").json["models_bytes_freed"] == 0
    assert run("cache", "info", "--json").json["models"]["models"] == 2
    freed = run("cache", "clear", "--models", "--json").json
    assert freed["models_bytes_freed"] >= plain["models"]["bytes"]
    assert run("cache", "info", "--json").json["models"]["models"] == 0
    assert run("cache", "clear").out == "Freed 0 bytes of vectors and 0 bytes of models.\n"


def test_vectors_are_shown_and_cleared(run, tmp_path):
    import numpy as np

    from fewrec.encode import VectorCache

    VectorCache(tmp_path / "cache").put("some@1", ["a", "b"], np.ones((2, 3), dtype=np.float32))
    assert "  2 by some@1" in run("cache", "info").out
    assert run("cache", "clear", "--models", "--json").json["vectors_bytes_freed"] == 0
    assert run("cache", "clear", "--vectors", "--json").json["vectors_bytes_freed"] > 0
    assert run("cache", "info", "--json").json["vectors"]["vectors"] == 0


def test_a_cache_that_is_off_has_nothing_to_show(run):
    assert run("cache", "info", "--cache", "off", "--json").json == {
        "vectors": {"path": "off", "vectors": 0, "bytes": 0, "max_bytes": 0, "encoders": {}},
        "models": {"path": "off", "models": 0, "bytes": 0, "max_bytes": 10**9},
    }
    assert run("cache", "clear", "--cache", "off").code == 0


def test_the_folder_may_be_named(run, shop, tmp_path):
    run("recommend", *shop, "--cache", "mine")
    assert run("cache", "info", "--cache", "mine", "--json").json["models"]["models"] == 1
    assert run("cache", "info", "--json").json["models"]["models"] == 0
    assert Path("mine", modelcache.FOLDER).is_dir()


def test_models_that_cannot_be_deleted_are_told(run, shop, monkeypatch, tmp_path):
    run("recommend", *shop, "--no-tune")

    def refuse(*arguments, **more):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(modelcache.shutil, "rmtree", refuse)
    result = run("cache", "clear", "--models")
    place = tmp_path / "cache" / modelcache.FOLDER
    assert (result.code, result.out) == (7, "")
    assert result.err == (
        f"fewrec: {place}: the kept models cannot be deleted: Permission denied.\n"
        "Mend the rights of the folder.\n"
    )


def test_a_folder_that_cannot_be_written_is_told_and_no_failure(run, shop):
    Path("taken").write_text("a file, not a folder", encoding="utf-8")
    result = run("recommend", *shop, "--no-tune", "--cache", "taken")
    assert result.code == 0
    assert "fewrec: warning: the fitted model cannot be kept for the next run: " in result.err
