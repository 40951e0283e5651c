"""A run as Python has it: its numbers, its rows, its students."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import cast

from siked.engine.progress import Reporter
from siked.engine.stats import score
from siked.errors import UsageError
from siked.journal.queries import mixtures, rationales, scores, trainings, verdicts
from siked.runs.folder import RunFolder, stored_config
from siked.runs.plugin_files import registry_with
from siked.runs.reading import shown
from siked.runs.rows import Rationale, Result, Rows, TrainingStep
from siked.runs.solver import opened
from siked.runs.student import Student


class Run(RunFolder):
    """A finished or unfinished run, for reading; see :func:`siked.open_run`."""

    @cached_property
    def funnel(self) -> list[verdicts.Funnel]:
        """How many rationales for training were left after each check."""
        return verdicts.funnel(self.journal)

    def rationales(
        self,
        *,
        track: str | None = None,
        iteration: int | None = None,
        step: str | None = None,
        strategy: str | None = None,
        writer: str | None = None,
        outcome: str | None = None,
        status: str | None = None,
        flag: str | None = None,
        trained: bool | None = None,
        text: str | None = None,
    ) -> Rows[Rationale]:
        """Return the last text of every request, with its problem, the verdict that counts, and provenance.

        Each argument keeps those that have the value: ``writer`` is ``teacher``, ``student`` (for training)
        or ``evaluation``, ``flag`` one that is among its flags, ``trained`` whether a student was trained on
        it, ``text`` stands in the text or the question, in letters of either case.
        """
        if writer is not None and writer not in rationales.WRITERS:
            raise UsageError(f"no writer {writer!r}; there are: {', '.join(rationales.WRITERS)}")
        wanted = rationales.Wanted(
            track=track,
            iteration=iteration,
            step=step,
            strategy=strategy,
            writer=writer,
            outcome=outcome,
            status=status,
            flag=flag,
            trained=trained,
            text=text,
        )

        def read() -> Iterator[Rationale]:
            for row in rationales.rationales(self.journal, wanted):
                yield cast(Rationale, row)

        return Rows(
            "rationales",
            tuple(Rationale.__annotations__),
            read,
            lambda: rationales.count(self.journal, wanted),
        )

    def results(self) -> Rows[Result]:
        """Return every score: of each student and control, on each set, in each mode."""

        def read() -> Iterator[Result]:
            for one in scores.evaluations(self.journal):
                found = score(one.correct, one.n, one.unverified)
                low, high = found.ci95
                yield Result(
                    track=one.track,
                    iteration=one.iteration,
                    set=one.set,
                    mode=one.mode,
                    n=one.n,
                    correct=one.correct,
                    unverified=one.unverified,
                    accuracy=found.value,
                    low=low,
                    high=high,
                )

        return Rows("results", tuple(Result.__annotations__), read)

    def training(self) -> Rows[TrainingStep]:
        """Return what every training told at its logging steps: loss, rate, gradient norm, speed."""

        def read() -> Iterator[TrainingStep]:
            for track, iteration in trainings.logged(self.journal):
                for told in trainings.log(self.journal, track, iteration):
                    yield cast(TrainingStep, {"track": track, "iteration": iteration, **told._asdict()})

        return Rows("training steps", tuple(TrainingStep.__annotations__), read)

    def student(
        self, iteration: int | None = None, *, plugins: Sequence[str | Path] = (), trust: bool = False
    ) -> Student:
        """Return the student of an iteration, by default the best one.

        Raises :class:`UsageError` where there is none yet, and, unless ``trust`` is set, where settings of
        a run from elsewhere name what the user of this machine has never named.
        """
        registry = registry_with(plugins, self.folder, trust)
        known = [one.iteration for one in mixtures.students(self.journal, "main")]
        if iteration is not None and iteration not in known:
            there = ", ".join(map(str, known)) or "none yet"
            raise UsageError(f"{self.folder}: no student {iteration}; there are: {there}")
        if iteration is None and self.finished:
            iteration = self.summary["best_iteration"]
        elif iteration is None and known:
            iteration = known[-1]
        name = f"{self.folder.name}@{iteration}"
        return Student(name, opened(str(self.folder), iteration, registry, Reporter(), trust))

    def __repr__(self) -> str:
        with shown(self.folder):
            return f"<Run {self.folder}: {self._said()}>"

    def _said(self) -> str:
        if not self.finished:
            done = len(scores.evaluated(self.journal))
            return f"unfinished, {done} of {stored_config(self.journal).iterations + 1} iterations scored"
        summary = self.summary
        best = summary["best_iteration"]
        found = next((v["accuracy"] for v in summary["iterations"] if v["iteration"] == best), {})
        told = [f"{name} {100 * value['value']:.1f} %" for name, value in found.items()]
        return ", ".join([f"{len(summary['iterations'])} iterations, best {best}", *told])


def open_run(folder: str | Path) -> Run:
    """Open a run, finished or not, for reading.

    Raises :class:`UsageError` where there is none, or where it holds what siked did not write.
    """
    return Run(Path(folder))
