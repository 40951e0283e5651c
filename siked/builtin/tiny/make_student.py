"""Make the bundled student: ``python -m siked.builtin.tiny.make_student [--out DIR] [--minutes M]``.

A Llama of about 0.75 million parameters with one token a number, trained from nothing on
:mod:`siked.builtin.tiny.corpus` and written as a plain Hugging Face folder.
"""

from __future__ import annotations

import argparse
import random
import re
import string
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from siked.builtin.tiny import corpus
from siked.builtin.tiny.problems import FAMILIES, VARIETIES, make_story
from siked.builtin.tiny.rationales import Slips, write

HERE = Path(__file__).parent / "student"
TAGS = ("[cot]", "[l2m]", "[pot]")
SPECIAL = ("<pad>", "<eos>", "<unk>")
PIECES = r"\[[a-z0-9]+\]|Answer to Sub-question| ?[A-Za-z]+(?:-[a-z]+)*| ?[0-9]{1,3}|\n| ?[^A-Za-z0-9 \n]| +"
"""How a text falls apart before the vocabulary is asked: words and numbers keep the space before them."""

LENGTH = 160
BATCH = 16


def vocabulary() -> list[tuple[str, float]]:
    """Return every token with its cost: whole words are cheap, single characters dear."""
    rng = random.Random("vocabulary")
    words = {"Question", "Answer", *TAGS}
    pattern = re.compile(PIECES)
    for variety in VARIETIES.values():
        for number in range(3000):
            story = make_story("", FAMILIES[number % len(FAMILIES)], variety, rng)
            texts = [story.question, *(write(story, tag.strip("[]"), rng, Slips()) for tag in TAGS)]
            words |= {piece for one in texts for piece in pattern.findall(one)}
    for _ in range(20000):
        words |= set(pattern.findall("".join(corpus.text(rng))))
    characters = [*(c for c in string.printable if c.isprintable()), "\n"]
    # A plural is its singular and an s: two tokens that share what the word means.
    whole = {w for w in words if len(w) > 1 and not w.strip().isdigit() and not _plural(w, words)}
    numbers = [f" {number}" for number in range(1000)]
    return [
        *((token, 0.0) for token in SPECIAL),
        *((token, -10.0) for token in characters),
        *((token, -1.0) for token in sorted(whole)),
        *((token, -1.0) for token in numbers),
    ]


def _plural(word: str, words: set[str]) -> bool:
    return word.endswith("s") and word[:-1] in words


def make_tokenizer() -> Any:
    """Return the student's tokenizer: one token a number below 1,000, decoding is joining."""
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
        model_max_length=512,
    )


def make_model(vocab: int) -> Any:
    """Return the untrained student."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocab,
        hidden_size=128,
        intermediate_size=352,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=SPECIAL.index("<eos>"),
        pad_token_id=SPECIAL.index("<pad>"),
    )
    return LlamaForCausalLM(config)


def batches(tokenizer: Any, rng: random.Random) -> Iterator[tuple[Any, Any]]:
    """Yield (ids, labels), each (batch, length), without end: whole texts in a row, each ended by the
    end token, then padding; what is only read has the label -100."""
    import torch

    words = tuple(token.strip() for token in sorted(tokenizer.get_vocab()) if re.search("[a-zA-Z]{2}", token))
    rows: list[tuple[list[int], list[int]]] = [([], [])]
    while True:
        while len(rows) <= BATCH:
            texts = [part for _ in range(256) for part in corpus.text(rng, words)]
            parts = tokenizer(texts, add_special_tokens=False)["input_ids"]
            for read, written in zip(parts[::2], parts[1::2], strict=True):
                target = [*written, tokenizer.eos_token_id]
                if len(rows[-1][0]) + len(read) + len(target) > LENGTH:
                    rows.append(([], []))
                rows[-1][0].extend([*read, *target])
                rows[-1][1].extend([*([-100] * len(read)), *target])
        ids = [row + [tokenizer.pad_token_id] * (LENGTH - len(row)) for row, _ in rows[:BATCH]]
        labels = [row + [-100] * (LENGTH - len(row)) for _, row in rows[:BATCH]]
        yield torch.tensor(ids)[:, :LENGTH], torch.tensor(labels)[:, :LENGTH]
        del rows[:BATCH]


def train(model: Any, tokenizer: Any, steps: int, peak: float = 2e-3) -> None:
    """Train ``model`` in place: AdamW, linear warm-up over 200 steps, then linear decay to a tenth."""
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.05)
    rows = batches(tokenizer, random.Random("corpus"))
    seen = torch.zeros(len(tokenizer), dtype=torch.bool)
    model.train()
    started = time.monotonic()
    for step in range(steps):
        rate = peak * min((step + 1) / 200, 0.1 + 0.9 * (1 - step / steps))
        for group in optimizer.param_groups:
            group["lr"] = rate
        ids, labels = next(rows)
        seen[ids.flatten()] = True
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 200 == 0 or step == steps - 1:
            print(f"step {step}: loss {loss.item():.3f}, {time.monotonic() - started:.0f} s", flush=True)
    renew(model, seen)


def renew(model: Any, seen: Any) -> None:
    """Give tokens that the corpus never showed (``[l2m]`` among them) fresh vectors.

    Training moves all of them the same way, since each is never the right answer, until they are one
    and the same vector; a student could then hardly learn to tell one from another. ``[cot]`` and
    ``[pot]`` were met: :func:`siked.builtin.tiny.corpus.echo` lists any words of the vocabulary.
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
    parser.add_argument("--steps", type=int, default=6000, help="Optimiser steps of 16 rows.")
    options = parser.parse_args()
    tokenizer = make_tokenizer()
    model = make_model(len(tokenizer))
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(tokenizer):,} tokens", flush=True)
    train(model, tokenizer, options.steps)
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
