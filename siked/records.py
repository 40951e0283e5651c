"""The words of siked as frozen records.

Everything that crosses a module, a hook or a process is one of these. They hold plain values
only, so each can be written to the journal or sent to a worker as JSON.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Literal

SplitName = Literal["train", "dev", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A question with an id and, if known, a gold answer.

    Use :class:`TrainProblem`, :class:`DevProblem` or :class:`TestProblem`: the split is a type, so
    that training on a test problem is a type error.
    """

    split: ClassVar[str] = ""

    id: str
    """Unique within its data set and split."""
    question: str
    gold: str | None
    """The gold answer in the data set's own dress (``1,080``, ``9 (apples)``), or None."""
    dataset: str
    family: str = ""
    """A label for tables only (kind of problem); nothing is decided by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainProblem(Problem):
    """A problem the student may be trained on."""

    split: ClassVar[str] = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevProblem(Problem):
    """A problem for stopping, thresholds and the best iteration; never trained on."""

    split: ClassVar[str] = "dev"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestProblem(Problem):
    """A problem for scores only."""

    __test__: ClassVar[bool] = False  # pytest would take the class for a test
    split: ClassVar[str] = "test"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


# --- what a strategy reads in a rationale -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Answer:
    """A text in which a verifier finds the answer.

    ``form`` says how to look: ``text`` is prose that ends in its answer, ``subquestions`` is
    least-to-most prose (sub-answers do not count, but for the last), ``value`` is the bare answer
    of a program.
    """

    text: str
    form: Literal["text", "subquestions", "value"] = "text"


@dataclass(frozen=True, slots=True)
class Program:
    """A program whose answer a sandbox finds."""

    code: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A rationale that is not one of its strategy; ``reason`` is a short slug (``no-subquestions``)."""

    reason: str


Reading = Answer | Program | Malformed


class ProgramStatus(StrEnum):
    """How a program ended."""

    OK = "ok"
    ERROR = "error"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    DENIED = "denied"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramOutcome:
    """What a sandbox says of one program. ``answer`` is set only where ``status`` is ``ok``."""

    status: ProgramStatus
    answer: str | None = None
    sandbox: str = ""
    seconds: float = 0.0
    """CPU seconds the program took."""
    detail: str = ""


class Status(StrEnum):
    """A verifier's word on one answer."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a verifier says of a rationale: the status, the answer it found and the rule that decided."""

    status: Status
    answer: str | None
    rule: str
    flags: tuple[str, ...] = ()
    """Warnings about the reasoning above a right answer (``constant-program``)."""


@dataclass(frozen=True, slots=True)
class JudgeItem:
    """One text to judge, as its strategy read it."""

    group: Hashable
    """Items of one group answer the same problem and are judged together."""
    problem: Problem
    reading: Reading | Outcome
    """An outcome where there is no text to read."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and, where a program was run, how it ended."""

    verdict: Verdict
    program: ProgramOutcome | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A component as a worker makes it."""

    target: str
    """``module:Class``."""
    options: Mapping[str, Any]


# --- generation -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a text is drawn. Temperature 0 is greedy; ``top_p`` then has no effect."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_new_tokens: int = 512
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Asks a backend for one sample."""

    key: str
    """SHA-256 over everything that decides the text; names the request in caches and replies."""
    messages: tuple[Message, ...]
    prefix: str = ""
    """How the assistant's turn starts (the forced tag); the completion leaves it out."""
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    """63 bits, derived from the run's seed and the request's natural key."""
    problem_id: str = ""
    question: str = ""
    strategy: str = ""
    """Empty where the student chooses."""
    sample: int = 0
    done: bool = False
    """Its text is already known: plan batches with it, do not deliver it again."""


class Outcome(StrEnum):
    """How a request ended."""

    OK = "ok"
    CUT = "cut"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The end of one request."""

    key: str
    outcome: Outcome
    text: str = ""
    reason: str = ""
    """Why, where the outcome is ``refused`` or ``failed``."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    call: str = ""
    """The ``id`` of the :class:`Call` that served it, if the backend reports calls."""
    logprob: float | None = None
    """Sum over all tokens written, in nats; None where the backend does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to an engine or a provider; it may serve several requests. Usage is a sum over calls."""

    id: str
    requests: int
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    """In the currency of the prices the user gave; 0 where there are none."""
    provider_id: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """The most that calls under way may use. The last one of a session that was cut off counts as used."""

    session: str
    """Names one :meth:`siked.contracts.Backend.generate`; its last reservation replaces earlier ones."""
    tokens: int = 0
    cost: float = 0.0


Item = Completion | Call | Reservation
"""What a backend yields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model to open: a base and, for a trained student, its adapter or full weights."""

    name: str
    """A bundled name, a local folder or a Hub id."""
    revision: str | None = None
    weights: str | None = None
    """Folder of a trained student: a peft adapter or a full checkpoint. None is the base itself."""
    prompt_format: Literal["auto", "chat", "plain", "alpaca"] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What a backend knows of the model it has opened; all of it enters request keys."""

    fingerprint: str
    """Hub commit, tensor hash of local weights, or base URL and model name."""
    template: str = ""
    """Hash over tokenizer, chat template and prompt format."""
    context: int = 0
    """Tokens that fit; 0 where unknown."""
    parameters: int = 0
    device: str = ""


# --- training ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRow:
    """One training text: the prompt, then what the student is to write (tag, rationale)."""

    messages: tuple[Message, ...]
    prefix: str
    text: str
    weight: float = 1.0
    """What each of its tokens counts in the loss, relative to those of other rows."""
    tag_weight: float | None = None
    """What each token of ``prefix`` counts instead; None is as the others."""
    rejected: tuple[str, ...] = ()
    """Wrong texts to the same problem in the same strategy, for trainers that ask for them
    (:class:`siked.contracts.WantsRejected`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """How long and with which seed to train; everything else is the trainer's own option."""

    epochs: float = 3.0
    max_steps: int | None = None
    """Optimiser steps, whatever the epochs; for controls of equal length."""
    seed: int = 0
    name: str = field(default="", repr=False, compare=False)
    """What trackers call this training; decides nothing."""
    log_dir: str = field(default="", repr=False, compare=False)
    """Folder for files of trackers; decides nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training did. ``weights`` is the folder it wrote."""

    weights: str
    steps: int
    tokens: int
    """Tokens that went through the model, prompts and repeats by epoch included, padding excluded."""
    loss: float
    """Mean cross entropy (nats) of a label, by weight, over the last epoch, or over all steps if fewer."""
    rows: int
    dropped: int = 0
    """Rows too long for the model's limit: left out, never cut."""


# --- mixing -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A correct rationale as a schedule sees it: light columns, never the text."""

    rationale: int
    """Row id in the journal; only to be handed back."""
    problem_id: str
    strategy: str
    source: Literal["teacher", "student"]
    sample: int
    length: int
    """Tokens of the student: what the row adds to the loss. See :mod:`siked.engine.mix` for a teacher's."""
    hash: str
    """Of the normalised text; equal for duplicates."""
    flagged: bool = False
    sketch: bytes = b""
    """Of the text, for :func:`siked.text.minhash.resemblance`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a schedule may know beside the candidates."""

    iteration: int
    iterations: int
    strategies: tuple[str, ...]
    choice: Mapping[str, float] = field(default_factory=dict)
    """Of student t-1 on dev: the mean probability of each strategy's tag, or, where no backend tells
    probabilities, each strategy's share of the free greedy choice."""
    dev: int = 100
    """Dev problems behind ``choice``."""
    solved: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """(problem, strategy) to (correct samples that can be kept, all samples) of the student, this
    iteration: what was cut off or left out for its flags counts as not solved."""


@dataclass(frozen=True, slots=True)
class Selected:
    """One row of a mixture and why it is there."""

    candidate: Candidate
    reason: str
    weight: float = 1.0
    """What the row counts: each token of its rationale in the loss, and the row in shares of the mixture."""
    tag_weight: float | None = None
    """What its tag counts in the loss, times -log P(tag | question); None is as a token of the rationale."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that a mixture leaves out and, in a word or two, why; the journal counts them."""

    candidate: Candidate
    reason: str


@dataclass(frozen=True, slots=True)
class Target:
    """What a schedule was asked to reach; siked measures what was reached and records both."""

    quantity: Literal["alpha", "floor", "kl", "tokens"]
    """``floor`` is a least alpha; the others are to be met."""
    asked: float
    why: str = ""
    """Why it could not be met, where it could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """The training rows of one iteration, in numbers. In shares a row counts its weight."""

    track: str
    iteration: int
    schedule: str
    rows: int
    alpha: float
    """The teacher's share of rows."""
    tokens: int
    """Loss tokens of all rows, whatever their weights."""
    alpha_tokens: float
    """The teacher's share of loss tokens."""
    shares: Mapping[str, float]
    """Share of rows of each strategy."""
    sources: Mapping[str, Mapping[str, int]]
    """Rows by source (``teacher``, ``student``) and strategy."""
    kl: float | None
    """KL(tags || the student's choice on dev), in nats; None at iteration 0. Tags count their weights."""
    entropy: float
    """Of the tag given the problem, in nats, averaged over problems; tags count their weights."""
    aims: tuple[tuple[Target, float], ...]
    """What the schedule was asked to reach, each with what was reached."""
    dropped: Mapping[str, int]
    """Candidates left out, counted by reason."""


# --- reports ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSection:
    """What a plugin adds to the report of a run; all of it is text, and shown as such."""

    title: str
    text: str = ""
    """What the section says, above the table."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """Each has a cell for every column."""
    words: tuple[str, ...] = ()
    """Columns of words, beside the first one; the others hold figures."""


# --- evaluation and stopping ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Accuracy on one set. ``value`` is 0 to 1 with a 95 % Wilson interval."""

    correct: int
    n: int
    unverified: int
    value: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class DevPoint:
    """The dev score of one iteration and what the run has cost up to it, for a stopping rule."""

    iteration: int
    score: Score
    choice: Mapping[str, float]
    """Share of each strategy, and of ``none``, in the student's free greedy choice."""
    solved: frozenset[str] = frozenset()
    """Ids of the dev problems it solved: two points answer the same problems, so they are paired."""
    seconds: float = 0.0
    """Of all steps up to here; what a process that was cut off had spent on a step is not in it."""
    tokens: int = 0
    """Generated and trained on up to here, the teacher's included."""


@dataclass(frozen=True, slots=True)
class Continue:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run here."""

    reason: str


@dataclass(frozen=True, slots=True)
class RollBack:
    """End the run and call an earlier iteration its result."""

    to: int
    reason: str


Decision = Continue | Stop | RollBack
