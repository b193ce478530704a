"""What WebSub hubs deliver, kept as files until it is read.

A delivery is on disk before the hub is told that it came. ``ReadDeliveries`` reads it as a feed is read that was
polled; whoever has kept what comes of it removes the file. Read twice, it gives the same articles.

    20261120T103000.000000-TOKEN-RANDOM.delivery    one line of JSON (``Delivery``), then the body as it came
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import msgspec

from claimwire.connectors.feeds.parsing import parse_feed_in
from claimwire.connectors.feeds.records import ParsedFeed
from claimwire.connectors.feeds.websub import announced_in_header
from claimwire.connectors.outputs.names import in_progress
from claimwire.connectors.results import Read
from claimwire.connectors.web.http import without_password
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.schemas import DeadLetter, RawArticle
from claimwire.schemas import coders as _coders  # noqa: F401 - registers the coders of what this connector gives out

_log = logging.getLogger(__name__)

_ENDING = ".delivery"
_HEADERS = ("content-type", "content-language", "link")


class Delivery(msgspec.Struct, frozen=True):
    """What is known of a delivery beside its body."""

    source: str
    """The feed as it was configured."""
    topic: str
    """The URL that was subscribed to."""
    received_at: datetime
    headers: dict[str, str] = {}
    """By lower-case name; those that say something about the body."""


class DeliveryResult(msgspec.Struct, frozen=True):
    """What became of a delivery."""

    path: str
    source: str | None
    """None where the file cannot be read."""
    entries: int = 0
    problem: str | None = None
    """Why nothing was taken from it, or not all; the feed itself is to be asked then."""


class Waiting(NamedTuple):
    """A delivery that waits."""

    path: Path
    token: str
    size: int


def keep(folder: Path, token: str, delivery: Delivery, headers: Mapping[str, str], body: bytes) -> Waiting:
    """Put a delivery on disk, so that it survives a loss of power; ``token`` is its subscription's.

    Raises OSError, and leaves nothing then.
    """
    told = {name: headers[name] for name in _HEADERS if name in headers}
    data = msgspec.json.encode(msgspec.structs.replace(delivery, headers=told)) + b"\n" + body
    path = folder / f"{delivery.received_at:%Y%m%dT%H%M%S.%f}-{token}-{secrets.token_hex(4)}{_ENDING}"
    unfinished = in_progress(path)
    try:
        with open(unfinished, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return Waiting(path, token, len(data))


def waiting(folder: Path) -> list[Waiting]:
    """The deliveries in a folder, oldest first; none where there is no folder."""
    found = []
    for path in sorted(folder.glob(f"*{_ENDING}")):
        _, _, rest = path.name.partition("-")
        with suppress(OSError):  # another run has read it
            found.append(Waiting(path, rest.rpartition("-")[0], path.stat().st_size))
    return found


def clear(folder: Path) -> None:
    """Remove what a kill has left unfinished; nobody may be keeping a delivery meanwhile."""
    for path in folder.glob(in_progress(Path(f"*{_ENDING}")).name):
        path.unlink(missing_ok=True)


def dealt_with(result: DeliveryResult) -> set[str]:
    """Remove the file of a delivery once all that was taken from it is kept; the feeds that are to be asked now.

    One that cannot be read at all is set aside beside the others, under a name that nobody looks for.
    """
    path = Path(result.path)
    if result.source is None:
        _log.warning("%s: %s; it is set aside", path, result.problem)
        with suppress(OSError):
            path.rename(path.with_suffix(".damaged"))
        return set()
    path.unlink(missing_ok=True)
    if not result.problem:
        return set()
    name = without_password(result.source)
    _log.info("%s: of a delivery: %s; the feed is asked", name, result.problem, extra={"source": name})
    return {result.source}


class ReadDeliveries(beam.PTransform):  # type: ignore[misc]
    """Reads deliveries: paths (str) in, a ``Read`` out, whose ``results`` are of ``DeliveryResult``.

    An entry of which no article can be made is a dead letter. A body that is no feed is none: it says that the feed
    has something new, and the feed itself has that.
    """

    def expand(self, paths: beam.PCollection) -> Read:
        """The graph: one step."""
        found = paths | "Read" >> beam.ParDo(_Read()).with_output_types(
            RawArticle, dead_letters=DeadLetter, results=DeliveryResult
        ).with_outputs("dead_letters", "results", main="articles")
        return Read(found.articles, found.dead_letters, found.results)


class _Read(beam.DoFn):  # type: ignore[misc]
    def __init__(self) -> None:
        self._sandbox: Sandbox | None = None

    def start_bundle(self) -> None:
        self._sandbox = Sandbox()

    def finish_bundle(self) -> None:
        if self._sandbox:
            self._sandbox.__exit__()
            self._sandbox = None

    def process(self, path: str) -> Iterator[Any]:
        assert self._sandbox  # noqa: S101 - for the type checker: Beam begins every bundle
        result, feed = _read(path, self._sandbox)
        if feed:
            yield from feed.articles
            for letter in feed.dead_letters:
                yield beam.pvalue.TaggedOutput("dead_letters", letter)
        yield beam.pvalue.TaggedOutput("results", result)


def _read(path: str, sandbox: Sandbox) -> tuple[DeliveryResult, ParsedFeed | None]:
    try:
        line, _, body = Path(path).read_bytes().partition(b"\n")
        delivery = msgspec.json.decode(line, type=Delivery)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        return DeliveryResult(path, None, problem=f"the file cannot be read ({error})"), None
    try:
        return _understood(DeliveryResult(path, delivery.source), delivery, body, sandbox)
    except Exception as error:  # whatever one delivery does to us, the rest are read
        return DeliveryResult(path, delivery.source, problem=f"{type(error).__name__}: {error}"), None


def _understood(
    result: DeliveryResult, delivery: Delivery, body: bytes, sandbox: Sandbox
) -> tuple[DeliveryResult, ParsedFeed | None]:
    if not body.strip():
        return msgspec.structs.replace(result, problem="it has no content"), None
    received_at = delivery.received_at.astimezone(UTC).replace(microsecond=0)
    headers = {name: value for name, value in delivery.headers.items() if name != "link"}
    feed = parse_feed_in(sandbox, body, delivery.source, headers, received_at, base_url=delivery.topic)
    own = announced_in_header(delivery.headers, delivery.topic).topic or feed.topic or delivery.topic
    if feed.error:
        return msgspec.structs.replace(result, problem=feed.error.message), None
    if feed.sitemaps or own != delivery.topic:
        problem = "it is an index of sitemaps" if feed.sitemaps else f"it is for another topic, {own}"
        return msgspec.structs.replace(result, problem=problem), None
    entries = len(feed.articles) + len(feed.dead_letters)
    return msgspec.structs.replace(result, entries=entries, problem=feed.note), feed
