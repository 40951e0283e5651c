"""Programs go where they get CPython's answer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siked.execution.routing import read, shape


@pytest.mark.parametrize(
    "program",
    [
        "answer = 6 * 7",
        "import math\nanswer = math.ceil(7 / 2)",
        "from math import sqrt, floor\nanswer = floor(sqrt(17))",
        "from math import *\nanswer = sqrt(2)",
        "import numpy as np\nimport sympy\nanswer = 3",
        "from collections import Counter\nanswer = Counter('aab')['a']",
        "answer = round(2.5)",
        "answer = sum(x for x in [1, 2])",
        "answer = f'{3.14159:.2f}'",
        "def solution():\n    return 3",
        "answer = sorted(map(str, [2, 1]))",
        "for i, x in enumerate([1]):\n    answer = i + x",
        "class A:\n    def __init__(self):\n        self.x = 1\nanswer = A().x",
    ],
)
def test_monty_runs_it(program: str) -> None:
    seen = shape(program)
    assert seen.monty or seen.differs == "sum() of floats", (seen.needs, seen.differs)


@pytest.mark.parametrize(
    "program",
    [
        "x = Symbol('x')\nanswer = solve(x - 1, x)",
        "import sympy\nanswer = sympy.Integer(3)",
        "from fractions import Fraction\nanswer = Fraction(1, 2)",
        "from decimal import Decimal\nanswer = Decimal('0.1')",
        "import random\nanswer = random.random()",
        "answer = round(2.675, 2)",
        "answer = round(2.675, ndigits=2)",
        "r = round\nanswer = r(2.675, 2)",
        "answer = list(map(round, [2.5], [0]))",
        "answer = {3, 1}",
        "answer = list(set([3, 1]))",
        "z = zip([1], [2])\nanswer = list(z)",
        "g = (x for x in [1])\nanswer = next(g)",
        "from itertools import count\nanswer = next(n for n in count() if n > 3)",
        "import math\nanswer = math.gamma(5.5)",
        "answer = cbrt(2)",
        "class A(dict):\n    pass\nanswer = 1",
        "class A:\n    @property\n    def x(self):\n        return 1\nanswer = A().x",
        "def g():\n    yield 1\nanswer = sum(g())",
        "x = [1]\ndel x[0]\nanswer = len(x)",
        "with open('x') as f:\n    answer = 1",
        "answer = eval('1')",
        "answer = open('x').read()",
        "answer = ().__class__",
        "from math import *\nanswer = pow(2, 3)",
        "e = 5\nfrom math import *\nanswer = e",
        "try:\n    import sympy\n    answer = 1\nexcept ImportError:\n    answer = 0",
        "import time\ntime.sleep(1)\nanswer = 1",
        "from datetime import datetime\nanswer = datetime.strptime('1:30', '%H:%M')",
        "match 1:\n    case 1:\n        answer = 1",
        "answer = hash('a')",
    ],
)
def test_cpython_runs_it(program: str) -> None:
    seen = shape(program)
    assert not seen.monty
    assert seen.needs or seen.differs


def test_imports_that_nothing_uses_are_cut_and_lines_keep_their_numbers() -> None:
    program = (
        "import math, numpy as np\nfrom os import (\n    path,\n    sep,\n)\n"
        "import re; x = 1\nanswer = math.pi + x"
    )
    assert shape(program).program == "import math\npass\n\n\n\npass; x = 1\nanswer = math.pi + x"


@pytest.mark.parametrize(
    "program",
    [
        "try:\n    import numpy\nexcept ImportError:\n    answer = 1",
        "import numpy\nanswer = eval('numpy.pi')",
        "import numpy\nanswer = globals()['numpy']",
        "from sympy import *\nanswer = 1",
        "from __future__ import annotations\nanswer = 1",
        "import numpy as np\nanswer = np.pi",
    ],
)
def test_imports_that_may_matter_stay(program: str) -> None:
    assert shape(program).program == program


def test_a_text_that_is_no_program_says_so() -> None:
    assert shape("answer = (").syntax.startswith("SyntaxError: '(' was never closed (line 1)")


def test_a_completion_is_read_as_its_program() -> None:
    assert read("```python\nanswer = 3\n```").program == "answer = 3"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=100))
def test_any_text_has_a_shape(text: str) -> None:
    seen = read(text)
    assert isinstance(seen.monty, bool)
