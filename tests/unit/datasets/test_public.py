"""GSM8K, SVAMP, ASDiv and MultiArith from small files in upstream format, and from a Hub cache."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from siked.builtin.datasets import asdiv, gsm8k, multiarith, svamp
from siked.builtin.datasets.hub_splits import split_positions
from siked.builtin.datasets.sources import HubSource, SourceOptions, clean, number
from siked.errors import DataError
from siked.records import Problem, TestProblem, TrainProblem

GSM8K = [
    {
        "question": "A mill grinds 540 kg a day.  How many kg in\u00a02,000 days? ",
        "answer": "540*2000 = <<540*2000=1080000>>1,080,000\n#### 1,080,000",
    },
    {"question": "It was 4 degrees and fell by 7.\u200b How cold is it?", "answer": "4 - 7 = -3\n\n#### -3"},
]
SVAMP = [
    {
        "ID": f"chal-{n}",
        "Body": f"Ann had {n + 5} shells. She gave {n} away",
        "Question": "How many has she left?",
        "Equation": f"( {n + 5}.0 - {n}.0 )",
        "Answer": 5.0,
        "Type": "Common-Divison" if n == 3 else "Subtraction",
    }
    for n in range(1, 11)
]
MULTIARITH = [
    {
        "iIndex": n,
        "sQuestion": f" Bo packed {n} boxes of 4 pens and lost 2. How many are left? ",
        "lEquations": [f"X=(({n}.0*4.0)-2.0)"],
        "lSolutions": [n * 4 - 2.0],
        "lAlignments": [1],
    }
    for n in (1, 2, 3, 4, 5, 6, 7, 8, 1, 3)
]
ASDIV = """<?xml version="1.0" encoding="UTF-8" ?>\r
<Machine-Reading-Corpus-File>\r
<ProblemSet>\r
\t<Problem ID="nluds-0001" Grade="1" Source="x">\r
\t\t<Body>Two mugs &amp;  one cup\r\n stand there. </Body>\r
\t\t<Question>How many vessels?</Question>\r
\t\t<Solution-Type>Addition</Solution-Type>\r
\t\t<Answer>3 (vessels)</Answer>\r
\t\t<Formula>2+1=3</Formula>\r
\t</Problem>\r
\t<Problem ID="nluds-0002" Grade="6" Source="x">\r
\t\t<Body>Bo is 5 years older than Al, and they are 29 together.</Body>\r
\t\t<Question>How old are they?</Question>\r
\t\t<Solution-Type>Substraction</Solution-Type>\r
\t\t<Answer>17 (years old); 12 (years old)</Answer>\r
\t\t<Formula>x</Formula>\r
\t</Problem>\r
</ProblemSet>\r
</Machine-Reading-Corpus-File>\r
"""


def write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)


@pytest.fixture(params=[False, True], ids=["flat", "in folders"])
def data_dir(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The same files flat, or each in the folder named after its data set."""
    folders = {
        name: tmp_path / (name if request.param else "") for name in ("gsm8k", "svamp", "asdiv", "multiarith")
    }
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    write_lines(folders["gsm8k"] / "train.jsonl", GSM8K)
    write_lines(folders["gsm8k"] / "test.jsonl", GSM8K[:1])
    (folders["svamp"] / "SVAMP.json").write_text(json.dumps(SVAMP))
    (folders["asdiv"] / "ASDiv.xml").write_bytes(ASDIV.encode())
    (folders["multiarith"] / "MultiArith.json").write_text(json.dumps(MULTIARITH))
    return str(tmp_path)


def test_gsm8k(data_dir: str) -> None:
    data = gsm8k.Gsm8k(SourceOptions(data_dir=data_dir))
    train = list(data.load("train"))
    assert train == [
        TrainProblem(
            id="train-0",
            question="A mill grinds 540 kg a day. How many kg in 2,000 days?",
            gold="1,080,000",
            dataset="gsm8k",
        ),
        TrainProblem(
            id="train-1",
            question="It was 4 degrees and fell by 7. How cold is it?",
            gold="-3",
            dataset="gsm8k",
        ),
    ]
    assert data.notes == ["train: 2 problems, upstream has 7473"]
    assert [type(p) for p in data.load("test")] == [TestProblem]
    assert list(data.load("dev")) == []
    assert data.notes == ["train: 2 problems, upstream has 7473", "test: 1 problems, upstream has 1319"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("it is 3", "not exactly one"), ("#### 3 #### 4", "not exactly one"), ("x\n#### ", "not exactly one")],
)
def test_gsm8k_without_marked_answer(tmp_path: Path, answer: str, reason: str) -> None:
    write_lines(tmp_path / "train.jsonl", [GSM8K[0], {"question": "q", "answer": answer}])
    with pytest.raises(DataError, match=rf"train\.jsonl:2: .*{reason}"):
        list(gsm8k.Gsm8k(SourceOptions(data_dir=str(tmp_path))).load("train"))


def test_svamp_splits_by_the_rule(data_dir: str) -> None:
    data = svamp.Svamp(SourceOptions(data_dir=data_dir))
    train, test = list(data.load("train")), list(data.load("test"))
    # random.Random(42).shuffle(range(10)) is 7 3 2 8 5 6 9 4 0 1
    assert [p.id for p in train] == [f"chal-{n + 1}" for n in (7, 3, 2, 8, 5, 6, 9)]
    assert [p.id for p in test] == [f"chal-{n + 1}" for n in (4, 0, 1)]
    assert test[0].question == "Ann had 10 shells. She gave 5 away How many has she left?"
    assert {p.gold for p in train} == {"5"}
    assert {p.family for p in train} == {"Subtraction", "Common-Division"}
    whole = svamp.SvampWhole(SourceOptions(data_dir=data_dir))
    assert [p.id for p in whole.load("test")] == [f"chal-{n}" for n in range(1, 11)]
    assert list(whole.load("train")) == []


def test_svamp_corrects_the_wrong_gold(tmp_path: Path) -> None:
    wrong = {**SVAMP[0], "ID": "chal-680", "Answer": 1.0}
    (tmp_path / "SVAMP.json").write_text(json.dumps([wrong]))
    data = svamp.SvampWhole(SourceOptions(data_dir=str(tmp_path)))
    assert [p.gold for p in data.load("test")] == ["5"]
    assert "svamp-1000: the gold of chal-680 is wrong upstream, 5 is used" in data.notes


def test_multiarith_leaves_repeats_out_of_training_only(data_dir: str) -> None:
    data = multiarith.MultiArith(multiarith.MultiArithOptions(data_dir=data_dir))
    # Positions 7 3 2 8 5 6 9 | 4 0 1: position 8 repeats 0 of the test split, 9 repeats 2.
    assert [p.id for p in data.load("train")] == ["7", "3", "2", "5", "6"]
    assert "multiarith: 2 repeated training questions left out" in data.notes
    test = list(data.load("test"))
    assert [(p.id, p.gold) for p in test] == [("4", "18"), ("0", "2"), ("1", "6")]
    assert test[0].question == "Bo packed 5 boxes of 4 pens and lost 2. How many are left?"
    every = multiarith.MultiArith(multiarith.MultiArithOptions(data_dir=data_dir, repeats=True))
    assert [p.id for p in every.load("train")] == ["7", "3", "2", "8", "5", "6", "9"]
    whole = multiarith.MultiArithWhole(multiarith.MultiArithOptions(data_dir=data_dir))
    assert [p.id for p in whole.load("test")] == [str(n) for n in range(10)]


def test_asdiv_keeps_golds_in_their_dress(data_dir: str) -> None:
    data = asdiv.Asdiv(SourceOptions(data_dir=data_dir))
    assert list(data.load("test")) == [
        TestProblem(
            id="nluds-0001",
            question="Two mugs & one cup stand there. How many vessels?",
            gold="3 (vessels)",
            dataset="asdiv",
            family="Addition",
        ),
        TestProblem(
            id="nluds-0002",
            question="Bo is 5 years older than Al, and they are 29 together. How old are they?",
            gold="17 (years old); 12 (years old)",
            dataset="asdiv",
            family="Subtraction",
        ),
    ]
    assert list(data.load("train")) == []


# --- from the Hub -----------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path: Path) -> Callable[[HubSource], Path]:
    """A Hub cache as huggingface_hub keeps it; gives the snapshot folder of a pinned commit."""
    pytest.importorskip("huggingface_hub")

    def snapshot(source: HubSource) -> Path:
        folder = tmp_path / f"datasets--{source.repo.replace('/', '--')}" / "snapshots" / source.revision
        folder.mkdir(parents=True)
        return folder

    return snapshot


def test_pins_are_commits() -> None:
    pins = [module.HUB.revision for module in (gsm8k, svamp, multiarith, asdiv)]
    assert all(len(pin) == 40 and set(pin) <= set("0123456789abcdef") for pin in pins)
    assert len(set(pins)) == 4


def test_gsm8k_from_the_hub_equals_the_local_file(
    tmp_path: Path, cache: Callable[[HubSource], Path], data_dir: str
) -> None:
    write_parquet(cache(gsm8k.HUB) / "main" / "train-00000-of-00001.parquet", GSM8K)
    hub = gsm8k.Gsm8k(SourceOptions(cache_dir=str(tmp_path)))
    assert list(hub.load("train")) == list(gsm8k.Gsm8k(SourceOptions(data_dir=data_dir)).load("train"))


def test_svamp_from_the_hub_equals_the_local_file(
    tmp_path: Path, cache: Callable[[HubSource], Path], data_dir: str
) -> None:
    folder = cache(svamp.HUB)
    train, test = split_positions(len(SVAMP))
    (folder / "train.json").write_text(json.dumps([SVAMP[i] for i in train]))
    (folder / "test.json").write_text(json.dumps([SVAMP[i] for i in test]))
    for component in (svamp.Svamp, svamp.SvampWhole):
        hub = component(SourceOptions(cache_dir=str(tmp_path)))
        local = component(SourceOptions(data_dir=data_dir))
        assert list(hub.load("train")) == list(local.load("train"))
        assert list(hub.load("test")) == list(local.load("test"))


def test_multiarith_from_the_hub_equals_the_local_file(
    tmp_path: Path, cache: Callable[[HubSource], Path], data_dir: str
) -> None:
    folder = cache(multiarith.HUB)
    for name, positions in zip(("train", "test"), split_positions(len(MULTIARITH)), strict=True):
        rows = [
            {"question": MULTIARITH[i]["sQuestion"], "final_ans": str(int(MULTIARITH[i]["lSolutions"][0]))}
            for i in positions
        ]
        (folder / f"{name}.json").write_text(json.dumps(rows))
    for component in (multiarith.MultiArith, multiarith.MultiArithWhole):
        hub = component(multiarith.MultiArithOptions(cache_dir=str(tmp_path)))
        local = component(multiarith.MultiArithOptions(data_dir=data_dir))
        assert list(hub.load("train")) == list(local.load("train"))
        assert list(hub.load("test")) == list(local.load("test"))


def test_asdiv_from_the_hub_equals_the_local_file(
    tmp_path: Path, cache: Callable[[HubSource], Path], data_dir: str
) -> None:
    local = list(asdiv.Asdiv(SourceOptions(data_dir=data_dir)).load("test"))
    rows = [
        {
            "body": p.question.rpartition(". ")[0] + ".",
            "question": p.question.rpartition(". ")[2],
            "solution_type": p.family,
            "answer": p.gold,
            "formula": "x",
        }
        for p in local
    ]
    write_parquet(cache(asdiv.HUB) / asdiv.HUB_FILE, rows)
    assert list(asdiv.Asdiv(SourceOptions(cache_dir=str(tmp_path))).load("test")) == local


def test_what_is_not_cached_offline_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match=r"ChilleD/SVAMP/train\.json: cannot be fetched .*--data-dir"):
        svamp.Svamp(SourceOptions(cache_dir=str(tmp_path))).load("train")


# --- damage -----------------------------------------------------------------------------------


def gsm8k_from(folder: Path) -> list[Problem]:
    return list(gsm8k.Gsm8k(SourceOptions(data_dir=str(folder))).load("train"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"question": "q", "answer": "#### 1"}\n{"question"\n', r"train\.jsonl:2: is not JSON"),
        (b'{"question": "q"}\n', r"train\.jsonl:1: has no text in 'answer'"),
        (b"[1]\n", r"train\.jsonl:1: is not a JSON object"),
        (b'\n\n{"question": "\xff"}\n', r"train\.jsonl:3: is not UTF-8"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "train.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=reason):
        gsm8k_from(tmp_path)


def test_damaged_problems_can_be_counted_instead(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text('{"question"\n' + json.dumps(GSM8K[1]) + "\n")
    (tmp_path / "SVAMP.json").write_text(json.dumps([SVAMP[0], {"ID": "chal-2"}, SVAMP[2]]))
    (tmp_path / "MultiArith.json").write_text(json.dumps([MULTIARITH[0], {"sQuestion": "q"}]))
    options = {"data_dir": str(tmp_path), "skip_bad": True}
    lines = gsm8k.Gsm8k(SourceOptions(**options))  # type: ignore[arg-type]
    assert [p.id for p in lines.load("train")] == ["train-1"]
    assert lines.skipped == 1
    assert "1 damaged problems left out (first: line 1: is not JSON" in lines.notes[0]
    listed = svamp.SvampWhole(SourceOptions(**options))  # type: ignore[arg-type]
    assert [p.id for p in listed.load("test")] == ["chal-1", "chal-3"]
    whole = multiarith.MultiArithWhole(multiarith.MultiArithOptions(**options))  # type: ignore[arg-type]
    assert [p.id for p in whole.load("test")] == ["0"]
    assert (listed.skipped, whole.skipped) == (1, 1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has none of gsm8k/train\.jsonl, train\.jsonl"):
        gsm8k_from(tmp_path)
    with pytest.raises(DataError, match="nowhere: is not there"):
        gsm8k_from(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["{}", "[1]", "[", '[{"ID": "chal-1"}]'])
def test_a_damaged_list_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "SVAMP.json").write_text(content)
    with pytest.raises(DataError, match=r"SVAMP\.json: "):
        list(svamp.SvampWhole(SourceOptions(data_dir=str(tmp_path))).load("test"))


def test_damaged_xml_is_named(tmp_path: Path) -> None:
    (tmp_path / "ASDiv.xml").write_text("<ProblemSet><Problem>")
    with pytest.raises(DataError, match=r"ASDiv\.xml: is not XML"):
        list(asdiv.Asdiv(SourceOptions(data_dir=str(tmp_path))).load("test"))
    (tmp_path / "ASDiv.xml").write_text('<ProblemSet><Problem ID="a"><Body>b</Body></Problem></ProblemSet>')
    with pytest.raises(DataError, match="problem 'a' has no question"):
        list(asdiv.Asdiv(SourceOptions(data_dir=str(tmp_path))).load("test"))


def test_numbers_and_white_space() -> None:
    assert [number(v, "f", None) for v in ("51.0", 0.5, 7, "22090603.0")] == ["51", "0.5", "7", "22090603"]
    for bad in ("x", None, "inf", "nan"):
        with pytest.raises(DataError, match="is no number"):
            number(bad, "f", 3)
    assert clean(" a\u00a0 b\u200b\r\n c\u2028d ") == "a b c d"
