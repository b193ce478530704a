"""The command ``claimwire`` as a process that starts at once.

A start by the interpreter costs 2 s of processor time for imports and 1 s for the models, and hundreds of tests start
one. So each worker of pytest keeps one process that has both behind it (``preload.py``), and a command is a fork of it:
a process of its own with arguments, folder, environment and streams of its own. All forks have one seed of ``hash``;
a test whose subject is the start, or that nothing depends on that seed, starts an interpreter.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any, NoReturn

INSTALLED = str(Path(sys.executable).with_name("claimwire"))
_HERE = str(Path(__file__).parent)


def environment(**more: str) -> dict[str, str]:
    """The environment of a command: this process's, without settings of whoever runs the tests.

    Pages are not fetched unless a test says so: the links of made-up feeds lead nowhere.
    """
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CLAIMWIRE_")}
    return ours | {"CLAIMWIRE_FULL_TEXT": "never"} | more


@cache
def forks() -> ForkServerContext:
    """Makes processes that are forks of one that has all imports and models behind it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["preload"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (_HERE, before)))
    try:
        forkserver.ensure_running()
    finally:
        del os.environ["PYTHONPATH"]
        if before is not None:
            os.environ["PYTHONPATH"] = before
    return context


class Command(subprocess.Popen[str]):
    """``subprocess.Popen`` whose process is a fork of the one that has everything loaded.

    ``args`` are the arguments after ``claimwire``. What differs: ``preexec_fn`` has to be picklable, stdin is empty.
    """

    def _execute_child(  # type: ignore[override]
        self,
        args: list[str],
        _executable: None,
        preexec_fn: Callable[[], None] | None,
        _close_fds: bool,
        _pass_fds: tuple[int, ...],
        cwd: Path,
        env: Mapping[str, str],
        _startup: None,
        _flags: int,
        _shell: bool,
        p2cread: int,
        p2cwrite: int,
        c2pread: int,
        c2pwrite: int,
        errread: int,
        errwrite: int,
        *_more: Any,
    ) -> None:
        outputs = {}
        for number, descriptor in ((1, c2pwrite), (2, errwrite)):
            if descriptor != -1:
                outputs[number] = DupFd(descriptor)
        self._process = forks().Process(
            target=_become, args=([str(each) for each in args], str(cwd), dict(env), outputs, preexec_fn)
        )
        self._process.start()
        self.pid = self._process.pid or 0
        # As with Popen, the process leads a session of its own from here on.
        with suppress(ProcessLookupError):  # it has ended
            while os.getpgid(self.pid) != self.pid:
                time.sleep(0.0005)
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> None:
        if kind:  # the test has failed, and nobody will end the process
            self.kill()
        super().__exit__(kind, *rest)

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        self._process.join(0)
        self.returncode = self._process.exitcode  # type: ignore[assignment]
        return self.returncode

    def _wait(self, timeout: float | None) -> int:
        self._process.join(timeout)
        if self._internal_poll() is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode


def _become(
    arguments: list[str],
    folder: str,
    env: dict[str, str],
    outputs: dict[int, Any],
    before: Callable[[], None] | None,
) -> NoReturn:
    """Be the command, in the process that was forked for it."""
    from claimwire.pipelines.cli import main  # noqa: PLC0415 - loaded already

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    tempfile.tempdir = None  # that of the environment
    for number, output in outputs.items():
        descriptor = output.detach()
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["claimwire", *arguments]
    if before:
        before()
    try:
        main()
    finally:
        atexit._run_exitfuncs()  # multiprocessing leaves them out
    sys.exit()
