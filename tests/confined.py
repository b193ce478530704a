"""Runs a command as a unit of systemd would: ``python confined.py UNIT COMMAND...``, without systemd.

What the unit forbids by seccomp is forbidden: system calls that are not on its list, memory that is both writable and
executable, and families of sockets. libseccomp, which systemd itself uses, makes the filters; the names in the groups
(@system-service) come from ``systemd-analyze``.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import socket
import subprocess
import sys
from pathlib import Path

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000
_EQUAL, _MASKED = 4, 7
_EXECUTABLE_SEGMENT = 0o100000  # SHM_EXEC


class _Argument(ctypes.Structure):
    _fields_ = (
        ("number", ctypes.c_uint),
        ("compare", ctypes.c_int),
        ("one", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
    )


class Filter:
    """A filter of system calls, made by libseccomp."""

    def __init__(self, otherwise: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2")
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._filter = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(otherwise)))

    def add(self, action: int, call: str, *arguments: _Argument) -> None:
        """Add a rule for a call, which this machine may not have."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        given = (_Argument * len(arguments))(*arguments)
        if number >= 0:
            rule = (self._filter, ctypes.c_uint32(action), number, len(arguments), given)
            assert not self._library.seccomp_rule_add_array(*rule), call

    def load(self) -> None:
        """From here on it holds, for this process and all that it starts."""
        assert not self._library.seccomp_load(self._filter)


def options(unit: Path) -> dict[str, list[str]]:
    """The options of a service with all their values, in order."""
    found: dict[str, list[str]] = {}
    lines = unit.read_text(encoding="utf-8").partition("[Service]")[2].partition("[Install]")[0].splitlines()
    for line in lines:
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def calls(group: str) -> set[str]:
    """The system calls of a group of systemd, groups in it included."""
    done = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    names = {line.strip() for line in done.stdout.splitlines()[1:] if not line.strip().startswith("#")} - {""}
    within = {name for name in names if name.startswith("@")}
    return (names - within).union(*map(calls, within))


def confine(unit: Path) -> None:
    """Forbid this process what the unit forbids by seccomp."""
    given = options(unit)
    assert given["MemoryDenyWriteExecute"] == ["yes"]
    assert given["SystemCallErrorNumber"] == ["EPERM"]
    allowed, *denied = given["SystemCallFilter"]
    names = set().union(*map(calls, allowed.split()))
    for group in denied:
        names -= set().union(*map(calls, group.removeprefix("~").split()))
    families = {int(getattr(socket, name)) for name in given["RestrictAddressFamilies"][0].split()}

    arguments = Filter(_ALLOW)
    both = mmap.PROT_WRITE | mmap.PROT_EXEC
    refused = _REFUSE | errno.EPERM
    arguments.add(refused, "mmap", _Argument(2, _MASKED, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        arguments.add(refused, call, _Argument(2, _MASKED, mmap.PROT_EXEC, mmap.PROT_EXEC))
    arguments.add(refused, "shmat", _Argument(2, _MASKED, _EXECUTABLE_SEGMENT, _EXECUTABLE_SEGMENT))
    for family in set(range(1, 46)) - families:
        arguments.add(_REFUSE | errno.EAFNOSUPPORT, "socket", _Argument(0, _EQUAL, family, 0))
    arguments.load()

    listed = Filter(refused)
    for name in sorted(names):
        listed.add(_ALLOW, name)
    listed.load()


if __name__ == "__main__":
    confine(Path(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
