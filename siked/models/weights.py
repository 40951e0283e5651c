"""A hash over the tensors of a folder, whatever order or file they stand in."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

from siked.errors import RunError


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
        try:
            with path.open("rb") as file:
                (size,) = struct.unpack("<Q", file.read(8))
                header = json.loads(file.read(size))
        except (struct.error, ValueError, OverflowError) as error:
            raise RunError(f"{path}: not a safetensors file: {error}") from None
        for name, entry in header.items():
            if name != "__metadata__":
                begin, end = entry["data_offsets"]
                kind = json.dumps([entry["dtype"], entry["shape"]])
                tensors[name] = (path, 8 + size + begin, end - begin, kind)
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


def _files_hash(folder: Path) -> str:
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    if not paths:
        raise RunError(f"{folder}: the trainer wrote nothing there")
    sha = hashlib.sha256()
    for path in paths:
        sha.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        sha.update(hashlib.sha256(path.read_bytes()).digest())
    return sha.hexdigest()
