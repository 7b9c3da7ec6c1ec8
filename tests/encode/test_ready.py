from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewrec.encode import ReadyVectors, encode_items, encode_texts, resolve, takes_new_texts
from fewrec.errors import ConfigError, EncoderError, FewrecWarning

VECTORS = np.array([[1, 2], [3, 4], [5, 6]], dtype=np.float32)


def write_safetensors(path: Path, array: np.ndarray, metadata: dict[str, str], dtype: str = "F32") -> None:
    entry = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [0, array.nbytes]}
    header = json.dumps({"__metadata__": metadata, "vectors": entry}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + array.tobytes())


def npz(path: Path) -> None:
    np.savez(path, ids=np.array([7, 8, 9]), vectors=VECTORS)


def npy(path: Path) -> None:
    np.save(path, VECTORS)
    path.with_name("v.ids.txt").write_text("7\n8\r\n9\n", "utf-8")


def safetensors(path: Path) -> None:
    write_safetensors(path, VECTORS.astype(np.float64), {"ids": "[7, 8, 9]"}, "F64")


def plain_csv(path: Path) -> None:
    path.write_text("\ufeffitem_id,a,b\n7,1,2\n8,3,4\n\n9,5,6\n", "utf-8")


def zipped_csv(path: Path) -> None:
    path.write_bytes(gzip.compress(b"a,b,ID\n1,2,7\n3,4,8\n5,6,9\n"))


def parquet_lists(path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="the extra `files` is not installed")
    from pyarrow import parquet

    parquet.write_table(pa.table({"id": [7, 8, 9], "vector": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]}), path)


def parquet_columns(path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="the extra `files` is not installed")
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": [1, 3, 5], "id": ["7", "8", "9"], "b": [2.0, 4.0, 6.0]}), path)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("v.npz", npz),
        ("v.npy", npy),
        ("v.safetensors", safetensors),
        ("v.csv", plain_csv),
        ("V.CSV.GZ", zipped_csv),
        ("v.parquet", parquet_lists),
        ("w.parquet", parquet_columns),
    ],
)
def test_every_format_gives_the_same(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    path = tmp_path / name
    write(path)
    ready = resolve(str(path))
    assert isinstance(ready, ReadyVectors)
    assert ready.by == "id"
    assert ready.id == ReadyVectors([7, 8, 9], VECTORS).id
    vectors, known = ready.lookup(["9", 7, "007"])
    assert vectors.tolist() == [[5, 6], [1, 2], [0, 0]]
    assert vectors.dtype == np.float32
    assert known.tolist() == [True, True, False]
    assert len(ready) == 3
    assert resolve(path).id == resolve(f"file:{path}").id == ready.id


def test_texts_as_keys(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", texts=np.array(["one", "two", "千と千尋"]), vectors=VECTORS)
    ready = resolve(tmp_path / "v.npz")
    assert encode_texts(ready, ["千と千尋", "", "one"], cache=None).tolist() == [[5, 6], [0, 0], [1, 2]]
    with pytest.raises(EncoderError, match=r"vectors@\w+: 1 texts have no ready vector: 'three'.\nAdd them"):
        encode_texts(ready, ["one", "three"], cache=None)
    vectors, known = encode_items(ready, [1, 2], ["two", "one"])
    assert vectors.tolist() == [[3, 4], [1, 2]]
    assert known.all()


def test_ids_say_nothing_about_texts() -> None:
    ready = ReadyVectors([7, 8, 9], VECTORS)
    assert not takes_new_texts(ready)
    assert takes_new_texts(resolve("default"))
    with pytest.raises(EncoderError, match="these vectors belong to item ids; they say nothing about a text"):
        encode_texts(ready, ["slow science fiction"], cache=None)


def test_items_by_id_and_those_that_are_missing() -> None:
    ready = ReadyVectors(["a", "b", "c"], VECTORS)
    vectors, known = encode_items(ready, ["b", "a"], ["", ""])
    assert vectors.tolist() == [[3, 4], [1, 2]]
    with pytest.warns(
        FewrecWarning, match="1 of 2 items have no ready vector and count as items without text: 'x'"
    ):
        vectors, known = encode_items(ready, ["x", "a"], ["", ""])
    assert vectors.tolist() == [[0, 0], [1, 2]]
    assert known.tolist() == [False, True]
    with pytest.raises(EncoderError) as caught:
        encode_items(ready, ["x", "y"], ["", ""])
    assert str(caught.value) == (
        f"{ready.id}: not one of the 2 items has a ready vector.\n"
        "The items' ids begin with 'x', 'y'; those of the vectors with 'a', 'b', 'c'."
    )
    assert encode_items(ready, [], [])[0].shape == (0, 2)


def test_other_encoders_get_the_texts() -> None:
    vectors, known = encode_items("hashed", [1, 2], ["red fox", ""])
    assert vectors.shape == (2, 1024)
    assert known.tolist() == [True, False]
    with pytest.raises(EncoderError, match="but the model was fitted with other@1"):
        encode_items("hashed", [1], ["red fox"], expected_id="other@1")
    with pytest.raises(
        EncoderError, match=r"the vectors are vectors@\w+, but the model was fitted with other@1"
    ):
        encode_items(ReadyVectors([1], VECTORS[:1]), [1], [""], expected_id="other@1")
    with pytest.raises(ConfigError, match="encode_items: 2 ids but 1 texts"):
        encode_items("hashed", [1, 2], ["red fox"])


def test_the_id_follows_the_content() -> None:
    one = ReadyVectors(["a"], [[1.0, 2.0]])
    assert one.id == ReadyVectors(["a"], np.array([[1, 2]])).id
    different = [
        ReadyVectors(["b"], [[1.0, 2.0]]),
        ReadyVectors(["a"], [[1.0, 3.0]]),
        ReadyVectors(["a"], [[1.0, 2.0]], by="text"),
    ]
    assert len({one.id, *(other.id for other in different)}) == 4


@pytest.mark.parametrize(
    ("keys", "vectors", "message"),
    [
        (["a", "b"], VECTORS, "vectors: 2 keys come with 3 vectors.\nExpected one row of finite numbers"),
        (["a", "b", "a"], VECTORS, "vectors: 1 keys occur more than once: 'a'.\nKeep one vector for each."),
        (["a"], [[1.0, np.nan]], "vectors: 1 of 1 vectors hold NaN or infinity, the first in row 0."),
        (["a"], [1.0], "vectors: the vectors have shape (1,)."),
        (["1", 1], VECTORS[:2], "vectors: 1 keys occur more than once: '1'."),
    ],
)
def test_unusable_vectors_are_refused(keys: list[Any], vectors: Any, message: str) -> None:
    with pytest.raises(EncoderError) as caught:
        ReadyVectors(keys, vectors)
    assert str(caught.value).startswith(message)


def test_by_is_checked() -> None:
    with pytest.raises(ConfigError, match="by must be 'id' or 'text', not 'row'"):
        ReadyVectors(["a"], [[1.0]], by="row")  # type: ignore[arg-type]


def pickled(path: Path) -> None:
    np.savez(path, ids=np.array(["a"], dtype=object), vectors=np.ones((1, 2)))


BAD_FILES: list[tuple[str, Callable[[Path], object], str]] = [
    ("v.npz", lambda p: np.savez(p, vectors=VECTORS), "one array of keys, ids or texts, but it has neither"),
    ("v.npz", lambda p: np.savez(p, ids=[1], texts=["a"], vectors=[[1.0]]), "but it has ids, texts"),
    (
        "v.npz",
        lambda p: np.savez(p, ids=[1], other=[[1.0]]),
        "there is no array named vectors, only ids, other",
    ),
    (
        "v.npz",
        lambda p: np.savez(p, ids=[1.5], vectors=[[1.0]]),
        "ids must be a list of texts or whole numbers",
    ),
    ("v.npz", pickled, "cannot be read as npz: ValueError: Object arrays cannot be loaded"),
    ("v.npz", lambda p: p.write_bytes(b"PK\x03\x04 cut off"), "the file cannot be read as npz: BadZipFile"),
    ("v.npy", lambda p: np.save(p, VECTORS), "the array comes without keys"),
    ("v.csv", lambda p: p.write_text(""), "one column of keys, ids or texts, but it has neither"),
    ("v.csv", lambda p: p.write_text("id,a\n1,2\n3\n"), "row 3: 1 cells instead of 2"),
    ("v.csv", lambda p: p.write_text("id,a\n1,2\n3,x\n"), "row 3: not all cells are numbers"),
    ("v.csv", lambda p: p.write_text("id,a\n"), None),  # type: ignore[list-item]
    ("v.csv", lambda p: p.write_bytes(b"id,a\n\xff\xfe,2\n"), "cannot be read as csv: UnicodeDecodeError"),
    ("v.csv.gz", lambda p: p.write_bytes(b"no gzip"), "cannot be read as csv.gz: BadGzipFile"),
    ("v.safetensors", lambda p: p.write_bytes(b"\xff" * 20), "its header is longer than the file"),
    ("v.safetensors", lambda p: write_safetensors(p, VECTORS, {}), "but it has neither"),
    ("v.safetensors", lambda p: write_safetensors(p, VECTORS, {"ids": "7"}), "ids is not a JSON list"),
    (
        "v.safetensors",
        lambda p: write_safetensors(p, VECTORS, {"ids": "[1,2,3]"}, "I8"),
        "type I8 are not read",
    ),
    ("v.safetensors", lambda p: p.write_bytes(safetensors_without_vectors()), "no tensor named vectors"),
    ("v.parquet", lambda p: p.write_bytes(b"PAR1 cut off"), "cannot be read as parquet"),
    ("v.parquet", lambda p: write_parquet(p, {"id": [1, 2], "v": [[1.0], [1.0, 2.0]]}), "unequal lengths"),
    (
        "v.parquet",
        lambda p: write_parquet(p, {"id": [1.5], "v": [[1.0]]}),
        "other than texts and whole numbers",
    ),
    ("v.txt", lambda p: p.write_text("x"), "vectors cannot be read from a file with this ending"),
]


def safetensors_without_vectors() -> bytes:
    header = json.dumps({"__metadata__": {"ids": "[1]"}}).encode()
    return len(header).to_bytes(8, "little") + header


def write_parquet(path: Path, columns: dict[str, list[Any]]) -> None:
    pa = pytest.importorskip("pyarrow", reason="the extra `files` is not installed")
    from pyarrow import parquet

    parquet.write_table(pa.table(columns), path)


@pytest.mark.parametrize(("name", "write", "message"), BAD_FILES)
def test_bad_files_say_what_is_wrong(
    tmp_path: Path, name: str, write: Callable[[Path], object], message: str | None
) -> None:
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="the extra `files` is not installed")
    path = tmp_path / name
    write(path)
    if message is None:  # a header alone: no vectors, but well formed
        assert len(ReadyVectors.from_file(path)) == 0
        return
    with pytest.raises(EncoderError) as caught:
        ReadyVectors.from_file(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="there is no such file"):
        ReadyVectors.from_file(tmp_path / "v.npz")


def test_parquet_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "v.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        EncoderError, match=r'reading Parquet needs pyarrow.\nInstall it: pip install "fewrec\[files\]"'
    ):
        ReadyVectors.from_file(tmp_path / "v.parquet")


def test_long_keys_are_shortened_in_messages() -> None:
    with pytest.raises(EncoderError, match=r"'x{57}\.\.\.'\.\n"):
        ReadyVectors(["a"], [[1.0]], by="text").encode(["x" * 200])
