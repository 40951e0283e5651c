"""Reading answers: servers differ in what they leave out, split up or add."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from siked.records import Outcome
from siked_openai.faults import Fault, Kind, no_answer

_OPEN, _CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Read:
    """What one choice holds."""

    outcome: Outcome
    text: str = ""
    reason: str = ""
    logprob: float | None = None
    tokens: int | None = None
    """Tokens written, where the server tells them one by one."""


def parse(body: bytes, api: str) -> dict[str, Any]:
    """Return an answer with at least one choice; raises :class:`Fault` where the body is none."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise no_answer(f"no JSON: {error}") from None
    if not isinstance(answer, dict):
        raise no_answer("no JSON object")
    failure = answer.get("error")
    if failure and not answer.get("choices"):
        # Some gateways send what went wrong with status 200.
        told = failure if isinstance(failure, dict) else {"message": failure}
        raise Fault(Kind.AGAIN, f"an error in an answer: {told.get('message')}", code=str(told.get("code")))
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise no_answer("an answer without choices")
    for choice in choices:
        part = choice.get("message" if api == "chat" else "text") if isinstance(choice, dict) else None
        if not isinstance(part, dict if api == "chat" else str):
            raise no_answer("a choice without a message")
    return answer


def usage(answer: dict[str, Any]) -> tuple[int, int, int] | None:
    """Return (prompt tokens, those of them from the server's cache, tokens written); None where the server
    tells none or what cannot be."""
    told = answer.get("usage")
    if not isinstance(told, dict):
        return None
    prompt, written = _count(told.get("prompt_tokens")), _count(told.get("completion_tokens"))
    if prompt is None or written is None or prompt + written == 0:
        return None
    details = told.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else 0
    return prompt, min(cached or 0, prompt), written


def read(choice: dict[str, Any], reasoning: str) -> Read:
    """Say how a choice ended and what it holds; ``reasoning`` is ``strip`` or ``keep``."""
    ended = choice.get("finish_reason") or "stop"
    message = choice.get("message")
    if ended == "content_filter":
        return Read(Outcome.REFUSED, reason="the server's content filter")
    if message is None:
        text, thoughts, refusal = str(choice.get("text") or ""), "", ""
    else:
        text, thoughts, refusal = _parts(message)
    if refusal:
        return Read(Outcome.REFUSED, reason=f"the model refuses: {refusal}")
    logprob, tokens = _logprob(choice.get("logprobs"))
    before, close, after = text.rpartition(_CLOSE)
    if close:
        # Templates that end the prompt with the opening leave the answer with the closing alone.
        thoughts, text = thoughts or before.strip().removeprefix(_OPEN), after.lstrip()
    elif text.lstrip().startswith(_OPEN) or (ended == "length" and thoughts and not text.strip()):
        return Read(Outcome.FAILED, reason="cut off while it thought; raise max_new_tokens", tokens=tokens)
    if not text.strip() and ended != "length":
        return Read(Outcome.FAILED, reason="an empty answer", tokens=tokens)
    if thoughts and reasoning == "keep":
        text = f"{_OPEN}{thoughts}{_CLOSE}\n{text}"
    return Read(Outcome.CUT if ended == "length" else Outcome.OK, text, "", logprob, tokens)


def _parts(message: dict[str, Any]) -> tuple[str, str, str]:
    """Return (text, thoughts, refusal) of a message, whose content may come in parts."""
    texts: list[str] = []
    thoughts: list[str] = []
    refusals = [message["refusal"]] if isinstance(message.get("refusal"), str) else []
    content = message.get("content")
    for part in content if isinstance(content, list) else [content]:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            kind = str(part.get("type") or "text")
            into = {"thinking": thoughts, "reasoning": thoughts, "refusal": refusals}.get(kind, texts)
            into.append(_flat(part.get("text", part.get(kind, part.get("content")))))
    for name in ("reasoning_content", "reasoning"):
        if not thoughts and isinstance(message.get(name), str):
            thoughts.append(message[name])
    return "".join(texts), "".join(thoughts), "".join(refusals)


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(str(part.get("text") or "") for part in value if isinstance(part, dict))
    return ""


def _logprob(told: Any) -> tuple[float | None, int | None]:
    """Return (sum in nats, tokens) of a choice's ``logprobs``, chat's or completions'."""
    if not isinstance(told, dict):
        return None, None
    found = told.get("token_logprobs")
    if isinstance(told.get("content"), list):
        found = [token.get("logprob") if isinstance(token, dict) else None for token in told["content"]]
    if not isinstance(found, list) or not found:
        return None, None
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in found):
        return None, len(found)
    return float(sum(found)), len(found)


def _count(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        return None
    return int(value)
