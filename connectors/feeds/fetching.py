"""Reads news feeds over HTTP in a Beam pipeline; ``connectors.feeds.parsing`` reads a feed that is at hand."""

from __future__ import annotations

import hashlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
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
from claimwire.connectors.web.http import ACCEPT_FEEDS, Client, Limits, Response, without_password
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.connectors.web.waits import retry_after
from claimwire.schemas import DeadLetter, Failure, RawArticle
from claimwire.schemas import coders as _coders  # noqa: F401 - registers the coders of what this connector gives out

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.2


class ReadFromFeeds(beam.PTransform):  # type: ignore[misc]
    """Reads feeds: URLs (str) or FeedRequests in, a ``Read`` with three collections out.

    ``articles`` has a RawArticle for each entry, ``dead_letters`` a DeadLetter for each entry or body of which none
    could be made, and ``results`` a FeedResult for each request. No feed harms another.

    Feeds are asked conditionally (RFC 9110, 13), so that an unchanged one costs next to nothing. All requests of a
    bundle go to one worker, where they run in threads: waiting is what takes the time, and only in one place can it
    be known that a host is asked by one request at a time. An index of sitemaps is followed (``feeds.indexes``): what
    its sitemaps list comes from it.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        concurrency: int = 20,
        timeout_s: float = 60,
        max_bytes: int = 10_000_000,
        contact: str | None = None,
        warn: bool = True,
        stop_file: str | None = None,
    ) -> None:
        """Args:
        allow_private: whether hosts of private networks, this machine included, may be asked.
        concurrency: how many feeds are fetched at once, and how many bodies are held; each is of another host.
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
            | "Request" >> beam.Map(_request).with_output_types(FeedRequest)
            | "Key" >> beam.WithKeys("all").with_output_types(tuple[str, FeedRequest])
            | "Together" >> beam.GroupByKey()
            | "Read"
            >> beam.ParDo(self._read)
            .with_output_types(RawArticle, dead_letters=DeadLetter, results=FeedResult)
            .with_outputs("dead_letters", "results", main="articles")
        )
        return Read(found.articles, found.dead_letters, found.results)


def _request(given: str | FeedRequest) -> FeedRequest:
    return FeedRequest(given) if isinstance(given, str) else given


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
        asking = _Asking(client, self._concurrency, self._stopped)
        asking.put([_Ask(request) for request in keyed[1]])
        with Sandbox() as sandbox:
            for ask, answer in asking:
                request = ask.request
                try:
                    result, feed = _read(request, answer, sandbox)
                except Exception as error:  # whatever one feed does to us, the rest are read
                    result, feed = _failed(request, error), None
                index = ask.within
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
                    result = index.result
                if result.error and self._warn:
                    _log.warning("%s", result.error.message)
                yield beam.pvalue.TaggedOutput("results", result)


class _Ask(NamedTuple):
    request: FeedRequest
    within: FollowedIndex | None = None
    """Where the request is for a sitemap of it."""


def _as_of(index: str, articles: list[RawArticle]) -> Iterator[RawArticle]:
    """What a sitemap lists comes from the source that was configured, which is its index."""
    return (msgspec.structs.replace(article, feed_url=index) for article in articles)


class _Asking:
    """Gives every request that was put in with its answer, in the order in which the answers come.

    A host's feeds are asked one after the other. No more than ``concurrency`` answers exist at a time: a thread may
    fetch the next only when one that came before has been dealt with. Once ``stopped``, only the answers that are
    there already are given; what is under way is cut.
    """

    def __init__(self, client: Client, concurrency: int, stopped: Callable[[], bool]) -> None:
        self._client = client
        self._concurrency = concurrency
        self._stopped = stopped
        self._waiting: queue.SimpleQueue[list[_Ask] | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[_Ask, Response | Exception]] = queue.SimpleQueue()
        self._room = threading.Semaphore(concurrency)
        self._given_up = threading.Event()
        self._threads: list[threading.Thread] = []
        self._left = 0

    def put(self, asks: list[_Ask]) -> None:
        """Ask these as well; also while answers are taken."""
        hosts: dict[str, list[_Ask]] = {}
        for ask in asks:
            hosts.setdefault(_host(ask.request.moved_to or ask.request.url), []).append(ask)
        self._left += len(asks)
        for group in hosts.values():
            self._waiting.put(group)
            if len(self._threads) < self._concurrency:
                # Daemons, for which no process waits at its end: a thread that looks a name up cannot be cut.
                thread = threading.Thread(target=self._ask, name="feeds", daemon=True)
                self._threads.append(thread)
                thread.start()

    def __iter__(self) -> Iterator[tuple[_Ask, Response | Exception]]:
        try:
            while self._left:
                if self._stopped():
                    self._given_up.set()
                try:
                    answer = self._answers.get(timeout=0 if self._given_up.is_set() else _LOOK_EVERY_S)
                except queue.Empty:
                    if self._given_up.is_set():
                        return
                    continue
                yield answer
                self._left -= 1
                self._room.release()
        finally:  # also when nobody wants the rest: no thread may be left waiting for an answer or for room
            self._given_up.set()
            self._client.close()
            self._room.release(len(self._threads) or 1)
            for _ in self._threads:
                self._waiting.put(None)

    def _ask(self) -> None:
        while (asks := self._waiting.get()) is not None:
            for ask in asks:
                self._room.acquire()
                if self._given_up.is_set():
                    return
                self._answers.put(_fetch(self._client, ask))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""  # the client will say what is wrong with it


def _fetch(client: Client, ask: _Ask) -> tuple[_Ask, Response | Exception]:
    """The answer, and the request as it was made in the end."""
    request = ask.request
    headers = {"Accept": ACCEPT_FEEDS}
    validators = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
    conditional = headers | {name: value for name, value in validators.items() if value}
    if not request.moved_to:
        return ask, _get(client, request.url, conditional)
    answer = _get(client, request.moved_to, conditional)
    if isinstance(answer, Response) and (answer.status == HTTPStatus.NOT_MODIFIED or answer.status // 100 == 2):
        return ask, answer
    # A permanent redirect that was a mistake (of a captive portal, say) must not bind us for ever.
    ask = ask._replace(request=msgspec.structs.replace(request, moved_to=None))
    return ask, _get(client, request.url, headers)


def _get(client: Client, url: str, headers: dict[str, str]) -> Response | Exception:
    try:
        return client.get(url, headers)
    except Exception as error:  # not only FetchError: a thread has nobody above it to catch anything
        return error


def _read(request: FeedRequest, answer: Response | Exception, sandbox: Sandbox) -> tuple[FeedResult, ParsedFeed | None]:
    """What an answer means, and the feed that is in it."""
    if isinstance(answer, Exception):
        return _failed(request, answer), None
    if answer.status == HTTPStatus.NOT_MODIFIED:
        return _not_modified(request, answer), None
    if answer.status // 100 != 2:
        return _refused(request, answer), None
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
    return msgspec.structs.replace(result, kind=feed.kind, sitemaps=(), hubs=feed.hubs, topic=feed.topic), feed


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
