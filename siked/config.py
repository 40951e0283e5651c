"""The configuration of a run: small nested models; an unknown key is an error.

Values come from, each over the one before: the defaults here, a preset, ``--config``, flags,
``--set``. A component's own options stand beside its ``name`` and are checked against its
``Options``. Only this module and what describes it (``config_schema``, ``scaffold.settings``) know
pydantic.
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from siked.border import Log, guard
from siked.errors import ConfigError, PluginError, SikedError
from siked.plugins import described
from siked.records import Model, TrainProblem
from siked.registry import Offer, Registry, check_tags
from siked.settings import assignment, merged, presets, read_preset, read_yaml

ControlName = Literal[
    "equal-steps", "off-policy", "off-policy-steps", "adaptive", "permuted", "votes", "best-strategy"
]
"""Described in ``siked.engine.baselines``."""
PROBE = TrainProblem(id="probe", question="What is 1 + 1?", gold=None, dataset="probe")
"""What a strategy is asked before a run, to see whether it can be."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ComponentConfig(BaseModel):
    """A component by name; every other key is one of its own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(description="Name of the component, or owner/name.")

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the component."""
        return dict(self.model_extra or {})


class WorkerConfig(ComponentConfig):
    """A component that lives in a process of its own."""

    python: str | None = Field(None, description="Interpreter of the worker; default: this one.")


class BackendConfig(WorkerConfig):
    """A backend, and how many of it there are."""

    replicas: int = Field(
        1, ge=1, description="Workers that share the requests; on CUDA each has its share of the devices."
    )


class TeacherConfig(BackendConfig):
    """The teacher: a backend, its model, and how it is sampled."""

    name: str = Field("tiny-teacher", description="Backend of the teacher.")
    model: str = Field("", description="Model, as the backend names it.")
    samples: int = Field(1, ge=1, description="Rationales asked for each (problem, strategy).")
    temperature: float = Field(0.7, ge=0, description="Of its samples; 0 is greedy.")
    top_p: float = Field(0.95, gt=0, le=1, description="Nucleus of its samples, a share of the probability.")
    max_new_tokens: int = Field(512, ge=1, description="Tokens of a rationale at most.")
    seed: int = Field(0, ge=0, description="Seed of the teacher's samples; runs share texts through it.")


class StudentConfig(_Section):
    """The student's base model."""

    model: str = Field("tiny", description="A bundled name (tiny, smollm2), a local folder or a Hub id.")
    revision: str | None = Field(None, description="Hub revision.")
    weights: str | None = Field(None, description="Adapter or checkpoint to start from.")
    prompt_format: Literal["auto", "chat", "plain", "alpaca"] = Field(
        "auto",
        description="chat is the tokenizer's own template, alpaca the shape of the paper's prompt; auto is "
        "chat where there is a template, else plain.",
    )

    def as_model(self) -> Model:
        """Return the record that backends and trainers open."""
        return Model(
            name=self.model, revision=self.revision, weights=self.weights, prompt_format=self.prompt_format
        )


class DatasetConfig(ComponentConfig):
    """The training problems."""

    name: str = Field("wordproblems", description="Data set to train on.")
    limit: int | None = Field(None, ge=1, description="Training problems at most, beside dev.")
    dev: int = Field(200, ge=1, description="Dev problems at most, where the data set has no dev split.")


class SampleConfig(_Section):
    """How the student is sampled with forced tags (paper, step 3a)."""

    k: int = Field(10, ge=1, description="Samples a (problem, strategy).")
    temperature: float = Field(0.7, gt=0, description="Of the samples; they are never greedy.")
    top_p: float = Field(0.95, gt=0, le=1, description="Nucleus of the samples, a share of the probability.")
    max_new_tokens: int = Field(512, ge=1, description="Tokens of a sample at most.")


class EvaluateConfig(_Section):
    """Greedy evaluation; dev always, test sets as asked."""

    tests: list[str] | None = Field(None, description="Test sets; default: those of the data set.")
    when: Literal["every", "ends"] = Field(
        "every", description="Test sets after every iteration, or after the first and the last."
    )
    limit: int | None = Field(None, ge=1, description="Problems of each test set at most.")
    forced: bool = Field(True, description="Force each strategy on dev too, for 'any strategy'.")
    max_new_tokens: int = Field(512, ge=1, description="Tokens of an answer at most.")


class TrainerConfig(WorkerConfig):
    """The trainer and how long it trains."""

    name: str = Field("trl", description="Trainer of the student.")
    epochs: float = Field(3.0, gt=0, description="Epochs at iteration 0.")
    epochs_after: float | None = Field(None, gt=0, description="Epochs at later iterations; default: epochs.")
    start: Literal["previous", "base"] = Field(
        "previous",
        description="Train on from the previous student, or from the base (the off-policy control).",
    )


class RunConfig(_Section):
    """Everything that decides a run."""

    strategies: list[ComponentConfig] = Field(
        [ComponentConfig(name=name) for name in ("cot", "l2m", "pot")],
        min_length=1,
        description="Names, or {name: NAME, OPTION: VALUE}.",
    )
    student: StudentConfig = Field(StudentConfig(), description="The model that is trained.")
    teacher: TeacherConfig | dict[str, TeacherConfig] = Field(
        TeacherConfig(),
        description="Who shows the strategies; one for all, or {STRATEGY: teacher, default: teacher}.",
    )
    dataset: DatasetConfig = Field(DatasetConfig(), description="The training problems.")
    schedule: ComponentConfig = Field(
        ComponentConfig(name="adaptive"), description="How the mixture of an iteration is built."
    )
    verifier: ComponentConfig = Field(
        ComponentConfig(name="numeric"), description="Who says which answers are right."
    )
    decontaminate: bool = Field(
        False, description="Leave training problems out that overlap with dev or a test set."
    )
    labels: ComponentConfig | None = Field(
        None,
        description="Verifier that says which rationales are trained on, such as agreement where there are "
        "no golds; default: the verifier. Scores are the verifier's.",
    )
    sandbox: ComponentConfig = Field(
        ComponentConfig(name="auto"), description="Where programs of teacher and student run."
    )
    stopping: ComponentConfig = Field(
        ComponentConfig(name="fixed"), description="When a run ends before its iterations are done."
    )
    backend: BackendConfig = Field(
        BackendConfig(name="transformers"), description="What generates the student's texts."
    )
    trainer: TrainerConfig = Field(TrainerConfig(), description="What trains the student, and how long.")
    sample: SampleConfig = Field(SampleConfig(), description="How the student is sampled for training.")
    evaluate: EvaluateConfig = Field(EvaluateConfig(), description="How students are scored.")
    cluster: ComponentConfig | None = Field(
        None, description="Where workers run and texts are judged, if not on this machine alone, such as ray."
    )
    controls: list[ControlName] = Field(
        [], description="What is trained or scored beside the run, to compare it with."
    )
    drop_flagged: bool = Field(False, description="Leave rationales with flags out of mixtures.")
    iterations: int = Field(3, ge=0, description="T; iteration 0 is the paper's Combined.")
    seed: int = Field(0, ge=0, description="Seed of everything but the teacher.")

    @field_validator("strategies", mode="before")
    @classmethod
    def _names_or_sections(cls, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return [{"name": item} if isinstance(item, str) else item for item in value]

    @field_serializer("strategies")
    def _plain_names(self, value: list[ComponentConfig]) -> list[str | dict[str, Any]]:
        return [section.model_dump(mode="json") if section.options else section.name for section in value]

    @model_validator(mode="before")
    @classmethod
    def _one_teacher_or_many(cls, data: Any) -> Any:
        # A union would report every key of both shapes; decide by shape and let one of them speak.
        if isinstance(data, dict) and isinstance(data.get("teacher"), dict):
            teacher = data["teacher"]
            many = bool(teacher) and all(isinstance(value, Mapping) for value in teacher.values())
            model: Any = TypeAdapter(dict[str, TeacherConfig] if many else TeacherConfig)
            try:
                data = {**data, "teacher": model.validate_python(teacher)}
            except ValidationError as error:
                raise ConfigError(_first(error, "teacher")) from None
        return data

    @property
    def strategy_names(self) -> list[str]:
        """The names of the strategies as asked, in order."""
        return [section.name for section in self.strategies]

    def teacher_of(self, strategy: str) -> TeacherConfig:
        """Return the teacher of a strategy."""
        if isinstance(self.teacher, TeacherConfig):
            return self.teacher
        found = self.teacher.get(strategy) or self.teacher.get("default")
        if found is None:
            raise ConfigError(
                f"teacher: nobody teaches {strategy!r}; add teacher.{strategy} or teacher.default"
            )
        return found

    def test_sets(self, default: Iterable[str]) -> list[str]:
        """Return the names of the test sets, in order."""
        return list(self.evaluate.tests if self.evaluate.tests is not None else default)

    def dump(self) -> dict[str, Any]:
        """Return the whole configuration as plain values."""
        return self.model_dump(mode="json")


def placement(config: RunConfig) -> dict[str, Any]:
    """Return the settings that say where and how often workers run: they decide nothing of a run's rows."""
    values = config.dump()
    found: dict[str, Any] = {"backend": {"replicas": config.backend.replicas}, "cluster": values["cluster"]}
    if isinstance(config.teacher, TeacherConfig):
        found["teacher"] = {"replicas": config.teacher.replicas}
    else:
        found["teacher"] = {name: {"replicas": one.replicas} for name, one in config.teacher.items()}
    return found


def without_placement(config: RunConfig) -> dict[str, Any]:
    """Return the configuration as plain values, without those of :func:`placement`."""
    values = config.dump()
    del values["cluster"], values["backend"]["replicas"]
    many = not isinstance(config.teacher, TeacherConfig)
    for section in values["teacher"].values() if many else [values["teacher"]]:
        del section["replicas"]
    return values


def load_config(
    *,
    preset: str | None = None,
    file: str | Path | None = None,
    flags: Mapping[str, Any] | None = None,
    sets: Iterable[str] = (),
    under: Mapping[str, Any] | None = None,
) -> RunConfig:
    """Put a configuration together and check its shape.

    Where no preset is named, one that is named like the student applies; without a student that is
    ``tiny``: the bundled student, problems and teacher. What a preset says of its own data set does not
    apply to another. ``under`` are values that lie below all of these.

    Raises :class:`ConfigError` that names the key, what was given and what would fit.
    """
    asked = _asked(file, flags, sets)
    name, _ = _preset_for(preset, asked)
    asked.pop("preset", None)
    base = [_fitting(read_preset(part), asked) for part in (name.split(",") if name else [])]
    return parse(merged([under or {}, *base, asked]))


def applied_preset(
    *,
    preset: str | None = None,
    file: str | Path | None = None,
    flags: Mapping[str, Any] | None = None,
    sets: Iterable[str] = (),
) -> tuple[str, str]:
    """Return the preset that :func:`load_config` applies to these arguments, and why; both may be empty."""
    return _preset_for(preset, _asked(file, flags, sets))


def _asked(file: str | Path | None, flags: Mapping[str, Any] | None, sets: Iterable[str]) -> dict[str, Any]:
    layers: list[dict[str, Any]] = []
    if file is not None:
        layers.append(read_yaml(Path(file)))
    layers.append(dict(flags or {}))
    layers.append(merged([assignment(text) for text in sets]))
    return merged(layers)


def _preset_for(preset: str | None, asked: Mapping[str, Any]) -> tuple[str, str]:
    named = preset if preset is not None else asked.get("preset")
    if named is not None:
        return str(named), "named" if named else ""
    student = (asked.get("student") or {}).get("model")
    if student is None:
        return "tiny", "no student is named"
    return (student, f"the student is {student}") if student in presets() else ("", "")


def _fitting(preset: dict[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a preset says of another data set than the one that is asked for: a limit made for
    one would cut the other."""
    name = (asked.get("dataset") or {}).get("name")
    own = (preset.get("dataset") or {}).get("name")
    return preset if name in (None, own) else {k: v for k, v in preset.items() if k != "dataset"}


def parse(values: Mapping[str, Any]) -> RunConfig:
    """Check plain values against :class:`RunConfig`."""
    try:
        return RunConfig.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(_first(error)) from None


def check_components(config: RunConfig, registry: Registry) -> None:
    """Check that every component is installed and that its options fit, importing no torch.

    Each strategy is asked for a prompt and to read an empty text. Raises :class:`ConfigError`,
    :class:`siked.errors.UnknownName` or :class:`siked.errors.ComponentError`.
    """
    names = config.strategy_names
    if len(set(names)) < len(names):
        raise ConfigError(f"strategies: {', '.join(names)} names one twice")
    tags: list[tuple[Offer, Any]] = []
    for strategy in config.strategies:
        made = guarded(registry, "strategy", strategy)
        tags.append((registry.find("strategy", strategy.name), getattr(made, "tag", None)))
        made.teacher_messages(PROBE)
        made.read("")
        teacher = config.teacher_of(strategy.name)
        options(registry.find("backend", teacher.name), teacher.options)
    check_tags(tags)
    for kind in ("schedule", "verifier", "sandbox", "stopping", "backend", "trainer", "dataset"):
        section: ComponentConfig = getattr(config, kind)
        options(registry.find(kind, section.name), section.options)
    if config.cluster is not None:
        options(registry.find("cluster", config.cluster.name), config.cluster.options)
    teachers = [config.teacher_of(name) for name in names]
    for backend in [config.backend, *teachers]:
        if backend.replicas > 1 and hasattr(registry.find("backend", backend.name).load(), "account"):
            raise ConfigError(f"{backend.name} keeps one budget for all its requests, so it has one replica")
    if config.labels is not None:
        options(registry.find("verifier", config.labels.name), config.labels.options)
    dataset = registry.find("dataset", config.dataset.name).load()
    for name in config.test_sets(dataset.tests):
        registry.find("dataset", name)


def options(offer: Offer, values: Mapping[str, Any]) -> dict[str, Any]:
    """Check a component's options against its ``Options`` and return them with all defaults.

    Raises :class:`ConfigError` naming the key, what was given and what there is.
    """
    cls = offer.load().Options
    known = {f.name: f for f in dataclasses.fields(cls)}
    for key in values:
        if key not in known:
            raise ConfigError(
                f"{offer.kind} {offer.name!r} has no option {key!r}; "
                f"it has: {', '.join(sorted(known)) or 'none'}"
            )
    hints = _hints(offer, cls)
    checked: dict[str, Any] = {}
    for key, value in values.items():
        try:
            checked[key] = TypeAdapter(hints[key]).validate_python(value)
        except ValidationError as error:
            raise ConfigError(_first(error, f"{offer.kind}.{key}")) from None
    try:
        return {**dataclasses.asdict(cls(**checked))}
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{offer.kind} {offer.name!r}: {error}") from None
    except (SikedError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise PluginError(f"{offer} cannot be used: {described(error)}") from error


def _hints(offer: Offer, cls: type[Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except Exception as error:
        raise PluginError(f"{offer} cannot be used: the types of its Options: {described(error)}") from error


def aside(offer: Offer) -> frozenset[str]:
    """Return the options of a component that decide no text (``metadata={"decides": False}``)."""
    fields = dataclasses.fields(offer.load().Options)
    return frozenset(f.name for f in fields if f.metadata.get("decides") is False)


def with_budget(config: RunConfig, budget: Mapping[str, Any]) -> RunConfig:
    """Return ``config`` with other budgets of the teacher; of several, those that have one."""
    teacher = config.dump()["teacher"]
    if isinstance(config.teacher, TeacherConfig):
        teacher = {**teacher, **budget}
    else:
        teacher = {
            name: {**section, **{key: value for key, value in budget.items() if key in section}}
            for name, section in teacher.items()
        }
    return parse({**config.dump(), "teacher": teacher})


def make(registry: Registry, kind: str, section: ComponentConfig) -> Any:
    """Make the component of a section, its options checked."""
    offer = registry.find(kind, section.name)
    return offer.made(options(offer, section.options))


def guarded(registry: Registry, kind: str, section: ComponentConfig, log: Log | None = None) -> Any:
    """Make the component of a section behind its border (:mod:`siked.border`)."""
    return guard(registry.find(kind, section.name), make(registry, kind, section), log)


def _first(error: ValidationError, prefix: str = "") -> str:
    """Put pydantic's first complaint into one line that says what would fit."""
    first = error.errors()[0]
    where = ".".join([*([prefix] if prefix else []), *(str(part) for part in first["loc"])])
    if first["type"] == "extra_forbidden":
        return f"unknown key {where!r}; {_siblings(first['loc'])}"
    given = json.dumps(first.get("input"), default=str)
    return f"{where}: {first['msg']}; given {given if len(given) < 80 else given[:77] + '...'}"


def _siblings(loc: tuple[int | str, ...]) -> str:
    model: Any = RunConfig
    for part in loc[:-1]:
        annotation = model.model_fields[str(part)].annotation
        choices = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
        model = next((c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)), None)
        if model is None:
            return "see 'siked check --help'"
    return f"there are: {', '.join(sorted(model.model_fields))}"


__all__ = [
    "PROBE",
    "BackendConfig",
    "ComponentConfig",
    "ConfigError",
    "DatasetConfig",
    "RunConfig",
    "TeacherConfig",
    "TrainerConfig",
    "WorkerConfig",
    "applied_preset",
    "aside",
    "check_components",
    "guarded",
    "load_config",
    "make",
    "merged",
    "options",
    "parse",
    "placement",
    "presets",
    "with_budget",
    "without_placement",
]
