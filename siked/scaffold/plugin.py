"""A distribution with one component or observer, its test and all that publishing needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template

from siked import __version__
from siked.errors import UsageError

KINDS = (
    *("strategy", "verifier", "schedule", "backend", "trainer", "dataset", "sandbox", "stopping"),
    "observer",
)
_FILES = ("pyproject.toml", "README.md", "tests/conftest.py")


@dataclass(frozen=True, slots=True)
class Names:
    """What the things of a plugin are called."""

    name: str
    """As the component is asked for: ``tree-of-thought``."""

    @property
    def distribution(self) -> str:
        """``siked-tree-of-thought``."""
        return f"siked-{self.name}"

    @property
    def package(self) -> str:
        """``siked_tree_of_thought``."""
        return self.distribution.replace("-", "_")

    @property
    def cls(self) -> str:
        """``TreeOfThought``."""
        return "".join(part.capitalize() for part in self.name.split("-"))


def names_of(text: str) -> Names:
    """Return the names that follow from one; raises :class:`UsageError` where it cannot be one."""
    name = text.removeprefix("siked-").replace("_", "-").lower()
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise UsageError(
            f"{text!r} is no name of a plugin: write letters, digits and dashes, such as tree-of-thought"
        )
    return Names(name)


def files_of(kind: str, names: Names) -> dict[str, str]:
    """Return the files of a distribution by their place."""
    low, _, rest = __version__.partition(".")
    minor = int(re.match(r"\d+", rest)[0]) if re.match(r"\d+", rest) else 0  # type: ignore[index]
    values = {
        "kind": kind,
        "name": names.name,
        "distribution": names.distribution,
        "package": names.package,
        "cls": names.cls,
        "needs": f"siked>={low}.{minor},<{low}.{minor + 1}",
    }

    def filled(template: str) -> str:
        text = (resources.files("siked.scaffold") / "templates" / f"{template}.tmpl").read_text(
            encoding="utf-8"
        )
        return Template(text).substitute(values)

    shared = {place: filled(place.rpartition("/")[2]) for place in _FILES}
    return {
        **shared,
        f"{names.package}/__init__.py": filled(f"{kind}.py"),
        f"{names.package}/py.typed": "",
        f"tests/test_{names.package.removeprefix('siked_')}.py": filled(f"test_{kind}.py"),
    }


def write_plugin(kind: str, name: str, folder: Path) -> Path:
    """Write a distribution below ``folder`` and return its own folder, which must not exist yet.

    Raises :class:`UsageError`.
    """
    names = names_of(name)
    root = folder / names.distribution
    try:
        root.mkdir(parents=True)
        for place, text in files_of(kind, names).items():
            path = root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except FileExistsError:
        raise UsageError(f"{root} exists already; siked writes over nothing") from None
    except OSError as error:
        raise UsageError(f"{root}: {error.strerror}") from None
    return root
