"""The window between programs and outcomes, without a sandbox behind it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siked.errors import SandboxError
from siked.execution.lanes import Feed, Lane, Line, Ran, Slot, Ticket, clean
from siked.records import Program, ProgramOutcome, ProgramStatus


def ran(text: str, **more: bool) -> Ran:
    return Ran(ProgramOutcome(status=ProgramStatus.OK, answer=text, sandbox="test"), **more)


class Echo(Slot):
    """Answers with the program; some run into the wall clock once, some lack something here."""

    def __init__(self, width: list[int]) -> None:
        self.seen: set[str] = set()
        self.width = width
        self.closed = False

    def run(self, program: str, note: object) -> Ran:
        self.width[0] += 1
        try:
            if program.startswith("slow"):
                time.sleep(0.002)
            if program.startswith("bug"):
                raise ValueError("ours")
            if program.startswith("late"):
                alone = self.width[0] == 1
                if note is None or program not in note:
                    return ran("late", overdue=True)
                return ran(f"{program} alone={alone}")
            return ran(program, lacking=program.startswith("lacking") and note != "elsewhere")
        finally:
            self.width[0] -= 1

    def abandon(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


class Route:
    """A route over echoing slots, as a sandbox is one."""

    def __init__(self, slots: int = 3) -> None:
        self.running = [0]
        self.slots = [Echo(self.running) for _ in range(slots)]
        self.lane = Lane("test", self.slots, lambda: None)
        self.tried: set[str] = set()

    def submit(self, ticket: Ticket) -> None:
        if ticket.code == "refuse":
            raise SandboxError("below the minimum")
        if ticket.code == "settled":
            ticket.settle(ran("at once"))
            return
        if ticket.ran is not None and ticket.ran.lacking:
            ticket.note = "elsewhere"
        if ticket.ran is not None and ticket.ran.overdue:
            ticket.note = {ticket.code}
        self.lane.put(ticket)

    def window(self) -> int:
        return 6

    def run(self, codes: Iterator[str]) -> Iterator[str | None]:
        return (outcome.answer for outcome in Line(map(Program, codes), self).outcomes())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["a", "slow", "lacking", "settled", "late"]), max_size=60))
def test_order_is_kept_whatever_happens(kinds: list[str]) -> None:
    route = Route()
    codes = [kind if kind == "settled" else f"{kind} {n}" for n, kind in enumerate(kinds)]
    expected = [
        "at once" if code == "settled" else f"{code} alone=True" if code.startswith("late") else code
        for code in codes
    ]
    assert list(route.run(iter(codes))) == expected
    route.lane.close()
    assert all(slot.closed for slot in route.slots)


def test_a_failure_of_ours_costs_one_program() -> None:
    route = Route()
    outcomes = list(Line(map(Program, ["a", "bug", "b"]), route).outcomes())
    assert [outcome.status for outcome in outcomes] == ["ok", "denied", "ok"]
    assert outcomes[1].detail == "the sandbox failed: ValueError: ours"
    route.lane.close()


def test_a_refusal_is_raised_after_what_came_before() -> None:
    route = Route()
    seen: list[str] = []
    answers = route.run(iter(["a", "b", "refuse", "c"]))
    with pytest.raises(SandboxError):
        seen.extend(map(str, answers))
    assert seen == ["a", "b"]
    route.lane.close()


def test_a_feed_can_be_read_as_any_iterable() -> None:
    assert [program.code for program in Feed(map(Program, "abc"))] == ["a", "b", "c"]


def test_a_feed_passes_on_what_its_source_raised() -> None:
    def source() -> Iterator[Program]:
        yield Program("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Feed(source()))


@given(st.lists(st.booleans(), max_size=30), st.randoms())
@settings(max_examples=20, deadline=None)
def test_a_feed_keeps_order(pauses: list[bool], rng: random.Random) -> None:
    def source() -> Iterator[Program]:
        for number, pause in enumerate(pauses):
            if pause:
                time.sleep(0.001)
            yield Program(str(number))

    route = Route()
    answers = [outcome.answer for outcome in Line(Feed(source()), route).outcomes()]
    assert answers == [str(number) for number in range(len(pauses))]
    route.lane.close()


@given(st.text())
def test_cleaned_text_can_be_stored(text: str) -> None:
    cleaned = clean(text + "\ud800\0")
    assert "\0" not in cleaned
    cleaned.encode()
