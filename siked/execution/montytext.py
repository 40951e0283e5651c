"""What a Monty session is told beside the program: how its answer becomes text.

The functions run inside the session, in Monty's subset of Python, and mirror ``values.py``. They
bind the builtins they use as defaults; where a program rebinds one of those, or could, they are
fed before it.
"""

from __future__ import annotations

import io
import tokenize

from siked.execution.values import LONGEST

REBOUND = frozenset(
    (
        "type",
        "str",
        "repr",
        "len",
        "sorted",
        "int",
        "isinstance",
        "float",
        "bool",
        "list",
        "tuple",
        "set",
        "frozenset",
        "dict",
    )
)
"""Builtins the helper uses."""
INDIRECT = frozenset(("eval", "exec"))
"""Builtins by which a program could rebind those unseen."""

QUICK = "answer if type(answer) is float or type(answer) is int and -(10**18) < answer < 10**18 else None"
"""Gives a plain number as it is and None for everything else: the usual case, in one round trip."""

_SEQUENCES = ("range", "deque", "dict_values", "dict_keys")
_HELPER = f"""\
def _TEXT_parts(v, depth, out, me, bad, type=type, str=str, repr=repr, len=len, sorted=sorted, int=int,
                isinstance=isinstance, float=float, bool=bool, list=list, tuple=tuple, set=set,
                frozenset=frozenset, dict=dict):
    t = type(v)
    if depth > 20:
        bad.append('!the answer is nested too deeply')
    elif t is bool:
        out.append(repr(v))
    elif t is int:
        if -(1 << 3600) < v < (1 << 3600):
            out.append(repr(v))
        else:
            bad.append('+')
    elif t is float:
        if v != v or v - v != 0.0:
            bad.append('!the answer is ' + repr(v))
        else:
            out.append(repr(v))
    elif t is str:
        if len(v) > {4 * LONGEST}:
            bad.append('+')
        else:
            out.append(v.strip())
    elif isinstance(v, list) or isinstance(v, tuple) or t.__name__ in {_SEQUENCES}:
        n = 0
        for x in v:
            me(x, depth + 1, out, me, bad)
            n = n + 1
            if bad or n > {LONGEST}:
                break
    elif isinstance(v, dict):
        me(list(v.values())[:{LONGEST + 1}], depth, out, me, bad)
    elif isinstance(v, set) or isinstance(v, frozenset):
        if len(v) > {LONGEST}:
            bad.append('+')
        else:
            keys = []
            for x in v:
                part = []
                me(x, depth + 1, part, me, bad)
                if bad:
                    break
                number = type(x) is int or type(x) is float or type(x) is bool
                keys.append((0, float(x), part) if number else (1, 0.0, part))
            for key in sorted(keys):
                for part in key[2]:
                    out.append(part)
    elif t.__name__ == 'complex':
        if v != v or v - v != 0:
            bad.append('!the answer is not finite')
        else:
            out.append(str(v))
    elif t.__name__ in ('date', 'datetime', 'time', 'timedelta'):
        out.append(str(v))
    else:
        bad.append('!the answer is a ' + t.__name__)


def _TEXT(v, parts=_TEXT_parts, type=type, len=len, sum=sum):
    if v is None or type(v).__name__ in ('function', 'builtin_function_or_method', 'type'):
        return None
    out = []
    bad = []
    parts(v, 0, out, parts, bad)
    if bad:
        return bad[0]
    text = '; '.join(out)
    if len(text) > {LONGEST}:
        return '+'
    return '=' + text


def _TEXT_call(f, type=type):
    if type(f).__name__ != 'function':
        return None
    return f()
"""


_SHELTER = """
 pass
except BaseException as _TEXT_e:
 raise _TEXT_cut(_TEXT_e)
"""
_CUTTER = """
def _TEXT_cut(e, str=str, type=type, error=RuntimeError):
    return error('_TEXT ' + type(e).__name__ + ': ' + str(e)[:300])
"""


def cutter(name: str) -> str:
    """Return the source of ``name_cut``, which gives an exception of bounded length for any."""
    return _CUTTER.replace("_TEXT", name)


def sheltered(program: str, name: str) -> str | None:
    """Return ``program`` so that what it raises leaves the session as a RuntimeError of bounded length.

    The message is ``name KIND: MESSAGE``. None where the lines of the program cannot be told apart.
    """
    inside: set[int] = set()
    if "\\\n" in program or '"""' in program or "'''" in program:
        try:
            for token in tokenize.generate_tokens(io.StringIO(program).readline):
                if token.start[0] < token.end[0] and token.type in _STRINGS:
                    inside.update(range(token.start[0], token.end[0]))
        except (tokenize.TokenError, SyntaxError):
            return None
    lines = program.split("\n")
    body = "\n".join(line if number in inside else f" {line}" for number, line in enumerate(lines))
    return f"try:\n{body}{_SHELTER.replace('_TEXT', name)}"


_STRINGS = frozenset((tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)))


def helper(name: str) -> str:
    """Return the source of the functions ``name`` and ``name_call``.

    ``name(value)`` gives None for what is no value (None, a function, a class), else a text:
    ``=`` and the answer, ``!`` and the reason why there is none, or ``+`` where it is too long.
    ``name_call(f)`` calls a function and gives None for anything else.
    """
    return _HELPER.replace("_TEXT", name)
