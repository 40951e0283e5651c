"""The page from a CSV to a server, typed as a whole: teacher, run, score, report, server and client."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PAGE = DOCS / "from-a-csv-to-a-server.md"

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the documents are not here")


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


@contextmanager
def started(words: list[str], port: int, where: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run a server while the body runs."""
    server = subprocess.Popen(words, cwd=where, env=environment)
    try:
        for _ in range(600):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, words
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


def session(blocks: list[Any], language: str) -> list[Any]:
    return [block for block in blocks if block.language == language and not block.mark and not block.file]


def test_the_data_and_the_teacher_are_as_the_page_shows_them(
    blocks_of: Callable[[Path], list[Any]], tmp_path: Path
) -> None:
    subprocess.run([sys.executable, str(DOCS / "files" / "orders.py")], cwd=tmp_path, check=True)
    (shown,) = (block.code for block in blocks_of(PAGE) if block.language == "csv")
    assert (tmp_path / "orders" / "train.csv").read_text().startswith(shown)
    assert len((tmp_path / "exam.csv").read_text().splitlines()) == 41


@pytest.mark.slow
@pytest.mark.train
def test_it_is_typed_from_the_csv_to_an_answer(
    blocks_of: Callable[[Path], list[Any]], tmp_path: Path
) -> None:
    pytest.importorskip("openai")
    pytest.importorskip("uvicorn")
    pytest.importorskip("siked_openai")
    blocks = blocks_of(PAGE)
    for name in ("orders.py", "orders_teacher.py"):
        shutil.copy(DOCS / "files" / name, tmp_path)
    ports = {"8000": str(free_port()), "8017": str(free_port())}

    def here(code: str) -> str:
        return re.sub(r"127\.0\.0\.1:(8000|8017)", lambda found: f"127.0.0.1:{ports[found[1]]}", code)

    for block in blocks:
        if block.file:
            (tmp_path / block.file).write_text(here(block.code))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path}
    typed = "\n".join(["set -euo pipefail", *(here(block.code) for block in session(blocks, "sh"))])
    for command in ("orders.py", "check", "--dry-run", "run --config", "eval", "report"):
        assert command in typed
    teacher = [sys.executable, "orders_teacher.py", ports["8000"]]
    with started(teacher, int(ports["8000"]), tmp_path, environment):
        done = subprocess.run(
            ["bash", "-c", typed], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert "problems   144 train, 16 dev" in done.stdout
    right = re.search(r"table: (\d+) of 40 right", done.stdout)
    assert right is not None
    assert int(right[1]) >= 20, "the student learned the domain on the machine where this was written"
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 40
    assert (tmp_path / "orders-run" / "report.html").is_file()

    # The teacher is gone: serving needs none.
    serve = ["siked", "serve", "orders-run", "--port", ports["8017"]]
    with started(serve, int(ports["8017"]), tmp_path, environment):
        (client,) = session(blocks, "python")
        asked = subprocess.run(
            [sys.executable, "-c", here(client.code)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
    assert asked.returncode == 0, asked.stderr
    *text, last = asked.stdout.strip().splitlines()
    assert text
    assert re.fullmatch(r"(cot|l2m|pot) \S+", last), asked.stdout
