"""Exported students are used here by transformers alone, with nothing of siked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from siked.builtin.backends.transformers import Transformers
from siked.errors import RunError, UsageError
from siked.journal import Journal
from siked.models import resolve, weights_hash
from siked.records import Completion, DevProblem, Message, Model, Request, Sampling, Trained
from siked.registry import load_registry
from siked.runs.export import export_student
from siked.runs.export_rationales import COLUMNS, export_rationales
from siked.runs.gguf import convert, converter
from siked.runs.run import Run

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch")
pytest.importorskip("trl")

LIMIT = 40
QUESTIONS = [f"Ann has {n} pens and buys {n + 2} more. How many pens does she have?" for n in range(2, 22)]


def make_run(folder: Path, student: dict[str, Any], weights: Callable[[Path], object]) -> Run:
    """A journal with one trained student, whose weights ``weights`` writes."""
    folder.mkdir()
    values = {"student": student, "evaluate": {"max_new_tokens": LIMIT}, "trainer": {"name": "trl"}}
    from siked.config import load_config

    config = load_config(flags=values).dump()
    iterations = config.pop("iterations")
    (folder / "students").mkdir()
    weights(folder / "students" / "0")
    journal = Journal.create(folder / "run.db")
    with journal.saving():
        journal.fact("config", config)
        journal.event("iterations", iterations=iterations)
        journal.problems(
            (DevProblem(id=str(n), question=q, gold="1", dataset="pens"), False)
            for n, q in enumerate(QUESTIONS)
        )
        journal.student(
            "main",
            0,
            "students/0",
            weights_hash(folder / "students" / "0"),
            Trained(weights="", steps=1, tokens=1, loss=1.0, rows=1),
        )
    journal.close()
    return Run(folder)


def by_siked(model: Model) -> list[str]:
    backend = Transformers(Transformers.Options(device="cpu"))
    backend.open(model)
    asked = [
        Request(key=q, messages=(Message("user", q),), sampling=Sampling(max_new_tokens=LIMIT))
        for q in QUESTIONS
    ]
    texts = {c.key: c.text for c in backend.generate(asked) if isinstance(c, Completion)}
    return [texts[q] for q in QUESTIONS]


def by_transformers(folder: Path, **options: Any) -> list[str]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder)
    turns = [[{"role": "user", "content": q}] for q in QUESTIONS]
    prompts = tokenizer.apply_chat_template(
        turns, add_generation_prompt=True, padding=True, return_dict=True, return_tensors="pt"
    )
    prompts.pop("token_type_ids", None)
    written = model.generate(**prompts, **options)
    return list(tokenizer.batch_decode(written[:, prompts["input_ids"].shape[1] :], skip_special_tokens=True))


def lora(base: Path, **options: Any) -> Callable[[Path], object]:
    def write(out: Path) -> None:
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM

        torch.manual_seed(5)
        settings: dict[str, Any] = {
            "r": 4,
            "lora_alpha": 8,
            "init_lora_weights": False,
            "target_modules": ["q_proj", "v_proj", "down_proj"],
        }
        get_peft_model(
            AutoModelForCausalLM.from_pretrained(base), LoraConfig(**(settings | options))
        ).save_pretrained(str(out))

    return write


@pytest.mark.parametrize("prompt_format", ["chat", "plain", "alpaca"])
def test_a_merged_adapter_answers_as_the_student(
    make_folder: Callable[..., Path], tmp_path: Path, prompt_format: str
) -> None:
    folder = make_folder(max_position_embeddings=1024)
    run = make_run(tmp_path / "r", {"model": str(folder), "prompt_format": prompt_format}, lora(folder))
    done = export_student(run, load_registry(), None, tmp_path / "out", "merged")
    assert done.check is not None
    assert done.check.logit < 1e-4 * done.check.largest
    model = Model(
        name=str(folder),
        weights=str(tmp_path / "r" / "students" / "0"),
        prompt_format=prompt_format,  # type: ignore[arg-type]
    )
    wanted = by_siked(model)
    assert by_transformers(tmp_path / "out") == wanted
    assert wanted != by_siked(Model(name=str(folder), prompt_format=prompt_format))  # type: ignore[arg-type]


def test_the_adapter_alone_answers_as_the_student(folder: Path, tmp_path: Path) -> None:
    from transformers import GenerationConfig

    run = make_run(tmp_path / "r", {"model": str(folder)}, lora(folder))
    export_student(run, load_registry(), 0, tmp_path / "out", "adapter")
    wanted = by_siked(Model(name=str(folder), weights=str(tmp_path / "r" / "students" / "0")))
    stop = GenerationConfig.from_pretrained(tmp_path / "out")
    assert by_transformers(tmp_path / "out", generation_config=stop) == wanted


def test_the_bundled_student_answers_as_before_and_stops(tmp_path: Path) -> None:
    base = resolve(Model(name="tiny")).path

    def copy(out: Path) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        AutoModelForCausalLM.from_pretrained(base).save_pretrained(out)
        AutoTokenizer.from_pretrained(base).save_pretrained(out)

    run = make_run(tmp_path / "r", {"model": "tiny"}, copy)
    export_student(run, load_registry(), None, tmp_path / "out", "merged")
    wanted = by_siked(Model(name="tiny", prompt_format="plain"))
    assert by_transformers(tmp_path / "out") == wanted
    assert by_siked(Model(name=str(tmp_path / "out"))) == wanted
    generation = json.loads((tmp_path / "out" / "generation_config.json").read_text())
    assert generation["eos_token_id"] == [1]
    with pytest.raises(UsageError, match="has whole weights and no adapter"):
        export_student(run, load_registry(), None, tmp_path / "other", "adapter")
    with pytest.raises(UsageError, match="exists already"):
        export_student(run, load_registry(), None, tmp_path / "out", "merged")


def test_a_card_and_the_provenance_say_what_the_student_is(tmp_path: Path, folder: Path) -> None:
    run = make_run(tmp_path / "r", {"model": str(folder)}, lora(folder))
    export_student(run, load_registry(), None, tmp_path / "out", "merged")
    _, head, text = (tmp_path / "out" / "README.md").read_text().split("---\n", 2)
    assert yaml.safe_load(head)["pipeline_tag"] == "text-generation"
    for word in ("`[cot]`", "tiny-teacher", "`wordproblems`: MIT", "not finished", "logits differ"):
        assert word in text
    facts = json.loads((tmp_path / "out" / "siked.json").read_text())
    assert facts["strategies"]["pot"] == "[pot]"
    assert facts["config"]["student"]["model"] == str(folder)


def test_a_merged_model_that_differs_is_not_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import PeftModel

    run = make_run(tmp_path / "r", {"model": str(folder)}, lora(folder))
    monkeypatch.setattr(PeftModel, "merge_and_unload", lambda self, **_: self.unload(), raising=False)
    with pytest.raises(RunError, match="differs from the student"):
        export_student(run, load_registry(), None, tmp_path / "out", "merged")
    assert not (tmp_path / "out").exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("out")] == []


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_rationales_load_as_a_data_set_split_by_split(
    settings: dict[str, Any], tmp_path: Path, form: Any
) -> None:
    import datasets

    import siked

    run = siked.run({**settings, "iterations": 1, "controls": []}, tmp_path / "run")
    rows = export_rationales(run, load_registry(), tmp_path / "out", form)
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(part) for split, part in loaded.items()} == rows
    assert set(rows) == {"train", "dev", "test"}
    assert loaded["train"].column_names == list(COLUMNS)
    texts = sorted(r["text"] for r in run.rationales() if r["split"] == "train")
    assert sorted(loaded["train"]["text"]) == texts
    card = (tmp_path / "out" / "README.md").read_text()
    assert "| train | teacher, cot |" in card


def test_gguf_needs_the_converter_and_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LLAMA_CPP", raising=False)
    with pytest.raises(UsageError, match="LLAMA_CPP="):
        converter()
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text(
        "import sys\nfolder, _, out, *rest = sys.argv[1:]\n"
        "assert rest == ['--outtype', 'f32']\nopen(out, 'w').write(folder)\n"
    )
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path))
    assert convert(converter(), tmp_path).read_text() == str(tmp_path)
    script.write_text("raise SystemExit('no such architecture')")
    with pytest.raises(RunError, match="no such architecture"):
        convert(converter(), tmp_path)
    assert not (tmp_path / "model.gguf").exists()
