"""``siked init``: what it writes installs, passes its own tests as it is, and is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from siked.cli.init import KINDS as OFFERED
from siked.cli.main import cli
from siked.config import load_config
from siked.errors import UsageError
from siked.registry import load_registry
from siked.scaffold.plugin import KINDS, names_of, write_plugin


def pytest_on(folder: Path, path: Path, *tests: str) -> str:
    """Run the tests of plugins with ``path`` on the path; return what failed."""
    env = {**os.environ, "PYTHONPATH": str(path), "PYTEST_ADDOPTS": "", "SIKED_STRICT_PLUGINS": "1"}
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib"]
    command = [sys.executable, "-m", "pytest", *options, *(tests or ["."])]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout[-6000:] + done.stderr[-2000:]


def lay(root: Path, site: Path) -> None:
    """Put a distribution on the path as pip would, without pip."""
    package = root.name.replace("-", "_")
    (site / package).symlink_to(root / package)
    info = site / f"{package}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {root.name}\nVersion: 0.1.0\n")
    name = root.name.removeprefix("siked-")
    (info / "entry_points.txt").write_text(f"[siked]\n{name} = {package}\n")


def test_every_kind_that_is_offered_can_be_written() -> None:
    assert (*KINDS, "run") == OFFERED


def test_every_kind_passes_its_own_tests_as_it_is_written(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    for kind in KINDS:
        lay(write_plugin(kind, f"my-{kind}", tmp_path), site)
    kinds = [kind for kind in KINDS if kind != "sandbox"]
    assert pytest_on(tmp_path, site, *(f"siked-my-{kind}/tests" for kind in kinds)) == ""


@pytest.mark.slow
def test_every_kind_installs_with_pip_and_passes_its_check(tmp_path: Path) -> None:
    roots = [write_plugin(kind, f"my-{kind}", tmp_path) for kind in KINDS]
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    options = ["--no-build-isolation", "--target", str(site)]
    subprocess.run([*pip, *options, *map(str, roots)], check=True)
    assert len(list(site.glob("siked_my_*/py.typed"))) == len(KINDS)
    assert pytest_on(tmp_path, site) == ""
    env = {**os.environ, "PYTHONPATH": str(site), "SIKED_STRICT_PLUGINS": "1"}
    for root in roots:
        command = [
            sys.executable,
            "-c",
            "from siked.cli.main import main; main()",
            "plugins",
            "check",
            root.name,
        ]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("ok ")


@pytest.mark.parametrize(
    ("text", "package", "cls"),
    [
        ("tree-of-thought", "siked_tree_of_thought", "TreeOfThought"),
        ("siked-tot", "siked_tot", "Tot"),
        ("Tree_2", "siked_tree_2", "Tree2"),
    ],
)
def test_names_follow_from_one(text: str, package: str, cls: str) -> None:
    names = names_of(text)
    assert (names.package, names.cls) == (package, cls)


@pytest.mark.parametrize("text", ["", "2fast", "a b", "a/b", "../x", "é"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no name of a plugin"):
        names_of(text)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    assert CliRunner().invoke(cli, ["init", "stopping", "mine", "--out", str(tmp_path)]).exit_code == 0
    again = CliRunner().invoke(cli, ["init", "stopping", "mine", "--out", str(tmp_path)])
    assert isinstance(again.exception, UsageError)
    assert CliRunner().invoke(cli, ["init", "run", "--out", str(tmp_path)]).exit_code == 0
    again = CliRunner().invoke(cli, ["init", "run", "--out", str(tmp_path)])
    assert isinstance(again.exception, UsageError)


def test_the_settings_are_those_of_a_run_with_nothing_configured(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["init", "run", "--out", str(tmp_path)])
    assert done.exit_code == 0
    path = tmp_path / "siked.yaml"
    text = path.read_text()
    assert text.startswith("# yaml-language-server: $schema=siked-schema.json\n")
    asked, default = load_config(file=path, preset="").dump(), load_config().dump()
    assert asked == default
    assert "  learning_rate: 0.002  # Highest learning rate. (above 0)" in text
    assert "  # lora_r: 16  # Rank of the adapter. (at least 1)" in text


def test_the_schema_takes_what_runs_and_refuses_what_does_not(tmp_path: Path) -> None:
    printed = CliRunner().invoke(cli, ["check", "--schema"])
    schema = json.loads(printed.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    CliRunner().invoke(cli, ["init", "run", "--out", str(tmp_path)])
    assert json.loads((tmp_path / "siked-schema.json").read_text()) == schema
    validator = jsonschema.Draft202012Validator(schema)
    for good in (
        yaml.safe_load((tmp_path / "siked.yaml").read_text()),
        {"preset": "paper", "strategies": ["cot", {"name": "pot", "exemplars": 2}]},
        {"teacher": {"cot": {"name": "openai", "model": "m"}, "default": {"name": "tiny-teacher"}}},
        {"trainer": {"name": "trl", "learning_rate": 0.1}, "labels": {"name": "agreement"}},
        {"schedule": {"name": "somebodys", "own": 5}},
    ):
        assert [error.message for error in validator.iter_errors(good)] == [], good
    for bad in (
        {"iteration": 3},
        {"iterations": -1},
        {"sample": {"k": 0}},
        {"trainer": {"name": "trl", "learning_rate": "fast"}},
        {"schedule": {"name": "adaptive", "keep": "longest"}},
        {"strategies": [{"exemplars": 2}]},
        {"controls": ["none"]},
    ):
        assert list(validator.iter_errors(bad)), bad


def test_the_schema_describes_the_options_of_every_installed_component() -> None:
    schema = json.loads(CliRunner().invoke(cli, ["check", "--schema"]).stdout)
    rules = {
        rule["if"]["properties"]["name"]["const"]: rule["then"]["properties"]
        for rule in schema["properties"]["trainer"]["allOf"][1]["allOf"]
    }
    assert rules["trl"]["learning_rate"]["description"] == "Highest learning rate."
    assert rules["trl"]["learning_rate"]["default"] == 2e-4
    names = {offer.name for offer in load_registry().offers if offer.kind == "schedule"}
    listed = schema["properties"]["schedule"]["allOf"][1]["allOf"]
    assert {rule["if"]["properties"]["name"]["const"] for rule in listed} == names
