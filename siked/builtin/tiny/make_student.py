"""Make the bundled student: ``python -m siked.builtin.tiny.make_student [--out DIR] [--steps N]``.

A Llama of about 0.6 million parameters, trained from nothing on :mod:`siked.builtin.tiny.corpus` and
written as a plain Hugging Face folder. It reads sums, facts and lists first, then all kinds of text. On one
core this takes about ten minutes.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siked.builtin.tiny import corpus
from siked.builtin.tiny.tokenizer import NUMBERS, SPECIAL, make_tokenizer

HERE = Path(__file__).parent / "student"
LENGTH = 128
BATCH = 8
STEPS = 5000
FIRST = 0.1
"""The share of the steps that read :data:`siked.builtin.tiny.corpus.FIRST`."""
PEAK = 3e-3
PEAK_MUON = 0.02
"""Highest rates: of AdamW, for vectors, and of Muon, for matrices."""
WARMUP = 100
PERIODS = (2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 400)
FLOOR = 0.05
"""The rate at the end, as a share of the peak."""


def make_model(vocab: int) -> Any:
    """Return the untrained student: three layers of width 128, input and output vectors shared."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocab,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=SPECIAL.index("<eos>"),
        pad_token_id=SPECIAL.index("<pad>"),
    )
    model = LlamaForCausalLM(config)
    for name, weight in model.named_parameters():
        # The usual 0.02 is meant for wide layers; here it would let next to nothing through.
        if weight.dim() > 1 and "embed" not in name:
            torch.nn.init.normal_(weight, std=1 / math.sqrt(weight.shape[1]))
    return model


def number_waves(model: Any, tokenizer: Any) -> None:
    """Let the vector of each number start with waves of its value, in which adding is turning."""
    import torch

    values = torch.arange(NUMBERS)[:, None]
    turns = 2 * math.pi * values / torch.tensor(PERIODS)[None]
    waves = 0.04 * torch.cat((turns.cos(), turns.sin()), 1)
    rows = tokenizer.convert_tokens_to_ids([f" {number}" for number in range(NUMBERS)])
    model.get_input_embeddings().weight.data[rows, : waves.shape[1]] = waves


Row = tuple[list[int], list[int]]


class Reader:
    """Packs texts of the corpus into rows of ids and labels, each text whole and ended by the end token."""

    def __init__(self, tokenizer: Any, seed: str) -> None:
        self.rng = random.Random(seed)
        self.tokenizer = tokenizer
        self.words = sorted(t.strip() for t in tokenizer.get_vocab() if re.search("[a-zA-Z]{2}|[a-z]\\d", t))
        self._space = tokenizer.convert_tokens_to_ids(" ")

    def rows(self, kinds: Any) -> Iterator[Row]:
        """Yield (ids, labels) of at most ``LENGTH``, without end; what is only read has the label -100."""
        ids: list[int] = []
        labels: list[int] = []
        while True:
            texts = [corpus.text(self.rng, self.words, kinds) for _ in range(64)]
            pieces = [piece for text in texts for piece, _ in text]
            encoded = iter(self.tokenizer(pieces, add_special_tokens=False)["input_ids"])
            for text in texts:
                row: Row = ([], [])
                for _, learnt in text:
                    # Pieces are words apart, whatever they start with.
                    part = [token for token in next(encoded) if token != self._space]
                    row[0].extend(part)
                    row[1].extend(part if learnt else [-100] * len(part))
                row[0].append(self.tokenizer.eos_token_id)
                row[1].append(self.tokenizer.eos_token_id)
                if ids and len(ids) + len(row[0]) > LENGTH:
                    yield ids[:LENGTH], labels[:LENGTH]
                    ids, labels = [], []
                ids += row[0]
                labels += row[1]


def train(model: Any, tokenizer: Any, steps: int) -> None:
    """Train ``model`` in place: Muon for its matrices, AdamW for the vectors of tokens and norms.

    The rates warm up and fall linearly. With AdamW alone, copying from a problem takes more than twice
    as many steps to learn.
    """
    import torch

    optimizers = _optimizers(model)
    reader = Reader(tokenizer, "corpus")
    early, late = reader.rows(corpus.FIRST), reader.rows(corpus.KINDS)
    seen = torch.zeros(len(tokenizer), dtype=torch.bool)
    started, mean = time.monotonic(), 0.0
    for step in range(steps):
        rate = min((step + 1) / WARMUP, FLOOR + (1 - FLOOR) * (1 - step / steps))
        source = early if step < FIRST * steps else late
        ids, labels = _batch([next(source) for _ in range(BATCH)], tokenizer.pad_token_id)
        seen[ids.flatten()] = True
        model.train()
        loss = _loss(model, ids, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, peak in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = peak * rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        mean += 0.02 * (loss.item() - mean)
        if (step + 1) % 200 == 0 or step == steps - 1:
            model.eval()
            known = ", ".join(f"{name} {share:.2f}" for name, share in probe(model, tokenizer).items())
            print(
                f"step {step + 1}: loss {mean:.3f}, {time.monotonic() - started:.0f} s; {known}", flush=True
            )
    renew(model, seen)


def _optimizers(model: Any) -> list[tuple[Any, float]]:
    """Return optimizers with their highest rates."""
    import torch

    matrices: list[Any] = []
    others: list[Any] = []
    for name, weight in model.named_parameters():
        (matrices if weight.dim() == 2 and "embed" not in name else others).append(weight)
    return [
        (torch.optim.Muon(matrices, lr=PEAK_MUON, weight_decay=0.05), PEAK_MUON),
        (torch.optim.AdamW(others, lr=PEAK, betas=(0.9, 0.98), weight_decay=0.0), PEAK),
    ]


def _batch(rows: list[Row], pad: int) -> tuple[Any, Any]:
    import torch

    longest = max(len(ids) for ids, _ in rows)
    ids = [ids + [pad] * (longest - len(ids)) for ids, _ in rows]
    labels = [labels + [-100] * (longest - len(labels)) for _, labels in rows]
    return torch.tensor(ids), torch.tensor(labels)


def _loss(model: Any, ids: Any, labels: Any) -> Any:
    """The mean loss of the learnt tokens; only they are given scores."""
    import torch

    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
    learnt = labels[:, 1:] >= 0
    return torch.nn.functional.cross_entropy(model.lm_head(hidden[learnt]), labels[:, 1:][learnt])


def probe(model: Any, tokenizer: Any) -> dict[str, float]:
    """Return the shares of sums, products and facts that ``model`` knows, in contexts it has not read."""
    from siked.builtin.tiny.world import MILES, NAMES, THINGS, TOWN, TOWNS, WEIGHT

    asked: dict[str, list[tuple[str, object]]] = {
        "sums": [
            (f"[l2m]\nAnswer to Sub-question 2: {a} + {b} =", a + b)
            for a in range(2, 31)
            for b in (2, 5, 9, 12)
        ],
        "products": [(f"[cot]\n{a} * {b} =", a * b) for a in range(2, 10) for b in range(2, 10)],
        "weights": [(f"[cot]\nA {thing} weighs", WEIGHT[thing]) for thing in THINGS],
        "weights asked": [
            (f"[l2m]\nQuiz 1: How heavy is a {thing}?\nReply 1:", WEIGHT[thing]) for thing in THINGS
        ],
        "towns": [(f"[cot]\n{name} lives in", TOWN[name]) for name in NAMES],
        "miles": [(f"[cot]\nAnna lives in {town}. {town} is", MILES[town]) for town in TOWNS],
    }
    shares = {
        name: sum(next_word(model, tokenizer, text) == str(answer) for text, answer in cases) / len(cases)
        for name, cases in asked.items()
    }
    return {**shares, "notes": copied(model, tokenizer)}


def copied(model: Any, tokenizer: Any, texts: int = 40) -> float:
    """Return the share of what is noted of problems that ``model`` finds, word by word."""
    import torch

    reader = Reader(tokenizer, "probe")
    rows = reader.rows(((corpus.notes, 1.0),))
    ids, labels = _batch([next(rows) for _ in range(texts)], tokenizer.pad_token_id)
    with torch.inference_mode():
        best = model(input_ids=ids).logits[:, :-1].argmax(-1)
    learnt = (labels[:, 1:] >= 0) & (labels[:, 1:] != tokenizer.eos_token_id)
    return float((best == labels[:, 1:])[learnt].float().mean())


def next_word(model: Any, tokenizer: Any, text: str) -> str:
    """Return what ``model`` finds most probable after ``text``."""
    import torch

    with torch.inference_mode():
        ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
        best = model(input_ids=ids).logits[0, -1].argmax().item()
    return str(tokenizer.decode([best]))


def renew(model: Any, seen: Any) -> None:
    """Give tokens that the corpus never showed fresh vectors.

    Training moves all of them the same way, since each is never the right answer, until they are one
    and the same vector; a student could then hardly learn to tell one from another. The tags were
    met: :func:`siked.builtin.tiny.corpus.echo` lists any words of the vocabulary.
    """
    import torch

    torch.manual_seed(1)
    vectors = model.get_input_embeddings().weight.data
    fresh = torch.randn(int((~seen).sum()), vectors.shape[1]) * vectors[seen].std()
    vectors[~seen] = fresh


def save(model: Any, tokenizer: Any, out: Path) -> None:
    """Write the student as a Hugging Face folder."""
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


def main() -> None:
    """Make the student and write it."""
    parser = argparse.ArgumentParser(description="Make the bundled student.")
    parser.add_argument("--out", type=Path, default=HERE, help="Folder to write.")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"Optimiser steps of {BATCH} rows.")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    model = make_model(len(tokenizer))
    number_waves(model, tokenizer)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(tokenizer):,} tokens", flush=True)
    train(model, tokenizer, options.steps)
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
