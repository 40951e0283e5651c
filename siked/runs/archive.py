"""A run on other storage: pieces of its journal as Parquet and its files, on anything that fsspec reaches.

``archive.json`` is written last and names everything that counts, so an archive is whole at every
moment: as it was, or as it is. What stands there without being named is what a push that was cut off
has left, and is written over by the next.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siked.errors import MissingExtra, RunError, RunLocked, UsageError
from siked.files import TEXT, check_file, check_tree, inside
from siked.journal.shards import Shard, fill, format_version, new_shards, snapshot
from siked.text.terminal import one_line

INDEX = "archive.json"
LOCK = "lock.json"
_APART = {"run.db", "run.db-wal", "run.db-shm", "run.db-journal", "lock"}
MOST = 10_000_000
"""Rows of a piece at most."""
_ODD = (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, MemoryError)
"""What shows that an archive is none of siked's, or damaged."""
BEAT = 15.0
"""Seconds between two heartbeats of a lock."""
STALE = 60.0
"""Seconds without a heartbeat, by the clock of who waits, after which a lock is taken over."""
SETTLE = 2.0
"""Seconds after which a take-over is looked at again: of two at once the last that wrote has it."""


class Archive:
    """The archive of one run at a URL, such as ``s3://bucket/run`` or ``gs://bucket/run``."""

    def __init__(self, url: str) -> None:
        self.url = url
        fs, self.root = _file_system(url)
        self.store = Store(fs, url)
        self.lock = Lock(self.store, f"{self.root}/{LOCK}", url)

    def push(self, folder: Path) -> int:
        """Bring what is new of a run: rows, students, tables. Return the bytes that were sent."""
        self.lock.check()
        index = self._index() or {"format": 1, "journal": format_version(), "shards": [], "files": {}}
        last = {shard["table"]: shard["last"] for shard in index["shards"]}
        sent = 0
        reader = snapshot(folder / "run.db")
        try:
            for number, shard in enumerate(new_shards(reader, last), len(index["shards"])):
                name = f"journal/{number:06d}-{shard.table}.parquet"
                sent += self._put(name, _parquet(shard))
                index["shards"].append(
                    {"table": shard.table, "last": shard.last, "rows": len(shard.rows), "file": name}
                )
        finally:
            reader.close()
        for path in _files(folder):
            name = str(path.relative_to(folder))
            state = path.stat()
            mark = [state.st_size, state.st_mtime_ns]
            if index["files"].get(name) != mark:
                sent += self._put(f"files/{name}", path.read_bytes())
                index["files"][name] = mark
        self.lock.check()
        return sent + self._put(INDEX, json.dumps(index).encode())

    def pull(self, folder: Path) -> None:
        """Make the folder of a run from the archive; it must not exist.

        Raises :class:`UsageError` where there is no archive, or it is not whole, or a name in it leads out
        of the folder: it may come from anybody.
        """
        index = self._index()
        if index is None:
            raise UsageError(f"{self.url}: no archive of a run there")
        self._check(index, folder)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise UsageError(f"{folder} exists already; siked writes over nothing") from None
        try:
            self._fetch(index, folder)
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, _ODD):
                said = one_line(str(error) or type(error).__name__, 300)
                raise UsageError(f"{self.url}: the archive is damaged, or none of siked's: {said}") from None
            raise

    def _check(self, index: Any, folder: Path) -> None:
        """Raise :class:`UsageError` unless the index is one, its names stay inside and all of it has room."""
        try:
            shards = [(str(s["table"]), int(s["last"]), int(s["rows"]), s["file"]) for s in index["shards"]]
            names = [*index["files"], *(file for _, _, _, file in shards)]
            for name in names:
                inside(folder, name)
            own = {inside(folder, name).relative_to(folder).parts[0] for name in index["files"]}
            if own & _APART or int(index["journal"]) < 0:
                raise ValueError(f"it names {min(own & _APART, default='a journal of no format')!r}")
            places = [f"files/{name}" for name in index["files"]] + [file for _, _, _, file in shards]
            if self.store.local:
                check_tree(Path(self.root))
            needed = sum(self.store.size(f"{self.root}/{place}") for place in places)
        except _ODD as error:
            said = one_line(str(error) or type(error).__name__, 300)
            raise UsageError(f"{self.url}: its {INDEX} is damaged, or none of siked's: {said}") from None
        near = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
        free = shutil.disk_usage(near).free
        if needed > free:
            raise UsageError(f"{self.url}: the archive has {needed} bytes, and {near} has {free} left")

    def _fetch(self, index: dict[str, Any], folder: Path) -> None:
        for name in index["files"]:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            self.store.fetch(f"{self.root}/files/{name}", folder / name)
        shards = (_shard(shard, self.store.read(f"{self.root}/{shard['file']}")) for shard in index["shards"])
        fill(folder / "run.db", shards, index["journal"])

    def _index(self) -> dict[str, Any] | None:
        place = f"{self.root}/{INDEX}"
        try:
            if self.store.local:
                check_file(Path(place))
            if self.store.size(place) > TEXT:
                raise UsageError(f"{self.url}: its {INDEX} is longer than {TEXT} bytes")
            found: dict[str, Any] = json.loads(self.store.read(place))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError):
            raise UsageError(f"{self.url}: its {INDEX} is damaged, or none of siked's") from None
        return found

    def _put(self, name: str, content: bytes) -> int:
        self.store.write(f"{self.root}/{name}", content, whole=name == INDEX)
        return len(content)


class Store:
    """What an archive needs of other storage. Raises :class:`RunError` where it is out of reach."""

    def __init__(self, fs: Any, url: str) -> None:
        self._fs = fs
        self._url = url
        self.local = _local(fs)

    def size(self, place: str) -> int:
        """Return the bytes of an object; raises :class:`FileNotFoundError` where there is none."""
        with self._told():
            return int(self._fs.size(place) or 0)

    def fetch(self, place: str, path: Path) -> None:
        """Bring an object to a file; raises :class:`FileNotFoundError` where there is none."""
        with self._told():
            self._fs.get_file(place, str(path))

    def read(self, place: str) -> bytes:
        """Return an object; raises :class:`FileNotFoundError` where there is none."""
        with self._told():
            content: bytes = self._fs.cat_file(place)
            return content

    def write(self, place: str, content: bytes, *, whole: bool = False) -> None:
        """Write an object; ``whole`` is so that nobody reads a part of it."""
        with self._told():
            self._fs.makedirs(place.rpartition("/")[0], exist_ok=True)
            if whole and self.local:
                self._fs.pipe_file(f"{place}.tmp", content)
                self._fs.mv(f"{place}.tmp", place)
            else:  # an object is there whole or not at all
                self._fs.pipe_file(place, content)

    def create(self, place: str, content: bytes) -> None:
        """Write an object; raises :class:`FileExistsError` where it is there and the storage can say so."""
        with self._told():
            self._fs.makedirs(place.rpartition("/")[0], exist_ok=True)
            self._fs.pipe_file(place, content, mode="create")

    def remove(self, place: str) -> None:
        """Remove an object."""
        with self._told():
            self._fs.rm_file(place)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, FileExistsError, UnicodeError):
            raise
        # Each kind of storage has errors of its own, of its own packages.
        except Exception as error:
            said = " ".join(str(error).split())[:200]
            raise RunError(f"{self._url}: {type(error).__name__}: {said}") from error


class Lock:
    """A lock among machines: one object with its owner and a count that its owner raises.

    Guaranteed where the storage refuses to create what exists (``file://``, and S3 by conditional
    writes): of two that come at once one has the lock. A lock whose count has stood still for
    :data:`STALE` seconds, by the clock of who waits, is taken over; two that take over at once look
    again after :data:`SETTLE` seconds, and the last that wrote has it. An owner that was stopped for
    longer finds out before its next push; rows are never mixed, as it then writes nothing.
    """

    def __init__(self, store: Store, place: str, said: str) -> None:
        self.store = store
        self.place = place
        self.said = said
        self.token = ""
        self._beats = 0
        self._ended = threading.Event()

    @contextlib.contextmanager
    def held(self, stale: float = STALE, settle: float = SETTLE, beat: float = BEAT) -> Iterator[None]:
        """Hold the lock; raises :class:`RunLocked` where another does."""
        self.token = uuid.uuid4().hex
        try:
            self.store.create(self.place, self._content())
        except FileExistsError:
            self._take_over(stale, settle)
        self._ended.clear()
        thread = threading.Thread(target=self._keep, args=(beat,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            # one that is left behind is taken over after a while
            with contextlib.suppress(RunError, FileNotFoundError):
                if self._owner().get("token") == self.token:
                    self.store.remove(self.place)
            self.token = ""

    def check(self) -> None:
        """Raise :class:`RunLocked` where a lock that was held has gone to another."""
        owner = self._owner()
        if self.token and owner.get("token") != self.token:
            raise RunLocked(f"{self.said}: {_who(owner)} has taken it over; nothing more is written there")

    def _take_over(self, stale: float, settle: float) -> None:
        before = self._owner()
        end = time.monotonic() + stale
        while time.monotonic() < end:
            time.sleep(min(stale / 10, 1))
            if self._owner() != before:
                raise RunLocked(f"{self.said}: {_who(before)} works on it")
        self.store.write(self.place, self._content())
        time.sleep(settle)
        if self._owner().get("token") != self.token:
            raise RunLocked(f"{self.said}: {_who(self._owner())} works on it")

    def _keep(self, beat: float) -> None:
        while not self._ended.wait(beat):
            with contextlib.suppress(RunError):
                if self._owner().get("token") != self.token:
                    return
                self._beats += 1
                self.store.write(self.place, self._content())

    def _content(self) -> bytes:
        owner = {"token": self.token, "host": socket.gethostname(), "pid": os.getpid(), "beats": self._beats}
        return json.dumps(owner).encode()

    def _owner(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self.store.read(self.place))
        except (FileNotFoundError, ValueError):
            return {}
        return found


def _who(owner: dict[str, Any]) -> str:
    return f"process {owner['pid']} on {owner['host']}" if owner else "another process"


def _file_system(url: str) -> tuple[Any, str]:
    try:
        import fsspec
        import pyarrow  # noqa: F401  # here, so that a run without it ends before anything is spent
    except ImportError as error:
        raise MissingExtra("a run on other storage", "storage") from error
    try:
        fs, root = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{url}: {error}") from None
    # what others write has to be seen
    fs.use_listings_cache = False
    return fs, root.rstrip("/")


def _local(fs: Any) -> bool:
    return "file" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)


def _files(folder: Path) -> list[Path]:
    """Return the files of a run that are whole: what is being written has a name of its own."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.relative_to(folder).parts[0] not in {*_APART, "logs"}
        and not any(".tmp" in part for part in path.relative_to(folder).parts)
    )


def _parquet(shard: Shard) -> bytes:
    import pyarrow
    from pyarrow import parquet

    columns = zip(*shard.rows, strict=True)
    table = pyarrow.table({name: list(values) for name, values in zip(shard.columns, columns, strict=True)})
    out = io.BytesIO()
    parquet.write_table(table, out, compression="zstd")
    return out.getvalue()


def _shard(said: dict[str, Any], content: bytes) -> Shard:
    from pyarrow import parquet

    rows = parquet.ParquetFile(io.BytesIO(content)).metadata.num_rows
    if rows != said["rows"] or rows > MOST:
        raise ValueError(f"a piece of {said['table']!r} has {rows} rows")
    table = parquet.read_table(io.BytesIO(content))
    columns = [column.to_pylist() for column in table.columns]
    return Shard(said["table"], said["last"], table.column_names, list(zip(*columns, strict=True)))
