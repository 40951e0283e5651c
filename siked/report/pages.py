"""Pages that need nothing but themselves: no script, no font, no network."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from markupsafe import Markup

from siked import __version__
from siked.errors import UsageError
from siked.files import check_file, write_atomically
from siked.report.markup import environment

_STYLE = Path(__file__).with_name("style.css")
_OURS = '<meta name="generator" content="siked '


def render(template: str, *, title: str, version: str = __version__, **values: object) -> str:
    """Return a page from a template of this folder; ``version`` is of the siked that made what it shows."""
    style = _STYLE.read_text(encoding="utf-8")
    return (
        environment()
        .get_template(template)
        .render(
            title=title,
            version=version,
            style=Markup(style),
            style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            **values,
        )
    )


def write_page(path: Path, text: str) -> Path:
    """Write a page where there is none, or over one of siked's; return where."""
    check_file(path)
    if path.exists() and _OURS not in path.read_text(encoding="utf-8", errors="replace")[:4000]:
        raise UsageError(f"{path} is there and is no page of siked's; name another --out")
    write_atomically(path, text)
    return path
