"""Arrays and sparse matrices <-> one uncompressed ``.npz`` file. Nothing is ever unpickled.

A sparse matrix ``liked`` is stored as ``liked.data``, ``liked.indices`` and ``liked.indptr``. Values, their
order, dtype and memory order survive, so that a loaded model computes bit for bit what the saved one did. The
bytes depend on the arrays alone, not on the time.
"""

from __future__ import annotations

import math
import re
import struct
import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
from scipy import sparse

from fewrec.errors import StoreError

Array = Any  # np.ndarray | sparse matrix
_SPARSE = {
    "csr_matrix": sparse.csr_matrix,
    "csc_matrix": sparse.csc_matrix,
    "csr_array": sparse.csr_array,
    "csc_array": sparse.csc_array,
}
_PARTS = ("data", "indices", "indptr")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./ -]*")
_HEADER = re.compile(
    rb"\{'descr': '([<>|][biuf]\d{1,2})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d+, ?)*\d*)\), \} *\n"
)
# What zipfile and NumPy raise on damaged bytes.
_DAMAGE = (
    ValueError,
    TypeError,
    EOFError,
    MemoryError,
    OverflowError,
    OSError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the zero of zip files


def write_arrays(file: IO[bytes], arrays: Mapping[str, Array]) -> dict[str, dict[str, Any]]:
    """Writes all arrays and returns, for the manifest, ``{name: {"kind", "dtype", "shape"}}``.

    Dense arrays of bool, integers and floats, and csr and csc matrices of these; ``StoreError`` for others.
    """
    described: dict[str, dict[str, Any]] = {}
    members: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise StoreError(
                f"{name!r} cannot name an array.",
                where="arrays",
                value=name,
                hint="Names are made of letters, digits and _ . / - and spaces.",
            )
        kind = type(array).__name__
        if kind in _SPARSE:
            parts = {f"{name}.{part}": getattr(array, part) for part in _PARTS}
        elif type(array) is np.ndarray:
            kind, parts = "dense", {name: array}
        else:
            raise StoreError(
                f"{type(array).__name__} cannot be stored.",
                where=f"array {name!r}",
                hint="Arrays are numpy.ndarray, or csr or csc matrices.",
            )
        for member, part in parts.items():
            if part.dtype.kind not in "biuf":
                raise StoreError(f"values of type {part.dtype} cannot be stored.", where=f"array {name!r}")
            if member in members:
                raise StoreError(f"two arrays want the name {member!r}.", where="arrays", value=member)
            members[member] = part
        described[name] = {"kind": kind, "dtype": array.dtype.str, "shape": list(array.shape)}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for member, part in members.items():
            with archive.open(zipfile.ZipInfo(f"{member}.npy", _EPOCH), "w", force_zip64=True) as out:
                np.lib.format.write_array(out, part, allow_pickle=False)
    return described


def read_arrays(where: str, file: IO[bytes], described: Mapping[str, Mapping[str, Any]]) -> dict[str, Array]:
    """The arrays that the manifest describes. Raises ``StoreError`` for one that is missing or different."""
    arrays: dict[str, Array] = {}
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE as error:
        raise StoreError(f"it is no .npz file: {error}", where=where) from error
    with archive:
        for name, about in described.items():
            place = f"{where}, array {name!r}"
            kind = about["kind"]
            try:
                if kind == "dense":
                    arrays[name] = _member(archive, name, about["shape"], place)
                elif kind in _SPARSE:
                    parts = tuple(_member(archive, f"{name}.{part}", None, place) for part in _PARTS)
                    arrays[name] = _sparse(kind, parts, tuple(about["shape"]))
                else:
                    raise StoreError(f"arrays of kind {kind!r} are not known.", where=place, value=kind)
            except KeyError:
                raise StoreError("it is missing.", where=place, hint="Save the model anew.") from None
            except _DAMAGE as error:
                raise StoreError(
                    f"it is damaged: {error}", where=place, hint="Save the model anew."
                ) from error
            if arrays[name].dtype.str != about["dtype"]:
                raise StoreError(
                    f"it holds {arrays[name].dtype.str} instead of {about['dtype']}.", where=place
                )
    return arrays


def _member(archive: zipfile.ZipFile, name: str, shape: list[int] | None, place: str) -> np.ndarray:
    """One array; its header must fit the manifest and the bytes that are there before memory is set aside."""
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type != zipfile.ZIP_STORED:
        raise StoreError("it is compressed, which fewrec never does.", where=place)
    with archive.open(info) as member:
        start = member.read(10)
        if start[:8] != b"\x93NUMPY\x01\x00":
            raise ValueError("it does not begin like an array of .npy version 1.0")
        header = _HEADER.fullmatch(member.read(int.from_bytes(start[8:], "little")))
        if header is None:
            raise ValueError("its header is not that of an array of numbers")
        dtype, fortran = np.dtype(header[1].decode()), header[2] == b"True"
        found = tuple(int(length) for length in header[3].split(b",") if length.strip())
        size = math.prod(found) * dtype.itemsize
        if shape is not None and list(found) != shape:
            raise ValueError(f"its shape is {list(found)} instead of {shape}")
        if size > info.file_size:
            raise ValueError(f"its {size} bytes are not all there")
        array = np.empty(found, dtype, order="F" if fortran else "C")
        flat = array.reshape(-1, order="A").view(np.uint8)  # the same memory
        at = 0
        while at < size:
            part = member.read(min(2**20, size - at))
            if not part:
                raise ValueError(f"its {size} bytes are not all there")
            flat[at : at + len(part)] = np.frombuffer(part, np.uint8)
            at += len(part)
        if member.read(1):  # the end of the member: only now its checksum has been compared
            raise ValueError("it is longer than its shape says")
    return array


def _sparse(kind: str, parts: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> Array:
    data, indices, indptr = parts
    if indices.dtype.kind != "i" or indptr.dtype.kind != "i":
        raise ValueError("its positions are no whole numbers")
    matrix = _SPARSE[kind]((data, indices, indptr), shape=shape)
    matrix.check_format(full_check=True)  # an index out of range would be read from foreign memory
    return matrix
