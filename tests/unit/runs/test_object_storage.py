"""A run on S3, as moto serves it in a process of its own: synced, locked, restored, and out of reach."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import siked
from siked.engine.progress import Reporter
from siked.errors import RunError, RunLocked
from siked.journal import Reader
from siked.journal.canonical import canonical, digest
from siked.runs.archive import INDEX, Archive

pytestmark = pytest.mark.slow
for package in ("moto", "s3fs", "flask"):
    # By its finder: an import would take the credentials of who runs the tests.
    if importlib.util.find_spec(package) is None:
        pytest.skip("pip install 'moto[server]' s3fs", allow_module_level=True)


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]
    """One for all tests: fsspec keeps what it has connected to once."""


class Server:
    """moto on a port; what it holds is gone with its process."""

    def __init__(self) -> None:
        self.url = f"http://127.0.0.1:{PORT}"
        self.start()

    def start(self) -> None:
        """Serve, with a bucket."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-p", str(PORT)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while True:
            try:
                ask = urllib.request.Request(f"{self.url}/bucket", method="PUT")
                urllib.request.urlopen(ask).close()
                return
            except OSError:
                assert self.process.poll() is None
                time.sleep(0.1)

    def stop(self) -> None:
        """Go away without a word."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    made = Server()
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.url)
    yield made
    made.stop()


def rows(folder: Path) -> str:
    reader = Reader.at(folder)
    try:
        return digest(reader)
    finally:
        reader.close()


URL = "s3://bucket/runs/one"


def started(*arguments: str) -> subprocess.Popen[str]:
    code = "from siked.cli.main import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ,
    )


def test_a_machine_that_dies_is_followed_by_an_empty_one(
    settings: dict[str, Any], server: Server, tmp_path: Path
) -> None:
    settings = {**settings, "controls": [], "iterations": 1, "backend": {"name": "scripted", "delay": 0.0}}
    alone = siked.run(settings, tmp_path / "alone")
    config = tmp_path / "run.yaml"
    config.write_text(yaml.safe_dump({**settings, "backend": {"name": "scripted", "delay": 0.02}}))
    first = started("run", "--config", str(config), "--out", str(tmp_path / "one"), "--sync", URL)
    while "verdicts" not in there(Archive(URL)):
        assert first.poll() is None, first.communicate()
        time.sleep(0.1)
    first.kill()
    first.communicate()
    restored = started("restore", URL, str(tmp_path / "two"))
    assert restored.wait() == 0, restored.communicate()
    second = started("resume", str(tmp_path / "two"), "--sync", URL)
    said, _ = second.communicate()
    assert second.returncode == 0, said
    Archive(URL).pull(tmp_path / "three")
    plain = [rows_without_delay(tmp_path / name) for name in ("two", "three")]
    assert plain == [rows_without_delay(alone.folder)] * 2


def there(archive: Archive) -> set[str]:
    """Return the tables of which there are rows."""
    try:
        return {
            shard["table"] for shard in json.loads(archive.store.read(f"{archive.root}/{INDEX}"))["shards"]
        }
    except FileNotFoundError:
        return set()


def rows_without_delay(folder: Path) -> list[str]:
    reader = Reader.at(folder)
    try:
        return [line.replace('\\"delay\\": 0.02', '\\"delay\\": 0.0') for line in canonical(reader)]
    finally:
        reader.close()


def test_one_of_two_machines_has_the_lock(server: Server) -> None:
    one, two = Archive(URL).lock, Archive(URL).lock
    with (
        one.held(beat=0.1),
        pytest.raises(RunLocked, match=r"process \d+ on .* works on it"),
        two.held(stale=5, settle=0),
    ):
        pytest.fail("two have the lock")
    with one.held(beat=1000), two.held(stale=0.3, settle=0.05):
        two.check()
        with pytest.raises(RunLocked, match="has taken it over"):
            one.check()


def test_of_ten_that_start_at_once_one_has_the_lock(server: Server) -> None:
    got, refused = [], []
    gate = threading.Barrier(10)

    def start(number: int) -> None:
        lock = Archive(URL).lock
        gate.wait()
        try:
            with lock.held(stale=6, settle=0.1, beat=0.1):
                got.append(number)
                time.sleep(8)
        except RunLocked:
            refused.append(number)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(got), len(refused)) == (1, 9)


def test_storage_that_goes_away_is_told_and_caught_up_with(
    settings: dict[str, Any], server: Server, tmp_path: Path
) -> None:
    settings = {**settings, "controls": [], "iterations": 1}

    notes: list[str] = []

    class Heard(Reporter):
        def note(self, text: str) -> None:
            notes.append(text)

        def begin(self, label: str, total: int | None) -> None:
            if server.process.poll() is None and "sample" in label:
                server.stop()

    with pytest.raises(RunError, match=r"s3://.*; the run is whole in .*siked resume .* --sync s3://"):
        siked.run(settings, tmp_path / "run", sync=URL, reporter=Heard())
    assert any(note.startswith("not synced: s3://") for note in notes)
    server.start()
    siked.resume(tmp_path / "run", sync=URL)
    Archive(URL).pull(tmp_path / "again")
    assert rows(tmp_path / "again") == rows(tmp_path / "run")
