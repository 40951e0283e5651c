"""The kernel's ways to give up rights: no_new_privs, capabilities, seccomp, Landlock, rlimits.

Each layer is one function that applies it to the calling process, for good, and raises
:class:`OSError` where the kernel refuses. Linux only; importing this elsewhere is harmless.
Standard library only: it is loaded by path inside the confined server.

No maintained binding for both interfaces is on the package index (those for seccomp want
``libseccomp.so`` on the machine), so this file speaks to the kernel itself. Sources: seccomp(2),
landlock(7), capset(2), prctl(2); ``linux/{seccomp,filter,audit,landlock,capability,prctl}.h``;
the system call tables ``syscall_64.tbl`` (x86_64) and ``asm-generic/unistd.h`` (aarch64).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import signal
import struct
import sys
from collections.abc import Iterable

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ERRNO = 0x00050000
SECCOMP_RET_ALLOW = 0x7FFF0000
SECCOMP_RET_KILL_PROCESS = 0x80000000
LANDLOCK_CREATE_RULESET = 444  # the same number on every architecture
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_CREATE_RULESET_VERSION = 1

_MADV_COLLAPSE = 25
_HUGE = 2 << 20
_X32_BIT = 0x40000000
_PROT_EXEC = 4
_FUTEX_WAKE = 1
_FUTEX_CMD_MASK = 0x7F

# What a program needs to compute, allocate memory, tell the time, draw random seeds and write to
# descriptors it already holds. Nothing here names a file, a process or an address; nothing waits.
# Not rt_sigreturn: no handler ever runs, and a forged frame would block the signal of the CPU limit.
# Not sched_yield: who gives the processor away before each tick of the clock is charged for none.
ALLOWED = (
    "read", "write", "close", "fstat", "lseek", "munmap", "brk", "mremap", "madvise",
    "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid", "exit", "exit_group", "gettimeofday",
    "getrusage", "times", "time", "sched_getaffinity", "clock_gettime", "clock_getres",
    "getrandom", "restart_syscall",
)  # fmt: skip

_X86_64 = {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11,
    "brk": 12, "sched_yield": 24, "mremap": 25, "madvise": 28, "getpid": 39, "exit": 60,
    "gettimeofday": 96, "getrusage": 98, "times": 100, "getuid": 102, "getgid": 104, "geteuid": 107,
    "getegid": 108, "gettid": 186, "time": 201, "futex": 202, "sched_getaffinity": 204,
    "restart_syscall": 219, "clock_gettime": 228, "clock_getres": 229, "exit_group": 231, "getrandom": 318,
    "clone3": 435, "openat2": 437,
}  # fmt: skip
_AARCH64 = {
    "read": 63, "write": 64, "close": 57, "fstat": 80, "lseek": 62, "mmap": 222, "mprotect": 226,
    "munmap": 215, "brk": 214, "sched_yield": 124, "mremap": 216, "madvise": 233,
    "getpid": 172, "exit": 93, "gettimeofday": 169, "getrusage": 165, "times": 153, "getuid": 174,
    "getgid": 176, "geteuid": 175, "getegid": 177, "gettid": 178, "futex": 98, "sched_getaffinity": 123,
    "restart_syscall": 128, "clock_gettime": 113, "clock_getres": 114, "exit_group": 94, "getrandom": 278,
    "clone3": 435, "openat2": 437,
}  # fmt: skip
_TABLES = {"x86_64": (0xC000003E, _X86_64), "aarch64": (0xC00000B7, _AARCH64)}

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def prctl(option: int, *arguments: int) -> int:
    """Call prctl(2)."""
    assert _libc is not None
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return _check(_libc.prctl(ctypes.c_int(option), *padded), f"prctl({option})")


def syscall(number: int, *arguments: object) -> int:
    """Call a system call by number."""
    assert _libc is not None
    return _check(int(_libc.syscall(ctypes.c_long(number), *arguments)), f"system call {number}")


def default_signals() -> None:
    """Take back what the parent process ignored or blocked: the CPU limit is a signal."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE}:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def no_new_privs() -> None:
    """Give up gaining rights by executing a file."""
    prctl(PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Empty the bounding, ambient, effective, permitted and inheritable sets."""
    assert _libc is not None
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError as error:
            if error.errno == errno.EINVAL:  # past the last capability this kernel knows
                break
            if error.errno != errno.EPERM:  # without CAP_SETPCAP there is little to drop
                raise
            break
    try:
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0), 8)
    data = ctypes.create_string_buffer(24)
    _check(_libc.capset(header, data), "capset")


def effective_capabilities() -> int:
    """Return the effective capability set as a bit mask, as capget(2) says."""
    assert _libc is not None
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0), 8)
    data = ctypes.create_string_buffer(24)
    _check(_libc.capget(header, data), "capget")
    low, _, _, high, _, _ = struct.unpack("=6I", data.raw)
    return int(low | high << 32)


def huge_pages() -> None:
    """Collapse this process's private memory into huge pages, where the kernel can (Linux 6.1).

    Forking then copies a few hundred page table entries instead of tens of thousands.
    """
    assert _libc is not None
    with open("/proc/self/maps") as file:
        rows = [line.split() for line in file]
    for row in rows:
        if row[1] == "rw-p" and row[4] == "0":
            start, end = (int(part, 16) for part in row[0].split("-"))
            start, end = -(-start // _HUGE) * _HUGE, end // _HUGE * _HUGE
            if end > start:
                _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


# --- seccomp ------------------------------------------------------------------------------------


def architecture() -> tuple[int, dict[str, int]] | None:
    """Return (audit architecture, system call table) of this process, or None where there is no table."""
    if sys.platform != "linux" or struct.calcsize("P") != 8:
        return None
    return _TABLES.get(platform.machine())


class Filter:
    """A compiled seccomp filter. Build it once; :meth:`apply` is one system call."""

    def __init__(self, instructions: Iterable[tuple[int, int, int, int]]) -> None:
        code = b"".join(struct.pack("=HBBI", *row) for row in instructions)
        self._code = ctypes.create_string_buffer(code, len(code))
        self._program = ctypes.create_string_buffer(
            struct.pack("@HP", len(code) // 8, ctypes.addressof(self._code))
        )

    def apply(self) -> None:
        """Filter every system call of this process from now on; needs no_new_privs."""
        assert _libc is not None
        result = _libc.prctl(ctypes.c_int(PR_SET_SECCOMP), ctypes.c_ulong(SECCOMP_MODE_FILTER), self._program)
        _check(result, "seccomp filter")


_LOAD, _JEQ, _JGE, _JSET, _AND, _RET = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06


def _argument(index: int) -> int:
    """Offset of the low half of argument ``index`` in ``struct seccomp_data`` (little endian)."""
    return 16 + 8 * index


def _denied(code: int) -> tuple[int, int, int, int]:
    return (_RET, 0, 0, SECCOMP_RET_ERRNO | code)


def program_filter() -> Filter:
    """Return the allow-list for a program; raises :class:`OSError` where this machine has no table.

    Refusals are EPERM, so that a program fails with an exception; ``clone3`` and ``openat2`` give
    ENOSYS, as on a kernel without them. A foreign architecture (``int 0x80``, x32) is killed.
    Memory is never made executable, and no call can block or sleep.
    """
    found = architecture()
    if found is None:
        raise OSError(errno.ENOSYS, f"no system call table for {platform.machine()}")
    audit, table = found
    allow = (_RET, 0, 0, SECCOMP_RET_ALLOW)
    kill = (_RET, 0, 0, SECCOMP_RET_KILL_PROCESS)
    rows = [(_LOAD, 0, 0, 4), (_JEQ, 1, 0, audit), kill, (_LOAD, 0, 0, 0)]
    if audit == 0xC000003E:
        rows += [(_JGE, 0, 1, _X32_BIT), kill]
    for name in ALLOWED:
        if name in table:
            rows += [(_JEQ, 0, 1, table[name]), allow]
    for name in ("mmap", "mprotect"):  # argument 2 is the protection
        rows += [(_JEQ, 0, 4, table[name]), (_LOAD, 0, 0, _argument(2))]
        rows += [(_JSET, 1, 0, _PROT_EXEC), allow, _denied(errno.EPERM)]
    rows += [(_JEQ, 0, 5, table["futex"]), (_LOAD, 0, 0, _argument(1)), (_AND, 0, 0, _FUTEX_CMD_MASK)]
    rows += [(_JEQ, 0, 1, _FUTEX_WAKE), allow, _denied(errno.EPERM)]
    for name in ("clone3", "openat2"):
        rows += [(_JEQ, 0, 1, table[name]), _denied(errno.ENOSYS)]
    rows += [_denied(errno.EPERM)]
    return Filter(rows)


# --- Landlock -----------------------------------------------------------------------------------

_FS_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""ABI to the number of file system rights it knows; the rights are the lowest bits."""


def landlock_abi() -> int:
    """Return the ABI of this kernel's Landlock, 0 where there is none."""
    try:
        return syscall(
            LANDLOCK_CREATE_RULESET,
            None,
            ctypes.c_size_t(0),
            ctypes.c_uint32(LANDLOCK_CREATE_RULESET_VERSION),
        )
    except OSError:
        return 0


def landlock_everything() -> int:
    """Deny every right over files, TCP ports, abstract sockets and signals that this kernel knows.

    Returns the ABI. The rule set has no exceptions: a program opens no file at all.
    """
    return landlock_but((), ())


def landlock_but(executed: Iterable[str], read: Iterable[str]) -> int:
    """Deny what :func:`landlock_everything` denies, but for executing and reading some files and folders."""
    abi = landlock_abi()
    if abi < 1:
        raise OSError(errno.EOPNOTSUPP, "this kernel has no Landlock, or it is switched off")
    files = (1 << _FS_RIGHTS.get(abi, 16)) - 1
    network = 0b11 if abi >= 4 else 0
    scopes = 0b11 if abi >= 6 else 0
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", files, network, scopes), 24)
    ruleset = syscall(LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for paths, rights in ((executed, _EXECUTE | _READ_FILE), (read, _READ_FILE)):
            for path in paths:
                _allow(ruleset, path, rights)
        syscall(LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return abi


_EXECUTE, _READ_FILE = 1, 4
_PATH_BENEATH = 1


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        number = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what is not there needs no rule
        return
    try:
        rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, number), 12)
        syscall(
            LANDLOCK_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0)
        )
    finally:
        os.close(number)
