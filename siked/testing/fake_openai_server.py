"""A server that speaks OpenAI's API and misbehaves at chosen rates, the same way every time.

``python -m siked.testing.fake_openai_server --port 8000 --faults 0.3`` or :func:`serving_fake_openai` in a
test. What is done to a request depends on the seed, the request's body and how often that body was
asked, and on nothing else. It solves additions; ``GET /counts`` tells what it did.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FAULTS = ("429", "500", "503", "truncated", "slow", "dropped", "no-json", "no-choices", "filter")
"""What can go wrong."""
SLOW = 0.3
"""Seconds that a slow body takes, in pieces."""
KEY = "right-key"
"""The one key that is accepted, where keys are asked for."""


class FakeOpenAIServer(ThreadingHTTPServer):
    """The server and its counts. ``rate`` is shared by all faults, ``rates`` has some of their own."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self,
        port: int = 0,
        *,
        rate: float = 0.0,
        rates: Mapping[str, float] | None = None,
        seed: int = 0,
        key: bool = False,
        context: int = 0,
    ):
        super().__init__(("127.0.0.1", port), _Handler)
        self.rates = dict.fromkeys(FAULTS, rate / len(FAULTS)) | dict(rates or {})
        self.seed = seed
        self.key = key
        self.context = context
        self.counts: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed."""

    @property
    def url(self) -> str:
        """URL up to ``/v1``."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def fault(self, body: bytes) -> str:
        """Return what goes wrong with this request, if anything; counts it."""
        digest = hashlib.sha256(body).hexdigest()
        with self.lock:
            attempt = self.asked[digest]
            self.asked[digest] += 1
            self.counts["requests"] += 1
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

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        with self.server.lock:
            counts = dict(self.server.counts)
        self._send(200, json.dumps(counts).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = json.loads(body)
        if self.server.key and self.headers.get("Authorization") != f"Bearer {KEY}":
            self._error(401, f"incorrect key: {self.headers.get('Authorization')}")
        elif asked.get("model") == "unknown":
            self._error(404, "the model 'unknown' does not exist")
        elif self.server.context and len(body) > self.server.context:
            self._error(
                400, "this model's maximum context length is exceeded", code="context_length_exceeded"
            )
        else:
            self._answer(asked, self.server.fault(body))

    def _answer(self, asked: dict[str, Any], fault: str) -> None:
        with self.server.lock:
            self.server.counts[fault or "served"] += 1
        if fault in ("429", "500", "503"):
            self._error(int(fault), "try again", retry_after="0.05" if fault == "429" else "")
        elif fault == "dropped":
            self.close_connection = True
            self.connection.close()
        elif fault == "no-json":
            self._send(200, b"<html>gateway</html>")
        else:
            text = json.dumps(self._completion(asked, fault)).encode()
            cut = len(text) // 2 if fault == "truncated" else None
            self._send(200, text, cut=cut, pause=SLOW / 3 if fault == "slow" else 0.0)

    def _completion(self, asked: dict[str, Any], fault: str) -> dict[str, Any]:
        chat = "messages" in asked
        prompt = asked["messages"][-1]["content"] if chat else asked["prompt"]
        a, b = (int(n) for n in re.findall(r"\d+", prompt)[-2:])
        text = f"{a} + {b} = {a + b}\nFinal Answer: {a + b}"
        choices: list[dict[str, Any]] = []
        for index in range(asked.get("n", 1)):
            told: dict[str, Any] = {"index": index, "finish_reason": "stop"}
            if fault == "filter":
                told["finish_reason"] = "content_filter"
                text = ""
            told |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
            choices.append(told)
        usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": 12 * len(choices)}
        return {
            "id": hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12],
            "object": "chat.completion" if chat else "text_completion",
            "created": 0,
            "model": asked["model"],
            "choices": [] if fault == "no-choices" else choices,
            "usage": {**usage, "total_tokens": sum(usage.values())},
        }

    def _error(self, status: int, message: str, *, code: str = "", retry_after: str = "") -> None:
        text = json.dumps({"error": {"message": message, "code": code or str(status)}}).encode()
        self._send(status, text, retry_after=retry_after)

    def _send(
        self, status: int, body: bytes, *, cut: int | None = None, retry_after: str = "", pause: float = 0.0
    ) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            piece = len(body) // 4 if pause else len(body)
            for at in range(0, len(body[:cut]), max(piece, 1)):
                if at:
                    time.sleep(pause)
                self.wfile.write(body[:cut][at : at + piece])
            if cut is not None:
                self.close_connection = True


@contextlib.contextmanager
def serving_fake_openai(**settings: Any) -> Iterator[FakeOpenAIServer]:
    """Run a server in a thread of this process."""
    server = FakeOpenAIServer(**settings)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


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
