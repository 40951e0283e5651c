"""``siked verify``: JSON lines in, JSON lines out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from siked.answers import RULES
from siked.cli.main import cli, main
from siked.errors import DataError
from siked.text.jsonlines import CHUNK, LONGEST

SIKED = [sys.executable, "-c", "import sys; from siked.cli.main import main; sys.exit(main())", "verify"]


def verify(lines: str | bytes, *options: str) -> Result:
    return CliRunner().invoke(cli, ["verify", *options, "-"], input=lines)


def row(**fields: Any) -> str:
    return json.dumps({"id": 1, "text": "The answer is 5.", "gold": "5", **fields}) + "\n"


def written(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_one_line_out_for_each_line_in() -> None:
    lines = row() + row(id="b", gold="6") + row(id=None, gold=None) + row(id=[1], text="I do not know.")
    result = verify(lines)
    assert result.exit_code == 0
    assert written(result) == [
        {"id": 1, "correct": True, "answer": "5", "rule": "answer-is/exact"},
        {"id": "b", "correct": False, "answer": "5", "rule": "answer-is/different"},
        {"id": None, "correct": None, "answer": "5", "rule": "no-gold"},
        {"id": [1], "correct": False, "answer": None, "rule": "refusal"},
    ]


def test_golds_may_be_numbers() -> None:
    lines = row(gold=5) + row(gold=5.0) + row(gold=1e3, text="The answer is 1,000.") + row(gold=6)
    assert [line["correct"] for line in written(verify(lines))] == [True, True, True, False]


def test_programs_are_run() -> None:
    lines = (
        row(id="sum", text="answer = 2 + 3", strategy="pot")
        + row(id="prose", text="The answer is 5.", strategy="cot")
        + row(
            id="fenced",
            text="Sure:\n```python\ndef solution():\n    return 10 / 3\n```",
            gold="3.33",
            strategy="pot",
        )
        + row(id="broken", text="answer = 1 / 0", strategy="pot")
        + row(id="silent", text="x = 5", strategy="pot")
        + row(id="loop", text="while True: pass", strategy="pot")
        + row(id="none", text="answer = 5", gold=None, strategy="pot")
    )
    result = verify(lines)
    assert result.exit_code == 0, result.output
    found = {line["id"]: line for line in written(result)}
    assert list(found) == ["sum", "prose", "fenced", "broken", "silent", "loop", "none"]
    assert found["sum"] == {"id": "sum", "correct": True, "answer": "5", "rule": "value/exact"}
    assert found["fenced"]["rule"] == "value/rounded"
    assert (found["broken"]["correct"], found["broken"]["rule"]) == (False, "program:error")
    assert (found["silent"]["correct"], found["silent"]["rule"]) == (False, "program:no_answer")
    assert (found["loop"]["correct"], found["loop"]["rule"]) == (None, "program:timeout")
    assert (found["none"]["correct"], found["none"]["answer"]) == (None, "5")
    assert all(line["rule"] in RULES for line in found.values())


def test_sub_questions_are_read_as_such() -> None:
    text = "Sub-question 1: How many?\nAnswer to Sub-question 1: 5.\nSub-question 2: In all?"
    assert written(verify(row(text=text, strategy="l2m")))[0]["rule"] == "unanswered"
    # Whether a text has the form of its strategy is the run's matter; here its answer is judged.
    assert written(verify(row(strategy="l2m")))[0]["correct"] is True
    assert written(verify(row(strategy="any")))[0]["correct"] is True


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no json\n", "not JSON"),
        ('{"id": 1, "gold": "5"}\n', "expected"),
        ('{"text": "5", "gold": "5"}\n', "expected"),
        ('{"id": 1, "text": 5}\n', "expected"),
        ("[1, 2]\n", "expected"),
        (row(gold=["5"]), "gold is a string"),
        (row(gold=True), "gold is a string"),
        (row(strategy="no-such"), "no strategy named 'no-such'"),
        (row(strategy=7), "strategy is a string"),
        (b'{"id": 1, "text": "\xff"}\n', "is not UTF-8 (byte 19)"),
        ('{"id": 1, "text": "5", "gold": NaN}\n', "NaN is not allowed"),
        (b"[" * 100_000 + b"\n", "not JSON"),
    ],
)
def test_a_bad_line_stops_behind_what_stood_before_it(line: str | bytes, reason: str) -> None:
    bad = line.encode() if isinstance(line, str) else line
    result = verify(row().encode() + b"\n" + bad + row().encode())
    assert isinstance(result.exception, DataError)
    assert result.exception.line == 3
    assert reason in str(result.exception)
    assert len(written(result)) == 1
    skipped = verify(row().encode() + b"\n" + bad + row().encode(), "--skip-bad")
    assert skipped.exit_code == 0
    assert len(written(skipped)) == 2
    assert "1 bad lines skipped" in skipped.stderr


def test_a_line_that_is_too_long_is_bad_and_only_that() -> None:
    lines = row() + row(text="5" * (LONGEST + 3 * CHUNK)) + row(id=3)
    result = verify(lines, "--skip-bad")
    assert [line["id"] for line in written(result)] == [1, 3]
    assert isinstance(verify(lines).exception, DataError)


def test_the_exit_code_and_the_place_of_a_bad_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "answers.jsonl"
    path.write_text(row() + "oops\n")
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(path)])
    assert ended.value.code == 2
    assert f"{path}:2: is not JSON" in capsys.readouterr().err


def test_the_last_line_needs_no_end_and_empty_input_is_fine() -> None:
    assert len(written(verify(row().rstrip("\n")))) == 1
    assert written(verify("")) == []


def test_another_verifier() -> None:
    lines = row(text="The answer is (B).", gold="B", question="(A) 1 (B) 2") + row(
        text="The answer is 2.", gold="B", question="(A) 1 (B) 2"
    )
    assert [line["answer"] for line in written(verify(lines, "--verifier", "choice"))] == ["B", "B"]
    assert written(verify(row(text="The answer is 5.0"), "--verifier", "exact"))[0]["correct"] is False
    assert verify(row(), "--verifier", "no-such").exit_code == 1


def test_a_line_in_a_line_out() -> None:
    """Each answer comes before the next question is asked."""
    with subprocess.Popen(
        [*SIKED, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(5):
            process.stdin.write(row(id=number, text=f"The answer is {number}.", gold=str(number)))
            process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {
                "id": number,
                "correct": True,
                "answer": str(number),
                "rule": "answer-is/exact",
            }
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_reader_that_goes_away_gets_no_traceback() -> None:
    first = subprocess.Popen(
        [*SIKED, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert first.stdin is not None
    assert first.stdout is not None
    first.stdin.write(row().encode())
    first.stdin.flush()
    first.stdout.readline()
    first.stdout.close()
    first.stdin.write(row().encode() * 20)
    first.stdin.close()
    assert first.wait(30) in (0, 1)
    assert first.stderr is not None
    assert b"Traceback" not in first.stderr.read()
    first.stderr.close()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_million_lines_in_flat_memory() -> None:
    """Through a pipe, with the memory read at a tenth of the way and at the end."""
    million = int(os.environ.get("SIKED_STREAM_LINES", "1000000"))
    script = (
        "import json, sys\n"
        f"for i in range({million}):\n"
        "    text = f'He has {i} and finds {i}: {i} + {i} = {2 * i}. The answer is {2 * i}.'\n"
        "    sys.stdout.write(json.dumps({'id': i, 'text': text, 'gold': str(2 * i)}) + '\\n')\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    process = subprocess.Popen([*SIKED, "-"], stdin=writer.stdout, stdout=subprocess.PIPE)
    assert process.stdout is not None
    early = late = count = 0
    for count, line in enumerate(process.stdout, 1):
        if count == million // 10:
            early = resident(process.pid)
        if count == million:
            late = resident(process.pid)
        if count % 100_000 == 0 or count < 100:
            assert json.loads(line) == {
                "id": count - 1,
                "correct": True,
                "answer": str(2 * (count - 1)),
                "rule": "answer-is/exact",
            }
    assert count == million
    assert process.wait(60) == 0
    assert writer.wait(60) == 0
    assert late < early + 8 * 1024, (early, late)
    assert late < 120 * 1024


def resident(pid: int) -> int:
    """KiB of memory a process holds now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")
