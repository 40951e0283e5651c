"""From the forms in which others publish rationales to the ones that siked's strategies write.

Pure text work. A mapping changes the dress of a rationale and never its answer: the answer is read
from prose before and after, and a program in which a name is changed is compared, as a syntax tree,
with the one it came from.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from fractions import Fraction

from siked.answers import extract
from siked.records import Answer
from siked.text.normalize import normal_form

VERSION = "1"
"""Part of the fingerprint of recorded texts; raised whenever a mapping could give another text."""

FORMS = ("auto", "native", "prose", "pairs", "program")


class Refused(Exception):
    """A rationale that is not to be used; the message says why."""


def mapped(text: str, form: str, strategy: str, question: str, check_chain: bool) -> str:
    """Return ``text`` in the strategy's own form.

    Raises :class:`Refused` where the text has not the form it should have, or ``check_chain`` is
    set and its steps do not lead to the ending it states.
    """
    form = guess(text, strategy) if form == "auto" else form
    if form == "native":
        return text.strip()
    if form == "program":
        return program(text, question)
    chain, ending = split_ending(text)
    if check_chain:
        _check(chain, ending)
    result = f"{pairs(chain, ending) if form == 'pairs' else chain}\nFinal Answer: {ending}"
    if extract(Answer(text)).value != extract(Answer(result)).value:
        raise Refused("another answer would be read in the strategy's own form")
    return result


def guess(text: str, strategy: str) -> str:
    """Return the form that ``text`` seems to have."""
    if re.search(r"^\W*final answer\s*:|\bsub-?question\s*\d", text, re.IGNORECASE | re.MULTILINE):
        return "native"
    if strategy == "pot" or re.search(r"^(?:ans|answer)\s*=|^def \w+\(\):", text, re.MULTILINE):
        return "program"
    if strategy == "l2m":
        return "pairs"
    return "prose" if _ENDING.search(text) else "native"


# --- prose ------------------------------------------------------------------------------------

_ENDING = re.compile(
    r"(?:\b(?:so|thus|therefore|hence|then|and|but)\b[\s,]*)*\bthe (?:final )?answer is:?\s*", re.IGNORECASE
)
_DIGITS = r"\d[\d,]*(?:\.\d+)?|\.\d+"
_NUMBER = re.compile(rf"(?<![\w.])-?\s?(?:{_DIGITS})(?:\s?/\s?\d+)?")
_STATED = re.compile(rf"[$€£]?\s?-?\s?[$€£]?(?:{_DIGITS})(?:/\d+)?\s?%?(?: [a-zA-Z]+){{0,3}}")
_RESULT = re.compile(rf"[=≈]\s*[^\d\s]?\s?(-?\s?(?:{_DIGITS}))(?!\s*[-+*/÷\d])")
_EXCUSE = re.compile(
    r"\b(?:mistake|incorrect|sorry|given answer|is given as|not correct|we know it)\b"
    r"|\b(?:but|however),? the answer\b",
    re.IGNORECASE,
)


def split_ending(text: str) -> tuple[str, str]:
    """Split ``... The answer is N`` into what leads there and ``N``; :class:`Refused` without one."""
    endings = list(_ENDING.finditer(text))
    if not endings:
        raise Refused("no 'The answer is' at the end")
    chain = text[: endings[-1].start()].strip().rstrip(",;")
    ending = text[endings[-1].end() :].strip().rstrip(".").rstrip()
    if chain and chain[-1] not in ".!?:)":
        chain += "."
    return chain, ending


def _check(chain: str, ending: str) -> None:
    """Refuse a chain whose last number, and last result, is not the ending's."""
    if not _STATED.fullmatch(ending):
        raise Refused("the ending is more than an answer")
    if _EXCUSE.search(chain):
        raise Refused("the steps doubt the answer")
    stated = _value(_NUMBER.findall(ending)[-1])
    numbers, results = _NUMBER.findall(chain), _RESULT.findall(chain)
    if stated not in [_value(found[-1]) for found in (numbers, results) if found]:
        raise Refused("the steps do not lead to the stated answer")


def _value(text: str) -> Fraction | None:
    try:
        return Fraction(re.sub(r"[,\s]", "", text))
    except (ValueError, ZeroDivisionError):
        return None


# --- question-and-answer pairs ----------------------------------------------------------------

# A sentence ends before white space; a title, an initial or "= ?" ends none.
_SENTENCE = re.compile(
    r"(?<=[.!?])(?<!\bMr\.)(?<!\bMrs\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\b[A-Z]\.)(?<!= \?)\s+"
)


def pairs(chain: str, ending: str) -> str:
    """Return questions and answers that run together as numbered sub-questions.

    Sentences up to the next question are the answer to the one before; questions that follow each
    other are one. A last question without an answer is answered by ``ending``.
    """
    opening: list[str] = []
    found: list[tuple[list[str], list[str]]] = []
    for sentence in _SENTENCE.split(" ".join(chain.split())):
        if sentence.endswith("?") and not sentence.endswith("= ?"):
            if not found or found[-1][1]:
                found.append(([], []))
            found[-1][0].append(sentence)
        elif sentence:
            (found[-1][1] if found else opening).append(sentence)
    if not found:
        raise Refused("no question in it")
    lines = [" ".join(opening)] if opening else []
    for number, (questions, answers) in enumerate(found, start=1):
        lines.append(f"Sub-question {number}: {' '.join(questions)}")
        lines.append(f"Answer to Sub-question {number}: {' '.join(answers) or ending}")
    return "\n".join(lines)


# --- programs ---------------------------------------------------------------------------------

_SCAFFOLD = re.compile(r"#\s*(?:question|passage)\s*:|#\s*answer this question\b", re.IGNORECASE)


def program(code: str, question: str) -> str:
    """Return a program with its result in ``answer``, without comments that only restate the question.

    ``ans`` becomes ``answer``; a function such as ``solver`` stays; imports of names that nothing
    uses go. A text that is no Python, or has an ``answer`` already, is only tidied.
    """
    kept = [line.rstrip() for line in code.strip("\n").splitlines() if not _restates(line.strip(), question)]
    text = "\n".join(kept).strip("\n")
    tree = _parse(text)
    if tree is None:
        return text
    text = _without_unused_imports(text, tree)
    return _renamed(text)


def _restates(line: str, question: str) -> bool:
    if not line.startswith("#"):
        return False
    words = normal_form(line.lstrip("#"))
    return bool(_SCAFFOLD.match(line)) or (len(words.split()) >= 4 and words in normal_form(question))


def _without_unused_imports(text: str, tree: ast.Module) -> str:
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    drop: set[int] = set()
    for node in tree.body:
        if isinstance(node, ast.Import) and node.lineno == node.end_lineno:
            names = {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            if not names & used:
                drop.add(node.lineno)
    lines = text.splitlines()
    shared = {n for n in drop if ";" in lines[n - 1]}
    return "\n".join(line for n, line in enumerate(lines, 1) if n not in drop - shared).strip("\n")


def _renamed(text: str) -> str:
    """Rename ``ans`` to ``answer``, or add ``answer = ans`` where renaming is not safe."""
    tree = _parse(text)
    if tree is None or not _assigns(tree, "ans") or "answer" in _names(tree):
        return text
    renamed = _rename_tokens(text)
    wanted = ast.dump(_Rename().visit(tree))
    changed = _parse(renamed)
    if changed is not None and ast.dump(changed) == wanted:
        return renamed
    return f"{text}\nanswer = ans"


def _rename_tokens(text: str) -> str:
    lines = text.splitlines(keepends=True)
    spots = [
        token.start
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NAME and token.string == "ans"
    ]
    for row, column in reversed(spots):
        line = lines[row - 1]
        lines[row - 1] = f"{line[:column]}answer{line[column + 3 :]}"
    return "".join(lines)


def _names(tree: ast.AST) -> set[str]:
    """Every name the program reads, writes or defines."""
    nodes = list(ast.walk(tree))
    found = {node.id for node in nodes if isinstance(node, ast.Name)}
    found |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return found | {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def _assigns(tree: ast.AST, name: str) -> bool:
    """Whether ``name`` is assigned outside functions and classes."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            return True
        scope = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
        if not scope and _assigns(node, name):
            return True
    return False


class _Rename(ast.NodeTransformer):
    """What renaming must do to the tree; anything else it does shows as a difference."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = "answer" if node.id == "ans" else node.id
        return node


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
