"""What was impossible for a plugin: sections in the report, and wrong texts for a trainer of preferences."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.journal.queries import mixtures
from siked.report.html import write_report
from siked.testing.fixtures import fake_run

SECTION = """
from siked import hookimpl
from siked.records import ReportSection

@hookimpl
def siked_report_sections(run):
    {body}
"""
GOOD = (
    "return [ReportSection(title='Lengths <b>', text='In characters.', columns=('strategy', 'texts'),"
    " rows=tuple((name, str(sum(r['strategy'] == name for r in run.rationales())))"
    " for name in run.summary['strategies']))]"
)
BAD = {
    "return 5": "returned int 5; it is a sequence of ReportSection",
    "return ['x']": "returned str 'x'; it is ReportSection",
    "raise OSError('no disk')": "failed in siked_report_sections: OSError: no disk",
    "raise SystemExit": "failed in siked_report_sections: SystemExit",
    "return [ReportSection(title=1)]": "returned ReportSection.title is int 1; it is str",
    "return [ReportSection(title='', columns=('a',), rows=(('1', '2'),))]": "a row of 2 cells below 1",
}
PREFERENCES = """
import json
from siked import hookimpl
from siked.testing.fakes import InstantTrainer

class Preferences(InstantTrainer):
    name = "preferences"
    rejected = 2

    def train(self, student, rows, settings, out, progress):
        pairs = [[row.messages[-1].content, row.prefix, row.text, list(row.rejected)] for row in rows]
        (out / "weights-pairs.json").write_text(json.dumps(pairs))
        return super().train(student, rows, settings, out, progress)

@hookimpl
def siked_register_trainers(register):
    register("preferences", __name__ + ":Preferences")
"""

Runs = Callable[..., siked.Run]


@pytest.fixture
def run(fake_run: Runs) -> siked.Run:
    return fake_run(iterations=0)


def test_a_section_stands_in_the_report_and_on_the_terminal(run: siked.Run, install: Any) -> None:
    install("acme-lengths", SECTION.format(body=GOOD))
    html = write_report(run.folder).read_text()
    assert "<h2>Lengths &lt;b&gt;</h2>" in html
    assert "In characters." in html
    done = CliRunner().invoke(cli, ["show", str(run.folder)])
    assert "Lengths <b>" in done.stdout
    assert "cot" in done.stdout.partition("Lengths <b>")[2]


@pytest.mark.parametrize("body", BAD)
def test_a_plugin_that_fails_has_a_section_that_says_so(run: siked.Run, install: Any, body: str) -> None:
    install("acme-lengths", SECTION.format(body=body))
    done = CliRunner().invoke(cli, ["show", str(run.folder)])
    assert done.exit_code == 0
    assert "acme-lengths 1.0: The plugin failed" in done.stdout
    assert BAD[body] in " ".join(done.stdout.split())


def test_a_trainer_of_preferences_gets_wrong_texts_beside_right_ones(fake_run: Runs, tmp_path: Path) -> None:
    file = tmp_path / "preferences.py"
    file.write_text(PREFERENCES)
    run = fake_run(
        plugins=[file],
        trainer={"name": "preferences"},
        sample={"k": 6},
        teacher={"name": "scripted", "skill": 0.6, "samples": 4},
        controls=["equal-steps"],
        iterations=1,
    )
    wrong = mixtures.wrong_texts(run.journal, 1)
    assert wrong
    status = {(row["question"], row["text"].strip()): row["status"] for row in run.rationales()}
    found = {}
    for name in ("0", "1", "equal-steps-1"):
        pairs = json.loads((run.folder / "students" / name / "weights-pairs.json").read_text())
        assert all(len(rejected) <= 2 for *_, rejected in pairs)
        rejected = {(question, text) for question, _, _, texts in pairs for text in texts}
        assert {status[place] for place in rejected} == {"wrong"}
        assert all(text not in texts for _, _, text, texts in pairs)
        found[name] = rejected
    taught = {
        (row["question"], row["text"].strip()) for row in run.rationales() if row["step"].startswith("teach")
    }
    assert found["0"] <= taught
    assert found["equal-steps-1"] <= taught, (
        "a control without the student's texts has none of its wrong ones"
    )
    assert not found["1"] <= taught


def test_other_trainers_get_none(fake_run: Runs) -> None:
    run = fake_run(iterations=0)
    assert "rejected" not in (run.folder / "students" / "0" / "weights.json").read_text()


__all__ = ["fake_run"]
