"""No module imports itself by a detour, not even inside functions: each can be read after what it needs."""

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest

PACKAGES = ("siked", "siked_strategies")


def find_cycle(imports: dict[str, set[str]]) -> list[str]:
    """Return modules of which each is imported by the next, the first one again at the end; empty if none."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def imports_of(*packages: str) -> dict[str, set[str]]:
    """Return what each module imports, wherever in it, but for type checkers."""
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=True, cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    return imports_of(*PACKAGES)


def test_no_module_imports_itself_by_a_detour(imports: dict[str, set[str]]) -> None:
    assert find_cycle(imports) == []


def test_imports_inside_functions_are_seen(imports: dict[str, set[str]]) -> None:
    assert "siked.report.html" in imports["siked.cli.report"]
    assert find_cycle({**imports, "siked.report.html": {"siked.cli.report"}})
