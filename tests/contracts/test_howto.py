"""The examples of the how-to pages work as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```(\w+)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WITH_CODE = sorted(
    page.name for page in PAGES.glob("*.md") if "# siked_mine/__init__.py" in page.read_text(encoding="utf-8")
)
KINDS = {
    *("strategy", "verifier", "schedule", "backend", "trainer", "dataset", "sandbox", "stopping-rule"),
    *("observer", "command", "report-section"),
}
FOUND = """
from siked.registry import load_registry

def test_all_are_found():
    owners = {plugin.owner for plugin in load_registry().plugins.loaded}
    assert {f"siked-mine{n}" for n in range(%d)} <= owners
"""


def files(page: Path) -> dict[str, str]:
    """The blocks of a page whose first line names a file."""
    return {name: body for _, name, body in BLOCK.findall(page.read_text(encoding="utf-8"))}


def test_each_contract_has_a_page_with_code() -> None:
    assert {f"write-a{'n' if kind[0] in 'aeiou' else ''}-{kind}.md" for kind in KINDS} == set(WITH_CODE)


def test_the_examples_pass_their_own_tests(tmp_path: Path) -> None:
    """Each page becomes a distribution of its own, and one pytest runs the tests of all."""
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_found.py").write_text(FOUND % len(WITH_CODE))
    for number, name in enumerate(WITH_CODE):
        package = f"siked_mine{number}"
        found = {path: body.replace("siked_mine", package) for path, body in files(PAGES / name).items()}
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(found["siked_mine/__init__.py"], encoding="utf-8")
        (tests / f"test_mine{number}.py").write_text(found["tests/test_mine.py"], encoding="utf-8")
        info = tmp_path / f"{package}-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text(f"[siked]\nmine{number} = {package}\n")
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTEST_ADDOPTS": "", "SIKED_STRICT_PLUGINS": "1"}
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "passed" in tested.stdout


def test_the_distribution_of_the_strategy_page_is_whole() -> None:
    project = tomllib.loads(files(PAGES / "write-a-strategy.md")["pyproject.toml"])
    example = tomllib.loads(
        (PAGES.parents[1] / "plugins" / "siked-example" / "pyproject.toml").read_text(encoding="utf-8")
    )
    assert set(project) == set(example)
    assert project["project"]["dependencies"] == example["project"]["dependencies"]
    assert project["build-system"] == example["build-system"]
