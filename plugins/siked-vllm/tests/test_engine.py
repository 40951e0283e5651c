"""The backend ``vllm`` on a real engine, beside the transformers backend on the same weights."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from siked import models
from siked.builtin.backends.transformers import Transformers
from siked.errors import BackendError, ConfigError
from siked.records import Call, Completion, Message, Model, ModelInfo, Outcome, Request, Sampling
from siked.testing.model_suites import QUESTIONS, BackendContract, plan
from siked.workers import Spec, Worker

pytest.importorskip("siked_vllm", reason="pip install -e plugins/siked-vllm")
pytest.importorskip("peft", reason="pip install 'siked[train]'")

from siked_vllm.backend import Vllm

pytestmark = [pytest.mark.vllm, pytest.mark.train]

PYTHON = os.environ.get("SIKED_VLLM_PYTHON") or str(Path(__file__).parents[3] / ".venv-vllm/bin/python")
OPTIONS: dict[str, Any] = {"dtype": "float32", "context": 512, "cache_gib": 0.5, "eager": True}
GREEDY = Sampling(temperature=0.0, max_new_tokens=24)


def start(log: Path, **options: Any) -> Worker:
    if not Path(PYTHON).exists():
        pytest.skip("type: make vllm")
    spec = Spec(
        role="student", target="siked_vllm.backend:Vllm", options={**OPTIONS, **options}, python=PYTHON
    )
    return Worker(spec, log)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    made = start(tmp_path_factory.mktemp("logs") / "student.log")
    yield made
    made.close()


@pytest.fixture(scope="module")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Adapters of SmolLM2 by rank, at random, strong enough to change what it says."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    made = {}
    for rank in (8, 16, 32):
        torch.manual_seed(rank)
        base = AutoModelForCausalLM.from_pretrained(models.smollm2_folder(), dtype=torch.float32)
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")
        model = get_peft_model(base, config)
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(parameter, std=0.004)
        made[rank] = tmp_path_factory.mktemp(f"rank-{rank}")
        model.save_pretrained(str(made[rank]))
    return made


def smollm2(adapter: Path | None = None) -> Model:
    return Model(name="smollm2", weights=str(adapter) if adapter else None)


def texts(backend: Any, requests: Sequence[Request]) -> dict[str, str]:
    return {x.key: x.text for x in backend.generate(requests) if isinstance(x, Completion)}


def running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


class Remote:
    """The backend as the engine sees it: behind a worker."""

    name = Vllm.name
    Options = Vllm.Options

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def open(self, model: Model) -> ModelInfo:
        return self.worker.open(model)

    def generate(self, requests: Sequence[Request]) -> Iterator[Completion | Call]:
        return self.worker.generate(requests)

    def score(self, requests: Sequence[Request], texts: Sequence[Sequence[str]]) -> Iterator[list[float]]:
        return self.worker.score(requests, texts)


class TestVllm(BackendContract):
    at_once = None  # vLLM decides what it writes together
    deterministic = False
    scores = True

    @pytest.fixture
    def backend(self, worker: Worker) -> Remote:
        return Remote(worker)

    @pytest.fixture
    def model(self) -> Model:
        return smollm2()


def test_greedy_texts_and_scores_are_those_of_transformers(worker: Worker, adapters: dict[int, Path]) -> None:
    model = smollm2(adapters[16])
    other = Transformers(Transformers.Options(device="cpu", dtype="float32"))
    assert worker.open(model).fingerprint == other.open(model).fingerprint
    asked = [
        replace(r, sampling=GREEDY) for r in plan([f"{q} And {n} more?" for q in QUESTIONS for n in range(4)])
    ]
    ours, theirs = texts(worker, asked), texts(other, asked)
    same = sum(ours[key] == theirs[key] for key in ours)
    assert same >= 0.95 * len(asked)
    endings = [["7", "Let me see: 7."]] * len(asked)
    for one, two in zip(worker.score(asked, endings), other.score(asked, endings), strict=True):
        assert one == pytest.approx(two, abs=0.01)


def test_each_adapter_is_served_as_itself(worker: Worker, adapters: dict[int, Path]) -> None:
    asked = [replace(r, sampling=GREEDY) for r in plan(QUESTIONS, samples=1)]
    seen = []
    for adapter in (None, adapters[8], adapters[16], None, adapters[8]):
        worker.open(smollm2(adapter))  # the canary compares each with transformers
        seen.append(texts(worker, asked))
    assert seen[0] == seen[3]
    assert seen[1] == seen[4]
    assert len({str(sorted(one.items())) for one in seen}) == 3


def test_an_adapter_that_does_not_fit_is_refused(worker: Worker, adapters: dict[int, Path]) -> None:
    with pytest.raises(BackendError, match=r"adapter .* does not fit .* rank 32") as caught:
        worker.open(smollm2(adapters[32]))
    assert "\n" not in str(caught.value)
    worker.open(smollm2(adapters[16]))
    assert texts(worker, plan(QUESTIONS[:1]))


def test_a_request_is_sampled_by_its_own_seed_in_any_company(worker: Worker) -> None:
    worker.open(smollm2())
    together = texts(worker, plan(QUESTIONS, samples=3))
    for number in range(len(QUESTIONS)):
        assert len({together[f"cot-{number}-{sample}"] for sample in range(3)}) == 3
    alone = plan(QUESTIONS, samples=3)[4]
    assert texts(worker, [alone]) == {alone.key: together[alone.key]}
    assert texts(worker, [replace(alone, seed=2**63 - 1)]) != {alone.key: together[alone.key]}


def test_texts_come_while_others_are_written(worker: Worker) -> None:
    worker.open(smollm2())
    long, short = plan(["Tell me about the sea.", "Tell me about the sun."], samples=1)
    long = replace(long, sampling=replace(long.sampling, max_new_tokens=96))
    short = replace(short, sampling=replace(short.sampling, max_new_tokens=2))
    items = list(worker.generate([long, short]))
    assert [type(item) for item in items] == [Call, Completion, Call, Completion]
    first, last = items[1], items[3]
    assert isinstance(first, Completion)
    assert isinstance(last, Completion)
    assert (first.key, last.key) == (short.key, long.key)
    assert first.outcome == Outcome.CUT
    assert first.completion_tokens == 2


def test_what_does_not_fit_fails_with_a_reason(worker: Worker) -> None:
    worker.open(smollm2())
    (request,) = plan(["word " * 600], samples=1)
    (item,) = worker.generate([request])
    assert isinstance(item, Completion)
    assert item.outcome == Outcome.FAILED
    assert "and the model takes 512" in item.reason


def test_a_stop_text_is_left_out(worker: Worker) -> None:
    worker.open(smollm2())
    (request,) = plan(["Count from 1 to 9."], samples=1)
    request = replace(request, sampling=replace(GREEDY, stop=(" ",)))
    (item,) = (x for x in worker.generate([request]) if isinstance(x, Completion))
    assert item.outcome == Outcome.OK
    assert " " not in item.text


def test_an_engine_that_computes_something_else_is_stopped(tmp_path: Path) -> None:
    other = start(tmp_path / "student.log", engine={"hf_overrides": {"rms_norm_eps": 0.1}})
    try:
        with pytest.raises(
            BackendError, match=r"does not serve .* as transformers does: .* 0.001 are allowed"
        ):
            other.open(smollm2())
    finally:
        other.close()


def test_an_argument_that_vllm_does_not_have_is_told(tmp_path: Path) -> None:
    other = start(tmp_path / "student.log", engine={"tensor_paralel_size": 2})
    try:
        with pytest.raises(ConfigError, match="has no argument tensor_paralel_size"):
            other.open(smollm2())
    finally:
        other.close()


def test_messages_reach_the_engine_as_ids_with_no_second_start(worker: Worker) -> None:
    """The prompt's size is that of the ids siked makes: nothing is rendered or added on the other side."""
    from siked.models.loading import load_tokenizer
    from siked.text import token_ids

    worker.open(smollm2())
    messages = (Message("user", "What is 3 + 4?"),)
    request = Request(key="k", messages=messages, prefix="[cot]", sampling=replace(GREEDY, max_new_tokens=1))
    (item,) = (x for x in worker.generate([request]) if isinstance(x, Completion))
    tokenizer = load_tokenizer(models.smollm2_folder())
    assert item.prompt_tokens == len(token_ids.prompt_ids(tokenizer, messages, prefix="[cot]"))


def test_a_student_trained_whole_takes_the_place_of_the_base(worker: Worker, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(models.smollm2_folder(), dtype=torch.float32)
    torch.manual_seed(0)
    with torch.no_grad():
        for layer in base.model.layers:
            layer.mlp.down_proj.weight.add_(0.005 * torch.randn_like(layer.mlp.down_proj.weight))
    base.save_pretrained(tmp_path)
    asked = [replace(r, sampling=GREEDY) for r in plan(QUESTIONS, samples=1)]
    worker.open(smollm2())
    before = texts(worker, asked)
    worker.open(smollm2(tmp_path))  # the canary compares it with transformers
    assert texts(worker, asked) != before
    worker.open(smollm2())
    assert texts(worker, asked) == before


def test_several_engines_share_the_texts_and_end_with_their_worker(tmp_path: Path) -> None:
    worker = start(tmp_path / "student.log", data_parallel=2, cache_gib=0.25)
    asked = [replace(r, sampling=GREEDY) for r in plan(QUESTIONS)]
    try:
        worker.open(smollm2())
        assert sorted(texts(worker, asked)) == sorted(r.key for r in asked)
        scores = list(worker.score(asked, [["7"], ["7", "a longer one"]] * (len(asked) // 2)))
        assert [len(one) for one in scores] == [1, 2] * (len(asked) // 2)
        children = Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children")
        engines = [int(pid) for pid in children.read_text().split()]
        assert len(engines) == 2
        worker.process.kill()
        worker.process.wait()
        deadline = time.monotonic() + 30
        while any(running(pid) for pid in engines):
            assert time.monotonic() < deadline, "an engine outlives its worker"
            time.sleep(0.1)
    finally:
        worker.close()
