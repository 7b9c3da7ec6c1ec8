"""A folder that is missing, damaged, forged or of another version: the exact message; nothing is run."""

from __future__ import annotations

import builtins
import hashlib
import io
import json
import os
import pickle
import re
import shutil
import socket
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fewrec.errors import StoreError
from fewrec.persist import read_folder, read_manifest, write_folder

ANEW = "Save the model anew."


def edit_manifest(folder: Path, change: Any) -> None:
    """Rewrites the manifest after ``change(content)``; what it returns, if anything, replaces the content."""
    path = folder / "manifest.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(change(content) or content), encoding="utf-8")


def resign(folder: Path) -> None:
    """Right lengths and checksums for whatever the files are now, as somebody who forges a model would."""

    def change(content: dict[str, Any]) -> None:
        for name, about in content["files"].items():
            data = (folder / name).read_bytes()
            about.update(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())

    edit_manifest(folder, change)


def told(folder: Path) -> str:
    """The message on reading, without the path of the folder."""
    with pytest.raises(StoreError) as caught:
        read_folder(folder)
    assert caught.value.exit_code == 7
    return str(caught.value).replace(f"{folder}/", "").replace(str(folder), "FOLDER")


# -- something is missing or was damaged


def test_no_folder(tmp_path):
    message = "FOLDER: there is no such folder.\nGive the folder that a model was saved to."
    assert told(tmp_path / "nothing") == message
    with pytest.raises(StoreError, match="there is no such folder"):
        read_manifest(tmp_path / "nothing")
    with pytest.raises(StoreError, match="there is no such folder"):
        read_folder(tmp_path / "neither" / "nor")


def test_a_file_and_a_folder_of_other_things(tmp_path):
    (tmp_path / "x").write_text("x")
    assert told(tmp_path / "x") == "FOLDER: this is a file; a saved model is a folder."
    assert told(tmp_path) == (
        "FOLDER: this is no saved model: it holds no manifest.json.\n"
        "Give the folder that a model was saved to."
    )


@pytest.mark.parametrize("part", ["arrays.npz", "tables/items.jsonl"])
def test_a_part_is_missing(saved, part):
    (saved / part).unlink()
    assert told(saved) == f"{part}: this part of the model is missing.\n{ANEW}"
    (saved / part).mkdir()
    assert told(saved) == f"{part}: the file cannot be read: Is a directory."


@pytest.mark.parametrize("part", ["arrays.npz", "tables/items.jsonl"])
def test_a_part_is_cut_off_or_edited(saved, part):
    data = (saved / part).read_bytes()
    (saved / part).write_bytes(data[:-3])
    assert told(saved) == (
        f"{part}: the file has {len(data) - 3} bytes instead of {len(data)}.\n"
        f"Was it cut off or edited? {ANEW}"
    )
    (saved / part).write_bytes(data[:20] + b"#" + data[21:])
    assert told(saved) == (
        f"{part}: the file is not the one that was saved: its checksum differs.\n"
        f"Was it damaged or edited? {ANEW}"
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_part_that_may_not_be_read(saved):
    (saved / "arrays.npz").chmod(0)
    assert told(saved) == "arrays.npz: the file cannot be read: Permission denied."


def test_further_files_do_no_harm(saved, parts):
    (saved / "notes.txt").write_text("mine")
    assert read_folder(saved)[0] == parts[0]


# -- the manifest


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the manifest is damaged: Expecting value: line 1 column 1 (char 0)"),
        (b'{"format": "fewrec', "the manifest is damaged: Unterminated string starting at"),
        (b"\xff\xfe", "the manifest is damaged: 'utf-8' codec can't decode byte 0xff"),
        (b"[" * 100_000, "the manifest is damaged: maximum recursion depth exceeded"),
        (b"1" * 5000, "the manifest is damaged: Exceeds the limit"),
        (b"[]", "the manifest is damaged: it is no JSON object."),
        (b"{}", "this file describes no model of fewrec."),
        (b'{"format": "other"}', "this file describes no model of fewrec."),
    ],
)
def test_a_manifest_that_cannot_be_read(saved, content, message):
    (saved / "manifest.json").write_bytes(content)
    assert told(saved).startswith(f"manifest.json: {message}")


def test_a_manifest_that_is_a_folder(saved):
    (saved / "manifest.json").unlink()
    (saved / "manifest.json").mkdir()
    assert told(saved) == "manifest.json: the manifest cannot be read: Is a directory."


def test_a_source_tree_that_was_never_installed_saves_too(tmp_path, parts, monkeypatch):
    def lacking(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", lacking)
    folder = write_folder(tmp_path / "m", *parts)
    assert json.loads((folder / "manifest.json").read_text())["fewrec_version"] == "unknown"
    assert read_folder(folder)[0] == parts[0]


def test_a_huge_manifest_is_not_read(saved):
    with open(saved / "manifest.json", "ab") as file:
        file.truncate(60_000_000)
    assert told(saved) == "manifest.json: the manifest is too large to be one."


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        (2, "Install a newer fewrec (pip install --upgrade fewrec), or fit the model anew and save it."),
        (0, "Fit the model anew and save it."),
        ("1", "Fit the model anew and save it."),
        (True, "Fit the model anew and save it."),
        (None, "Fit the model anew and save it."),
    ],
)
def test_an_unknown_format_version(saved, version, hint):
    edit_manifest(
        saved, lambda content: content.update(format_version=version, fewrec_version="9.1.0", files=3)
    )
    message = re.sub(r"this fewrec \S+ reads", "this fewrec X reads", told(saved))
    assert message == (
        f"manifest.json: the model is saved in format {version!r}, by fewrec 9.1.0; "
        f"this fewrec X reads format 1.\n{hint}"
    )


def drop(key):
    return lambda content: content.pop(key) and None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (drop("model"), 'it has no "model"'),
        (drop("arrays"), 'it has no "arrays"'),
        (lambda content: content.update(tables=[]), 'it has no "tables"'),
        (lambda content: content.update(files={"arrays.npz": 3}),
         "\"bytes\" of 'arrays.npz' in \"files\" is no int"),
        (lambda content: content["arrays"]["liked"].pop("kind"),
         "\"kind\" of 'liked' in \"arrays\" is no str"),
        (lambda content: content["tables"]["items"].update(columns={}),
         "\"columns\" of 'items' in \"tables\" is no list"),
        (lambda content: content["files"].pop("arrays.npz"), "'arrays.npz' is missing in \"files\""),
        (lambda content: content["files"].pop("tables/items.jsonl"),
         "'tables/items.jsonl' is missing in \"files\""),
    ],
)  # fmt: skip
def test_a_damaged_manifest(saved, change, problem):
    edit_manifest(saved, lambda content: change(content) and None)
    assert told(saved) == f"manifest.json: the manifest is damaged: {problem}.\n{ANEW}"


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "a/../../b", "C:\\x", ".hidden", "tables/../x", "a/b/c", "", "a\0b", "x\n"],
)
def test_no_file_outside_the_folder_is_opened(saved, name, monkeypatch):
    (saved.parent / "secret").write_text("x")
    edit_manifest(saved, lambda content: content["files"].update({name: {"bytes": 1, "sha256": ""}}))
    assert (
        told(saved)
        == f"manifest.json: the manifest is damaged: {name!r} is no file inside the folder.\n{ANEW}"
    )


# -- forged parts, with right checksums


class Evil:
    """Unpickling it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> Any:
        return os.mkdir, (self.path,)


def npy(array: np.ndarray, *, pickled: bool = False) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, allow_pickle=pickled)
    return out.getvalue()


def replace_member(folder: Path, member: str, data: bytes | None, compress: int = zipfile.ZIP_STORED) -> None:
    path = folder / "arrays.npz"
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members.pop(f"{member}.npy")
    with zipfile.ZipFile(path, "w") as archive:
        for name, old in members.items():
            archive.writestr(name, old)
        if data is not None:
            archive.writestr(zipfile.ZipInfo(f"{member}.npy"), data, compress_type=compress)
    resign(folder)


FLOATS = np.arange(12, dtype=np.float32).reshape(4, 3)
LIED = npy(FLOATS).replace(b"(4, 3)", b"(9, 3)")
HUGE = npy(FLOATS).replace(b"(4, 3), }              ", b"(4, 3000000000000), }  ")


@pytest.mark.parametrize(
    ("member", "data", "message"),
    [
        ("text/embeddings", None, f"it is missing.\n{ANEW}"),
        ("liked.indices", None, f"it is missing.\n{ANEW}"),
        ("text/embeddings", b"",
         f"it is damaged: it does not begin like an array of .npy version 1.0\n{ANEW}"),
        ("text/embeddings", b"\x80\x04K\x03.", "it is damaged: it does not begin like an array"),
        ("text/embeddings", npy(FLOATS[:3]), f"it is damaged: its shape is [3, 3] instead of [4, 3]\n{ANEW}"),
        ("text/embeddings", LIED, f"it is damaged: its shape is [9, 3] instead of [4, 3]\n{ANEW}"),
        ("text/embeddings", npy(FLOATS)[:-1], f"it is damaged: its 48 bytes are not all there\n{ANEW}"),
        ("text/embeddings", npy(FLOATS) + b"x", f"it is damaged: it is longer than its shape says\n{ANEW}"),
        ("text/embeddings", npy(FLOATS.astype("<f8")), "it holds <f8 instead of <f4."),
        ("text/embeddings", npy(np.array(["a"])),
         f"it is damaged: its header is not that of an array of numbers\n{ANEW}"),
        ("text/embeddings", npy(FLOATS).replace(b"NUMPY\x01", b"NUMPY\x02"),
         "it is damaged: it does not begin like an array of .npy version 1.0"),
        ("text/embeddings", npy(FLOATS).replace(b"<f4", b"<f3"),
         "it is damaged: data type '<f3' not understood"),
        ("text/embeddings", npy(FLOATS).replace(b"(4, 3)", b"(4L,3)"), "it is damaged: its header is not"),
        ("liked.data", HUGE, f"it is damaged: its 48000000000000 bytes are not all there\n{ANEW}"),
        ("liked.indices", npy(np.array([1, 0, 7], dtype=np.int32)), "it is damaged: "),
        ("liked.indices", npy(np.array([1, 0, -7], dtype=np.int32)), "it is damaged: "),
        ("liked.indices", npy(np.array([1.0, 0, 2])),
         f"it is damaged: its positions are no whole numbers\n{ANEW}"),
        ("liked.indices", npy(np.array([1, 0], dtype=np.int32)), "it is damaged: "),
        ("liked.indptr", npy(np.array([0, 9, 3], dtype=np.int32)), "it is damaged: "),
        ("liked.indptr", npy(np.array([0, 1], dtype=np.int32)), "it is damaged: "),
    ],
)  # fmt: skip
def test_a_forged_array(saved, member, data, message):
    replace_member(saved, member, data)
    assert told(saved).startswith(f"arrays.npz, array {member.split('.')[0]!r}: {message}")


def test_pickled_objects_are_never_unpickled(saved, tmp_path):
    evil = np.empty((4, 3), dtype=object)
    evil[0, 0] = Evil(tmp_path / "was here")
    data = npy(evil, pickled=True)
    assert b"mkdir" in data
    replace_member(saved, "text/embeddings", data)
    assert told(saved) == (
        "arrays.npz, array 'text/embeddings': it is damaged: "
        f"its header is not that of an array of numbers\n{ANEW}"
    )
    (saved / "arrays.npz").write_bytes(pickle.dumps(Evil(tmp_path / "was here")))
    resign(saved)
    assert told(saved) == "arrays.npz: it is no .npz file: File is not a zip file"
    assert not (tmp_path / "was here").exists()


def test_a_compressed_array_is_refused_before_it_unfolds(saved):
    replace_member(saved, "text/embeddings", npy(FLOATS), zipfile.ZIP_DEFLATED)
    assert told(saved) == "arrays.npz, array 'text/embeddings': it is compressed, which fewrec never does."


def test_an_array_of_unknown_kind(saved):
    edit_manifest(saved, lambda content: content["arrays"]["liked"].update(kind="pickle"))
    assert told(saved) == "arrays.npz, array 'liked': arrays of kind 'pickle' are not known."


def test_a_damaged_zip_member(saved):
    path = saved / "arrays.npz"
    at = path.read_bytes().index(FLOATS.tobytes()) + 5
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    resign(saved)
    assert told(saved).startswith("arrays.npz, array 'text/embeddings': it is damaged: Bad CRC-32")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is no table of JSON lines: Expecting value"),
        ('["id"]\n[1\n', "it is no table of JSON lines: Expecting"),
        ("[" * 100_000, "it is no table of JSON lines: "),
        ('["id"]\n[' + "1" * 5000 + "]\n", "it is no table of JSON lines: Exceeds the limit"),
        ("{}\n", "its first line does not name the columns, each once."),
        ("[1]\n", "its first line does not name the columns, each once."),
        ('["id", "id"]\n', "its first line does not name the columns, each once."),
        ('["id", "title", "tags"]\n[1, 2]\n', "its 1 rows do not all have 3 cells."),
        ('["id", "title", "tags"]\n[1, 2, 3]\n', "its columns or rows are not those of the manifest."),
        (
            '["id", "tags", "title"]\n[1, 2, 3]\n[1, 2, 3]\n[1, 2, 3]\n',
            "its columns or rows are not those of the",
        ),
    ],
)
def test_a_forged_table(saved, text, message):
    (saved / "tables/items.jsonl").write_text(text, encoding="utf-8")
    resign(saved)
    assert told(saved).startswith(f"tables/items.jsonl: {message}")


def test_nothing_is_run_and_no_network_is_touched(saved, parts, monkeypatch):
    def never(*arguments: Any, **named: Any) -> Any:
        raise AssertionError("loading must not do this")

    monkeypatch.setattr(builtins, "eval", never)
    monkeypatch.setattr(builtins, "exec", never)
    monkeypatch.setattr(pickle, "load", never)
    monkeypatch.setattr(pickle, "loads", never)
    monkeypatch.setattr(socket, "socket", never)
    assert read_folder(saved)[0] == parts[0]


@given(st.sampled_from(["manifest.json", "arrays.npz", "tables/items.jsonl"]), st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_whatever_is_forged_only_the_error_family_comes_out(tmp_path, parts, part, data):
    folder = tmp_path / "m"
    if not folder.exists():
        write_folder(tmp_path / "whole", *parts)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(tmp_path / "whole", folder)
    content = bytearray((folder / part).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.integers(0, 255))
        else:
            del content[at : at + data.draw(st.integers(1, 40))]
    (folder / part).write_bytes(content)
    if part != "manifest.json":
        resign(folder)
    outcome = "read"
    try:
        read_folder(folder)
    except StoreError as error:
        outcome = str(error)
    assert outcome
