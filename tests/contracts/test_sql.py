"""The journal answers, steps ask: SQL stands in ``siked/journal`` and nowhere else."""

import ast
import re
from pathlib import Path

import pytest

import siked

PACKAGE = Path(siked.__file__).parent
STATEMENT = re.compile(
    r"\b(SELECT\b.+\bFROM|INSERT\s+(OR \w+\s+)?INTO|DELETE\s+FROM|UPDATE\s+\w+\s+SET|PRAGMA\s)", re.S
)
OUTSIDE = [path for path in sorted(PACKAGE.rglob("*.py")) if "journal" not in path.relative_to(PACKAGE).parts]


def offences(source: str) -> list[str]:
    """Return what in a module is SQL, or opens a database."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.search(node.value):
            found.append(node.value)
        elif isinstance(node, ast.Import) and any(alias.name == "sqlite3" for alias in node.names):
            found.append("import sqlite3")
        elif isinstance(node, ast.ImportFrom) and node.module == "sqlite3":
            found.append("from sqlite3 import")
        elif isinstance(node, ast.Attribute) and node.attr == "db":
            found.append("a journal's connection")
    return found


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_outside_the_journal_speaks_sql(path: Path) -> None:
    assert offences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'rows = journal.rows("SELECT a FROM b")',
        'x = "INSERT OR IGNORE INTO texts VALUES (1)"',
        "import sqlite3",
        "from sqlite3 import connect",
        "state.journal.db.execute(query)",
        'x = f"DELETE FROM {table}"',
    ],
)
def test_sql_is_recognised(source: str) -> None:
    assert offences(source)
