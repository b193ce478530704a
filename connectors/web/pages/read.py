"""Reads the pages behind links in a Beam pipeline, as a guest of each site; ``visits`` has the manners.

    urls | ReadPages()

An article that goes on on further pages is read to its end (``parts``). ``connectors.web.pages.page`` makes an article
of a page that is at hand.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.errors import Unreadable
from claimwire.connectors.results import Pages
from claimwire.connectors.web.http import (
    ACCEPT_PAGES,
    Client,
    FetchError,
    Limits,
    NotFound,
    NotTried,
    Response,
    Timeout,
    Unreachable,
    version,
    without_password,
)
from claimwire.connectors.web.pages.page import Page, read_page_in
from claimwire.connectors.web.pages.parts import Parts
from claimwire.connectors.web.records import HostMemory, Kept, PageOutcome, PageRequest, PageResult
from claimwire.connectors.web.robots import PRODUCT
from claimwire.connectors.web.sandbox import ParserKilled, Sandbox
from claimwire.connectors.web.visits import Manners, Visit, Visits
from claimwire.schemas import DeadLetter, Origin, RawArticle
from claimwire.schemas import coders as _coders  # noqa: F401 - registers the coders of what this connector gives out

if TYPE_CHECKING:
    from claimwire.connectors.web.archive import Archive

_MOST_HOPS = 5
"""Redirects to other hosts, those of a page's own (meta refresh) included."""
_OVERTIME_S = 60.0
"""For which the further pages of articles are fetched that were begun in time."""
_MARKUP = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")
_TRANSIENT = (NotFound, NotTried, Timeout, Unreachable)
_RESERVED = "the page reserves text and data mining (%s)"


class ReadPages(beam.PTransform):  # type: ignore[misc]
    """Reads pages: URLs (str) or PageRequests in, ``Pages`` out. No page harms another.

    robots.txt is obeyed (RFC 9309), and so is what publishers say of text and data mining (TDMRep; ``tdm-reservation``
    and ``X-Robots-Tag: noindex`` in headers and pages). A host is asked one request at a time and waited for in
    between; it is left alone when it says so (429, 503, Retry-After) and when it does not answer twice.

    All requests of a bundle go to one worker, where they run in threads: waiting is what takes the time, and only in
    one place can it be known when a host was asked last.
    """

    def __init__(
        self,
        *,
        manners: Manners | None = None,
        hosts: Iterable[HostMemory] = (),
        interrupted: bool = False,
        allow_private: bool = False,
        timeout_s: float = 60,
        max_bytes: int = 5_000_000,
        contact: str | None = None,
        seconds: float = float("inf"),
        stop_file: str | None = None,
        archive: tuple[Path, str] | None = None,
        archived: Iterable[Kept] = (),
    ) -> None:
        """Args:
        manners: how hosts are treated; ``Manners()`` if not given.
        hosts: what the last ``Pages.hosts`` gave.
        interrupted: whether the last reading was killed, so that nobody knows when it asked whom.
        allow_private: whether hosts of private networks, this machine included, may be asked.
        timeout_s: for one page, redirects included.
        max_bytes: of a body, compressed or decompressed.
        contact: a URL or e-mail address for the operators of the sites, put into the User-Agent.
        seconds: after which no other request begins; a page that has not been asked for by then gives no result.
        stop_file: a path; from when a file is there, nothing more is fetched, as if the time were over.
        archive: the WARC file in which to keep the pages that are read, and the name that it will have.
        archived: what earlier archives have of these pages, so that nothing is kept twice.
        """
        super().__init__()
        defaults = Limits()
        limits = Limits(
            connect_s=min(defaults.connect_s, timeout_s),
            read_s=min(defaults.read_s, timeout_s),
            whole_s=timeout_s,
            max_bytes=max_bytes,
        )
        self._read = _Read(
            manners or Manners(),
            list(hosts),
            interrupted,
            allow_private,
            limits,
            contact,
            seconds,
            stop_file,
            archive,
            {kept.key: kept for kept in archived},
        )

    def expand(self, requests: beam.PCollection) -> Pages:
        """The graph: all requests brought together, then fetched and read."""
        found = (
            requests
            | "Request" >> beam.Map(_request).with_output_types(PageRequest)
            | "Key" >> beam.WithKeys("all").with_output_types(tuple[str, PageRequest])
            | "Together" >> beam.GroupByKey()
            | "Read"
            >> beam.ParDo(self._read)
            .with_output_types(PageResult, dead_letters=DeadLetter, hosts=HostMemory, kept=Kept)
            .with_outputs("dead_letters", "hosts", "kept", main="results")
        )
        articles = found.results | "Articles" >> beam.FlatMap(_articles).with_output_types(RawArticle)
        return Pages(articles, found.dead_letters, found.results, found.hosts, found.kept)


def _request(given: str | PageRequest) -> PageRequest:
    request = PageRequest(given) if isinstance(given, str) else given
    return request if request.key else msgspec.structs.replace(request, key=request.url)


def _articles(result: PageResult) -> Iterator[RawArticle]:
    if result.article:
        yield result.article
    yield from result.updates


class _Read(beam.DoFn):  # type: ignore[misc]
    def __init__(
        self,
        manners: Manners,
        hosts: list[HostMemory],
        interrupted: bool,
        allow_private: bool,
        limits: Limits,
        contact: str | None,
        seconds: float,
        stop_file: str | None,
        archive: tuple[Path, str] | None,
        archived: dict[str, Kept],
    ) -> None:
        self._archive = archive
        self._archived = archived
        self._manners = manners
        self._hosts = hosts
        self._interrupted = interrupted
        self._allow_private = allow_private
        self._limits = limits
        self._contact = contact
        self._seconds = seconds
        self._stop_file = stop_file

    def process(self, keyed: tuple[str, Iterable[PageRequest]]) -> Iterator[Any]:
        memories = {memory.name: memory for memory in self._hosts}
        begun = _Begun()
        with Sandbox(seconds=10) as sandbox, self._archiving() as archive:
            yield from self._visit(keyed[1], memories, self._seconds, self._interrupted, begun, sandbox, archive)
            if begun.requests() and not self._stopped():
                yield from self._visit(begun.requests(), memories, _OVERTIME_S, False, begun, sandbox, archive)
            if not self._stopped():  # else they are begun again
                for parts in begun.left():
                    parts.missed("the time was over")
                    yield parts.result()
        for memory in memories.values():
            yield beam.pvalue.TaggedOutput("hosts", memory)

    def _visit(
        self,
        requests: Iterable[PageRequest],
        memories: dict[str, HostMemory],
        seconds: float,
        interrupted: bool,
        begun: _Begun,
        sandbox: Sandbox,
        archive: Archive | None,
    ) -> Iterator[Any]:
        """Fetch pages, and those on which their articles go on, for so many seconds; ``memories`` are brought up to
        date."""
        client = Client(contact=self._contact, allow_private=self._allow_private, limits=self._limits)
        visits = Visits(client, memories.values(), self._manners, self._stopped, seconds, interrupted)
        for request in requests:
            visits.add(request)
        for visit in visits:
            parts = begun.take(visit.request)
            found = self._found(visit, sandbox)
            if isinstance(found, PageRequest):
                begun.put(found, parts)
                visits.add(found)
                continue
            if isinstance(found, DeadLetter):
                problem = f"the page cannot be read: {found.error.message}"
                if parts is None:
                    yield beam.pvalue.TaggedOutput("dead_letters", found)
                found = _ended(visit.request, "refused", problem)
            if isinstance(found, Page) and isinstance(visit.answer, Response):
                if archive and self._may_be_kept(visit.answer, found):
                    key = visit.answer.url if parts else visit.request.key
                    kept = archive.keep(key, visit.answer, {**client.sends, "Accept": ACCEPT_PAGES})
                    yield beam.pvalue.TaggedOutput("kept", kept)
                    found = _archived(found, kept)
                if parts is None:
                    parts = Parts(_read(visit.request, visit.answer, found), found)
                else:
                    parts.add(found)
            elif isinstance(found, PageResult):
                if parts is None:
                    yield found
                    continue
                parts.missed(found.problem or "")
            if parts and (further := parts.request()):
                begun.put(further, parts)
                visits.add(further)
            elif parts:
                yield parts.result()
        memories |= {memory.name: memory for memory in visits.memories()}

    def _archiving(self) -> Archive | nullcontext[None]:
        if self._archive is None:
            return nullcontext()
        from claimwire.connectors.web.archive import Archive  # noqa: PLC0415 - only who keeps pages pays for warcio

        path, name = self._archive
        return Archive(path, name, self._archived, f"{PRODUCT}/{version()}")

    def _stopped(self) -> bool:
        return self._stop_file is not None and os.path.exists(self._stop_file)

    def _found(self, visit: Visit, sandbox: Sandbox) -> Page | PageResult | PageRequest | DeadLetter:
        """The page, or why there is none, where else to look for it, or what was in its place."""
        request, answer = visit.request, visit.answer
        if isinstance(answer, FetchError):
            return _ended(request, "failed" if isinstance(answer, _TRANSIENT) else "refused", answer.problem)
        if answer is None:
            outcome: PageOutcome = "later" if visit.again_at else "refused"
            return _ended(request, outcome, visit.problem, again_at=visit.again_at)
        if answer.redirect:
            return _onwards(request, answer.redirect)
        if problem := _why_not(answer):
            again = answer.status >= 500 or answer.status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)
            return _ended(request, "failed" if again else "refused", problem, answer)
        if self._manners.reservations and (word := reserved_by(answer.headers)):
            return _ended(request, "refused", _RESERVED % word, answer)
        kind = answer.headers.get("content-type")
        try:
            page = read_page_in(sandbox, answer.body, answer.url, kind, datetime.now(UTC))
        except (ParserKilled, Unreadable) as error:
            origin = Origin(url=without_password(answer.url), headers=(("content-type", kind),))
            return dead_letter("page", error, answer.body, origin)
        if self._manners.reservations and (word := next(filter(_reserves, page.directives), None)):
            return _ended(request, "refused", _RESERVED % word, answer)
        if page.article.text or page.updates:
            return page
        if page.refresh and page.refresh != answer.url:
            return _onwards(request, page.refresh)
        return _ended(request, "refused", "no article was found on the page", answer)

    def _may_be_kept(self, answer: Response, page: Page) -> bool:
        """Whether the publisher does not say that no copy of the page is to be kept (``noarchive``)."""
        return not self._manners.reservations or not (
            "noarchive" in page.directives or "noarchive" in _words_for_us(answer.headers)
        )


class _Begun:
    """Articles of which further pages are being fetched, by the request for the next one."""

    def __init__(self) -> None:
        self._parts: dict[PageRequest, list[Parts]] = {}

    def put(self, request: PageRequest, parts: Parts | None) -> None:
        if parts:
            self._parts.setdefault(request, []).append(parts)

    def take(self, request: PageRequest) -> Parts | None:
        """The article of which this is a further page; None where it is the first of one."""
        waiting = self._parts.get(request)
        return waiting.pop() if waiting else None

    def requests(self) -> list[PageRequest]:
        return [request for request, waiting in self._parts.items() for _ in waiting]

    def left(self) -> list[Parts]:
        return [parts for waiting in self._parts.values() for parts in waiting]


def _read(request: PageRequest, answer: Response, page: Page) -> PageResult:
    result = _ended(request, "read", None, answer)
    return msgspec.structs.replace(result, article=page.article, updates=page.updates, live=page.live)


def _archived(page: Page, kept: Kept) -> Page:
    """A page whose articles say where it is kept."""
    article, *updates = (msgspec.structs.replace(each, archive=kept.archived) for each in page.articles())
    return msgspec.structs.replace(page, article=article, updates=tuple(updates))


def _ended(
    request: PageRequest,
    outcome: PageOutcome,
    problem: str | None,
    answer: Response | None = None,
    again_at: datetime | None = None,
) -> PageResult:
    return PageResult(
        key=request.key,
        url=answer.url if answer else request.url,
        outcome=outcome,
        problem=problem,
        status=answer.status if answer else None,
        again_at=again_at,
    )


def _onwards(request: PageRequest, url: str) -> PageResult | PageRequest:
    """The request for the page that this one leads to."""
    if request.hops >= _MOST_HOPS:
        return _ended(request, "refused", f"more than {_MOST_HOPS} redirects; look at it in a browser")
    return msgspec.structs.replace(request, url=url, hops=request.hops + 1)


_ADVICE: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "it wants a login",
    HTTPStatus.PAYMENT_REQUIRED: "it has to be paid for",
    HTTPStatus.FORBIDDEN: "it does not want to be read by programs, or not from here",
    HTTPStatus.NOT_FOUND: "it is not there",
    HTTPStatus.GONE: "it is gone for good",
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: "it is not shown for legal reasons",
}


def _why_not(answer: Response) -> str | None:
    """Why an answer holds no page, or None."""
    if answer.status // 100 != 2:
        advice = _ADVICE.get(answer.status)
        return f"answered {answer.status}{f': {advice}' if advice else ''}"
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    return None if kind in _MARKUP or not kind else f"it is {kind[:60]}, not a page"


def reserved_by(headers: Mapping[str, str]) -> str | None:
    """The field of an answer by which a publisher reserves text and data mining, or None.

    ``TDM-Reservation: 1`` (TDMRep), and ``X-Robots-Tag`` with noindex or none, for everybody or for us by name.
    """
    if headers.get("tdm-reservation", "").strip() == "1":
        return "tdm-reservation"
    word = next((word for word in _words_for_us(headers) if word in ("noindex", "none")), None)
    return f"X-Robots-Tag: {word}" if word else None


def _words_for_us(headers: Mapping[str, str]) -> Iterator[str]:
    """What ``X-Robots-Tag`` says to everybody, and to us by name."""
    agent = ""
    for part in headers.get("x-robots-tag", "").lower().split(","):
        name, colon, word = part.strip().rpartition(":")
        agent = name.strip() if colon and "unavailable_after" not in name else agent
        if agent in ("", PRODUCT):
            yield word.strip()


def _reserves(directive: str) -> bool:
    """Whether a directive of a page says the same."""
    return directive in ("noindex", "none", "tdm-reservation=1", "tdm-reservation: 1")
