"""The journal: append-only, resumable, readable while it is written."""

import time
from pathlib import Path

import pytest

from siked.errors import RunError, UsageError
from siked.journal import Journal, Reader, Stage
from siked.records import Call, Completion, Outcome, TrainProblem

SAMPLE = Stage("main", 1, "sample")
AGAIN = Stage("main", 2, "sample")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal.create(tmp_path / "run.db")
    problems = [TrainProblem(id=f"p{i}", question=f"q{i}", gold="1", dataset="d") for i in range(10)]
    with made.saving():
        made.problems((p, True) for p in problems)
        made.requests((SAMPLE, i + 1, "cot", k, i, f"key{i}-{k}") for i in range(10) for k in range(2))
    return made


def complete(journal: Journal, request: int, outcome: Outcome = Outcome.OK) -> None:
    with journal.saving():
        journal.completion(request, Completion(key="", outcome=outcome, text=f"text {request}"), "cot")


def test_chunks_leave_out_what_is_whole_and_keep_their_bounds(journal: Journal) -> None:
    for request in (1, 2, 3, 4, 6):
        complete(journal, request)
    chunks = list(journal.chunks(SAMPLE, 4))
    assert [[asked.id for asked in chunk] for chunk in chunks] == [
        [5, 6, 7, 8],
        [9, 10, 11, 12],
        [13, 14, 15, 16],
        [17, 18, 19, 20],
    ]
    assert [bool(asked.done) for asked in chunks[0]] == [False, True, False, False]
    assert journal.count_requests(SAMPLE) == (20, 5)


def test_failed_requests_are_asked_again_only_when_told(journal: Journal) -> None:
    for request in range(1, 21):
        complete(journal, request, Outcome.FAILED if request == 7 else Outcome.OK)
    assert list(journal.chunks(SAMPLE, 20)) == []
    (chunk,) = journal.chunks(SAMPLE, 20, retry=True)
    assert [asked.id for asked in chunk if not asked.done] == [7]
    complete(journal, 7)
    assert list(journal.chunks(SAMPLE, 20, retry=True)) == []


def test_a_known_key_is_not_asked_twice(journal: Journal) -> None:
    complete(journal, 1)
    with journal.saving():
        journal.requests(
            [
                (AGAIN, 1, "cot", 0, 0, "key0-0"),
                (AGAIN, 2, "cot", 0, 0, "new"),
            ]
        )
        assert journal.reuse(AGAIN) == 1
    assert journal.count_requests(AGAIN) == (2, 1)


def test_a_transaction_is_whole_or_nothing(journal: Journal) -> None:
    def interrupted() -> None:
        with journal.saving():
            journal.call(SAMPLE, "b", Call(id="1", requests=1))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert journal.rows("SELECT count(*) AS n FROM calls") == [{"n": 0}]


def test_a_full_disk_says_how_to_go_on(journal: Journal) -> None:
    pages = journal.db.execute("PRAGMA page_count").fetchone()[0]
    journal.db.execute(f"PRAGMA max_page_count = {pages + 1}")

    def write() -> None:
        done = Completion(key="", outcome=Outcome.OK, text="x" * 50_000)
        with journal.saving():
            journal.completion(1, done, "cot")

    with pytest.raises(RunError, match=r"full.*siked resume"):
        write()
    journal.db.execute("PRAGMA max_page_count = 100000")
    write()
    assert journal.count_requests(SAMPLE) == (20, 1)


def test_it_is_read_while_it_is_written_and_only_by_its_own_format(journal: Journal, tmp_path: Path) -> None:
    complete(journal, 1)
    reader = Reader.at(tmp_path)
    assert reader.count_requests(SAMPLE) == (20, 1)
    with pytest.raises(RunError, match="readonly"):
        reader.db.execute("DELETE FROM requests")
    with pytest.raises(UsageError, match="no run there"):
        Reader.at(tmp_path / "elsewhere")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.db").write_text("this is not SQLite, whatever its name says" * 50)
    with pytest.raises(UsageError, match="not a database"):
        Reader.at(tmp_path / "bad")


@pytest.mark.slow
def test_a_million_rationales_resume_in_flat_memory(tmp_path: Path) -> None:
    import resource

    big = Journal.create(tmp_path / "run.db")
    n = 1_000_000
    with big.saving():
        big.problems(
            (TrainProblem(id=str(i), question="q", gold="1", dataset="d"), True) for i in range(n // 10)
        )
        big.requests((SAMPLE, i // 10 + 1, "cot", i % 10, i, f"{i:064d}") for i in range(n))
        big.db.execute(
            "INSERT INTO rationales (request, attempt, outcome, reason, strategy, text, prompt_tokens,"
            " completion_tokens)"
            " SELECT id, 1, 'ok', '', 'cot', 'some text', 1, 1 FROM requests WHERE id != 999999"
        )
    start = time.monotonic()
    (chunk,) = big.chunks(SAMPLE, 2048)
    print(f"found what is missing in {time.monotonic() - start:.2f} s")
    assert [asked.id for asked in chunk if not asked.done] == [999999]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 300 * 1024
