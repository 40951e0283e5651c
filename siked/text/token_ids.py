"""Token ids of prompts and training rows, made in one place.

Backends, trainers and plugins take their ids from here, so that what a student is trained on and
what it is asked at test time are the same ids, not merely the same text. A training row is

    prompt + tag + rationale + end of turn

where each part is tokenised by itself and the ids are concatenated: the ids of a request (prompt,
and the tag where it is forced) are then a prefix of the row's ids by construction, which
tokenising the whole text would not give. Labels are set on tag, rationale and end of turn only.

Formats: ``chat`` is the tokenizer's own chat template; ``plain`` is a question and an answer;
``alpaca`` is an instruction, an input and a response, the shape of the paper's training prompt;
``auto`` is ``chat`` where the tokenizer has a template and ``plain`` elsewhere.

Nothing but the standard library is imported; the tokenizer is a transformers tokenizer that is
handed in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from siked.errors import ConfigError, PreflightError
from siked.records import Message, TrainRow
from siked.text.bounded import Exceeded, bounded
from siked.text.terminal import one_line

IGNORED = -100
"""The label of a position that carries no loss."""

FORMATS = ("auto", "chat", "plain", "alpaca")

ALPACA_HEADER = (
    "You are given a task and an input that goes with it. Write a response that carries out the task."
)
ALPACA_INSTRUCTION = (
    "Solve the problem below. First write the name of the strategy that you choose, in square brackets "
    "on a line of its own, then solve the problem with that strategy."
)

_DATE = "1 January 2025"
TEMPLATE = 1 << 18
"""Characters of a chat template at most."""
RENDERED = 1 << 20
"""Characters that it may add to the messages."""
_SENTINEL = "Zq7sentinel7qZ"
_PREFLIGHT_ROWS = 8


def resolve_format(tokenizer: Any, prompt_format: str) -> str:
    """Return ``chat``, ``plain`` or ``alpaca``: what ``prompt_format`` means for this tokenizer.

    Raises :class:`ConfigError` for an unknown format, or ``chat`` without a chat template.
    """
    if prompt_format not in FORMATS:
        raise ConfigError(f"no prompt format named {prompt_format!r}; there are: {', '.join(FORMATS)}.")
    has_template = bool(getattr(tokenizer, "chat_template", None))
    if prompt_format == "auto":
        return "chat" if has_template else "plain"
    if prompt_format == "chat" and not has_template:
        raise ConfigError(
            "prompt_format is 'chat', but this model's tokenizer has no chat template; "
            "use 'auto', 'plain' or 'alpaca'."
        )
    return prompt_format


def prompt_ids(
    tokenizer: Any, messages: Sequence[Message], prompt_format: str = "auto", prefix: str = ""
) -> list[int]:
    """Return the ids that a model continues: the rendered messages, then ``prefix`` and a newline.

    ``messages`` may hold several turns (few-shot prompts); the last is the user's. ``prefix`` is the
    forced tag, empty where the student chooses.
    """
    return _rendered_ids(tokenizer, messages, resolve_format(tokenizer, prompt_format)) + tag_ids(
        tokenizer, prefix
    )


def tag_ids(tokenizer: Any, prefix: str) -> list[int]:
    """Return the ids of ``prefix`` and the newline after it; none for an empty prefix."""
    return text_ids(tokenizer, prefix + "\n") if prefix else []


def check_tags(tokenizer: Any, tags: Iterable[str]) -> None:
    """Check that each tag comes back whole from its tokens, and so ends where one of them ends.

    Tag and newline are tokenised by themselves, so a rationale cannot move the end of its tag; but a
    tokenizer may have no token for a character of it, or change it. Raises :class:`PreflightError`.
    """
    for tag in tags:
        ids = tag_ids(tokenizer, tag)
        back = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        if back.strip() != tag:
            raise PreflightError(
                f"the student's tokenizer gives the tag {tag!r} back as {back.strip()!r}: it does not end on "
                "a token of its own there, and no student could choose it. Give the strategy another tag."
            )


def text_ids(tokenizer: Any, text: str) -> list[int]:
    """Return the ids of ``text`` by itself, without any special token around it."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def row_ids(tokenizer: Any, row: TrainRow, prompt_format: str = "auto") -> tuple[list[int], list[int]]:
    """Return (input ids, labels) of a training row, of equal length.

    Labels are -100 on the prompt and the ids themselves on tag, rationale and end of turn.
    """
    prompt = prompt_ids(tokenizer, row.messages, prompt_format)
    target = (
        tag_ids(tokenizer, row.prefix)
        + text_ids(tokenizer, row.text)
        + end_of_turn_ids(tokenizer, prompt_format)
    )
    return prompt + target, [IGNORED] * len(prompt) + target


def end_of_turn_ids(tokenizer: Any, prompt_format: str = "auto") -> list[int]:
    """Return the ids that end the assistant's turn.

    With a chat template they are what the template writes after the assistant's text, up to and
    with the first special token; else the tokenizer's end-of-sequence token.

    Raises :class:`PreflightError` for a tokenizer with neither.
    """
    if resolve_format(tokenizer, prompt_format) == "chat":
        ids = _template_end(tokenizer)
        if ids:
            return ids
    if tokenizer.eos_token_id is None:
        raise PreflightError(
            "the tokenizer has no end-of-sequence token, so a student could never learn to stop; "
            "set eos_token in its tokenizer_config.json."
        )
    return [int(tokenizer.eos_token_id)]


def stop_ids(tokenizer: Any, generation_config: Any, prompt_format: str = "auto") -> tuple[int, ...]:
    """Return the ids an engine must stop on, sorted: the generation config's and the tokenizer's
    end-of-sequence ids, and the last id of the end of turn.

    ``generation_config`` is a model's, or None.
    """
    found: set[int] = set()
    configured = getattr(generation_config, "eos_token_id", None)
    if isinstance(configured, int):
        found.add(configured)
    elif configured is not None:
        found.update(int(token) for token in configured)
    if tokenizer.eos_token_id is not None:
        found.add(int(tokenizer.eos_token_id))
    found.add(end_of_turn_ids(tokenizer, prompt_format)[-1])
    return tuple(sorted(found))


def chat_template(tokenizer: Any, prompt_format: str = "auto") -> str:
    """Return a chat template (jinja) that renders, without any argument, what :func:`prompt_ids` makes
    ids of: for tools that know chat templates only."""
    resolved = resolve_format(tokenizer, prompt_format)
    if resolved == "chat":
        template = _undated(tokenizer.get_chat_template())
        fixed = (("enable_thinking", "false"), ("date_string", json.dumps(_DATE)))
        return "".join(f"{{%- set {n} = {value} -%}}" for n, value in fixed if n in template) + template
    begin = f"{{{{ {json.dumps(tokenizer.bos_token)} }}}}" if _bos(tokenizer) else ""
    return begin + (_PLAIN_TEMPLATE if resolved == "plain" else _alpaca_template())


def template_hash(tokenizer: Any, prompt_format: str = "auto") -> str:
    """Return a SHA-256 over all that turns messages into ids: tokenizer, template and format."""
    resolved = resolve_format(tokenizer, prompt_format)
    template = {
        "chat": getattr(tokenizer, "chat_template", None),
        "plain": _plain(_PROBE),
        "alpaca": _alpaca(_PROBE),
    }[resolved]
    described = {"format": resolved, "template": template, "tokenizer": _describe(tokenizer)}
    text = json.dumps(described, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def preflight(
    tokenizer: Any, rows: Iterable[tuple[Sequence[int], Sequence[int]]], stop: Sequence[int]
) -> None:
    """Check (input ids, labels) rows as they reach the model; the first eight are looked at.

    Raises :class:`PreflightError` where nothing would be learnt, or where the last label of a row
    is not an id the engine stops on: a student trained so would never end its texts. The usual
    cause is padding that has the same id as the end of turn and is masked together with it.
    """
    for number, (ids, labels) in enumerate(rows):
        if number == _PREFLIGHT_ROWS:
            return
        if len(ids) != len(labels):
            raise PreflightError(f"training row {number}: {len(ids)} ids but {len(labels)} labels.")
        learnt = [label for label in labels if label != IGNORED]
        if not learnt:
            raise PreflightError(f"training row {number} has no label, so nothing would be learnt from it.")
        if learnt[-1] not in stop:
            last = tokenizer.decode([learnt[-1]])
            raise PreflightError(
                f"training row {number} ends in {last!r} (id {learnt[-1]}), but the engine stops on "
                f"{', '.join(f'{tokenizer.decode([token])!r} ({token})' for token in stop)}: "
                "the student would not learn to stop. Is the end of turn masked together with the padding?"
            )


# --- rendering --------------------------------------------------------------------------------

_PROBE = (
    Message("system", "s"),
    Message("user", "q"),
    Message("assistant", "a"),
    Message("user", "r"),
)


def _rendered_ids(tokenizer: Any, messages: Sequence[Message], resolved: str) -> list[int]:
    if resolved == "chat":
        return _chat_ids(tokenizer, messages)
    text = _plain(messages) if resolved == "plain" else _alpaca(messages)
    return _bos(tokenizer) + text_ids(tokenizer, text)


def _bos(tokenizer: Any) -> list[int]:
    """The begin-of-sequence id, where the tokenizer itself puts one before a text."""
    bos = tokenizer.bos_token_id
    if bos is None:
        return []
    return [int(bos)] if list(tokenizer("")["input_ids"])[:1] == [bos] else []


def _plain(messages: Sequence[Message]) -> str:
    parts = []
    for message in messages:
        if message.role == "system":
            parts.append(f"{message.content}\n\n")
        elif message.role == "user":
            parts.append(f"Question: {message.content}\nAnswer:\n")
        else:
            parts.append(f"{message.content}\n\n")
    return "".join(parts)


def _alpaca(messages: Sequence[Message]) -> str:
    instruction = ALPACA_INSTRUCTION
    parts = []
    for message in messages:
        if message.role == "system":
            instruction = message.content
        elif message.role == "user":
            parts.append(f"### Input:\n{message.content}\n\n### Response:\n")
        else:
            parts.append(f"{message.content}\n\n")
    return f"{ALPACA_HEADER}\n\n### Instruction:\n{instruction}\n\n" + "".join(parts)


_PLAIN_TEMPLATE = (
    "{% for m in messages %}{% if m['role'] == 'user' %}"
    "{{ 'Question: ' + m['content'] + '\\nAnswer:\\n' }}"
    "{% elif loop.last and m['role'] == 'assistant' %}{{ m['content'] + eos_token }}"
    "{% else %}{{ m['content'] + '\\n\\n' }}{% endif %}{% endfor %}"
)
"""An answer at the end has the end of a training row, so that other trainers teach to stop, too."""


def _alpaca_template() -> str:
    head = json.dumps(f"{ALPACA_HEADER}\n\n### Instruction:\n")
    return (
        f"{{% set given = namespace(task={json.dumps(ALPACA_INSTRUCTION)}) %}}"
        "{% for m in messages %}{% if m['role'] == 'system' %}{% set given.task = m['content'] %}"
        "{% endif %}{% endfor %}{{ " + head + " + given.task + '\\n\\n' }}"
        "{% for m in messages %}{% if m['role'] == 'user' %}"
        "{{ '### Input:\\n' + m['content'] + '\\n\\n### Response:\\n' }}"
        "{% elif loop.last and m['role'] == 'assistant' %}{{ m['content'] + eos_token }}"
        "{% elif m['role'] == 'assistant' %}{{ m['content'] + '\\n\\n' }}{% endif %}{% endfor %}"
    )


def _chat_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    turns = [{"role": message.role, "content": message.content} for message in messages]
    try:
        text = _apply(tokenizer, turns, add_generation_prompt=True)
    except PreflightError as error:
        # Templates without a system role (Gemma's) raise from inside jinja.
        if error.__cause__ is None or turns[0]["role"] != "system" or len(turns) < 2:
            raise
        first = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
        text = _apply(tokenizer, [first, *turns[2:]], add_generation_prompt=True)
    return text_ids(tokenizer, text)


def _apply(tokenizer: Any, turns: list[dict[str, str]], **options: Any) -> str:
    """Render messages by the tokenizer's chat template, which may be anybody's: jinja has no limits."""
    template = tokenizer.get_chat_template()
    if len(template) > TEMPLATE:
        raise PreflightError(
            f"the chat template of the model has {len(template)} characters; {TEMPLATE} at most"
        )

    def render() -> Any:
        return tokenizer.apply_chat_template(
            turns,
            chat_template=_undated(template),
            date_string=_DATE,
            enable_thinking=False,
            tokenize=False,
            **options,
        )

    try:
        text = str(bounded(render))
    except Exceeded as error:
        raise PreflightError(f"the chat template of the model does not end well: {error}") from None
    except Exception as error:
        said = one_line(f"{type(error).__name__}: {error}", 300)
        raise PreflightError(f"the chat template of the model cannot be rendered: {said}") from error
    if len(text) > RENDERED + 2 * sum(len(turn["content"]) for turn in turns):
        raise PreflightError(f"the chat template of the model makes {len(text)} characters of a few messages")
    return text


def _undated(template: str) -> str:
    """Some templates print today's date. A prompt must not change overnight."""
    if "strftime_now(" not in template:
        return template
    macro = "{%- macro fixed_date(form) -%}" + _DATE + "{%- endmacro -%}"
    return macro + template.replace("strftime_now(", "fixed_date(")


def _template_end(tokenizer: Any) -> list[int]:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": _SENTINEL}]
    text = _apply(tokenizer, turns)
    tail = text[text.rindex(_SENTINEL) + len(_SENTINEL) :] if _SENTINEL in text else ""
    special = set(tokenizer.all_special_ids) | set(tokenizer.get_added_vocab().values())
    ids: list[int] = []
    for token in text_ids(tokenizer, tail):
        ids.append(token)
        if token in special:
            return ids
    return []


def _describe(tokenizer: Any) -> Any:
    """All that decides the ids of a text; padding and truncation do not."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return {"class": type(tokenizer).__name__, "vocab": tokenizer.get_vocab()}
    described = json.loads(backend.to_str())
    return {key: value for key, value in described.items() if key not in ("padding", "truncation")}
