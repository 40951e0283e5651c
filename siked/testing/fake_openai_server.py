"""A server that speaks OpenAI's API and misbehaves at chosen rates, the same way every time.

``python -m siked.testing.fake_openai_server --port 8000 --faults 0.3`` or :func:`serving_fake_openai` in a
test. What is done to a request depends on the seed, the request's body and how often that body was
asked, and on nothing else. It solves additions; ``GET /counts`` tells what it did.
"""

from __future__ import annotations

import argparse
import contextlib
import email.utils
import hashlib
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from siked.testing.fake_openai_batches import FakeBatches

STATUSES = ("408", "409", "425", "429", "429-ms", "429-date", "429-bare", "500", "502", "503", "504", "529")
"""Errors that may pass."""
BROKEN = ("dropped", "reset", "half-head", "truncated")
"""Connections that end early."""
NO_ANSWER = {
    "no-json": b"<html>gateway</html>",
    "empty-body": b"",
    "not-utf8": b'{"choices": "\xff\xfe"}',
    "json-list": b"[1, 2]",
    "no-choices": b'{"choices": []}',
    "null-choices": b'{"choices": null}',
    "odd-choice": b'{"choices": [null]}',
    "no-message": b'{"choices": [{"finish_reason": "stop"}]}',
    "error-200": b'{"error": {"message": "try again", "code": 503}}',
}
"""Bodies that come with status 200 and are no answer."""
ODD = ("slow", "no-usage", "odd-usage", "parts", "surrogate", "think", "close-think")
"""Whole answers in an unusual dress."""
REFUSALS = ("filter", "refusal")
"""Answers that refuse."""
HOLLOW = ("empty", "null-content")
"""Answers without a text."""
AGAIN = (*STATUSES, *BROKEN, *NO_ANSWER)
"""Faults after which a request is to be made again."""
FAULTS = (*AGAIN, *ODD, *REFUSALS, *HOLLOW)
"""What can go wrong. A script may also say ``error:STATUS:CODE``."""
SLOW = 0.3
"""Seconds that a slow body takes, in pieces."""
KEY = "right-key"
"""The one key that is accepted, where keys are asked for."""
_PATHS = ("/v1/chat/completions", "/v1/completions")


class FakeOpenAIServer(ThreadingHTTPServer):
    """The server and its counts. ``rate`` is shared by all faults, ``rates`` has some of their own;
    ``script`` takes the body of a request and how often it was asked, and names a fault or ''.
    ``headers`` go with every answer."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self,
        port: int = 0,
        *,
        rate: float = 0.0,
        rates: Mapping[str, float] | None = None,
        script: Callable[[dict[str, Any], int], str] | None = None,
        seed: int = 0,
        key: bool = False,
        context: int = 0,
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(("127.0.0.1", port), _Handler)
        self.rates = dict.fromkeys(FAULTS, rate / len(FAULTS)) | dict(rates or {})
        self.script = script
        self.seed = seed
        self.key = key
        self.context = context
        self.headers = dict(headers or {})
        self.counts: Counter[str] = Counter()
        self.tokens = 0
        """Of all answers that told them, also of those that did not arrive."""
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.batches = FakeBatches(self._of_batch)
        self.connections: set[socket.socket] = set()
        self._thread: threading.Thread | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed."""

    @property
    def url(self) -> str:
        """URL up to ``/v1``."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def start(self) -> None:
        """Serve in a thread."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every connection and refuse new ones; calls under way bring nothing."""
        self.shutdown()
        self.server_close()
        if self._thread is not None:
            self._thread.join()
        with self.lock:
            for connection in self.connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Be away while the body runs, then serve again at the same address."""
        self.stop()
        try:
            yield
        finally:
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
            self.server_activate()
            self.start()

    def _of_batch(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        fault = self.fault(json.dumps(asked).encode())
        with self.lock:
            self.counts[fault or "served"] += 1
        if fault.startswith("error:"):
            _, status, code = fault.split(":", 2)
            return int(status), {"error": {"message": "as the script says", "code": code or status}}
        return 200, _completion(asked, fault)

    def fault(self, body: bytes) -> str:
        """Return what goes wrong with this request, if anything; counts it."""
        digest = hashlib.sha256(body).hexdigest()
        with self.lock:
            attempt = self.asked[digest]
            self.asked[digest] += 1
            self.counts["requests"] += 1
        if self.script is not None and (told := self.script(json.loads(body), attempt)):
            return told
        drawn = hashlib.sha256(f"{self.seed}|{digest}|{attempt}".encode()).digest()
        left = int.from_bytes(drawn[:4], "big") / 2**32
        for name, rate in self.rates.items():
            if left < rate:
                return name
            left -= rate
        return ""


class _Handler(BaseHTTPRequestHandler):
    server: FakeOpenAIServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections.add(self.connection)

    def finish(self) -> None:
        with self.server.lock:
            self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        with self.server.lock:
            counts = dict(self.server.counts)
        if self.path.endswith("/counts"):
            self._send(200, json.dumps(counts).encode())
        elif self.path == "/v1/models":
            self._send(200, json.dumps({"object": "list", "data": [{"id": "m"}]}).encode())
        elif (found := self.server.batches.handle("GET", self.path, "", b"")) is not None:
            self._send(*found)
        else:
            self._send(404, b'{"detail": "Not Found"}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        if (found := self.server.batches.handle("POST", self.path, kind, body)) is not None:
            self._send(*found)
            return
        if self.path not in _PATHS:
            self._send(404, b'{"detail": "Not Found"}')
            return
        asked = json.loads(body)
        if self.server.key and self.headers.get("Authorization") != f"Bearer {KEY}":
            with self.server.lock:
                self.server.counts["401"] += 1
            self._error(401, f"incorrect key: {self.headers.get('Authorization')}", code="invalid_api_key")
        elif asked.get("model") == "unknown":
            self._error(404, "the model 'unknown' does not exist", code="model_not_found")
        elif self.server.context and len(body) > self.server.context:
            self._error(
                400, "this model's maximum context length is exceeded", code="context_length_exceeded"
            )
        else:
            self._answer(asked, self.server.fault(body))

    def _answer(self, asked: dict[str, Any], fault: str) -> None:
        with self.server.lock:
            self.server.counts[fault or "served"] += 1
        if fault.startswith("error:"):
            _, status, code = fault.split(":", 2)
            self._error(int(status), "as the script says", code=code)
        elif fault in STATUSES:
            self._error(int(fault[:3]), "try again", headers=_retry_after(fault))
        elif fault in NO_ANSWER:
            self._send(200, NO_ANSWER[fault])
        elif fault in BROKEN and fault != "truncated":
            self._break(fault)
        else:
            answer = _completion(asked, fault)
            if isinstance(answer["usage"], dict):
                with self.server.lock:
                    self.server.tokens += answer["usage"].get("total_tokens", 0)
            text = json.dumps(answer).encode()
            cut = len(text) // 2 if fault == "truncated" else None
            self._send(200, text, cut=cut, pause=SLOW / 3 if fault == "slow" else 0.0)

    def _break(self, fault: str) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            if fault == "reset":
                # No time to linger: the kernel sends a reset instead of an end.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            elif fault == "half-head":
                self.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Ty")
            if fault != "reset":
                self.connection.shutdown(socket.SHUT_RDWR)
            self.connection.close()

    def _error(
        self, status: int, message: str, *, code: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        text = json.dumps({"error": {"message": message, "code": code or str(status)}}).encode()
        self._send(status, text, headers=headers)

    def _send(
        self,
        status: int,
        body: bytes,
        *,
        cut: int | None = None,
        headers: Mapping[str, str] | None = None,
        pause: float = 0.0,
    ) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in {**self.server.headers, **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            piece = len(body) // 4 if pause else len(body)
            for at in range(0, len(body[:cut]), max(piece, 1)):
                if at:
                    time.sleep(pause)
                self.wfile.write(body[:cut][at : at + piece])
            if cut is not None:
                self.close_connection = True


def _retry_after(fault: str) -> dict[str, str]:
    return {
        "429": {"Retry-After": "0.05"},
        "429-ms": {"retry-after-ms": "20", "Retry-After": "1"},
        "429-date": {"Retry-After": email.utils.formatdate(usegmt=True)},
    }.get(fault, {})


def _completion(asked: dict[str, Any], fault: str) -> dict[str, Any]:
    chat = "messages" in asked
    prompt = asked["messages"][-1]["content"] if chat else asked["prompt"]
    a, b = (int(n) for n in re.findall(r"\d+", prompt)[-2:])
    count = asked.get("n", 1)
    choices = [
        _choice(index, f"{a} + {b} = {a + b}\nFinal Answer: {a + b}", fault, chat) for index in range(count)
    ]
    if asked.get("logprobs"):
        for choice in choices:
            values = [-0.5] * 12
            tokens = {"content": [{"token": "x", "logprob": value} for value in values]}
            choice["logprobs"] = tokens if chat else {"token_logprobs": values}
    usage: Any = {"prompt_tokens": len(prompt) // 4, "completion_tokens": 12 * count}
    usage["total_tokens"] = sum(usage.values())
    if fault in ("no-usage", "odd-usage"):
        usage = None if fault == "no-usage" else {"prompt_tokens": "many", "completion_tokens": -1}
    return {
        "id": hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12],
        "object": "chat.completion" if chat else "text_completion",
        "created": 0,
        "model": asked["model"],
        "choices": choices,
        "usage": usage,
    }


def _choice(index: int, text: str, fault: str, chat: bool) -> dict[str, Any]:
    """Return one choice, in the dress that a fault asks for."""
    made: dict[str, Any] = {"index": index, "finish_reason": "stop"}
    text = {
        "surrogate": f"\ud83d {text}",
        "think": f"<think>It is easy.</think>\n{text}",
        "close-think": f"It is easy.</think>\n{text}",
        "filter": "",
        "empty": "",
        "refusal": "" if chat else text,
    }.get(fault, text)
    if fault == "filter" or (fault == "refusal" and not chat):
        made["finish_reason"] = "content_filter"
    if not chat:
        return made | {"text": "" if fault == "null-content" else text}
    content: Any = {"null-content": None, "refusal": None}.get(fault, text)
    if fault == "parts":
        content = [{"type": "text", "text": text[:4]}, {"type": "text", "text": text[4:]}]
    message = {"role": "assistant", "content": content}
    return made | {"message": message | ({"refusal": "I would rather not."} if fault == "refusal" else {})}


@contextlib.contextmanager
def serving_fake_openai(**settings: Any) -> Iterator[FakeOpenAIServer]:
    """Run a server in a thread of this process."""
    server = FakeOpenAIServer(**settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--faults", type=float, default=0.0, metavar="RATE", help="Of all kinds together.")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="KIND=RATE", help=f"Of one kind: {', '.join(FAULTS)}."
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rates = {kind: float(rate) for kind, _, rate in (text.partition("=") for text in args.fault)}
    server = FakeOpenAIServer(args.port, rate=args.faults, rates=rates, seed=args.seed)
    print(server.url, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
