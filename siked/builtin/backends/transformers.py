"""Backend ``transformers``: any causal language model of Hugging Face, on CPU, CUDA or MPS.

It decodes with a loop of its own: transformers' ``generate`` has one random generator for a whole
batch, copies the whole key-value cache at every token and reads a prompt once a sample.
"""

from __future__ import annotations

import importlib.util
import sys
import time
import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge

from siked.builtin.backends.batching import Batch, Row, plan
from siked.builtin.backends.streaming import Follower, Watch
from siked.contracts import Told
from siked.errors import BackendError, MissingExtra
from siked.records import Call, Completion, Message, Model, ModelInfo, Outcome, Problem, Request, TrainRow
from siked.text import token_ids


class Transformers:
    """Generates with a Hugging Face model in this process."""

    name: ClassVar[str] = "transformers"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Options:
        """How the model runs."""

        batch_size: Annotated[int, Ge(1)] = field(default=64, metadata={"help": "Texts written together."})
        max_batch_tokens: Annotated[int, Ge(0)] = field(
            default=0, metadata={"help": "Tokens of a batch with all its texts written out; 0 is no limit."}
        )
        dtype: Literal["auto", "float32", "bfloat16", "float16"] = field(
            default="auto",
            metadata={"help": "Type of the weights: float32, bfloat16, float16; auto is bfloat16 on CUDA."},
        )
        device: str = field(
            default="auto", metadata={"help": "cuda, mps, cpu; auto takes the first there is."}
        )
        threads: Annotated[int, Ge(0)] = field(
            default=0, metadata={"help": "CPU threads; 0 leaves it to torch."}
        )

    def __init__(self, options: Options) -> None:
        self.options = options
        self._slot: Any = None
        self._decoder: Any = None
        self._tokenizer: Any = None
        self._tokenizer_folder: Path | None = None
        self._model: Model | None = None
        self._context = 0
        self._watch: Watch | None = None

    def look_up(self, model: Model, problems: Sequence[Problem], strategies: Sequence[str]) -> list[str]:
        """Look for packages, the device and the model; see :class:`siked.contracts.LooksUp`."""
        from siked import models
        from siked.models.loading import check_device

        for package in ("torch", "transformers"):
            if importlib.util.find_spec(package) is None:
                raise MissingExtra("the backend 'transformers'", "train")
        check_device(self.options.device)
        models.look_up(model)
        return []

    def open(self, model: Model) -> ModelInfo:
        """Load ``model``; a base that is loaded already stays, and only its adapter changes."""
        from siked import models

        self._start()
        from siked.builtin.backends.decoding import Decoder
        from siked.models.loading import load_tokenizer

        resolved = models.resolve(model)
        weights = Path(model.weights) if model.weights is not None else None
        loaded = self._slot.open(resolved.path, weights)
        if self._tokenizer_folder != resolved.path:
            self._tokenizer = load_tokenizer(resolved.path)
            self._tokenizer_folder = resolved.path
        stop = token_ids.stop_ids(self._tokenizer, loaded.generation_config, model.prompt_format)
        # A text that training would end otherwise than the engine stops is found out before the teacher
        # is paid.
        probe = TrainRow(messages=(Message("user", "1 + 1?"),), prefix="[probe]", text="2")
        row = token_ids.row_ids(self._tokenizer, probe, model.prompt_format)
        token_ids.preflight(self._tokenizer, [row], stop)
        self._context = int(getattr(loaded.config.get_text_config(), "max_position_embeddings", 0) or 0)
        self._decoder = Decoder(loaded, self._tokenizer, stop, self._context)
        self._model = model
        return ModelInfo(
            fingerprint=models.fingerprint(model, resolved),
            template=token_ids.template_hash(self._tokenizer, model.prompt_format),
            context=self._context,
            parameters=sum(parameter.numel() for parameter in loaded.parameters()),
            device=str(self._decoder.device),
        )

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        """Yield the missing completions batch by batch, each batch's call before its completions.

        Batches come from the whole list; one whose requests are all ``done`` is skipped, one with
        some missing is written again whole and only those are delivered.
        """
        watch, self._watch = self._watch, None
        rows = []
        for row in self._rows(requests):
            if self._context and len(row.ids) >= self._context:
                if not row.request.done:
                    yield _too_long(row, self._context)
            else:
                rows.append(row)
        for batch in plan(rows, self.options.batch_size, self.options.max_batch_tokens):
            if not batch.done:
                yield from self._serve(batch, watch)

    def watch(self, streamed: Collection[str], told: Told, dropped: Collection[str]) -> None:
        """Tell texts of the next ``generate``; see :class:`siked.contracts.StreamingBackend`."""
        self._watch = Watch(streamed, told, dropped)

    def batches(self, requests: Sequence[Request]) -> list[list[int]]:
        """Return which requests go through the model together, by place; see
        :class:`siked.contracts.BatchingBackend`. One that is too long for the model stands alone."""
        rows = self._rows(requests)
        fitting = [row for row in rows if not self._context or len(row.ids) < self._context]
        there = {row.index for row in fitting}
        made = plan(fitting, self.options.batch_size, self.options.max_batch_tokens)
        return [
            *([row.index for row in batch.rows] for batch in made),
            *([row.index] for row in rows if row.index not in there),
        ]

    def score(
        self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
    ) -> Iterator[list[float]]:
        """Yield the log-probabilities (nats) of the continuations of each request, in order.

        A continuation is tokenised by itself, like a tag in a training row.
        """
        from siked.builtin.backends.scoring import score

        self._opened()
        endings = [[token_ids.text_ids(self._tokenizer, text) for text in texts] for texts in continuations]
        prompts = [row.ids for row in self._rows(requests)]
        yield from score(self._decoder, prompts, endings, self.options.batch_size)

    def check_tags(self, tags: Sequence[str]) -> None:
        """Raise :class:`PreflightError` for a tag that the tokenizer does not give back whole."""
        self._opened()
        token_ids.check_tags(self._tokenizer, tags)

    def _start(self) -> None:
        if self._slot is not None:
            return
        try:
            import torch
            import transformers
        except ImportError as error:
            raise MissingExtra("the backend 'transformers'", "train") from error
        from siked.models.loading import Slot, pick_device, pick_dtype

        transformers.logging.set_verbosity_error()
        if self.options.threads:
            torch.set_num_threads(self.options.threads)
        device = pick_device(self.options.device)
        self._slot = Slot(pick_dtype(self.options.dtype, device), device)

    def _opened(self) -> Model:
        if self._model is None:
            raise BackendError("the backend 'transformers' was asked to generate before a model was opened")
        return self._model

    def _rows(self, requests: Sequence[Request]) -> list[Row]:
        """Make the ids of each distinct prompt once."""
        prompt_format = self._opened().prompt_format
        known: dict[tuple[Any, str], tuple[int, ...]] = {}
        rows = []
        for index, request in enumerate(requests):
            key = (request.messages, request.prefix)
            if key not in known:
                ids = token_ids.prompt_ids(self._tokenizer, request.messages, prompt_format, request.prefix)
                known[key] = tuple(ids)
            rows.append(Row(index, request, known[key]))
        return rows

    def _serve(self, batch: Batch, watch: Watch | None) -> Iterator[Completion | Call]:
        import torch

        started = time.perf_counter()
        try:
            follow = Follower(watch, batch, self._tokenizer) if watch is not None else None
            written = self._decoder.write(batch, follow)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not _out_of_memory(error):
                raise
            written = None
        if written is None:
            yield from self._halves(batch, watch)
            return
        call = Call(
            id=uuid.uuid4().hex,
            requests=len(batch.rows),
            prompt_tokens=sum(len(ids) for ids in {row.ids for row in batch.rows}),
            completion_tokens=sum(one.tokens for one in written),
            seconds=time.perf_counter() - started,
        )
        yield call
        texts = self._tokenizer.batch_decode(
            [one.ids for one in written], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        for row, one, text in zip(batch.rows, written, texts, strict=True):
            if not row.request.done:
                yield Completion(
                    key=row.request.key,
                    outcome=Outcome.OK if one.ended else Outcome.CUT,
                    text=_before_stop(text, batch.sampling.stop),
                    prompt_tokens=len(row.ids),
                    completion_tokens=one.tokens,
                    call=call.id,
                )

    def _halves(self, batch: Batch, watch: Watch | None) -> Iterator[Completion | Call]:
        import torch

        size = len(batch.rows)
        if size == 1:
            raise BackendError(
                f"out of memory on a single text of {len(batch.rows[0].ids)} prompt tokens; "
                "take a smaller model, another device or fewer new tokens"
            )
        print(f"out of memory with {size} texts at once; going on with {size // 2}", file=sys.stderr)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        for part in (batch.rows[: size // 2], batch.rows[size // 2 :]):
            half = Batch(part, batch.sampling)
            if not half.done:
                yield from self._serve(half, watch)


def _too_long(row: Row, context: int) -> Completion:
    reason = f"the prompt has {len(row.ids)} tokens and the model takes {context}"
    return Completion(key=row.request.key, outcome=Outcome.FAILED, reason=reason, prompt_tokens=len(row.ids))


def _before_stop(text: str, stop: Sequence[str]) -> str:
    ends = [at for at in (text.find(part) for part in stop) if at >= 0]
    return text[: min(ends)] if ends else text


def _out_of_memory(error: BaseException) -> bool:
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return "out of memory" in str(error).lower() or "can't allocate memory" in str(error)
