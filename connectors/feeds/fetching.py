"""Reads news feeds over HTTP in a Beam pipeline; ``connectors.feeds.parsing`` reads a feed that is at hand."""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import apache_beam as beam
import msgspec

from claimwire.connectors.feeds.indexes import FollowedIndex
from claimwire.connectors.feeds.parsing import parse_feed_in
from claimwire.connectors.feeds.records import FeedRequest, FeedResult, ParsedFeed
from claimwire.connectors.results import Read
from claimwire.connectors.web.http import ACCEPT_FEEDS, Client, FetchError, Limits, Response, without_password
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.connectors.web.waits import fresh_for, retry_after
from claimwire.schemas import DeadLetter, Failure, RawArticle
from claimwire.schemas import coders as _coders  # noqa: F401 - registers the coders of what this connector gives out

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.2
_MOST_PARSERS = 4
_OTHER_FILES = 200
"""That a process may have open beside its requests: idle connections, those of SQLite, of Beam, pipes."""


class ReadFromFeeds(beam.PTransform):  # type: ignore[misc]
    """Reads feeds: URLs (str) or FeedRequests in, a ``Read`` with three collections out.

    ``articles`` has a RawArticle for each entry, ``dead_letters`` a DeadLetter for each entry or body of which none
    could be made, and ``results`` a FeedResult for each request. No feed harms another.

    Feeds are asked conditionally (RFC 9110, 13), so that an unchanged one costs next to nothing. All requests of a
    bundle go to one worker, where they are under way at once: waiting is what takes the time, and only in one place
    can it be known that a host is asked by one request at a time. Bodies are parsed in processes beside it. An index
    of sitemaps is followed (``feeds.indexes``): what its sitemaps list comes from it.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        concurrency: int = 1000,
        timeout_s: float = 60,
        max_bytes: int = 10_000_000,
        contact: str | None = None,
        warn: bool = True,
        stop_file: str | None = None,
    ) -> None:
        """Args:
        allow_private: whether hosts of private networks, this machine included, may be asked.
        concurrency: how many feeds are fetched at once, and how many bodies are held; each is of another host. Fewer
            where the process may not open so many files. Of bodies above 256 KiB only eight are held.
        timeout_s: for one feed, redirects included; of it at most 10 to connect and 20 between two bytes.
        max_bytes: of a body, compressed or decompressed.
        contact: a URL or e-mail address for the operators of the sites, put into the User-Agent.
        warn: whether to log a warning for each feed that could not be read; ``results`` has them in any case.
        stop_file: a path; from when a file is there, nothing more is fetched, and a feed that has not answered by then
            gives no result.
        """
        super().__init__()
        defaults = Limits()
        self._read = _Read(
            allow_private,
            concurrency,
            Limits(
                connect_s=min(defaults.connect_s, timeout_s),
                read_s=min(defaults.read_s, timeout_s),
                whole_s=timeout_s,
                max_bytes=max_bytes,
            ),
            contact,
            warn,
            stop_file,
        )

    def expand(self, requests: beam.PCollection) -> Read:
        """The graph: all requests brought together, then fetched and parsed."""
        found = (
            requests
            | "Key" >> beam.Map(_keyed).with_output_types(tuple[str, FeedRequest])
            | "Together" >> beam.GroupByKey()
            | "Read"
            >> beam.ParDo(self._read)
            .with_output_types(RawArticle, dead_letters=DeadLetter, results=FeedResult)
            .with_outputs("dead_letters", "results", main="articles")
        )
        return Read(found.articles, found.dead_letters, found.results)


def _keyed(given: str | FeedRequest) -> tuple[str, FeedRequest]:
    """A request under the one key that all have."""
    return "all", FeedRequest(given) if isinstance(given, str) else given


class _Read(beam.DoFn):  # type: ignore[misc]
    def __init__(
        self,
        allow_private: bool,
        concurrency: int,
        limits: Limits,
        contact: str | None,
        warn: bool,
        stop_file: str | None,
    ) -> None:
        self._allow_private = allow_private
        self._concurrency = concurrency
        self._limits = limits
        self._contact = contact
        self._warn = warn
        self._stop_file = stop_file

    def _stopped(self) -> bool:
        return self._stop_file is not None and os.path.exists(self._stop_file)

    def process(self, keyed: tuple[str, Iterable[FeedRequest]]) -> Iterator[Any]:
        client = Client(contact=self._contact, allow_private=self._allow_private, limits=self._limits)
        asked_at: dict[str, float] = {}
        with _Parsers() as parsers:
            asking = _Asking(client, parsers, min(self._concurrency, _most_at_once()), self._stopped)
            asking.put([_Ask(request) for request in keyed[1]])
            for ask, result, feed in asking:
                request, index, told = ask.request, ask.within, result
                asked_at.setdefault(request.url, ask.asked_at)
                # A sitemap of an index that is none is asked again by the next run, and is no dead letter each time.
                if feed and not (index and feed.error):
                    yield from _as_of(index.name, feed.articles) if index else feed.articles
                    for letter in feed.dead_letters:
                        yield beam.pvalue.TaggedOutput("dead_letters", letter)
                if index:
                    asking.put([_Ask(each, index) for each in index.answered(result, feed)])
                elif not result.error and (feed.sitemaps if feed else request.sitemaps):
                    index = FollowedIndex(request, datetime.now(UTC))
                    asking.put([_Ask(each, index) for each in index.begin(result, feed.sitemaps if feed else None)])
                if index:
                    if not index.result:
                        continue
                    told = index.result
                if told.error and self._warn:
                    _log.warning("%s", told.error.message)
                began = asked_at[told.url]
                told = msgspec.structs.replace(told, asked_at=began, seconds=time.time() - began)
                yield beam.pvalue.TaggedOutput("results", told)


class _Ask(NamedTuple):
    request: FeedRequest
    within: FollowedIndex | None = None
    """Where the request is for a sitemap of it."""
    again: bool = False
    """Whether it was not where it had moved to; it is then asked without validators."""
    host: str = ""
    """At which it is asked first, and in whose turn it is."""
    asked_at: float = 0.0


class _Done(NamedTuple):
    ask: _Ask
    answer: Response | FetchError
    result: FeedResult
    feed: ParsedFeed | None


def _as_of(index: str, articles: list[RawArticle]) -> Iterator[RawArticle]:
    """What a sitemap lists comes from the source that was configured, which is its index."""
    return (msgspec.structs.replace(article, feed_url=index) for article in articles)


class _Parsers:
    """Threads that read answers, each with a sandbox of its own, so that feeds are parsed beside one another."""

    def __init__(self) -> None:
        self._sandboxes: queue.SimpleQueue[Sandbox] = queue.SimpleQueue()
        self._opened = ExitStack()

    def __enter__(self) -> _Parsers:
        number = min(os.cpu_count() or 1, _MOST_PARSERS)
        for _ in range(number):
            self._sandboxes.put(self._opened.enter_context(Sandbox()))
        self._threads = self._opened.enter_context(ThreadPoolExecutor(number, "parsers"))
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._opened.close()

    def submit(self, ask: _Ask, answer: Response, then: Callable[[_Done], None]) -> None:
        """Read an answer in one of them, and call ``then`` there with what it means."""
        self._threads.submit(self._work, ask, answer, then)

    def _work(self, ask: _Ask, answer: Response, then: Callable[[_Done], None]) -> None:
        sandbox = self._sandboxes.get()
        try:
            result, feed = _read(ask.request, answer, sandbox)
        except Exception as error:  # whatever one feed does to us, the rest are read
            result, feed = _failed(ask.request, error), None
        finally:
            self._sandboxes.put(sandbox)
        then(_Done(ask, answer, result, feed))


class _Asking:
    """Gives every request that was put in with what its answer means, in the order in which they are read.

    Hosts take turns, and a host's feeds are asked one after the other. No more than ``concurrency`` requests are under
    way or have answers that were not dealt with. Once ``stopped``, only the answers that are there already are given;
    what is under way is cut.
    """

    def __init__(self, client: Client, parsers: _Parsers, concurrency: int, stopped: Callable[[], bool]) -> None:
        self._client = client
        self._parsers = parsers
        self._room = concurrency
        self._stopped = stopped
        self._hosts: dict[str, deque[_Ask]] = {}
        """By their names: what is still to be asked of those of which something is under way, or waits for room."""
        self._waiting: deque[str] = deque()
        self._news: queue.SimpleQueue[tuple[_Ask, Response | FetchError] | _Done] = queue.SimpleQueue()
        self._parsing = 0
        self._left = 0

    def put(self, asks: list[_Ask]) -> None:
        """Ask these as well; also while answers are taken."""
        self._left += len(asks)
        for ask in asks:
            host = _host(ask.request)
            if host not in self._hosts:
                self._hosts[host] = deque()
                self._waiting.append(host)
            self._hosts[host].append(ask._replace(host=host))

    def __iter__(self) -> Iterator[tuple[_Ask, FeedResult, ParsedFeed | None]]:
        given_up = False
        try:
            while self._left:
                if not given_up:
                    given_up = self._stopped()
                    self._send()
                try:
                    news = self._news.get(timeout=0 if given_up and not self._parsing else _LOOK_EVERY_S)
                except queue.Empty:
                    if given_up and not self._parsing:
                        return
                    continue
                done = news if isinstance(news, _Done) else self._answered(*news)
                if done:
                    yield done.ask, done.result, done.feed
                    self._dealt_with(done)
        finally:
            self._client.close()

    def _send(self) -> None:
        """Ask a feed of each host whose turn it is, as long as there is room."""
        while self._room and self._waiting:
            self._room -= 1
            self._ask(self._hosts[self._waiting.popleft()].popleft())

    def _ask(self, ask: _Ask) -> None:
        request = ask.request
        asked = ask._replace(asked_at=ask.asked_at or time.time())
        headers = {"Accept": ACCEPT_FEEDS}
        if not ask.again:
            validators = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
            headers |= {name: value for name, value in validators.items() if value}
        own = request.headers.for_ if request.headers else None
        self._client.send(
            request.moved_to or request.url, lambda answer: self._news.put((asked, answer)), headers, own=own
        )

    def _answered(self, ask: _Ask, answer: Response | FetchError) -> _Done | None:
        """What an answer means, if it can be said without parsing it."""
        if ask.request.moved_to and not _is_there(answer):
            # A permanent redirect that was a mistake (of a captive portal, say) must not bind us for ever.
            if isinstance(answer, Response):
                self._client.free(answer)
            request = msgspec.structs.replace(ask.request, moved_to=None)
            self._ask(ask._replace(request=request, again=True))
            return None
        self._next_of(ask)
        if isinstance(answer, FetchError):
            return _Done(ask, answer, _failed(ask.request, answer), None)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return _Done(ask, answer, _not_modified(ask.request, answer), None)
        if answer.status // 100 != 2:
            return _Done(ask, answer, _refused(ask.request, answer), None)
        self._parsing += 1
        self._parsers.submit(ask, answer, self._news.put)
        return None

    def _next_of(self, ask: _Ask) -> None:
        """It is the turn of other hosts first, and then of this one's next feed."""
        if self._hosts[ask.host]:
            self._waiting.append(ask.host)
        else:
            del self._hosts[ask.host]

    def _dealt_with(self, done: _Done) -> None:
        self._left -= 1
        self._room += 1
        if isinstance(done.answer, Response):
            self._client.free(done.answer)
            if done.answer.status // 100 == 2:
                self._parsing -= 1


def _host(request: FeedRequest) -> str:
    try:
        return urlsplit(request.moved_to or request.url).hostname or ""
    except ValueError:
        return ""  # the client will say what is wrong with it


def _most_at_once() -> int:
    """How many requests the files allow that this process may have open; some need two connections for a moment."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if allowed == resource.RLIM_INFINITY else max((allowed - _OTHER_FILES) // 2, 1)


def _is_there(answer: Response | FetchError) -> bool:
    return isinstance(answer, Response) and (answer.status == HTTPStatus.NOT_MODIFIED or answer.status // 100 == 2)


def _read(request: FeedRequest, answer: Response, sandbox: Sandbox) -> tuple[FeedResult, ParsedFeed | None]:
    """What a successful answer means, and the feed that is in it."""
    body_hash = hashlib.sha256(answer.body).hexdigest()
    result = _remembered(request, answer, body_hash)
    if body_hash == request.body_hash:
        return result, None

    fetched_at = datetime.now(UTC)
    feed = parse_feed_in(sandbox, answer.body, request.url, answer.headers, fetched_at, base_url=answer.url)
    if feed.error:
        failed = _failed(request, feed.error, answer.status)
        return failed, feed
    if feed.note:
        # Perhaps it was cut on its way: without validators the next run gets it whole. Equal bytes stay equal.
        result = msgspec.structs.replace(result, etag=None, last_modified=None)
    entries = len(feed.articles) + len(feed.dead_letters)
    result = msgspec.structs.replace(result, outcome="read", entries=entries, title=feed.title, note=feed.note)
    result = msgspec.structs.replace(result, kind=feed.kind, hints=feed.hints, sitemaps=())
    return msgspec.structs.replace(result, hubs=feed.hubs, topic=feed.topic, expired=feed.expired), feed


def _remembered(request: FeedRequest, answer: Response, body_hash: str | None) -> FeedResult:
    return FeedResult(
        url=request.url,
        outcome="unchanged",
        status=answer.status,
        etag=answer.headers.get("etag"),
        last_modified=answer.headers.get("last-modified"),
        body_hash=body_hash,
        moved_to=answer.permanent_url or request.moved_to,
        sitemaps=request.sitemaps,
        fresh_s=fresh_for(answer.headers),
    )


def _not_modified(request: FeedRequest, answer: Response) -> FeedResult:
    if not (request.etag or request.last_modified or request.body_hash):
        problem = "answered 304 (not modified) although it was never read; tell the site's operator"
        return _failed(request, Failure(type="HttpStatus", message=problem), answer.status)
    result = _remembered(request, answer, request.body_hash)
    # A 304 may leave out what has not changed.
    return msgspec.structs.replace(
        result, etag=result.etag or request.etag, last_modified=result.last_modified or request.last_modified
    )


_ADVICE = {
    HTTPStatus.UNAUTHORIZED: "put a user name and password into the URL",
    HTTPStatus.FORBIDDEN: "it does not want to be read by programs, or not from here",
    HTTPStatus.NOT_FOUND: "look for its new address",
    HTTPStatus.GONE: "it is gone for good; take it out of the sources",
    HTTPStatus.TOO_MANY_REQUESTS: "ask it less often",
}


def _refused(request: FeedRequest, answer: Response) -> FeedResult:
    advice = _ADVICE.get(HTTPStatus(answer.status)) if answer.status in set(HTTPStatus) else None
    message = f"answered {answer.status}; {advice or 'try later'}"
    failed = _failed(request, Failure(type="HttpStatus", message=message), answer.status)
    wait = None
    if answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        wait = retry_after(answer.headers.get("retry-after", ""))
    gone = answer.status == HTTPStatus.GONE
    seconds = None if wait is None else int(wait.total_seconds())
    return msgspec.structs.replace(failed, outcome="gone" if gone else "failed", retry_after_s=seconds)


def _failed(request: FeedRequest, error: Exception | Failure, status: int | None = None) -> FeedResult:
    kind, message = (error.type, error.message) if isinstance(error, Failure) else (type(error).__name__, str(error))
    name = without_password(request.url)
    if not message.startswith(f"{name}: "):  # it names what the feed redirects to, or nothing
        message = f"{name}: {message}"
    return FeedResult(
        url=request.url,
        outcome="failed",
        status=status,
        etag=request.etag,
        last_modified=request.last_modified,
        body_hash=request.body_hash,
        moved_to=request.moved_to,
        sitemaps=request.sitemaps,
        error=Failure(type=kind, message=message.encode("utf-8", "replace").decode()),
    )
