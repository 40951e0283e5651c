"""When a verifier changed between two sessions of a run: nothing is read that it has not judged."""

from __future__ import annotations

from collections.abc import Sequence

from siked.engine.evaluate import score_again
from siked.engine.state import MAIN, State
from siked.engine.verify import judge_stages
from siked.engine.votes import best_again, vote_again
from siked.journal import Stage, VerifierKey
from siked.journal.queries import mixtures, scores, verdicts
from siked.journal.stage import Role

ROLES: tuple[Role, ...] = ("labels", "scores")


def bring_up_to_date(state: State) -> None:
    """Let the installed verifiers judge what others have judged, and let theirs count from here on.

    Called before anything is read; notes say how many verdicts are others now. It can be cut off
    anywhere and called again: theirs count only when all are there.
    """
    journal = state.journal
    changed = False
    for role in ROLES:
        before, now = journal.verifier(role), state.judging[role].key
        if before == now:
            continue
        if before is not None:
            _judge_again(state, role, before, now)
            changed = True
    name_verifiers(state)
    if changed:
        for track, iteration, rows in mixtures.no_longer_correct(journal):
            state.note(
                f"{rows} rows of the mixture of iteration {iteration} ({track}) that was trained on"
                " are not correct by the verdicts that count now"
            )
    with journal.saving():  # all of them or none: what is there is not looked for again
        _score_what_was_scored(state)


def name_verifiers(state: State) -> None:
    """Record that the installed verifiers' verdicts count from here on."""
    with state.journal.saving():
        for role in ROLES:
            state.journal.judged_by(role, state.judging[role].key)


def _judge_again(state: State, role: Role, before: VerifierKey, now: VerifierKey) -> None:
    total = differ = 0
    for stages in judged_together([s for s in verdicts.stages(state.journal) if s.role == role]):
        judge_stages(state, stages)
        for stage in stages:
            both, other = verdicts.changed(state.journal, stage, before, now)
            total, differ = total + both, differ + other
    options = "" if before.options == now.options else " with other options"
    state.note(
        f"verifier {before.verifier} {before.version} is now {now.verifier} {now.version}{options}:"
        f" {total} texts for {role} were judged again, {differ} verdicts are others"
    )


def judged_together(stages: Sequence[Stage]) -> list[list[Stage]]:
    """Group steps as they are judged: all strategies of the teacher together, since a labeller looks at
    what they agree on, every other step by itself."""
    taught = [stage for stage in stages if stage.step.startswith("teach:")]
    return ([taught] if taught else []) + [[stage] for stage in stages if stage not in taught]


def _score_what_was_scored(state: State) -> None:
    scored = {(found.track, found.iteration, found.split) for found in scores.evaluations(state.journal)}
    splits = {"evaluate": "dev", "test": "test"}
    for done in scores.timings(state.journal):
        split = splits.get(done.step)
        if split and (done.track, done.iteration, split) not in scored:
            score_again(state, done.track, done.iteration, split)
        if done.step == "votes" and (MAIN, done.iteration, "test") not in scored:
            vote_again(state, done.iteration)
        if done.step == "best-strategy":
            best_again(state, done.track, done.iteration)
