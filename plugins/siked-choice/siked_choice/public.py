"""ARC, CommonsenseQA, StrategyQA and BoolQ: from local files in upstream format, or from the Hub.

Upstream's test questions of the last three have no golds, so their upstream dev questions are the test here
(StrategyQA: a fifth of all), and dev is drawn from training by a hash of what questions share: a concept, a
subject, a passage. Questions that share it stay on one side, and training questions that share a text, a
subject or a passage with dev or test are left out, which a note counts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from siked.errors import DataError, MissingExtra
from siked.records import DevProblem, Problem, SplitName, TestProblem, TrainProblem
from siked.text.normalize import normal_form
from siked_choice.form import question_of

_TYPES: Mapping[SplitName, type[Problem]] = {"train": TrainProblem, "dev": DevProblem, "test": TestProblem}
_LETTERS = "ABCDEFGHIJ"
Row = Mapping[str, Any]
Located = tuple[int, Row]
"""A line or row number and what stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicOptions:
    """Where a public data set is read from."""

    data_dir: str | None = field(
        default=None,
        metadata={"help": "Folder with the upstream files; without it they come from the Hugging Face Hub."},
    )
    hub: str | None = field(
        default=None, metadata={"help": "Another repository of the Hub, or a local copy of one."}
    )
    revision: str | None = field(default=None, metadata={"help": "Its commit, branch or tag."})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of a source."""

    id: str
    question: str
    gold: str
    group: str
    """What questions of one side share."""


class Public:
    """What the public data sets have in common; a class of each says how a row is read."""

    name: ClassVar[str]
    licence: ClassVar[str]
    tests: ClassVar[tuple[str, ...]]
    Options: ClassVar[type[PublicOptions]] = PublicOptions
    hub: ClassVar[str]
    config: ClassVar[str | None] = None
    files: ClassVar[Mapping[str, tuple[str, ...]]]
    """Upstream's file of each part, in the order they are looked for."""
    parts: ClassVar[Mapping[str, str]] = {"train": "train", "dev": "validation", "test": "test"}
    """The Hub's split of each part."""
    apart: ClassVar[bool] = True
    """Nothing that shares a group with dev or test is trained on."""

    def __init__(self, options: PublicOptions) -> None:
        self._options = options
        self._notes: dict[str, str] = {}
        self._read: dict[str, list[Item]] = {}

    @property
    def notes(self) -> list[str]:
        """Lines that a user should see."""
        return list(self._notes.values())

    def load(self, split: SplitName) -> Iterable[Problem]:
        """Load a split; raises :class:`DataError` with file and line for what cannot be read."""
        items = self._split(split)
        if split == "train":
            held = [item for other in ("dev", "test") for item in self._split(other)]
            taken = {normal_form(item.question) for item in held}
            taken |= {item.group for item in held} if self.apart else set()
            kept = [i for i in items if not {i.group, normal_form(i.question)} & taken]
            if len(kept) < len(items):
                left = len(items) - len(kept)
                self._notes[split] = f"{self.name}: {left} training questions left out that dev or test share"
            items = kept
        return [
            _TYPES[split](id=item.id, question=item.question, gold=item.gold, dataset=self.name)
            for item in items
        ]

    def _split(self, split: str) -> list[Item]:
        return self._part(split)

    def _item(self, number: int, row: Row) -> Item:
        raise NotImplementedError

    def _part(self, part: str) -> list[Item]:
        """Read a part of upstream, once."""
        if part not in self._read:
            where, rows = self._rows(part)
            items: list[Item] = []
            for number, row in rows:
                try:
                    items.append(self._item(number, row))
                except (KeyError, TypeError, ValueError, AttributeError) as error:
                    raise DataError(where, number, f"is no question of {self.name}: {_why(error)}") from None
            self._read[part] = items
        return self._read[part]

    def _rows(self, part: str) -> tuple[object, Iterable[Located]]:
        if self._options.data_dir is None:
            name = self._options.hub or self.hub
            return name, _from_hub(name, self.config, self.parts[part], self._options.revision)
        path = _file(Path(self._options.data_dir).expanduser(), self.files[part])
        return path, _from_file(path)

    def _share(self, group: str) -> float:
        """Return a number from 0 to 1 that only the group decides."""
        digest = hashlib.sha256(f"{self.name} {group}".encode()).digest()
        return int.from_bytes(digest[:4]) / 2**32


class _Arc(Public):
    licence: ClassVar[str] = "CC BY-SA 4.0"
    hub: ClassVar[str] = "allenai/ai2_arc"

    def _item(self, number: int, row: Row) -> Item:
        stem, choices, gold = _lettered(row)
        return Item(
            id=str(row["id"]), question=question_of(stem, choices), gold=gold, group=normal_form(stem)
        )


def _arc_files(which: str) -> Mapping[str, tuple[str, ...]]:
    names = {part: f"{which}-{part.capitalize()}.jsonl" for part in ("train", "dev", "test")}
    return {
        part: (name, f"{which}/{name}", f"ARC-V1-Feb2018-2/{which}/{name}") for part, name in names.items()
    }


class ArcEasy(_Arc):
    """The easy questions of ARC (Clark et al. 2018, arXiv 1803.05457), in upstream's splits."""

    name: ClassVar[str] = "arc-easy"
    tests: ClassVar[tuple[str, ...]] = ("arc-easy",)
    config: ClassVar[str | None] = "ARC-Easy"
    files: ClassVar[Mapping[str, tuple[str, ...]]] = _arc_files("ARC-Easy")


class ArcChallenge(_Arc):
    """The hard questions of ARC, in upstream's splits."""

    name: ClassVar[str] = "arc-challenge"
    tests: ClassVar[tuple[str, ...]] = ("arc-challenge",)
    config: ClassVar[str | None] = "ARC-Challenge"
    files: ClassVar[Mapping[str, tuple[str, ...]]] = _arc_files("ARC-Challenge")


class _Drawn(Public):
    """Dev is a tenth of training by groups; the test is upstream's dev."""

    def _split(self, split: str) -> list[Item]:
        if split == "test":
            return self._part("dev")
        return [item for item in self._part("train") if (self._share(item.group) < 0.1) == (split == "dev")]


class CommonsenseQA(_Drawn):
    """CommonsenseQA (Talmor et al. 2019, arXiv 1811.00937), the random split; dev is drawn by concept.

    Questions were written in threes about one concept, and upstream's own split parts them at random: what
    is left out of training for the sake of the test are equal questions only.
    """

    name: ClassVar[str] = "commonsenseqa"
    licence: ClassVar[str] = "MIT"
    tests: ClassVar[tuple[str, ...]] = ("commonsenseqa",)
    hub: ClassVar[str] = "tau/commonsense_qa"
    apart: ClassVar[bool] = False
    files: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "train": ("train_rand_split.jsonl", "commonsenseqa/train_rand_split.jsonl"),
        "dev": ("dev_rand_split.jsonl", "commonsenseqa/dev_rand_split.jsonl"),
    }

    def _item(self, number: int, row: Row) -> Item:
        stem, choices, gold = _lettered(row)
        inner = row["question"]
        concept = inner["question_concept"] if isinstance(inner, Mapping) else row["question_concept"]
        return Item(id=str(row["id"]), question=question_of(stem, choices), gold=gold, group=str(concept))


class BoolQ(_Drawn):
    """BoolQ (Clark et al. 2019, arXiv 1905.10044): a passage, then a question about it; golds yes and no."""

    name: ClassVar[str] = "boolq"
    licence: ClassVar[str] = "CC BY-SA 3.0"
    tests: ClassVar[tuple[str, ...]] = ("boolq",)
    hub: ClassVar[str] = "google/boolq"
    files: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "train": ("train.jsonl", "boolq/train.jsonl"),
        "dev": ("dev.jsonl", "boolq/dev.jsonl"),
    }

    def _item(self, number: int, row: Row) -> Item:
        passage, asked = _text(row, "passage"), _text(row, "question")
        question = f"{passage}\n{asked[0].upper()}{asked[1:].rstrip('?')}?"
        return Item(id=f"row-{number}", question=question, gold=_polar(row), group=normal_form(passage))


class StrategyQA(Public):
    """StrategyQA (Geva et al. 2021, arXiv 2101.02235): golds yes and no.

    All questions with golds, a fifth of them for the test and an eighth of the others for dev, by subject.
    """

    name: ClassVar[str] = "strategyqa"
    licence: ClassVar[str] = "MIT"
    tests: ClassVar[tuple[str, ...]] = ("strategyqa",)
    hub: ClassVar[str] = "ChilleD/StrategyQA"
    files: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "train": (
            "strategyqa_train.json",
            "strategyqa/strategyqa_train.json",
            "strategyqa_dataset/strategyqa_train.json",
        )
    }

    def _split(self, split: str) -> list[Item]:
        parts = ["train"] if self._options.data_dir is not None else ["train", "test"]
        items = sorted((item for part in parts for item in self._part(part)), key=lambda item: item.id)
        bounds = {"test": (0.0, 0.2), "dev": (0.2, 0.3), "train": (0.3, 1.0)}[split]
        return [item for item in items if bounds[0] <= self._share(item.group) < bounds[1]]

    def _item(self, number: int, row: Row) -> Item:
        group = str(row.get("term") or _text(row, "question"))
        return Item(
            id=str(row["qid"]), question=_text(row, "question"), gold=_polar(row), group=group.casefold()
        )


def _lettered(row: Row) -> tuple[str, dict[str, str], str]:
    """Return stem, choices by letter and the right letter; labels may be numbers, which become letters."""
    inner = row["question"]
    if isinstance(inner, Mapping):
        stem, pairs = _text(inner, "stem"), [(c["label"], c["text"]) for c in inner["choices"]]
    else:
        stem = _text(row, "question")
        pairs = list(zip(row["choices"]["label"], row["choices"]["text"], strict=True))
    labels = [str(label) for label, _ in pairs]
    if len(set(labels)) < max(2, len(labels)) or len(labels) > len(_LETTERS):
        raise ValueError(f"its choices are labelled {', '.join(labels) or 'with nothing'}")
    key = str(row["answerKey"])
    if key not in labels:
        raise ValueError(f"answerKey is {key!r}, none of {', '.join(labels)}")
    choices = {letter: _folded(text) for letter, (_, text) in zip(_LETTERS, pairs, strict=False)}
    return stem, choices, _LETTERS[labels.index(key)]


def _text(row: Row, key: str) -> str:
    value = row[key]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"no text in {key!r}")
    return _folded(value)


def _folded(text: str) -> str:
    return " ".join(text.split())


def _polar(row: Row) -> str:
    value = row["answer"]
    if not isinstance(value, bool):
        raise ValueError(f"answer is {value!r}, neither true nor false")
    return "yes" if value else "no"


def _why(error: Exception) -> str:
    return f"it has no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)


def _file(folder: Path, candidates: Sequence[str]) -> Path:
    if not folder.exists():
        raise DataError(folder, None, "is not there")
    for name in candidates:
        if (folder / name).is_file():
            return folder / name
    raise DataError(folder, None, f"has none of {', '.join(candidates)}")


def _from_file(path: Path) -> Iterator[Located]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(path, None, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(path, None, f"is not UTF-8 (byte {error.start})") from error
    if path.suffix == ".json":
        rows = _json(text, path, None, list)
        return enumerate(rows, start=1)
    lines = ((n, line) for n, line in enumerate(text.split("\n"), start=1) if line.strip())
    return ((n, _json(line, path, n, dict)) for n, line in lines)


def _json(text: str, path: Path, line: int | None, kind: type[Any]) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(path, line, f"is not JSON: {error}") from None
    if not isinstance(value, kind):
        raise DataError(path, line, f"is no JSON {'object' if kind is dict else 'list'}")
    return value


def _from_hub(name: str, config: str | None, split: str, revision: str | None) -> Iterator[Located]:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtra(f"the data set {name} from the Hugging Face Hub", "train") from error
    load: Callable[..., Any] = datasets.load_dataset
    datasets.disable_progress_bars()
    try:
        rows = load(name, config, split=split, revision=revision)
    except Exception as error:  # the library raises errors of several others
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DataError(name, None, f"cannot be loaded from the Hub: {reason}; name a folder with the files:"
                        " --data-dir") from error  # fmt: skip
    return enumerate(rows, start=1)
