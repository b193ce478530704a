"""The pages behind entries of feeds: between the reading of the sources and the passes, and by other rules than both.

An entry waits for its page in the state. Pages are fetched for so many seconds at a time, and what came of them is
committed, so that a kill costs only those. An entry whose page cannot be had within this run is written as its feed has
it; its page is asked for again, ever less, for a day, and is a revision of the entry when it comes.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apache_beam as beam

from claimwire.connectors.outputs import names
from claimwire.connectors.web.pages.read import ReadPages
from claimwire.connectors.web.records import HostMemory, Kept, PageRequest, PageResult
from claimwire.connectors.web.visits import Manners
from claimwire.pipelines.normalize.page import is_teaser, update_of, with_page, without_page
from claimwire.pipelines.observe import logs, traces
from claimwire.pipelines.observe.progress import following
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.run.ending import ending
from claimwire.pipelines.run.figures import failed_requests
from claimwire.pipelines.run.task import Task
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.sinks import SinkError
from claimwire.pipelines.sinks.staging import Count, Stage, count, empty, staged
from claimwire.pipelines.source_settings import FullText
from claimwire.pipelines.state import pages, queue, samples
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.journal import OutputLostError, make_folder
from claimwire.pipelines.state.pages import Waiting
from claimwire.schemas import Article

_log = logging.getLogger(__name__)

_SLICE_S = 20.0
"""Seconds of fetching between two commits."""
_MOST = 1_000
"""Pages of a slice."""
_SOON = timedelta(seconds=10)
"""Until a page is asked for again in the same run."""
_TRIES = 2
"""In one run."""
_BACK_OFF = timedelta(minutes=15)
_A_DAY = timedelta(days=1)
_LIVE_EVERY = timedelta(minutes=10)
"""After which the page of a live blog is read again, for a day at most."""
_LOOK_EVERY_S = 0.5


def wants_page(settings: Settings, own: Mapping[str, FullText]) -> Callable[[Article], bool]:
    """Which of the articles that were read from feeds and files are to wait for the page behind them.

    Entries of feeds that were fetched, where they have a teaser only; with ``always`` all entries that have a link.
    What a file has (``input``) came from a feed once, and is not to be fetched again unless that is asked for.

    Args:
        settings: Of the run.
        own: What is set for feeds alone, by their URLs as they may be shown.
    """

    def wanted(article: Article) -> bool:
        which = own.get(article.source.feed_url or "", settings.full_text) if own else settings.full_text
        if which == "never" or article.text_source != "feed" or not _has_page(article):
            return False
        return which == "always" or (article.input is None and is_teaser(article))

    return wanted


def _has_page(article: Article) -> bool:
    return bool(article.url and article.url.startswith(("http://", "https://")))


class Fetching:
    """Fetches the pages for which entries wait in an open state.

    Args:
        task: The run.
    """

    def __init__(self, task: Task) -> None:
        self._settings, self._state, self._run, self._runner, self._summary, self._progress, self._stopping = task
        settings = task.settings
        self._manners = Manners(
            delay_s=settings.page_delay,
            delays=settings.delays(),
            reservations=not settings.ignore_reservations,
            concurrency=min(settings.feeds_at_once, Manners().concurrency),
        )
        folder = settings.archive_folder()
        self.scratch = folder / f".claimwire-{task.state.id}" if folder else None
        """Where archives are written until they have their names; nothing in it outlives a run."""
        self._staging = task.state.scratch("pages")
        self._counted = task.state.scratch("fetched")
        self._stop_file = task.state.scratch("stop_pages")

    def check(self) -> None:
        """Raises SinkError where no archive can be written."""
        if self.scratch:
            try:
                make_folder(self.scratch / self._state.attempt)
            except OSError as error:
                raise SinkError(
                    f"cannot write to {self.scratch.parent}: {error.strerror}; name another folder with --archive"
                ) from error

    def fetch(self) -> None:
        """Fetch what is due, for as long as ``page_wait`` says, then let no entry wait any longer to be written."""
        found = self._state.pages
        total = found.waiting()
        if not total and not found.due(datetime.now(UTC), 1, 1):
            return
        with logs.fields(stage="fetch"), traces.span("fetch", {"claimwire.pages": total}):
            what = f"fetching the {counted(total, 'page')} behind entries" if total else "looking at pages again"
            self._progress.begin(what, total)
            end = time.monotonic() + self._settings.page_wait_time().total_seconds()
            while not self._stopping() and (left := end - time.monotonic()) > 0:
                due = found.due(datetime.now(UTC), _MOST, self._most_of_host())
                if due:
                    self._slice(due, min(left, _SLICE_S), total)
                    continue
                # Only those are left that were not to be had, or whose hosts want to be left alone.
                soon = found.next_due()
                if soon is None or (wait := (soon - datetime.now(UTC)).total_seconds()) > min(left, _SLICE_S):
                    break
                time.sleep(min(max(wait, 0), _LOOK_EVERY_S))
            if not self._stopping():
                self._write_the_rest()

    def _most_of_host(self) -> int:
        return int(_SLICE_S / self._manners.delay_s) + 1 if self._manners.delay_s else _MOST

    def _slice(self, due: list[Waiting], seconds: float, total: int) -> None:
        """Fetch for so many seconds, and commit what came of it."""
        settings, found = self._settings, self._state.pages
        # One request for a page, however many sources have entries that lead to it.
        requests = [*{waiting.url: PageRequest(waiting.entry.url or "", waiting.url) for waiting in due}.values()]
        interrupted = found.begin()
        read = ReadPages(
            manners=self._manners,
            hosts=found.hosts({waiting.host for waiting in due}),
            interrupted=interrupted,
            allow_private=settings.allow_private,
            timeout_s=settings.feed_timeout,
            max_bytes=settings.page_limit_mb * 1_000_000,
            contact=settings.contact,
            seconds=seconds,
            stop_file=str(self._stop_file),
            archive=self._archive(),
            archived=found.archived(request.key for request in requests),
        )

        def build(pipeline: beam.Pipeline) -> None:
            read_pages = pipeline | "Pages" >> beam.Create(requests, reshuffle=False) | "ReadPages" >> read
            _ = read_pages.results | "StageResults" >> Stage(self._staging, "results")
            _ = read_pages.results | "CountPages" >> Count(self._counted)
            _ = read_pages.hosts | "StageHosts" >> Stage(self._staging, "hosts")
            _ = read_pages.kept | "StageKept" >> Stage(self._staging, "kept")

        empty(self._counted)
        done = total - found.waiting()
        with (
            following(self._progress, lambda: count(self._counted), done, len(due)),
            ending(self._stop_file, self._stopping),
        ):
            self._runner.run("fetch", build)
        self._commit()

    def _commit(self) -> None:
        """What came of a slice, in one transaction: articles into the queue, the others back to wait."""
        now = datetime.now(UTC)
        given: list[Article] = []
        kept = list(staged(self._staging, "kept", Kept))
        failed: list[int | None] = []
        seen = self._summary.seen
        with self._committing(bool(kept)) as db:
            for result in staged(self._staging, "results", PageResult):
                if result.outcome == "failed" or (result.outcome == "refused" and (result.status or 0) >= 400):
                    failed.append(result.status)
                entries = self._state.pages.of_page(result.key)
                for waiting in entries:
                    given += self._settled(db, waiting, result, now)
                given += self._updates(db, entries, result, now)
            samples.add(db, samples.ENTRIES, {(): self._summary.seen - seen})
            pages.remember_hosts(db, staged(self._staging, "hosts", HostMemory), now)
            pages.remember_archived(db, kept)
            pages.count_pages(db, _counts(given), now)
            self._queue(db, given)
            samples.add(db, samples.FETCH_ERRORS, failed_requests("page", failed))
        self._state.clear_scratch()

    def _settled(
        self, db: sqlite3.Connection, waiting: Waiting, result: PageResult, now: datetime
    ) -> Iterator[Article]:
        """What is to be queued of an entry now that its page was asked for, if anything."""
        article = _article(waiting.entry, result)
        if article is None:
            pages.postpone(db, waiting, *_when_again(waiting, result, now), waiting.written, result.problem)
            return
        if result.live:
            pages.look_again(db, waiting, article, now + _LIVE_EVERY, now)
        else:
            pages.settle(db, waiting.key, article, now)
        has_page = article.text_source == "page" or bool(result.updates)
        self._summary.pages_read += has_page
        self._summary.pages_refused += not has_page
        if not waiting.written:
            yield article
        elif article.text_source == "page" and not pages.is_known(db, article, now):
            self._summary.seen += 1  # it was counted before as the entry that it was
            yield article

    def _updates(
        self, db: sqlite3.Connection, entries: list[Waiting], result: PageResult, now: datetime
    ) -> Iterator[Article]:
        """The entries of a live blog that are new or changed, as entries of the first source that has it."""
        for raw in result.updates if entries else ():
            try:
                update = update_of(entries[0].entry, raw)
            except Exception as error:  # whatever one of them does to us, the others are written
                _log.warning("%s: the entry of a live blog cannot be used: %s", raw.url, error)
                continue
            if not pages.is_known(db, update, now):
                self._summary.seen += 1
                yield update

    def _committing(self, archived: bool) -> AbstractContextManager[sqlite3.Connection]:
        """The transaction of a slice, which gives the archive its name, if something was kept in it.

        Raises OutputLostError where it is not there any more.
        """
        archive = self._archive()
        if archive is None or not archived:
            return transaction(self._state.db)
        path, name = archive
        if not path.exists():
            raise OutputLostError(
                f"{path} is gone, so nothing of these pages was committed. If the disk of the archive is not mounted, "
                "mount it, and run again"
            )
        folder = names.of_day(path.parents[2], self._run.started_at.date())
        return self._state.journal.committing([(path, str(folder / name))])

    def _archive(self) -> tuple[Path, str] | None:
        """Where the archive of this slice is written, and its name."""
        if self.scratch is None:
            return None
        name = names.archive(names.pass_name(self._state.id, self._state.journal.passes, self._state.attempt))
        return self.scratch / self._state.attempt / name, name

    def _write_the_rest(self) -> None:
        """Queue every entry that still waits as its feed has it; its page may follow within a day."""
        now = datetime.now(UTC)
        given: list[Article] = []
        with transaction(self._state.db) as db:
            for waiting in self._state.pages.unwritten():
                problem = waiting.problem or f"it was not asked for within {self._settings.page_wait}"
                given.append(without_page(waiting.entry, problem))
                pages.postpone(db, waiting, max(waiting.due, now + _BACK_OFF), False, True, problem)
            self._queue(db, given)
            pages.give_up(db, now - _A_DAY, now)
        self._summary.pages_failed += len(given)
        if given:
            were = counted(len(given), "page was", "pages were")
            _log.info("%s not to be had yet; their entries are written with what the feeds have", were)

    def _queue(self, db: sqlite3.Connection, given: list[Article]) -> None:
        """Queue articles; one that is there already, since two entries lead to one page, counts as unchanged."""
        before = self._state.queue.waiting()
        intake = queue.next_intake(db)
        for article in given:
            queue.offer(db, article, intake)
        unchanged = len(given) - (self._state.queue.waiting() - before)
        self._summary.unchanged += unchanged
        samples.add(db, samples.ARTICLES, {("unchanged",): unchanged})


def _counts(articles: Iterable[Article]) -> dict[str, tuple[int, int]]:
    """By feed, as it may be shown: the pages that were read, and how many of them are behind a paywall."""
    read = [article for article in articles if article.text_source == "page" and article.source.feed_url]
    found = Counter(article.source.feed_url for article in read)
    paywalled = Counter(article.source.feed_url for article in read if article.paywalled)
    return {feed: (number, paywalled[feed]) for feed, number in found.items() if feed}


def _when_again(waiting: Waiting, result: PageResult, now: datetime) -> tuple[datetime, bool]:
    """When to ask for a page again, and whether this was a try in vain."""
    tried = result.outcome == "failed"
    tries = waiting.tries + tried
    if result.again_at:
        return result.again_at, tried
    wait = _SOON if not waiting.written and tries < _TRIES else _BACK_OFF * 2 ** min(max(tries - _TRIES, 0), 6)
    return now + wait, tried


def _article(entry: Article, result: PageResult) -> Article | None:
    """What is made of an entry now; None where it goes on waiting."""
    if result.outcome in ("failed", "later"):
        return None
    if result.article is None:
        return without_page(entry, result.problem or "")
    try:
        return with_page(entry, result.article, live=bool(result.updates))
    except Exception as error:  # whatever a page does to us, its entry is written
        _log.warning("%s: the page cannot be used: %s", entry.url, error)
        return without_page(entry, f"the page cannot be used: {error}")
