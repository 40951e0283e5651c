"""Fakes for tests of plugins and of siked itself: no model, no torch, instant and deterministic.

They run in real workers over the real protocol; only the model is missing.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from siked.contracts import Progress
from siked.records import (
    Call,
    Completion,
    Model,
    ModelInfo,
    Outcome,
    Request,
    Trained,
    TrainRow,
    TrainSettings,
)


class ScriptedBackend:
    """Solves additions such as ``What is 3 + 4?`` in every strategy, wrongly as often as asked.

    What it has been trained on decides how good it is: weights written by :class:`InstantTrainer`
    hold a skill, and the base has none. A free choice takes the strategy that the weights prefer.
    """

    name: ClassVar[str] = "scripted"

    @dataclass(frozen=True)
    class Options:
        """Settings of the fake."""

        skill: float = field(default=0.3, metadata={"help": "Share of right answers of the base."})
        die_after: int = field(default=0, metadata={"help": "Completions after which it kills itself."})
        die_once: str = field(default="", metadata={"help": "File that marks that it has died already."})
        delay: float = field(default=0.0, metadata={"help": "Seconds each completion takes."})
        pause: str = field(default="", metadata={"help": "File; while it is there, none is written."})

    def __init__(self, options: Options) -> None:
        self.options = options
        self.skill = options.skill
        self.served = 0

    def open(self, model: Model) -> ModelInfo:
        """Read the skill that the weights hold."""
        self.skill = self.options.skill
        fingerprint = f"scripted-{model.name}-{self.options.skill}"
        if model.weights:
            values = json.loads((Path(model.weights) / "weights.json").read_text(encoding="utf-8"))
            self.skill = values["skill"]
            fingerprint += "-" + hashlib.sha256(json.dumps(values).encode()).hexdigest()[:12]
        return ModelInfo(fingerprint=fingerprint, template="plain", context=1024, device="cpu")

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        """Answer every request that is not done, one call for all."""
        count = 0
        for request in requests:
            if request.done:
                continue
            self._maybe_die()
            time.sleep(self.options.delay)
            while self.options.pause and Path(self.options.pause).exists():
                time.sleep(0.05)
            text = self._text(request)
            count += 1
            yield Completion(
                key=request.key,
                outcome=Outcome.OK,
                text=text,
                prompt_tokens=8,
                completion_tokens=len(text) // 4,
            )
        yield Call(id=str(self.served), requests=count, prompt_tokens=8 * count, completion_tokens=20 * count)

    def score(
        self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
    ) -> Iterator[list[float]]:
        """Share a probability of 0.9 between the continuations, by question and length."""
        for request, texts in zip(requests, continuations, strict=True):
            weights = [
                (1 + hashlib.sha256(f"{request.question}|{text}|{self.skill}".encode()).digest()[0])
                * 2.0 ** -len(text)
                for text in texts
            ]
            yield [math.log(0.9 * weight / sum(weights)) for weight in weights]

    def _text(self, request: Request) -> str:
        chance = int.from_bytes(hashlib.sha256(f"{request.seed}|{request.key}".encode()).digest()[:4], "big")
        question = request.question or request.messages[-1].content
        a, b = (int(n) for n in re.findall(r"\d+", question)[-2:])
        answer = a + b if chance / 2**32 < self.skill else a + b + 1
        strategy = request.strategy
        tag = ""
        if not strategy and not request.prefix:
            strategy = ("cot", "l2m", "pot")[chance % 3]
            tag = f"[{strategy}]\n"
        if strategy == "pot":
            return f"{tag}answer = {answer} + 0\n"
        if strategy == "l2m":
            return (
                f"{tag}Sub-question 1: What is {a} plus {b}?\nAnswer to Sub-question 1: {answer}\n"
                f"Final Answer: {answer}"
            )
        return f"{tag}{a} and {b} make {answer}.\nFinal Answer: {answer}"

    def _maybe_die(self) -> None:
        self.served += 1
        if not self.options.die_after or self.served <= self.options.die_after:
            return
        if self.options.die_once:
            marker = Path(self.options.die_once)
            if marker.exists():
                return
            marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)


class InstantTrainer:
    """ "Trains" by counting rows: more rows, more skill. Writes ``weights.json``."""

    name: ClassVar[str] = "instant"

    @dataclass(frozen=True)
    class Options:
        """Settings of the fake."""

        gain: float = field(default=0.3, metadata={"help": "Skill gained by a training."})
        seconds: float = field(default=0.0, metadata={"help": "How long a training takes."})

    def __init__(self, options: Options) -> None:
        self.options = options

    def train(
        self,
        student: Model,
        rows: Sequence[TrainRow],
        settings: TrainSettings,
        out: Path,
        progress: Progress,
    ) -> Trained:
        """Write weights that depend on the parent, every row, and the settings."""
        skill = 0.3
        if student.weights:
            skill = json.loads((Path(student.weights) / "weights.json").read_text(encoding="utf-8"))["skill"]
        sha = hashlib.sha256(f"{skill} {settings}".encode())
        for row in rows:
            sha.update(
                f"{row.prefix}|{row.text}|{row.messages[-1].content}|{row.weight}|{row.tag_weight}".encode()
            )
        steps = settings.max_steps or max(1, int(len(rows) * settings.epochs / 8))
        for step in range(1, steps + 1):
            time.sleep(self.options.seconds / steps)
            progress(step, steps, 1 - skill * step / steps, 1e-3, 0.5, 1000.0)
        skill = skill + (1 - skill) * self.options.gain
        values = {"skill": skill, "rows": sha.hexdigest()}
        (out / "weights.json").write_text(json.dumps(values), encoding="utf-8")
        tokens = sum(len(row.text) // 4 for row in rows)
        return Trained(weights=str(out), steps=steps, tokens=tokens, loss=1 - skill, rows=len(rows))
