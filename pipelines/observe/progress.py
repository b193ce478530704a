"""What a run tells on stderr while it goes: a bar on a terminal, a line a stage elsewhere."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_log = logging.getLogger("claimwire")
_OWN = ("claimwire",)


class LineProgress:
    """A log line for each stage and each pass, for cron's mail and a service's journal."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def reading(self, feeds: int, files: int) -> None:
        _log.info("reading %d feeds and %d files", feeds, files)

    def reading_topic(self, topic: str, done: int, total: int) -> None:
        _log.info("%s: %d of %d records read", topic, done, total)

    def read(self, source: str, problem: str | None, note: str | None) -> None:
        tell(source, problem, note)

    def working(self, done: int, total: int, claims: int) -> None:
        _log.info("%d of %d articles done, %d claims, %.0f s", done, total, claims, time.monotonic() - self._began)


class TerminalProgress:
    """A bar that moves with every pass. Use it as a context manager."""

    def __init__(self, console: Console) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[found]}"),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("reading sources", total=None, found="")

    def __enter__(self) -> TerminalProgress:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def reading(self, feeds: int, files: int) -> None:
        self._bar.update(self._task, description=f"reading {feeds} feeds and {files} files")

    def reading_topic(self, topic: str, done: int, total: int) -> None:
        self._bar.update(self._task, description=f"reading {topic}", completed=done, total=total)

    def read(self, source: str, problem: str | None, note: str | None) -> None:
        self._bar.update(self._task, description="extracting", total=None)
        tell(source, problem, note)

    def working(self, done: int, total: int, claims: int) -> None:
        self._bar.update(self._task, description="extracting", completed=done, total=total, found=f"{claims:,} claims")


def tell(source: str, problem: str | None, note: str | None) -> None:
    """Warn of a source that failed, remark on one that was broken but readable; the good ones are silent."""
    if problem:
        _log.warning("%s: %s", source, problem)
    elif note:
        _log.info("%s: %s", source, note)


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if summary := getattr(record, "summary", None):
            line["summary"] = summary
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(form: str, quiet: bool) -> None:
    """Claimwire's own lines to stderr, and nothing of Beam and the other libraries: their failures become ours."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(lambda record: record.name.partition(".")[0] in _OWN)
    handler.setFormatter(_JsonLines() if form == "json" else logging.Formatter("claimwire: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.CRITICAL)
    for name in _OWN:
        logging.getLogger(name).setLevel(logging.WARNING if quiet else logging.INFO)
