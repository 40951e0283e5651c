"""What the settings in a run folder would make siked reach for, and whether the user has agreed to it.

A run folder may come from anybody, and its settings name interpreters, servers, plugins and files. What a
user has named on the command line or agreed to is kept, one hash a line, in a file of the user's own; what
a folder names beyond that is asked for before anything of it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from siked.config import RunConfig
from siked.errors import UsageError
from siked.plugin_files import PluginFile
from siked.plugins import OWN
from siked.registry import Registry
from siked.runs.components import used
from siked.text.terminal import one_line

STATE = "SIKED_STATE"
"""Environment variable with the folder of what siked remembers of a user; default: XDG_STATE_HOME/siked."""
FILE = "agreed"
_PLACES = re.compile(r"(^|_)(path|paths|dir|file|files|folder|hub)(_|$)")
"""Options of siked's own components that name files or repositories."""
_VERBS = {"launcher": "start the command", "report_to": "report trainings to"}
"""Options of siked's own components that start a program or tell others, and what they do."""
_OWN_MODELS = ("", "tiny", "smollm2")
_BUDGETS = ("max_cost", "max_tokens")


def reaches(config: RunConfig, registry: Registry) -> list[str]:
    """Return, in words, what a configuration makes siked start, ask, load or read beyond siked itself."""
    found: list[str] = []
    for role, kind, section in used(config, registry):
        offer = registry.find(kind, section.name)
        options = {k: v for k, v in section.options.items() if k not in _BUDGETS}
        python = getattr(section, "python", None)
        if python is not None:
            found.append(f"start the interpreter {python!r} ({role})")
        if offer.owner != OWN:
            with_what = f" with {_words(options)}" if options else ""
            found.append(f"use the {kind} {offer.name!r} of {offer.owner}{with_what} ({role})")
        else:
            found += [
                f"{_VERBS.get(key, 'read')} {value!r} ({role}, {key})"
                for key, value in sorted(options.items())
                if value and (key in _VERBS or _PLACES.search(key))
            ]
        model = getattr(section, "model", "")
        if model not in _OWN_MODELS:
            found.append(f"use the model {model!r} ({role})")
    for name in (config.student.model, config.student.weights or ""):
        if name not in _OWN_MODELS:
            found.append(f"load the model {name!r}")
    return list(dict.fromkeys(found))


def agree(config: RunConfig, registry: Registry) -> None:
    """Remember that the user has asked for all that a configuration reaches for."""
    _remember(reaches(config, registry))


def check(folder: Path, config: RunConfig, registry: Registry, trust: bool) -> None:
    """Raise :class:`UsageError` where settings of a run folder reach for what the user has not agreed to.

    With ``trust`` the user agrees to all of it.
    """
    wanted = reaches(config, registry)
    if trust:
        _remember(wanted)
        return
    known = _known() if wanted else set()
    strange = [one for one in wanted if _digest(one) not in known]
    if strange:
        shown = "; ".join(one_line(one, 200) for one in strange[:8])
        more = f"; and {len(strange) - 8} things more" if len(strange) > 8 else ""
        raise UsageError(
            f"{folder}: its settings were not made here, and would {shown}{more}."
            " If you trust who made it, type the same with --trust"
        )


def agree_files(files: Iterable[PluginFile]) -> None:
    """Remember plugin files, by content, that the user has named."""
    _remember([_content(file) for file in files])


def check_files(folder: Path, files: Sequence[PluginFile], trust: bool) -> None:
    """Raise :class:`UsageError` where a run brings a plugin file that the user has never named.

    With ``trust`` the user agrees to all of them.
    """
    wanted = [_content(file) for file in files]
    if trust:
        _remember(wanted)
        return
    known = _known() if wanted else set()
    strange = [file.name for file, one in zip(files, wanted, strict=True) if _digest(one) not in known]
    if strange:
        raise UsageError(
            f"{folder}: it brings code of its own, which was not made here: {', '.join(strange)}."
            " If you trust who made it, type the same with --trust"
        )


def _content(file: PluginFile) -> str:
    return f"run the plugin file of content {hashlib.sha256(file.source).hexdigest()}"


def _words(options: dict[str, Any]) -> str:
    return ", ".join(f"{key}={json.dumps(value, default=str)}" for key, value in sorted(options.items()))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _file() -> Path:
    own = os.environ.get(STATE)
    if own:
        return Path(own).expanduser() / FILE
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "siked" / FILE


def _known() -> set[str]:
    try:
        return set(_file().read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return set()


def _remember(wanted: Sequence[str]) -> None:
    known = _known() if wanted else set()
    _append(digest for one in wanted if (digest := _digest(one)) not in known)


def _append(digests: Iterable[str]) -> None:
    lines = "".join(f"{digest}\n" for digest in digests)
    if not lines:
        return
    try:
        _file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _file().open("a", encoding="ascii") as file:
            file.write(lines)
    except OSError:
        return  # a home that cannot be written: the user is asked again, nothing else
