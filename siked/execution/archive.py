"""Modules in memory, so that a program can import without opening a file.

Loaded by path inside the confined server: standard library only, nothing from siked.
"""

from __future__ import annotations

import fcntl
import importlib.abc
import importlib.machinery
import importlib.util
import marshal
import mmap
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from types import CodeType, ModuleType

_SKIP = {
    "__pycache__", "site-packages", "dist-packages", "lib-dynload", "test", "tests", "idlelib", "lib2to3",
    "tkinter", "turtledemo", "ensurepip", "distutils", "pydoc_data", "benchmarks", "idle_test", "venv",
}  # fmt: skip
_LONGEST = 8 << 20
_SEALS = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class Archive(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finder and loader of the pure-Python modules below some folders.

    The code lies in one private, read-only mapping: forks share its pages, and what one writes
    there no other sees. Compiled code is taken from the caches beside the sources where they are
    valid; what has none is compiled when it is imported.
    """

    def __init__(self, roots: Iterable[tuple[str, str]]) -> None:
        """``roots`` are (package name or "" for top-level modules, folder)."""
        self._where: dict[str, tuple[int, int, bool, bool]] = {}
        """Name to (offset, length, is a package, is compiled)."""
        blob = bytearray()
        for package, folder in roots:
            for name, path, is_package in _modules(package, folder):
                found = _code(path)
                if found is not None and name not in self._where:
                    self._where[name] = (len(blob), len(found[0]), is_package, found[1])
                    blob += found[0]
        self._blob = _mapped(blob)

    def names(self) -> list[str]:
        """Return the names of all modules, sorted."""
        return sorted(self._where)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module that is in the archive."""
        if fullname not in self._where:
            return None
        return importlib.util.spec_from_loader(fullname, self, is_package=self._where[fullname][2])

    def is_package(self, fullname: str) -> bool:
        """Say whether ``fullname`` is a package."""
        return self._where[fullname][2]

    def get_source(self, fullname: str) -> str | None:
        """Return None: sources are not kept."""
        return None

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of a module."""
        offset, length, _, compiled = self._where[fullname]
        data = self._blob[offset : offset + length]
        if compiled:
            code: CodeType = marshal.loads(data)
            return code
        return compile(data, f"<{fullname}>", "exec", dont_inherit=True)


def _modules(package: str, folder: str) -> Iterator[tuple[str, str, bool]]:
    prefix = f"{package}." if package else ""
    if package and os.path.isfile(os.path.join(folder, "__init__.py")):
        yield package, os.path.join(folder, "__init__.py"), True
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        stem, extension = os.path.splitext(entry.name)
        if entry.is_dir():
            if entry.name not in _SKIP and os.path.isfile(os.path.join(entry.path, "__init__.py")):
                yield from _modules(prefix + entry.name, entry.path)
        elif extension == ".py" and stem != "__init__" and stem.isidentifier():
            yield prefix + stem, entry.path, False


def _code(path: str) -> tuple[bytes, bool] | None:
    """Return (marshalled code, True) from a valid cache, or (source, False)."""
    try:
        source = os.stat(path)
        if source.st_size > _LONGEST:
            return None
        try:
            with open(importlib.util.cache_from_source(path), "rb") as file:
                data = file.read()
        except OSError:
            data = b""
        stamp = b"".join(
            int(number & 0xFFFFFFFF).to_bytes(4, "little")
            for number in (0, int(source.st_mtime), source.st_size)
        )
        if data[:4] == importlib.util.MAGIC_NUMBER and data[4:16] == stamp:
            return data[16:], True
        with open(path, "rb") as file:
            return file.read(), False
    except OSError:
        return None


def _mapped(blob: bytearray) -> mmap.mmap:
    number = os.memfd_create("modules", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with open(number, "wb", closefd=False) as file:
            file.write(blob or b"\0")
        # The mapping keeps a descriptor of its own: nobody may write through it.
        fcntl.fcntl(number, fcntl.F_ADD_SEALS, _SEALS)
        return mmap.mmap(number, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
    finally:
        os.close(number)


def install(roots: Iterable[tuple[str, str]]) -> Archive:
    """Make an archive and put it behind the finders that are there."""
    archive = Archive(roots)
    sys.meta_path.append(archive)
    return archive
