"""The report of a run: the numbers of ``siked show``, and nothing that texts could do to a reader."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

import siked
from siked.cli.main import cli
from siked.report import samples, tables, trainings
from siked.report.html import page, write_report
from siked.report.terminal import filled_tables

HOSTILE = """
from siked import hookimpl
from siked.records import TrainProblem
from siked.testing.additions import Additions
from siked.testing.fakes import ScriptedBackend

ATTACK = "</pre></details><script>alert(1)</script><img src=x onerror=alert(1)>&lt;\\x00\\u202e"

class Hostile(ScriptedBackend):
    name = "hostile"
    def _text(self, request):
        return ATTACK + "\\n" + super()._text(request)

class Tricks(Additions):
    name = "tricks"
    tests = ("tricks",)
    def load(self, split):
        for problem in super().load(split):
            values = {f: getattr(problem, f) for f in ("id", "question", "gold", "dataset")}
            values["question"] = "<svg onload=alert(2)>" + values["question"]
            values["id"] = '"><b>' + values["id"]
            yield type(problem)(**values, family="<i>")

@hookimpl
def siked_register_backends(register):
    register("hostile", "acme_hostile:Hostile")

@hookimpl
def siked_register_datasets(register):
    register("tricks", "acme_hostile:Tricks")
"""


class Reader(HTMLParser):
    """Tags and attributes of a page, its tables by caption, and its preformatted texts."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.tables: dict[str, list[list[str]]] = {}
        self.texts: list[str] = []
        self.parts: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.parts = []
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag: str) -> None:
        text = "".join(self.parts)
        if tag == "caption":
            self.rows = self.tables.setdefault(text, [])
        elif tag in ("td", "th"):
            self.rows[-1].append(text)
        elif tag == "pre":
            self.texts.append(text)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


@pytest.fixture
def finished(settings: dict[str, Any], tmp_path: Path) -> siked.Run:
    everything = ["equal-steps", "off-policy", "off-policy-steps", "adaptive", "permuted", "votes"]
    extra = {"schedule": {"name": "routed"}, "controls": everything, "labels": {"name": "agreement"}}
    return siked.run({**settings, **extra}, tmp_path / "run")


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_every_number_is_the_one_that_show_prints(finished: siked.Run) -> None:
    found = Reader(page(finished))
    printed = invoke("show", finished.folder).output
    titles = set()
    for grid in filled_tables(finished, finished.summary):
        assert found.tables[grid.title] == [list(grid.columns), *map(list, grid.rows)]
        titles.add(grid.title)
        assert grid.title in printed
        for row in grid.rows:
            for line in "\n".join(row).splitlines():
                assert line in printed
    assert len(titles) == 7
    for name, label in tables.CONTROLS.items():
        assert f"{name} is {label}" in page(finished)
    remarks = tables.remarks(finished.summary)
    assert any("labels by agreement" in line for line in remarks)
    for line in (tables.heading(finished.summary), tables.ending(finished.summary), *remarks):
        assert line in " ".join(printed.split())
        assert line in html.unescape(page(finished))


@pytest.mark.parametrize(
    ("best", "label"), [(0, "Combined (iteration 0)"), (1, "SIKeD iteration 1"), (2, "SIKeD iteration 2")]
)
def test_the_best_iteration_is_marked(finished: siked.Run, best: int, label: str) -> None:
    values = {**finished.summary, "best_iteration": best}
    (finished.folder / "summary.json").write_text(json.dumps(values), encoding="utf-8")
    assert re.findall(r'<tr class="best"><th scope="row">([^<]+)<', page(finished)) == [label]


def test_every_number_of_a_figure_stands_in_a_table(finished: siked.Run) -> None:
    markup = page(finished)
    # what a training told on its way stands in its figures alone
    for panel in trainings.panels(finished.journal):
        markup = markup.replace(str(panel.markup), "")
    shown = re.findall(r'<tspan class="strong">([^<]+)<|class="inside">([^<]+)<', markup)
    in_tables = {
        part
        for grid in [*filled_tables(finished, finished.summary), trainings.table(finished.journal)]
        for row in grid.rows
        for cell in row
        for part in re.split(r"[\s/]+", cell)
    }
    assert len(shown) > 20
    assert {last or inside for last, inside in shown} <= in_tables


def test_the_funnel_narrows_and_ends_in_the_mixtures(finished: siked.Run) -> None:
    kept: dict[str, int] = {}
    for row in tables.funnel(finished).rows:
        asked, whole, formed, correct, flagged, unverified, rest = map(int, row[2:])
        assert asked >= whole >= formed >= correct >= max(flagged, rest)
        assert formed >= correct + unverified
        kept[row[0]] = kept.get(row[0], 0) + rest
    for values in finished.summary["iterations"]:
        t = values["iteration"]
        writer = "student" if t else "teacher"
        assert kept[f"iteration {t}" if t else "teacher"] == sum(values["sources"][writer].values())


def test_the_page_needs_nothing_and_texts_stay_texts(
    settings: dict[str, Any], install: Any, tmp_path: Path
) -> None:
    install("acme-hostile", HOSTILE)
    hostile = {"name": "hostile", "skill": 0.8}
    dataset = {**settings["dataset"], "name": "tricks"}
    asked = {**settings, "teacher": hostile, "backend": hostile, "dataset": dataset}
    run = siked.run(asked, tmp_path / "run")
    markup = page(run)
    found = Reader(markup)
    assert found.tags.isdisjoint({"script", "img", "b", "i", "a", "link", "iframe", "object", "form", "base"})
    assert not {name for name in found.attributes if name.startswith("on")}
    assert found.attributes.isdisjoint({"src", "href", "style", "action", "data"})
    assert markup.count("<style>") == markup.count("</style>") == 1
    assert "url(" not in markup
    assert "@import" not in markup
    assert "default-src 'none'" in html.unescape(markup)
    attack = "</pre></details><script>alert(1)</script><img src=x onerror=alert(1)>&lt;\u2400[U+202E]\n"
    assert sum(attack in text for text in found.texts) >= 6
    assert "&lt;svg onload=alert(2)&gt;What is" in markup


def test_the_style_is_the_one_that_the_page_allows(finished: siked.Run) -> None:
    import base64
    import hashlib

    markup = page(finished)
    (style,) = re.findall(r"<style>(.*?)</style>", markup, re.S)
    (allowed,) = re.findall(r"style-src 'sha256-([^']+)'", html.unescape(markup))
    assert base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() == allowed


def test_every_class_of_the_page_is_styled(finished: siked.Run) -> None:
    body, style = page(finished).split("<body>")[1], Path(tables.__file__).with_name("style.css").read_text()
    used = {name for names in re.findall(r'class="([^"]*)"', body) for name in names.split()}
    assert {"grid", "line", "best"} <= used
    assert used <= set(re.findall(r"\.([a-z]\w*)", style))


def test_a_sample_of_each_strategy_and_kind_is_shown_with_its_way_into_training(
    finished: siked.Run,
) -> None:
    from siked.runs.provenance import chain

    names = finished.summary["strategies"]
    student, teacher = samples.writers(finished.journal, names)
    assert student.title == "Written by student 1 for iteration 2"
    picked = [
        *samples.pick(finished.journal, student, names),
        *samples.pick(finished.journal, teacher, names),
    ]
    assert {(one.strategy, one.kind) for one in picked} >= {(name, "correct") for name in names}
    assert {one.status for one in picked} == {"correct", "wrong", "unverified"}
    trained = [one for one in picked if one.row]
    assert trained
    for one in trained:
        assert one.status == "correct"
        assert one.question in "\n".join(chain(finished, one.row))


def test_long_texts_are_cut_and_said_to_be(
    settings: dict[str, Any], install: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("siked.report.html.MOST", 10)
    run = siked.run({**settings, "controls": [], "iterations": 0}, tmp_path / "run")
    texts = Reader(page(run)).texts
    cut = [text for text in texts if re.fullmatch(r"(?s).{10}\n… \d+ more characters", text)]
    assert cut


def test_the_same_folder_gives_the_same_page_also_without_its_exports(finished: siked.Run) -> None:
    first = write_report(finished.folder).read_bytes()
    assert write_report(finished.folder).read_bytes() == first
    (finished.folder / "manifest.json").unlink()
    (finished.folder / "config.yaml").unlink()
    assert b"Accuracy, free choice" in write_report(finished.folder).read_bytes()


def test_run_and_resume_write_it_and_report_writes_it_elsewhere(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    config, folder = tmp_path / "config.yaml", tmp_path / "run"
    config.write_text(yaml.safe_dump({**settings, "iterations": 0, "controls": []}))
    done = invoke("run", "--config", config, "--out", folder)
    assert done.exit_code == 0, done.output
    assert f"report: {folder / 'report.html'}" in done.output
    before = (folder / "report.html").read_text(encoding="utf-8")
    assert "SIKeD iteration 1" not in before
    assert invoke("resume", folder, "--iterations", 1).exit_code == 0
    after = (folder / "report.html").read_text(encoding="utf-8")
    assert "SIKeD iteration 1" in after
    assert invoke("report", folder, "--out", tmp_path / "mine.html").output == f"{tmp_path / 'mine.html'}\n"
    assert (tmp_path / "mine.html").read_text(encoding="utf-8") == after


def test_a_report_that_cannot_be_written_fails_no_run(settings: dict[str, Any], finished: siked.Run) -> None:
    (finished.folder / "report.html").mkdir()
    done = invoke("resume", finished.folder)
    assert done.exit_code == 0
    assert "no report: [Errno" in done.output
    assert f"siked report {finished.folder}" in done.output
    assert f"run folder: {finished.folder}" in done.output
    asked = CliRunner().invoke(cli, ["report", str(finished.folder)], standalone_mode=False)
    assert "Is a directory" in str(asked.exception)


def test_no_run_is_said_to_be(tmp_path: Path) -> None:
    assert "no run there" in str(invoke("report", tmp_path).exception)
    assert not list(tmp_path.glob("**/report.html*"))


def test_notes_of_the_run_are_kept(settings: dict[str, Any], tmp_path: Path) -> None:
    dying = {"name": "scripted", "die_after": 20, "die_once": str(tmp_path / "died")}
    run = siked.run({**settings, "backend": dying, "controls": []}, tmp_path / "run")
    notes = [
        json.loads(row["data"])["text"] for row in run.journal.rows("SELECT * FROM events WHERE kind='note'")
    ]
    assert notes
    for note in notes:
        assert note in html.unescape(page(run))
