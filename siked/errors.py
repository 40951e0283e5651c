"""Every error siked raises on purpose, as one tree.

    SikedError
    ├── UsageError            the user asked for something that cannot be; exit 2, nothing was spent
    │   ├── UnknownName       a component that is not installed
    │   ├── AmbiguousName     a component that two distributions offer
    │   ├── ConfigError       a config key or value that does not fit
    │   ├── DataError         a file or line that cannot be read; says file, line and reason
    │   └── MissingExtra      a package that an extra would bring
    ├── RunError              a run stopped on its way; it can be resumed; exit 1
    │   ├── WorkerError       a child process failed or died too often
    │   ├── BackendError      a backend cannot go on
    │   ├── ComponentError    a component raised, or returned what its contract does not allow
    │   └── PreflightError    the run would have spent money on something that cannot work
    ├── RunLocked             another process works on this run
    ├── SandboxError          the sandbox cannot promise its minimum here, or the machine fails it
    └── PluginError           a plugin that cannot be loaded

The command line prints any of these as one line. Anything else is a bug and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable


class SikedError(Exception):
    """Base of all errors that siked raises on purpose."""

    exit_code = 1


class UsageError(SikedError):
    """The request cannot be carried out as asked; nothing was spent."""

    exit_code = 2


class UnknownName(UsageError):
    """No installed plugin offers this name."""

    def __init__(self, kind: str, name: str, installed: Iterable[str]) -> None:
        names = ", ".join(sorted(installed)) or "none"
        super().__init__(
            f"no {kind} named {name!r}; installed: {names}. Run 'siked plugins' to see where each comes from."
        )


class AmbiguousName(UsageError):
    """Two or more distributions offer this name."""

    def __init__(self, kind: str, name: str, owners: Iterable[str]) -> None:
        offers = sorted(owners)
        super().__init__(
            f"{kind} {name!r} is offered by {', '.join(offers)}; "
            f"write {' or '.join(f'{owner}/{name}' for owner in offers)}."
        )


class ConfigError(UsageError):
    """A key or value in the configuration does not fit."""


class DataError(UsageError):
    """A data file or one of its lines cannot be read."""

    def __init__(self, path: object, line: int | None, reason: str) -> None:
        where = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"{where}: {reason}")
        self.path = str(path)
        self.line = line
        self.reason = reason


class MissingExtra(UsageError):
    """A package is missing that one of siked's extras brings."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs packages that are not installed: pip install 'siked[{extra}]'")


class RunError(SikedError):
    """A run stopped on its way; what it has is kept and it can be resumed."""


class WorkerError(RunError):
    """A child process failed, or died more often than it may be restarted."""


class BackendError(RunError):
    """A backend cannot go on."""


class ComponentError(RunError):
    """A component of a plugin raised, or returned what its contract does not allow."""


class PreflightError(RunError):
    """A check on real rows shows that the run could not work."""


class RunLocked(SikedError):
    """Another process holds this run."""


class SandboxError(SikedError):
    """The sandbox cannot promise its minimum on this machine, or the machine cannot run programs in it."""


class PluginError(SikedError):
    """A plugin cannot be loaded."""
