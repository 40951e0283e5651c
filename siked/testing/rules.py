"""How contract suites say what is wrong: one line, with the place where the rule stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, NoReturn

import pytest

from siked.contracts import Component
from siked.shapes import described, wrong


def must(holds: object, said: str, rule: str) -> None:
    """Fail with one line unless ``holds``; ``rule`` is what stands in :mod:`siked.contracts`."""
    __tracebackhide__ = True
    if not holds:
        broken(said, rule)


def broken(said: str, rule: str) -> NoReturn:
    """Fail with one line."""
    __tracebackhide__ = True
    pytest.fail(f"{said} (rule: siked.contracts.{rule})", pytrace=False)


def asked(component: Any, method: str, *arguments: Any, rule: str, on: str = "") -> Any:
    """Return what a method returns; one that raises fails the test, as one line and its traceback."""
    try:
        return getattr(component, method)(*arguments)
    except Exception as error:
        where = f" on {on}" if on else ""
        raise AssertionError(
            f"{method} raised {type(error).__name__}: {error}{where}; it never raises"
            f" (rule: siked.contracts.{rule})"
        ) from error


def must_be(value: Any, method: str, *classes: type, rule: str) -> None:
    """Fail unless ``value`` is a record of one of the classes, with the types of its fields."""
    __tracebackhide__ = True
    bad = wrong(value, *classes)
    must(not bad, f"{method} returned {bad}", rule)


def must_be_component(component: Any, kind: str, methods: Iterable[str]) -> None:
    """Fail unless the component has a name, what its contract names, and options that make one."""
    __tracebackhide__ = True
    for method in methods:
        must(callable(getattr(component, method, None)), f"there is no method {method!r}", f"{kind}.{method}")
    name = getattr(component, "name", None)
    must(
        isinstance(name, str) and name.strip() == name and name,
        f"name is {described(name)}; it is a word",
        f"{kind}.name",
    )
    cls: Any = type(component)
    options = getattr(cls, "Options", None)
    must(dataclasses.is_dataclass(options), "the class has no dataclass 'Options'", "Component.Options")
    parameters = getattr(options, "__dataclass_params__", None)
    must(parameters is not None and parameters.frozen, "Options is not frozen", "Component.Options")


def must_work_by_default(component: Component) -> None:
    """Fail unless the class makes a component from its options without any set."""
    __tracebackhide__ = True
    cls: Any = type(component)
    try:
        made = cls(cls.Options())
    except Exception as error:
        broken(f"without any option it raises {type(error).__name__}: {error}", "Component.Options")
    must(isinstance(made, cls), "the class makes something else", "Component.__init__")


def must_have_version(component: Any, kind: str, *, needed: bool) -> None:
    """Fail unless the version is a string that is not empty."""
    __tracebackhide__ = True
    version = getattr(component, "version", None)
    if version is None and not needed:
        return
    good = isinstance(version, str) and bool(version.strip())
    must(good, f"version is {described(version)}; it is a string", f"{kind}.version")
