"""Settings that can be changed on resume, and those that cannot."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.errors import RunError, UsageError
from siked.runs.run import resume, stored_config

STUBBORN = """
from dataclasses import dataclass, field
from siked import hookimpl
from siked.errors import RunError
from siked.testing.fakes import InstantTrainer

class Stubborn(InstantTrainer):
    name = "stubborn"
    @dataclass(frozen=True)
    class Options(InstantTrainer.Options):
        works: bool = False
        said: str = field(default="", metadata={"decides": False})
    def train(self, *arguments):
        if not self.options.works:
            raise RunError("works is false")
        return super().train(*arguments)

@hookimpl
def siked_register_trainers(register):
    register("stubborn", "siked_stubborn:Stubborn")
"""


def test_a_wrong_setting_is_mended_before_it_has_decided_anything(
    settings: dict[str, Any], install: Any, tmp_path: Path
) -> None:
    install("siked-stubborn", STUBBORN)
    folder = tmp_path / "run"
    settings = {**settings, "trainer": {"name": "stubborn"}, "iterations": 1, "controls": []}
    with pytest.raises(RunError, match="works is false"):
        siked.run(settings, folder)
    run = resume(folder, settings={"trainer": {"works": True, "epochs": 1.0}})
    assert len(run.summary["iterations"]) == 2
    assert stored_config(run.journal).trainer.options == {"works": True}
    assert stored_config(run.journal).trainer.epochs == 1.0
    assert "works: true" in (folder / "config.yaml").read_text()
    with pytest.raises(UsageError, match=r"trainer.epochs: it decides 2 trained students in the journal"):
        resume(folder, settings={"trainer": {"epochs": 2.0}})
    assert stored_config(siked.Run(folder).journal).trainer.epochs == 1.0
    # what decides no weight can be set at any time
    resume(folder, settings={"trainer": {"said": "hello"}})
    again = resume(folder, iterations=2)
    assert stored_config(again.journal).trainer.options == {"works": True, "said": "hello"}


def test_what_is_decided_is_told(settings: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run({**settings, "iterations": 1, "controls": []}, tmp_path / "run")
    before = (run.folder / "config.yaml").read_text()
    for assignment, told in [
        ("seed=4", "decides 32 problems that are drawn"),
        ("dataset.train=17", "problems that are drawn"),
        ("teacher.skill=0.1", "decides 48 requests to the teacher"),
        ("sample.k=3", "decides 96 requests for the student's own rationales"),
        ("schedule.name=all", "decides 2 mixtures"),
        ("verifier.name=exact", "verdicts"),
        ("iterations=5", "write --iterations"),
        ("trainer.banana=5", "has no option 'banana'"),
        ("banana=5", "unknown key 'banana'"),
    ]:
        result = CliRunner().invoke(cli, ["resume", str(run.folder), "--set", assignment])
        line = str(result.exception) if result.exception else result.output
        assert result.exit_code != 0
        assert told in line, (assignment, line)
        assert (run.folder / "config.yaml").read_text() == before
    more = resume(run.folder, settings={"controls": ["equal-steps"]})
    assert [control["name"] for control in more.summary["controls"]] == ["equal-steps"]
