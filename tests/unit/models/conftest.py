"""A random Llama of a few thousand parameters and a tokenizer of one token a character."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n.,:;?!#=+-*/()[]{}<>|'\""
TEMPLATE = (
    "{% for m in messages %}<|turn|>{{ m['role'] }}\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)


def make_tokenizer(**options: Any) -> Any:
    tokenizers = pytest.importorskip("tokenizers")
    transformers = pytest.importorskip("transformers")
    special = ["<|pad|>", "<|bos|>", "<|end|>", "<|turn|>", "<|unk|>"]
    vocab = {token: i for i, token in enumerate([*special, *ALPHABET])}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocab, unk_token="<|unk|>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
    inner.decoder = tokenizers.decoders.Fuse()
    if options.pop("add_bos", False):
        inner.post_processor = tokenizers.processors.TemplateProcessing(
            single="<|bos|> $A", special_tokens=[("<|bos|>", 1)]
        )
        options.setdefault("bos_token", "<|bos|>")
    settings = {"pad_token": "<|pad|>", "eos_token": "<|end|>", "unk_token": "<|unk|>"} | options
    settings = {key: value for key, value in settings.items() if value is not None}
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=inner, **settings)
    made.add_special_tokens({"additional_special_tokens": ["<|turn|>"]})
    return made


@pytest.fixture(scope="session")
def chat_tokenizer() -> Any:
    made = make_tokenizer()
    made.chat_template = TEMPLATE
    return made


@pytest.fixture(scope="session")
def bare_tokenizer() -> Any:
    return make_tokenizer(add_bos=True)


@pytest.fixture(scope="session")
def make_folder(tmp_path_factory: pytest.TempPathFactory, chat_tokenizer: Any) -> Callable[..., Path]:
    """Write a random model with its tokenizer; equal arguments give equal weights."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")

    def make(seed: int = 0, **options: Any) -> Path:
        torch.manual_seed(seed)
        settings: dict[str, Any] = {
            "vocab_size": len(chat_tokenizer),
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "max_position_embeddings": 256,
            "initializer_range": 0.4,  # so that a random model has opinions
            "tie_word_embeddings": False,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
        }
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**(settings | options)))
        folder = tmp_path_factory.mktemp("model")
        model.save_pretrained(folder)
        chat_tokenizer.save_pretrained(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def folder(make_folder: Callable[..., Path]) -> Path:
    return make_folder()
