"""Which programs Monty runs exactly as CPython would, judged by the syntax tree before they run.

A wrong guess towards ``confined`` costs milliseconds, a wrong one towards Monty an answer: so
what is not known to be equal goes to CPython. The tables hold for Monty 1.4 and newer.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from siked.execution.lanes import clean
from siked.execution.prelude import MATH, SYMBOLIC
from siked.text.code import modest, parse, program_text, tidy

_MATH_UNEQUAL = {"cbrt", "gamma", "lgamma", "erf", "erfc"}
"""Monty computes these itself and is a unit in the last place off."""
# fmt: off
MODULES: dict[str, frozenset[str]] = {
    "math": frozenset({*MATH, "pow"} - _MATH_UNEQUAL),
    "functools": frozenset(("cache", "lru_cache", "partial", "reduce")),
    "collections": frozenset(("Counter", "defaultdict", "deque", "namedtuple")),
    "datetime": frozenset(("date", "datetime", "timedelta")),
    "typing": frozenset((
        "Any", "Callable", "Dict", "FrozenSet", "Iterable", "Iterator", "List", "Mapping", "Optional",
        "Sequence", "Set", "Tuple", "Union",
    )),
    "dataclasses": frozenset(("dataclass", "field")),
    "copy": frozenset(("copy", "deepcopy")),
    "bisect": frozenset(("bisect", "bisect_left", "bisect_right", "insort", "insort_left", "insort_right")),
}
"""Modules and the names in them that behave alike in both."""

BUILTINS = frozenset((
    "abs", "all", "any", "bin", "bool", "bytes", "chr", "complex", "dict", "divmod", "enumerate", "filter",
    "float", "getattr", "hasattr", "hex", "int", "isinstance", "len", "list", "map", "max", "min", "oct",
    "ord", "pow", "print", "range", "repr", "reversed", "round", "setattr", "slice", "sorted", "str", "sum",
    "tuple", "type", "zip", "ArithmeticError", "AssertionError", "AttributeError", "BaseException",
    "Exception", "ImportError", "IndexError", "KeyError", "LookupError", "NameError", "NotImplementedError",
    "OverflowError", "RecursionError", "RuntimeError", "StopIteration", "TypeError", "ValueError",
    "ZeroDivisionError", "__name__",
))
"""Names that Monty knows and that behave alike; every other builtin of CPython needs it."""

_NODES = (
    ast.Delete, ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith,
    ast.With, ast.Match, ast.TryStar,
)
# fmt: on
_NAMES = frozenset({*MATH, "math"} - _MATH_UNEQUAL)
_ATTRIBUTES = frozenset(
    ("sleep", "strptime", "strftime", "format_map", "fromisocalendar", "as_integer_ratio")
)
_LAZY = frozenset(("map", "filter", "zip", "enumerate", "reversed"))
_CONSUMERS = frozenset(("all", "any", "dict", "list", "max", "min", "sorted", "sum", "tuple")) | _LAZY
_INDIRECT = frozenset(("eval", "exec", "globals", "locals", "vars", "dir", "__import__"))
_COMPENSATED = sys.version_info >= (3, 12)
"""From 3.12 on CPython's sum() of floats is compensated; Monty's is not."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the syntax tree of a program says."""

    program: str
    """The text to run: without imports that nothing uses."""
    needs: str = ""
    """What Monty lacks; empty where it has everything."""
    differs: str = ""
    """What Monty has but would answer differently; empty where nothing does."""
    syntax: str = ""
    """CPython's own word on a text that is no program."""
    known: bool = True
    """The tree was looked at; a text too deep for that is not."""
    bound: frozenset[str] = frozenset()
    """Names the program binds anywhere."""
    used: frozenset[str] = frozenset()
    """Names the program reads."""

    @property
    def monty(self) -> bool:
        """Monty gives CPython's answer."""
        return not (self.needs or self.differs)


def read(text: str) -> Shape:
    """Return the shape of the program in a completion; a bare program is parsed just once."""
    program = tidy(clean(text))
    seen = shape(program)
    if seen.syntax or not seen.known:
        found = program_text(program)
        if found != program:
            return shape(found)
    return seen


def shape(program: str) -> Shape:
    """Look at ``program`` without running it."""
    if not modest(program):
        return Shape(program, needs="a closer look: it is too long or too deep", known=False)
    try:
        return _Survey(program).of(parse(program))
    except SyntaxError as error:
        return Shape(program, syntax=f"SyntaxError: {error.msg} (line {error.lineno or 0})")
    except (ValueError, RecursionError, MemoryError) as error:
        return Shape(program, needs=f"a closer look: {type(error).__name__}", known=False)


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes, parents first: ``ast.walk`` without the leaves that say nothing here."""
    todo = [tree]
    for node in todo:
        yield node
        kind = type(node)
        fields = _FIELDS.get(kind)
        if fields is None:
            fields = _FIELDS[kind] = tuple(name for name in kind._fields if name not in _LEAVES)
        for name in fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                todo += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                todo.append(value)


_LEAVES = frozenset(("ctx", "op", "ops", "id", "attr", "arg", "name", "type_comment", "type_ignores", "kind"))
_FIELDS: dict[type, tuple[str, ...]] = {ast.Constant: ()}
"""Kind of node to the fields in which other nodes can be; filled as kinds are met."""


class _Survey:
    """Walks a tree once; the first reason of each kind is kept."""

    def __init__(self, program: str) -> None:
        self.program = program
        self.needs = ""
        self.differs = ""
        self.bound: set[str] = set()
        self.used: set[str] = set()
        self.modules: dict[str, str] = {}
        self.attributes: list[tuple[str, str]] = []
        self.imports: list[ast.Import | ast.ImportFrom] = []
        self.guarded: set[int] = set()
        """Imports inside a try: whether they fail may be what the program asks."""
        self.consumed: set[int] = set()
        """Iterators that are used up where they are made: laziness cannot show."""
        self.rounds = 0
        """Uses of ``round`` that are not a call with one argument."""

    def of(self, tree: ast.AST) -> Shape:
        for node in _walk(tree):
            visit = _VISITORS.get(type(node))
            if visit is not None:
                visit(self, node)
            elif isinstance(node, _NODES):
                self.need(f"{type(node).__name__.lower()} in the program")
        if self.rounds and "round" not in self.bound:
            self.differ("round() to decimals")  # round(2.675, 2) is 2.67 in CPython, 2.68 in Monty
        kept = self._without_idle_imports()
        for node in kept:
            self._import(node)
        self._check_names()
        return Shape(
            self.program, self.needs, self.differs, bound=frozenset(self.bound), used=frozenset(self.used)
        )

    def need(self, reason: str) -> None:
        self.needs = self.needs or reason

    def differ(self, reason: str) -> None:
        self.differs = self.differs or reason

    # --- one visitor a kind of node -------------------------------------------------------------

    def _name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.used.add(node.id)
            self.rounds += node.id == "round"
        else:
            self.bound.add(node.id)

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr in _ATTRIBUTES or node.attr.startswith("__"):
            self.need(f"the attribute {node.attr}")
        if isinstance(node.value, ast.Name):
            self.attributes.append((node.value.id, node.attr))

    def _call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "round" and len(node.args) == 1 and not node.keywords:
            self.rounds -= 1
        elif _COMPENSATED and name == "sum":
            self.differ("sum() of floats")
        elif name in _LAZY and id(node) not in self.consumed:
            self.differ(f"{name}() kept for later")
        joins = isinstance(node.func, ast.Attribute) and node.func.attr in ("join", "extend")
        if name in _CONSUMERS or joins:
            self.consumed.update(map(id, node.args))

    def _generator(self, node: ast.GeneratorExp) -> None:
        if id(node) not in self.consumed:
            self.differ("a generator kept for later")

    def _loop(self, node: ast.For | ast.comprehension) -> None:
        self.consumed.add(id(node.iter))

    def _starred(self, node: ast.Starred) -> None:
        self.consumed.add(id(node.value))

    def _set(self, node: ast.Set | ast.SetComp) -> None:
        self.differ("the order of a set")

    def _imported(self, node: ast.Import | ast.ImportFrom) -> None:
        self.imports.append(node)

    def _try(self, node: ast.Try) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Import | ast.ImportFrom):
                self.guarded.add(id(inner))

    def _argument(self, node: ast.arg) -> None:
        self.bound.add(node.arg)

    def _handler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)

    def _function(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)

    def _class(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)
        plain = ("dataclass", "dataclasses.dataclass")
        if any(ast.unparse(decorator) not in plain for decorator in node.decorator_list):
            self.need("a decorated class")
        if node.bases or node.keywords:
            self.need("inheritance")
        for item in node.body:
            if not isinstance(item, ast.FunctionDef):
                continue
            if item.decorator_list:
                self.need("decorated methods")
            if item.name.startswith("__") and item.name not in ("__init__", "__post_init__"):
                self.need(f"the method {item.name}")

    # --- what only the whole tree tells ---------------------------------------------------------

    def _without_idle_imports(self) -> list[ast.Import | ast.ImportFrom]:
        """Cut imports that nothing uses out of the program; return the others.

        Models often start with the same imports whatever they need. Whether such a module is here
        cannot change the answer.
        """
        if not self.imports or self.used & _INDIRECT:
            return self.imports
        kept: list[ast.Import | ast.ImportFrom] = []
        cut: list[tuple[ast.Import | ast.ImportFrom, list[ast.alias]]] = []
        for node in self.imports:
            names = [alias for alias in node.names if self._in_use(node, alias)]
            if id(node) in self.guarded or len(names) == len(node.names):
                kept.append(node)
                continue
            cut.append((node, names))
            if names:
                kept.append(_with_names(node, names))
        self.program = _cut(self.program, cut)
        return kept

    def _in_use(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> bool:
        if isinstance(node, ast.ImportFrom) and (node.level or node.module == "__future__"):
            return True
        if alias.name == "*":
            # All of math but pow() is in the prelude already.
            rebound = self.bound & _NAMES
            return bool(node.module != "math" or rebound or "pow" in self.used)  # type: ignore[union-attr]
        return (alias.asname or alias.name.partition(".")[0]) in self.used

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self.modules[alias.asname or alias.name] = alias.name
                self.bound.add(alias.asname or alias.name.partition(".")[0])
                if alias.name not in MODULES:
                    self.need(f"the module {alias.name}")
            return
        offered = MODULES.get(node.module or "") if not node.level else None
        for alias in node.names:
            self.bound.add(alias.asname or alias.name)
            if offered is None or alias.name not in offered:
                self.need(f"{alias.name} from the module {node.module}")

    def _check_names(self) -> None:
        for name in sorted(self.used - self.bound):
            if name in SYMBOLIC:
                self.need(f"sympy's {name}")
            elif name in ("set", "frozenset"):
                self.differ("the order of a set")
            elif name not in BUILTINS and name not in _NAMES and hasattr(builtins, name):
                self.need(f"the builtin {name}")
            elif name in _MATH_UNEQUAL:
                self.differ(f"the function {name}")
        for owner, attribute in self.attributes:
            module = self.modules.get(owner, "" if owner in self.bound else owner)
            if module in MODULES and attribute not in MODULES[module]:
                self.need(f"{module}.{attribute}")


_VISITORS: dict[type, Callable[[_Survey, Any], None]] = {
    ast.Name: _Survey._name,
    ast.Attribute: _Survey._attribute,
    ast.Call: _Survey._call,
    ast.GeneratorExp: _Survey._generator,
    ast.For: _Survey._loop,
    ast.comprehension: _Survey._loop,
    ast.Starred: _Survey._starred,
    ast.Set: _Survey._set,
    ast.SetComp: _Survey._set,
    ast.Import: _Survey._imported,
    ast.ImportFrom: _Survey._imported,
    ast.Try: _Survey._try,
    ast.arg: _Survey._argument,
    ast.ExceptHandler: _Survey._handler,
    ast.FunctionDef: _Survey._function,
    ast.ClassDef: _Survey._class,
}


def _with_names(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.Import | ast.ImportFrom:
    if isinstance(node, ast.Import):
        return ast.Import(names=names)
    return ast.ImportFrom(module=node.module, names=names, level=node.level)


def _cut(program: str, cut: list[tuple[ast.Import | ast.ImportFrom, list[ast.alias]]]) -> str:
    """Replace each import by one of the given names, or by ``pass``; lines keep their numbers."""
    if not cut:
        return program
    lines = program.split("\n")
    for node, names in sorted(cut, key=lambda pair: (pair[0].lineno, pair[0].col_offset), reverse=True):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before = lines[first].encode()[: node.col_offset].decode()
        after = lines[last].encode()[node.end_col_offset :].decode()
        rest = ast.unparse(_with_names(node, names)) if names else "pass"
        lines[first : last + 1] = [before + rest + after] + [""] * (last - first)
    return "\n".join(lines)
