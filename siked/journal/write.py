"""Writing the journal. Every method appends; ``with journal.saving():`` makes it one transaction."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from siked.errors import SikedError, UsageError
from siked.journal.migrate import VERSION, migrate, schema
from siked.journal.opening import connect
from siked.journal.read import Reader, opened
from siked.journal.stage import Role, Stage, Told, VerifierKey
from siked.records import Call, Completion, Mixture, Problem, Reservation, Trained, Verdict


class Journal(Reader):
    """The one writer of a run's journal, and a reader of it."""

    @classmethod
    def create(cls, path: Path) -> Journal:
        """Make a new journal; ``path`` must not exist."""
        if path.exists():
            raise UsageError(f"{path} exists already")
        db = connect(path, writing=True)
        try:
            db.executescript(f"BEGIN; {schema()} PRAGMA user_version = {VERSION}; COMMIT;")
        finally:
            db.close()
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open a journal to go on writing; one of an older format is brought to today's first.

        Raises :class:`UsageError` where there is none or a newer siked wrote it.
        """
        db, _ = opened(path, writing=True)
        try:
            migrate(db)
            # A network file system has no shared memory: WAL is refused there and the mode stays.
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
        except BaseException:
            db.close()
            raise
        return cls(db, path)

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Group writes into one transaction, that of the outermost call.

        Raises :class:`siked.errors.RunError` where the machine refuses a write; none of them is there then.
        """
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:  # SQLite ends it itself where the disk is full
                # What went wrong first is what is told; closing the file undoes the rest.
                with suppress(SikedError):
                    self.db.execute("ROLLBACK")
            raise

    def fact(self, key: str, value: Any) -> None:
        """Fix one fact of the run."""
        self.db.execute("INSERT INTO facts VALUES (?, ?)", (key, _json(value)))

    def event(self, kind: str, **data: Any) -> None:
        """Note what happened, for people."""
        self.db.execute(
            "INSERT INTO events (time, kind, data) VALUES (?, ?, ?)", (time.time(), kind, _json(data))
        )

    def problems(self, problems: Iterable[tuple[Problem, bool]]) -> None:
        """Add problems, each with whether its masked body occurs in training."""
        self.db.executemany(
            "INSERT INTO problems (dataset, split, name, question, gold, family, body_seen)"
            " VALUES (?,?,?,?,?,?,?)",
            ((p.dataset, p.split, p.id, p.question, p.gold, p.family, int(seen)) for p, seen in problems),
        )

    def requests(self, rows: Iterable[tuple[Stage, int, str, int, int, str]]) -> None:
        """Add requests: (stage, problem, strategy, sample, seed, key)."""
        self.db.executemany(
            "INSERT INTO requests (track, iteration, step, problem, strategy, sample, seed, key)"
            " VALUES (?,?,?,?,?,?,?,?)",
            ((*stage, *values) for stage, *values in rows),
        )

    def reuse(self, stage: Stage) -> int:
        """End requests whose key has a text already with that text; return how many."""
        return self.db.execute(
            "INSERT INTO rationales"
            " (request, attempt, outcome, reason, strategy, text, prompt_tokens, completion_tokens, logprob)"
            " SELECT new.id, 1, r.outcome, r.reason, r.strategy, r.text, r.prompt_tokens,"
            " r.completion_tokens, r.logprob"
            " FROM requests new JOIN requests old ON old.key = new.key AND old.id < new.id"
            " JOIN rationales r ON r.request = old.id AND r.outcome IN ('ok', 'cut')"
            " WHERE new.track = ? AND new.iteration = ? AND new.step = ?"
            " AND NOT EXISTS (SELECT 1 FROM rationales x WHERE x.request = new.id)"
            " GROUP BY new.id HAVING r.id = min(r.id)",
            stage,
        ).rowcount

    def completion(self, request: int, done: Completion, strategy: str) -> None:
        """Record how a request ended."""
        self.db.execute(
            "INSERT INTO rationales"
            " (request, attempt, outcome, reason, strategy, text, prompt_tokens, completion_tokens, logprob)"
            " VALUES (?1, 1 + (SELECT count(*) FROM rationales WHERE request = ?1), ?2, ?3, ?4, ?5, ?6, ?7,"
            " ?8)",
            (
                request,
                done.outcome,
                done.reason,
                strategy,
                done.text,
                done.prompt_tokens,
                done.completion_tokens,
                done.logprob,
            ),
        )

    def call(self, stage: Stage, backend: str, call: Call) -> None:
        """Record one call to an engine or a provider."""
        self.db.execute(
            "INSERT INTO calls (track, iteration, step, backend, requests, prompt_tokens, completion_tokens,"
            " cost, provider_id, seconds) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                *stage,
                backend,
                call.requests,
                call.prompt_tokens,
                call.completion_tokens,
                call.cost,
                call.provider_id,
                call.seconds,
            ),
        )

    def reservation(self, reserved: Reservation, teacher: bool) -> None:
        """Record what calls under way may use; the last one of a session counts, see :meth:`used`."""
        data = {"session": reserved.session, "tokens": reserved.tokens, "cost": reserved.cost}
        self.event("reserved", teacher=teacher, **data)

    def verdict(
        self,
        rationale: int,
        key: VerifierKey,
        verdict: Verdict,
        *,
        sandbox: str = "",
        program: str = "",
        detail: str = "",
    ) -> None:
        """Record a verdict of a verifier."""
        self.db.execute(
            "INSERT INTO verdicts (rationale, verifier, version, options, status, answer, rule, flags,"
            " sandbox, program, detail) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                rationale,
                *key,
                verdict.status,
                verdict.answer,
                verdict.rule,
                " ".join(verdict.flags),
                sandbox,
                program,
                detail,
            ),
        )

    def mixture(
        self,
        found: Mixture,
        options: dict[str, Any],
        rows: Iterable[tuple[int, float, float | None, str]],
    ) -> None:
        """Record a mixture and its rows: (rationale, weight, weight of the tag, reason), in training
        order."""
        aims = [
            {"quantity": aim.quantity, "asked": aim.asked, "reached": reached, "why": aim.why}
            for aim, reached in found.aims
        ]
        cursor = self.db.execute(
            "INSERT INTO mixtures (track, iteration, schedule, options, rows, alpha, tokens, alpha_tokens,"
            " shares, sources, kl, entropy, aims, dropped) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                found.track,
                found.iteration,
                found.schedule,
                _json(options),
                found.rows,
                found.alpha,
                found.tokens,
                found.alpha_tokens,
                _json(found.shares),
                _json(found.sources),
                found.kl,
                found.entropy,
                _json(aims),
                _json(found.dropped),
            ),
        )
        self.db.executemany(
            "INSERT INTO mixture_rows VALUES (?,?,?,?,?,?)",
            ((cursor.lastrowid, position, *row) for position, row in enumerate(rows)),
        )

    def mixture_again(self, track: str, iteration: int, of: str) -> None:
        """Record the mixture of track ``of`` as that of ``track`` too, row for row."""
        names = [row[1] for row in self.db.execute("PRAGMA table_info(mixtures)")]
        same = ", ".join(name for name in names if name not in ("id", "track"))
        cursor = self.db.execute(
            f"INSERT INTO mixtures (track, {same}) SELECT ?, {same} FROM mixtures"
            " WHERE track = ? AND iteration = ?",
            (track, of, iteration),
        )
        self.db.execute(
            "INSERT INTO mixture_rows SELECT ?, w.position, w.rationale, w.weight, w.tag_weight, w.reason"
            " FROM mixture_rows w JOIN mixtures m ON m.id = w.mixture WHERE m.track = ? AND m.iteration = ?",
            (cursor.lastrowid, of, iteration),
        )

    def student(self, track: str, iteration: int, weights: str, digest: str, trained: Trained) -> None:
        """Record a trained student."""
        self.db.execute(
            "INSERT INTO students (track, iteration, weights, hash, steps, tokens, loss, rows, dropped)"
            " VALUES (?,?,?,?,?,?,?,?,?)",
            (
                track,
                iteration,
                weights,
                digest,
                trained.steps,
                trained.tokens,
                trained.loss,
                trained.rows,
                trained.dropped,
            ),
        )

    def training(self, track: str, iteration: int, told: Told) -> None:
        """Record what a training told on its way."""
        self.db.execute(
            "INSERT INTO training_log (track, iteration, step, steps, loss, learning_rate, gradient_norm,"
            " tokens_per_second, seconds) VALUES (?,?,?,?,?,?,?,?,?)",
            (track, iteration, *told),
        )

    def judged_by(self, role: Role, key: VerifierKey) -> None:
        """Record whose verdicts of a role count from here on, unless they do already."""
        if self.verifier(role) != key:
            self.db.execute(
                "INSERT INTO verifiers (role, verifier, version, options) VALUES (?,?,?,?)", (role, *key)
            )

    def evaluation(
        self, stage: Stage, dataset: str, split: str, counts: tuple[int, int, int], choice: dict[str, float]
    ) -> None:
        """Record a score by the verdicts that count; the stage's step is its mode and ``counts`` is
        (n, correct, unverified). One that stands there stays."""
        self.db.execute(
            "INSERT OR IGNORE INTO evaluations"
            " (track, iteration, mode, dataset, split, n, correct, unverified, choice,"
            " verifier, version, options)"
            " SELECT ?,?,?,?,?,?,?,?,?, verifier, version, options"
            " FROM current_verifier WHERE role = 'scores'",
            (*stage, dataset, split, *counts, _json(choice)),
        )

    def tag_scores(self, rows: Iterable[tuple[str, int, int, str, float]]) -> None:
        """Record (track, iteration, problem, strategy, log-probability of its tag)."""
        self.db.executemany(
            "INSERT INTO tag_scores (track, iteration, problem, strategy, logprob) VALUES (?,?,?,?,?)", rows
        )

    def step(self, stage: Stage, seconds: float) -> None:
        """Record that a step is finished."""
        self.db.execute(
            "INSERT INTO steps (track, iteration, step, seconds) VALUES (?,?,?,?)",
            (*stage, seconds),
        )


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
