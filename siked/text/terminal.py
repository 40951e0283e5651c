"""Text that somebody else wrote, made safe for a terminal.

A model's text, an error of a server or a name in a folder from elsewhere can hold sequences that
set titles and links, clear the screen, forge lines or turn the reading direction around.
"""

from __future__ import annotations

import re

_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI: colours, moves, clearing
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]{0,4096}+(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, ...
    r"|\x1b[ -/]{0,8}[0-~]"
)
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_CONTROL = re.compile(
    rf"[\x00-\x08\x0b-\x1f\x7f-\x9f{_DIRECTIONS}\u2028\u2029\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def safe(text: str) -> str:
    """Return ``text`` without control characters but for line breaks and tabs.

    Escape sequences go as a whole; ``\\r\\n`` becomes a line break, a lone ``\\r`` a space; marks of
    the reading direction, lone surrogates and invisible tags go.
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", " ")
    return _CONTROL.sub("", _SEQUENCE.sub("", text))


def one_line(text: str, longest: int = 500) -> str:
    """Return ``text`` safe, in one line, and cut to ``longest`` characters."""
    line = " ".join(safe(text[: 4 * longest]).split())
    return line if len(line) <= longest else f"{line[: longest - 3]}..."
