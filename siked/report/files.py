"""Figures and tables of a report as files for papers: SVG and PDF, their data as CSV, tables as LaTeX."""

from __future__ import annotations

import csv
import importlib.util
import io
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from markupsafe import Markup

from siked.errors import UsageError
from siked.files import check_file, write_atomically
from siked.report.figures import LETTER, WIDTH, Figure, plain
from siked.report.markup import fill, visible
from siked.report.tables import Table

MISSING = "no PDF without svglib; type: pip install 'siked[figures]'"
_TITLE, _LEGEND, _MARGIN = 20, 20, 6
_FONTS = "Helvetica, Arial, sans-serif"
_STYLE = Path(__file__).with_name("style.css")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "…": r"\ldots{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def write_files(folder: Path, figures: Sequence[Figure], tables: Sequence[Table]) -> list[Path]:
    """Write each figure as SVG, CSV and, where svglib is installed, PDF, and each table as LaTeX; return
    the files.

    Files of the same name are written over, others left.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror}") from None
    made: list[Path] = []
    for figure in figures:
        svg = standalone(figure)
        made += [
            _write(folder / f"{figure.name}.svg", svg),
            _write(folder / f"{figure.name}.csv", data(figure)),
        ]
        if can_pdf():
            path = folder / f"{figure.name}.pdf"
            check_file(path)
            path.write_bytes(pdf(svg))
            made.append(path)
    made += [_write(folder / f"table-{plain(table.title)}.tex", latex(table)) for table in tables]
    return made


def can_pdf() -> bool:
    """Whether what PDF takes is installed."""
    return importlib.util.find_spec("svglib") is not None


def standalone(figure: Figure) -> str:
    """Return a figure as an SVG file with its title, its legend and the colours of the light page."""
    legend = _legend(figure.legend)
    top = _TITLE + _LEGEND * len(legend)
    height = top + figure.height + 2 * _MARGIN
    parts = [fill('<text x="0" y="12" class="title">{title}</text>', title=figure.title)]
    for row, entries in enumerate(legend):
        for x, name, colour in entries:
            swatch = (
                '<rect x="{x}" y="{y}" width="10" height="10" class="fill {colour}"/>'
                '<text x="{label}" y="{base}">{name}</text>'
            )
            y = _TITLE + _LEGEND * row
            place = {"x": x, "y": y, "label": x + 14, "base": y + 9}
            parts.append(fill(swatch, **place, colour=colour, name=name))
    return fill(
        '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        ' viewBox="{left} {left} {width} {height}">\n<title>{title}</title>\n<style>{style}</style>\n'
        '{head}\n<g transform="translate(0 {top})">{parts}</g>\n</svg>\n',
        width=WIDTH + 2 * _MARGIN,
        height=height,
        left=-_MARGIN,
        title=figure.title,
        style=Markup(_style()),
        head=Markup("").join(parts),
        top=top,
        parts=figure.parts,
    )


def pdf(svg: str) -> bytes:
    """Return an SVG of :func:`standalone` as PDF: vectors and text with its fonts, no pixels."""
    import reportlab
    from reportlab.graphics import renderPDF
    from svglib.fonts import register_font
    from svglib.svglib import svg2rlg

    # Helvetica itself cannot be put into the file, and publishers take none without its fonts.
    fonts = Path(reportlab.__file__).parent / "fonts"
    register_font("Vera", str(fonts / "Vera.ttf"))
    register_font("Vera", str(fonts / "VeraBd.ttf"), weight="bold")
    # svglib strips the space between two parts of a text.
    text = svg.replace(_FONTS, "Vera").replace("</tspan> ", "</tspan><tspan dx='4'> </tspan>")
    drawing = svg2rlg(io.BytesIO(text.encode()))
    return bytes(renderPDF.drawToString(drawing, autoSize=1))


def data(figure: Figure) -> str:
    """Return the values of a figure as CSV, in the unit that its title names."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(figure.columns)
    writer.writerows([[visible(cell) for cell in row] for row in figure.rows])
    return text.getvalue()


def latex(table: Table) -> str:
    """Return a table for LaTeX's booktabs; a cell of several lines becomes one line.

    It is a ``tabular``, so that caption, label and place are the paper's.
    """
    marks = ["l" if at == 0 or name in table.words else "r" for at, name in enumerate(table.columns)]
    lines = [
        "% " + " ".join(visible(table.title).split()),
        "% \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{''.join(marks)}}}",
        "\\toprule",
        _row(table.columns),
        "\\midrule",
        *(_row(row) for row in table.rows),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    texts = [escaped(" ".join(visible(cell).split())) for cell in cells]
    # A bracket at the start of a row would be taken for the space after the row before.
    if texts and texts[0].startswith("["):
        texts[0] = "{}" + texts[0]
    return " & ".join(texts) + " \\\\"


def escaped(text: str) -> str:
    """Return text as LaTeX sets it; a minus of a number is a minus.

    >>> escaped("a_b 50 % [-1.5, +2]")
    'a\\\\_b 50 \\\\% [$-$1.5, +2]'
    """
    marked = "".join(_LATEX.get(sign, sign) for sign in text)
    return re.sub(r"(?<![\w.)-])-(?=[\d.])", "$-$", marked)


def _write(path: Path, text: str) -> Path:
    check_file(path)
    write_atomically(path, text)
    return path


def _legend(entries: Sequence[tuple[str, str]]) -> list[list[tuple[int, str, str]]]:
    """Return rows of (x, name, colour) that fit the width."""
    rows: list[list[tuple[int, str, str]]] = []
    x = WIDTH
    for name, colour in entries:
        short = name if len(name) <= 30 else name[:29] + "…"
        wide = int(14 + LETTER * len(short) + 12)
        if x + wide > WIDTH:
            rows.append([])
            x = 0
        rows[-1].append((x, short, colour))
        x += wide
    return rows


@cache
def _style() -> str:
    """Return the rules of a figure alone, in the colours of the page's light scheme."""
    (root,) = re.findall(r"\A:root \{(.*?)\}", _STYLE.read_text(encoding="utf-8"), re.S)
    colours: Mapping[str, str] = dict(re.findall(r"--(\w+): ([^;]+);", root))
    rules = [
        f"text {{ font-family: {_FONTS}; font-size: 11px; fill: {colours['ink']}; }}",
        ".title { font-weight: bold; }",
        f".tick {{ fill: {colours['faint']}; }}",
        ".mid, .inside { text-anchor: middle; }",
        ".right { text-anchor: end; }",
        f".grid {{ stroke: {colours['rule']}; }}",
        ".whisker { stroke-width: 1.2; stroke-opacity: 0.6; }",
        ".strong { font-weight: bold; }",
    ]
    for name in ("ink", "none", *(f"c{at}" for at in range(8))):
        shown = colours[name]
        rules.append(f".fill.{name}, .end.{name} {{ fill: {shown}; }}")
        rules.append(f".line.{name}, .whisker.{name} {{ stroke: {shown}; }}")
    rules += [".line { fill: none; stroke-width: 1.8; }", f".inside {{ fill: {colours['on']}; }}"]
    return "\n" + "\n".join(rules) + "\n"
