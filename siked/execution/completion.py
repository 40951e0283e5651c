"""Finding the program in what a model wrote.

A completion may be a bare program, a program in a code fence, or one with prose around it; it may
carry the special tokens of a chat template. Pure text work with the standard library: strategies
may import it.
"""

from __future__ import annotations

import ast
import re
import textwrap

__all__ = ["program_text"]

_SPECIAL = re.compile(
    r"<\|[A-Za-z0-9_./-]{1,40}\|>|</?s>|<(?:bos|eos|pad|unk|end_of_turn|start_of_turn)>|\[/?(?:INST|EOS|BOS|PAD)\]"
    r"|<｜[^｜\n]{1,40}｜>"
)
_ENDING = re.compile(
    r"<\|(?:im_end|endoftext|eot_id|end|end_of_text|eom_id|return)\|>|</s>|<eos>|<end_of_turn>|\[EOS\]"
    r"|<｜end▁of▁sentence｜>"
)
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([^\n`]*)$")
_PYTHON = ("python", "python3", "py", "py3", "pycon", "ipython", "tool_code", "code", "")
_TAG = re.compile(r"^\s*\[pot\]\s*:?", re.IGNORECASE)
_LONGEST = 20_000
"""Characters of a text that is still tried line by line; a longer one is taken as it is."""


def program_text(text: str) -> str:
    """Return the program in ``text``, without fences, prose and special tokens.

    Of several code fences those that hold Python are joined in order. Where nothing in the text
    looks like a program it comes back as it is, and running it will say what is wrong with it.
    """
    text = _without_tokens(text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _TAG.sub("", text, count=1)
    fenced = _fenced(text)
    if fenced is not None:
        return _dedent(fenced)
    program = _dedent(text)
    if len(program) > _LONGEST or _parses(program):
        return program
    return _without_prose(program)


def _without_tokens(text: str) -> str:
    # The first end-of-turn token that has text before it ends the completion.
    for match in _ENDING.finditer(text):
        if _SPECIAL.sub("", text[: match.start()]).strip():
            text = text[: match.start()]
            break
    return _SPECIAL.sub("", text)


def _fenced(text: str) -> str | None:
    """Return the Python in the fences of ``text``, or None where there is no fence."""
    blocks: list[tuple[str, list[str]]] = []
    current: list[str] | None = None
    mark = ""
    before: list[str] = []
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match is None:
            (before if current is None else current).append(line)
        elif current is None:
            current, mark = [], match[1]
            blocks.append((match[2].strip().lower(), current))
        elif match[1][0] == mark[0] and len(match[1]) >= len(mark):
            current = None
    if not blocks:
        return None
    if len(blocks) == 1 and current is not None and not any(map(str.strip, blocks[0][1])):
        # A fence that opens after the program: the closing one of a prompt that opened it.
        return "\n".join(before)
    chosen = [lines for label, lines in blocks if label.split(" ")[0] in _PYTHON]
    return "\n".join("\n".join(_unprompted(lines)) for lines in chosen or [blocks[0][1]])


def _unprompted(lines: list[str]) -> list[str]:
    """Drop the prompts and the results of an interactive session, where the block is one."""
    if not any(line.startswith(">>> ") for line in lines):
        return lines
    return [line[4:] for line in lines if line.startswith((">>> ", "... "))]


def _dedent(program: str) -> str:
    return textwrap.dedent(program.replace("\t", "    ")).strip("\n") if program else ""


def _parses(program: str) -> bool:
    if not modest(program):
        return True  # too deep to be looked at here; the sandbox decides
    try:
        ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _without_prose(program: str) -> str:
    """Return the longest run of lines that is a program with something in it, else ``program``."""
    lines = program.split("\n")
    starts = [index for index, line in enumerate(lines) if _looks_like_code(line)]
    if not starts:
        return program
    first = starts[0]
    ends = [index + 1 for index in range(first, len(lines)) if not _blank(lines, index)]
    for end in sorted(ends, reverse=True)[:200]:
        piece = textwrap.dedent("\n".join(lines[first:end]))
        if _parses(piece):
            return piece
    return program


def _blank(lines: list[str], index: int) -> bool:
    return not lines[index].strip()


_CODE = re.compile(
    r"\s*(?:import\s+\w|from\s+[\w.]+\s+import\b|def\s+\w+\s*\(|class\s+\w+|for\s+.+:\s*(?:#.*)?$|while\s+.+:\s*(?:#.*)?$"
    r"|if\s+.+:\s*(?:#.*)?$|print\s*\(|return\b|[A-Za-z_][\w.\[\]'\", ]*\s*(?::\s*\w+\s*)?(?:[-+*/%]|//|\*\*)?=(?!=)|#)"
)


def _looks_like_code(line: str) -> bool:
    return _CODE.match(line) is not None


_DEEPEST = 60


def modest(program: str) -> bool:
    """Say whether ``program`` is small and shallow enough to be parsed in this process.

    Python's parser can exhaust the C stack or take exponential time on text made for it. Brackets,
    indentation and chains of prefix operators are counted without parsing.
    """
    if len(program) > _LONGEST:
        return False
    depth = deepest = 0
    for character in program:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth = max(0, depth - 1)
    return deepest <= _DEEPEST and _CHAIN.search(program) is None


_CHAIN = re.compile(r"(?:(?:[-+~]|not\b|lambda\b[^:\n]{0,20}:|await\b)\s*){60}|\n {400}|\n\t{100}")
