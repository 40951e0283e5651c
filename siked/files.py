"""Files and folders that somebody else may have made: nothing leads out of them and none stalls a reader."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from siked.errors import UsageError

TEXT = 64 << 20
"""Bytes of a text file at most: a summary of a thousand iterations has two million."""
ENTRIES = 100_000
"""Files and folders in a run or a cache at most."""
DEPTH = 16
"""Folders in folders at most."""


def check_file(path: Path) -> None:
    """Raise :class:`UsageError` where ``path`` is there and is anything but an ordinary file of its own."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is {_kind(mode)}; a file was to be there")


def check_tree(folder: Path) -> None:
    """Raise :class:`UsageError` unless everything below ``folder`` is an ordinary file or folder.

    Links are none: what they point to is not part of the folder, and would be read or written over.
    ``folder`` itself may be one.
    """
    for number, entry in enumerate(_entries(folder, 0)):
        mode = entry.stat(follow_symlinks=False).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise UsageError(f"{entry.path} is {_kind(mode)}; siked follows and opens none in {folder}")
        if number >= ENTRIES:
            raise UsageError(f"{folder}: more than {ENTRIES} files")


def _entries(folder: Path | str, depth: int) -> Iterator[os.DirEntry[str]]:
    if depth > DEPTH:
        raise UsageError(f"{folder}: more than {DEPTH} folders in each other")
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from None
    for entry in found:
        yield entry
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(entry.path, depth + 1)


def inside(folder: Path, name: str) -> Path:
    """Return ``folder / name``; raises :class:`UsageError` for a name that leads out of the folder."""
    place = PurePosixPath(name)
    if not name or "\0" in name or place.is_absolute() or ".." in place.parts or place == PurePosixPath("."):
        raise UsageError(f"{folder}: the path {name!r} leads out of it")
    return folder / place


def read_text(path: Path, most: int = TEXT) -> str:
    """Return the text of an ordinary file of at most ``most`` bytes.

    Raises :class:`UsageError` for anything else: a link, a pipe, a file that is too long or not UTF-8.
    """
    check_file(path)
    try:
        with path.open("rb") as file:
            raw = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(raw) > most:
        raise UsageError(f"{path} is longer than {most} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 (byte {error.start})") from None


def write_atomically(path: Path, text: str) -> None:
    """Write a file that is either the old one or the whole new one; a link is replaced, not followed."""
    descriptor, beside = tempfile.mkstemp(prefix=f"{path.name}.tmp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, 0o666 & ~_umask())
            file.write(text)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def open_to_lock(path: Path) -> BinaryIO:
    """Open an ordinary file for reading and writing, made where there is none; nothing else is opened."""
    check_file(path)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "r+b")


def _umask() -> int:
    # There is no way to ask for it but to set it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFLNK: "a link",
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "no ordinary file")
