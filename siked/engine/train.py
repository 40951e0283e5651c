"""Steps 2 and 3d of the paper: train the student on the mixture of its iteration."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siked import events
from siked.contracts import Progress
from siked.engine.generate import student_prompt
from siked.engine.seeds import derive
from siked.engine.state import MAIN, State
from siked.engine.student_cache import checkpoint_key, put, take, training_key
from siked.journal import Stage
from siked.journal.queries import mixtures
from siked.journal.stage import Told
from siked.models.weights import weights_hash
from siked.records import Model, Trained, TrainSettings
from siked.workers.host import Worker, write_rows
from siked.workers.protocol import pack


def train(state: State, iteration: int) -> None:
    """Train student t from student t-1, or from the base (``trainer.start``, off-policy control)."""
    with state.step(Stage(MAIN, iteration, "train")) as finished:
        if finished:
            return
        first = iteration == 0 or state.config.trainer.start == "base"
        parent = state.student(MAIN, -1 if first else iteration - 1)
        seed = derive(state.config.seed, "train", iteration) % 2**31
        settings = TrainSettings(epochs=epochs_of(state, iteration), seed=seed)
        run_trainer(state, MAIN, iteration, parent, settings)


def epochs_of(state: State, iteration: int) -> float:
    """Return the epochs of an iteration."""
    trainer = state.config.trainer
    return trainer.epochs if iteration == 0 or trainer.epochs_after is None else trainer.epochs_after


def run_trainer(state: State, track: str, iteration: int, parent: Model, settings: TrainSettings) -> Trained:
    """Train ``parent`` on the recorded mixture and record the student.

    The worker writes beside the final place; a folder is renamed there only when it is whole. A training
    that was cut off leaves a ``tmp`` folder with its checkpoints: the same training goes on from them,
    another one removes it.
    """
    place = Path("students") / (str(iteration) if track == MAIN else f"{track}-{iteration}")
    final = state.folder / place
    if final.exists():
        shutil.rmtree(final)  # renamed, but the journal did not hear of it
    fresh = final.with_name(f"{final.name}.tmp-new")
    fresh.mkdir(parents=True, exist_ok=True)
    write_rows(fresh / "rows.jsonl", _rows(state, track, iteration))
    known_by = checkpoint_key(state, parent, fresh / "rows.jsonl", settings)
    work = final.with_name(f"{final.name}.tmp-{known_by[:16]}")
    for old in final.parent.glob(f"{final.name}.tmp-*"):
        if old not in (fresh, work):
            shutil.rmtree(old)
    work.mkdir(exist_ok=True)
    rows, out = work / "rows.jsonl", work / "weights"
    (fresh / "rows.jsonl").replace(rows)
    shutil.rmtree(fresh)
    out.mkdir(exist_ok=True)
    label = f"iteration {iteration}" if track == MAIN else f"{track} {iteration}"
    state.reporter.begin(f"{label} train", None)
    progress = _progress(state, track, iteration, label)
    settings = dataclasses.replace(
        settings, name=f"{state.folder.name}-{final.name}", log_dir=str((state.folder / "logs").resolve())
    )

    def work_on(worker: Worker) -> Trained:
        shutil.rmtree(out)
        out.mkdir()
        return worker.train(parent, rows, settings, out, progress)

    trained: Trained | None = None
    if state.cache is not None:
        key = training_key(state, parent, rows, settings)
        trained = take(state.cache, key, out)
    if trained is None:
        trained = state.pool.retry(state.trainer_spec, work_on)
        if state.cache is not None:
            put(state.cache, key, out, trained)
    state.reporter.end()
    _sync(out)
    out.rename(final)
    _sync_folder(final.parent)
    shutil.rmtree(work)
    with state.journal.saving():
        state.journal.student(track, iteration, str(place), weights_hash(final), trained)
    if trained.dropped:
        state.note(f"{label}: {trained.dropped} rows were too long to train on and were left out")
    return trained


def _progress(state: State, track: str, iteration: int, label: str) -> Progress:
    """Return what tells watcher and observers how far a training is."""
    start = time.monotonic()

    def progress(
        step: int,
        of: int,
        loss: float | None = None,
        learning_rate: float | None = None,
        gradient_norm: float | None = None,
        tokens_per_second: float | None = None,
    ) -> None:
        if step <= 1:
            state.reporter.end()
            state.reporter.begin(f"{label} train", of)
        state.reporter.advance(step)
        numbers = (learning_rate, gradient_norm, tokens_per_second, time.monotonic() - start)
        if loss is not None:
            state.journal.training(track, iteration, Told(step, of, loss, *numbers))
        told = events.TrainingProgress(
            **state.named(track, iteration, "train", step),
            track=track,
            iteration=iteration,
            step=step,
            of=of,
            loss=loss,
            learning_rate=learning_rate,
            gradient_norm=gradient_norm,
            tokens_per_second=tokens_per_second,
            seconds=numbers[-1],
        )
        state.emit("siked_training_progress", told)

    return progress


def _rows(state: State, track: str, iteration: int) -> Iterator[dict[str, Any]]:
    most = getattr(state.registry.find("trainer", state.config.trainer.name).load(), "rejected", 0)
    wrong = _wrong(state, track, iteration) if most else {}
    for row in mixtures.texts(state.journal, track, iteration):
        yield {
            "messages": [pack(message) for message in student_prompt(row.question)],
            "prefix": state.strategies[row.strategy].tag,
            "text": row.text.strip(),
            "weight": row.weight,
            "tag_weight": row.tag_weight,
            **({"rejected": wrong.get((row.problem, row.strategy), [])[:most]} if most else {}),
        }


def _wrong(state: State, track: str, iteration: int) -> dict[tuple[int, str], list[str]]:
    """Return wrong texts by (problem, strategy); a mixture of the teacher alone brings the teacher's."""
    mixture = mixtures.mixture(state.journal, track, iteration)
    both = mixture is not None and any(mixture["sources"].get("student", {}).values())
    return mixtures.wrong_texts(state.journal, iteration if both else 0)


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
