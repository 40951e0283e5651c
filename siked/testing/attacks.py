"""Programs that try to do harm, what they would do it to, and programs that only calculate.

For tests of sandboxes: :class:`siked.testing.sandbox_suites.SandboxContract` runs them. The attacks lie in
``attacks.txt`` beside this module; ``Scene.fill`` puts the names of the scene into one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

SECRET = "SECRET-4e1f0b"
"""Stands in the file that attacks read; an answer with it in it is a leak."""
ATTACKS = Path(__file__).with_name("attacks.txt")

LEGITIMATE = (
    ("answer = 6 * 7", "42"),
    ("ans = 10 - 3", "7"),
    ("print(12 / 4)", "3.0"),
    ("def solution():\n    eggs = 16 - 3 - 4\n    return eggs * 2", "18"),
    ("def solve():\n    return sum(range(5))\n", "10"),
    ("answer = sum(n for n in range(10) if n % 2)", "25"),
    ("total = 0\nfor n in [3, 5, 8]:\n    total += n\nanswer = total", "16"),
    ("prices = {'tea': 3, 'cake': 4}\nanswer = 2 * prices['tea'] + prices['cake']", "10"),
    ("def area(a, b):\n    return a * b\nanswer = area(3, 4) - area(1, 2)", "10"),
    ("answer = max(4, 9, 2) - min(4, 9, 2)", "7"),
    ("x = 7\nx //= 2\nanswer = x ** 2", "9"),
    ("names = ['a', 'b', 'c']\nanswer = len(names) * len(''.join(names))", "9"),
    ("try:\n    answer = 1 / 0\nexcept ZeroDivisionError:\n    answer = 5", "5"),
    ("answer = int('12') + int(round(3.6))", "16"),
    ("```python\nanswer = 3 + 4\n```", "7"),
    ("n = 0\nwhile n * n < 50:\n    n += 1\nanswer = n", "8"),
)
"""(program, its answer): what every sandbox runs, in plain Python without imports."""


class Scene:
    """Everything an attack could touch."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="siked-attacks-"))
        self.targets = self.folder / "targets"
        self.targets.mkdir()
        self.secret = self.folder / "secret.txt"
        self.secret.write_text(SECRET)
        for number in range(1, 6):
            (self.targets / f"victim-{number}").write_text("x" * number)
        (self.targets / "victim-6").mkdir()
        (self.targets / "planted.py").write_text(f"value = {SECRET!r}\n")
        self.sibling = subprocess.Popen(["sleep", "1000"])
        self.heard: list[str] = []
        self._open_sockets()

    def _open_sockets(self) -> None:
        tcp = socket.create_server(("127.0.0.1", 0))
        self.port = tcp.getsockname()[1]
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", self.port))
        self.unix = str(self.folder / "socket")
        self.abstract = f"siked-attack-{os.urandom(6).hex()}"
        local, hidden = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        local.bind(self.unix)
        hidden.bind("\0" + self.abstract)
        for listener in (local, hidden):
            listener.listen()
        self.sockets = [tcp, udp, local, hidden]
        for listener in (tcp, local, hidden):
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        threading.Thread(target=self._receive, args=(udp,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.heard.append("a connection")
            connection.close()

    def _receive(self, udp: socket.socket) -> None:
        while True:
            try:
                said = udp.recv(100)
            except OSError:
                return
            if not said:
                return
            self.heard.append("a datagram")

    def fill(self, code: str) -> str:
        """Put the scene's names into an attack."""
        for name, value in {
            "SECRET": self.secret,
            "DIR": self.targets,
            "PORT": self.port,
            "UNIX": self.unix,
            "ABSTRACT": self.abstract,
            "HOST": os.getpid(),
            "SIBLING": self.sibling.pid,
        }.items():
            code = code.replace(f"@{name}@", str(value))
        return code

    def snapshot(self) -> dict[str, list[Any]]:
        """Return what a change of the files would change."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            about = path.lstat()
            content = path.read_bytes().hex() if stat.S_ISREG(about.st_mode) else ""
            attributes = os.listxattr(path, follow_symlinks=False)
            found[str(path)] = [about.st_mode, about.st_mtime_ns, about.st_uid, content, attributes]
        return found

    def close(self) -> None:
        """Take everything away."""
        self.sibling.kill()
        self.sibling.wait()
        for each in self.sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in it
            each.close()
        shutil.rmtree(self.folder)


def attacks(path: str | Path = ATTACKS) -> list[tuple[str, str]]:
    """Return (class, code) of each attack; a ``+`` after the class says that it is real outside."""
    blocks = Path(path).read_text(encoding="utf-8").split("\n=== ")[1:]
    return [(block.partition("\n")[0], block.partition("\n")[2]) for block in blocks]
