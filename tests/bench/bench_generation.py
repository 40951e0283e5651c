"""Generation: siked from plan to journal beside transformers' generate and the bare decoder, in one run.

    python tests/bench/bench_generation.py > docs/results/generation-bench.md

The same prompts, greedy, the same most tokens, one thread. Ways alternate over rounds; medians count,
and the ratios of the medians. Stop ids end a text in every way, so all write the same tokens; how often
the texts are equal is in the last column.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch
import transformers

from siked import models
from siked.builtin.backends.transformers import Transformers
from siked.config import load_config
from siked.engine.generate import Ask, generate, student_prompt, student_source
from siked.engine.progress import Reporter
from siked.engine.state import MAIN, State
from siked.journal import Journal
from siked.records import Completion, Problem, Request, Sampling
from siked.registry import load_registry
from siked.text import token_ids


def problems(count: int) -> list[Problem]:
    """The first training problems of the bundled data set."""
    dataset = load_registry().find("dataset", "wordproblems").load()
    found = list(dataset(dataset.Options()).load("train"))[:count]
    assert len(found) == count
    return found


def siked_whole(
    student: str, items: list[Problem], tags: list[str], most: int, batch: int
) -> Callable[[], Any]:
    """Plan, worker, protocol, journal; the worker stays open as it does in a run."""
    registry = load_registry()
    config = load_config(
        flags={
            "student": {"model": student},
            "backend": {"name": "transformers", "batch_size": batch, "threads": 1},
            "sample": {"k": 1},
        }
    )
    folder = Path(tempfile.mkdtemp(prefix="siked-bench-"))
    state = State(
        folder=folder,
        config=config,
        registry=registry,
        journal=Journal.create(folder / "run.db"),
        reporter=Reporter(),
    )
    source = student_source(state, MAIN, -1, Sampling(max_new_tokens=most))
    state.pool.open(source.spec, source.model)
    rounds = iter(range(1_000_000))

    def once() -> list[str]:
        # A new journal each time: an old one would hand out what it has.
        state.journal = Journal.create(folder / f"round-{next(rounds)}.db")
        with state.journal.saving():
            state.journal.problems((problem, False) for problem in items)
        loaded = state.journal.load_problems("train")

        def asks() -> Iterable[Ask]:
            return (Ask(row, problem, name, 0) for row, problem in loaded for name in tags)

        generate(state, MAIN, 0, "sample", source, asks)
        rows = state.journal.rows(
            "SELECT r.text FROM rationales r JOIN requests q ON q.id = r.request ORDER BY q.id"
        )
        return [row["text"] for row in rows]

    return once


def requests_of(items: list[Problem], tags: dict[str, str], most: int) -> list[Request]:
    """The same requests for the component itself."""
    return [
        Request(
            key=f"{i}-{name}",
            messages=student_prompt(problem.question),
            prefix=tag,
            sampling=Sampling(max_new_tokens=most),
            question=problem.question,
            strategy=name,
        )
        for i, problem in enumerate(items)
        for name, tag in tags.items()
    ]


def bare_decoder(student: str, wanted: list[Request], batch: int) -> Callable[[], list[str]]:
    """siked's decoder in this process, without worker and journal."""
    backend = Transformers(Transformers.Options(batch_size=batch, threads=1))
    backend.open(load_config(flags={"student": {"model": student}}).student.as_model())

    def once() -> list[str]:
        found = {c.key: c.text for c in backend.generate(wanted) if isinstance(c, Completion)}
        return [found[request.key] for request in wanted]

    return once


def bare_generate(
    student: str, wanted: list[Request], most: int, batch: int, by_length: bool
) -> Callable[[], list[str]]:
    """transformers' generate on the same prompt ids, left padded."""
    config = load_config(flags={"student": {"model": student}}).student.as_model()
    path = models.resolve(config).path
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)
    stop = sorted(token_ids.stop_ids(tokenizer, model.generation_config, config.prompt_format))
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else stop[0]
    rows = [token_ids.prompt_ids(tokenizer, r.messages, config.prompt_format, r.prefix) for r in wanted]
    order = sorted(range(len(rows)), key=lambda i: len(rows[i])) if by_length else list(range(len(rows)))

    def once() -> list[str]:
        texts = [""] * len(rows)
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            width = max(len(rows[i]) for i in chosen)
            ids = torch.tensor([[pad] * (width - len(rows[i])) + list(rows[i]) for i in chosen])
            mask = torch.tensor([[0] * (width - len(rows[i])) + [1] * len(rows[i]) for i in chosen])
            with torch.inference_mode():
                out = model.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    max_new_tokens=most,
                    do_sample=False,
                    eos_token_id=stop,
                    pad_token_id=pad,
                )
            for i, row in zip(chosen, out.tolist(), strict=True):
                written = row[width:]
                end = next((n for n, token in enumerate(written) if token in stop), len(written))
                texts[i] = tokenizer.decode(written[:end], skip_special_tokens=True)
        return texts

    return once


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--student", default="smollm2")
    parser.add_argument("--problems", type=int, default=32)
    parser.add_argument("--most", type=int, default=48)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    items = problems(args.problems)
    registry = load_registry()
    tags = {name: registry.make("strategy", name).tag for name in ("cot", "l2m", "pot")}
    wanted = requests_of(items, tags, args.most)
    ways: dict[str, Callable[[], list[str]]] = {
        "siked, plan to journal": siked_whole(args.student, items, list(tags), args.most, args.batch),
        "siked's decoder alone": bare_decoder(args.student, wanted, args.batch),
        "transformers generate, by length": bare_generate(args.student, wanted, args.most, args.batch, True),
        "transformers generate, as they come": bare_generate(
            args.student, wanted, args.most, args.batch, False
        ),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    texts: dict[str, list[str]] = {}
    for number in range(args.rounds + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            texts[name] = way()
            if number > 0:
                times[name].append(time.perf_counter() - start)
    first = next(iter(ways))
    own = statistics.median(times[first])
    print("# Generation beside the bare engine\n")
    print(
        f"{args.student}, float32, one thread, {len(wanted)} prompts ({args.problems} problems in three "
        f"strategies), at most {args.most} tokens, batches of {args.batch}, greedy; "
        f"{args.rounds} alternating rounds after one that does not count. "
        f"torch {torch.__version__}, transformers {transformers.__version__}.\n"
    )
    print("| way | median s | all rounds | siked takes | equal texts |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, found in times.items():
        median = statistics.median(found)
        same = sum(a.strip() == b.strip() for a, b in zip(texts[name], texts[first], strict=True))
        rounds = " ".join(f"{value:.1f}" for value in found)
        print(f"| {name} | {median:.2f} | {rounds} | {own / median:.2f}x | {same} of {len(wanted)} |")


if __name__ == "__main__":
    main()
