"""Fact-checks out of files and of what URLs answer: each review, or what is wrong, with its line."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from claimwire.connectors.errors import Unreadable
from claimwire.connectors.factchecks.claimreview import NoReview, reviews_in
from claimwire.connectors.files import jsonvalues
from claimwire.connectors.files.lines import read_lines, read_whole
from claimwire.connectors.files.records import MAX_BYTES
from claimwire.connectors.web.pages.page import read_page_in
from claimwire.connectors.web.sandbox import ParserKilled, Sandbox
from claimwire.schemas.records import ClaimReview

MAX_DOCUMENT = 512 * 1024 * 1024
"""Of a JSON file, after unpacking: it is held in memory as a whole. A file of lines may have any size."""
_OF_LINES = re.compile(r".*\.(jsonl|ndjson)(\.(gz|zst))?", re.IGNORECASE)
_OF_PAGES = re.compile(r".*\.x?html?(\.(gz|zst))?", re.IGNORECASE)
_READ = re.compile(r".*\.(jsonl|ndjson|json|jsonld|x?html?)(\.(gz|zst))?", re.IGNORECASE)
_LIST = re.compile(r'"(?:dataFeedElement|claims|itemListElement)"\s*+:\s*+(?=\[)')
_LOOKED_AT = 4_096
"""Characters in which a feed says that it is one."""


class Problem(NamedTuple):
    """A piece of a file from which no review can be read."""

    line: int | None
    """Counted from 1; None where it is the whole that cannot be read."""
    problem: str


def is_read(name: str) -> bool:
    """Whether a file of this name, which was found in a folder, can have fact-checks."""
    return bool(_READ.fullmatch(name))


def read_file(path: str, sandbox: Sandbox) -> Iterator[ClaimReview | Problem]:
    """The reviews in a file: JSONL with one a line, JSON, or a saved page. Raises OSError, and nothing else."""
    if _OF_LINES.fullmatch(path):
        for line in read_lines(path, MAX_BYTES):
            yield from _of_line(line.number, line.data, line.fault)
        return
    whole = read_whole(path, MAX_DOCUMENT)
    if whole.fault:
        yield Problem(None, whole.fault)
    elif _OF_PAGES.fullmatch(path):
        yield from read_page(whole.data, None, None, sandbox)
    else:
        yield from read_json(whole.data)


def read_page(
    body: bytes, url: str | None, content_type: str | None, sandbox: Sandbox
) -> Iterator[ClaimReview | Problem]:
    """The reviews in a page. Raises OSError where the sandbox cannot be started, and nothing else."""
    try:
        found = read_page_in(sandbox, body, url, content_type, None).article.claim_reviews
    except (ParserKilled, Unreadable) as error:
        yield Problem(None, str(error))
        return
    yield from found or (Problem(None, "a page without ClaimReview in its JSON-LD or microdata"),)


def read_json(body: bytes) -> Iterator[ClaimReview | Problem]:
    """The reviews in JSON: one value, an array, values one after the other, or a DataFeed, each of its elements apart.

    Raises nothing, for any bytes.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        yield Problem(body.count(b"\n", 0, error.start) + 1, f"not UTF-8 at byte {error.start}")
        return
    starts = [0, *accumulate(len(line) for line in text.splitlines(keepends=True))]
    at, end = 0, len(text)
    if text.lstrip()[:1] == "{" and (listed := _LIST.search(text, 0, _LOOKED_AT)):
        at = listed.end()
        end = jsonvalues.end_of_value(text, at) or end
    some = False
    for start, stop, problem in jsonvalues.values_in(text[at:end]):
        some = True
        line = bisect_right(starts, at + start)
        yield from _of_value(line, text[at + start : at + stop].encode(errors="surrogatepass"), problem)
    if not some:
        yield Problem(None, "nothing in it")


def _of_line(number: int, data: bytes, fault: str | None) -> Iterator[ClaimReview | Problem]:
    if fault or data.strip():
        yield from _of_value(number, data, fault)


def _of_value(line: int, data: bytes, problem: str | None) -> Iterator[ClaimReview | Problem]:
    if problem:
        yield Problem(line, problem)
        return
    try:
        found = _decoded(data)
    except jsonvalues.NotAnObject as error:
        yield Problem(line, str(error))
        return
    some = False
    for each in reviews_in(found):
        some = True
        yield Problem(line, each.problem) if isinstance(each, NoReview) else each
    if not some:
        has = jsonvalues.keys(found) if isinstance(found, dict) else "it is no object"
        yield Problem(line, f"no ClaimReview in it ({has})")


def _decoded(data: bytes) -> object:
    """A JSON value; of a key that stands twice the last counts, as browsers have it."""
    jsonvalues.check_size(data)
    try:
        return json.loads(data)
    except UnicodeDecodeError as error:
        raise jsonvalues.NotAnObject(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise jsonvalues.NotAnObject("JSON nested too deeply") from None
    except ValueError as error:
        raise jsonvalues.NotAnObject(f"not JSON: {str(error)[:200]}") from None
