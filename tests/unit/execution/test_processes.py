"""Workers, servers and hosts die, machines stall, kernels lack: programs keep their outcomes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siked.execution.confined import Confined, ConfinedOptions
from siked.execution.monty import MontyOptions, MontySandbox
from siked.records import Program, ProgramOutcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the confined sandbox needs Linux")


def below(root: int) -> list[tuple[int, int, str]]:
    """Return (pid, parent, command line) of all processes below one, parents first."""
    rows = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                line = Path(entry.path, "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            rows[int(entry.name)] = (int(fields[1]), line)
    found: list[tuple[int, int, str]] = []
    todo = [root]
    for parent in todo:
        for pid, (above, line) in rows.items():
            if above == parent:
                found.append((pid, parent, line))
                todo.append(pid)
    return found


def servers() -> list[int]:
    """Return the pids of the fork servers below this process."""
    mine = os.getpid()
    return [pid for pid, parent, line in below(mine) if "server.py" in line and parent == mine]


def children(server: int) -> list[int]:
    return [pid for pid, parent, _ in below(server) if parent == server]


def await_(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := what():
            return found
        time.sleep(0.005)
    raise AssertionError("it did not happen")


def in_background(sandbox: Any, codes: list[str]) -> tuple[threading.Thread, list[ProgramOutcome]]:
    outcomes: list[ProgramOutcome] = []
    programs = [Program(code) for code in codes]
    thread = threading.Thread(target=lambda: outcomes.extend(sandbox.run(programs)))
    thread.start()
    return thread, outcomes


BUSY = "total = 0\nfor i in range(4_000_000):\n    total += i\nanswer = total"
BUSY_ANSWER = str(sum(range(4_000_000)))
FRACTION = "from fractions import Fraction\nanswer = Fraction({}, 1)"


def confined(**limits: Any) -> Confined:
    return Confined(ConfinedOptions(**{"cpu": 5.0, "memory": 256, "workers": 1, **limits}))


def test_a_killed_worker_costs_no_program() -> None:
    sandbox = confined()
    try:
        list(sandbox.run([Program("answer = 1")]))
        (server,) = servers()
        (worker,) = children(server)
        thread, outcomes = in_background(sandbox, [BUSY, *(FRACTION.format(n) for n in range(20))])
        await_(lambda: children(worker))
        os.kill(worker, signal.SIGKILL)
        thread.join()
        assert [o.status for o in outcomes] == ["ok"] * 21
        assert [o.answer for o in outcomes[1:]] == [str(n) for n in range(20)]
    finally:
        sandbox.close()


def test_a_killed_server_is_started_again() -> None:
    sandbox = confined()
    try:
        list(sandbox.run([Program("answer = 1")]))
        (server,) = servers()
        thread, outcomes = in_background(sandbox, [BUSY, *(FRACTION.format(n) for n in range(20))])
        await_(lambda: children(children(server)[0]))
        os.kill(server, signal.SIGKILL)
        thread.join()
        assert [o.status for o in outcomes] == ["ok"] * 21
        assert servers() != [server]
    finally:
        sandbox.close()
    assert servers() == []


def test_a_program_whose_process_was_killed_runs_once_more() -> None:
    """The kernel kills when memory ends, whoever used it up."""
    sandbox = confined()
    try:
        list(sandbox.run([Program("answer = 1")]))
        (worker,) = children(servers()[0])
        thread, outcomes = in_background(sandbox, [BUSY, "answer = 2"])
        (child,) = await_(lambda: children(worker))
        os.kill(child, signal.SIGKILL)
        thread.join()
        assert [(o.status, o.answer) for o in outcomes] == [("ok", BUSY_ANSWER), ("ok", "2")]
    finally:
        sandbox.close()


def test_a_program_that_a_busy_machine_held_up_runs_once_more_alone() -> None:
    sandbox = confined(cpu=0.5)
    try:
        list(sandbox.run([Program("answer = 1")]))
        (worker,) = children(servers()[0])
        code = "total = 0\nfor i in range(600_000):\n    total += i\nanswer = total"
        thread, outcomes = in_background(sandbox, [code, "answer = 2"])
        (child,) = await_(lambda: children(worker))
        os.kill(child, signal.SIGSTOP)  # until the wall clock, five times the CPU limit, kills it
        thread.join()
        assert [(o.status, o.answer) for o in outcomes] == [("ok", "179999700000"), ("ok", "2")]
    finally:
        sandbox.close()


def test_a_monty_worker_that_was_held_up_runs_its_program_once_more() -> None:
    sandbox = MontySandbox(MontyOptions(cpu=0.4, workers=1))
    try:
        list(sandbox.run([Program("answer = 1")]))
        code = "total = 0\nfor i in range(1_000_000):\n    total += i\nanswer = total"
        mine = os.getpid()
        (worker,) = [pid for pid, parent, line in below(mine) if "monty" in line and parent == mine]
        thread, outcomes = in_background(sandbox, [code, "answer = 2"])
        time.sleep(0.03)
        os.kill(worker, signal.SIGSTOP)
        thread.join()
        assert [(o.status, o.answer) for o in outcomes] == [("ok", "499999500000"), ("ok", "2")]
    finally:
        sandbox.close()


def test_a_dead_monty_worker_costs_no_program() -> None:
    sandbox = MontySandbox(MontyOptions(cpu=5.0, workers=1))
    try:
        list(sandbox.run([Program("answer = 1")]))
        mine = os.getpid()
        (worker,) = [pid for pid, parent, line in below(mine) if "monty" in line and parent == mine]
        thread, outcomes = in_background(sandbox, [BUSY, *(f"answer = {n}" for n in range(20))])
        time.sleep(0.05)
        os.kill(worker, signal.SIGKILL)
        thread.join()
        assert [o.status for o in outcomes] == ["ok"] * 21
        assert [o.answer for o in outcomes[1:]] == [str(n) for n in range(20)]
    finally:
        sandbox.close()


def script(body: str, **environment: str) -> subprocess.Popen[str]:
    head = """
        import os, sys, time, json
        from siked.execution.confined import Confined, ConfinedOptions
        from siked.execution.auto import Auto, AutoOptions
        from siked.execution import kernel
        from siked.errors import SandboxError
        from siked.records import Program
    """
    code = textwrap.dedent(head) + textwrap.dedent(body)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )


def test_nothing_outlives_a_killed_host() -> None:
    host = script(
        """
        sandbox = Auto(AutoOptions(cpu=2.0, workers=2))
        loop = "while True: pass"
        programs = [Program(loop), Program("from fractions import Fraction\\nx = Fraction(1)\\n" + loop)]
        for outcome in sandbox.run(programs * 2):
            pass
        """
    )
    try:
        found = await_(lambda: _at_work(below(host.pid)))
        pids = [pid for pid, _, _ in found]
    finally:
        host.kill()
        host.wait()
    await_(lambda: not [pid for pid in pids if _runs(pid)], seconds=40)


def _at_work(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Return the processes once there are a Monty worker, a server, its worker and a child."""
    lines = [line for _, _, line in found]
    ready = sum("server.py" in line for line in lines) >= 3 and any("monty" in line for line in lines)
    return found if ready else []


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# --- kernels that lack something, made with a filter of our own over the host ---------------------

REFUSE = """
    import ctypes, errno
    def refuse(*rows):
        '''Make system calls fail from now on: (number, argument or None, value, error).'''
        audit, table = kernel.architecture()
        code = [(0x20, 0, 0, 4), (0x15, 1, 0, audit), (6, 0, 0, 0x7fff0000), (0x20, 0, 0, 0)]
        for number, argument, value, error in rows:
            if argument is None:
                code += [(0x15, 0, 1, number), (6, 0, 0, 0x50000 | error)]
            else:
                code += [(0x15, 0, 4, number), (0x20, 0, 0, 16 + 8 * argument), (0x15, 0, 1, value),
                         (6, 0, 0, 0x50000 | error), (0x20, 0, 0, 0)]
        code += [(6, 0, 0, 0x7fff0000)]
        kernel.no_new_privs()
        kernel.Filter(code).apply()
    X86 = os.uname().machine == 'x86_64'
    PRCTL, SECCOMP = (157, 317) if X86 else (167, 277)
    UNSHARE, SETNS, MOUNT, CHROOT = (272, 308, 165, 161) if X86 else (97, 268, 40, 51)
"""
FORBIDDEN = """
    programs = ["answer = open('/etc/passwd').read()", "import os\\nanswer = os.fork()",
                "import socket\\nanswer = socket.socket()", "x = Symbol('x')\\nanswer = solve(2 * x - 6, x)"]
"""


def said(body: str, **environment: str) -> str:
    process = script(body, **environment)
    out, _ = process.communicate(timeout=300)
    return out.strip()


def test_without_seccomp_it_refuses_and_says_what_lacks() -> None:
    out = said(
        REFUSE
        + """
    refuse((PRCTL, 0, 22, errno.EINVAL), (SECCOMP, None, 0, errno.ENOSYS))
    for make in (lambda weak: Confined(ConfinedOptions(workers=1, allow_weak=weak)),
                 lambda weak: Auto(AutoOptions(workers=1, allow_weak=weak))):
        for weak in (False, True):
            sandbox = make(weak)
            try:
                program = Program("x = Symbol('x')\\nanswer = solve(x - 3, x)")
                print([outcome.answer for outcome in sandbox.run([program])])
            except SandboxError as error:
                print('minimum' in str(error), 'seccomp' in str(error), '--allow-weak-sandbox' in str(error))
            sandbox.close()
    """
    )
    assert out.splitlines() == ["True True True", "['3']"] * 2


def test_without_landlock_programs_are_as_confined() -> None:
    out = said(
        REFUSE
        + FORBIDDEN
        + """
    refuse((444, None, 0, errno.ENOSYS), (445, None, 0, errno.ENOSYS), (446, None, 0, errno.ENOSYS))
    import io
    kept, sys.stderr = sys.stderr, io.StringIO()
    for _ in range(2):
        sandbox = Confined(ConfinedOptions(workers=1))
        list(sandbox.run([Program('answer = 1')]))
        sandbox.close()
    print('told', sys.stderr.getvalue().count('without landlock'))
    sys.stderr = kept
    sandbox = Confined(ConfinedOptions(workers=1))
    print(*[o.status for o in sandbox.run(map(Program, programs))])
    sandbox.close()
    from siked.execution.doctor import checks
    print([c.name for c in checks() if not c.ok], all(c.ok for c in checks() if c.needed))
    """
    )
    assert out.splitlines() == ["told 1", "denied denied denied ok", "['monty locks', 'landlock'] True"]


def test_signals_that_the_host_ignores_or_blocks_do_not_lift_the_cpu_limit() -> None:
    out = said(
        """
    import signal
    for number in (signal.SIGPROF, signal.SIGXCPU, signal.SIGVTALRM):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF, signal.SIGXCPU})
    sandbox = Confined(ConfinedOptions(workers=1, cpu=0.4))
    for code in ('while True: pass', 'import fractions\\nwhile True: pass'):
        (outcome,) = sandbox.run([Program(code)])
        print(outcome.status, outcome.seconds < 0.7)
    sandbox.close()
    """
    )
    assert out.splitlines() == ["timeout True"] * 2


def test_a_program_that_no_signal_of_the_kernel_stops_is_killed_by_its_worker() -> None:
    from siked.execution import layers

    pid = os.fork()
    if pid == 0:
        while True:
            os.sched_yield()
    late = layers.wait(pid, 20.0, None, 0.3)
    _, status, usage = os.wait4(pid, 0)
    assert not late
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert 0.3 < usage.ru_utime + usage.ru_stime < 1.0


@pytest.mark.parametrize("programs", [8, pytest.param(400, marks=pytest.mark.slow)])
def test_nothing_of_a_program_is_left_when_its_answer_is_there(programs: int) -> None:
    """Even where no filter keeps a program from forking."""
    out = said(
        REFUSE
        + """
    refuse((PRCTL, 0, 22, errno.EINVAL), (SECCOMP, None, 0, errno.ENOSYS))
    from siked.execution import child
    import subprocess
    sandbox = Confined(ConfinedOptions(workers=1, allow_weak=True, cpu=5.0))
    fork = "import os\\nfor _ in range(3):\\n    if os.fork() == 0:\\n        while True: pass\\nanswer = 1"
    def children(pid):
        with open(f'/proc/{pid}/task/{pid}/children') as file:
            return [int(each) for each in file.read().split()]
    for _ in range(int(os.environ['PROGRAMS'])):
        (outcome,) = sandbox.run([Program(fork)])
        (server,) = [pid for pid in children(os.getpid())]
        print(outcome.answer, [children(pid) for pid in children(server)])
    sandbox.close()
    """,
        PROGRAMS=str(programs),
    )
    if os.getuid() != 0:
        pytest.skip("the limit on processes holds for an ordinary user")
    assert out.splitlines() == ["1 [[]]"] * programs


def test_where_namespaces_are_refused_it_works() -> None:
    out = said(
        REFUSE
        + FORBIDDEN
        + """
    refuse(*[(number, None, 0, errno.EPERM) for number in (UNSHARE, SETNS, MOUNT, CHROOT)])
    sandbox = Confined(ConfinedOptions(workers=1))
    print(*[o.status for o in sandbox.run(map(Program, programs))])
    sandbox.close()
    """
    )
    assert out == "denied denied denied ok"


def test_off_linux_what_needs_cpython_is_denied() -> None:
    out = said(
        """
    import sysconfig
    sysconfig.get_paths()
    sys.platform = 'darwin'
    sandbox = Auto(AutoOptions(workers=1))
    for outcome in sandbox.run([Program('answer = 1'), Program("x = Symbol('x')\\nanswer = solve(x, x)")]):
        print(outcome.status, outcome.sandbox, 'Linux' in outcome.detail)
    sandbox.close()
    try:
        list(Confined(ConfinedOptions()).run([Program('answer = 1')]))
    except SandboxError as error:
        print(error)
    """
    )
    assert out.splitlines() == [
        "ok monty False",
        "denied monty True",
        "the confined sandbox needs Linux; use the sandbox 'monty' here",
    ]


def test_workers_of_monty_are_under_the_locks_of_the_kernel() -> None:
    process = script(
        """
        os.environ['GOLD'] = 'secret-7'
        from siked.execution.monty import MontyOptions, MontySandbox
        sandbox = MontySandbox(MontyOptions(workers=2))
        print([o.answer for o in sandbox.run([Program(f'answer = {n}') for n in range(20)])][-1], flush=True)
        time.sleep(60)
        """
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "19\n"
        workers = [pid for pid, _, line in below(process.pid) if "monty" in line]
        assert workers
        for pid in workers:
            status = dict(
                line.split(":\t", 1)
                for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                if ":\t" in line
            )
            assert status["NoNewPrivs"] == "1"
            assert status["Seccomp"] == "2"
            assert int(status["CapEff"], 16) == 0
            assert Path(f"/proc/{pid}/oom_score_adj").read_text() == "1000\n"
            assert b"secret-7" not in Path(f"/proc/{pid}/environ").read_bytes()
    finally:
        process.kill()
        process.wait()


def test_the_server_gets_nothing_of_the_host() -> None:
    process = script(
        """
        os.environ['GOLD'] = 'secret-7'
        keep = open('/etc/hostname')
        os.set_inheritable(keep.fileno(), True)
        sandbox = Confined(ConfinedOptions(workers=1))
        list(sandbox.run([Program('answer = 1')]))
        print('ready', flush=True)
        time.sleep(60)
        """
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        (server, *_), *others = below(process.pid)
        for pid in [server, *[pid for pid, _, _ in others]]:
            # What is not readable after PR_SET_DUMPABLE is not readable for a program either.
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes()
                links = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")]
            except PermissionError:
                continue
            assert b"secret-7" not in environment
            assert not [link for link in links if "hostname" in link]
            assert {link.split(":")[0] for link in links} <= {"/dev/null", "socket", "/memfd"}
            assert os.readlink(f"/proc/{pid}/cwd") == "/"
    finally:
        process.kill()
        process.wait()


def test_doctor_tries_every_layer() -> None:
    from siked.execution.doctor import checks

    found = {check.name: check for check in checks()}
    layers = {"no_new_privs", "seccomp", "rlimits", "cpu limit", "deadline", "landlock", "capabilities"}
    assert set(found) == {"process", "memory", "monty", "monty locks", "confined", *layers}
    assert found["monty locks"].ok == found["landlock"].ok
    assert all(check.ok for check in found.values() if check.needed), found
    assert not found["landlock"].needed
