"""A hash over the tensors of a folder, whatever order or file they stand in."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

from siked.errors import RunError

HEADER = 100 << 20
"""Bytes of a header at most, as the format has it."""


def weights_hash(folder: Path) -> str:
    """Return the SHA-256 over all tensors in the safetensors files of ``folder``, sorted by name.

    Name, type, shape and bytes count; file names, metadata and order do not. A folder without
    safetensors is hashed by its files.

    Raises :class:`RunError` for an empty folder or a damaged file.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return _files_hash(folder)
    tensors: dict[str, tuple[Path, int, int, str]] = {}
    for path in files:
        for name, begin, end, kind in _entries(path):
            tensors[name] = (path, begin, end - begin, kind)
    sha = hashlib.sha256()
    for name in sorted(tensors):
        path, offset, length, kind = tensors[name]
        sha.update(f"{name}\0{kind}\0".encode())
        with path.open("rb") as file:
            file.seek(offset)
            while length > 0 and (block := file.read(min(length, 1 << 20))):
                sha.update(block)
                length -= len(block)
    return sha.hexdigest()


def _entries(path: Path) -> list[tuple[str, int, int, str]]:
    """Return (name, first byte, byte after the last, type and shape) of the tensors of a file."""
    try:
        whole = path.stat().st_size
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > min(HEADER, whole - 8):
                raise ValueError(f"its header of {size} bytes is too long")
            header = json.loads(file.read(size))
        found = []
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                if not 0 <= begin <= end <= whole - 8 - size:
                    raise ValueError(f"the tensor {name!r} does not lie in it")
                kind = json.dumps([entry["dtype"], entry["shape"]])
                found.append((str(name), 8 + size + begin, 8 + size + end, kind))
    except (struct.error, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise RunError(f"{path}: not a safetensors file: {error}") from None
    return found


def _files_hash(folder: Path) -> str:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    if not paths:
        raise RunError(f"{folder}: the trainer wrote nothing there")
    sha = hashlib.sha256()
    for path in paths:
        sha.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        with path.open("rb") as file:
            sha.update(hashlib.file_digest(file, "sha256").digest())
    return sha.hexdigest()
