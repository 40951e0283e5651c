"""Formulas, in processes that can be killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from siked.builtin.verifiers import symbolic
from siked.builtin.verifiers.pool import Pool
from siked.builtin.verifiers.symbolic import Symbolic, SymbolicOptions
from siked.errors import ConfigError, MissingExtra
from siked.records import Answer, Status, TestProblem, Verdict

WORKER = """
import json, os, sys, time
sys.stdout.write("true\\n"); sys.stdout.flush()
for line in sys.stdin:
    item = json.loads(line)
    if item == "hang":
        time.sleep(600)
    if item == "die":
        os._exit(3)
    if item == "chatter":
        sys.stdout.write("no json\\n")
    sys.stdout.write(json.dumps([item, os.getpid()]) + "\\n"); sys.stdout.flush()
"""


@pytest.fixture
def worker_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "siked_test_worker.py").write_text(WORKER)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "siked_test_worker"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_replies_keep_their_order(worker_module: str) -> None:
    pool = Pool(worker_module, size=2, seconds=20, megabytes=512)
    replies = pool.map(list(range(30)))
    assert [reply.value[0] for reply in replies] == list(range(30))
    pids = {reply.value[1] for reply in replies}
    assert 1 <= len(pids) <= 2
    pool.close()
    pool.close()
    assert not any(alive(pid) for pid in pids)


def test_a_late_or_dead_worker_costs_one_item(worker_module: str) -> None:
    pool = Pool(worker_module, size=1, seconds=1, megabytes=512)
    start = time.monotonic()
    replies = pool.map([1, "hang", 2, "die", 3, "chatter", 4])
    assert [reply.status for reply in replies] == ["ok", "timeout", "ok", "crash", "ok", "crash", "ok"]
    assert time.monotonic() - start < 60
    pool.close()


def test_a_worker_that_cannot_start_is_no_loop() -> None:
    pool = Pool("siked_no_such_module", size=2, seconds=1, megabytes=512)
    assert {reply.status for reply in pool.map([1, 2, 3])} == {"crash"}
    pool.close()


def test_workers_end_with_their_pool(worker_module: str) -> None:
    pool = Pool(worker_module, size=1, seconds=5, megabytes=512)
    pid = pool.map(["x"])[0].value[1]
    del pool
    assert not alive(pid)


def test_a_pool_works_in_a_thread(worker_module: str) -> None:
    found: list[str] = []

    def work() -> None:
        pool = Pool(worker_module, size=1, seconds=5, megabytes=512)
        found.extend(reply.status for reply in pool.map([1, 2]))
        pool.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert found == ["ok", "ok"]


def test_a_script_needs_no_main_guard(worker_module: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from siked.builtin.verifiers.pool import Pool\n"
        f"pool = Pool({worker_module!r}, size=1, seconds=20, megabytes=512)\n"
        "print(pool.map(['x'])[0].value[0])\n"
        "pool.close()\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "x\n"), done.stderr


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(symbolic, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"siked\[symbolic\]"):
        Symbolic(SymbolicOptions())


@pytest.mark.parametrize("options", [{"seconds": 0.0}, {"workers": 0}, {"megabytes": 1}])
def test_options(options: dict[str, float]) -> None:
    with pytest.raises(ConfigError):
        SymbolicOptions(**options)  # type: ignore[arg-type]


needs_math_verify = pytest.mark.skipif(
    find_spec("math_verify") is None, reason="math-verify is not installed"
)


@pytest.fixture(scope="module")
def verifier() -> Iterator[Symbolic]:
    made = Symbolic(SymbolicOptions(seconds=8, workers=1))
    yield made
    made.close()


def judged(verifier: Symbolic, gold: str | None, *texts: str) -> list[Verdict]:
    problem = TestProblem(id="p", question="", gold=gold, dataset="d")
    return list(verifier.verify(problem, [Answer(text) for text in texts]))


@needs_math_verify
def test_formulas(verifier: Symbolic) -> None:
    verdicts = judged(
        verifier,
        "2\\sqrt{3}",
        "\\boxed{2\\sqrt{3}}",
        "\\boxed{\\sqrt{12}}",
        "The answer is $3\\sqrt{2}$.",
        "\\boxed{4}",
        "\\boxed{2}",
        "I do not know.",
        "",
    )
    assert [verdict.status.value for verdict in verdicts] == [
        "correct",
        "correct",
        "wrong",
        "wrong",
        "wrong",
        "wrong",
        "wrong",
    ]
    assert verdicts[1].rule == "boxed/symbolic"
    polynomial = judged(
        verifier, "x^2+1", "\\boxed{1+x^2}", "The answer is $x^2 - 1$.", "The answer is x^2 + 1."
    )
    assert [verdict.status.value for verdict in polynomial] == ["correct", "wrong", "correct"]


@needs_math_verify
def test_known_slips_of_math_verify_are_caught(verifier: Symbolic) -> None:
    assert judged(verifier, "\\frac{1}{2004!}", "\\boxed{\\frac{1}{2006!}}")[0].status is Status.WRONG
    assert judged(verifier, "4\\sqrt{2}", "\\boxed{4}")[0].status is Status.WRONG
    assert judged(verifier, "\\frac{1}{2^{99}}", "\\boxed{\\frac{1}{2^{98}}}")[0].status is not Status.CORRECT


@needs_math_verify
def test_numbers_and_words_need_no_process(verifier: Symbolic) -> None:
    fresh = Symbolic(SymbolicOptions())
    assert judged(fresh, "18", "The answer is 18.")[0].rule == "answer-is/exact"
    assert judged(fresh, "Yes", "The answer is yes.")[0].rule == "answer-is/word"
    assert judged(fresh, "3:30 p.m.", "It ends at 15:30.")[0].rule == "sentence/clock"
    assert judged(fresh, None, "The answer is 18.")[0].rule == "no-gold"
    assert not fresh._pool._workers
    fresh.close()


@needs_math_verify
def test_a_power_tower_is_unverified_and_costs_no_other_answer() -> None:
    verifier = Symbolic(SymbolicOptions(seconds=2, workers=1))
    tower = "9^{9^{9^{9^{9}}}}"
    verdicts = judged(
        verifier, "9^{9^{9^{9^x}}}", f"\\boxed{{{tower}}}", "\\boxed{9^x}", f"\\boxed{{{tower}+1}}"
    )
    assert verdicts[0].status is Status.UNVERIFIED
    assert verdicts[0].rule in ("timeout", "crash")
    assert verdicts[2].status is Status.UNVERIFIED
    assert verdicts[1].status is not Status.CORRECT
    verifier.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@needs_math_verify
def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, signal\n"
        "from siked.builtin.verifiers.pool import Pool\n"
        "pool = Pool('siked.builtin.verifiers.mathworker', 1, 5, 2048)\n"
        "pool.map([{'gold': '$x$', 'texts': ['$x$']}])\n"
        "print(pool._workers[0].process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    deadline = time.monotonic() + 20
    while alive(pid) and time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.1)
    else:
        assert not alive(pid)
