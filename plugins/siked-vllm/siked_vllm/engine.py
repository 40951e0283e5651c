"""vLLM's offline engine on one base: ids in, ids out, each text as soon as it has ended."""

from __future__ import annotations

import dataclasses
import os
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from siked.errors import BackendError, ConfigError
from siked_vllm.options import Options

_CPU_CACHE_GIB = 2.0
_CPU_STEP_TOKENS = 4096


class Engine:
    """One base in memory and at most one adapter in use."""

    def __init__(self, folder: Path, tokenizer: Path, options: Options) -> None:
        """Load the model in ``folder``.

        Raises :class:`ConfigError` for an argument that vLLM does not have, :class:`BackendError`
        where it cannot load the model with those it has.
        """
        # A core in a process of its own outlives a killed worker and keeps the device's memory.
        os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        from vllm import LLMEngine
        from vllm.usage.usage_lib import UsageContext

        self.folder = folder
        self._lora: Any = None
        self._names: list[str] = []
        self._count = 0
        arguments = _arguments(folder, tokenizer, options)
        try:
            self._engine = LLMEngine.from_engine_args(arguments, usage_context=UsageContext.LLM_CLASS)
        except Exception as error:
            traceback.print_exc()
            raise BackendError(f"vLLM cannot load {folder}: {_first_line(error)}") from error
        model_config = self._engine.vllm_config.model_config
        self.context = int(model_config.max_model_len)
        self.dtype = str(model_config.dtype).removeprefix("torch.")

    @property
    def device(self) -> str:
        """What the engine runs on: ``cpu``, ``cuda``, ..."""
        from vllm.platforms import current_platform

        return str(current_platform.device_type)

    def adapt(self, adapter: Path | None, name: str) -> None:
        """Use ``adapter`` from here on, or the bare base.

        ``name`` stands for the adapter's content: vLLM keeps adapters and cached prompts by it.
        Raises :class:`BackendError` for an adapter that does not fit the base or the options.
        """
        from vllm.lora.request import LoRARequest

        if adapter is None:
            self._lora = None
            return
        if name not in self._names:
            self._names.append(name)
        request = LoRARequest(name, self._names.index(name) + 1, str(adapter))
        try:
            self._engine.add_lora(request)
        except Exception as error:
            traceback.print_exc()
            raise BackendError(
                f"the adapter {adapter} does not fit {self.folder}: {_first_line(error)}"
            ) from error
        self._lora = request

    def run(
        self, prompts: Sequence[Sequence[int]], sampling: Sequence[Any]
    ) -> Iterator[list[tuple[int, Any]]]:
        """Write all texts in one pass; yield, after each step that ended some, their places and
        vLLM's outputs. ``sampling`` has vLLM's parameters for each prompt.

        Raises :class:`BackendError` where the engine fails.
        """
        from vllm.inputs import tokens_input

        places: dict[str, int] = {}
        try:
            for place, (ids, parameters) in enumerate(zip(prompts, sampling, strict=True)):
                self._count += 1
                name = str(self._count)
                prompt = tokens_input(list(ids))
                self._engine.add_request(name, prompt, parameters, lora_request=self._lora)
                places[name] = place
            while places:
                ended = [output for output in self._engine.step() if output.finished]
                if ended:
                    yield [(places.pop(output.request_id), output) for output in ended]
        except (ValueError, RuntimeError) as error:
            traceback.print_exc()
            raise BackendError(f"vLLM cannot go on: {_first_line(error)}") from error
        finally:
            if places:
                self._engine.abort_request(list(places))

    def close(self) -> None:
        """Give the device's memory back."""
        from vllm.distributed.parallel_state import cleanup_dist_env_and_memory

        self._engine.engine_core.shutdown()
        del self._engine
        cleanup_dist_env_and_memory()


def _arguments(folder: Path, tokenizer: Path, options: Options) -> Any:
    from vllm import EngineArgs
    from vllm.platforms import current_platform

    unknown = set(options.engine) - {f.name for f in dataclasses.fields(EngineArgs)}
    if unknown:
        raise ConfigError(f"backend.engine: this vLLM has no argument {', '.join(sorted(unknown))}")
    values: dict[str, Any] = {
        "model": str(folder),
        "tokenizer": str(tokenizer),
        "dtype": options.dtype if options.dtype != "auto" else "bfloat16",
        "gpu_memory_utilization": options.memory_share,
        "tensor_parallel_size": options.tensor_parallel,
        "enforce_eager": options.eager,
        "enable_prefix_caching": True,
        # siked says how to sample; a model's own settings would be mixed in.
        "generation_config": "vllm",
        "disable_log_stats": True,
    }
    if options.context:
        values["max_model_len"] = options.context
    if options.cache_gib:
        values["kv_cache_memory_bytes"] = int(options.cache_gib * 2**30)
    if options.max_seqs:
        values["max_num_seqs"] = options.max_seqs
    if options.lora_rank:
        values |= {"enable_lora": True, "max_loras": 1, "max_lora_rank": options.lora_rank}
    if current_platform.is_cpu():
        values |= _on_cpu(folder, options)
    return EngineArgs(**(values | options.engine))


def _on_cpu(folder: Path, options: Options) -> dict[str, Any]:
    from transformers import AutoConfig

    values: dict[str, Any] = {}
    if options.dtype == "auto":
        values["dtype"] = "float32"
    if not options.cache_gib:
        # memory_share counts the whole machine's memory here
        values["kv_cache_memory_bytes"] = int(_CPU_CACHE_GIB * 2**30)
    # A seeded request whose prompt is read in parts ends vLLM 0.32: it sets back a generator that cannot
    # be set back on a CPU. So a step takes whole prompts.
    config = AutoConfig.from_pretrained(str(folder)).get_text_config()
    longest = options.context or int(config.max_position_embeddings)
    return values | {
        "enable_chunked_prefill": False,
        "max_num_batched_tokens": max(longest, _CPU_STEP_TOKENS),
    }


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
