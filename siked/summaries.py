"""What stands in summary.json, as types: numbers of a run for people and programs."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class ScoreValues(TypedDict):
    """Accuracy on a set, 0 to 1, with its 95 % Wilson interval."""

    value: float
    n: int
    ci95: list[float]
    unverified: int


class SetScore(ScoreValues):
    """A score of a free choice; apart from it stories that occur in training, numbers aside."""

    seen_body: NotRequired[ScoreValues]
    unseen_body: NotRequired[ScoreValues]


class TrainingNumbers(TypedDict):
    """One training."""

    steps: int
    tokens: int
    loss: float
    dropped: int


class IterationSummary(TypedDict):
    """An iteration of a run or of a control. Shares are 0 to 1, ``kl`` and ``tag_entropy`` nats."""

    iteration: int
    alpha: float
    alpha_tokens: float
    rows: int
    loss_tokens: int
    sources: dict[str, dict[str, int]]
    kl: float | None
    shares: dict[str, float]
    tag_entropy: float
    aims: list[dict[str, Any]]
    dropped: dict[str, int]
    choice: dict[str, float]
    """Of the free greedy choice on dev; ``none`` is a text without a tag."""
    accuracy: dict[str, SetScore]
    """``dev`` and each test set."""
    forced: dict[str, float]
    any_strategy: float | None
    choice_quality: dict[str, Any] | None
    """As :func:`siked.engine.calibration.quality` returns it."""
    training: TrainingNumbers
    seconds: dict[str, float]


class ControlSummary(IterationSummary):
    """The last iteration of a control."""

    name: str


class Summary(TypedDict):
    """A finished run."""

    format: int
    run: str
    version: str
    seed: int
    strategies: list[str]
    student: str
    teacher: Any
    """``backend:model``, or one for each strategy."""
    dataset: str
    iterations: list[IterationSummary]
    controls: list[ControlSummary]
    overlap: list[dict[str, Any]]
    labels: list[dict[str, Any]]
    votes: dict[str, list[dict[str, Any]]]
    best_strategy: NotRequired[list[dict[str, Any]]]
    comparisons: NotRequired[list[dict[str, Any]]]
    best_iteration: int
    stopped_because: str
