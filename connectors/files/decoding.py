"""Bytes of one piece of a file or topic to articles, at the stage that takes them; and dead letters tried again."""

from __future__ import annotations

import binascii
import re
import threading
from collections import Counter
from collections.abc import Iterator
from io import BytesIO

import msgspec

from claimwire.connectors.deadletters import dead_letter
from claimwire.connectors.errors import Unreadable
from claimwire.connectors.feeds.parsing import decode_entry, parse_feed_in
from claimwire.connectors.feeds.records import NotAFeed
from claimwire.connectors.files.articles import decode_article
from claimwire.connectors.files.columns import BY_NAME, Columns
from claimwire.connectors.files.jsonvalues import check_size
from claimwire.connectors.files.records import MAX_BYTES
from claimwire.connectors.files.tables import decode_row
from claimwire.connectors.files.text import decode_text
from claimwire.connectors.files.warc import (
    DATE,
    TARGET,
    TRUNCATED,
    TYPE,
    BrokenRecord,
    as_datetime,
    is_warc,
    read_records,
)
from claimwire.connectors.web.pages.page import read_page_in
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.schemas import codec
from claimwire.schemas.records import DeadLetter, Failure, Input, Origin, RawArticle

_OF_FILES = ("feed", "entry", "file", "record", "row", "page")
"""The stages whose origin is where a payload was read; later ones may have the address of the article there."""

# Its child process serves one caller at a time, and ends with the thread that has it.
_of_thread = threading.local()


def replay(letter: DeadLetter, columns: Columns = BY_NAME) -> Iterator[RawArticle | DeadLetter]:
    """Try the payload of a dead letter again, at the stage that refused it.

    What comes out carries on the count of attempts, the time of the first failure and its place in a file. Raises
    OSError where the system, and not the payload, stands in the way.
    """
    try:
        data = codec.payload_bytes(letter)
    except binascii.Error as error:
        failure = Failure(type=type(error).__name__, message=f"the payload is not base64: {error}")
        yield msgspec.structs.replace(letter, attempts=letter.attempts + 1, error=failure)
        return
    if letter.stage == "publish" and (refused := _letter_in(data)):
        yield from replay(refused, columns)
        return
    first, source = letter.first_failed_at, letter.source
    for found in decode(letter.stage, data, source, columns):
        if isinstance(found, DeadLetter):
            attempts = letter.attempts + 1
            yield msgspec.structs.replace(found, attempts=attempts, first_failed_at=first, source=source)
        else:
            read_at = found.input or (place(source) if letter.stage in _OF_FILES else None)
            yield msgspec.structs.replace(
                found, attempts=letter.attempts, first_failed_at=first, origin=source, input=read_at
            )


def _letter_in(data: bytes) -> DeadLetter | None:
    """The dead letter that a topic of dead letters has refused, if it is one."""
    try:
        return codec.decode(data, DeadLetter)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def place(origin: Origin) -> Input | None:
    """The place in a file that an origin names, if it names one."""
    if origin.topic is not None or not origin.url or re.match(r"https?://", origin.url, re.I):
        return None
    return Input(file=origin.url, line=origin.line, offset=origin.offset)


def decode(stage: str, data: bytes, origin: Origin, columns: Columns = BY_NAME) -> Iterator[RawArticle | DeadLetter]:
    """What the bytes hold that this stage takes: one article, or for ``feed`` any number."""
    try:
        match stage:
            case "feed":
                yield from _decode_feed(data, origin)
            case "entry":
                check_size(data)
                yield decode_entry(data)
            case "page":
                yield from _decode_page(data, origin)
            case "row":
                yield decode_row(data, origin, columns)
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
    url = origin.url or ""
    feed = parse_feed_in(_sandbox(), data, url, {}, None, base_url=url)
    yield from feed.articles
    yield from feed.dead_letters
    if feed.sitemaps:
        raise NotAFeed("this index of sitemaps has no entries itself, and what it names is not fetched; give its URL")


def _decode_page(data: bytes, origin: Origin) -> Iterator[RawArticle | DeadLetter]:
    """A page, of which the origin may say more; or the record of a WARC file that a dead letter has."""
    if is_warc(data):
        for each in read_records(BytesIO(data), MAX_BYTES, Counter()):
            if isinstance(each, BrokenRecord):
                raise Unreadable(each.fault)
            yield from _decode_page(each.body, msgspec.structs.replace(origin, headers=each.said))
        return
    said = {name.lower(): value for name, value in origin.headers if value}
    url = said.get(TARGET) or (None if place(origin) else origin.url)
    page = read_page_in(_sandbox(), data, url, said.get(TYPE), as_datetime(said.get(DATE)))
    cut = said.get(TRUNCATED)
    problem = f"the archive has only its beginning (WARC-Truncated: {cut})" if cut else None
    for article in page.articles():
        yield msgspec.structs.replace(article, origin=origin, page_problem=problem)


def _sandbox() -> Sandbox:
    """That of this thread. What was saved, and a dead letter all the more, may be as hostile as when it was fetched."""
    if not hasattr(_of_thread, "sandbox"):
        _of_thread.sandbox = Sandbox()
    sandbox: Sandbox = _of_thread.sandbox
    return sandbox
