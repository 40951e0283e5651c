"""Building HTML so that text cannot become markup.

A page is made of :func:`el` alone. What is not :class:`Html` already is text, and text is escaped;
questions and rationales come from strangers and from models.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

VOID = frozenset({"meta"})
"""Elements without an end tag."""

# A raw control character is a parse error or invisible; a half of a surrogate pair cannot be encoded.
_UNSEEN = {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)}
_UNSEEN |= {127: "\u2421"} | dict.fromkeys([*range(0xD800, 0xE000), 0xFFFE, 0xFFFF], "\ufffd")
# These turn the direction of everything behind them, also of the page's own words.
_UNSEEN |= {code: f"[U+{code:04X}]" for code in [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]}

Child = object
"""Html, text, a number, None (nothing), or an iterable of these."""


class Html(str):
    """Text that is markup."""

    __slots__ = ()


def text(value: object) -> Html:
    """Return ``value`` as escaped text, with control characters made visible."""
    return Html(html.escape(re.sub(r"\r\n?", "\n", str(value)).translate(_UNSEEN)))


def el(name: str, /, *children: Child, **attributes: object) -> Html:
    """Return an element.

    Of attribute names a closing underscore goes and inner ones become hyphens (``class_``,
    ``stroke_dasharray``); None leaves the attribute out, True gives it no value.
    """
    parts = [name]
    for key, value in attributes.items():
        if value is None:
            continue
        label = key.rstrip("_").replace("_", "-")
        parts.append(label if value is True else f'{label}="{text(value)}"')
    start = f"<{' '.join(parts)}>"
    return Html(start if name in VOID else f"{start}{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Html:
    """Return children as one piece of markup."""
    return Html("".join(_flat(child) for child in children))


def _flat(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str) or not isinstance(child, Iterable):
        return text(child)
    return join(child)
