"""The batch interface of the fake server: files of requests, answered when a batch is due."""

from __future__ import annotations

import email
import email.policy
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]
"""Returns status and body for the body of one request."""


class FakeBatches:
    """Files and batches in memory; a batch ends ``seconds`` after it was made."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seconds = 0.0
        self.status = "completed"
        """How batches end; ``expired`` ones leave their second half unanswered, ``failed`` ones all."""
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def handle(self, method: str, path: str, kind: str, body: bytes) -> tuple[int, bytes] | None:
        """Return status and body, or None where the path is none of this interface."""
        url = urlsplit(path)
        parts = url.path.removeprefix("/v1/").split("/")
        if parts[0] not in ("files", "batches"):
            return None
        with self._lock:
            if method == "POST":
                made = self._upload(kind, body) if parts[0] == "files" else self._create(json.loads(body))
                return 200, json.dumps(made).encode()
            if parts[0] == "files" and len(parts) == 3 and parts[1] in self.files:
                return 200, self.files[parts[1]]
            if parts[0] == "batches" and len(parts) == 1:
                return 200, json.dumps(self._page(parse_qs(url.query))).encode()
            if parts[0] == "batches" and parts[1] in self.batches:
                return 200, json.dumps(self._look(self.batches[parts[1]])).encode()
        return 404, b'{"error": {"message": "no such thing", "code": "not_found"}}'

    def _upload(self, kind: str, body: bytes) -> dict[str, Any]:
        message = email.message_from_bytes(
            b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=email.policy.HTTP
        )
        (content,) = [part.get_payload(decode=True) for part in message.walk() if part.get_filename()]
        assert isinstance(content, bytes)
        name = f"file-{len(self.files)}"
        self.files[name] = content
        return {"id": name, "object": "file", "bytes": len(content), "created_at": 0, "purpose": "batch"}

    def _create(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = f"batch_{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "endpoint": asked["endpoint"],
            "input_file_id": asked["input_file_id"],
            "completion_window": asked["completion_window"],
            "metadata": asked.get("metadata"),
            "status": "in_progress",
            "created_at": int(time.time()),
            "due": time.monotonic() + self.seconds,
        }
        return self.batches[name]

    def _page(self, query: dict[str, list[str]]) -> dict[str, Any]:
        newest = [self._look(batch) for batch in reversed(self.batches.values())]
        after = query.get("after", [""])[0]
        names = [batch["id"] for batch in newest]
        start = names.index(after) + 1 if after in names else 0
        size = int(query.get("limit", ["20"])[0])
        page = newest[start : start + size]
        return {"object": "list", "data": page, "has_more": start + size < len(newest)}

    def _look(self, batch: dict[str, Any]) -> dict[str, Any]:
        if batch["status"] == "in_progress" and time.monotonic() >= batch["due"]:
            batch["status"] = self.status
            if self.status == "failed":
                batch["errors"] = {"object": "list", "data": [{"message": "a line is no JSON", "line": 1}]}
            else:
                self._finish(batch)
        return batch

    def _finish(self, batch: dict[str, Any]) -> None:
        lines = self.files[batch["input_file_id"]].splitlines()
        told: dict[str, list[str]] = {"output": [], "error": []}
        for line in lines[: len(lines) // 2] if self.status == "expired" else lines:
            asked = json.loads(line)
            status, body = self.answer(asked["body"])
            response = {"status_code": status, "request_id": "r", "body": body}
            row = {"id": "x", "custom_id": asked["custom_id"], "response": response, "error": None}
            told["output" if status == 200 else "error"].append(json.dumps(row))
        for name, rows in told.items():
            if rows:
                key = f"file-{len(self.files)}"
                self.files[key] = "\n".join(rows).encode()
                batch[f"{name}_file_id"] = key
