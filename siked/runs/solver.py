"""Using a student outside a run: solve one question, or score a data set."""

from __future__ import annotations

import dataclasses
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siked import config as configuration
from siked.answers import extract, groups, majority
from siked.config import ComponentConfig, RunConfig, check_components, load_config
from siked.contracts import LooksUp
from siked.engine.calibration import can_score, tag_logprobs
from siked.engine.generate import chosen, student_prompt
from siked.engine.progress import Reporter
from siked.engine.seeds import derive
from siked.engine.state import MAIN, State
from siked.engine.stats import score
from siked.engine.weights import weights_of
from siked.errors import UsageError
from siked.journal import Journal
from siked.journal.queries import mixtures
from siked.judging import judge
from siked.records import (
    Answer,
    Completion,
    JudgeItem,
    Malformed,
    Model,
    Outcome,
    Problem,
    ProgramOutcome,
    Request,
    Sampling,
    Score,
    Verdict,
)
from siked.registry import Registry
from siked.runs.folder import RunFolder, stored_config
from siked.runs.trust import check
from siked.workers import Watched

CHUNK = 512
Part = Callable[[int, str], None]
"""Takes a part of a text that is being written, and the character at which it stands."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Solution:
    """What a student made of a problem."""

    problem: Problem
    strategy: str
    """As the student chose; empty without a tag."""
    text: str
    verdict: Verdict
    program: ProgramOutcome | None
    tokens: int = 0
    """Tokens generated."""
    prompt_tokens: int = 0
    cut: bool = False
    """Whether the text ended at the limit of its tokens."""

    @property
    def answer(self) -> str | None:
        """What was read or computed; None where there is none."""
        return self.verdict.answer

    def __repr__(self) -> str:
        said = "no answer" if self.answer is None else repr(self.answer)
        judged = "" if self.problem.gold is None else f", {self.verdict.status}"
        return f"<Solution by {self.strategy or 'no strategy'}: {said}{judged}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A problem with the way in which it is to be answered."""

    problem: Problem
    strategy: str
    """Empty where the student chooses."""
    sampling: Sampling
    seed: int
    key: str = ""
    """What :meth:`Solver.drop` knows it by; decides nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Election:
    """All texts to one problem and the one whose answer most agree on."""

    texts: tuple[Solution, ...]
    elected: Solution | None
    """None where no text has an answer."""
    votes: int
    """Texts with the elected answer."""


@dataclass(frozen=True, slots=True)
class Solver:
    """A student (or any model) ready to solve problems."""

    state: State
    model: Model
    _under_way: dict[str, tuple[Watched, str]] = dataclasses.field(default_factory=dict)
    """By key of a question: what its text is known by while it is written."""

    def solve(self, problems: list[Problem], strategy: str = "") -> Iterator[Solution]:
        """Yield a greedy solution of each problem, by the student's choice or a given strategy.

        Raises :class:`UsageError` for a strategy that is not the run's.
        """
        if strategy and strategy not in self.state.strategies:
            there = ", ".join(self.state.strategies)
            raise UsageError(f"no strategy named {strategy!r} here; there are: {there}")
        for solutions in _solve(self.state, self.model, problems, [strategy], 0):
            yield solutions[0]

    def answer(
        self, questions: Sequence[Question], parts: Mapping[str, Part] | None = None
    ) -> list[Solution]:
        """Return a solution of each question; all go to the backend together, whatever their settings.

        ``parts``, by key of a question, are told its text while it is written, tag included, where the
        backend can; with it, :meth:`drop` has an effect.
        """
        keys = list(_keys([(question.problem, question.strategy, 0) for question in questions]))
        asked = [
            (
                question.problem,
                Request(
                    key=key,
                    messages=student_prompt(question.problem.question),
                    prefix=self.state.strategies[question.strategy].tag if question.strategy else "",
                    sampling=question.sampling,
                    seed=question.seed,
                    problem_id=question.problem.id,
                    question=question.problem.question,
                    strategy=question.strategy,
                ),
            )
            for key, question in zip(keys, questions, strict=True)
        ]
        if parts is None:
            return _answered(self.state, self.model, asked)
        names = {question.key: key for key, question in zip(keys, questions, strict=True)}
        told = {names[name]: part for name, part in parts.items()}
        watched = Watched(list(told), lambda key, at, text: told[key](at, text))
        self._under_way.update({name: (watched, key) for name, key in names.items()})
        try:
            return _answered(self.state, self.model, asked, watched)
        finally:
            self._under_way.clear()

    def drop(self, keys: Collection[str]) -> None:
        """Let questions that are being answered end as they are, for nobody waits for them; safe from any
        thread."""
        for found in map(self._under_way.get, keys):
            if found is not None:
                self.state.pool.drop_requests(self.state.student_spec, found[0], [found[1]])

    def vote(
        self, problems: list[Problem], k: int, *, weighted: bool = False, unsure: float = 1.0
    ) -> Iterator[Election]:
        """Ask each problem ``k`` times in each strategy and yield what most texts agree on.

        With ``k`` 1 texts are greedy, else sampled as the run samples. A vote counts one, or, if
        ``weighted``, the student's probability of its strategy's tag. With ``unsure`` below 1 only
        problems whose most probable strategy is less probable than that are voted on; the others have
        one greedy text. Ties go to the more probable strategy where probabilities are asked for, else to
        the one that the configuration names first.

        Raises :class:`UsageError` where probabilities are asked for and the backend cannot tell them.
        """
        if not weighted and unsure >= 1:
            order = list(self.state.strategies)
            for texts in _solve(self.state, self.model, problems, order, k if k > 1 else 0):
                yield _elected(texts, None)
            return
        for start in range(0, len(problems), CHUNK):
            yield from self._vote_by_tags(problems[start : start + CHUNK], k, weighted, unsure)

    def _vote_by_tags(
        self, problems: list[Problem], k: int, weighted: bool, unsure: float
    ) -> Iterator[Election]:
        shares = self.confidence(problems)
        voted = [place for place, share in enumerate(shares) if max(share.values()) < unsure or unsure >= 1]
        once = sorted(set(range(len(problems))) - set(voted))
        elections: dict[int, Election] = {}
        singles = _solve(self.state, self.model, [problems[place] for place in once], [""], 0)
        for place, texts in zip(once, singles, strict=True):
            elections[place] = _elected(texts, None)
        order = list(self.state.strategies)
        many = _solve(self.state, self.model, [problems[p] for p in voted], order, k if k > 1 else 0)
        for place, texts in zip(voted, many, strict=True):
            texts = sorted(texts, key=lambda text, share=shares[place]: -share[text.strategy])  # type: ignore[misc]
            weights = [shares[place][text.strategy] for text in texts] if weighted else None
            elections[place] = _elected(texts, weights)
        yield from (elections[place] for place in range(len(problems)))

    def confidence(self, problems: list[Problem]) -> list[dict[str, float]]:
        """Return, for each problem, how probable the student finds each strategy; they sum to 1.

        Raises :class:`UsageError` where the backend cannot tell.
        """
        if not can_score(self.state):
            name = self.state.config.backend.name
            raise UsageError(
                f"the backend {name!r} tells no probabilities, so votes cannot be weighed by them"
            )
        found = []
        for logprobs in tag_logprobs(self.state, self.model, [p.question for p in problems]):
            top = max(logprobs.values())
            weights = {name: math.exp(value - top) for name, value in logprobs.items()}
            found.append({name: value / sum(weights.values()) for name, value in weights.items()})
        return found


def _elected(texts: Sequence[Solution], weights: Sequence[float] | None) -> Election:
    place = majority([text.verdict.answer for text in texts], weights)
    if place is None:
        return Election(texts=tuple(texts), elected=None, votes=0)
    numbers = groups([extract(Answer(text.verdict.answer or "", form="value")) for text in texts])
    return Election(texts=tuple(texts), elected=texts[place], votes=numbers.count(numbers[place]))


@contextmanager
def opened(
    target: str, iteration: int | None, registry: Registry, reporter: Reporter, trust: bool = False
) -> Iterator[Solver]:
    """Yield a solver with a run's student, or with any model.

    ``target`` is a run folder (its best iteration, or ``iteration``) or a model. What the settings of a run
    name is used where the user has named it before, or with ``trust``.
    """
    folder = Path(target)
    if (folder / "run.db").exists():
        run = RunFolder(folder)
        config = stored_config(run.journal)
        check_components(config, registry)
        check(folder, config, registry, trust)
        model = run_student(run, config, iteration)
    else:
        config = load_config(flags={"student": {"model": target}})
        model = config.student.as_model()
    with tempfile.TemporaryDirectory(prefix="siked-") as scratch:
        state = State(
            folder=Path(scratch),
            config=config,
            registry=registry,
            journal=Journal.create(Path(scratch) / "run.db"),
            reporter=reporter,
        )
        try:
            section = config.backend
            made = configuration.make(registry, "backend", section)
            if section.python is None and isinstance(made, LooksUp):
                made.look_up(model, [], config.strategy_names)
            yield Solver(state, model)
        finally:
            state.close()


def run_student(run: RunFolder, config: RunConfig, iteration: int | None) -> Model:
    """Return a run's student: the given iteration, else the best one, else the last one trained."""
    trained = mixtures.students(run.journal, MAIN)
    if not trained:
        raise UsageError(f"{run.folder}: no student is trained yet; type: siked resume {run.folder}")
    if iteration is None:
        done = (run.folder / "summary.json").exists()
        iteration = run.summary["best_iteration"] if done else trained[-1].iteration
    for row in trained:
        if row.iteration == iteration:
            base = config.student
            weights = str(weights_of(run.folder, row).resolve())
            return Model(
                name=base.model, revision=base.revision, weights=weights, prompt_format=base.prompt_format
            )
    there = ", ".join(str(row.iteration) for row in trained)
    raise UsageError(f"{run.folder}: no student {iteration}; there are: {there}")


def load_tests(registry: Registry, name: str, options: dict[str, Any], limit: int | None) -> list[Problem]:
    """Return the test problems of a data set.

    A file that ``path`` names holds the test problems. Raises :class:`UsageError` where there are none.
    """
    known = {f.name for f in dataclasses.fields(registry.find("dataset", name).load().Options)}
    path = options.get("path", options.get("data_dir"))
    if "path_test" in known and path is not None and "path_test" not in options and Path(str(path)).is_file():
        options = {k: v for k, v in options.items() if k not in ("path", "data_dir")} | {"path_test": path}
    dataset = configuration.guarded(registry, "dataset", ComponentConfig(name=name, **options))
    problems: list[Problem] = list(dataset.load("test"))
    if not problems:
        raise UsageError(f"data set {name!r} has no test split")
    return problems[:limit]


def tally_elections(elections: list[Election]) -> Score:
    """Return the score of elections; a problem without an elected answer is wrong."""
    status = Counter(str(e.elected.verdict.status) if e.elected else "wrong" for e in elections)
    return score(status["correct"], len(elections), status["unverified"])


def tally(solutions: list[Solution]) -> tuple[Score, dict[str, float]]:
    """Return the score of solutions and the shares of strategies chosen."""
    status = Counter(str(s.verdict.status) for s in solutions)
    chosen_by = Counter(s.strategy or "none" for s in solutions)
    n = len(solutions)
    shares = {name: count / n for name, count in sorted(chosen_by.items())} if n else {}
    return score(status["correct"], n, status["unverified"]), shares


def _keys(wanted: list[tuple[Problem, str, int]]) -> Iterator[str]:
    """Yield a key for each request that says what is asked, not when; a problem may be asked twice."""
    seen: Counter[str] = Counter()
    for problem, strategy, sample in wanted:
        key = json.dumps([problem.dataset, problem.id, strategy, sample])
        seen[key] += 1
        yield key if seen[key] == 1 else f"{key} {seen[key]}"


def _solve(
    state: State, model: Model, problems: list[Problem], strategies: list[str], k: int
) -> Iterator[list[Solution]]:
    """Yield, for each problem, its solutions in the order of ``strategies``, ``k`` samples each
    (0 is one greedy text)."""
    config = state.config
    most = config.evaluate.max_new_tokens
    sampling = Sampling(max_new_tokens=most)
    if k:
        sampling = Sampling(
            temperature=config.sample.temperature, top_p=config.sample.top_p, max_new_tokens=most
        )
    state.reporter.begin("solve", len(problems))
    size = max(1, CHUNK // (len(strategies) * max(k, 1)))
    for start in range(0, len(problems), size):
        chunk = problems[start : start + size]
        wanted = [(p, name, sample) for p in chunk for name in strategies for sample in range(max(k, 1))]
        asked = [
            (
                problem,
                Request(
                    key=key,
                    messages=student_prompt(problem.question),
                    prefix=state.strategies[name].tag if name else "",
                    sampling=sampling,
                    seed=derive(config.seed, "solve", problem.dataset, problem.id, name, sample),
                    problem_id=problem.id,
                    question=problem.question,
                    strategy=name,
                    sample=sample,
                ),
            )
            for key, (problem, name, sample) in zip(_keys(wanted), wanted, strict=True)
        ]
        solutions = _answered(state, model, asked)
        each = len(strategies) * max(k, 1)
        for place in range(0, len(solutions), each):
            yield solutions[place : place + each]
        state.reporter.advance(start + len(chunk))
    state.reporter.end()


def _answered(
    state: State, model: Model, asked: Sequence[tuple[Problem, Request]], watched: Watched | None = None
) -> list[Solution]:
    """Return a solution of each request: its text is generated, read, run and judged."""
    requests = [request for _, request in asked]
    texts: dict[str, Completion] = {}
    for item in state.pool.generate(
        state.student_spec,
        model,
        lambda: [[r for r in requests if r.key not in texts]],
        watched=watched,
    ):
        if isinstance(item, Completion):
            texts[item.key] = item
    read = [(r.strategy, texts[r.key].text) for r in requests]
    read = [(name, text) if name else chosen(state, text) for name, text in read]
    items = [
        JudgeItem(place, problem, state.strategies[name].read(text) if name else Malformed("no-tag"))
        for place, ((problem, _), (name, text)) in enumerate(zip(asked, read, strict=True))
    ]
    judged = judge(items, state.verifier, state.sandbox.run)
    return [
        Solution(
            problem=problem,
            strategy=name,
            text=text,
            verdict=found.verdict,
            program=found.program,
            tokens=texts[request.key].completion_tokens,
            prompt_tokens=texts[request.key].prompt_tokens,
            cut=texts[request.key].outcome == Outcome.CUT,
        )
        for (problem, request), (name, text), found in zip(asked, read, judged, strict=True)
    ]
