"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["", ".values", ".arithmetic", ".vocabulary"])
def test_examples(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"siked.answers{name}"))
    assert results.attempted > 0
    assert results.failed == 0
