"""Broken plugins by command: each is told in a line, no traceback comes, and everything else works."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from siked.cli.main import main
from siked.plugin_probe import deadly_plugins
from siked.testing.runs import FAKES, fake_settings

HOOK = "from siked import hookimpl\n@hookimpl\ndef siked_register_strategies(register):\n"
ADD = "import click, sys\nfrom siked import hookimpl\n@hookimpl\ndef siked_add_commands(group):\n"
METADATA = "Metadata-Version: 2.1\nName: acme-broken\nVersion: 1.0\n"
POINTS = "[siked]\nacme-broken = acme_broken\n"


class Broken(NamedTuple):
    """A distribution that is broken, and what is told of it; nothing where it is no fault."""

    code: str
    told: str
    metadata: str | bytes = METADATA
    points: str | bytes = POINTS


LOADS = {
    "raises": Broken("raise RuntimeError('no licence')", "cannot be imported: RuntimeError: no licence"),
    "divides": Broken("1 / 0", "ZeroDivisionError: division by zero"),
    "lacks a module": Broken(
        "import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"
    ),
    "lacks a name": Broken("from siked import nothing", "ImportError: cannot import name 'nothing'"),
    "is no python": Broken("def (:", "SyntaxError: invalid syntax"),
    "exits": Broken("import sys; sys.exit(3)", "cannot be imported: SystemExit: 3"),
    "exits with a text": Broken("raise SystemExit('bye\\nbye')", "cannot be imported: SystemExit: bye bye"),
    "raises what is no Exception": Broken(
        "class Odd(BaseException): pass\nraise Odd('odd')", "imported: Odd: odd"
    ),
    "skips as a test": Broken("import pytest; pytest.skip('not here', allow_module_level=True)", "not here"),
    "recurses": Broken("def f(): f()\nf()", "RecursionError"),
    "cannot say why": Broken(
        "class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute",
        "Mute: (its text cannot be shown)",
    ),
    "says too much": Broken("raise ValueError('x' * 100_000)", "ValueError: xxxx"),
    "paints": Broken("raise ValueError('\\x1b[31mred\\x1b[0m\\x1b]0;title\\x07')", "ValueError: red"),
    "prints": Broken("print('hello')", ""),
    "prints by the system": Broken("import os; os.write(1, b'hello')", ""),
    "closes the output": Broken("import sys; sys.stdout = open('/dev/null'); sys.stdout.close()", ""),
    "warns": Broken("import warnings; warnings.warn('old', DeprecationWarning)", ""),
    "misspells a hook": Broken(
        "from siked import hookimpl\n@hookimpl\ndef siked_register_strategy(register): pass",
        "unknown hook 'siked_register_strategy'",
    ),
    "asks for more": Broken(HOOK.replace("register)", "register, more)") + "    pass", "'more'"),
    "hook raises": Broken(
        HOOK + "    raise OSError('no disk')", "siked_register_strategies raised OSError: no disk"
    ),
    "hook exits": Broken(HOOK + "    raise SystemExit", "siked_register_strategies raised SystemExit"),
    "number for a name": Broken(HOOK + "    register(3, 'a:B')", "3 is no name of a strategy"),
    "slash in a name": Broken(HOOK + "    register('a/b', 'a:B')", "'a/b' is no name of a strategy"),
    "no name": Broken(HOOK + "    register(' ', 'a:B')", "' ' is no name of a strategy"),
    "no target": Broken(HOOK + "    register('tot', None)", "strategy 'tot': None is not 'module:Class'"),
    "target with a dot": Broken(HOOK + "    register('tot', 'a.B')", "'a.B' is not 'module:Class'"),
    "twice": Broken(HOOK + "    register('tot', 'a:B'); register('tot', 'a:C')", "'tot' is offered twice"),
    "too few arguments": Broken(HOOK + "    register('tot')", "siked_register_strategies raised TypeError"),
    "commands raise": Broken(ADD + "    1 / 0", "siked_add_commands raised ZeroDivisionError"),
    "commands exit": Broken(ADD + "    sys.exit(1)", "siked_add_commands raised SystemExit: 1"),
    "command is taken": Broken(
        ADD + "    group.command('run')(lambda: None)", "its command 'run' is left out: siked has one already"
    ),
    "command is none": Broken(
        ADD + "    group.commands['hi'] = 5", "its command 'hi' is left out: it is no click.Com"
    ),
    "no such module": Broken("", "No module named 'acme_gone'", points="[siked]\nacme-broken = acme_gone\n"),
    "no such attribute": Broken("", "has no attribute 'x'", points="[siked]\nacme-broken = acme_broken:x\n"),
    "no entry point": Broken("", "cannot be imported", points="[siked]\nacme-broken = not a module\n"),
    "attribute that is an accident": Broken("x = 5", "", points="[siked]\nacme-broken = acme_broken:x\n"),
    "object that bites": Broken(
        "class Bites:\n    def __getattribute__(self, name): raise OSError('bites')\nx = Bites()",
        "bites",
        points="[siked]\nacme-broken = acme_broken:x\n",
    ),
    "another siked": Broken(
        "", "wants siked>=9, this is siked", metadata=METADATA + "Requires-Dist: siked>=9\n"
    ),
    "requires nonsense": Broken("", "", metadata=METADATA + "Requires-Dist: !!\n"),
    "no Name": Broken("", "its METADATA has no Name", metadata="Metadata-Version: 2.1\nVersion: 1.0\n"),
    "no Version": Broken("", "", metadata="Metadata-Version: 2.1\nName: acme-broken\n"),
    "metadata that is no text": Broken(
        "", "its metadata cannot be read: UnicodeDecodeError", metadata=b"Name: \xff\xfe"
    ),
    "entry points that are no text": Broken("", "its metadata cannot be read", points=b"[siked]\n\xff = a\n"),
    "entry points without a value": Broken(
        "", "its metadata cannot be read: TypeError", points="[siked]\nacme-broken\n"
    ),
    "offers cot": Broken(HOOK + "    register('cot', 'acme_broken:Gone')", ""),
    "offers what is not there": Broken(HOOK + "    register('tot', 'acme_gone:Gone')", ""),
}
"""Distributions that are broken where they are found, imported, or say what they offer."""


@pytest.fixture(autouse=True)
def calm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SIKED_STRICT_PLUGINS", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.jsonl").write_text('{"id": 1, "text": "The answer is 4.", "gold": "4"}\n')


def lay(site: Path, broken: Broken, name: str = "acme-broken") -> None:
    """Put a distribution into ``site`` without pip; its name stands for acme-broken in what it has."""
    module = name.replace("-", "_")

    def own(text: str | bytes) -> bytes:
        data = text if isinstance(text, bytes) else text.encode()
        return data.replace(b"acme-broken", name.encode()).replace(b"acme_broken", module.encode())

    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (site / f"{module}.py").write_bytes(own(broken.code))
    (info / "METADATA").write_bytes(own(broken.metadata))
    (info / "entry_points.txt").write_bytes(own(broken.points))


def siked_(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run a command as a shell does; return exit code, output and error output, without a traceback."""
    try:
        main(list(arguments))
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err, err
    return code, out, err


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", LOADS)
def test_a_plugin_that_cannot_be_loaded_hides_nothing(
    site: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    broken = LOADS[name]
    lay(site, broken)
    code, out, err = siked_(capfd, "--help")
    assert (code, "resume" in out) == (0, True)
    assert "hello" not in out

    code, out, err = siked_(capfd, "plugins")
    assert code == 0
    assert "strategy   cot" in out
    told = [line for line in err.splitlines() if line.startswith("skipped")]
    if broken.told:
        assert len(told) == 1, err
        assert broken.told in told[0]
        assert len(told[0]) < 1100
        assert "\x1b" not in told[0]
    else:
        assert told == []

    code, out, err = siked_(capfd, "plugins", "--json")
    assert {"cot", "numeric"} <= {offer["name"] for offer in json.loads(out)["offers"]}
    Path("plan.yaml").write_text(json.dumps(fake_settings()))
    for command in (["check", "-q"], ["run", "--dry-run"]):
        code, out, err = siked_(capfd, *command, "-c", "plan.yaml", "--plugin", str(FAKES))
        assert code == 0, err
    code, out, err = siked_(capfd, "verify", "rows.jsonl")
    assert (code, json.loads(out)["correct"]) == (0, True)
    for module in [m for m in sys.modules if m.startswith("acme_")]:
        del sys.modules[module]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_and_its_resume_work_beside_all_of_them_and_tell_each_once(
    site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for number, broken in enumerate(LOADS.values()):
        lay(site, broken, f"acme-{number}")
    Path("plan.yaml").write_text(json.dumps(fake_settings(iterations=0)))
    for command in (["run", "--config", "plan.yaml", "--out", "run"], ["resume", "run", "-t", "1"]):
        code, out, err = siked_(capfd, *command, "--plugin", str(FAKES))
        assert code == 0, err
        assert "run folder: run" in out
        for number, broken in enumerate(LOADS.values()):
            if broken.told and "command" not in broken.told:
                lines = [
                    line for line in err.splitlines() if f" of acme-{number} " in line and "skipped" in line
                ]
                assert len(lines) == 1, (number, lines)


COMPONENT = """
from dataclasses import dataclass
from siked import hookimpl
from siked.records import *

class Mine:
    name, version, tag, tests = "mine", "1", "[mine]", ()
    @dataclass(frozen=True)
    class Options: pass
    def __init__(self, options): pass
    def close(self): pass
    def teacher_messages(self, problem): return [Message("user", problem.question)]
    def read(self, text): return Answer(text)
    def verify(self, problem, answers):
        return [Verdict(status=Status.CORRECT, answer=None, rule="all") for _ in answers]
    def mix(self, teacher, student, history, rng): return (Selected(c, "all") for c in teacher)
    def run(self, programs): return iter(())
    def decide(self, history, iterations): return 0
    def load(self, split): return iter(())
{body}

@hookimpl
def siked_register_{plural}(register):
    register("mine", "acme_broken:Mine")
"""
EARLY = {
    "import": ("strategy", "strategies", "    1 / 0", "cannot be used|ZeroDivisionError"),
    "options": ("verifier", "verifiers", "    Options = None", "has no dataclass 'Options'"),
    "method": ("schedule", "schedules", "    mix = None", "has no method 'mix'"),
    "version": ("verifier", "verifiers", "    version = 1", "has version 1; it is a string"),
    "made": (
        "stopping",
        "stoppings",
        "    def __init__(self, o): raise OSError('no disk')",
        "OSError: no disk",
    ),
    "exit": ("verifier", "verifiers", "    def __init__(self, o): raise SystemExit(4)", "SystemExit: 4"),
    "types": (
        "schedule",
        "schedules",
        "    @dataclass\n    class Options:\n        x: 'Nothing' = 1",
        "name 'Nothing'",
    ),
    "tag": ("strategy", "strategies", "    tag = '[cot]'", "share the tag '[cot]'"),
    "prompt": (
        "strategy",
        "strategies",
        "    def teacher_messages(self, p): return 5",
        "teacher_messages returned int 5",
    ),
    "reading": ("strategy", "strategies", "    def read(self, t): return t[9]", "read raised IndexError"),
    "problems": (
        "dataset",
        "datasets",
        "    def load(self, s): yield 'one'",
        "yielded str 'one'; it is TrainProblem",
    ),
}
LATE = {
    "verdicts": ("verifier", "verifiers", "    def verify(self, p, a): return None", "verify returned None"),
    "rows": ("schedule", "schedules", "    def mix(self, *a): return ['row']", "mix yielded str 'row'"),
    "decision": ("stopping", "stoppings", "", "decide returned int 0; it is Continue or Stop or RollBack"),
    "outcomes": ("sandbox", "sandboxes", "", r"run yielded 0 outcomes for "),
    "disk": (
        "schedule",
        "schedules",
        "    def mix(self, *a): raise OSError(28, 'No space left')",
        "mix raised OSError",
    ),
}


def chosen(kind: str) -> dict[str, Any]:
    if kind == "strategy":
        return fake_settings(strategies=["cot", "mine"])
    return fake_settings(**{kind: {"name": "mine"}})


@pytest.mark.parametrize("name", EARLY)
def test_a_component_that_cannot_be_used_is_told_before_anything_is_done(
    site: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    kind, plural, body, said = EARLY[name]
    lay(site, Broken(COMPONENT.format(body=body, plural=plural), ""))
    Path("plan.yaml").write_text(json.dumps(chosen(kind)))
    for command in (["check", "-c", "plan.yaml"], ["run", "-c", "plan.yaml", "--out", "run"]):
        code, out, err = siked_(capfd, *command, "--plugin", str(FAKES))
        if name == "import":
            assert (code, "no strategy named 'mine'" in err) == (2, True)
            continue
        assert code in (1, 2)
        (line,) = [text for text in err.splitlines() if text.startswith("siked: ")]
        assert said in line
        assert "acme-broken 1.0" in line
    assert not Path("run", "summary.json").exists()
    if kind == "verifier":
        code, out, err = siked_(capfd, "verify", "--verifier", "mine", "rows.jsonl")
        assert (code, said in err, out) == (1, True, "")
    assert siked_(capfd, "plugins")[0] == 0
    assert siked_(capfd, "plugins", "show", "siked/cot")[0] == 0


@pytest.mark.parametrize("name", LATE)
def test_a_component_that_breaks_later_stops_run_and_resume_with_a_line(
    site: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    kind, plural, body, said = LATE[name]
    lay(site, Broken(COMPONENT.format(body=body, plural=plural), ""))
    Path("plan.yaml").write_text(json.dumps(chosen(kind)))
    code, _, err = siked_(capfd, "check", "-q", "-c", "plan.yaml", "--plugin", str(FAKES))
    assert code == 0, err
    for command in (["run", "-c", "plan.yaml", "--out", "run", "--plugin", str(FAKES)], ["resume", "run"]):
        code, _, err = siked_(capfd, *command)
        assert code == 1
        line, again = err.splitlines()[-2:]
        assert line.startswith(f"siked: {kind} 'mine' of acme-broken 1.0 (plugin 'acme-broken'): {said}")
        assert line.endswith("run/logs/plugins.log)")
        assert again == "siked: what is there is kept; go on with: siked resume run"
    assert siked_(capfd, "show", "run")[0] == 0


DEADLY = {
    "leaves": ("import os; os._exit(7)", "ends the process while it is loaded (exit status 7)"),
    "kills": ("import os; os.kill(os.getpid(), 9)", "ends the process while it is loaded (SIGKILL)"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "ends the process while it is loaded (SIGSEGV)"),
    "leaves in a hook": (HOOK + "    import os; os._exit(0)", "while it is loaded (exit status 0)"),
    "leaves in its commands": (ADD + "    import os; os._exit(1)", "while it is loaded (exit status 1)"),
}
"""Plugins that end the process, past every ``except``."""


@pytest.mark.parametrize("name", DEADLY)
def test_what_ends_the_process_is_told_by_the_list_of_plugins(
    site: Path, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    code, told = DEADLY[name]
    lay(site, Broken(code, told))
    lay(site, Broken("raise OSError('no disk')", ""), "acme-other")
    status, out, err = siked_(capfd, "plugins")
    assert status == 0
    assert "strategy   cot" in out
    skipped = [line for line in err.splitlines() if line.startswith("skipped")]
    assert len(skipped) == 2, err
    assert told in skipped[0]
    assert "acme-broken" in skipped[0]


def test_a_slow_import_is_told_where_it_delays(site: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lay(site, Broken("import time; time.sleep(0.6)", ""))
    _, out, _ = siked_(capfd, "--help")
    assert "plugin acme-broken of acme-broken took" in out


def test_an_import_that_never_returns_is_given_up(site: Path) -> None:
    lay(site, Broken("import time; time.sleep(600)", ""))
    lay(site, Broken("", ""), "acme-other")
    assert deadly_plugins(patience=1.0) == {("acme-broken", "acme-broken"): "takes more than 1 s to load"}


def test_there_are_enough_of_them() -> None:
    assert len(LOADS) + len(EARLY) + len(LATE) >= 40
