"""The backend of recorded rationales."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import pytest

from siked.answers import judge
from siked.builtin.backends.replay import Replay, ReplayOptions
from siked.builtin.datasets.sources import SourceOptions
from siked.builtin.datasets.svamp import Svamp
from siked.errors import ConfigError, DataError
from siked.execution.auto import Auto, AutoOptions
from siked.records import Answer, Completion, Model, Outcome, Program, Request
from siked.text.code import program_text

NOTHING = Model(name="")


def write(path: Path, rows: list[dict[str, Any]], as_list: bool = False) -> str:
    path.write_text(json.dumps(rows) if as_list else "".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def ask(
    question: str, strategy: str = "cot", sample: int = 0, problem_id: str = "", done: bool = False
) -> Request:
    key = f"{problem_id}|{question}|{strategy}|{sample}"
    return Request(
        key=key,
        messages=(),
        question=question,
        problem_id=problem_id,
        strategy=strategy,
        sample=sample,
        done=done,
    )


def replies(backend: Replay, *requests: Request) -> list[tuple[Outcome, str]]:
    found = [c for c in backend.generate(requests) if isinstance(c, Completion)]
    assert [c.key for c in found] == [r.key for r in requests if not r.done]
    return [(c.outcome, c.text or c.reason) for c in found]


def test_own_rows_by_id_and_by_question(tmp_path: Path) -> None:
    path = write(
        tmp_path / "mine.jsonl",
        [
            {"problem_id": "a", "strategy": "cot", "text": "one\nFinal Answer: 1"},
            {"question": "How many plums, then?", "strategy": "cot", "text": "two\nFinal Answer: 2"},
            {"question": "How many plums, then?", "strategy": "cot", "text": "three\nFinal Answer: 3"},
            {"question": "How many plums, then?", "strategy": "pot", "text": "answer = 4", "sample": 2},
        ],
    )
    backend = Replay(ReplayOptions())
    backend.open(Model(name=path))
    assert replies(
        backend,
        ask("unknown", problem_id="a"),
        ask("  how many PLUMS then"),
        ask("How many plums, then?", sample=1),
        ask("How many plums, then?", sample=2),
        ask("How many plums, then?", "pot", sample=2),
        ask("How many plums, then?", "pot"),
        ask("How many plums, then?", "l2m"),
        ask("How many plums, then?", done=True),
    ) == [
        (Outcome.OK, "one\nFinal Answer: 1"),
        (Outcome.OK, "two\nFinal Answer: 2"),
        (Outcome.OK, "three\nFinal Answer: 3"),
        (Outcome.REFUSED, "no recorded rationale"),
        (Outcome.OK, "answer = 4"),
        (Outcome.REFUSED, "no recorded rationale"),
        (Outcome.REFUSED, "no recorded rationale"),
    ]


def test_foreign_files_of_each_strategy(tmp_path: Path) -> None:
    question = "A jar holds 9 plums. Bo eats 4 How many are left?"
    rows = [
        {"instruction": question, "output": "9 - 4 = 5. The answer is 5"},
        {"instruction": "other", "output": "8 + 8 = 16. The answer is 48"},
    ]
    pairs = [{"instruction": question, "output": "What is left? 9 - 4 = 5. The answer is 5"}]
    programs = [
        {"demonstration": "# the prompt"},
        {
            "question": "How many are left?",
            "passage": "A jar holds 9 plums. Bo eats 4",
            "executed": 5.0,
            "generated": ["ans = 9 - 4", "ans = 5"],
            "answer": 5.0,
        },
    ]
    backend = Replay(
        ReplayOptions(
            paths={
                "cot": write(tmp_path / "a.json", rows, as_list=True),
                "l2m": [write(tmp_path / "b.json", pairs, as_list=True)],
                "pot": write(tmp_path / "c.jsonl", programs),
            }
        )
    )
    backend.open(NOTHING)
    assert replies(
        backend,
        ask(question),
        ask("other"),
        ask(question, "l2m"),
        ask(question, "pot"),
        ask(question, "pot", 1),
    ) == [
        (Outcome.OK, "9 - 4 = 5.\nFinal Answer: 5"),
        (Outcome.REFUSED, "the steps do not lead to the stated answer"),
        (
            Outcome.OK,
            "Sub-question 1: What is left?\nAnswer to Sub-question 1: 9 - 4 = 5.\nFinal Answer: 5",
        ),
        (Outcome.OK, "answer = 9 - 4"),
        (Outcome.OK, "answer = 5"),
    ]


def test_a_folder_has_a_file_a_strategy(tmp_path: Path) -> None:
    write(tmp_path / "cot.jsonl", [{"question": "q", "text": "Final Answer: 1"}])
    write(tmp_path / "pot.json", [{"question": "q", "text": "answer = 1"}], as_list=True)
    backend = Replay(ReplayOptions())
    backend.open(Model(name=str(tmp_path)))
    assert [o for o, _ in replies(backend, ask("q"), ask("q", "pot"))] == [Outcome.OK, Outcome.OK]


def test_the_form_can_be_said(tmp_path: Path) -> None:
    text = "Is it 5? 5. The answer is 5"
    path = write(tmp_path / "f.jsonl", [{"question": "q", "strategy": "own", "text": text}])
    for form, start in [("auto", "Is it"), ("native", "Is it"), ({"own": "pairs"}, "Sub-question 1: Is")]:
        backend = Replay(ReplayOptions(form=form))  # type: ignore[arg-type]
        backend.open(Model(name=path))
        ((outcome, reply),) = replies(backend, ask("q", "own"))
        assert outcome == Outcome.OK
        assert reply.startswith(start)
    with pytest.raises(ConfigError, match="form is 'poem'"):
        ReplayOptions(form="poem")


def test_the_fingerprint_follows_files_and_options(tmp_path: Path) -> None:
    path = write(tmp_path / "f.jsonl", [{"question": "q", "strategy": "cot", "text": "a"}])

    def fingerprint(**options: Any) -> str:
        return Replay(ReplayOptions(**options)).open(Model(name=path)).fingerprint

    first = fingerprint()
    assert first == fingerprint()
    assert len({first, fingerprint(check_chain=False), fingerprint(form="native")}) == 3
    write(tmp_path / "f.jsonl", [{"question": "q", "strategy": "cot", "text": "b"}])
    assert fingerprint() != first


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"question": "q", "text": "t"}\n', r"f\.jsonl:1: names no 'strategy'"),
        ('{"strategy": "cot", "text": "t"}\n', r"f\.jsonl:1: has neither"),
        ('{"question": "q", "strategy": "cot"\n', r"f\.jsonl:1: is not JSON"),
        ('\n{"question": "q", "strategy": "cot", "text": "t", "sample": -1}\n', r"f\.jsonl:2: 'sample'"),
        ('{"question": "q", "strategy": "cot"}\n', r"f\.jsonl: holds no rationale"),
        ("", r"f\.jsonl: holds no rationale"),
        (
            '{"question": "q", "strategy": "cot", "text": "t", "sample": 0}\n' * 2,
            r"f\.jsonl:2: sample 0 of this problem is recorded already",
        ),
    ],
)
def test_damage_is_named(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "f.jsonl").write_text(content)
    with pytest.raises(DataError, match=reason):
        Replay(ReplayOptions()).open(Model(name=str(tmp_path / "f.jsonl")))


def test_nothing_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs files"):
        Replay(ReplayOptions()).open(NOTHING)
    with pytest.raises(DataError, match="cannot be read"):
        Replay(ReplayOptions()).open(Model(name=str(tmp_path / "none.jsonl")))
    with pytest.raises(DataError, match=r"holds no \.json"):
        Replay(ReplayOptions()).open(Model(name=str(tmp_path)))


def verdicts(strategy: str, texts: dict[str, str], golds: dict[str, str | None]) -> dict[str, bool | None]:
    """What the numeric policy says of each text; programs are run."""
    answers = {key: Answer(text, form=FORMS[strategy]) for key, text in texts.items()}
    if strategy == "pot":
        sandbox = Auto(AutoOptions())
        programs = [Program(program_text(text)) for text in texts.values()]
        outcomes = zip(texts, sandbox.run(programs), strict=True)
        answers = {key: Answer(outcome.answer or "", form="value") for key, outcome in outcomes}
        sandbox.close()
    return {key: judge(golds[key], answer).correct for key, answer in answers.items()}


FORMS: dict[str, Literal["text", "subquestions", "value"]] = {
    "cot": "text",
    "l2m": "subquestions",
    "pot": "value",
}


@pytest.mark.parametrize(("strategy", "kept"), [("cot", 620), ("l2m", 657), ("pot", 601)])
def test_real_rationales_verify_the_same_before_and_after(strategy: str, kept: int) -> None:
    folder = os.environ.get("SIKED_DATA")
    if not folder:
        pytest.skip("SIKED_DATA names no folder with the real data sets")
    teacher = Path(folder) / "teacher"
    files = {
        "cot": teacher / "eit-nlp" / "SVAMP_llama_level4_ranked.json",
        "l2m": teacher / "eit-nlp" / "0_SVAMP_chatgpt_level5BSM.json",
        "pot": teacher / "program-of-thoughts" / "svamp_s0_e-1_11_24_14_38.jsonl",
    }
    problems = list(Svamp(SourceOptions(data_dir=folder)).load("train"))
    golds = {p.id: p.gold for p in problems}
    found: dict[str, dict[str, bool | None]] = {}
    for form in ("native", "auto"):
        backend = Replay(ReplayOptions(paths={strategy: str(files[strategy])}, form=form))
        backend.open(NOTHING)
        requests = [ask(p.question, strategy, problem_id=p.id) for p in problems]
        outcomes = zip(problems, replies(backend, *requests), strict=True)
        texts = {p.id: text for p, (outcome, text) in outcomes if outcome == Outcome.OK}
        found[form] = verdicts(strategy, texts, golds)
    assert {key: found["native"][key] for key in found["auto"]} == found["auto"]
    assert sum(v is True for v in found["auto"].values()) == kept
