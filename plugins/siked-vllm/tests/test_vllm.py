"""The backend ``vllm`` where there is no vLLM: options, messages, and nothing of it in the orchestrator."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from siked import config as configuration
from siked.errors import BackendError, ConfigError, UsageError
from siked.records import Model
from siked.registry import load_registry
from siked.workers import Spec, WorkerPool

pytest.importorskip("siked_vllm", reason="pip install -e plugins/siked-vllm")

from siked_vllm import canary
from siked_vllm.backend import Vllm

TARGET = "siked_vllm.backend:Vllm"


def checked(**values: Any) -> dict[str, Any]:
    return configuration.options(load_registry().find("backend", "vllm"), values)


def test_is_found_through_its_entry_point() -> None:
    (found,) = (e for e in entry_points(group="siked") if e.name == "vllm")
    assert found.dist is not None
    assert found.dist.name == "siked-vllm"
    assert load_registry().find("backend", "vllm").target == TARGET


def test_options_have_help_and_defaults() -> None:
    assert checked() == checked(dtype="auto", memory_share=0.9, engine={})
    assert all(field.metadata["help"] for field in fields(Vllm.Options))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dtype": "int8"}, "dtype is 'int8'; there are: auto, float32"),
        ({"memory_share": 0}, "backend.memory_share: .* greater than 0; given 0"),
        ({"lora_rank": 12}, "lora_rank is 12; vLLM has: 0, 8, 16"),
        ({"tensor_parallel": 0}, "backend.tensor_parallel: .* equal to 1; given 0"),
        ({"cache_gib": -1}, "backend.cache_gib: .* equal to 0; given -1"),
        ({"gpu_memory": 0.5}, "has no option 'gpu_memory'; it has: cache_gib"),
        ({"engine": 3}, "backend.engine"),
    ],
)
def test_options_that_cannot_be_are_told_before_anything_starts(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        checked(**values)


@pytest.mark.skipif(find_spec("vllm") is not None, reason="this interpreter has vLLM")
def test_an_interpreter_without_vllm_is_told_how_to_get_one(tmp_path: Path) -> None:
    notes: list[str] = []
    pool = WorkerPool(tmp_path, notes.append)
    spec = Spec(role="student", target=TARGET, options=checked(), python=sys.executable)
    try:
        with pytest.raises(UsageError, match=r"needs vLLM, and .* has none") as caught:
            pool.open(spec, Model(name="tiny"))
    finally:
        pool.close()
    assert sys.executable in str(caught.value)
    assert "backend.python=.venv-vllm/bin/python" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert notes == [], "nothing died, so nothing is started again"


def test_a_bare_interpreter_is_told_what_it_lacks(tmp_path: Path) -> None:
    spec = Spec(role="student", target="nowhere.at_all:Backend", python=sys.executable)
    pool = WorkerPool(tmp_path, lambda note: None)
    try:
        with pytest.raises(UsageError, match="has no module 'nowhere', which nowhere"):
            pool.open(spec, Model(name="tiny"))
    finally:
        pool.close()


def test_the_orchestrator_imports_nothing_of_vllm() -> None:
    code = (
        "import sys; from siked.registry import load_registry\n"
        "load_registry().find('backend', 'vllm').load()\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'vllm', 'torch', 'transformers'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nothing_is_generated_before_a_model_is_opened() -> None:
    with pytest.raises(BackendError, match="before a model was opened"):
        list(Vllm(Vllm.Options()).generate([]))


def test_the_canary_speaks_of_a_mean_difference() -> None:
    assert canary.check([-1.0, -2.0], [-1.0, -2.002], 0.005, "w") == pytest.approx(0.001)
    with pytest.raises(BackendError, match=r"does not serve w .* 2 tokens differ by 0.1 nats .* 0.005"):
        canary.check([-1.0, -2.0], [-1.1, -1.9], 0.005, "w")
    with pytest.raises(BackendError, match="differ by nan"):
        canary.check([float("nan")], [-1.0], 0.005, "w")


def test_a_canary_that_would_not_fit_is_refused_before_it_is_loaded() -> None:
    pytest.importorskip("psutil")
    canary.afford(10**6, Path("small"))
    with pytest.raises(BackendError, match=r"large would take 3725290.3 GiB .* backend.canary=false"):
        canary.afford(10**15, Path("large"))


@pytest.mark.train
def test_the_reference_is_what_the_transformers_backend_scores() -> None:
    pytest.importorskip("torch", reason="pip install 'siked[train]'")
    from siked import models
    from siked.builtin.backends.transformers import Transformers
    from siked.models.loading import load_tokenizer
    from siked.records import Message, Request
    from siked.text import token_ids

    model = Model(name="tiny")
    backend = Transformers(Transformers.Options(device="cpu"))
    backend.open(model)
    messages = (Message("user", "What is 3 + 4?"),)
    ((scored,),) = backend.score([Request(key="", messages=messages)], [["7 apples"]])
    folder = models.resolve(model).path
    tokenizer = load_tokenizer(folder)
    prompt = token_ids.prompt_ids(tokenizer, messages)
    ids = prompt + token_ids.text_ids(tokenizer, "7 apples")
    assert sum(canary.reference(folder, None, ids, len(prompt))) == pytest.approx(scored, abs=1e-4)
