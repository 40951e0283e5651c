"""The strategy ``example``: draw up the equation first, then work it out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from siked import hookimpl
from siked.records import Answer, Malformed, Message, Problem, Reading

ASK = "Write the equation that the problem asks for, work it out, and end with 'Final Answer:' and a number."


class Example:
    name, tag, version = "example", "[example]", "1"

    @dataclass(frozen=True)
    class Options: ...

    def __init__(self, options: Options) -> None: ...

    def teacher_messages(self, problem: Problem) -> Sequence[Message]:
        return [Message("user", f"{ASK}\n\nQuestion: {problem.question}")]

    def read(self, text: str) -> Reading:
        return Answer(text) if "Final Answer:" in text else Malformed("no-final-answer")


@hookimpl
def siked_register_strategies(register: Callable[[str, str], None]) -> None:
    register("example", "siked_example:Example")
