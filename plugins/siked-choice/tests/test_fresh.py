"""The README's commands, typed in an empty environment outside the repository, up to the table."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1]
ROOT = PLUGIN.parents[1]


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.timeout(1800)
def test_from_an_empty_environment_to_the_table(tmp_path: Path) -> None:
    (tmp_path / "siked").symlink_to(ROOT)
    readme = (PLUGIN / "README.md").read_text(encoding="utf-8")
    (typed,) = re.findall(r"^```sh\n(python3 .*?)^```$", readme, re.MULTILINE | re.DOTALL)
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "HF_", "LANG"))}
    python = Path(getattr(sys, "_base_executable", sys.executable)).parent
    done = subprocess.run(
        ["bash", "-euc", typed],
        cwd=tmp_path,
        env={
            **kept,
            "HOME": str(tmp_path),
            "PATH": f"{python}{os.pathsep}/usr/local/bin:/usr/bin:/bin",
            "PIP_CONSTRAINT": str(ROOT / "constraints.txt"),
            "TOKENIZERS_PARALLELISM": "false",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    for family in ("where", "yes-no", "odd", "pairs"):
        assert re.search(rf"^ *{family} +50 ", done.stdout, re.MULTILINE), done.stdout
    for strategy in ("choice-cot", "eliminate", "analogy"):
        assert strategy in done.stdout
    assert (tmp_path / "choices" / "report.html").is_file()
