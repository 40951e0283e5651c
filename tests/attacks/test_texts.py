"""No text that a model writes can stall siked: reading takes time linear in its length."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PUMP = Path(__file__).with_name("pump.py")


def pump(what: str, seconds: int) -> dict[str, Any]:
    """Run the pump under a limit on its CPU time and memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    done = subprocess.run([sys.executable, str(PUMP), what], capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_no_fragment_stalls_a_reader() -> None:
    found = pump("few", 300)
    assert found["slow"] == []
    assert found["texts"] > 500


@pytest.mark.slow
def test_no_fragment_of_the_grammar_stalls_a_reader() -> None:
    found = pump("all", 2400)
    assert found["slow"] == []
    assert found["texts"] > 5000


@pytest.mark.slow
def test_no_mixture_of_fragments_stalls_a_reader() -> None:
    found = pump("120", 300)
    assert found["slow"] == []
    assert found["texts"] > 100


sys.path.insert(0, str(PUMP.parent))
import pump as fragments  # noqa: E402

PIECES = st.one_of(st.sampled_from(fragments.FRAGMENTS), st.text(max_size=5))
READERS = fragments.readers()


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(PIECES, st.sampled_from((1, 2, 7, 40, 400))), max_size=12))
def test_readers_are_total(pieces: list[tuple[str, int]]) -> None:
    text = "".join(piece * count for piece, count in pieces)[: fragments.SHORT]
    for reader in READERS:
        reader.read(text)
