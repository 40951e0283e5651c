"""What is published: wheels and sdists of siked and its plugins, and the files around them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import siked

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
DISTRIBUTIONS = [ROOT, *PLUGINS]

pytestmark = pytest.mark.skipif(not PLUGINS, reason="the project's files are not here")


def project(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    return found


def packages(folder: Path) -> list[Path]:
    return [
        folder / name for name in project(folder)["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All distributions, built with the tools that are here."""
    pytest.importorskip("hatchling")
    out = tmp_path_factory.mktemp("dist")
    for folder in DISTRIBUTIONS:
        for target in ("wheel", "sdist"):
            done = subprocess.run(
                [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
                cwd=folder,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def wheels(built: Path) -> Iterator[dict[str, zipfile.ZipFile]]:
    found = {path.name.split("-")[0]: zipfile.ZipFile(path) for path in built.glob("*.whl")}
    yield found
    for wheel in found.values():
        wheel.close()


@pytest.mark.parametrize("folder", DISTRIBUTIONS, ids=lambda folder: folder.name)
def test_each_distribution_is_described(folder: Path) -> None:
    values = project(folder)["project"]
    assert {"name", "description", "readme", "license", "requires-python"} <= set(values)
    assert values["license"] == "MIT"
    assert (folder / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert all((package / "py.typed").is_file() for package in packages(folder))
    if folder != ROOT:
        assert any(need.startswith("siked>=") for need in values["dependencies"])
        assert (folder / "CHANGELOG.md").is_file()


def test_twine_finds_nothing_wrong(built: Path) -> None:
    check = pytest.importorskip("twine.commands.check").check
    files = [str(path) for path in sorted(built.iterdir()) if path.suffix in (".whl", ".gz")]
    assert len(files) == 2 * len(DISTRIBUTIONS)
    assert check(files, strict=True) is False


def test_wheels_hold_their_packages_and_nothing_else(wheels: dict[str, zipfile.ZipFile]) -> None:
    for folder in DISTRIBUTIONS:
        wheel = wheels[project(folder)["project"]["name"].replace("-", "_")]
        names = wheel.namelist()
        tops = {name.partition("/")[0] for name in names}
        own = {package.name for package in packages(folder)}
        assert {top for top in tops if not top.endswith(".dist-info")} == own
        assert all(f"{package}/py.typed" in names for package in own)
        assert any(name.endswith("licenses/LICENSE") for name in names)
        assert not any("__pycache__" in name or "/tests/" in name for name in names)


def test_the_sdist_can_be_tested(built: Path) -> None:
    (path,) = built.glob("siked-*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "siked/py.typed",
        "tests/conftest.py",
        "docs/index.md",
    } <= names
    assert not any(name.startswith((".venv", "site/", "runs/")) for name in names)


def interpreters() -> list[str]:
    """Return the oldest and the newest Python that siked takes and that is here."""
    found = []
    for minor in range(11, 20):
        for name in (sys.executable, f"python3.{minor}"):
            place = shutil.which(name)
            if place is None:
                continue
            told = subprocess.run(
                [place, "-c", "import ensurepip, sys; print(sys.version_info[1])"],
                capture_output=True,
                text=True,
            )
            if told.stdout.strip() == str(minor):
                found.append(place)
                break
    return list(dict.fromkeys([found[0], found[-1]]))


@pytest.mark.slow
@pytest.mark.parametrize("interpreter", [0, -1])
def test_they_install_in_an_empty_environment(built: Path, tmp_path: Path, interpreter: int) -> None:
    known = interpreters()
    if interpreter and len(known) == 1:
        pytest.skip("there is no second Python here")
    subprocess.run([known[interpreter], "-m", "venv", str(tmp_path / "env")], check=True)
    python = tmp_path / "env" / "bin" / "python"
    environment = {**os.environ, "PYTHONPATH": "", "PIP_CONSTRAINT": str(ROOT / "constraints.txt")}
    plugins = [str(path) for path in built.glob("*.whl")]
    calls: list[list[str]] = [
        [str(python), "-m", "pip", "install", "--quiet", "--find-links", str(built), *plugins],
        [str(python), "-m", "pip", "check"],
        [str(tmp_path / "env" / "bin" / "siked"), "plugins"],
    ]
    for call in calls:
        done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    names = [project(folder)["project"]["name"] for folder in DISTRIBUTIONS]
    assert [name for name in names if f" {name} " not in done.stdout] == []
    assert "skipped" not in done.stderr


# --- beside the distributions -----------------------------------------------------------------------


def test_the_citation_is_of_this_version() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["version"] == siked.__version__
    assert cited["authors"] == [{"name": "siked developers"}]
    assert {"message", "title", "license", "references"} <= set(cited)


def test_the_dockerfiles_pass_their_linter() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    if not hadolint.is_file():
        pytest.skip("needs hadolint")
    files = sorted((ROOT / "docker").glob("*.Dockerfile"))
    assert len(files) == 2
    done = subprocess.run([hadolint, *files], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_dockerfiles_copy_what_is_there() -> None:
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().split() if line.startswith("!")]
    extras = set(project(ROOT)["project"]["optional-dependencies"])
    for file in (ROOT / "docker").glob("*.Dockerfile"):
        text = file.read_text(encoding="utf-8")
        copied = [
            name for line in text.splitlines() if line.startswith("COPY ") for name in line.split()[1:-1]
        ]
        assert all((ROOT / name).exists() for name in copied)
        assert set(copied) == set(allowed)
        wanted = text.partition('".[')[2].partition("]")[0].split(",")
        assert set(wanted) <= extras


@pytest.mark.parametrize("form", ["bug.yml", "idea.yml"])
def test_issue_forms_have_what_forms_need(form: str) -> None:
    values = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / form).read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= set(values)
    ids = [part["id"] for part in values["body"]]
    assert len(set(ids)) == len(ids)
    for part in values["body"]:
        assert part["type"] in {"textarea", "input", "dropdown", "checkboxes", "markdown"}
        assert part["attributes"]["label"]
