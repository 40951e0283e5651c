"""What the machine does to the journal: a table of calls by faults, injected one at a time.

In each cell one call of SQLite fails in one way. The error is one line that says what to do, nothing of
the transaction is there, and doing the work again comes to the same journal as without the fault.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from siked.errors import RunError, UsageError
from siked.journal import Journal, Reader, Stage, VerifierKey, opening
from siked.journal.canonical import canonical
from siked.records import Call, Completion, Outcome, Status, Trained, TrainProblem, Verdict

STAGE = Stage("main", 1, "sample")
KEY = VerifierKey("numeric", "1", "{}")
N = 4


def _error(code: int, words: str) -> Callable[[], BaseException]:
    # Made anew for each cell: one that was raised holds the frames, and so the cursors, of its call.
    def made() -> BaseException:
        error = sqlite3.OperationalError(words)
        error.sqlite_errorcode = code
        return error

    return made


FAULTS: dict[str, tuple[Callable[[], BaseException], str]] = {
    "no space": (_error(sqlite3.SQLITE_FULL, "database or disk is full"), "free some space"),
    "a disk that fails": (
        _error(sqlite3.SQLITE_IOERR | 3 << 8, "disk I/O error"),
        "refuses to read or write",
    ),
    "a lock": (_error(sqlite3.SQLITE_BUSY, "database is locked"), "another process holds it"),
    "no memory": (MemoryError, "free some memory"),
    "read only": (_error(sqlite3.SQLITE_READONLY, "attempt to write"), "cannot be written"),
    "no file": (_error(sqlite3.SQLITE_CANTOPEN, "unable to open database file"), "cannot be opened"),
    "damage": (_error(sqlite3.SQLITE_CORRUPT, "database disk image is malformed"), "is damaged"),
}


def work(path: Path) -> None:
    """Do what is missing of a small run, as its steps do."""
    journal = Journal.open(path) if path.exists() else Journal.create(path)
    try:
        _prepare(journal)
        _ask(journal)
        _judge(journal)
        _train(journal)
    finally:
        journal.close()


def _prepare(journal: Journal) -> None:
    if journal.load_problems("train"):
        return
    with journal.saving():
        journal.problems(
            (TrainProblem(id=f"p{i}", question=f"q{i}", gold="1", dataset="d"), False) for i in range(N)
        )
        journal.fact("overlap", [])
        journal.requests((STAGE, i + 1, "cot", 0, i, f"key{i}") for i in range(N))


def _ask(journal: Journal) -> None:
    for chunk in journal.chunks(STAGE, 2):
        for asked in chunk:
            if not asked.done:
                with journal.saving():
                    journal.call(STAGE, "b", Call(id="", requests=1, completion_tokens=3))
                    journal.completion(
                        asked.id, Completion(key=asked.key, outcome=Outcome.OK, text="4"), "cot"
                    )


def _judge(journal: Journal) -> None:
    for rows in journal.unjudged([STAGE], KEY, 2):
        with journal.saving():
            for row in rows:
                verdict = Verdict(status=Status.CORRECT, answer="1", rule="number")
                journal.verdict(row.id, KEY, verdict, sandbox="monty", program="ok")
    with journal.saving():
        journal.judged_by("labels", KEY)


def _train(journal: Journal) -> None:
    if not journal.finished(Stage("main", 1, "train")):
        with journal.saving():
            journal.student(
                "main", 1, "students/1", "abc", Trained(weights="x", steps=1, tokens=1, loss=0.5, rows=N)
            )
            journal.step(Stage("main", 1, "train"), 0.0)


class Failing:
    """Lets one call of SQLite fail, counted from the first."""

    def __init__(self, at: int, error: Callable[[], BaseException] | None) -> None:
        self.at, self.error = at, error
        self.calls = 0

    def __call__(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(cursor: Any, *given: Any) -> Any:
            self.calls += 1
            if self.calls == self.at and self.error is not None:
                with opening.told(cursor.connection):
                    raise self.error()
            return real(cursor, *given)

        return call


def met(path: Path, at: int, error: Callable[[], BaseException] | None) -> Failing:
    """Do the work with a fault at one call."""
    failing = Failing(at, error)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute", "executemany", "fetchone", "fetchall", "fetchmany"):
            patch.setattr(opening.Cursor, name, failing(getattr(opening.Cursor, name)))
        work(path)
    return failing


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], int]:
    """The journal without a fault, and how many calls it takes."""
    folder = tmp_path_factory.mktemp("whole")
    calls = met(folder / "run.db", 0, None).calls
    return list(canonical(Reader.at(folder))), calls


def _verdicts(path: Path) -> int:
    db = sqlite3.connect(path)
    try:
        ((n,),) = db.execute("SELECT count(*) FROM verdicts")
    except sqlite3.OperationalError:
        return 0  # not even a table
    finally:
        db.close()
    return int(n)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: hundreds of journals wait for a disk otherwise."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="siked-faults-", dir=memory) as folder:
        yield Path(folder)


EVERY = int(os.environ.get("SIKED_FAULTS_EVERY", str(len(FAULTS))))
"""Each call meets one fault, another than its neighbours; with 1 in the environment all of them."""


def _said(path: Path, at: int, error: Callable[[], BaseException]) -> str:
    try:
        met(path, at, error)
    except (RunError, UsageError) as told:
        return str(told)
    raise AssertionError(f"call {at} did not fail")


@pytest.mark.parametrize("name", FAULTS)
def test_a_call_that_fails_writes_nothing_and_is_made_good(
    name: str, whole: tuple[list[str], int], quick: Path
) -> None:
    error, cure = FAULTS[name]
    expected, calls = whole
    assert calls > 60
    for at in range(1 + list(FAULTS).index(name), calls + 1, EVERY):
        folder = quick / str(at)
        folder.mkdir()
        path = folder / "run.db"
        said = _said(path, at, error)
        assert cure in said
        assert "run.db" in said
        assert "\n" not in said
        # Two verdicts are one transaction: none of it is there, or all of it.
        assert _verdicts(path) in (0, 2, 4), at
        if path.exists() and path.stat().st_size == 0:
            path.unlink()  # cut off at its birth, which the command line says
        work(path)
        assert list(canonical(Reader.at(folder))) == expected, at


def _wrongly(journal: Journal, rows: list[Any]) -> None:
    with journal.saving():
        for row in rows:
            journal.verdict(row.id, KEY, Verdict(status=Status.WRONG, answer="2", rule="number"))


def test_a_failed_transaction_leaves_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    journal = Journal.create(path)
    _prepare(journal)
    _ask(journal)
    for error, _ in FAULTS.values():
        for at in range(2, 5):  # BEGIN is the first call; a verdict, a verdict, COMMIT
            rows = next(iter(journal.unjudged([STAGE], KEY, 2)))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(opening.Cursor, "execute", Failing(at, error)(opening.Cursor.execute))
                with pytest.raises((RunError, UsageError)):
                    _wrongly(journal, rows)
            assert not journal.db.in_transaction
            assert _verdicts(path) == 0
    journal.close()


def test_another_process_that_writes_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    work(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    journal = Journal.open(path)
    journal.db.execute("PRAGMA busy_timeout = 20")
    with pytest.raises(RunError, match="another process holds it"), journal.saving():
        journal.event("note", text="x")
    assert not journal.db.in_transaction
    other.execute("ROLLBACK")
    with journal.saving():
        journal.event("note", text="x")
    other.close()
    journal.close()


FULL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
import test_faults
from siked.errors import RunError
try:
    test_faults.work(Path(sys.argv[1]))
except RunError as error:
    print(error)
    sys.exit(1)
"""


def _limited(size: int) -> Callable[[], None]:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def _worked(path: Path, **named: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", FULL, str(path), str(Path(__file__).parent)]
    return subprocess.run(command, capture_output=True, text=True, **named)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_files_that_may_not_grow(share: float, whole: tuple[list[str], int], tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    work(room / "run.db")
    journal = sqlite3.connect(room / "run.db")
    journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    folder = tmp_path / "run"
    folder.mkdir()
    done = _worked(folder / "run.db", preexec_fn=_limited(int((room / "run.db").stat().st_size * share)))
    assert done.returncode == 1, done.stderr
    assert done.stdout.count("\n") == 1
    if not _readable(folder):
        (folder / "run.db").unlink(missing_ok=True)
        (folder / "run.db-journal").unlink(missing_ok=True)
    work(folder / "run.db")
    assert list(canonical(Reader.at(folder))) == whole[0]


def _readable(folder: Path) -> bool:
    try:
        Reader.at(folder).close()
    except UsageError:
        return False
    return True


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 kB, which only root can make."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(place)], capture_output=True
    )
    if os.getuid() or made.returncode:
        pytest.skip("a file system cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_full(small_disk: Path, whole: tuple[list[str], int]) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 8192)
    done = _worked(small_disk / "run.db")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.count("\n") == 1
