"""``siked exec``: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-c", "from siked.cli.main import main; main()", "exec"]


def run(*arguments: str, lines: Iterable[Any] = ()) -> tuple[int, list[dict[str, Any]], str]:
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([*COMMAND, *arguments], input=text, capture_output=True, text=True, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def program(row_id: Any, code: str) -> dict[str, Any]:
    return {"id": row_id, "program": code}


def test_programs_come_back_as_outcomes_in_order() -> None:
    code, rows, _ = run(
        "-",
        lines=[
            program("a", "answer = 6 * 7"),
            program(2, "```python\nx = Symbol('x')\nanswer = solve(2 * x - 5, x)\n```\nDone."),
            program(None, "answer = 1 / 0"),
            program([1, {"b": 2}], "import socket\nsocket.socket()"),
            program("é", "print('naïve ☃')"),
        ],
    )
    assert code == 0
    assert [list(row) for row in rows] == [["id", "status", "answer", "sandbox", "seconds", "detail"]] * 5
    assert [row["id"] for row in rows] == ["a", 2, None, [1, {"b": 2}], "é"]
    assert [row["status"] for row in rows] == ["ok", "ok", "error", "denied", "ok"]
    assert [row["answer"] for row in rows] == ["42", "5/2", None, None, "naïve ☃"]
    assert [row["sandbox"] for row in rows] == ["monty", "confined", "monty", "confined", "monty"]
    assert rows[2]["detail"] == "ZeroDivisionError: division by zero (line 1)"
    assert all(0 <= row["seconds"] < 2.5 for row in rows)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "programs.jsonl"
    file.write_text(json.dumps(program(1, "answer = 1")) + "\n\n" + json.dumps(program(2, "answer = 2")))
    code, rows, _ = run(str(file))
    assert (code, [row["answer"] for row in rows]) == (0, ["1", "2"])


BAD = [
    '{"id": 1, "program": \n',
    "[1, 2]\n",
    '{"program": "answer = 1"}\n',
    '{"id": 1}\n',
    '{"id": 1, "program": 7}\n',
    "[" * 100_000 + "\n",
    '"' + "x" * (9 << 20) + '"\n',
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad[:20].strip())
def test_a_bad_line_stops_with_its_number(bad: str, tmp_path: Path) -> None:
    file = tmp_path / "programs.jsonl"
    good = json.dumps(program(1, "answer = 1")) + "\n"
    file.write_text(good + good + bad + good)
    code, rows, said = run(str(file))
    assert code == 2
    assert [row["answer"] for row in rows] == ["1", "1"]
    assert f"{file}:3: " in said
    assert "Traceback" not in said


def test_bad_lines_can_be_skipped_and_are_counted() -> None:
    lines = [program(1, "answer = 1"), *BAD, program(2, "answer = 2")]
    code, rows, said = run("-", "--skip-bad", lines=lines)
    assert (code, [row["answer"] for row in rows]) == (0, ["1", "2"])
    assert f"{len(BAD)} bad lines skipped" in said


def test_bytes_that_are_no_text_are_a_bad_line(tmp_path: Path) -> None:
    file = tmp_path / "programs.jsonl"
    file.write_bytes(b'{"id": 1, "program": "\xff"}\n')
    code, _, said = run(str(file))
    assert code == 2
    assert f"{file}:1: " in said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--timeout", "0"], "timeout"),
        (["--memory", "1"], "memory"),
        (["--workers", "0"], "workers"),
        (["--sandbox", "none"], "no sandbox named 'none'; installed: auto, confined, monty"),
        (["--sandbox", "monty", "--allow-weak-sandbox"], "allow_weak"),
    ],
)
def test_wrong_usage(arguments: list[str], reason: str) -> None:
    code, rows, said = run("-", *arguments, lines=[program(1, "answer = 1")])
    assert (code, rows) == (2, [])
    assert reason in said


def test_a_missing_file() -> None:
    code, _, said = run("nowhere.jsonl")
    assert code == 2
    assert "nowhere.jsonl" in said


def test_limits_are_the_given_ones() -> None:
    code, rows, _ = run(
        "-",
        *("--timeout", "0.3", "--memory", "64", "--workers", "1", "--sandbox", "confined"),
        lines=[
            program(1, "while True: pass"),
            program(2, "x = bytearray(80_000_000)"),
            program(3, "answer = 3"),
        ],
    )
    assert code == 0
    assert [row["status"] for row in rows] == ["timeout", "memory", "ok"]
    assert rows[0]["seconds"] < 0.8
    assert {row["sandbox"] for row in rows} == {"confined"}


def test_a_line_in_a_line_out() -> None:
    process = subprocess.Popen([*COMMAND, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    watch = threading.Timer(60, process.kill)
    watch.start()
    for number in range(3):
        process.stdin.write(json.dumps(program(number, f"answer = {number}")) + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["answer"] == str(number)
    process.stdin.close()
    assert process.stdout.read() == ""
    assert process.wait() == 0
    process.stdout.close()
    watch.cancel()


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    lines = "".join(json.dumps(program(n, f"answer = {n}")) + "\n" for n in range(3000))
    process = subprocess.Popen(
        [*COMMAND, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    feeder = threading.Thread(target=_feed, args=(process.stdin, lines))
    feeder.start()
    assert json.loads(process.stdout.readline())["answer"] == "0"
    process.stdout.close()
    assert process.wait(timeout=60) in (0, 1)
    assert process.stderr.read() == ""
    process.stderr.close()
    feeder.join()


def _feed(stream: Any, lines: str) -> None:
    try:
        stream.write(lines)
        stream.close()
    except BrokenPipeError:
        pass


def resident(pid: int) -> int:
    """Return the resident memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")
def test_a_million_lines_stream_in_flat_memory() -> None:
    total = int(os.environ.get("SIKED_LINES", "1000000"))
    process = subprocess.Popen([*COMMAND, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None

    def feed(stream: Any) -> None:
        for number in range(total):
            stream.write(b'{"id": %d, "program": "x = %d\\nanswer = x + 1"}\n' % (number, number))
        stream.close()

    feeder = threading.Thread(target=feed, args=(process.stdin,))
    feeder.start()
    sizes = []
    for number in range(total):
        row = json.loads(process.stdout.readline())
        assert (row["id"], row["answer"]) == (number, str(number + 1))
        if number % (total // 50) == total // 100:
            sizes.append(resident(process.pid))
    feeder.join()
    assert process.wait() == 0
    print(f"resident MiB: {sizes}")
    assert max(sizes) <= sizes[2] + 16
