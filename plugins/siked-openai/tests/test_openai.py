"""The backend ``openai`` against a real server that misbehaves on purpose."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("openai")
pytest.importorskip("siked_openai")

from siked_openai.access import Mask
from siked_openai.backend import OpenAI
from siked_openai.limits import Gate

import siked
from siked.errors import BackendError, ConfigError
from siked.records import Call, Completion, Message, Model, Outcome, Request, Sampling
from siked.testing.fake_openai_server import (
    AGAIN,
    FAULTS,
    HOLLOW,
    KEY,
    REFUSALS,
    SLOW,
    FakeOpenAIServer,
    serving_fake_openai,
)

SAMPLED = Sampling(temperature=0.7, max_new_tokens=32)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture
def server() -> Iterator[FakeOpenAIServer]:
    with serving_fake_openai() as found:
        yield found


def requests(count: int, samples: int = 1, **fields: Any) -> list[Request]:
    return [
        Request(
            key=f"{i}-{k}",
            messages=(Message("user", f"What is {i} + 4?"),),
            sampling=SAMPLED,
            seed=1000 * i + k,
            sample=k,
            **fields,
        )
        for i in range(count)
        for k in range(samples)
    ]


def opened(server: FakeOpenAIServer, model: str = "m", **options: Any) -> OpenAI:
    backend = OpenAI(OpenAI.Options(**{"base_url": server.url, "longest_wait": 0.2, **options}))
    backend.open(Model(name=model))
    return backend


def served(backend: OpenAI, wanted: list[Request]) -> tuple[dict[str, Completion], list[Call]]:
    items = list(backend.generate(wanted))
    completions = [item for item in items if isinstance(item, Completion)]
    assert len({c.key for c in completions}) == len(completions)
    return {c.key: c for c in completions}, [item for item in items if isinstance(item, Call)]


def test_samples_of_a_prompt_share_a_call_and_usage_is_counted_once(server: FakeOpenAIServer) -> None:
    backend = opened(server, samples_per_call=4, price_prompt=1.0, price_completion=2.0)
    found, calls = served(backend, requests(5, 8))
    assert len(found) == 40
    assert len(calls) == server.counts["requests"] == 10
    assert {call.requests for call in calls} == {4}
    assert sum(call.completion_tokens for call in calls) == 12 * 40
    assert sum(c.completion_tokens for c in found.values()) == 12 * 40
    assert sum(call.cost for call in calls) == pytest.approx(
        sum(call.prompt_tokens + 2 * call.completion_tokens for call in calls) / 1e6
    )
    assert found["3-0"].text == "3 + 4 = 7\nFinal Answer: 7"


def test_what_is_done_is_not_asked(server: FakeOpenAIServer) -> None:
    found, _ = served(opened(server), [*requests(2), *(requests(4)[2:])][:2] + requests(3, done=True)[2:])
    assert set(found) == {"0-0", "1-0"}


def test_completions_and_a_start_of_the_answer(server: FakeOpenAIServer) -> None:
    forced = requests(1, prefix="[cot]")
    refused, _ = served(opened(server), forced)
    assert refused["0-0"].outcome is Outcome.REFUSED
    assert "prefill" in refused["0-0"].reason
    assert served(opened(server, prefill="continue"), requests(1))[0]["0-0"].outcome is Outcome.OK
    assert served(opened(server, api="completions"), forced)[0]["0-0"].text.endswith("Answer: 4")


def test_every_request_ends_once_and_only_faults_are_asked_again() -> None:
    with serving_fake_openai(rate=0.3, seed=3) as server:
        found, calls = served(opened(server, samples_per_call=1), requests(500))
        assert len(found) == 500
        # Slow answers and filtered ones are answers; all else that went wrong was asked again.
        again = sum(server.counts[name] for name in AGAIN)
        assert server.counts["requests"] == 500 + again
        assert again > 50
        assert len([call for call in calls if call.requests]) == 500
        ended = Counter(c.outcome for c in found.values())
        assert ended[Outcome.REFUSED] == sum(server.counts[name] for name in REFUSALS) > 0
        assert ended[Outcome.FAILED] == sum(server.counts[name] for name in HOLLOW) > 0
        assert {c.text for c in found.values() if "surrogate" not in c.reason} >= {
            "3 + 4 = 7\nFinal Answer: 7"
        }


def test_budgets_stop_before_they_are_exceeded(server: FakeOpenAIServer) -> None:
    backend = opened(server, max_tokens=600, concurrency=4)
    with pytest.raises(BackendError, match="max_tokens 600"):
        served(backend, requests(100))
    assert 0 < backend._budget.tokens <= 600
    priced = opened(server, max_cost=0.001, price_completion=10.0, concurrency=4)
    with pytest.raises(BackendError, match=r"max_cost 0.001"):
        served(priced, requests(100))
    assert 0 < priced._budget.cost <= 0.001


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_tokens": 0}, "nothing could be asked"),
        ({"max_cost": 1.0}, "needs price"),
        ({"api": "chats"}, "it can be chat, completions"),
        ({"concurrency": 0}, "at least 1"),
    ],
)
def test_options_that_do_not_fit_are_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        OpenAI.Options(**options)


def test_what_ends_the_run_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, server: FakeOpenAIServer
) -> None:
    with pytest.raises(BackendError, match="no model 'unknown'"):
        served(opened(server, "unknown"), requests(1))
    with serving_fake_openai(key=True) as locked:
        assert served(opened(locked), requests(1))[0]["0-0"].outcome is Outcome.OK
        monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-and-secret")
        with pytest.raises(BackendError, match="refuses the key") as caught:
            served(opened(locked), requests(1))
        assert "sk-wrong-and-secret" not in str(caught.value)
        assert "OPENAI_API_KEY" in str(caught.value)
    gone = OpenAI(OpenAI.Options(base_url=locked.url, attempts=2, longest_away=0.3))
    gone.open(Model(name="m"))
    with pytest.raises(BackendError, match="no server answers"):
        served(gone, requests(1))


def test_a_key_that_is_said_back_is_left_out_whole() -> None:
    mask = Mask("sk-secret")
    for before in range(280, 305):
        assert "sk-" not in mask("x" * before + mask.key)
    assert mask("http://me:pass@host/v1") == "http://***@host/v1"


def test_a_prompt_is_set_aside_at_a_token_a_byte(server: FakeOpenAIServer) -> None:
    dense = Request(key="dense", messages=(Message("user", "\u4e09" * 100 + " 3 + 4"),), sampling=SAMPLED)
    with pytest.raises(BackendError, match="does not fit"):
        served(opened(server, max_tokens=300), [dense])
    assert server.counts["requests"] == 0
    assert served(opened(server, max_tokens=400), [dense])[0]["dense"].outcome is Outcome.OK


def test_a_body_that_trickles_in_runs_out_of_time(
    server: FakeOpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "fault", lambda body: "slow")
    wanted = requests(1)
    patient, _ = served(opened(server), wanted)
    assert patient["0-0"].outcome is Outcome.OK
    with pytest.raises(BackendError, match="no whole answer in time"):
        served(opened(server, timeout=SLOW * 0.7, attempts=2, longest_away=0.1), wanted)
    assert server.counts["slow"] >= 4


def test_a_burst_of_refusals_halves_once() -> None:
    async def burst() -> tuple[float, float]:
        gate = Gate(32)
        for _ in range(8):
            await gate.enter()
        for _ in range(8):
            gate.narrow()
        at_once = gate.width
        for _ in range(8):
            gate.leave()
        await gate.enter()
        gate.narrow()
        return at_once, gate.width

    assert asyncio.run(burst()) == (16.0, 8.0)


def test_faults_come_at_the_rates_that_were_asked_for() -> None:
    with serving_fake_openai(rates={"503": 0.2, "no-choices": 0.1}, seed=1) as server:
        found, _ = served(opened(server, samples_per_call=1), requests(300))
    assert {c.outcome for c in found.values()} == {Outcome.OK}
    assert set(server.counts) == {"requests", "served", "503", "no-choices"}
    shares = {name: server.counts[name] / server.counts["requests"] for name in ("503", "no-choices")}
    assert 0.14 < shares["503"] < 0.26
    assert 0.06 < shares["no-choices"] < 0.14


def test_a_context_that_is_too_long_ends_one_request() -> None:
    with serving_fake_openai(context=400) as server:
        long = Request(key="long", messages=(Message("user", "x" * 500 + " 1 + 2"),), sampling=SAMPLED)
        found, _ = served(opened(server), [*requests(2), long])
    assert found["long"].outcome is Outcome.FAILED
    assert "context length" in found["long"].reason
    assert found["0-0"].outcome is Outcome.OK


PLENTY = ("--max-tokens", "1000000000")
COMMAND = [sys.executable, "-c", "from siked.cli.main import main; main()"]


def config_of(server: FakeOpenAIServer, folder: Path, problems: int, samples: int, concurrency: int) -> Path:
    data = folder / "data"
    data.mkdir()
    for split, count in (("train", problems), ("dev", 1), ("test", 1)):
        rows = [
            {"id": f"{split}{i}", "question": f"What is {i} + 4?", "gold": str(i + 4)} for i in range(count)
        ]
        (data / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    path = folder / "config.yaml"
    teacher = {
        "name": "openai",
        "model": "m",
        "base_url": server.url,
        "samples": samples,
        "samples_per_call": 1,
        "concurrency": concurrency,
        "longest_wait": 0.5,
        "max_new_tokens": 32,
    }
    student = {"model": "none"}
    values = {"strategies": ["cot"], "teacher": teacher, "student": student}
    path.write_text(yaml.safe_dump({**values, "dataset": {"name": "jsonl", "path": str(data)}}))
    return path


def teach(config: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "teach", "-c", str(config), "--out", str(out), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(out: Path) -> int:
    if not (out / "run.db").exists():
        return 0
    try:
        (row,) = siked.Run(out).journal.rows("SELECT count(*) AS n FROM rationales")
    except Exception:
        return 0
    return int(row["n"])


def worker_of(process: subprocess.Popen[str]) -> int:
    """Return the process that asks the server; where there is none yet, the command itself."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for child in children:
        if b"workers/child.py" in Path(f"/proc/{child}/cmdline").read_bytes():
            return int(child)
    return process.pid


def leave(server: FakeOpenAIServer, seconds: float) -> threading.Thread:
    """Let the server be away for so long, beginning now."""

    def away() -> None:
        with server.away():
            time.sleep(seconds)

    thread = threading.Thread(target=away)
    thread.start()
    return thread


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads the process tree from /proc")
@pytest.mark.parametrize(
    ("problems", "samples", "kills", "away"),
    [(120, 4, 4, 1.0), pytest.param(2000, 10, 10, 30.0, marks=pytest.mark.slow)],
)
def test_faults_kills_and_a_server_that_leaves_cost_no_request_and_no_budget(
    tmp_path: Path, problems: int, samples: int, kills: int, away: float
) -> None:
    concurrency, total = 32, problems * samples
    out = tmp_path / "out"
    with serving_fake_openai(rate=0.3, seed=5) as server:
        config = config_of(server, tmp_path, problems, samples, concurrency)
        peak = 0
        process = teach(config, out, *PLENTY)
        for number in range(kills):
            while ended(out) < total * (number + 1) // (kills + 2) and process.poll() is None:
                time.sleep(0.05)
                peak = max(peak, resident(process.pid))
            assert process.poll() is None, process.communicate()[0]
            if number in (1, kills // 2):
                leave(server, away).join()
            victim = worker_of(process) if number % 2 else process.pid
            os.kill(victim, signal.SIGKILL)
            if victim == process.pid:
                process.communicate()
                process = teach(config, out, *PLENTY)
        while ended(out) < total * (kills + 1) // (kills + 2) and process.poll() is None:
            time.sleep(0.05)
        process.kill()
        process.communicate()
        # A budget that does not last stops the command before it is exceeded; then it is raised.
        budget = siked.Run(out).journal.used(True)[0] + 20_000
        process = teach(config, out, "--max-tokens", str(budget))
        said, _ = process.communicate(timeout=2400)
        assert process.returncode == 1, said
        assert f"max_tokens {budget}" in said
        assert siked.Run(out).journal.used(True)[0] <= budget
        process = teach(config, out, *PLENTY)
        said, _ = process.communicate(timeout=2400)
        assert process.returncode == 0, said
        run = siked.Run(out)
        rows = run.journal.rows("SELECT outcome, count(*) AS n FROM rationales GROUP BY outcome")
        assert sum(row["n"] for row in rows) == total
        assert {row["outcome"] for row in rows} <= {"ok", "refused", "failed"}
        faulty = sum(n for name, n in server.counts.items() if name in AGAIN)
        excess = server.counts["requests"] - total - faulty
        # What is under way when a process is killed or the server leaves is asked again.
        assert 0 <= excess <= (kills + 4) * concurrency
        used = run.journal.used(True)[0]
        assert used >= server.tokens
        print(
            f"{total} requests, {faulty} faults of {len(FAULTS)} kinds, {excess} asked twice over {kills + 1}"
            f" kills, 2 absences and a budget that ended, {used} tokens counted of {server.tokens},"
            f" {peak} MiB at most"
        )
        assert peak < 300
    held = b"".join(path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert KEY.encode() not in held


def test_teach_asks_failed_requests_again_when_told(tmp_path: Path) -> None:
    out = tmp_path / "out"
    broken = True

    def script(body: dict[str, Any], attempt: int) -> str:
        return "error:400:" if broken and body["messages"][-1]["content"].count("What is 1 + 4?") else ""

    with serving_fake_openai(script=script) as server:
        config = config_of(server, tmp_path, 4, 1, 2)
        command = [*COMMAND, "teach", "-c", str(config), "--out", str(out)]
        for extra, asked in (([], 4), ([], 4), (["--retry-failed"], 5)):
            done = subprocess.run([*command, *extra], capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            assert server.counts["requests"] == asked
            broken = False
    rows = siked.Run(out).journal.rows("SELECT outcome, attempt FROM rationales ORDER BY id")
    assert sorted(row["outcome"] for row in rows) == ["failed", "ok", "ok", "ok", "ok"]
    assert "| cot | 4 | 4 |" in (out / "README.md").read_text()


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no server", "no server answers"),
        ("wrong key", "refuses the key"),
        ("unknown model", "no model 'unknown'"),
        ("no room", "max_tokens 50"),
    ],
)
def test_what_stops_a_command_is_one_line_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    with serving_fake_openai(key=True) as server:
        config = config_of(server, tmp_path, 6, 1, 2)
        values = yaml.safe_load(config.read_text())
        values["teacher"] |= {"attempts": 2, "longest_away": 0.5}
        changed = {**values, "teacher": dict(values["teacher"])}
        if fault == "no server":
            changed["teacher"]["base_url"] = "http://127.0.0.1:9/v1"
        elif fault == "unknown model":
            changed["teacher"]["model"] = "unknown"
        elif fault == "no room":
            changed["teacher"]["max_tokens"] = 50
        else:
            monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
        config.write_text(yaml.safe_dump(changed))
        stopped = teach(config, tmp_path / "out")
        told, _ = stopped.communicate(timeout=120)
        assert stopped.returncode == 1, told
        (line,) = [line for line in told.splitlines() if line.startswith("siked: ") and said in line]
        assert "Traceback" not in told
        assert "sk-wrong" not in line
        assert "go on with the same command" in told
        if fault == "wrong key":
            monkeypatch.setenv("OPENAI_API_KEY", KEY)
            again = teach(config, tmp_path / "out")
            told, _ = again.communicate(timeout=120)
            assert again.returncode == 0, told


def resident(pid: int) -> int:
    """Return the resident memory of a process in MiB; 0 where it cannot be read."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


def spent(out: Path) -> int:
    (row,) = siked.Run(out).journal.rows("SELECT sum(prompt_tokens + completion_tokens) AS n FROM calls")
    return int(row["n"] or 0)


def test_a_budget_holds_over_resumed_commands_and_can_be_raised(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with serving_fake_openai() as server:
        config = config_of(server, tmp_path, 40, 1, 2)
        command = [*COMMAND, "teach", "-c", str(config), "--out", str(out), "--max-tokens"]

        def call(most: int) -> subprocess.CompletedProcess[str]:
            return subprocess.run([*command, str(most)], capture_output=True, text=True, timeout=120)

        # The prompt holds eight worked examples, far more than this server counts as used.
        refused = call(1)
        assert refused.returncode == 1
        held = int(re.search(r"a call of up to (\d+) more", refused.stderr)[1])  # type: ignore[index]
        assert server.counts["requests"] == 0
        for _ in range(2):
            stopped = call(held + 180)
            assert stopped.returncode == 1, stopped.stdout + stopped.stderr
            assert f"max_tokens {held + 180}" in stopped.stderr
            assert 0 < spent(out) <= held + 180
            assert 5 <= server.counts["requests"] < 40
        asked = server.counts["requests"]
        assert call(held + 180).returncode == 1
        assert server.counts["requests"] == asked
        assert call(2_000_000).returncode == 0
        assert server.counts["requests"] == 40
