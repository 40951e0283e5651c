"""Code blocks of a page, by a parser of Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

MARK = re.compile(r"<!--\s*(not run|slow|file)\s*(?::\s*(.*?))?\s*-->")
NAMED = re.compile(r"# ([\w./-]+\.\w+)\b.*\n")


@dataclass(frozen=True)
class Block:
    """A block of code, with the comment above it."""

    page: Path
    line: int
    language: str
    code: str
    mark: str
    """``not run``, ``slow``, ``file`` or empty."""
    said: str
    """What stands behind the mark's colon."""
    fenced: bool

    @property
    def file(self) -> str:
        """The file that its first line or its mark names, or nothing."""
        if self.mark == "file":
            return self.said
        found = NAMED.match(self.code) if self.language in ("python", "toml", "yaml") else None
        return found[1] if found else ""

    @property
    def commands(self) -> list[str]:
        """Its lines, continued ones joined, without comments between them."""
        lines = self.code.replace("\\\n", " ").splitlines()
        return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    found, mark = [], ("", "")
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block":
            marked = MARK.search(token.content)
            mark = (marked[1], (marked[2] or "").strip()) if marked else ("", "")
        elif token.type in ("fence", "code_block"):
            assert token.map is not None
            code = textwrap.dedent(token.content) if token.type == "code_block" else token.content
            fenced = token.type == "fence"
            found.append(Block(page, token.map[0] + 1, token.info.strip(), code, *mark, fenced))
            mark = ("", "")
        elif token.type.endswith("_open") and token.type not in ("list_item_open",):
            mark = ("", "")
    return found


@pytest.fixture(scope="session")
def blocks_of() -> Callable[[Path], list[Block]]:
    """Return the function that finds the code blocks of a page."""
    return blocks
