"""Bytes of one piece of a file or topic to articles, at the stage that takes them; and dead letters tried again."""

from __future__ import annotations

import binascii
import threading
from collections.abc import Iterator

import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.errors import Unreadable
from claimwire.connectors.feeds.parsing import decode_entry
from claimwire.connectors.feeds.records import NotAFeed, ParsedFeed
from claimwire.connectors.feeds.sandbox import FeedParser
from claimwire.connectors.files.articles import decode_article
from claimwire.connectors.files.jsonvalues import check_size
from claimwire.connectors.files.text import decode_text
from claimwire.schemas import codec
from claimwire.schemas.records import DeadLetter, Failure, Origin, RawArticle

# Its child process serves one caller at a time, and ends with the thread that has it.
_of_thread = threading.local()


def replay(letter: DeadLetter) -> Iterator[RawArticle | DeadLetter]:
    """Try the payload of a dead letter again, at the stage that refused it.

    What comes out carries on the count of attempts and the time of the first failure. Raises OSError where the
    system, and not the payload, stands in the way.
    """
    try:
        data = codec.payload_bytes(letter)
    except binascii.Error as error:
        failure = Failure(type=type(error).__name__, message=f"the payload is not base64: {error}")
        yield msgspec.structs.replace(letter, attempts=letter.attempts + 1, error=failure)
        return
    first, source = letter.first_failed_at, letter.source
    for found in decode(letter.stage, data, source):
        if isinstance(found, DeadLetter):
            attempts = letter.attempts + 1
            yield msgspec.structs.replace(found, attempts=attempts, first_failed_at=first, source=source)
        else:
            yield msgspec.structs.replace(found, attempts=letter.attempts, first_failed_at=first, origin=source)


def decode(stage: str, data: bytes, origin: Origin) -> Iterator[RawArticle | DeadLetter]:
    """What the bytes hold that this stage takes: one article, or for ``feed`` any number."""
    try:
        match stage:
            case "feed":
                yield from _decode_feed(data, origin)
            case "entry":
                check_size(data)
                yield decode_entry(data)
            case "file":
                yield decode_text(data, origin)
            case "record" | "normalize" | "extract" | "publish" | "queue":
                yield decode_article(data, origin)
            case _:
                raise Unreadable(f"there is no stage {stage!r} whose dead letters can be replayed")
    except OSError:  # no piece is to blame
        raise
    except Exception as error:  # whatever is in one piece, the pieces after it are read
        yield dead_letter(stage, error, data, origin)


def _decode_feed(data: bytes, origin: Origin) -> Iterator[RawArticle | DeadLetter]:
    # A saved feed, and a dead letter all the more, may be as hostile as the one it was.
    if not hasattr(_of_thread, "parser"):
        _of_thread.parser = FeedParser()
    url = origin.url or ""
    feed: ParsedFeed = _of_thread.parser.parse(data, url, {}, None, base_url=url)
    yield from feed.articles
    yield from feed.dead_letters
    if feed.sitemaps:
        raise NotAFeed("this index of sitemaps has no entries itself, and what it names is not fetched; give its URL")
