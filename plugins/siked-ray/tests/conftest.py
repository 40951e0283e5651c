"""The fakes of siked's own tests, for runs of two seconds."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_HERE = Path(__file__).resolve()
_FILE = _HERE.parents[3] / "tests" / "conftest.py"
_spec = importlib.util.spec_from_file_location("siked_tests_conftest", _FILE)
assert _spec is not None
assert _spec.loader is not None
_shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_shared)
site = _shared.site
install_fixture = _shared.install_fixture
fakes = _shared.fakes
settings = _shared.settings
