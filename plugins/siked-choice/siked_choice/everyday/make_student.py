"""Make the bundled student: ``python -m siked_choice.everyday.make_student [--out DIR]``.

A Llama of about 0.7 million parameters with one token a word, trained from nothing on
:mod:`siked_choice.everyday.corpus`, in three phases, and written as a plain Hugging Face folder in half
precision. ``--start DIR --phase N`` goes on from a student that was written after the phase before.
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

from siked_choice.everyday import corpus
from siked_choice.everyday.problems import FAMILIES, make_question
from siked_choice.everyday.rationales import Slips, write

HERE = Path(__file__).parent / "student"
STRATEGIES = ("choice-cot", "eliminate", "analogy")
SPECIAL = ("<pad>", "<eos>", "<unk>")
PIECES = r"\[[a-z-]+\]| ?[A-Za-z]+(?:-[a-z]+)*|\n| ?\([A-D]\)| ?[^A-Za-z \n]| +"
"""How a text falls apart before the vocabulary is asked: words keep the space before them."""
LENGTH = 128
BATCH = 16


def vocabulary() -> list[tuple[str, float]]:
    """Return every token with its cost: whole words are cheap, single characters dear."""
    rng = random.Random("vocabulary")
    pattern = re.compile(PIECES)
    words = {"Question", "Answer", *(f"[{name}]" for name in STRATEGIES)}
    for number in range(12_000):
        made = make_question("", FAMILIES[number % 4], corpus.SPLITS[number % 3], rng)
        texts = [made.text, *(write(made, name, rng, Slips()) for name in STRATEGIES), *corpus.text(rng)]
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
    return LlamaForCausalLM(
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


def batches(tokenizer: Any, rng: random.Random, mix: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (ids, labels), each (batch, length), without end: whole texts in a row, each ended by the end
    token, then padding; what is only read has the label -100."""
    import torch

    rows: list[tuple[list[int], list[int]]] = [([], [])]
    while True:
        while len(rows) <= BATCH:
            texts = [part for _ in range(256) for part in corpus.text(rng, mix)]
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


def train(model: Any, tokenizer: Any, mix: Any, steps: int, peak: float = 3e-3) -> Any:
    """Train ``model`` in place: AdamW, linear warm-up over 100 steps, then linear decay to a tenth.

    Return which tokens were met.
    """
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.05)
    rows = batches(tokenizer, random.Random(f"corpus {steps}"), mix)
    seen = torch.zeros(len(tokenizer), dtype=torch.bool)
    model.train()
    started = time.process_time()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = peak * min((step + 1) / 100, 0.1 + 0.9 * (1 - step / steps))
        ids, labels = next(rows)
        seen[ids.flatten()] = True
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0 or step == steps - 1:
            spent = time.process_time() - started
            print(f"step {step}: loss {loss.item():.3f}, {spent:.0f} s of processor", flush=True)
    return seen


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
    parser.add_argument("--start", type=Path, help="A student to go on from.")
    parser.add_argument("--phase", type=int, default=1, help="The first phase to go through, from 1.")
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    if options.start is None:
        model = make_model(len(tokenizer))
    else:
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(options.start, dtype=torch.float32)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(tokenizer):,} tokens", flush=True)
    met = torch.zeros(len(tokenizer), dtype=torch.bool)
    for number, (mix, steps) in enumerate(corpus.PHASES, start=1):
        if number >= options.phase:
            print(f"phase {number}", flush=True)
            met |= train(model, tokenizer, mix, steps)
    renew(model, met)
    save(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
