"""Article text files: the title, the date, the URL, then a paragraph per line."""

from __future__ import annotations

import re

from claimwire.connectors.errors import Unreadable
from claimwire.schemas.records import Origin, RawArticle

_DATE = re.compile(r"\d{8}|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|[+-]\d\d:?\d\d)?)?", re.I)


def decode_text(data: bytes, origin: Origin) -> RawArticle:
    """An article text file: the title, the date (``20220404`` or RFC 3339), the URL, then a paragraph a line.

    It is UTF-8, with or without BOM, with any line ends; blank lines are left out. Raises Unreadable.
    """
    try:
        lines = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start}") from None
    lines = [line.strip() for line in lines if line.strip()]
    if not has_text_layout(lines):
        raise Unreadable(
            "not an article text file: line 1 must be the title, line 2 the date (20220404 or RFC 3339), "
            "line 3 the URL (http or https), and the text follows, a paragraph a line"
        )
    title, date, url, *paragraphs = lines
    published = f"{date[:4]}-{date[4:6]}-{date[6:]}" if len(date) == 8 else date
    return RawArticle(url=url, title=title, text="\n".join(paragraphs), published=published, origin=origin)


def has_text_layout(lines: list[str]) -> bool:
    """Whether these lines without the blank ones begin as an article text file does."""
    return len(lines) > 2 and bool(_DATE.fullmatch(lines[1]) and re.match(r"https?://[^\s/]", lines[2], re.I))
