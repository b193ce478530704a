"""Markdown pages as tests: the fenced blocks of a page, and a session that runs them as a reader would.

A page is read from top to bottom, in one folder, with one Python namespace:

- ``console``: a line after ``$ `` is a command, the lines below it are what it prints;
- ``python``: run as it stands; a ``text`` block right below it is what it prints;
- ``json``: a part of a record that a command above has written;
- any other language is a file or a picture, which tests/test_docs.py checks by what it is.

In what is printed ``...`` stands for anything, as in doctest, and runs of spaces and newlines count as one space.
``<!-- not run: REASON -->`` right above a block says why it cannot run here. Its commands are still parsed.
"""

from __future__ import annotations

import contextlib
import doctest
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from claimwire.pipelines.cli import main

_BLOCK = re.compile(r"^(?:<!-- not run: (?P<why>[^>]+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
_SHELL = re.compile(r"[|;&<`]|\$[({]")
# What differs from run to run or from machine to machine, and what stands for it on both sides.
_VARIES = (
    (re.compile(r"\b\d+(\.\d+)? s\b"), "N s"),
    (re.compile(r"\b\d{8}T\d{6}Z-[0-9a-f]{8}-\d+"), "RUN"),
    (re.compile(r"(?:\d{4}-\d\d-\d\d/)?(articles|events|dead-letters)-[0-9a-f]{8}-(\d{6})-[0-9a-f]{8}"), r"\1-\2"),
)
BROKER = "localhost:9092"
"""The address of Kafka in the docs; a test puts its own broker's in its place."""


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    why_not_run: str | None

    @property
    def where(self) -> str:
        """Its page and line, for messages."""
        return f"{self.page}:{self.line}"

    def commands(self) -> Iterator[tuple[str, str]]:
        """Each command of a ``console`` block, on one line, and what it prints."""
        for part in re.split(r"^\$ ", self.text, flags=re.M)[1:]:
            lines = part.splitlines(keepends=True)
            end = next(number for number, line in enumerate(lines) if not line.endswith("\\\n")) + 1
            yield re.sub(r"\\\n\s*", "", "".join(lines[:end])).strip(), "".join(lines[end:])


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found["language"], found["text"], found["why"])
        for found in _BLOCK.finditer(text)
    ]


def prints(want: str, got: str) -> bool:
    """Whether a printed text is the documented one."""
    for varies, name in _VARIES:
        want, got = varies.sub(name, want), varies.sub(name, got)
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(want.strip(), got.strip(), flags)


class Session:
    """Runs the blocks of one page in the current folder.

    ``claimwire`` runs in this process, so that all pages together load the model once; what needs a shell gets one.
    """

    def __init__(self, capture: pytest.CaptureFixture[str], replaced: dict[str, str]) -> None:
        self._capture = capture
        self._replaced = replaced
        self._names: dict[str, Any] = {}
        self._code = 0
        self._printed = ""
        self._after_python = False

    def run(self, block: Block) -> None:
        """Run a block. Raises AssertionError where it prints something else, or fails."""
        if block.language == "console":
            for command, expected in block.commands():
                self._printed = self._command(command)
                assert self._code in (0, 3), f"{block.where}: {command}\nended with {self._code}\n{self._printed}"
                self._compare(block, command, expected)
        elif block.language == "python":
            code = compile("\n" * block.line + self._here(block.text), str(block.page), "exec")
            with _whole_streams():
                exec(code, self._names)
            self._printed = self._capture.readouterr().out
        elif block.language == "text" and self._after_python:
            self._compare(block, "the block above", block.text)
        elif block.language == "json":
            files = Path().glob("**/articles-*.jsonl")
            records = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
            shown = json.loads(block.text)
            (record,) = [record for record in records if record["article"]["id"] == shown["article"]["id"]]
            _check_part(shown, record, block.where)
        self._after_python = block.language == "python"

    def _compare(self, block: Block, what: str, expected: str) -> None:
        printed = self._printed
        for documented, here in self._replaced.items():
            printed = printed.replace(here, documented)
        if expected:
            assert prints(expected, printed), (
                f"{block.where}: {what}\n--- printed:\n{printed}\n--- documented:\n{expected}"
            )

    def _here(self, text: str) -> str:
        for documented, here in self._replaced.items():
            text = text.replace(documented, here)
        return text

    def _command(self, command: str) -> str:
        words, into = shlex.split(self._here(command)), None
        if ">" in words[-2:-1]:
            *words, _, into = words
        if words[0] == "claimwire" and not _SHELL.search(command):
            self._code = _claimwire(words[1:])
            out, err = self._capture.readouterr()
        else:
            out, err, into = *self._shell(self._here(command)), None
        if into:
            Path(into).write_text(out, encoding="utf-8")
            out = ""
        return err + out

    def _shell(self, command: str) -> tuple[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        # The subshell makes $? what it would be for a reader.
        done = subprocess.run(
            ["bash", "-c", f"(exit {self._code})\n{command}"],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env=os.environ | {"PATH": path},
        )
        self._code = done.returncode
        return done.stdout, done.stderr


def _claimwire(arguments: list[str]) -> int:
    with _whole_streams():
        try:
            main(arguments, prog_name="claimwire")
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


@contextlib.contextmanager
def _whole_streams() -> Iterator[None]:
    """Give signals back as they were, and see that all that was printed has left this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _check_part(shown: Any, real: Any, where: str) -> None:
    """Fails unless everything that is shown is in what is real; ``...`` in a text stands for what is left out."""
    if isinstance(shown, dict):
        assert set(shown) <= set(real), where
        for key in shown:
            _check_part(shown[key], real[key], f"{where}: {key}")
    elif isinstance(shown, list) and shown and isinstance(shown[0], dict):
        for one in shown:
            named = {key: one[key] for key in ("id", "start") if key in one}
            (same,) = [each for each in real if named.items() <= each.items()]
            _check_part(one, same, where)
    elif isinstance(shown, str):
        assert prints(shown, real), where
    elif isinstance(shown, float):
        assert real == pytest.approx(shown, abs=0.05), where  # the tagger's last digits depend on the processor
    else:
        assert shown == real, where


def command_of(arguments: list[str]) -> tuple[click.Command, list[str]]:
    """The command of claimwire that arguments name, and the arguments that are left for it."""
    command: click.Command = main
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        with click.Context(command) as context:
            found = command.get_command(context, arguments[0])
        assert found, f"there is no command {arguments[0]!r}"
        command, arguments = found, arguments[1:]
    return command, arguments
