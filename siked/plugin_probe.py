"""Trying plugins in a process of their own, so that one which ends or holds its process is told of.

An exception is caught where a plugin is loaded; this is for what no ``except`` can catch: ``os._exit``, a
signal, a compiled module that crashes, an import that never returns. It costs the imports once more, so only
``siked plugins`` asks for it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import select
import signal
from collections.abc import Sequence
from typing import TYPE_CHECKING

from siked.plugins import Avoided, added_commands, load_plugins

if TYPE_CHECKING:
    from siked.plugin_files import PluginFile

PATIENCE = 30.0
"""Seconds that one import or hook may take before it is given up."""
_DONE = b"\0"


def deadly_plugins(files: Sequence[PluginFile] = (), *, patience: float = PATIENCE) -> Avoided:
    """Return the plugins that end this process, or hold it for more than ``patience`` seconds, and why.

    Each is found by loading all plugins in a forked process, again without it until that process survives.
    """
    avoided: dict[tuple[str, str], str] = {}
    while (found := _one_that_kills(files, avoided, patience)) is not None:
        plugin, reason = found
        if plugin in avoided:  # it was not asked, so something else ends the process
            break
        avoided[plugin] = reason
    return avoided


def _one_that_kills(
    files: Sequence[PluginFile], avoided: Avoided, patience: float
) -> tuple[tuple[str, str], str] | None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _load_all(files, avoided, writing)
    os.close(writing)
    with open(reading, "rb", buffering=0) as lines:
        told, held = _listen(lines.fileno(), patience)
    if held:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    last = told.rstrip(b"\n").rpartition(b"\n")[2]
    if last == _DONE or not last:
        return None
    owner, _, name = last.decode().partition("\t")
    return (owner, name), f"takes more than {patience:g} s to load" if held else _ended(status)


def _load_all(files: Sequence[PluginFile], avoided: Avoided, writing: int) -> None:
    """Load and register everything, in the forked process, and end it."""
    from siked.registry import Registry

    def before(owner: str, name: str) -> None:
        os.write(writing, f"{owner}\t{name}\n".encode())

    faulthandler.disable()
    with contextlib.suppress(BaseException):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        with contextlib.suppress(Exception):
            plugins = load_plugins(files=files, avoided=avoided, before=before)
            Registry(plugins)
            added_commands(plugins, ())
        os.write(writing, _DONE)
    os._exit(0)


def _listen(reading: int, patience: float) -> tuple[bytes, bool]:
    """Return what the forked process wrote until it ended, and whether it was silent for too long."""
    told = b""
    while True:
        ready, _, _ = select.select([reading], [], [], patience)
        if not ready:
            return told, True
        piece = os.read(reading, 65536)
        if not piece:
            return told, False
        told += piece


def _ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    how = f"exit status {code}" if code >= 0 else signal.Signals(-code).name
    return f"ends the process while it is loaded ({how})"
