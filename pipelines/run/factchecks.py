"""The fact-checks of ``--factchecks``, read into the state when they are new or have changed."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from claimwire.connectors.errors import SourceError
from claimwire.connectors.factchecks.reading import Problem, is_read, read_file, read_json, read_page
from claimwire.connectors.files.paths import check_file, files_below, local_path
from claimwire.connectors.files.records import file_key, printable
from claimwire.connectors.web.http import Client, FetchError, Limits, Response, without_password
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.pipelines.memory import encoder, known_checks
from claimwire.pipelines.memory.factchecks import FactChecks
from claimwire.pipelines.normalize.reviews import distinct_reviews
from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.run.task import Task
from claimwire.pipelines.state import queue
from claimwire.pipelines.state.database import transaction
from claimwire.schemas import ClaimReview
from claimwire.schemas.flat import time_text

_log = logging.getLogger(__name__)

_URL = re.compile(r"https?://", re.IGNORECASE)
_ACCEPT = "application/ld+json, application/json, application/x-ndjson, text/html;q=0.9, */*;q=0.5"
_ASKED_EVERY = timedelta(hours=1)
"""How often a URL is asked again."""
_AT_ONCE = 200
"""Checks that are committed together."""
_MOST_TOLD = 20
"""Problems of a file that are logged one by one."""
_FORM = 1
"""Raised when more, or something else, is read from the same bytes, so that they are read again."""


class _Source(NamedTuple):
    """A file or a URL."""

    place: str
    """By which the state knows it."""
    given: str
    is_url: bool


class FactCheckSources:
    """Reads the fact-checks of a run's settings into an open state.

    Each batch is one commit, and what a source has no more is forgotten with its last. So a kill costs no more than
    reading a source again, and what is known keeps its vector. Events on claims that came before a check are committed
    with it, and wait in the queue for the outputs.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._db = task.state.db
        self._at = task.run.started_at

    @cached_property
    def _checks(self) -> FactChecks:
        return FactChecks(self._db)

    def check(self) -> None:
        """Raises SourceError for a path that is not there, or cannot be read."""
        list(self._sources())

    def read(self) -> None:
        """Read what has changed. What cannot be read stays known as it was, and counts as a failed source."""
        sources = list(self._sources())
        self._forget_others({source.place for source in sources})
        if sources and (why := self._why_not()):
            _log.warning("fact-checks are not recognised: %s", why)
            return
        if not (due := [source for source in sources if self._is_due(source)]):
            return
        self._task.progress.begin(f"reading fact-checks of {counted(len(due), 'source')}", len(due))
        limits = Limits(
            whole_s=self._task.settings.feed_timeout, max_bytes=self._task.settings.feed_limit_mb * 1_000_000
        )
        settings = self._task.settings
        client = Client(contact=settings.contact, allow_private=settings.allow_private, limits=limits)
        with Sandbox(seconds=10) as sandbox:
            for number, source in enumerate(due, 1):
                if self._task.stopping():
                    return
                try:
                    self._read_source(source, client, sandbox)
                except (OSError, FetchError) as error:
                    problem = error.problem if isinstance(error, FetchError) else error.strerror or str(error)
                    self._failed(source, f"{problem}; what is known of it stays")
                self._task.progress.at(number)

    def _why_not(self) -> str | None:
        if not self._task.settings.memory or self._task.settings.extract != "claims":
            return "claims are not remembered (--extract, --no-memory)"
        return None if encoder.has_weights() else "the weights of the sentence encoder are not installed"

    def _sources(self) -> Iterator[_Source]:
        found: dict[str, _Source] = {}
        for given in self._task.settings.factchecks:
            for source in _expanded(given.strip()):
                found.setdefault(source.place, source)
        yield from found.values()

    def _is_due(self, source: _Source) -> bool:
        row = self._db.execute(
            "SELECT mark, read_at FROM fact_check_sources WHERE place = ?", (source.place,)
        ).fetchone()
        if row is None:
            return True
        if source.is_url:
            return self._at - datetime.fromisoformat(row[1]) >= _ASKED_EVERY
        return bool(row[0] != _mark_of_file(source.given))

    def _read_source(self, source: _Source, client: Client, sandbox: Sandbox) -> None:
        if not source.is_url:
            mark = _mark_of_file(source.given)
            self._keep(source, mark, read_file(source.given, sandbox))
            return
        headers = {"Accept": _ACCEPT} | self._conditions(source)
        answer = client.get(source.given, headers)
        if answer.status == 304:
            self._seen(source)
        elif answer.status // 100 != 2:
            self._failed(source, f"answered {answer.status}; what is known of it stays")
        else:
            self._keep(source, _mark_of_answer(answer), _in_answer(answer, sandbox))

    def _conditions(self, source: _Source) -> dict[str, str]:
        """The header fields by which a server can say that nothing has changed (RFC 9110, 13)."""
        row = self._db.execute("SELECT mark FROM fact_check_sources WHERE place = ?", (source.place,)).fetchone()
        form, _, validators = (row[0] if row else "").partition("\n")
        if form != _form() or not validators:
            return {}
        etag, _, modified = validators.partition("\n")
        return {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", modified)) if value}

    def _keep(self, source: _Source, mark: str, found: Iterator[ClaimReview | Problem]) -> None:
        keys: set[bytes] = set()
        problems = claims = 0
        while batch := list(islice(found, _AT_ONCE)):
            reviews = distinct_reviews(each for each in batch if isinstance(each, ClaimReview))
            for each in batch:
                if isinstance(each, Problem):
                    problems += 1
                    if problems <= _MOST_TOLD:
                        self._tell(source, each)
            with transaction(self._db) as db:
                told = self._checks.know(reviews, source.place, self._at)
                for event in told:
                    queue.put_event(db, event, queue.next_intake(db))
            claims += len(told)
            keys.update(map(known_checks.key_of, reviews))
            if self._task.stopping():
                return
        if problems > _MOST_TOLD:
            _log.warning("%s: %s more like these", _name(source), f"{problems - _MOST_TOLD:,}")
        if problems and not keys:
            self._failed(source, "no fact-check could be read; what is known of it stays")
            return
        with transaction(self._db) as db:
            known_checks.keep_only(db, source.place, keys)
            db.execute(
                "INSERT OR REPLACE INTO fact_check_sources VALUES (?, ?, ?)", (source.place, mark, time_text(self._at))
            )
        _log.info("%s: %s known", _name(source), counted(len(keys), "fact-check"))
        if claims:
            _log.info("%s: judges %s of before", _name(source), counted(claims, "claim"))

    def _seen(self, source: _Source) -> None:
        with transaction(self._db) as db:
            db.execute("UPDATE fact_check_sources SET read_at = ? WHERE place = ?", (time_text(self._at), source.place))

    def _forget_others(self, places: set[str]) -> None:
        """Forget what was read from files and URLs that are no longer set, or are gone from their folder."""
        known = {place for (place,) in self._db.execute("SELECT place FROM fact_check_sources")}
        if gone := sorted(known - places):
            with transaction(self._db) as db:
                for place in gone:
                    known_checks.keep_only(db, place, frozenset())
                    db.execute("DELETE FROM fact_check_sources WHERE place = ?", (place,))

    def _tell(self, source: _Source, problem: Problem) -> None:
        where = f"{_name(source)}, line {problem.line}" if problem.line else _name(source)
        _log.warning("%s: %s", where, escaped(problem.problem))

    def _failed(self, source: _Source, problem: str) -> None:
        self._task.summary.sources_failed += 1
        _log.warning("%s: %s", _name(source), escaped(problem))


def _expanded(given: str) -> Iterator[_Source]:
    """A URL, a file, or the files below a folder that can have fact-checks. Raises SourceError."""
    if _URL.match(given):
        yield _Source(given, given, True)
        return
    path = local_path(given)
    if not os.path.isdir(path):
        check_file(path)
        yield _Source(file_key(path), path, False)
        return
    found = [each for each in files_below(path) if isinstance(each, str) and is_read(os.path.basename(each))]
    if not found:
        raise SourceError(path, "no fact-checks in this folder; they are read from .jsonl, .json and .html files")
    for each in found:
        yield _Source(file_key(each), each, False)


def _in_answer(answer: Response, sandbox: Sandbox) -> Iterator[ClaimReview | Problem]:
    kind = answer.headers.get("content-type", "")
    if "html" in kind or answer.body.lstrip()[:1] == b"<":
        return read_page(answer.body, answer.url, kind, sandbox)
    return read_json(answer.body)


def _form() -> str:
    return f"{_FORM}.{encoder.VERSION}"


def _mark_of_file(path: str) -> str:
    try:
        found = os.stat(path)
    except OSError:
        return ""  # whoever reads it says why not
    return f"{_form()}\n{found.st_size}\n{found.st_mtime_ns}"


def _mark_of_answer(answer: Response) -> str:
    return f"{_form()}\n{answer.headers.get('etag', '')}\n{answer.headers.get('last-modified', '')}"


def _name(source: _Source) -> str:
    return escaped(without_password(source.given) if source.is_url else printable(source.given))
