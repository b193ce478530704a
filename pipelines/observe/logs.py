"""Log lines on stderr, as text or JSON: one tree of loggers, ``claimwire``, whose records carry fields.

The fields are ``run``, ``pass`` and ``stage``, which are those of the block that logs (``fields``), and ``source``,
which a caller gives with the record: ``_log.warning("...", extra={"source": name})``. Whatever a stranger has put into
a message, a record is one line, without control characters.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe import traces

_ROOT = "claimwire"
_PER_RECORD = ("source", "summary")
_of_block: ContextVar[dict[str, Any]] = ContextVar("fields", default={})  # noqa: B039 - it is never changed in place


@contextmanager
def fields(**more: Any) -> Iterator[None]:
    """Within, log records of this thread carry these fields as well."""
    token = _of_block.set({**_of_block.get(), **more})
    try:
        yield
    finally:
        _of_block.reset(token)


def set_up_logging(form: str, quiet: bool) -> None:
    """Claimwire's own lines to stderr, and nothing of Beam and the other libraries: their failures become ours.

    ``form`` is ``text`` or ``json``; ``quiet`` leaves out what is not a warning.
    """
    handler = _Stderr()
    handler.addFilter(lambda record: record.name.partition(".")[0] == _ROOT)
    handler.setFormatter(_formatter(form))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.CRITICAL)
    logging.getLogger(_ROOT).setLevel(logging.WARNING if quiet else logging.INFO)


def say_from_signal(message: str) -> None:
    """A warning from within a signal handler, in the form that is set up.

    The handler may have interrupted a write of this very thread to stderr, whose buffer allows no second one. So the
    line goes past the buffer, in one piece.
    """
    handlers = logging.getLogger().handlers
    formatter = handlers[0].formatter if handlers and isinstance(handlers[0], _Stderr) else None
    record = logging.LogRecord(_ROOT, logging.WARNING, "", 0, message, None, None)
    line = (formatter or _formatter("text")).format(record)
    os.write(2, f"{line}\n".encode())


class _Stderr(logging.StreamHandler[TextIO]):
    """To what ``sys.stderr`` is at that moment: a progress bar puts itself in its place to keep the lines whole."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **_of_block.get(),
            **traces.ids(),
        }
        line |= {name: value for name in _PER_RECORD if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return escaped(json.dumps(line, ensure_ascii=False))


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s claimwire: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return escaped(super().format(record))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _formatter(form: str) -> logging.Formatter:
    return _Json() if form == "json" else _Text()
