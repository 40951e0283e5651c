"""Finding the program in what a model wrote.

A completion may be a bare program, a program in a code fence, or one with prose around it; it may
carry the special tokens of a chat template or the prompts of an interactive session. Pure text
work with the standard library: strategies may use it.
"""

from __future__ import annotations

import ast
import keyword
import re
import textwrap
import warnings

__all__ = ["modest", "parse", "program_text", "tidy"]

_BAR = "[|\uff5c]"  # some templates write their tokens with a full-width bar
_SPECIAL = re.compile(
    rf"<{_BAR}[^|\uff5c<>\n]{{1,40}}{_BAR}>|</?s>|<(?:bos|eos|pad|unk|end_of_turn|start_of_turn)>"
    r"|\[/?(?:INST|EOS|BOS|PAD)\]"
)
_ENDING = re.compile(
    rf"<{_BAR}(?:im_end|endoftext|eot_id|end|end_of_text|eom_id|return|end\u2581of\u2581sentence){_BAR}>"
    r"|</s>|<eos>|<end_of_turn>|\[EOS\]"
)
_OPENING = re.compile(rf"(?:\s|{_SPECIAL.pattern})*+")
_THOUGHT = re.compile(r"\A\s*+<think>.*?</think>", re.DOTALL)
_TAG = re.compile(r"\A\s*+\[pot\][ \t]*:?[ \t]*", re.IGNORECASE)
_FENCE = re.compile(r"^[ \t]*+(`{3,}+|~{3,}+)[ \t]*+([^\n`]*+)$")
_INLINE = re.compile(r"```(?:python3?|py)?+[ \t]([^\n`]++)```")
_PYTHON = ("python", "python3", "py", "py3", "pycon", "ipython", "tool_code", "code", "")

LONGEST = 20_000
"""Characters of a text that is parsed in this process; a longer one is taken as it is."""
_DEEPEST = 60
_CHAIN = re.compile(r"(?:(?:[-+~]|not\b|lambda\b[^:\n]{0,20}:|await\b)\s*+){60}|\n {400}|\n\t{100}")
_TRIES = 40


def program_text(text: str) -> str:
    """Return the program in ``text``, without fences, prose and special tokens.

    Of several code fences those that hold Python are joined in order. Where nothing in the text
    is a program it comes back as it is, and running it says what is wrong with it.
    """
    text = tidy(text)
    fenced = _fenced(text)
    program = _aligned(text if fenced is None else fenced)
    if len(program) > LONGEST or not modest(program):
        return program
    return _without_prose(program)


def tidy(text: str) -> str:
    """Return ``text`` without special tokens, thoughts, the strategy's tag and foreign line ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "<" in text or "[" in text:
        text = _without_tokens(text)
        text = _TAG.sub("", _THOUGHT.sub("", text, count=1), count=1)
    first, newline, rest = text.lstrip().partition("\n")
    if newline and first.strip().lower() in ("python", "python3", "py", "python:", "program:", "code:"):
        return rest
    return text


def parse(program: str) -> ast.Module:
    """Parse without a word on standard error about odd escapes in what a model wrote."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(program)


def modest(program: str) -> bool:
    """Say whether ``program`` is small and shallow enough to be parsed in this process.

    Python's parser can exhaust the C stack or take very long on text made for it. Brackets,
    indentation and chains of prefix operators are counted without parsing.
    """
    if len(program) > LONGEST or "\0" in program:
        return False
    if program.count("(") + program.count("[") + program.count("{") > _DEEPEST:
        depth = deepest = 0
        for bracket in _BRACKETS.findall(program):
            depth = depth + 1 if bracket in "([{" else max(0, depth - 1)
            deepest = max(deepest, depth)
        if deepest > _DEEPEST:
            return False
    return _CHAIN.search(program) is None


_BRACKETS = re.compile(r"[][(){}]")


def _without_tokens(text: str) -> str:
    # The first end-of-turn token that has text before it ends the completion.
    opening = _OPENING.match(text)
    ending = _ENDING.search(text, opening.end() if opening else 0)
    return _SPECIAL.sub("", text[: ending.start()] if ending else text)


# --- fences -------------------------------------------------------------------------------------


def _fenced(text: str) -> str | None:
    """Return the Python in the fences of ``text``, or None where there is none."""
    if "```" not in text and "~~~" not in text:
        return None
    blocks, outside, is_open = _blocks(text)
    if not blocks:
        inline = _INLINE.search(text)
        return inline[1].strip(" \t").replace("; ", "\n") if inline and inline[1].strip() else None
    if len(blocks) == 1 and is_open and not blocks[0][0] and not _is_program("\n".join(blocks[0][1])):
        # The prompt opened the fence; what looks like an opening is its end.
        return "\n".join(outside)
    labelled = [lines for label, lines in blocks if label and label.split()[0] in _PYTHON]
    chosen = labelled or [lines for label, lines in blocks if not label] or [blocks[0][1]]
    pieces = [_aligned("\n".join(lines)) for lines in chosen]
    joined = "\n".join(pieces)
    if len(pieces) > 1 and modest(joined) and _problem(joined) is not None:
        # One of the blocks is no Python (sample output, a plan): the last one that is.
        whole = [piece for piece in pieces if _is_program(piece)]
        return whole[-1] if whole else joined
    return joined


def _is_program(text: str) -> bool:
    return bool(text.strip()) and modest(text) and _problem(text) is None


def _blocks(text: str) -> tuple[list[tuple[str, list[str]]], list[str], bool]:
    """Return (label and lines of each block, the lines outside, whether the last block is open)."""
    blocks: list[tuple[str, list[str]]] = []
    outside: list[str] = []
    current: list[str] | None = None
    mark = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if match is None:
            (outside if current is None else current).append(line)
        elif current is None:
            current, mark = [], match[1]
            blocks.append((match[2].strip().lower(), current))
        elif match[1][0] == mark[0] and len(match[1]) >= len(mark):
            current = None
    return blocks, outside, current is not None


def _aligned(program: str) -> str:
    """Return ``program`` without common indentation and without the prompts of a session."""
    lines = program.split("\n")
    if any(line.startswith(">>> ") for line in lines):
        lines = [line[4:] for line in lines if line.startswith((">>> ", "... "))]
        program = "\n".join(lines)
    first = next((line for line in lines if line.strip()), "")
    if first[:1] in (" ", "\t"):
        program = textwrap.dedent(program)
        if program.lstrip("\n")[:1] in (" ", "\t"):  # only the first line is indented
            program = program.lstrip()
    return program


# --- prose --------------------------------------------------------------------------------------

_KEYWORDS = frozenset(keyword.kwlist) | {"print"}
_NEXT = re.compile(r"\s*+(?:Question\b|(?:Q|Input|Human|User|Instruction|(?:Problem|Example)\s*+\d*+)\s*+:)")
_TAG_LINE = re.compile(r"\s*+</?\w++>\s*$")
_WORDS = re.compile(
    r"\s*+(?:[-*>]|\d++[.)])?\s*+[\"'(]?[^\W\d_][\w'\u2019,.-]*[,:;]?\s+[^\W_][\w'\u2019$%.,-]*(?:\s|[.,:!?)]|$)"
)
_ENDS = re.compile(r"[\w)\"'][.!?:]['\")]*\s*$")
_HEADING = re.compile(
    r"\s*+(?:[*_#=-]*+\s*+[^\W\d_][\w ,'\u2019-]*+[:.!?][*_]*+\s*+$"
    r"|\*\*|[-*\u2022]\s++[^\W\d_]|[-=*_]{3,}+\s*+$)"
)


def _without_prose(program: str) -> str:
    """Drop lines that are prose until the rest is a program; else return ``program`` as it is."""
    lines = program.split("\n")
    for _ in range(_TRIES):
        number = _problem("\n".join(lines))
        if number is None:
            kept = "\n".join(lines)
            return kept if kept.strip() else program
        index = _prose_near(lines, number - 1)
        if index is None:
            return program
        if _NEXT.match(lines[index]) and any(line.strip() for line in lines[:index]):
            del lines[index:]
        else:
            del lines[index]
    return program


def _problem(program: str) -> int | None:
    """Return the line of the first syntax error, or None where there is none."""
    try:
        parse(program)
    except SyntaxError as error:
        return error.lineno or 1
    except (ValueError, RecursionError, MemoryError):
        return None
    return None


def _prose_near(lines: list[str], index: int) -> int | None:
    """Return the line that upsets the parser: the one it names, or one shortly before."""
    index = min(index, len(lines) - 1)
    for candidate in range(index, max(-1, index - 3), -1):
        if _is_prose(lines[candidate]):
            return candidate
        if lines[candidate].strip() and candidate != index:
            break
    return None


def _is_prose(line: str) -> bool:
    """Say whether a line is words rather than code; it is asked only of lines that do not parse."""
    if not line.strip():
        return False
    if _NEXT.match(line) or _TAG_LINE.match(line) or _HEADING.match(line):
        return True
    first = re.match(r"\s*[^\W\d_]+", line)
    if first is not None and first[0].strip() in _KEYWORDS and not _ENDS.search(line.rstrip(":")):
        return False
    return _WORDS.match(line) is not None
