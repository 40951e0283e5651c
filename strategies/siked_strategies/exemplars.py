"""Teacher prompts: an instruction and worked examples, read from a text file.

The format is made to be written by hand. A line that starts with ``===`` opens a section, which
lasts until the next such line; blank lines around a section do not count; anything before the
first section is a remark. There is one ``=== instruction``, which may be followed by one for a
domain, ``=== instruction mathematics``; then for each worked example a ``=== question`` and a
``=== rationale``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge

from siked.errors import ConfigError, DataError
from siked.records import Message, Problem


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """What can be set on each built-in strategy."""

    exemplars: Annotated[int, Ge(0)] = field(
        default=8, metadata={"help": "How many worked examples the teacher is shown."}
    )
    prompt_file: str | None = field(
        default=None, metadata={"help": "A prompt file of your own instead of the bundled one."}
    )
    domain: Literal["general", "mathematics"] = field(
        default="general",
        metadata={"help": "Ask in the words of this domain, where the prompt file has some for it."},
    )


@dataclass(frozen=True, slots=True)
class Prompt:
    """An instruction with worked examples, each a (question, rationale) pair."""

    instruction: str
    examples: tuple[tuple[str, str], ...]

    def messages(self, problem: Problem) -> tuple[Message, ...]:
        """Return the few-shot conversation that ends with the question of ``problem``.

        The instruction opens the first user turn: some chat templates refuse a system turn.
        """
        turns: list[Message] = []
        for question, rationale in self.examples:
            turns.append(Message("user", f"Question: {question}"))
            turns.append(Message("assistant", rationale))
        turns.append(Message("user", f"Question: {problem.question}"))
        first = turns[0]
        turns[0] = Message("user", f"{self.instruction}\n\n{first.content}")
        return tuple(turns)


def parse_prompt(text: str, source: object, domain: str = "general") -> Prompt:
    """Read a prompt file's ``text`` in the words of ``domain``, or those for any where it has none.

    ``source`` names the file in errors (:class:`DataError`).
    """
    sections = _sections(text, source)
    if not sections or sections[0][1] != "instruction":
        raise DataError(source, None, "a prompt starts with the section '=== instruction'")
    start = 1
    instructions = {"general": sections[0][2]}
    while start < len(sections) and sections[start][1].startswith("instruction "):
        instructions[sections[start][1].removeprefix("instruction ")] = sections[start][2]
        start += 1
    examples: list[tuple[str, str]] = []
    for index in range(start, len(sections), 2):
        pair = sections[index : index + 2]
        if [name for _, name, _ in pair] != ["question", "rationale"]:
            raise DataError(
                source, pair[0][0], "sections after the instruction are question, rationale in turn"
            )
        examples.append((pair[0][2], pair[1][2]))
    return Prompt(
        instruction=instructions.get(domain, instructions["general"]),
        examples=tuple(examples),
    )


def _sections(text: str, source: object) -> list[tuple[int, str, str]]:
    """Split ``text`` into (line, name, body), refusing unknown and empty sections."""
    found: list[tuple[int, str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("==="):
            name = " ".join(line[3:].split())
            if name not in ("instruction", "instruction mathematics", "question", "rationale"):
                raise DataError(source, number, f"unknown section {name!r}")
            found.append((number, name, []))
        elif found:
            found[-1][2].append(line)
    sections = [(number, name, "\n".join(lines).strip("\n").rstrip()) for number, name, lines in found]
    for number, name, body in sections:
        if not body.strip():
            raise DataError(source, number, f"section {name!r} is empty")
    return sections


def load_prompt(strategy: str, options: PromptOptions) -> Prompt:
    """Load the prompt that ``options`` ask for, cut to the number of examples asked for.

    Raises :class:`DataError` for a file that cannot be read, :class:`ConfigError` where it has
    fewer examples than asked for.
    """
    if options.prompt_file is None:
        source: object = f"prompts/{strategy}.txt"
        text = (resources.files("siked_strategies") / "prompts" / f"{strategy}.txt").read_text("utf-8")
    else:
        source = options.prompt_file
        try:
            text = Path(options.prompt_file).read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(options.prompt_file, None, f"cannot be read: {error}") from error
    prompt = parse_prompt(text, source, options.domain)
    if not 0 <= options.exemplars <= len(prompt.examples):
        raise ConfigError(
            f"strategy {strategy}: exemplars is {options.exemplars}, but {source} has {len(prompt.examples)}"
        )
    return Prompt(prompt.instruction, prompt.examples[: options.exemplars])
