"""Fetching many pages politely: each host one request at a time, not too often, and only what its robots.txt allows."""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from claimwire.connectors.web.http import (
    ACCEPT_PAGES,
    BrokenAnswer,
    Client,
    FetchError,
    NotFound,
    NotTried,
    Response,
    Timeout,
    TooManyRedirects,
    Unreachable,
    host_of,
)
from claimwire.connectors.web.records import HostMemory, PageRequest
from claimwire.connectors.web.robots import MOST_BYTES, Robots, Rules, reservations_from, robots_from
from claimwire.connectors.web.waits import LONGEST_WAIT, retry_after

_RULES_LAST = timedelta(days=1)  # RFC 9309, 2.4
_UNREACHABLE_LAST = timedelta(hours=1)  # after which a robots.txt is asked for again that was not to be had
_DEAD_AFTER = 2
"""Failures in a row after which a host is left alone, ever longer."""
_BACK_OFF = timedelta(minutes=5)
_LONGEST_BACK_OFF = timedelta(days=1)
_LOOK_EVERY_S = 0.2
_LONGEST_SLEEP_S = 60.0  # the system takes no endless one as a number
_TOO_MANY = (429, 503)


class Manners(msgspec.Struct, frozen=True):
    """How hosts are treated."""

    delay_s: float = 5.0
    """Between the end of a request to a host and the beginning of the next; a longer crawl-delay is kept."""
    delays: Mapping[str, float] = {}
    """The same for single hosts, by their names; these count whatever robots.txt says."""
    reservations: bool = True
    """Whether pages are left alone whose publisher reserves text and data mining."""
    concurrency: int = 20
    """Requests at the same time, each to another host."""


class Visit(NamedTuple):
    """One page that was asked for, or not."""

    request: PageRequest
    answer: Response | FetchError | None
    """None where it was not asked for."""
    problem: str | None = None
    """Why it was not."""
    again_at: datetime | None = None
    """When it may be; None where that is of no use."""


class Visits:
    """Fetches pages of many hosts at the same time. Iterate over it for the visits, in the order in which they end.

    Args:
        client: Fetches.
        memories: What is remembered of hosts.
        manners: How hosts are treated.
        stopped: Once it is true, no other request begins, and what is under way is cut.
        seconds: After which no other request begins; what has not begun by then gives no visit.
        interrupted: Whether somebody may have asked the hosts a moment ago and not lived to note it; they are then left
            alone for their delay first.
    """

    def __init__(
        self,
        client: Client,
        memories: Iterable[HostMemory],
        manners: Manners,
        stopped: Callable[[], bool],
        seconds: float,
        interrupted: bool = False,
    ) -> None:
        self._client = client
        self._manners = manners
        self._stopped = stopped
        self._end = time.monotonic() + seconds
        self._interrupted = interrupted
        self._known = {memory.name: memory for memory in memories}
        self._hosts: dict[str, _Host] = {}
        self._ready: list[tuple[float, int, _Host]] = []
        self._numbers = count()
        self._busy = 0
        self._given_up = False
        self._changed = threading.Condition()  # on all of these
        self._ended: queue.SimpleQueue[Visit | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(manners.concurrency)
        self._left = 0

    def add(self, request: PageRequest) -> None:
        """Let a page be fetched when it is its host's turn; also while visits are iterated over."""
        name = host_of(request.url)
        with self._changed:
            self._left += 1
            if not name:
                self._ended.put(Visit(request, None, "its link is not a valid URL"))
                return
            host = self._hosts.get(name)
            if host is None:
                memory = self._known.get(name, HostMemory(name))
                host = self._hosts[name] = _Host(memory, self._manners, self._interrupted)
            host.waiting.append(request)
            if len(host.waiting) == 1 and not host.busy:
                self._push(host)
            self._changed.notify()

    def __iter__(self) -> Iterator[Visit]:
        # Daemons, for which no process waits at its end: a thread that looks a name up cannot be cut.
        threads = [
            threading.Thread(target=self._work, name="pages", daemon=True)
            for _ in range(min(self._manners.concurrency, self._left))
        ]
        try:
            for thread in threads:
                thread.start()
            while self._left:
                if self._stopped():
                    return
                try:
                    visit = self._ended.get(timeout=_LOOK_EVERY_S)
                except queue.Empty:
                    continue
                if visit is None:  # the time is over, and nothing is under way
                    return
                yield visit
                with self._changed:
                    self._left -= 1
                if isinstance(visit.answer, Response):
                    self._room.release()
        finally:
            with self._changed:
                self._given_up = True
                self._changed.notify_all()
            self._client.close()
            self._room.release(len(threads))

    def memories(self) -> list[HostMemory]:
        """What to remember of the hosts that there was something to ask of."""
        with self._changed:
            return [host.memory for host in self._hosts.values()]

    def _push(self, host: _Host) -> None:
        heapq.heappush(self._ready, (host.ready, next(self._numbers), host))

    def _work(self) -> None:
        while host := self._take():
            try:
                self._one(host)
            finally:
                with self._changed:
                    host.busy = False
                    self._busy -= 1
                    if host.waiting:
                        self._push(host)
                    self._changed.notify_all()

    def _take(self) -> _Host | None:
        """The host whose turn it is next, once it is."""
        with self._changed:
            while not self._given_up:
                now = time.monotonic()
                if now >= self._end:
                    if not self._busy:
                        self._ended.put(None)
                    return None
                if self._ready and self._ready[0][0] <= now:
                    host = heapq.heappop(self._ready)[2]
                    host.busy = True
                    self._busy += 1
                    return host
                until = min(self._ready[0][0], self._end) if self._ready else self._end
                self._changed.wait(min(until - now, _LONGEST_SLEEP_S))
            return None

    def _one(self, host: _Host) -> None:
        """One request to a host, or none where it gives its pages back."""
        now = datetime.now(UTC)
        until = host.memory.not_before
        if until and now < until <= now + LONGEST_WAIT:  # no site is left alone for longer, so then a clock was wrong
            host.give_back(self._ended, host.why or "the host is left alone for now", until)
        elif host.memory.rules_at is None or not now - _RULES_LAST < host.memory.rules_at <= now:
            self._fetch_rules(host, now)
        elif (request := host.next_allowed(self._ended)) is not None:
            self._fetch(host, request)

    def _fetch_rules(self, host: _Host, now: datetime) -> None:
        """robots.txt, and then the TDMRep file: a request each."""
        root = _root(host.waiting[0].url)
        try:
            if host.robots is None:
                host.robots = self._robots(root)
                if host.robots.unreachable:
                    host.leave_alone(host.robots.unreachable, now + _UNREACHABLE_LAST)
                    host.robots = None
                elif self._manners.reservations:
                    host.memory = msgspec.structs.replace(host.memory, robots=host.robots, rules_at=None)
                else:
                    host.learn(host.robots, "", now)
            else:
                host.learn(host.robots, self._reserved(root), now)
        except Exception as error:  # whatever it is, nobody can say what the site allows
            host.failed(error.problem if isinstance(error, FetchError) else str(error))
        host.asked()

    def _robots(self, root: str) -> Robots:
        try:
            answer = self._client.get(f"{root}/robots.txt", {"Accept": "text/plain, */*;q=0.5"}, at_most=MOST_BYTES + 1)
        except TooManyRedirects:
            return Robots()  # which counts as none (RFC 9309, 2.3.1.2)
        except BrokenAnswer as error:
            return Robots(unreachable=f"robots.txt cannot be read: {error.problem}")
        return robots_from(answer.status, answer.body)

    def _reserved(self, root: str) -> str:
        url = f"{root}/.well-known/tdmrep.json"
        try:
            answer = self._client.get(url, {"Accept": "application/json"}, at_most=MOST_BYTES + 1)
        except (TooManyRedirects, BrokenAnswer):
            return ""
        return reservations_from(answer.status, answer.body)

    def _fetch(self, host: _Host, request: PageRequest) -> None:
        self._room.acquire()
        if self._given_up:
            return
        answer: Response | FetchError
        try:
            answer = self._client.get(request.url, {"Accept": ACCEPT_PAGES}, follow=host.may_follow)
        except FetchError as error:
            answer = error
        except Exception as error:  # a thread has nobody above it to catch anything
            answer = FetchError(request.url, f"it cannot be fetched ({type(error).__name__}: {error})")
        host.asked()
        if isinstance(answer, FetchError):
            self._room.release()
            if isinstance(answer, (NotFound, NotTried, Unreachable, Timeout)):
                host.failed(answer.problem)
        else:
            host.answered()
            if answer.status in _TOO_MANY:
                wait = retry_after(answer.headers.get("retry-after", "")) or host.back_off()
                host.leave_alone(f"the host answered {answer.status}", datetime.now(UTC) + min(wait, LONGEST_WAIT))
        self._ended.put(Visit(request, answer))


class _Host:
    """A host while it is visited. Only the thread whose turn it is changes it."""

    def __init__(self, memory: HostMemory, manners: Manners, interrupted: bool) -> None:
        self.memory = memory
        self.waiting: deque[PageRequest] = deque()
        self.busy = False
        self.why: str | None = None
        # Where the last visit ended between the two, so that hosts with long delays are not asked for one for ever.
        recent = memory.asked_at is not None and datetime.now(UTC) - memory.asked_at < _UNREACHABLE_LAST
        self.robots = memory.robots if memory.rules_at is None and recent else None
        self._own_delay = manners.delays.get(memory.name, manners.delays.get(memory.name.partition(":")[0]))
        self._least_delay = manners.delay_s
        self._rules = Rules(memory.robots or Robots())
        self._reserved = Rules(Robots(memory.reserved))
        wait = self._delay if interrupted else 0.0
        if memory.asked_at:
            wait = max(wait, (memory.asked_at - datetime.now(UTC)).total_seconds() + self._delay)
        self.ready = time.monotonic() + min(wait, self._delay)  # a clock may have been put back since

    @property
    def _delay(self) -> float:
        return max(self._least_delay, self._rules.delay_s) if self._own_delay is None else self._own_delay

    def learn(self, robots: Robots, reserved: str, now: datetime) -> None:
        """Its rules have been fetched."""
        self.memory = msgspec.structs.replace(self.memory, robots=robots, reserved=reserved, rules_at=now, failures=0)
        self._rules, self._reserved = Rules(robots), Rules(Robots(reserved))

    def asked(self) -> None:
        """A request to it has ended."""
        self.memory = msgspec.structs.replace(self.memory, asked_at=datetime.now(UTC))
        self.ready = time.monotonic() + self._delay

    def answered(self) -> None:
        """And it was answered."""
        self.memory = msgspec.structs.replace(self.memory, failures=0, not_before=None)

    def failed(self, why: str) -> None:
        """Or it was not."""
        failures = self.memory.failures + 1
        self.memory = msgspec.structs.replace(self.memory, failures=failures)
        if failures >= _DEAD_AFTER:
            self.leave_alone(why, datetime.now(UTC) + self.back_off())

    def back_off(self) -> timedelta:
        """How long to leave it alone, after so many failures."""
        doubled = min(max(self.memory.failures - _DEAD_AFTER, 0), 20)
        wait: timedelta = _BACK_OFF * 2**doubled
        return min(wait, _LONGEST_BACK_OFF)

    def leave_alone(self, why: str, until: datetime) -> None:
        """Ask it nothing more until then."""
        self.why = why
        self.memory = msgspec.structs.replace(self.memory, not_before=until)

    def give_back(self, ended: queue.SimpleQueue[Visit | None], why: str, until: datetime) -> None:
        """End the visits of all pages that wait, unasked."""
        while self.waiting:
            ended.put(Visit(self.waiting.popleft(), None, why, until))

    def next_allowed(self, ended: queue.SimpleQueue[Visit | None]) -> PageRequest | None:
        """The next page that may be fetched; the visits of those before it end here."""
        while self.waiting:
            request = self.waiting.popleft()
            problem = self._problem(request.url)
            if problem is None:
                return request
            ended.put(Visit(request, None, problem))
        return None

    def may_follow(self, url: str) -> bool:
        """Whether a redirect to this URL leads nowhere else, and is allowed."""
        return host_of(url) == self.memory.name and self._problem(url) is None

    def _problem(self, url: str) -> str | None:
        if problem := self._rules.problem(url):
            return problem
        return "the site reserves text and data mining (TDMRep)" if self._reserved.problem(url) else None


def _root(url: str) -> str:
    """Scheme, login, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
