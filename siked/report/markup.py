"""What makes a page of a run: text that strangers and models wrote cannot become markup, nor be unseen."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import LiteralString

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

# A raw control character is a parse error or invisible; a half of a surrogate pair cannot be encoded.
_UNSEEN = {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)}
_UNSEEN |= {127: "\u2421"} | dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
# These turn the direction of everything behind them, also of the page's own words.
_UNSEEN |= {code: f"[U+{code:04X}]" for code in [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]}


def visible(value: object) -> str:
    """Return ``value`` as text with its control characters made visible; markup as it is."""
    if isinstance(value, Markup):
        return value
    return re.sub(r"\r\n?", "\n", str(value)).translate(_UNSEEN)


def fill(template: LiteralString, **values: object) -> Markup:
    """Return markup with ``{name}`` fields; values that are not markup are made visible and escaped."""
    return Markup(template).format(**{name: visible(value) for name, value in values.items()})


@cache
def environment() -> Environment:
    """Return the templates of this folder: all they are given is made visible and escaped, and a name that
    they are not given is an error."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=visible,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
