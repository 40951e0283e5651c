"""Reading a program without running it: does it compute anything?"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

_FENCE = "```"
_LITERAL = ast.Constant(None)
_LIMIT = 20_000
_ANSWERS = ("answer", "ans")
_FUNCTIONS = ("solution", "solver", "solve")
_WRAPPERS = frozenset(("int", "float", "str", "round", "abs", "print", "Fraction", "Decimal"))


def is_constant(program: str) -> bool:
    """Is the answer of ``program`` a literal that it only passes on? False where that is not certain."""
    code = program[:_LIMIT]
    fenced = list(_fenced(code))
    if fenced:
        code = max(fenced, key=len)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    body: list[ast.stmt] = tree.body
    names = _assigned(body)
    for name in _ANSWERS:
        if name in names:
            value = names[name]
            return value is not None and _literal(value, names, body, 8)
    for statement in reversed(body):
        if isinstance(statement, ast.Expr) and _called(statement.value) == "print":
            call = statement.value
            assert isinstance(call, ast.Call)
            return len(call.args) == 1 and _literal(call.args[0], names, body, 8)
    return any(_returns_literal(body, name) for name in _FUNCTIONS)


def _fenced(code: str) -> Iterator[str]:
    """Yield what stands in code fences; the last one may be open."""
    at = code.find(_FENCE)
    while at != -1 and (line := code.find("\n", at)) != -1:
        end = code.find(_FENCE, line)
        end = len(code) if end == -1 else end
        yield code[line + 1 : end]
        at = code.find(_FENCE, end + len(_FENCE))


def _assigned(body: list[ast.stmt]) -> dict[str, ast.expr | None]:
    """Names to what they are bound to; None for a name that is bound more than once or changed."""
    names: dict[str, ast.expr | None] = {}
    for statement in body:
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                names[target.id] = statement.value if target.id not in names else None
                continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names[node.id] = None
    return names


def _called(node: ast.expr) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def _literal(node: ast.expr, names: dict[str, ast.expr | None], body: list[ast.stmt], depth: int) -> bool:
    if depth == 0:
        return False
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        return _literal(node.operand, names, body, depth - 1)
    if isinstance(node, ast.Name):
        value = names.get(node.id)
        if value is None or not _literal(value, names, body, depth - 1):
            return False
        names[node.id] = _LITERAL  # so that lists of lists of a name are read once
        return True
    if isinstance(node, ast.Tuple | ast.List):
        return bool(node.elts) and all(_literal(element, names, body, depth - 1) for element in node.elts)
    if isinstance(node, ast.Call) and not node.keywords:
        name = _called(node)
        if name in _WRAPPERS and node.args:
            return all(_literal(argument, names, body, depth - 1) for argument in node.args)
        called = f"{name}()"
        if called not in names:
            names[called] = _LITERAL if not node.args and _returns_literal(body, name) else None
        return not node.args and names[called] is not None
    return False


def _returns_literal(body: list[ast.stmt], name: str) -> bool:
    """Is ``name`` a function without branches that returns a literal?"""
    for statement in body:
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            returns = [node for node in ast.walk(statement) if isinstance(node, ast.Return)]
            names = _assigned(statement.body)
            value = returns[0].value if len(returns) == 1 else None
            return value is not None and _literal(value, names, [], 8)
    return False
