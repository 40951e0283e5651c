"""The names a program may use without importing them: those of the paper's prelude.

Loaded by path inside the confined server: standard library only, sympy when it is asked for.
"""

from __future__ import annotations

import builtins
import math
from typing import Any

MATH = tuple(name for name in dir(math) if not name.startswith("_") and not hasattr(builtins, name))
"""Names of ``math``, but for ``pow``: the builtin keeps its meaning."""
SYMBOLIC = ("Symbol", "symbols", "Eq", "solve", "simplify", "solve_it")


def names() -> dict[str, Any]:
    """Return the prelude as a fresh namespace; imports sympy."""
    import sympy

    def solve_it(equations: Any, unknowns: Any) -> dict[Any, Any]:
        """Return the first solution, unknown to value; the values are None where there is none."""
        found = sympy.solve(equations, unknowns, dict=True)
        if found:
            first: dict[Any, Any] = found[0]
            return first
        several = isinstance(unknowns, (list, tuple, set))
        return dict.fromkeys(unknowns if several else [unknowns])

    namespace: dict[str, Any] = {name: getattr(math, name) for name in MATH}
    namespace.update(
        math=math,
        Symbol=sympy.Symbol,
        symbols=sympy.symbols,
        Eq=sympy.Eq,
        solve=sympy.solve,
        simplify=sympy.simplify,
        solve_it=solve_it,
    )
    return namespace
