"""Starts a worker of Monty under the kernel's locks: a program to execute, never a module to import.

    python launch.py MONTY [ARGUMENT ...]

Gives up every right that the worker does not need, then becomes the worker. ``probe`` in place of
MONTY tries what is forbidden instead and prints what was not refused. What this machine does not
offer is left out: the interpreter itself is the first lock, and these are the second.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import json
import os
import resource
import socket
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store")
_READ = ("/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo")

# Calls that reach another process, the network, a new file or the kernel's doors. A worker computes,
# and reads and writes the pipes it already has. Numbers as in kernel.py: x86_64, aarch64.
_FORBIDDEN = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200),
    "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kill": (62, 129), "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "fork": (57, None), "vfork": (58, None),
    "execveat": (322, 281), "bpf": (321, 280), "perf_event_open": (298, 241), "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "memfd_create": (319, 279), "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186),
    "semget": (64, 190), "open_by_handle_at": (304, 265), "init_module": (175, 105),
    "finit_module": (313, 273), "kexec_load": (246, 104), "reboot": (169, 142), "setxattr": (188, 5),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None), "fchown": (93, 55),
    "lchown": (94, None), "fchownat": (260, 54), "utimensat": (280, 88), "creat": (85, None),
    "setpriority": (141, 140), "sched_setaffinity": (203, 122), "personality": (135, 92),
    "quotactl": (179, 60), "swapon": (167, 224), "acct": (163, 89), "settimeofday": (164, 170),
    "syslog": (103, 116),
}  # fmt: skip
_CLONE, _OPENAT, _OPEN = (56, 220), (257, 56), (2, None)
_CLONE_THREAD = 0x10000
_WRITING = os.O_WRONLY | os.O_RDWR


def _kernel() -> ModuleType:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kernel.py")
    spec = importlib.util.spec_from_file_location("kernel", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def worker_filter(kernel: Any) -> Any:
    """Return the filter of a worker; raises :class:`OSError` where this machine has no table."""
    found = kernel.architecture()
    if found is None:
        raise OSError(errno.ENOSYS, "no system call table for this machine")
    audit = found[0]
    x86 = audit == 0xC000003E
    load, equal, above, has, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow = (give, 0, 0, kernel.SECCOMP_RET_ALLOW)
    kill = (give, 0, 0, kernel.SECCOMP_RET_KILL_PROCESS)
    refuse = (give, 0, 0, kernel.SECCOMP_RET_ERRNO | errno.EPERM)
    absent = (give, 0, 0, kernel.SECCOMP_RET_ERRNO | errno.ENOSYS)
    rows = [(load, 0, 0, 4), (equal, 1, 0, audit), kill, (load, 0, 0, 0)]
    if x86:
        rows += [(above, 0, 1, 0x40000000), kill]
    for numbers in _FORBIDDEN.values():
        number = numbers[0 if x86 else 1]
        if number is not None:
            rows += [(equal, 0, 1, number), refuse]
    for number in (435, 437):  # clone3 and openat2, whose arguments a filter cannot see
        rows += [(equal, 0, 1, number), absent]
    for numbers, argument, bits, when in (
        (_CLONE, 0, _CLONE_THREAD, (allow, refuse)),
        (_OPENAT, 2, _WRITING, (refuse, allow)),
        (_OPEN, 1, _WRITING, (refuse, allow)),
    ):
        number = numbers[0 if x86 else 1]
        if number is not None:
            rows += [(equal, 0, 4, number), (load, 0, 0, 16 + 8 * argument), (has, 0, 1, bits), *when]
    return kernel.Filter([*rows, allow])


def confine(kernel: Any, program: str) -> None:
    """Apply every layer that this machine has to this process."""
    kernel.default_signals()
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")  # when the machine's memory ends, a worker goes before siked
    layers: tuple[Callable[[], Any], ...] = (
        lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)),
        lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0)),
        lambda: kernel.prctl(kernel.PR_SET_PDEATHSIG, 9),
        kernel.no_new_privs,
        kernel.drop_capabilities,
        lambda: kernel.landlock_but((program, *_LIBRARIES), _READ),
        lambda: worker_filter(kernel).apply(),
    )
    for layer in layers:
        with contextlib.suppress(OSError, ValueError):
            layer()


def _probe() -> list[str]:
    acts: dict[str, Callable[[], Any]] = {
        "the network": socket.socket,
        "a process": os.fork,
        "a new file": lambda: os.open("/tmp/siked-probe", os.O_WRONLY | os.O_CREAT),
        "a file": lambda: os.listdir("/"),
        "a signal": lambda: os.kill(os.getpid(), 0),
        "a root of its own": lambda: os.chroot("/"),
    }
    allowed = []
    for name, act in acts.items():
        try:
            if act() == 0 and name == "a process":
                os._exit(0)
        except OSError:
            continue
        allowed.append(name)
    return allowed


def main() -> None:
    """Confine this process and become the worker."""
    program = sys.argv[1]
    if program != "probe":
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)  # a worker that ends for lack of memory says so there
        os.close(nothing)
    confine(_kernel(), program)
    if program == "probe":
        print(json.dumps(_probe()))
        return
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    os.execve(program, sys.argv[1:], kept)


if __name__ == "__main__":
    main()
