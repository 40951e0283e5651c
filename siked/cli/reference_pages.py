"""Reference pages of the configuration, of components, contracts, records and errors."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import siked
from siked import contracts, errors, records
from siked.cli.reference_text import (
    HOMES,
    cell,
    fields_list,
    keys_list,
    kind_and_limits,
    markdown,
    members,
    one_line,
    shown,
    table,
)
from siked.config import ComponentConfig, RunConfig
from siked.registry import KINDS, OWN, Offer, load_registry
from siked.runs import evaluation, rows
from siked.settings import presets

OWNERS = ("siked", "siked-choice", "siked-openai", "siked-ray", "siked-trackio", "siked-vllm")
"""The distributions whose components have a place on the page."""

_CONFIGURATION = """\
Every key of a run, for `--config FILE.yaml`, `--set KEY=VALUE` and `siked.run(...)`. An unknown key is an
error that names those there are. Values come from, each over the one before: the defaults on this page, a
preset ({presets}), `--config`, options of the command line, `--set`. `siked check --config FILE.yaml`
prints the whole configuration that results. A component's own options stand beside its `name`, as in
`schedule: {{name: kl, target: 0.1}}`; they are listed in [components](components.md)."""
_COMPONENTS = """\
What comes with siked and its plugins, kind by kind. An option stands beside the component's `name` in the
configuration, as in `schedule: {name: kl, target: 0.1}`, or on the command line, as in
`--set schedule.target=0.1`. `siked plugins` lists what is installed."""
_PYTHON = """\
What `import siked` offers. `siked.hookimpl` marks the functions of a plugin; see [hooks](hooks.md)."""
_ROWS = """\
What the methods above yield as [Rows](#sikedrows): dicts with these keys, and frames with these columns."""
_ERRORS = """\
All errors that siked raises on purpose are below `siked.errors.SikedError`. The command line prints one as
one line and ends with its exit code; anything else is a bug and keeps its traceback."""
_HEAD = ("key", "meaning", "type and limits", "default")
_PLURALS = {
    "strategy": "strategies",
    "dataset": "data sets",
    "sandbox": "sandboxes",
    "stopping": "stopping rules",
}
_NAMES = {"dataset": "data set", "stopping": "stopping rule"}


def configuration_page() -> str:
    """Return the page of all configuration keys."""
    lines = [
        "# Configuration",
        "",
        _CONFIGURATION.format(presets=", ".join(f"`{name}`" for name in presets())),
        "",
    ]
    sections: list[tuple[str, type[BaseModel]]] = []
    rows = []
    for name, field in RunConfig.model_fields.items():
        model = _section(field.annotation)
        if model is not None and model is not ComponentConfig:
            sections.append((name, model))
        rows.append(_row(name, name, field, model))
    lines += ["## Top level", "", *table(_HEAD, rows), ""]
    for name, model in sections:
        lines += [f"## {name}", "", markdown(model.__doc__ or ""), ""]
        default = RunConfig.model_fields[name].default
        rows = [_row(f"{name}.{key}", key, field, None, default) for key, field in model.model_fields.items()]
        lines += [*table(_HEAD, rows), ""]
    return "\n".join(lines).rstrip() + "\n"


def _section(annotation: Any) -> type[BaseModel] | None:
    for part in (annotation, *typing.get_args(annotation)):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None


def _row(
    shown_key: str, key: str, field: Any, model: type[BaseModel] | None, section: Any = None
) -> list[str]:
    kind, limits = kind_and_limits(field.annotation, field.metadata)
    default = getattr(section, key, field.default) if section is not None else field.default
    meaning = field.description
    if model is ComponentConfig:
        kind = kind.replace("list of section", "list of components").replace("section", "component")
    elif model is not None:
        meaning += f" [Its keys](#{key})."
    return [f"`{shown_key}`", cell(meaning), _bounded(kind, limits), _default(default)]


def _bounded(kind: str, limits: str) -> str:
    """Return a type with its limits behind it."""
    between = ": " if limits.startswith("`") else ", " if limits[:1].isalpha() else " "
    return f"{kind}{between}{limits}".strip()


def _default(default: Any) -> str:
    if default is PydanticUndefined:
        return "needed"
    if isinstance(default, list):
        return shown([getattr(item, "name", item) for item in default]) if default else "none"
    if isinstance(default, BaseModel):
        name = getattr(default, "name", None) or getattr(default, "model", None)
        return shown(name) if name else "see below"
    return shown(default)


def components_page() -> str:
    """Return the page of all components and their options."""
    lines = [
        "# Components and their options",
        "",
        _COMPONENTS,
        "",
    ]
    offers = [offer for offer in load_registry().offers if offer.owner in OWNERS]
    for kind in KINDS:
        found = [offer for offer in offers if offer.kind == kind]
        lines += [f"## {_PLURALS.get(kind, kind + 's').capitalize()}", ""]
        common = _common([offer for offer in found if offer.owner == OWN])
        if common:
            lines += [
                f"### Every {_NAMES.get(kind, kind)} of siked",
                "",
                *_options(found[0], common),
                "",
            ]
        for offer in found:
            lines += _component(offer, common if offer.owner == OWN else set())
    return "\n".join(lines).rstrip() + "\n"


def _common(offers: list[Offer]) -> set[str]:
    """Return the options that all of these have alike."""
    if len(offers) < 2:
        return set()
    told = [{f.name: (f.type, f.default, f.metadata.get("help")) for f in _fields(o)} for o in offers]
    return {name for name, what in told[0].items() if all(other.get(name) == what for other in told)}


def _fields(offer: Offer) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(offer.load().Options)


def _component(offer: Offer, common: set[str]) -> Iterator[str]:
    owner = "" if offer.owner == "siked" else f" (of `{offer.owner}`)"
    yield from (f"### {offer.kind} {offer.name}", "", one_line(offer.load().__doc__ or "") + owner, "")
    own = {field.name for field in _fields(offer)} - common
    if own:
        yield from (*_options(offer, own), "")


def _options(offer: Offer, names: set[str]) -> list[str]:
    hints = typing.get_type_hints(offer.load().Options, include_extras=True)
    rows = []
    for field in _fields(offer):
        if field.name in names:
            kind, limits = kind_and_limits(hints[field.name])
            default = field.default_factory() if callable(field.default_factory) else field.default
            said = "needed" if default is dataclasses.MISSING else shown(default)
            rows.append([f"`{field.name}`", cell(field.metadata["help"]), _bounded(kind, limits), said])
    return table(("option", *_HEAD[1:]), rows)


def contracts_page() -> str:
    """Return the page of all contracts, with the signatures of their methods."""
    lines = ["# Contracts", "", markdown(contracts.__doc__ or ""), ""]
    for name, contract in vars(contracts).items():
        if not (inspect.isclass(contract) and contract.__module__ == contracts.__name__):
            continue
        lines += [f"## {name}", "", markdown(contract.__doc__ or ""), "", "```python"]
        lines += [inspect.getsource(contract).rstrip(), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def python_page() -> str:
    """Return the page of what ``import siked`` offers: functions and classes here, the rest as links."""
    lines = ["# Python", "", _PYTHON, ""]
    linked = []
    for name in siked.__all__:
        thing = getattr(siked, name)
        home = getattr(thing, "__module__", "")
        if home in HOMES:
            anchor = "" if HOMES[home] == "errors.md" else f"#{name.lower()}"
            linked.append(f"[`{name}`]({HOMES[home]}{anchor})")
        elif inspect.isfunction(thing):
            lines += [f"## siked.{name}", "", *_signature(name, thing), markdown(thing.__doc__ or ""), ""]
        elif inspect.isclass(thing):
            lines += [f"## siked.{name}", "", markdown(thing.__doc__ or ""), ""]
            if dataclasses.is_dataclass(thing):
                lines += [*fields_list(thing), ""]
            for method, member in _members_of(thing).items():
                lines += _member(method, member)
    lines += ["## Rows", "", _ROWS, ""]
    for row in (rows.Rationale, rows.Result, rows.TrainingStep, evaluation.Solved):
        lines += [f"### {row.__name__}", "", markdown(row.__doc__ or ""), "", *keys_list(row), ""]
    lines += ["## Contracts, records and errors", "", ", ".join(linked) + ".", ""]
    return "\n".join(lines).rstrip() + "\n"


def _members_of(thing: type) -> dict[str, Any]:
    """Return the public members of a class, inherited ones of siked's included."""
    found: dict[str, Any] = {}
    for base in reversed(thing.__mro__):
        if base.__module__.startswith("siked."):
            found |= {name: member for name, member in vars(base).items() if not name.startswith("_")}
    return found


def _signature(name: str, function: Any) -> list[str]:
    parameters = inspect.signature(function)
    shown = _unquoted(str(parameters))
    if len(shown) > 80:
        inner = "".join(f"    {part},\n" for part in _parameters(parameters))
        shown = f"(\n{inner}) -> {parameters.return_annotation}"
    return ["```python", f"def {name}{shown}: ...", "```", ""]


def _parameters(signature: inspect.Signature) -> Iterator[str]:
    starred = False
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        # A default that is a function would show where it lies in memory.
        yield re.sub(r"<function (\w+) at \w+>", r"\1", _unquoted(str(parameter)))


def _unquoted(text: str) -> str:
    """Return a signature without the quotes of its types; an empty text stays one."""
    return text.replace("''", '""').replace("'", "")


def _member(name: str, member: Any) -> list[str]:
    if isinstance(member, property):
        kind = str(inspect.signature(member.fget).return_annotation) if member.fget else ""
        return [f"### {name}: {kind}", "", markdown(member.__doc__ or ""), ""]
    if inspect.isfunction(member):
        return [f"### {name}()", "", *_signature(name, member), markdown(member.__doc__ or ""), ""]
    return []


def records_page() -> str:
    """Return the page of all records and enumerations."""
    lines = ["# Records", "", markdown(records.__doc__ or ""), ""]
    for name, record in vars(records).items():
        if not inspect.isclass(record) or record.__module__ != records.__name__:
            continue
        if issubclass(record, enum.Enum):
            lines += [f"## {name}", "", markdown(record.__doc__ or ""), "", *members(record), ""]
        elif dataclasses.is_dataclass(record):
            lines += [f"## {name}", "", markdown(record.__doc__ or ""), "", *fields_list(record), ""]
    return "\n".join(lines).rstrip() + "\n"


def errors_page() -> str:
    """Return the page of all errors: where each stands, what it means, and the exit code."""
    lines = [
        "# Errors",
        "",
        _ERRORS,
        "",
    ]
    rows = [
        [f"{'— ' * (len(error.__mro__) - 4)}`{name}`", str(error.exit_code), one_line(error.__doc__ or "")]
        for name, error in _tree(errors.SikedError)
    ]
    return "\n".join([*lines, *table(("error", "exit code", "meaning"), rows)]) + "\n"


def _tree(error: type[errors.SikedError]) -> Iterator[tuple[str, type[errors.SikedError]]]:
    yield error.__name__, error
    for below in error.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _tree(below)
