"""The notebook runs from its first cell to its last, and is shown on the site."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "a-run-in-python.ipynb"

nbformat = pytest.importorskip("nbformat")
pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the documents are not here")


def test_it_is_a_notebook_without_outputs_whose_cells_are_python() -> None:
    notebook = nbformat.read(PAGE, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(cells) >= 8
    for cell in cells:
        assert cell.outputs == []
        assert cell.execution_count is None
        compile(cell.source, cell.id, "exec")


@pytest.mark.slow
@pytest.mark.train
def test_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("pandas")
    # The kernel of this interpreter, whatever else the user of this machine has installed.
    kernels = tmp_path / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernels.joinpath("kernel.json").write_text(
        f'{{"argv": {words!r}, "display_name": "here", "language": "python"}}'.replace("'", '"')
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    shutil.copy(PAGE, tmp_path)
    notebook = nbformat.read(PAGE, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    printed = {
        cell.id: "".join(
            output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }
    assert printed["cell-1"].startswith("<Run notebook-run: 2 iterations, best ")
    assert "forced:pot" in printed["cell-5"]
    assert "teacher" in printed["cell-7"]
    assert printed["cell-12"].count("<Solution by ") == 2
    assert "<Evaluation 6 problems: " in printed["cell-15"]
    assert "<Run notebook-run: 3 iterations, best " in printed["cell-17"]
