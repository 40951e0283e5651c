"""Figures and tables as files: their numbers are those that were given, and their signs are escaped."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from siked.errors import UsageError
from siked.report import files
from siked.report.figures import Figure, Point, Series, lines, ranges, shares
from siked.report.tables import Table

TABLE = Table(
    "Accuracy_1 (%)",
    ["student", "test & dev", "words"],
    [["Combined", "41.2\n[38.1, 44.3]", "a_b~c"], ["[x] {y} \\z", "-1.5", "50 % of $3 #1 <i>"]],
    frozenset({"words"}),
)


@pytest.fixture(params=["lines", "shares", "ranges"])
def figure(request: pytest.FixtureRequest) -> Figure:
    if request.param == "lines":
        series = [
            Series("SIKeD & <co>", "ink", [Point(0, 41.25, (38.0, 44.5)), Point(1, 50 / 3)]),
            Series("equal-steps", "c3", [Point(1, 7.0)]),
        ]
        return lines("dev, %", series, "{:.1f}".format, name="accuracy")
    if request.param == "shares":
        rows = [("iteration 0", {"cot": 0.25, "none": 0.75}), ("iteration 1", {"cot": 1.0})]
        return shares("chosen on dev, %", rows, ["cot", "none"], "{:.2f}".format, name="choice")
    rows_of = [("a cell", Point(0, 60.0, (50.0, 70.0)), [55.0, 65.0]), ("b", Point(0, 20.0), [20.0])]
    return ranges("test, %", rows_of, "{:.1f}".format, name="ranges")


def test_data_are_the_values_of_the_figure(figure: Figure) -> None:
    head, *rows = csv.reader(io.StringIO(files.data(figure)))
    if figure.name == "accuracy":
        assert head == ["series", "iteration", "value", "low", "high"]
        assert rows[0] == ["SIKeD & <co>", "0", "41.25", "38", "44.5"]
        assert float(rows[1][2]) == pytest.approx(50 / 3, rel=1e-9)
        assert rows[2] == ["equal-steps", "1", "7", "", ""]
    elif figure.name == "choice":
        assert rows == [
            ["iteration 0", "cot", "0.25"],
            ["iteration 0", "none", "0.75"],
            ["iteration 1", "cot", "1"],
            ["iteration 1", "none", "0"],
        ]
    else:
        assert rows == [["a cell", "60", "50", "70", "55 65"], ["b", "20", "", "", "20"]]


def test_an_svg_stands_alone_and_names_what_it_shows(figure: Figure) -> None:
    text = files.standalone(figure)
    root = ET.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert float(root.attrib["height"]) > figure.height
    assert "var(" not in text
    assert "url(" not in text
    words = " ".join("".join(one.itertext()) for one in root.iter(f"{space}text"))
    assert figure.title in words
    for name, _ in figure.legend:
        assert name in words
    style = root.findtext(f"{space}style") or ""
    used = {name for one in root.iter() for name in one.get("class", "").split()}
    assert used <= set(re.findall(r"\.([a-z]\w*)", style)) | {"end", "fill", "line"}
    if figure.name == "accuracy":
        assert "SIKeD & <co>" in words


def test_a_pdf_has_the_words_and_its_fonts(figure: Figure, tmp_path: Path) -> None:
    pytest.importorskip("svglib", reason="needs svglib, of siked[figures]")
    found = files.pdf(files.standalone(figure))
    assert found.startswith(b"%PDF-")
    assert b"BitstreamVeraSans-Bold" in found
    assert b"/Subtype /Image" not in found
    if shutil.which("pdftotext"):
        path = tmp_path / "figure.pdf"
        path.write_bytes(found)
        text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
        assert figure.title in text


def test_a_table_is_set_by_booktabs_with_every_sign_escaped() -> None:
    text = files.latex(TABLE)
    assert text.splitlines() == [
        "% Accuracy_1 (%)",
        "% \\usepackage{booktabs}",
        "\\begin{tabular}{lrl}",
        "\\toprule",
        "student & test \\& dev & words \\\\",
        "\\midrule",
        "Combined & 41.2 [38.1, 44.3] & a\\_b\\textasciitilde{}c \\\\",
        "{}[x] \\{y\\} \\textbackslash{}z & $-$1.5 & 50 \\% of \\$3 \\#1 \\textless{}i\\textgreater{} \\\\",
        "\\bottomrule",
        "\\end{tabular}",
    ]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex with booktabs")
def test_latex_takes_it(tmp_path: Path) -> None:
    page = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
    page += files.latex(TABLE) + "\\end{document}\n"
    (tmp_path / "page.tex").write_text(page)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_files_are_written_and_others_left(
    figure: Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    monkeypatch.setattr(files, "can_pdf", lambda: False)
    made = files.write_files(tmp_path, [figure], [TABLE])
    names = {path.name for path in made}
    assert names == {f"{figure.name}.svg", f"{figure.name}.csv", "table-accuracy-1.tex"}
    assert {path.name for path in tmp_path.iterdir()} == names | {"mine.txt"}
    with pytest.raises(UsageError, match=r"mine\.txt"):
        files.write_files(tmp_path / "mine.txt", [figure], [])
