"""Make the bundled student: ``python -m siked_choice.everyday.make_student [--out DIR] [--steps N]``.

A Llama of about 0.7 million parameters with one token a word, trained from nothing on
:mod:`siked_choice.everyday.corpus` and written as a plain Hugging Face folder in half precision. It reads
facts and lists said twice first, then all kinds of text. On one core this takes about six minutes.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import string
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siked_choice.everyday import corpus
from siked_choice.everyday.problems import FAMILIES, make_question
from siked_choice.everyday.rationales import Slips, write

HERE = Path(__file__).parent / "student"
STRATEGIES = ("choice-cot", "eliminate", "analogy")
SPECIAL = ("<pad>", "<eos>", "<unk>")
PIECES = r"\[[a-z-]+\]| ?[A-Za-z]+(?:-[a-z]+)*|\n| ?\([A-D]\)| ?[^A-Za-z \n]| +"
"""How a text falls apart before the vocabulary is asked: words and letters keep the space before them."""
LENGTH = 128
BATCH = 16
STEPS = 2000
FIRST = 0.2
"""The share of the steps that read :data:`siked_choice.everyday.corpus.FIRST`."""
PEAK = 3e-3
PEAK_MUON = 0.02
"""Highest rates: of AdamW, for vectors, and of Muon, for matrices."""
WARMUP = 100
FLOOR = 0.05
"""The rate at the end, as a share of the peak."""


def vocabulary() -> list[tuple[str, float]]:
    """Return every token with its cost: whole words are cheap, single characters dear."""
    rng = random.Random("vocabulary")
    pattern = re.compile(PIECES)
    words = {"Question", "Answer", *(f"[{name}]" for name in STRATEGIES)}
    for number in range(12_000):
        made = make_question("", FAMILIES[number % 4], corpus.SPLITS[number % 3], rng)
        texts = [
            made.text,
            *(write(made, name, rng, Slips()) for name in STRATEGIES),
            "".join(piece for piece, _ in corpus.text(rng)),
        ]
        words |= {piece for one in texts for piece in pattern.findall(one)}
    # with and without the space before them
    words |= {f" {word}" for word in corpus.WORDS}
    characters = [*(c for c in string.printable if c.isprintable()), "\n"]
    whole = sorted(word for word in words if len(word) > 1)
    return [
        *((token, 0.0) for token in SPECIAL),
        *((token, -10.0) for token in characters),
        *((token, -1.0) for token in whole),
    ]


def make_tokenizer() -> Any:
    """Return the student's tokenizer: one token a word, decoding is joining."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram(vocabulary(), unk_id=SPECIAL.index("<unk>"), byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECES), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
        padding_side="left",
        model_max_length=384,
    )


def make_model(vocab: int) -> Any:
    """Return the untrained student."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocab,
            hidden_size=128,
            intermediate_size=320,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=384,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=SPECIAL.index("<eos>"),
            pad_token_id=SPECIAL.index("<pad>"),
        )
    )
    for name, weight in model.named_parameters():
        # The usual 0.02 is meant for wide layers; here it would let next to nothing through.
        if weight.dim() > 1 and "embed" not in name:
            torch.nn.init.normal_(weight, std=1 / math.sqrt(weight.shape[1]))
    return model


def batches(tokenizer: Any, rng: random.Random, kinds: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (ids, labels), each (batch, length), without end: whole texts in a row, each ended by the end
    token, then padding; what is only read has the label -100."""
    import torch

    rows: list[tuple[list[int], list[int]]] = [([], [])]
    while True:
        while len(rows) <= BATCH:
            texts = [corpus.text(rng, kinds) for _ in range(64)]
            parts = iter(
                tokenizer([p for text in texts for p, _ in text], add_special_tokens=False)["input_ids"]
            )
            for text in texts:
                ids: list[int] = []
                labels: list[int] = []
                for _, learnt in text:
                    part = next(parts)
                    ids += part
                    labels += part if learnt else [-100] * len(part)
                if len(rows[-1][0]) + len(ids) + 1 > LENGTH:
                    rows.append(([], []))
                rows[-1][0].extend([*ids, tokenizer.eos_token_id])
                rows[-1][1].extend([*labels, tokenizer.eos_token_id])
        taken, rows = rows[:BATCH], rows[BATCH:]
        longest = max(len(row) for row, _ in taken)
        yield (
            torch.tensor([row + [tokenizer.pad_token_id] * (longest - len(row)) for row, _ in taken]),
            torch.tensor([row + [-100] * (longest - len(row)) for _, row in taken]),
        )


def train(model: Any, tokenizer: Any, steps: int) -> Any:
    """Train ``model`` in place and return which tokens were met.

    Muon trains its matrices, AdamW the vectors of tokens and norms; the rates warm up and fall linearly.
    """
    import torch

    optimizers = _optimizers(model)
    rng = random.Random("corpus")
    early, late = (batches(tokenizer, rng, kinds) for kinds in (corpus.FIRST, corpus.KINDS_OF_TEXT))
    seen = torch.zeros(len(tokenizer), dtype=torch.bool)
    started = time.monotonic()
    for step in range(steps):
        rate = min((step + 1) / WARMUP, FLOOR + (1 - FLOOR) * (1 - step / steps))
        ids, labels = next(early if step < FIRST * steps else late)
        seen[ids.flatten()] = True
        loss = _loss(model, ids, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer, peak in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = peak * rate
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        if (step + 1) % 200 == 0 or step == steps - 1:
            known = ", ".join(f"{name} {share:.2f}" for name, share in probe(model, tokenizer).items())
            print(
                f"step {step + 1}: loss {loss.item():.3f}, {time.monotonic() - started:.0f} s; {known}",
                flush=True,
            )
    return seen


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


def _loss(model: Any, ids: Any, labels: Any) -> Any:
    """The mean loss of the learnt tokens; only they are given scores."""
    import torch

    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
    learnt = labels[:, 1:] >= 0
    return torch.nn.functional.cross_entropy(model.lm_head(hidden[learnt]), labels[:, 1:][learnt])


def probe(model: Any, tokenizer: Any) -> dict[str, float]:
    """Return the shares of tokens that ``model`` gets right in texts it has not read, by kind of text."""
    import torch

    rng = random.Random("probe")
    shares = {}
    for make, _ in corpus.KINDS_OF_TEXT:
        right = total = 0
        for _ in range(40):
            text = make(rng)
            parts = tokenizer([piece for piece, _ in text], add_special_tokens=False)["input_ids"]
            with torch.inference_mode():
                ids = torch.tensor([[token for part in parts for token in part]])
                best = [0, *model(input_ids=ids).logits[0].argmax(-1).tolist()]
            at = 0
            for part, (_, learnt) in zip(parts, text, strict=True):
                if learnt:
                    right += sum(a == b for a, b in zip(best[at:], part, strict=False))
                    total += len(part)
                at += len(part)
        shares[make.__name__] = right / total
    return shares


def renew(model: Any, seen: Any) -> None:
    """Give tokens that the corpus never showed, the tags among them, fresh vectors.

    Training moves all of them the same way, since each is never the right answer, until a student could
    hardly learn to tell one from another.
    """
    import torch

    torch.manual_seed(1)
    vectors = model.get_input_embeddings().weight.data
    vectors[~seen] = torch.randn(int((~seen).sum()), vectors.shape[1]) * vectors[seen].std()


def save(model: Any, tokenizer: Any, out: Path) -> None:
    """Write the student as a Hugging Face folder."""
    import torch

    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.to(torch.float16).save_pretrained(out)
    tokenizer.save_pretrained(out)


def main() -> None:
    """Make the student and write it."""
    import torch

    parser = argparse.ArgumentParser(description="Make the bundled student of siked-choice.")
    parser.add_argument("--out", type=Path, default=HERE, help="Folder to write.")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"Optimiser steps of {BATCH} rows.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    model = make_model(len(tokenizer))
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(tokenizer):,} tokens", flush=True)
    met = train(model, tokenizer, options.steps)
    renew(model, met)
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
