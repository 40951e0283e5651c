"""Backend ``vllm``: vLLM's offline engine, in a worker that usually has an interpreter of its own."""

from __future__ import annotations

import importlib.util
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from siked.errors import BackendError, UsageError
from siked.records import Call, Completion, Message, Model, ModelInfo, Outcome, Request, TrainRow
from siked.text import token_ids
from siked_vllm import canary
from siked_vllm import options as settings

_PROBE = TrainRow(
    messages=(Message("user", "A box holds 3 pens and a bag holds 4. How many pens are there in all?"),),
    prefix="[probe]",
    text="There are 3 + 4 = 7 pens.\nFinal Answer: 7",
)


class Vllm:
    """Generates with vLLM. Prompts are the ids that siked trains on; each request has its own seed;
    all strategies and samples of a call are in the engine together, so that what prompts share is
    read once."""

    name: ClassVar[str] = "vllm"
    Options: ClassVar[type[settings.Options]] = settings.Options

    def __init__(self, options: settings.Options) -> None:
        self.options = options
        self._engine: Any = None
        self._replicas: Any = None
        self._tokenizer: Any = None
        self._stop: list[int] = []
        self._model: Model | None = None

    def open(self, model: Model) -> ModelInfo:
        """Load ``model``; on a base that is loaded already only the adapter changes.

        Raises :class:`UsageError` where this interpreter has no vLLM, :class:`BackendError` where
        the model cannot be loaded or the engine does not serve its weights.
        """
        _require()
        if self.options.data_parallel > 1:
            from siked_vllm.replicas import Replicas

            if self._replicas is None:
                self._replicas = Replicas(self.options, "siked_vllm.backend:Vllm")
            info: ModelInfo = self._replicas.open(model)
            self._model = model
            return info
        return self._open(model)

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        """Yield the missing completions while the engine still writes others. Those that end in the
        same step of the engine share a call, which comes before them.

        Texts are not promised to be those of another run: what else is in the engine moves the last
        bits of a log-probability.
        """
        self._opened()
        if self._replicas is not None:
            yield from self._replicas.generate(requests)
            return
        rows = []
        for request, ids in self._prompts(requests):
            if request.done:
                continue
            if len(ids) >= self._engine.context:
                yield _too_long(request, len(ids), self._engine.context)
            else:
                rows.append((ids, request))
        # What begins alike stands together, so that it is in the cache when it is wanted.
        rows.sort(key=lambda row: row[0])
        sampling = [self._sampling(request, len(ids)) for ids, request in rows]
        before = time.perf_counter()
        for ended in self._engine.run([ids for ids, _ in rows], sampling):
            now = time.perf_counter()
            call = Call(
                id=uuid.uuid4().hex,
                requests=len(ended),
                prompt_tokens=sum(len(rows[at][0]) - (output.num_cached_tokens or 0) for at, output in ended),
                completion_tokens=sum(len(output.outputs[0].token_ids) for _, output in ended),
                seconds=now - before,
            )
            before = now
            yield call
            for at, output in ended:
                ids, request = rows[at]
                yield self._completion(request, len(ids), output.outputs[0], call.id)

    def score(
        self, requests: Sequence[Request], continuations: Sequence[Sequence[str]]
    ) -> Iterator[list[float]]:
        """Yield the log-probabilities (nats) of the continuations of each request, in order.

        A continuation is tokenised by itself, like a tag in a training row.
        """
        self._opened()
        if self._replicas is not None:
            yield from self._replicas.score(requests, continuations)
            return
        for (_, ids), endings in zip(self._prompts(requests), continuations, strict=True):
            texts = [[*ids, *token_ids.text_ids(self._tokenizer, ending)] for ending in endings]
            yield [sum(self._logprobs(text, len(ids))) for text in texts]

    def check_tags(self, tags: Sequence[str]) -> None:
        """Raise :class:`siked.errors.PreflightError` for a tag that the tokenizer cannot give back."""
        from siked import models
        from siked.models.loading import load_tokenizer

        # With several replicas each holds a tokenizer of its own, and this process has none.
        tokenizer = self._tokenizer or load_tokenizer(models.resolve(self._opened()).path)
        token_ids.check_tags(tokenizer, tags)

    def _open(self, model: Model) -> ModelInfo:
        from siked import models
        from siked.models.loading import load_tokenizer
        from siked_vllm.engine import Engine

        resolved = models.resolve(model)
        weights = Path(model.weights) if model.weights is not None else None
        adapter = weights if weights is not None and models.is_adapter(weights) else None
        folder = resolved.path if weights is None or adapter is not None else weights
        fingerprint = models.fingerprint(model, resolved)
        self._model = None
        self._tokenizer = load_tokenizer(resolved.path)
        stop = token_ids.stop_ids(self._tokenizer, _generation_config(folder), model.prompt_format)
        ids, labels = token_ids.row_ids(self._tokenizer, _PROBE, model.prompt_format)
        token_ids.preflight(self._tokenizer, [(ids, labels)], stop)
        self._stop = list(stop)
        if self._engine is not None and self._engine.folder != folder:
            self._engine.close()
            self._engine = None
        parameters = _parameters(folder)
        if self.options.canary:
            canary.afford(parameters, folder)
        if self._engine is None:
            self._engine = Engine(folder, resolved.path, self.options)
        self._engine.adapt(adapter, fingerprint)
        if self.options.canary:
            self._check(ids, labels.count(token_ids.IGNORED), folder, adapter)
        self._model = model
        return ModelInfo(
            fingerprint=fingerprint,
            template=token_ids.template_hash(self._tokenizer, model.prompt_format),
            context=self._engine.context,
            parameters=parameters,
            device=self._engine.device,
        )

    def _opened(self) -> Model:
        if self._model is None:
            raise BackendError("the backend 'vllm' was asked to generate before a model was opened")
        return self._model

    def _prompts(self, requests: Iterable[Request]) -> Iterator[tuple[Request, tuple[int, ...]]]:
        """Yield each request with the ids of its prompt; a prompt that occurs again is made once."""
        prompt_format = self._opened().prompt_format
        known: dict[tuple[Any, str], tuple[int, ...]] = {}
        for request in requests:
            key = (request.messages, request.prefix)
            if key not in known:
                ids = token_ids.prompt_ids(self._tokenizer, request.messages, prompt_format, request.prefix)
                known[key] = tuple(ids)
            yield request, known[key]

    def _sampling(self, request: Request, prompt: int) -> Any:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        asked = request.sampling
        greedy = asked.temperature == 0
        return SamplingParams(
            temperature=asked.temperature,
            top_p=1.0 if greedy else asked.top_p,
            seed=None if greedy else request.seed,
            max_tokens=min(asked.max_new_tokens, self._engine.context - prompt),
            stop=list(asked.stop),
            stop_token_ids=self._stop,
            # The ids become a text here, as in training; the engine needs one only to find a stop text.
            detokenize=bool(asked.stop),
            output_kind=RequestOutputKind.FINAL_ONLY,
        )

    def _completion(self, request: Request, prompt: int, output: Any, call: str) -> Completion:
        ids = list(output.token_ids)
        written = len(ids)
        if ids and ids[-1] in self._stop:
            ids.pop()
        text = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        ends = [at for at in (text.find(part) for part in request.sampling.stop) if at >= 0]
        outcomes = {"stop": Outcome.OK, "length": Outcome.CUT}
        outcome = outcomes.get(output.finish_reason, Outcome.FAILED)
        return Completion(
            key=request.key,
            outcome=outcome,
            text=text[: min(ends)] if ends else text,
            reason=f"vLLM ended it: {output.finish_reason}" if outcome == Outcome.FAILED else "",
            prompt_tokens=prompt,
            completion_tokens=written,
            call=call,
        )

    def _logprobs(self, ids: Sequence[int], start: int) -> list[float]:
        """Return the log-probability (nats) of each of ``ids[start:]`` after all before it."""
        from vllm import SamplingParams

        sampling = SamplingParams(temperature=0.0, max_tokens=1, prompt_logprobs=0, detokenize=False)
        # One text at a time: with adapters vLLM 0.32 mixes up the rows of those that it scores together.
        (((_, output),),) = self._engine.run([ids], [sampling])
        scores = output.prompt_logprobs
        return [scores[place][ids[place]].logprob for place in range(start, len(ids))]

    def _check(self, ids: Sequence[int], start: int, folder: Path, adapter: Path | None) -> None:
        """Compare engine and transformers on ``ids[start:]``."""
        served = self._logprobs(ids, start)
        wanted = canary.reference(folder, adapter, ids, start)
        tolerance = self.options.tolerance or settings.TOLERANCES[self._engine.dtype]
        mean = canary.check(served, wanted, tolerance, str(adapter or folder))
        print(f"canary: {len(wanted)} tokens differ by {mean:.2g} nats on average, of {tolerance:g} allowed")


def _require() -> None:
    if importlib.util.find_spec("vllm") is None:
        raise UsageError(
            f"the backend 'vllm' needs vLLM, and {sys.executable} has none. Make an environment for it: "
            "python -m venv .venv-vllm && .venv-vllm/bin/pip install 'siked-vllm[vllm]' (on a CPU as in "
            "docs/how-to/sample-with-vllm.md), then set backend.python=.venv-vllm/bin/python."
        )


def _generation_config(folder: Path) -> Any:
    from transformers import AutoConfig, GenerationConfig

    try:
        return GenerationConfig.from_pretrained(str(folder))
    except OSError:
        return GenerationConfig.from_model_config(AutoConfig.from_pretrained(str(folder)))


def _parameters(folder: Path) -> int:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    with torch.device("meta"):
        return int(AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(str(folder))).num_parameters())


def _too_long(request: Request, size: int, context: int) -> Completion:
    reason = f"the prompt has {size} tokens and the model takes {context}"
    return Completion(key=request.key, outcome=Outcome.FAILED, reason=reason, prompt_tokens=size)
