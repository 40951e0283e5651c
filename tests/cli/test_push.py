"""``siked export --push`` against a server that answers the Hub's client and keeps what it is sent."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.errors import RunError, UsageError
from siked.runs.push import Hub

pytestmark = pytest.mark.train
pytest.importorskip("huggingface_hub")
TOKEN = "hf_TheSecretOfTheTests"


class StandIn(ThreadingHTTPServer):
    """Repositories in memory."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repos: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.objects: dict[str, bytes] = {}
        self.tokens: set[str | None] = set()
        self.fails: tuple[str, int] | None = None
        """Part of a path, and the code with which it is answered."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def log_message(self, *args: Any) -> None:
        pass

    def do_PUT(self) -> None:
        self.server.objects[self.path.rpartition("/")[2]] = self._body()
        self._answer({})

    def do_GET(self) -> None:
        self._answer({"error": "not here"}, 404)

    def do_POST(self) -> None:
        body = self._body()
        self.server.tokens.add(self.headers.get("authorization"))
        fails = self.server.fails
        if fails is not None and fails[0] in self.path:
            # The Hub would not send a token back; siked takes no chances.
            self._answer({"error": f"no: {TOKEN}"}, fails[1])
        elif self.path == "/api/repos/create":
            self._create(json.loads(body))
        elif self.path.endswith("/preupload/main"):
            files = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(".safetensors") else "regular",
                    "shouldIgnore": False,
                }
                for file in json.loads(body)["files"]
            ]
            self._answer({"files": files})
        elif self.path.endswith("/info/lfs/objects/batch"):
            href = f"{self.server.url}/objects/"
            objects = [
                {**one, "actions": {"upload": {"href": href + one["oid"]}}}
                for one in json.loads(body)["objects"]
            ]
            self._answer({"transfer": "basic", "objects": objects})
        elif match := re.fullmatch(r"/api/(models|datasets)/(.+)/commit/main", self.path):
            self._commit([json.loads(line) for line in body.splitlines()], match[2])
        else:
            self._answer({})

    def _create(self, asked: dict[str, Any]) -> None:
        owner = asked.get("organization") or "me"
        prefix = "datasets/" if asked.get("type") == "dataset" else ""
        name = f"{owner}/{asked['name']}"
        there = name in self.server.repos
        self.server.repos.setdefault(name, asked)
        self._answer({"url": f"{self.server.url}/{prefix}{name}", "name": name}, 409 if there else 200)

    def _commit(self, lines: list[dict[str, Any]], repo: str) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.server.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.server.files[value["path"]] = self.server.objects[value["oid"]]
        url = f"{self.server.url}/{repo}/commit/0123"
        self._answer({"commitUrl": url, "commitOid": "0123", "success": True})

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("content-length", 0)))

    def _answer(self, value: dict[str, Any], code: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandIn]:
    from huggingface_hub import constants

    server = StandIn()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    out = tmp_path / "student"
    out.mkdir()
    (out / "README.md").write_text("---\ntags: [siked]\n---\n# A student\n")
    (out / "model.safetensors").write_bytes(hashlib.sha256(b"weights").digest() * 100)
    return out


def test_a_repository_holds_what_the_folder_holds_and_is_private(hub: StandIn, folder: Path) -> None:
    url = Hub("me/student", "model").push(folder)
    assert url == f"{hub.url}/me/student"
    assert hub.files == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert hub.repos["me/student"]["visibility"] == "private"
    assert hub.tokens == {f"Bearer {TOKEN}"}
    (folder / "README.md").write_text("# Another\n")
    Hub("me/student", "model", public=True).push(folder)  # it is there, and stays private
    assert hub.files["README.md"] == b"# Another\n"
    assert hub.repos["me/student"]["visibility"] == "private"
    Hub("me/open", "model", public=True).push(folder)
    assert hub.repos["me/open"]["visibility"] == "public"


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("create", 401, r"does not know the token \(401\); type: hf auth login"),
        ("create", 403, r"may not write to me/student \(403\)"),
        ("commit", 403, r"may not write to me/student \(403\)"),
        ("commit", 400, r"the Hub answered 400: no: \*\*\*"),
        ("preupload", 404, r"has no me/student that this token may see \(404\)"),
    ],
)
def test_each_refusal_is_a_line_that_shows_no_token(
    hub: StandIn, folder: Path, path: str, code: int, said: str
) -> None:
    hub.fails = (path, code)
    with pytest.raises(RunError, match=said) as found:
        Hub("me/student", "model").push(folder)
    assert TOKEN not in str(found.value)
    assert "\n" not in str(found.value)
    assert f"push it later: hf upload me/student {folder}" in str(found.value)


def test_what_can_be_known_before_is_told_before(
    hub: StandIn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    with pytest.raises(UsageError, match="no name of a repository"):
        Hub("me/stu dent", "model")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(RunError, match=r"http://127.0.0.1:9 cannot be reached: .+hf upload"):
        Hub("me/student", "model").push(folder)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match="HF_HUB_OFFLINE is set"):
        Hub("me/student", "model")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(UsageError, match="no token for the Hub; type: hf auth login"):
        Hub("me/student", "model")
    assert not hub.repos


def test_the_command_pushes_rationales_as_a_data_set(
    hub: StandIn, settings: dict[str, Any], tmp_path: Path
) -> None:
    run = siked.run({**settings, "iterations": 0, "controls": []}, tmp_path / "run")
    out = tmp_path / "texts"
    code = "from siked.cli.main import main; main()"
    words = ["export", str(run.folder), "--to", str(out), "--rationales", "jsonl", "--push", "texts"]
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert f"pushed: {hub.url}/datasets/me/texts" in done.stdout
    assert TOKEN not in done.stdout + done.stderr
    assert hub.repos["me/texts"]["type"] == "dataset"
    assert hub.repos["me/texts"]["visibility"] == "private"
    assert hub.files == {path.name: path.read_bytes() for path in out.iterdir()}
