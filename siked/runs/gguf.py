"""GGUF by llama.cpp's own converter, where that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from siked.errors import RunError, UsageError

CONVERTER = "convert_hf_to_gguf.py"


def converter() -> Path:
    """Return llama.cpp's converter: on the PATH, or in the folder that ``LLAMA_CPP`` names.

    Raises :class:`UsageError` that says how to get it.
    """
    places = [Path(os.environ["LLAMA_CPP"]) / CONVERTER] if os.environ.get("LLAMA_CPP") else []
    found = shutil.which(CONVERTER)
    for place in [*places, *([Path(found)] if found else [])]:
        if place.is_file():
            return place
    raise UsageError(
        f"GGUF needs llama.cpp's {CONVERTER}: put it on the PATH, or name its folder: LLAMA_CPP=llama.cpp"
    )


def convert(script: Path, folder: Path) -> Path:
    """Convert the model in ``folder`` to ``model.gguf`` (float32) beside it and return that file.

    Raises :class:`RunError` with the converter's last line where it fails.
    """
    out = folder / "model.gguf"
    command = [sys.executable, str(script), str(folder), "--outfile", str(out), "--outtype", "f32"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not out.is_file():
        said = (done.stderr.strip().splitlines() or ["no file was written"])[-1]
        out.unlink(missing_ok=True)
        raise RunError(f"{script.name} failed: {said}; the folder {folder} is whole without the GGUF")
    return out
