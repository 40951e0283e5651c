"""Rationales one already has, instead of a model that writes them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from siked.builtin.backends.replay_forms import FORMS, VERSION, Refused, mapped
from siked.builtin.datasets.sources import json_list, json_object, raw_lines
from siked.errors import ConfigError, DataError, UsageError
from siked.records import Call, Completion, Model, ModelInfo, Outcome, Problem, Request
from siked.text.normalize import normal_form

_TEXT_KEYS = ("text", "output", "generated")
_QUESTION_KEYS = ("question", "instruction")
Key = tuple[str, str, str]
"""Strategy, ``id`` or ``question``, and which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOptions:
    """Options of ``replay``."""

    paths: dict[str, str | list[str]] = field(
        default_factory=dict,
        metadata={"help": "Files of each strategy; without it the model names a file or a folder."},
    )
    form: str | dict[str, str] = field(
        default="auto",
        metadata={"help": f"Form of the texts, one for all or one a strategy: {', '.join(FORMS)}."},
    )
    check_chain: bool = field(
        default=True,
        metadata={"help": "Refuse foreign prose whose steps do not lead to the answer it states."},
    )

    def __post_init__(self) -> None:
        forms = self.form.values() if isinstance(self.form, dict) else [self.form]
        for form in forms:
            if form not in FORMS:
                raise ConfigError(f"form is {form!r}; it can be {', '.join(FORMS)}")


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    strategy: str
    """Of rows that name none; empty where each row must."""


class Replay:
    """Answers each request with the text recorded for its problem and strategy.

    A row is ``{"question" or "problem_id", "strategy", "text"[, "sample"]}``; of the forms others
    publish, ``{"instruction", "output"}`` and ``{"question"[, "passage"], "generated"}`` are read
    too, as JSON lines or one JSON list. Rows match by problem id, else by question, case,
    punctuation and white space aside. Foreign texts are brought into the strategy's form
    (:mod:`siked.builtin.backends.replay_forms`). Nothing is invented: a request without a recorded
    rationale is ``refused``, and so is one whose text cannot be used.
    """

    name: ClassVar[str] = "replay"
    Options: ClassVar[type[ReplayOptions]] = ReplayOptions

    def __init__(self, options: ReplayOptions) -> None:
        self._options = options
        self._texts: dict[Key, dict[int, str]] = {}
        self._textless: Counter[str] = Counter()
        """Rows without a text, by the keys that they have."""

    def look_up(self, model: Model, problems: Sequence[Problem], strategies: Sequence[str]) -> list[str]:
        """Read the files and count, by reason, the rows that no request will get.

        Raises what :meth:`open` raises, and :class:`UsageError` where not one row fits.
        """
        self.open(model)
        ids = {problem.id for problem in problems}
        questions = {normal_form(problem.question) for problem in problems}
        strangers: Counter[str] = Counter()
        unmatched = used = 0
        for (strategy, kind, value), samples in self._texts.items():
            if strategy not in strategies:
                strangers[strategy] += len(samples)
            elif value not in (ids if kind == "id" else questions):
                unmatched += len(samples)
            else:
                used += len(samples)
        told = [
            f"{n} rows have no text under {', '.join(map(repr, _TEXT_KEYS))}; their keys: {keys}"
            for keys, n in self._textless.items()
        ]
        told += [
            f"{n} rows are of strategy {name!r}, which is not among {', '.join(strategies)}"
            for name, n in strangers.items()
        ]
        if unmatched:
            told.append(
                f"{unmatched} rows match none of the {len(problems)} training problems (dev, limits counted) "
                "by id or question"
            )
        if problems and not used:
            raise UsageError("replay: no row can be used: " + "; ".join(told))
        return [f"replay: {line}" for line in told]

    def open(self, model: Model) -> ModelInfo:
        """Read the files that the options, else ``model.name`` (a file or a folder), name.

        In a folder each file is named after its strategy (``cot.jsonl``). Raises
        :class:`ConfigError` where nothing is named and :class:`DataError` for a damaged file.
        """
        sources = self._sources(model)
        self._texts, self._textless = {}, Counter()
        described: list[list[str]] = []
        for source in sources:
            described.append([source.strategy, _sha256(source.path)])
            for row in _rows(source.path):
                self._add(source, *row)
        if not self._texts:
            keys = "".join(f" (its rows have: {keys})" for keys in list(self._textless)[:1])
            raise DataError(
                sources[0].path, None, f"holds no rationale under {', '.join(map(repr, _TEXT_KEYS))}{keys}"
            )
        form = self._options.form
        identity = [VERSION, described, form, self._options.check_chain]
        sha = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        return ModelInfo(fingerprint=f"replay-{sha}", template="", device="cpu")

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        """Yield the recorded texts, in order."""
        for request in requests:
            if not request.done:
                yield self._completion(request)

    def _completion(self, request: Request) -> Completion:
        try:
            text = self._recorded(request)
            form = self._options.form
            form = form.get(request.strategy, "auto") if isinstance(form, dict) else form
            text = mapped(text, form, request.strategy, request.question, self._options.check_chain)
        except Refused as refusal:
            return Completion(key=request.key, outcome=Outcome.REFUSED, reason=str(refusal))
        return Completion(key=request.key, outcome=Outcome.OK, text=text)

    def _recorded(self, request: Request) -> str:
        for kind, value in (("id", request.problem_id), ("question", normal_form(request.question))):
            samples = self._texts.get((request.strategy, kind, value)) if value else None
            if samples is not None and request.sample in samples:
                return samples[request.sample]
        raise Refused("no recorded rationale")

    def _sources(self, model: Model) -> list[_Source]:
        if self._options.paths:
            named = self._options.paths.items()
            many = [(s, [p] if isinstance(p, str) else p) for s, p in named]
            return [_Source(Path(p).expanduser(), strategy) for strategy, paths in many for p in paths]
        if not model.name:
            raise ConfigError("backend replay needs files: set paths, or name a file or folder as the model")
        path = Path(model.name).expanduser()
        if not path.is_dir():
            return [_Source(path, "")]
        files = sorted(p for p in path.iterdir() if p.suffix in (".json", ".jsonl"))
        if not files:
            raise DataError(path, None, "holds no .json or .jsonl file")
        return [_Source(file, file.stem) for file in files]

    def _add(self, source: _Source, line: int | None, row: dict[str, Any]) -> None:
        texts = _texts(row)
        if texts is None:  # upstream files have a line with the prompt alone
            self._textless[", ".join(row)] += 1
            return
        strategy = row.get("strategy", source.strategy)
        if not isinstance(strategy, str) or not strategy:
            raise DataError(source.path, line, "names no 'strategy'")
        key = _key(source, line, row, strategy)
        samples = self._texts.setdefault(key, {})
        first = row.get("sample")
        for offset, text in enumerate(texts):
            number = len(samples) if first is None else _whole(source, line, first) + offset
            if number in samples:
                raise DataError(source.path, line, f"sample {number} of this problem is recorded already")
            samples[number] = text


def _texts(row: dict[str, Any]) -> list[str] | None:
    """The texts of a row (upstream lists of samples have several); None where it has none."""
    found = next((row[key] for key in _TEXT_KEYS if key in row), None)
    texts = [text for text in (found if isinstance(found, list) else [found]) if isinstance(text, str)]
    return texts or None


def _key(source: _Source, line: int | None, row: dict[str, Any], strategy: str) -> Key:
    if isinstance(row.get("problem_id"), str):
        return strategy, "id", str(row["problem_id"])
    question = next((row[key] for key in _QUESTION_KEYS if isinstance(row.get(key), str)), "")
    passage = row.get("passage")
    form = normal_form(f"{passage} {question}" if isinstance(passage, str) else question)
    if not form:
        raise DataError(source.path, line, "has neither 'problem_id' nor 'question'")
    return strategy, "question", form


def _whole(source: _Source, line: int | None, value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise DataError(source.path, line, f"'sample' is {value!r}, not a whole number from 0")
    return int(text)


def _rows(path: Path) -> Iterator[tuple[int | None, dict[str, Any]]]:
    """Yield (line, row) of JSON lines, or (None, row) of one JSON list."""
    first = next((raw for _, raw in raw_lines(path)), b"")
    if first.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        for row in json_list(path):
            yield None, dict(row)
        return
    for line, raw in raw_lines(path):
        yield line, json_object(raw, path, line)


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(path, None, f"cannot be read: {error.strerror}") from error
