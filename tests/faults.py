"""Runs of the command on a disk that fails or loses power, and by a clock that jumps (``faults.c``).

A ``Laboratory`` is one process that has everything loaded and the shim below it; each run is a fork of it. ``Disk``
says what a disk may hold after a loss of power, by the log of what was asked of it.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing
from enum import IntEnum, IntFlag
from functools import partial
from pathlib import Path
from typing import NamedTuple, NoReturn, Self

import pytest
from command import environment

_SOURCE = Path(__file__).with_name("faults.c")
_LONGEST_S = 60


class Calls(IntFlag):
    """Kinds of system calls, as the shim numbers them. For ``OPEN``, those that may write."""

    OPEN = 1
    WRITE = 2
    SYNC = 4
    RENAME = 8
    REMOVE = 16
    FOLDER = 32
    TRUNCATE = 64
    ANY = 127


_KINDS = {
    "open": Calls.OPEN,
    "write": Calls.WRITE,
    "sync": Calls.SYNC,
    "rename": Calls.RENAME,
    "remove": Calls.REMOVE,
    "folder": Calls.FOLDER,
    "truncate": Calls.TRUNCATE,
}


class How(IntEnum):
    """What becomes of the nth call."""

    ONCE = 0
    """It fails, and no other does."""
    FROM_THEN_ON = 1
    """It fails, and so do all later ones."""
    SHORT_ONCE = 2
    """It writes half of what it was given, and says so."""
    SHORT_AND_FULL = 3
    """The same, and all later ones fail."""
    KILL = 4
    """The process is killed before it."""
    MOVED = 5
    """Before it the folder ``out`` becomes ``gone``, as the folder of a disk does that is unmounted."""
    REPLACED = 6
    """The same, and a file takes its place."""


class Fault(NamedTuple):
    """What is to fail in a run."""

    calls: Calls
    how: How = How.ONCE
    error: int = errno.EIO


class Event(NamedTuple):
    """A call that changed the disk, or one that failed (``fault``)."""

    what: str
    path: str
    more: str
    data: bytes

    @property
    def kind(self) -> Calls:
        """Which kind of call it was."""
        return _KINDS[self.what]


class Ended(NamedTuple):
    """A run that has ended."""

    code: int
    stderr: str
    events: list[Event]

    @property
    def failed_at(self) -> str | None:
        """The file whose call failed first."""
        return next((event.path for event in self.events if event.what == "fault"), None)


class Laboratory:
    """A process whose forks are runs of the command with a shim below them. A context manager.

    Args:
        folder: For the shim and the logs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shim = folder / "faults.so"
        build = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(shim), str(_SOURCE), "-lpthread"]
        subprocess.run(build, check=True)
        here = str(_SOURCE.parent)
        path = os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import faults; faults.serve()"],
            env=environment(LD_PRELOAD=str(shim), PYTHONPATH=path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def run(
        self,
        folder: Path,
        *arguments: str,
        command: str = "run",
        fault: Fault | None = None,
        nth: int = 0,
        clock: tuple[int, int] = (0, 0),
    ) -> Ended:
        """Do a command of claimwire in a folder, with small passes.

        Args:
            folder: Where it runs; only calls on what lies below it fail, and are logged.
            arguments: After the command.
            command: Its name.
            fault: What fails.
            nth: At which call of its kinds, from 1; 0 is none.
            clock: From which look at the clock on it is ahead, and by how many seconds; 0 is never.
        """
        assert self._process.stdin
        assert self._process.stdout
        folder.mkdir(parents=True, exist_ok=True)
        told, log = self._folder / "stderr", self._folder / "log"
        fails = [int(fault.calls), nth, fault.error, int(fault.how)] if fault else None
        temporary = self._folder / "tmp"
        temporary.mkdir(exist_ok=True)
        order = {
            "folder": str(folder),
            "arguments": [command, *arguments],
            "stderr": str(told),
            "log": str(log),
            "temporary": str(temporary),
        }
        print(json.dumps({**order, "fails": fails, "clock": clock}), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        assert code != -signal.SIGALRM, f"a run has not ended:\n{told.read_text()}"
        return Ended(code, told.read_text(), list(_read(log)))


def require_compiler() -> None:
    """Skip loudly where no shim can be built; fail where CI is set, which has a compiler."""
    if sys.platform == "linux" and shutil.which("cc"):
        return
    assert not os.environ.get("CI"), "tests/faults.c needs Linux and cc (CI is set, so that nothing is skipped)"
    pytest.skip("NOT TESTED ON FAULTS OF THE DISK: that needs Linux and cc")


def serve() -> None:
    """Be the process of a Laboratory: a fork for each line of stdin, its exit code for an answer."""
    import preload  # noqa: PLC0415, F401 - heavy

    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _run(**json.loads(line))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(
    folder: str,
    arguments: list[str],
    stderr: str,
    log: str,
    temporary: str,
    fails: list[int] | None,
    clock: tuple[int, int],
) -> NoReturn:
    from command import _become  # noqa: PLC0415 - here only
    from killing import small_passes  # noqa: PLC0415

    for number, path in ((0, os.devnull), (1, os.devnull), (2, stderr), (3, log)):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        os.dup2(descriptor, number, inheritable=False)
        if descriptor > 3:
            os.close(descriptor)
    signal.alarm(_LONGEST_S)
    before = partial(small_passes, partial(_arm, folder, fails, clock))
    code = 1
    try:
        _become(arguments, folder, environment(TMPDIR=temporary), {}, before)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)  # what it was forked from has threads that it has not


def _arm(folder: str, fails: list[int] | None, clock: tuple[int, int]) -> None:
    shim = ctypes.CDLL(None)
    shim.faults_under(folder.encode(), 3)
    if fails:
        calls, nth, error, how = fails
        shim.faults_fail(calls, ctypes.c_long(nth), error, how)
    shim.faults_clock(ctypes.c_long(clock[0]), ctypes.c_longlong(clock[1]))


def _read(log: Path) -> Iterator[Event]:
    with closing(log.open("rb")) as lines:
        for line in lines:
            what, path, more, length = os.fsdecode(line).rstrip("\n").split("\t")
            yield Event(what, path, more, lines.read(int(length)))


# Loss of power

_SECTOR = 512


class _File:
    """``now`` is what programs see, ``safe`` what was flushed, ``after`` what was written since."""

    def __init__(self) -> None:
        self.now = bytearray()
        self.safe = b""
        self.after: list[tuple[int, bytes | None]] = []

    def change(self, at: int, data: bytes | None) -> None:
        _change(self.now, at, data)
        self.after.append((at, data))

    def sync(self) -> None:
        self.safe, self.after = bytes(self.now), []


class _Folder:
    """The same, of names."""

    def __init__(self) -> None:
        self.now: dict[str, _File | _Folder] = {}
        self.safe: dict[str, _File | _Folder] = {}
        self.after: list[tuple[int, str, _File | _Folder | None]] = []

    def change(self, moment: int, name: str, what: _File | _Folder | None) -> None:
        self.after.append((moment, name, what))
        if what is None:
            del self.now[name]
        else:
            self.now[name] = what

    def sync(self) -> None:
        self.safe, self.after = dict(self.now), []


def _change(content: bytearray, at: int, data: bytes | None) -> None:
    """Write, or for None cut or lengthen to ``at``."""
    end = at + len(data or b"")
    if data is None:
        del content[at:]
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if data:
        content[at:end] = data


Image = dict[str, bytes | None]
"""Files by their paths below the folder; None for a folder."""
LOSSES = ("nothing", "what was not flushed", "contents that were not flushed", "some of both")


class Disk:
    """What a folder of a disk may hold after a loss of power. It was empty, and its own name was safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._top = _Folder()
        self._moment = 0

    def do(self, event: Event) -> None:
        """What a program asks of the disk."""
        self._moment += 1
        now = self._moment
        found = self._find(event.path)
        if not found:
            return
        above, name = found
        own = above.now.get(name) if name else above
        if event.what == "open":
            created, emptied = map(int, event.more.split())
            if created:
                above.change(now, name, _File())
            elif emptied and isinstance(own, _File):
                own.change(0, None)
        elif event.what == "write" and isinstance(own, _File):
            own.change(int(event.more), event.data)
        elif event.what == "truncate" and isinstance(own, _File):
            own.change(int(event.more), None)
        elif event.what == "sync" and own:
            own.sync()
        elif event.what == "folder":
            above.change(now, name, _Folder())
        elif event.what == "remove":
            above.change(now, name, None)
        elif event.what == "rename" and own and (target := self._find(event.more)):
            target[0].change(now, target[1], own)
            above.change(now, name, None)

    def after_loss(self, of: str, chance: random.Random) -> Image:
        """What is there when the power comes back, of the least that POSIX promises to the most that there may be.

        With the loss "of some of both", what was written since the last flush is there in part: of each write any
        sectors, of what changed in folders all up to some moment. So a file is never out of one folder before it is in
        the other: ext4, XFS, Btrfs and APFS do a rename in one transaction, after what was done before it.
        """
        image: Image = {}
        _picture(self._top, "", of, chance.randint(0, self._moment), chance, image)
        return image

    def _find(self, path: str) -> tuple[_Folder, str] | None:
        """The folder above and the name; None for what has no name any more, and for SQLite's shared memory."""
        if path.endswith((" (deleted)", "-shm")):
            return None
        *above, name = Path(path).relative_to(self._folder).parts or ("",)
        folder = self._top
        for part in above:
            below = folder.now.get(part)
            if not isinstance(below, _Folder):
                return None
            folder = below
        return folder, name


def _picture(folder: _Folder, path: str, of: str, until: int, chance: random.Random, image: Image) -> None:
    names = dict(folder.safe if of == LOSSES[1] else folder.now)
    if of == LOSSES[3]:
        names = dict(folder.safe)
        for moment, name, what in folder.after:
            if moment > until:
                break
            if what is None:
                names.pop(name, None)
            else:
                names[name] = what
    for name, what in names.items():
        if isinstance(what, _Folder):
            image[f"{path}{name}"] = None
            _picture(what, f"{path}{name}/", of, until, chance, image)
        elif of == LOSSES[0]:
            image[f"{path}{name}"] = bytes(what.now)
        elif of == LOSSES[3]:
            image[f"{path}{name}"] = _torn(what, chance)
        else:
            image[f"{path}{name}"] = what.safe


def _torn(file: _File, chance: random.Random) -> bytes:
    content = bytearray(file.safe)
    for at, data in file.after:
        if data is None:
            if chance.random() < 0.5:
                _change(content, at, None)
            continue
        for start in range(0, len(data), _SECTOR):
            if chance.random() < 0.5:
                _change(content, at + start, data[start : start + _SECTOR])
    return bytes(content)


def put(image: Image, folder: Path) -> None:
    """Make a folder hold an image and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in image.items():
        path = folder / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
