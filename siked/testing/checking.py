"""Running the contract suites on components that are installed or in a file (``siked plugins check``)."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from siked.errors import UsageError

if TYPE_CHECKING:
    from siked.registry import Offer, Registry

SUITES = {
    "strategy": "siked.testing.suites:StrategyContract",
    "verifier": "siked.testing.suites:VerifierContract",
    "schedule": "siked.testing.suites:ScheduleContract",
    "stopping": "siked.testing.suites:StoppingContract",
    "dataset": "siked.testing.suites:DatasetContract",
    "sandbox": "siked.testing.suites:SandboxContract",
    "backend": "siked.testing.model_suites:BackendContract",
    "trainer": "siked.testing.model_suites:TrainerContract",
}
_HEAD = """
import json

import pytest

from siked.records import Model
from siked.registry import load_registry

REGISTRY = load_registry(json.loads({files!r}))
OPTIONS = json.loads({options!r})
MODEL = Model(name={model!r})
"""
_CASE = """
from {module} import {suite} as Suite{n}


class Test{n}(Suite{n}):
    scores = {scores}
    at_once = None

    @pytest.fixture
    def {kind}(self):
        return REGISTRY.make({kind!r}, {address!r}, OPTIONS)

    @pytest.fixture
    def {model}(self):
        return MODEL


del Suite{n}
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the suite of one component said."""

    offer: Offer
    passed: int
    skipped: tuple[str, ...]
    failed: tuple[str, ...]
    """A line for each check that failed."""


def run_suites(
    registry: Registry,
    offers: Sequence[Offer],
    *,
    files: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    model: str = "tiny",
) -> list[Checked]:
    """Run the suite of each component in one pytest of its own.

    ``files`` are the plugin files that ``registry`` was loaded with; ``options`` are set on every component;
    ``model`` is what backends open and trainers train. Raises :class:`UsageError` without pytest.
    """
    if importlib.util.find_spec("pytest") is None:
        raise UsageError("siked plugins check runs the contract suites by pytest: pip install pytest")
    if not offers:
        return []
    text = _HEAD.format(
        files=json.dumps([str(Path(file).absolute()) for file in files]),
        options=json.dumps(dict(options or {})),
        model=model,
    )
    for n, offer in enumerate(offers):
        if offer.kind not in SUITES:
            raise UsageError(f"there is no suite for a {offer.kind}; its plugin has tests of its own")
        module, _, suite = SUITES[offer.kind].partition(":")
        text += _CASE.format(
            n=n,
            module=module,
            suite=suite,
            kind=offer.kind,
            address=f"{offer.owner}/{offer.name}",
            model="student" if offer.kind == "trainer" else "model",
            scores=callable(getattr(offer.load(), "score", None)),
        )
    with tempfile.TemporaryDirectory(prefix="siked-check-") as folder:
        cases = _cases(Path(folder), text)
    return [_checked(offer, cases.get(f"Test{n}", [])) for n, offer in enumerate(offers)]


def _cases(folder: Path, text: str) -> dict[str, list[ElementTree.Element]]:
    (folder / "test_components.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    options = ["-q", "-p", "no:cacheprovider", "--tb=line", "--junitxml=found.xml", "test_components.py"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env={**os.environ, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )
    found: dict[str, list[ElementTree.Element]] = {}
    if (folder / "found.xml").exists():
        for case in ElementTree.parse(folder / "found.xml").iter("testcase"):
            found.setdefault(case.get("classname", "").rpartition(".")[2], []).append(case)
    if not any(name.startswith("Test") for name in found):
        last = (done.stdout + done.stderr).strip().splitlines()[-3:]
        raise UsageError(f"the suites could not run: {' | '.join(last)}")
    return found


def _checked(offer: Offer, cases: Sequence[ElementTree.Element]) -> Checked:
    failed, skipped, passed = [], [], 0
    for case in cases:
        bad = [part for part in case if part.tag in ("failure", "error")]
        left = [part for part in case if part.tag == "skipped"]
        name = case.get("name", "").removeprefix("test_").replace("_", " ")
        if bad:
            text = bad[0].get("message", "") or (bad[0].text or "")
            failed.append(f"{name}: {_plain(text)}")
        elif left:
            skipped.append(f"{name}: {_plain(left[0].get('message', ''))}")
        else:
            passed += 1
    return Checked(offer, passed, tuple(dict.fromkeys(skipped)), tuple(dict.fromkeys(failed)))


def _plain(text: str) -> str:
    line = " ".join(text.split())
    for word in ("Failed: ", "AssertionError: ", "failed on setup with ", '"', "Skipped: "):
        line = line.removeprefix(word)
    return line
