"""Which programs Monty runs exactly as CPython would, judged by the syntax tree before they run.

A wrong guess towards ``confined`` costs milliseconds, a wrong one towards Monty an answer: so
what is not known to be equal goes to CPython. The tables hold for Monty 1.4 and newer.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass

from siked.execution.completion import modest, program_text, tidy
from siked.execution.lanes import clean
from siked.execution.prelude import MATH, SYMBOLIC

_MATH_UNEQUAL = {"cbrt", "gamma", "lgamma", "erf", "erfc"}
"""Monty computes these itself and is a unit in the last place off."""
# fmt: off
MODULES: dict[str, frozenset[str]] = {
    "math": frozenset({*MATH, "pow"} - _MATH_UNEQUAL),
    "itertools": frozenset((
        "accumulate", "chain", "combinations", "combinations_with_replacement", "compress", "count", "cycle",
        "dropwhile", "filterfalse", "groupby", "islice", "pairwise", "permutations", "product", "repeat",
        "starmap", "takewhile", "tee", "zip_longest",
    )),
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
    "abs", "all", "any", "bin", "bool", "bytes", "chr", "complex", "dict", "divmod", "enumerate",
    "filter", "float", "frozenset", "getattr", "hasattr", "hex", "int", "isinstance", "iter", "len",
    "list", "map", "max", "min", "next", "oct", "ord", "pow", "print", "range", "repr", "reversed",
    "round", "set", "setattr", "slice", "sorted", "str", "sum", "tuple", "type", "zip",
    "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "Exception", "ImportError",
    "IndexError", "KeyError", "LookupError", "NameError", "NotImplementedError", "OverflowError",
    "RecursionError", "RuntimeError", "StopIteration", "TypeError", "ValueError", "ZeroDivisionError",
    "__name__",
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
_KEPT_DIFFERENCES = sys.version_info >= (3, 12)
"""From 3.12 on CPython's sum() of floats is compensated; Monty's is not."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the syntax tree of a program says."""

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


def read(text: str) -> tuple[str, Shape]:
    """Return the program in a completion and its shape; a bare program is parsed just once."""
    program = tidy(clean(text))
    seen = shape(program)
    if seen.syntax or not seen.known:
        found = program_text(program)
        if found != program:
            return found, shape(found)
    return program, seen


def shape(program: str) -> Shape:
    """Look at ``program`` without running it."""
    if not modest(program):
        return Shape(needs="a closer look: the program is too long or too deep", known=False)
    try:
        tree = ast.parse(program)
    except SyntaxError as error:
        return Shape(syntax=f"SyntaxError: {error.msg} (line {error.lineno or 0})")
    except (ValueError, RecursionError, MemoryError) as error:
        return Shape(needs=f"a closer look: {type(error).__name__}", known=False)
    return _Survey().of(tree)


class _Survey:
    """Walks a tree once; the first reason of each kind is kept."""

    def __init__(self) -> None:
        self.needs = ""
        self.differs = ""
        self.bound: set[str] = set()
        self.used: set[str] = set()
        self.modules: dict[str, str] = {}
        self.attributes: list[tuple[str, str]] = []

    def of(self, tree: ast.AST) -> Shape:
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                (self.used if isinstance(node.ctx, ast.Load) else self.bound).add(node.id)
            elif isinstance(node, ast.Attribute):
                self._attribute(node)
            elif isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                self._definition(node)
            elif isinstance(node, ast.arg):
                self.bound.add(node.arg)
            elif isinstance(node, ast.ExceptHandler):
                if node.name:
                    self.bound.add(node.name)
            elif isinstance(node, _NODES):
                self.need(f"{type(node).__name__.lower()} in the program")
        self._check_names()
        return Shape(
            needs=self.needs, differs=self.differs, bound=frozenset(self.bound), used=frozenset(self.used)
        )

    def need(self, reason: str) -> None:
        self.needs = self.needs or reason

    def differ(self, reason: str) -> None:
        self.differs = self.differs or reason

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr in _ATTRIBUTES or node.attr.startswith("__"):
            self.need(f"the attribute {node.attr}")
        if isinstance(node.value, ast.Name):
            self.attributes.append((node.value.id, node.attr))

    def _call(self, node: ast.Call) -> None:
        if (
            isinstance(node.func, ast.Name)
            and node.func.id == "round"
            and (len(node.args) > 1 or node.keywords)
        ):
            # round(2.675, 2) is 2.67 in CPython, 2.68 in Monty.
            self.differ("round() to decimals")
        elif _KEPT_DIFFERENCES and isinstance(node.func, ast.Name) and node.func.id == "sum":
            self.differ("sum() of floats")

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

    def _definition(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.bound.add(node.name)
        for decorator in node.decorator_list:
            if isinstance(node, ast.ClassDef) and ast.unparse(decorator) not in (
                "dataclass",
                "dataclasses.dataclass",
            ):
                self.need("a decorated class")
        if isinstance(node, ast.ClassDef):
            if node.bases or node.keywords:
                self.need("inheritance")
            for item in node.body:
                if not isinstance(item, ast.FunctionDef):
                    continue
                if item.decorator_list:
                    self.need("decorated methods")
                if item.name.startswith("__") and item.name not in ("__init__", "__post_init__"):
                    self.need(f"the method {item.name}")

    def _check_names(self) -> None:
        for name in sorted(self.used - self.bound):
            if name in SYMBOLIC:
                self.need(f"sympy's {name}")
            elif name not in BUILTINS and name not in _NAMES and hasattr(_builtins(), name):
                self.need(f"the builtin {name}")
            elif name in _MATH_UNEQUAL:
                self.differ(f"the function {name}")
        for owner, attribute in self.attributes:
            module = self.modules.get(owner) or (
                "math" if owner == "math" and owner not in self.bound else ""
            )
            if module in MODULES and attribute not in MODULES[module]:
                self.need(f"{module}.{attribute}")


def _builtins() -> object:
    import builtins

    return builtins
