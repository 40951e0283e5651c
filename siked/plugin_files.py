"""A plugin that is one file, without packaging: ``--plugin FILE.py``.

It is known by its content: its version is a hash of it, and its module is named after the hash, so that
what is kept under a name is never that of another content. Standard library only: workers load it too.
"""

from __future__ import annotations

import hashlib
import re
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from siked.errors import UsageError

FOLDER = "plugins"
"""Of a run: its plugin files, each below a folder named after the content."""


@dataclass(frozen=True, slots=True)
class PluginFile:
    """One file and what stood in it when it was read."""

    path: Path
    source: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The name of the file, which is its distribution's too."""
        return self.path.name

    @property
    def digest(self) -> str:
        """The first 12 digits of the SHA-256 of the content; the plugin's version."""
        return hashlib.sha256(self.source).hexdigest()[:12]

    @property
    def module(self) -> str:
        """The name under which it is imported."""
        stem = re.sub(r"\W", "_", self.path.stem)
        return f"siked_file_{stem}_{self.digest}"

    def load(self) -> types.ModuleType:
        """Return the module; raises what the file raises."""
        known = sys.modules.get(self.module)
        if known is not None:
            return known
        module = types.ModuleType(self.module)
        module.__file__ = str(self.path)
        sys.modules[self.module] = module
        try:
            exec(compile(self.source, str(self.path), "exec"), module.__dict__)
        except BaseException:
            del sys.modules[self.module]
            raise
        return module

    def target(self, text: str) -> str:
        """Return ``module:Class`` where ``text`` names the module as the file does: by its stem."""
        module, colon, attribute = text.partition(":")
        return f"{self.module}{colon}{attribute}" if module == self.path.stem else text

    def keep(self, run: Path) -> Path:
        """Write the content into a run's folder, if it is not there; return the copy."""
        copy = run / FOLDER / self.digest / self.name
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            beside = copy.with_name(f"{copy.name}.tmp")
            beside.write_bytes(self.source)
            beside.replace(copy)
        return copy


def read_file(path: str | Path) -> PluginFile:
    """Read a plugin file.

    Raises :class:`UsageError` where it cannot be read or is not named ``NAME.py``.
    """
    path = Path(path)
    if path.suffix != ".py" or not path.stem:
        raise UsageError(f"--plugin {path}: a plugin without packaging is a file NAME.py")
    try:
        return PluginFile(path.absolute(), path.read_bytes())
    except OSError as error:
        raise UsageError(f"--plugin {path}: {error.strerror}") from None


def read_files(paths: Sequence[str | Path]) -> list[PluginFile]:
    """Read plugin files; raises :class:`UsageError` also where two have one name."""
    files = [read_file(path) for path in paths]
    names = [file.name for file in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"--plugin: two files are named {twice[0]}")
    return files
