"""What is sent: requests that share a prompt in one body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from siked.records import Request

if TYPE_CHECKING:
    from siked_openai.backend import OpenAI

_FRAME = 16
"""Tokens that a chat template may put around a message."""


def groups(requests: Sequence[Request], options: OpenAI.Options) -> list[list[Request]]:
    """Return runs of requests with one prompt and sampling, at most ``samples_per_call`` each."""
    most = options.samples_per_call
    found: dict[Any, list[list[Request]]] = {}
    for request in requests:
        runs = found.setdefault((request.messages, request.prefix, request.sampling), [[]])
        if len(runs[-1]) >= (most if request.sampling.temperature > 0 else 1):
            runs.append([])
        runs[-1].append(request)
    return [run for runs in found.values() for run in runs]


def estimate(group: list[Request]) -> tuple[int, int]:
    """Return the most tokens that the prompt of a group may take, and that may be written."""
    first = group[0]
    # No token is shorter than a byte, so that a prompt never takes more than is set aside for it.
    texts = [*(m.content for m in first.messages), first.prefix]
    prompt = sum(len(text.encode("utf-8", "surrogatepass")) + _FRAME for text in texts)
    return prompt, first.sampling.max_new_tokens * len(group)


def body(group: list[Request], options: OpenAI.Options, model: str) -> dict[str, Any]:
    """Return the body of the call that serves a group."""
    first = group[0]
    made: dict[str, Any] = {
        "model": model,
        "temperature": first.sampling.temperature,
        "top_p": first.sampling.top_p,
        options.max_tokens_name: first.sampling.max_new_tokens,
    }
    if len(group) > 1:
        made["n"] = len(group)
    if options.seeds:
        made["seed"] = first.seed % 2**31
    if first.sampling.stop:
        made["stop"] = list(first.sampling.stop)
    messages = [{"role": m.role, "content": m.content} for m in first.messages]
    if options.api == "chat":
        if options.logprobs:
            made["logprobs"] = True
        if first.prefix:
            messages.append({"role": "assistant", "content": f"{first.prefix}\n"})
            made |= {"continue_final_message": True, "add_generation_prompt": False}
        made["messages"] = messages
    else:
        if options.logprobs:
            made["logprobs"] = 1
        prompt = "\n\n".join(m["content"] for m in messages) + "\n"
        made["prompt"] = prompt + (f"{first.prefix}\n" if first.prefix else "")
    return made | options.extra


def canary(options: OpenAI.Options, model: str) -> dict[str, Any]:
    """Return the body of a call that any server can serve, to tell one bad request from a bad server."""
    made: dict[str, Any] = {"model": model, options.max_tokens_name: 16}
    if options.api == "chat":
        return made | {"messages": [{"role": "user", "content": "What is 1 + 1?"}]} | options.extra
    return made | {"prompt": "What is 1 + 1?\n"} | options.extra
