"""The worker process of ``symbolic``: reads ``{"gold", "texts"}`` lines, writes ``true`` or ``false``.

Run as ``python -m siked.builtin.verifiers.mathworker SECONDS MEGABYTES``.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from typing import Any


def main(seconds: float, megabytes: int) -> None:
    """Serve until the input ends. The process kills itself if its parent, which should, does not."""
    _limit(megabytes)
    logging.disable(logging.CRITICAL)
    answers = os.dup(1)
    # Whatever a package prints must not look like an answer.
    os.dup2(2, 1)
    import math_verify

    _write(answers, True)
    for line in sys.stdin:
        _alarm(2 * seconds + 1)
        item = json.loads(line)
        _write(answers, any(_equal(math_verify, item["gold"], text) for text in item["texts"]))
        _alarm(0)


def _alarm(seconds: float) -> None:
    """End this process in so many seconds, whatever it does then; 0 takes it back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _limit(megabytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def _equal(math_verify: Any, gold: str, text: str) -> bool:
    """Ask both ways round: math-verify is not symmetric, and its slips mostly go one way."""
    wanted = math_verify.parse(gold, parsing_timeout=None)
    found = math_verify.parse(text, parsing_timeout=None)
    if not wanted or not found:
        return False
    both = bool(
        math_verify.verify(wanted, found, timeout_seconds=None)
        and math_verify.verify(found, wanted, timeout_seconds=None)
    )
    return both and _near(wanted[0], found[0])


def _near(wanted: Any, found: Any) -> bool:
    """Compare the sizes of two numbers: math-verify rounds small ones to nothing (1/2004! = 1/2006!)."""
    import sympy

    numbers = isinstance(wanted, sympy.Expr) and isinstance(found, sympy.Expr)
    if not numbers or wanted.free_symbols or found.free_symbols:
        return True
    try:
        ratio = complex(sympy.N(wanted / found, 20))
    except (TypeError, ValueError, ZeroDivisionError):
        return bool(wanted == found)
    return abs(ratio - 1) < 1e-4 or bool(wanted == found)


def _write(descriptor: int, value: bool) -> None:
    os.write(descriptor, json.dumps(value).encode() + b"\n")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
