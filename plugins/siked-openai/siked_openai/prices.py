"""Prices, given as options or in a table of the user's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from siked.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost, in the user's currency."""

    prompt: float = 0.0
    completion: float = 0.0
    cached: float | None = None
    """Of prompt tokens that the server had in its cache; None is the full price."""
    factor: float = 1.0
    """What all of it is multiplied with, such as a discount for batches."""

    def cost(self, prompt: int, cached: int, written: int) -> float:
        """Return the cost of so many tokens; ``cached`` are among the prompt's."""
        reduced = self.prompt if self.cached is None else self.cached
        whole = (prompt - cached) * self.prompt + cached * reduced + written * self.completion
        return self.factor * whole / 1e6


def from_table(path: str, model: str) -> Price:
    """Return the price of a model from a YAML file; a name that ends in ``*`` stands for all that begin so,
    and the longest that fits counts.

    Raises :class:`ConfigError` where the file or the entry does not fit.
    """
    try:
        table = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"prices: {path}: {' '.join(str(error).split())[:200]}") from None
    if not isinstance(table, dict):
        raise ConfigError(f"prices: {path}: must map models to prices")
    fitting = [
        name
        for name in map(str, table)
        if name == model or (name.endswith("*") and model.startswith(name[:-1]))
    ]
    if not fitting:
        raise ConfigError(
            f"prices: {path}: has no price for {model!r}; it has: {', '.join(map(str, table)) or 'none'}"
        )
    name = model if model in fitting else max(fitting, key=len)
    return Price(**_checked(path, name, table[name]))


def _checked(path: str, name: str, entry: Any) -> dict[str, float]:
    known = ("prompt", "completion", "cached")
    if not isinstance(entry, dict) or not {"prompt", "completion"} <= set(entry) <= set(known):
        raise ConfigError(f"prices: {path}: {name}: needs prompt and completion, and may have cached")
    for key, value in entry.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
            raise ConfigError(f"prices: {path}: {name}.{key} must be a price of a million tokens")
    return {key: float(value) for key, value in entry.items()}
