"""One of the processes of a training: ``python -m siked.builtin.trainers.rank JOB``, under a launcher."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

from siked.builtin.trainers.sft import Sft
from siked.errors import SikedError
from siked.records import Model, TrainSettings
from siked.workers.child import Rows
from siked.workers.protocol import pack


def main(job: Path) -> None:
    """Train with the others; the first process writes progress, result and weights."""
    values = json.loads((job / "job.json").read_text(encoding="utf-8"))
    rank = int(os.environ.get("RANK", "0"))
    if values["host"] == socket.gethostname():
        threading.Thread(target=_end_with, args=(values["pid"],), daemon=True).start()
    trainer = Sft(Sft.Options(**values["options"]))
    try:
        with (job / "progress.jsonl").open("a", encoding="utf-8") as told:

            def progress(
                step: int,
                of: int,
                loss: float | None = None,
                learning_rate: float | None = None,
                gradient_norm: float | None = None,
                tokens_per_second: float | None = None,
            ) -> None:
                if rank == 0:
                    numbers = [step, of, loss, learning_rate, gradient_norm, tokens_per_second]
                    told.write(json.dumps(numbers) + "\n")
                    told.flush()

            trained = trainer.fit(
                Model(**values["student"]),
                Rows(job / "rows.jsonl"),
                TrainSettings(**values["settings"]),
                Path(values["out"]),
                progress,
            )
    except SikedError as error:
        said = {"kind": type(error).__name__, "message": str(error)}
        (job / f"error-{rank:05d}.json").write_text(json.dumps(said), encoding="utf-8")
        raise
    if rank == 0:
        (job / "result.json").write_text(json.dumps(pack(trained)), encoding="utf-8")


def _end_with(pid: int) -> None:
    """End when the process that wants the student does: a launcher does not see that it has gone."""
    while True:
        try:
            os.kill(pid, 0)
        except OSError:
            os._exit(1)
        time.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
