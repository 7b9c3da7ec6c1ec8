"""The same numbers whatever the number of processes; finished pieces are kept, and only their own run takes them."""

from __future__ import annotations

import json

import numpy as np
import pytest

import fewrec
from fewrec import Recommender
from fewrec.errors import ConfigError, StoreError
from fewrec.evaluate import workers as processes
from fewrec.evaluate.jobs import Job
from fewrec.evaluate.keep import Kept

QUICK = {"seeds": 2, "k_shot": (0, 3), "progress": False}


def test_the_same_bytes_from_one_and_two_processes(world):
    systems = ["popularity", "text", "ease", "fewrec"]
    one, two = (
        fewrec.evaluate(world, systems, fewrec=Recommender("hashed"), workers=workers, **QUICK)
        for workers in (1, 2)
    )
    assert one.to_json() == two.to_json()
    assert one.to_csv() == two.to_csv()
    assert "seconds" not in json.loads(one.to_json())
    assert set(one.seconds) == {"all", *systems}


def test_the_order_of_rows_changes_nothing(world):
    tables, _ = world.to_tables()
    order = np.random.default_rng(0).permutation(len(tables["interactions"]["user"]))
    mixed = fewrec.Dataset(
        items=tables["items"],
        interactions={name: [cells[at] for at in order] for name, cells in tables["interactions"].items()},
        liked_at=4,
    )
    one, other = (fewrec.evaluate(data, ["popularity", "ease"], **QUICK) for data in (world, mixed))
    assert one.to_json() == other.to_json()


def test_a_system_that_cannot_travel_is_told_of(world):
    class Local:
        def fit(self, data):
            self.items = len(data.items)

        def score(self, support):
            return np.zeros(self.items)

    with pytest.raises(ConfigError, match="a system cannot be sent to other processes") as caught:
        fewrec.evaluate(world, {"local": Local()}, workers=2, **QUICK)
    assert "workers=1" in caught.value.hint


def test_processes_that_die_are_told_of(world, monkeypatch):
    class Broken:
        def __init__(self, *settings):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return False

        def submit(self, *call):
            from concurrent.futures import Future

            future = Future()
            future.set_exception(processes.BrokenProcessPool("killed"))
            return future

    monkeypatch.setattr(processes, "ProcessPoolExecutor", Broken)
    with pytest.raises(ConfigError, match="the processes ended before they were done: killed"):
        fewrec.evaluate(world, ["popularity"], workers=2, **QUICK)


def test_finished_pieces_are_not_done_again(world, tmp_path, monkeypatch):
    first = fewrec.evaluate(world, ["popularity", "ease"], resume=tmp_path, **QUICK)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["ease.all.0.json", "ease.all.1.json", "popularity.all.0.json", "popularity.all.1.json"]
    (tmp_path / "ease.all.1.json").unlink()
    done = []

    def counted(work, jobs, count):
        done.extend(jobs)
        yield from processes.done(work, jobs, count)

    monkeypatch.setattr("fewrec.evaluate.run.done", counted)
    again = fewrec.evaluate(world, ["popularity", "ease"], resume=tmp_path, **QUICK)
    assert done == [Job("ease", 1, None)]
    assert again.to_json() == first.to_json()


def test_names_that_look_alike_have_files_of_their_own():
    names = [Job(system, 0, None).name for system in ("my system", "my_system", "my/system", "ease")]
    assert len(set(names)) == 4
    assert names[-1] == "ease.all.0"
    assert all("/" not in name for name in names)


def test_pieces_of_another_run_are_refused(world, tmp_path):
    fewrec.evaluate(world, ["popularity"], resume=tmp_path, **QUICK)
    with pytest.raises(
        StoreError, match="belongs to an evaluation of other data, settings, systems or versions"
    ):
        fewrec.evaluate(world, ["popularity"], resume=tmp_path, n=5, **QUICK)


def test_a_broken_piece_is_refused(world, tmp_path):
    (tmp_path / "popularity.all.0.json").write_text("{", encoding="utf-8")
    with pytest.raises(StoreError, match="this is no finished piece of an evaluation") as caught:
        fewrec.evaluate(world, ["popularity"], resume=tmp_path, **QUICK)
    assert caught.value.hint == "Delete the file."


@pytest.mark.parametrize("raw", [b"null", b'{"run": 1, "measured": 3}', b"[" * 200_000, b"\xff\xfe"])
def test_what_is_no_piece_is_refused_whatever_it_is(world, tmp_path, raw):
    (tmp_path / "popularity.all.0.json").write_bytes(raw)
    with pytest.raises(StoreError, match="this is no finished piece of an evaluation"):
        fewrec.evaluate(world, ["popularity"], resume=tmp_path, **QUICK)


def test_a_folder_in_the_place_of_a_piece_is_refused(world, tmp_path):
    (tmp_path / "popularity.all.0.json").mkdir()
    with pytest.raises(StoreError, match="this is no finished piece of an evaluation"):
        fewrec.evaluate(world, ["popularity"], resume=tmp_path, **QUICK)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="the folder cannot be made"):
        Kept(tmp_path / "file" / "inside", "key")


def test_a_piece_that_cannot_be_written_is_told_of(world, tmp_path, monkeypatch):
    def full(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fewrec.evaluate.keep.os.replace", full)
    with pytest.raises(
        StoreError, match="a finished piece cannot be written: No space left on device"
    ) as caught:
        fewrec.evaluate(world, ["popularity"], resume=tmp_path, **QUICK)
    assert caught.value.where == str(tmp_path / "popularity.all.0.json")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told(world):
    told = []
    fewrec.evaluate(
        world, ["popularity"], seeds=2, k_shot=1, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_systems_are_described_without_what_differs_between_runs(world):
    from fewrec.signals import resolve_signals

    (popularity,) = resolve_signals(["popularity"])
    ours = Recommender(lambda texts: np.ones((len(texts), 2)), [popularity, "words"], tune=False)
    found = fewrec.evaluate(world, ["fewrec"], fewrec=ours, seeds=1, k_shot=1, progress=False)
    assert found.settings["systems"] == {
        "popularity": "The bestseller list: how many training users liked the item.",
        "fewrec": "Recommender(encoder='function', signals=['popularity', 'words'], tune=False, seed=0, s=8)",
    }
