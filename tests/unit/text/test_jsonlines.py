"""Lines are the file's own, numbered as in an editor, however they arrive."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siked.errors import DataError
from siked.text import jsonlines
from siked.text.jsonlines import Number, Rows, chunks, json_object, json_value


class Trickle(io.BytesIO):
    """A pipe that brings a few bytes at a time."""

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(3)


@given(st.lists(st.text(st.sampled_from("ab \r\t")).map(str.encode)), st.booleans())
def test_lines_are_numbered_and_blank_ones_left_out(lines: list[bytes], ended: bool) -> None:
    data = b"\n".join(lines) + b"\n" * ended
    wanted = [(n, line) for n, line in enumerate(data.split(b"\n"), start=1) if line.strip()]
    for file in (io.BytesIO(data), Trickle(data)):
        assert [pair for chunk in chunks(file) for pair in chunk] == wanted


def test_a_line_that_is_too_long_is_bad_and_never_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonlines, "LONGEST", 10)
    monkeypatch.setattr(jsonlines, "CHUNK", 4)
    file = io.BytesIO(b'"a"\n"' + b"x" * 1000 + b'"\n"12345678"\n')
    found = [pair for chunk in chunks(file) for pair in chunk]
    assert [number for number, _ in found] == [1, 2, 3]
    assert len(found[1][1]) <= 10 + 2 * 4
    assert json_value(found[2][1], "f", 3) == "12345678"
    with pytest.raises(DataError, match=r"f:2: is longer than 10 bytes"):
        json_value(found[1][1], "f", 2)


def test_numbers_are_as_written_or_pythons() -> None:
    assert json_object(b'\xef\xbb\xbf{"a": 1.10}', "f", 1) == {"a": "1.10"}
    assert isinstance(json_value(b"1", "f", 1), Number)
    assert json_value(b"1.10", "f", 1, exact=False) == 1.1


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("raw", [b"{", b"NaN", b"\xff", b"[" * 100_000], ids=lambda raw: str(raw[:3]))
def test_damage_has_a_place(raw: bytes, exact: bool) -> None:
    with pytest.raises(DataError, match=r"^f:7: is not (JSON|UTF-8)"):
        json_value(raw, "f", 7, exact=exact)


def test_half_a_character_is_damage_only_where_texts_are_kept() -> None:
    with pytest.raises(DataError, match="half a character"):
        json_value(rb'"\ud800"', "f", 1)
    assert json_value(rb'"\ud800"', "f", 1, exact=False) == "\ud800"


def small(value: Any) -> int:
    if not isinstance(value, int):
        raise ValueError("expected a number")
    return value


def test_what_stands_before_a_bad_line_comes_first() -> None:
    rows = Rows(io.BytesIO(b'1\n\n2\n"x"\n3\n'), small)
    batches = rows.batches()
    assert next(batches) == [1, 2]
    with pytest.raises(DataError, match=r"^-:4: expected a number$"):
        next(batches)


@given(st.lists(st.one_of(st.integers(), st.text())))
def test_bad_lines_are_counted_and_skipped(values: list[int | str]) -> None:
    lines = "".join(json.dumps(value) + "\n" for value in values).encode()
    rows = Rows(Trickle(lines), small, skip_bad=True)
    assert [row for batch in rows.batches() for row in batch] == [v for v in values if isinstance(v, int)]
    assert rows.bad == sum(isinstance(v, str) for v in values)
