"""Where a run stands: what is done of it, what goes on, and what is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from siked.engine.forecast import planned, remaining
from siked.engine.state import MAIN
from siked.engine.summary import so_far
from siked.journal import Reader, Stage
from siked.journal.queries import scores, trainings, verdicts
from siked.report.tables import Table
from siked.runs.reading import is_worked_on
from siked.runs.run import Run, stored_config

_TEXTS = {
    "teach": ("teach:",),
    "sample": ("sample",),
    "evaluate": ("free:dev", "forced:dev"),
    "test": ("free:",),
}
"""Steps that ask for texts, and how the steps that their requests name begin."""
_WORDS = {"teach": "teacher's texts", "evaluate": "dev", "test": "test sets"}


def finished(run: Run) -> bool:
    """Whether a run has come to its end."""
    return (run.folder / "summary.json").exists()


def summary_of(run: Run) -> Mapping[str, Any]:
    """Return the numbers of a run, of one that is not finished those that there are."""
    if finished(run):
        return run.summary
    return so_far(run.journal, stored_config(run.journal), run.folder.resolve().name)


def sentence(run: Run, summary: Mapping[str, Any]) -> str:
    """Return, for a run that is not finished, how far it is and how it goes on."""
    done = len(summary["iterations"])
    config = stored_config(run.journal)
    trained = f"{done} of {config.iterations + 1} students are trained"
    if is_worked_on(run.folder):
        left = remaining(run.journal, config)
        about = f", about {left / 60:.0f} minutes of it left after the last step" if left else ""
        return f"Not finished: {trained}; a process works on it{about}."
    return f"Not finished: {trained}; nothing works on it; go on with: siked resume {run.folder.name}"


def table(run: Run) -> Table:
    """Return the steps of a run that is not finished; no rows for one that is."""
    columns, words = ["step", "what", "state", "so far"], frozenset({"what", "state", "so far"})
    if finished(run):
        return Table("Steps", columns, [], words)
    took = {Stage(t.track, t.iteration, t.step): t.seconds for t in scores.timings(run.journal)}
    rows = []
    ahead = False
    for stage in planned(stored_config(run.journal)):
        where = f"iteration {stage.iteration}" if stage.track == MAIN else f"{stage.track} {stage.iteration}"
        what = _WORDS.get(stage.step, stage.step)
        if stage in took:
            rows.append([where, what, "done", f"{took[stage]:.0f} s"])
        else:
            rows.append([where, what, "to do" if ahead else "next", _progress(run.journal, stage)])
            ahead = True
    return Table("Steps", columns, rows, words)


def _progress(journal: Reader, stage: Stage) -> str:
    """Return what there is of a step that is not finished, in words."""
    if stage.step == "train":
        log = trainings.log(journal, stage.track, stage.iteration)
        return f"step {log[-1].step} of {log[-1].steps}, loss {log[-1].loss:.2f}" if log else ""
    begins = _TEXTS.get(stage.step, ())
    counts = [
        journal.count_requests(one)
        for one in verdicts.stages(journal)
        if (one.track, one.iteration) == (stage.track, stage.iteration)
        and one.step.startswith(begins)
        and (stage.step != "test" or one.step != "free:dev")
    ]
    asked, ended = sum(a for a, _ in counts), sum(e for _, e in counts)
    return f"{ended:,} of {asked:,} texts" if asked else ""
