"""Saving is all or nothing, and never takes away what is no saved model."""

from __future__ import annotations

import errno
import itertools
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from scipy import sparse

from fewrec.errors import FewrecWarning, StoreError
from fewrec.persist import folder as room
from fewrec.persist import place, read_folder, read_manifest, write_folder

MINE = "Choose another folder, or remove this one yourself."


def save(folder, number, size=3):
    """Saves a model whose every part says ``number``."""
    return write_folder(
        folder, {"number": number}, {"a": np.full(size, number)}, {"t": {"c": [number] * size}}
    )


def number_in(folder):
    """The number of the model in a folder, after making sure that all parts agree."""
    manifest, arrays, tables = read_folder(folder)
    assert set(arrays["a"].tolist()) == set(tables["t"]["c"]) == {manifest["number"]}
    return manifest["number"]


def left(parent):
    return sorted(os.listdir(parent))


def told(action):
    with pytest.raises(StoreError) as caught:
        action()
    return str(caught.value)


# -- replacing


def test_a_saved_model_is_replaced_and_nothing_else_is_left(tmp_path):
    assert save(tmp_path / "m", 1) == tmp_path / "m"
    write_folder(tmp_path / "m", {}, {}, {"other": {"c": [1]}})
    save(tmp_path / "m", 2)
    assert number_in(tmp_path / "m") == 2
    assert left(tmp_path) == ["m"]
    assert left(tmp_path / "m" / "tables") == ["t.jsonl"]


def test_parents_are_made_and_an_empty_folder_is_taken(tmp_path):
    save(tmp_path / "a" / "b" / "m", 1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").write_text("")
    save(tmp_path / "empty", 2)
    assert number_in(tmp_path / "a" / "b" / "m") == 1
    assert number_in(tmp_path / "empty") == 2
    assert left(tmp_path) == ["a", "empty"]


def test_relative_paths_and_odd_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("m", "./n/", "my model (1).v2", "模型", "[x]*"):
        save(name, 1)
        save(name, 2)
        assert number_in(name) == 2
    assert len(left(tmp_path)) == 5


def test_of_a_link_the_folder_it_leads_to_is_replaced(tmp_path):
    save(tmp_path / "one", 1)
    (tmp_path / "current").symlink_to(tmp_path / "one")
    assert save(tmp_path / "current", 2) == tmp_path / "one"
    assert (tmp_path / "current").is_symlink()
    assert number_in(tmp_path / "current") == number_in(tmp_path / "one") == 2


def test_others_may_enter_the_folder_as_they_may_enter_any(tmp_path):
    (tmp_path / "plain").mkdir()
    save(tmp_path / "m", 1)
    assert (tmp_path / "m").stat().st_mode == (tmp_path / "plain").stat().st_mode


# -- what is no model is left alone


def test_a_file_or_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "file").write_text("mine")
    assert told(lambda: save(tmp_path / "file", 1)) == (
        f"{tmp_path}/file: a file of this name is in the way.\n{MINE}"
    )
    (tmp_path / "photos" / "2024").mkdir(parents=True)
    (tmp_path / "photos" / "2024" / "a.jpg").write_text("mine")
    message = f"{tmp_path}/photos: the folder is not empty and no saved model, so it is left alone.\n{MINE}"
    assert told(lambda: save(tmp_path / "photos", 1)) == message
    for content in ("{}", "no json", '{"format": "other"}', "[]"):
        (tmp_path / "photos" / "manifest.json").write_text(content)
        assert told(lambda: save(tmp_path / "photos", 1)) == message
    assert (tmp_path / "photos" / "2024" / "a.jpg").read_text() == "mine"
    assert left(tmp_path) == ["file", "photos"]


def test_a_saved_model_with_somebodys_file_in_it_is_left_alone(tmp_path):
    save(tmp_path / "m", 1)
    (tmp_path / "m" / "tables" / "notes.txt").write_text("mine")
    assert told(lambda: save(tmp_path / "m", 2)) == (
        f"{tmp_path}/m: beside the saved model the folder holds tables/notes.txt, which would be lost.\n"
        "Move that away, or choose another folder."
    )
    assert number_in(tmp_path / "m") == 1


def test_a_damaged_model_and_one_of_another_format_may_be_replaced(tmp_path):
    save(tmp_path / "m", 1)
    (tmp_path / "m" / "arrays.npz").unlink()
    path = tmp_path / "m" / "manifest.json"
    path.write_text(path.read_text().replace('"format_version": 1', '"format_version": 7'))
    save(tmp_path / "m", 2)
    assert number_in(tmp_path / "m") == 2


# -- what cannot be stored: the exact message, and the earlier model stays


@pytest.mark.parametrize(
    ("manifest", "arrays", "tables", "message"),
    [
        ({"card": {"ndcg": [0.1, float("nan")]}}, {}, {},
         "manifest, card, ndcg[1]: nan cannot be stored.\nUse None for what is not known."),
        ({"a": {1: 2}}, {}, {}, "manifest, a: the key 1 is no text."),
        ({"a": (1, 2)}, {}, {}, "manifest, a: a tuple cannot be stored.\n"
         "A manifest holds dicts with text keys, lists, str, int, float, bool and None."),
        ({"a": np.float32(1)}, {}, {}, "manifest, a: a float32 cannot be stored.\n"
         "A manifest holds dicts with text keys, lists, str, int, float, bool and None."),
        ({}, {"../a": np.zeros(2)}, {}, "arrays: '../a' cannot name an array.\n"
         "Names are made of letters, digits and _ . / - and spaces."),
        ({}, {"a": [1, 2]}, {}, "array 'a': list cannot be stored.\n"
         "Arrays are numpy.ndarray, or csr or csc matrices."),
        ({}, {"a": sparse.coo_matrix(np.eye(2))}, {}, "array 'a': coo_matrix cannot be stored.\n"
         "Arrays are numpy.ndarray, or csr or csc matrices."),
        ({}, {"a": np.array(["x"])}, {}, "array 'a': values of type <U1 cannot be stored."),
        ({}, {"a": np.array([None])}, {}, "array 'a': values of type object cannot be stored."),
        ({}, {"a": np.zeros(2, dtype="f4,i4")}, {},
         "array 'a': values of type [('f0', '<f4'), ('f1', '<i4')] cannot be stored."),
        ({}, {"a": sparse.eye(2, format="csr"), "a.data": np.zeros(2)}, {},
         "arrays: two arrays want the name 'a.data'."),
        ({}, {}, {"t": {"a": [1], "b": [1, 2]}}, "table 't': its columns have [1, 2] cells."),
        ({}, {}, {"t": {1: [1]}}, "table 't': a column is called 1, which is no text."),
        ({}, {}, {"t": {"a": [1, np.int64(2), (3,)]}}, 
         "table 't', column 'a': cells of type int64, tuple cannot be stored."
         "\nCells are str, int, float, bool, None, or lists of these."),
        ({}, {}, {"t": {"a": [[1, {}]]}}, "table 't', column 'a': cells of type dict cannot be stored.\n"
         "Cells are str, int, float, bool, None, or lists of these."),
        ({}, {}, {"t": {"a": [[[1]]]}}, "table 't', column 'a': a cell holds a list inside a list."),
        ({}, {}, {"t": {"a": [10**5000]}}, 
         "table 't': a cell cannot be written: Exceeds the limit (4300 digits) for"
         " integer string conversion; use sys.set_int_max_str_digits() to increase the limit"),
        ({}, {}, {"t": {}, "T": {}}, "tables: 'T' cannot name a table.\nNames differ in letters or digits."),
        ({}, {}, {"a b": {}, "a-b": {}},
         "tables: 'a-b' cannot name a table.\nNames differ in letters or digits."),
        ({}, {}, {"../": {}}, "tables: '../' cannot name a table.\nNames differ in letters or digits."),
        ({}, {}, {7: {}}, "tables: 7 cannot name a table.\nNames differ in letters or digits."),
    ],
)  # fmt: skip
def test_what_cannot_be_stored(tmp_path, manifest, arrays, tables, message):
    save(tmp_path / "m", 1)
    assert told(lambda: write_folder(tmp_path / "m", manifest, arrays, tables)) == message
    assert number_in(tmp_path / "m") == 1
    assert left(tmp_path) == ["m"]


# -- interruptions


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["write_arrays", "_write", "_sha256", "take_place"])
def test_a_failing_save_leaves_the_earlier_model(tmp_path, monkeypatch, step, error):
    save(tmp_path / "m", 1)

    def fail(*_):
        raise error

    monkeypatch.setattr(room, step, fail)
    with pytest.raises((StoreError, KeyboardInterrupt)) as caught:
        save(tmp_path / "m", 2)
    if isinstance(error, OSError):
        assert str(caught.value) == (
            f"{tmp_path}/m: the model cannot be saved: No space left on device.\n"
            "The earlier model, if there was one, is untouched."
        )
        assert caught.value.__cause__ is error
    assert number_in(tmp_path / "m") == 1
    assert left(tmp_path) == ["m"]


def test_a_second_rename_that_fails_is_undone(tmp_path, monkeypatch):
    save(tmp_path / "m", 1)
    real, calls = os.rename, []

    def rename(old, new):
        calls.append(new)
        if (
            len(calls) == 3
        ):  # 1: onto the model (fails by itself), 2: the model aside, 3: the new one in place
            raise OSError(errno.EIO, "Input/output error")
        real(old, new)

    monkeypatch.setattr(os, "rename", rename)
    assert told(lambda: save(tmp_path / "m", 2)).startswith(
        f"{tmp_path}/m: the model cannot be saved: Input/output error."
    )
    monkeypatch.undo()
    assert len(calls) == 4
    assert number_in(tmp_path / "m") == 1
    assert left(tmp_path) == ["m"]


KILLED = """
import os, sys
import numpy as np
from fewrec.persist import folder as room
calls, (target, step, at) = 0, (sys.argv[1], sys.argv[2], int(sys.argv[3]))
owner = os if step == "rename" else room
real = getattr(owner, step)
def deadly(*arguments):
    global calls
    calls += 1
    if calls == at:
        os.kill(os.getpid(), 9)
    return real(*arguments)
setattr(owner, step, deadly)
room.write_folder(target, {"number": 2}, {"a": np.full(3, 2)}, {"t": {"c": [2] * 3}})
"""


STEPS = [("write_arrays", 1), ("_write", 1), ("_write", 2), ("rename", 1)]


@pytest.mark.parametrize(
    ("step", "at", "earlier"),
    [(*step, False) for step in STEPS]  # a first save has one rename
    + [(*step, True) for step in [*STEPS, ("rename", 2), ("rename", 3)]],
)
def test_a_killed_save_leaves_the_earlier_model_or_none(tmp_path, step, at, earlier):
    if earlier:
        save(tmp_path / "m", 1)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "m"), step, str(at)], check=False)
    assert done.returncode == -9
    if (step, at) == ("rename", 3):  # killed between taking the old one away and putting the new one in place
        with pytest.warns(
            FewrecWarning, match=r"an interrupted save left the earlier model in \.m\.replaced-"
        ):
            assert number_in(tmp_path / "m") == 1
    elif earlier:
        assert number_in(tmp_path / "m") == 1
    else:
        assert told(lambda: read_folder(tmp_path / "m")).startswith(f"{tmp_path}/m: there is no such folder.")
    leftovers = [path for path in tmp_path.iterdir() if ".saving-" in path.name]
    assert len(leftovers) == 1
    if step != "rename":  # a part of a model does not load
        assert told(lambda: read_folder(leftovers[0])).startswith(f"{leftovers[0]}: this is no saved model")
    save(tmp_path / "m", 3)
    assert number_in(tmp_path / "m") == 3


def test_leftovers_go_after_a_day_and_no_sooner(tmp_path):
    save(tmp_path / "m", 1)
    old, new, other = (
        tmp_path / f".m.{name}" for name in ("saving-01234567", "saving-89abcdef", "saving-mine")
    )
    aside = tmp_path / ".m.replaced-01234567"
    for path in (old, new, other, aside):
        path.mkdir()
    for path in (old, other, aside):
        os.utime(path, (time.time() - 90_000,) * 2)
    save(tmp_path / "m", 2)
    assert left(tmp_path) == [".m.saving-89abcdef", ".m.saving-mine", "m"]


def test_an_earlier_model_that_was_set_aside_is_kept_while_there_is_no_other(tmp_path):
    save(tmp_path / ".m.replaced-01234567", 1)
    os.utime(tmp_path / ".m.replaced-01234567", (time.time() - 90_000,) * 2)
    with pytest.raises(StoreError):
        write_folder(tmp_path / "m", {}, {"a": np.array([None])}, {})
    with pytest.warns(FewrecWarning) as warned:
        assert read_manifest(tmp_path / "m") == {"number": 1}
    assert str(warned[0].message) == (
        f"{tmp_path}/m: an interrupted save left the earlier model in .m.replaced-01234567; that one is read."
    )


# -- several at once


def test_readers_see_one_model_or_the_other(tmp_path):
    save(tmp_path / "m", 0, 2000)
    stop, seen, failures = threading.Event(), set(), []

    def read():
        while not stop.is_set():
            try:
                seen.add(number_in(tmp_path / "m"))
            except (StoreError, FewrecWarning) as error:
                failures.append(str(error))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(1, 40):
        save(tmp_path / "m", number, 2000)
    stop.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert len(seen) > 2
    assert left(tmp_path) == ["m"]


def test_two_may_save_at_the_same_time(tmp_path):
    failures = []

    def write(numbers):
        try:
            for number in numbers:
                save(tmp_path / "m", number)
        except StoreError as error:
            failures.append(str(error))

    writers = [threading.Thread(target=write, args=(range(at, 30, 3),)) for at in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert number_in(tmp_path / "m") in range(30)
    assert left(tmp_path) == ["m"]


def test_a_folder_that_is_put_away_while_looked_at_is_looked_at_again(tmp_path, monkeypatch):
    looked = []

    def look(target):
        looked.append(target)
        if len(looked) < 3:  # a save that does not look again ends here
            raise FileNotFoundError(target)

    monkeypatch.setattr(place, "_check_folder", look)
    save(tmp_path / "m", 1)
    assert number_in(tmp_path / "m") == 1


def test_a_save_that_others_always_overtake_gives_up(tmp_path, monkeypatch):
    save(tmp_path / "m", 1)

    def rename(old, new):
        if ".saving-" in str(old):
            raise OSError(errno.ENOTEMPTY, "Directory not empty")
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    monkeypatch.setattr(os, "rename", rename)
    message = f"{tmp_path}/m: other saves to this folder keep getting in the way."
    assert told(lambda: save(tmp_path / "m", 2)) == message
    monkeypatch.undo()
    assert number_in(tmp_path / "m") == 1
    counter = itertools.count()
    monkeypatch.setattr(place, "stamp", lambda path: (next(counter), 0, 0))  # something new at every look
    (tmp_path / "m" / "notes.txt").write_text("mine")
    assert told(lambda: save(tmp_path / "m", 2)) == message
    monkeypatch.undo()
    assert left(tmp_path) == ["m"]


def test_a_reader_that_saves_always_overtake_gives_up(tmp_path, monkeypatch):
    save(tmp_path / "m", 1)
    (tmp_path / "m" / "arrays.npz").unlink()
    counter, reads = itertools.count(), []
    real = room.manifests.read
    monkeypatch.setattr(room, "stamp", lambda path: (next(counter), 0, 0))
    monkeypatch.setattr(room.manifests, "read", lambda path: reads.append(path) or real(path))
    assert told(lambda: read_folder(tmp_path / "m")).startswith(
        f"{tmp_path}/m/arrays.npz: this part of the model"
    )
    assert len(reads) == 10


@pytest.mark.parametrize("folder", [None, 5, ["model"]])
def test_a_folder_is_named_by_a_path(folder):
    for call in (lambda: write_folder(folder, {}, {}, {}), lambda: read_folder(folder)):
        with pytest.raises(StoreError) as raised:
            call()
        assert str(raised.value) == f'folder: {folder!r} is no folder.\nGive a path, such as "model".'
