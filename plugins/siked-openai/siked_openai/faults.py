"""What went wrong with a call, told by types, status and codes, never by words."""

from __future__ import annotations

import datetime
import email.utils
import json
import math
import re
import ssl
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import openai


class Kind(Enum):
    """What becomes of a call that failed."""

    AGAIN = "again"
    """May go well when it is made again; counts as a try."""
    LIMITED = "limited"
    """A limit of the account; every call waits."""
    GONE = "gone"
    """Never reached the server; every call waits for it."""
    REQUEST = "request"
    """Something about this request; it ends as failed."""
    REFUSED = "refused"
    """A filter of the server's; it ends as refused."""
    STOP = "stop"
    """Every other call would fail the same way; the run stops."""


STOPPING = {
    "insufficient_quota": "the account's quota is used up",
    "exceeded_current_quota_error": "the account's quota is used up",
    "insufficient_balance": "the account is empty",
    "insufficient_credits": "the account is empty",
    "billing_hard_limit_reached": "the account's spending limit is reached",
    "billing_not_active": "the account's billing is not active",
    "account_deactivated": "the account is deactivated",
    "invalid_api_key": "the key is refused",
    "invalid_organization": "the organization is refused",
    "mismatched_organization": "the organization is refused",
    "ip_not_authorized": "this address is not allowed",
    "unsupported_country_region_territory": "not offered in this country",
    "model_not_found": "no such model",
    "unsupported_parameter": "a parameter is not supported",
    "unknown_parameter": "a parameter is not known",
    "unsupported_value": "a parameter's value is not supported",
}
"""Codes and types after which no other request can go better."""
PAID = ("insufficient_quota", "exceeded_current_quota_error", "insufficient_balance", "insufficient_credits")
FILTERED = ("content_filter", "content_policy_violation", "flagged_input", "moderation_blocked")
AGAIN = (408, 409, 425)
HINTS = {
    "max_tokens": "set max_tokens_name: max_completion_tokens",
    "seed": "set seeds: false",
    "logprobs": "set logprobs: false",
    "temperature": "set the teacher's temperature to what the model takes",
    "top_p": "set the teacher's top_p to what the model takes",
    "n": "set samples_per_call: 1",
}
_NOT_SENT = ("ConnectError", "ConnectTimeout")
_NEVER = ("UnsupportedProtocol", "LocalProtocolError", "InvalidURL", "TooManyRedirects")
_UNIT = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class Fault(Exception):
    """A call that brought no answer."""

    def __init__(
        self, kind: Kind, reason: str, *, code: str = "", status: int = 0, wait: float | None = None
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.code = code
        self.status = status
        self.wait = wait
        """Seconds that the server asks to wait."""
        self.billed = False
        """Whether the server may have written an answer that did not come."""


def classify(error: Exception) -> Fault:
    """Say what an exception of the client means."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, openai.APIStatusError):
        body = error.body if isinstance(error.body, dict) else {"message": error.message}
        return of_body(error.status_code, body, told_wait(error.response.headers))
    chain = list(_chain(error))
    names = {type(e).__name__ for e in chain}
    reason = " <- ".join(dict.fromkeys(str(e) or type(e).__name__ for e in chain[:3]))
    if any(isinstance(e, ssl.SSLError) for e in chain) and names & set(_NOT_SENT):
        why = "its certificate is not trusted" if _untrusted(chain) else "it speaks no TLS"
        return Fault(Kind.STOP, f"{why}: {reason}", code="tls")
    if names & set(_NOT_SENT):
        return Fault(Kind.GONE, reason)
    if names & set(_NEVER):
        return Fault(Kind.STOP, reason, code="client")
    if names & {"TimeoutError", "APITimeoutError"}:
        return _billed(Fault(Kind.AGAIN, "no whole answer in time", code="timeout"))
    if isinstance(error, openai.APIConnectionError) or names & {"ReadError", "RemoteProtocolError"}:
        return _billed(Fault(Kind.AGAIN, f"the connection broke: {reason}", code="broken"))
    if isinstance(error, openai.APIResponseValidationError | json.JSONDecodeError | UnicodeDecodeError):
        return no_answer(f"no JSON: {reason}")
    return Fault(Kind.REQUEST, f"{type(error).__name__}: {reason}")


def no_answer(reason: str) -> Fault:
    """Return the fault of a body that came with status 200 and holds no answer; it may have been paid for."""
    return _billed(Fault(Kind.AGAIN, reason, code="no-answer"))


def told_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` (seconds or an HTTP date) or ``retry-after-ms`` asks for."""
    exact = _number(headers.get("retry-after-ms", ""))
    if exact is not None:
        return max(exact / 1000, 0.0)
    told = headers.get("retry-after", "").strip()[:64]
    seconds = _number(told)
    if seconds is None and told:
        try:
            then = email.utils.parsedate_to_datetime(told)
            then = then if then.tzinfo is not None else then.replace(tzinfo=datetime.UTC)
            # The server's own clock, where it tells it: ours may be wrong.
            clock = headers.get("date", "")
            now = email.utils.parsedate_to_datetime(clock) if clock else datetime.datetime.now(datetime.UTC)
            seconds = (then - now).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    return None if seconds is None else max(seconds, 0.0)


def duration(text: str) -> float | None:
    """Return the seconds of ``6m0s``, ``120ms``, ``1.5`` and the like; None for anything else."""
    text = text.strip()[:64]
    plain = _number(text)
    if plain is not None:
        return max(plain, 0.0)
    if not text or _UNIT.sub("", text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _UNIT.findall(text))


def of_body(status: int, told: Mapping[str, Any], wait: float | None = None) -> Fault:
    """Say what a status and the body that came with it mean."""
    error = told.get("error")
    body = error if isinstance(error, dict) else told
    codes = [str(body.get(name) or "") for name in ("code", "type")]
    stopping = next((code for code in codes if code in STOPPING), "")
    code = stopping or codes[0] or codes[1]
    reason = f"status {status}: {body.get('message') or body.get('detail') or 'no reason given'}"
    metadata = body.get("metadata")
    flagged = isinstance(metadata, dict) and ("flagged_input" in metadata or "reasons" in metadata)
    if any(code in FILTERED for code in codes) or (status == 403 and flagged):
        kind = Kind.REFUSED
    elif stopping or status in (401, 402, 403, 404, 405, 501):
        kind = Kind.STOP
        hint = HINTS.get(str(body.get("param") or ""), "")
        meaning = STOPPING.get(stopping) or ("the account is empty" if status == 402 else "")
        reason = "; ".join(part for part in (meaning, reason, hint) if part)
        code = code if stopping else str(status)
    elif status == 429:
        kind = Kind.LIMITED
    elif status in AGAIN or status >= 500:
        kind = Kind.AGAIN
    else:
        kind = Kind.REQUEST
    return Fault(kind, reason, code=code, status=status, wait=wait)


def _billed(fault: Fault) -> Fault:
    fault.billed = True
    return fault


def _untrusted(chain: list[BaseException]) -> bool:
    return any(isinstance(e, ssl.SSLCertVerificationError) for e in chain)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _number(text: Any) -> float | None:
    try:
        value = float(str(text).strip()[:32])
    except ValueError:
        return None
    return value if math.isfinite(value) else None
