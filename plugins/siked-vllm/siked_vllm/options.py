"""The options of the backend, checked before anything is spent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le

DTYPES = ("auto", "float32", "bfloat16", "float16")
RANKS = (0, 8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks for which vLLM has kernels; 0 is an engine without adapters."""
TOLERANCES = {"float32": 0.001, "bfloat16": 0.1, "float16": 0.05}
"""Nats a token by which engine and transformers may differ on average, by the engine's type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the engine runs.

    Raises :class:`ValueError` for a value that vLLM would refuse after minutes of loading.
    """

    dtype: str = field(
        default="auto",
        metadata={"help": "Type of the weights: float32, bfloat16, float16; auto is float32 on a CPU."},
    )
    context: Annotated[int, Ge(0)] = field(
        default=0, metadata={"help": "Tokens of prompt and text; 0 is all the model takes."}
    )
    memory_share: Annotated[float, Gt(0), Le(1)] = field(
        default=0.9, metadata={"help": "Share of the device's memory for weights and key-value cache."}
    )
    cache_gib: Annotated[float, Ge(0)] = field(
        default=0.0,
        metadata={"help": "GiB of the key-value cache; 0 is what memory_share leaves, on a CPU 2."},
    )
    max_seqs: Annotated[int, Ge(0)] = field(
        default=0, metadata={"help": "Texts written together; 0 leaves it to vLLM."}
    )
    tensor_parallel: Annotated[int, Ge(1)] = field(
        default=1, metadata={"help": "Devices that share each layer."}
    )
    data_parallel: Annotated[int, Ge(1)] = field(
        default=1, metadata={"help": "Engines, each with devices of its own and a share of the texts."}
    )
    lora_rank: int = field(
        default=16, metadata={"help": "Highest rank of an adapter; 0 is an engine without adapters."}
    )
    eager: bool = field(
        default=False, metadata={"help": "Compile nothing: starts sooner, runs slower on a GPU."}
    )
    canary: bool = field(
        default=True, metadata={"help": "After loading, compare log-probabilities with transformers'."}
    )
    tolerance: Annotated[float, Ge(0)] = field(
        default=0.0,
        metadata={
            "help": "Nats a token by which the two may differ; 0 is 0.001, bfloat16 0.1, float16 0.05."
        },
    )
    engine: dict[str, Any] = field(
        default_factory=dict, metadata={"help": "Any other of vLLM's EngineArgs, by name."}
    )

    def __post_init__(self) -> None:
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype is {self.dtype!r}; there are: {', '.join(DTYPES)}")
        if not 0 < self.memory_share <= 1:
            raise ValueError(f"memory_share is {self.memory_share:g}; it is above 0 and at most 1")
        if self.lora_rank not in RANKS:
            raise ValueError(f"lora_rank is {self.lora_rank}; vLLM has: {', '.join(map(str, RANKS))}")
        for name in ("tensor_parallel", "data_parallel"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it is at least 1")
        for name in ("context", "cache_gib", "max_seqs", "tolerance"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it is not negative")
