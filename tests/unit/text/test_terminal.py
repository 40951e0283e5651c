"""Nothing that somebody else wrote reaches a terminal as more than text."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siked.text.terminal import one_line, safe

HOSTILE = {
    "title": "\x1b]0;owned\x07",
    "title by C1": "\x9d0;owned\x9c",
    "link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clearing": "\x1b[2J\x1b[H",
    "clearing by C1": "\x9b2J",
    "colour": "\x1b[31;1mred\x1b[0m",
    "device": "\x1bP1$r0m\x1b\\",
    "clipboard": "\x1b]52;c;ZWNobw==\x07",
    "character set": "\x1b(0",
    "reset": "\x1bc",
    "backspace": "no\b\byes",
    "return": "wrong\rright",
    "bell": "\x07",
    "delete": "\x7f",
    "bidi": "\u202eabc\u202c",
    "isolate": "\u2066abc\u2069",
    "mark": "\u200fabc",
    "separator": "a\u2028b",
    "tags": "\U000e0041\U000e007f",
    "surrogate": "\ud83d",
    "cut off": "\x1b]0;owned",
    "nested": "\x1b\x1b[0m[2J\x9b\x9b2J",
}


def harmless(text: str) -> bool:
    return all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text)


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_sequences_are_gone_and_words_stay(kind: str) -> None:
    shown = safe(f"before {HOSTILE[kind]} after\n\tend")
    assert harmless(shown), ascii(shown)
    assert shown.startswith("before ")
    assert shown.endswith(" after\n\tend")
    assert "\n" not in one_line(f"a\n{HOSTILE[kind]}\nb")


def test_text_of_any_language_stays_as_it_is() -> None:
    for text in ("plain\n\ttext", "Grüße, 日本語, עברית, العربية, हिन्दी", "x² ≈ ½ → π", "👍🏽"):
        assert safe(text) == text
    assert safe("a\r\nb") == "a\nb"


@given(st.text(st.characters(min_codepoint=0, max_codepoint=0x2100), max_size=200))
def test_nothing_that_is_more_than_text_comes_through(text: str) -> None:
    shown = safe(text)
    assert not set(shown) & {chr(n) for n in (*range(9), *range(11, 32), *range(127, 160))}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert safe(shown) == shown


def test_long_lines_are_cut() -> None:
    assert len(one_line("x" * 10_000_000)) == 500


SCRIPT = """
    import sys
    from siked.cli import main, watch
    from siked.errors import RunError
    from siked.runs import provenance, run
    HOSTILE = {hostile!r}
    run.Run = lambda path: None
    provenance.chain = lambda run, row: ["text " + HOSTILE, "end"]
    what = sys.argv[1]
    if what == "why":
        main.main(["why", "run", "1:0"])
    elif what == "note":
        with watch.Watch() as reporter:
            reporter.begin("label " + HOSTILE, 3)
            reporter.note("text " + HOSTILE)
            reporter.advance(1)
            reporter.end()
    else:
        def fail(*_):
            raise RunError("text " + HOSTILE)
        provenance.chain = fail
        main.main(["why", "run", "1:0"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("what", ["why", "note", "error"])
def test_a_terminal_gets_only_text(what: str) -> None:
    hostile = "".join(HOSTILE.values())
    ours, theirs = pty.openpty()
    code = textwrap.dedent(SCRIPT).format(hostile=hostile)
    process = subprocess.Popen(
        [sys.executable, "-c", code, what], stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    process.wait()
    text = said.decode()
    assert "text " in text
    for sequence in ("\x1b]", "\x1bP", "\x1bc", "\x1b(0", "\x1b[2J", "\x07", "\x08", "\x7f"):
        assert sequence not in text, (what, sequence)
    assert not set(text) & {chr(n) for n in range(128, 160)}
    assert "\u202e" not in text
