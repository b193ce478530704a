"""From the HTML of a news page to the plain text of its article.

Two libraries, trafilatura and resiliparse, and the page's own JSON-LD each say what they take for the article. What
they say of a block of text, where it stands and how it reads are the features of two logistic regressions in a row: the
second also sees what the first says of the neighbours. So a block that one library loses, or that both take wrongly,
is judged by itself. (A classification of blocks by shallow features: Kohlschütter, Fankhauser and Nejdl, "Boilerplate
Detection using Shallow Text Features", WSDM 2010; the combination of extractors: Bevendorff et al., "An Empirical
Comparison of Web Content Extraction Algorithms", SIGIR 2023.) ``training/pagetext.py`` makes the weights.
"""

from __future__ import annotations

import codecs
import logging
import re

from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree
from trafilatura import bare_extraction

from claimwire.connectors.web.pages.blocks import Block, Page, blocks, parse
from claimwire.connectors.web.pages.features import (
    HEADINGS,
    Features,
    Shingles,
    article_body,
    features,
    judge,
    with_neighbours,
)
from claimwire.connectors.web.pages.rules import is_boilerplate
from claimwire.connectors.web.pages.weights import ALONE, WITH_NEIGHBOURS

LEAST_CHANCE = 0.55
"""The least chance of a block that is kept."""
LEAST_WORDS = 25
"""The fewest words of an article outside of links. What is shorter is a front page, a gallery, a video or an error."""

_SHORTEST_COPY = 15  # words; shorter lines recur, in recipes or statements

# trafilatura's time grows faster than the page in some of its steps.
_MOST_NODES_FOR_TRAFILATURA = 10_000
_LONGEST_FOR_TRAFILATURA = 400_000  # characters of text

_META_CHARSET = re.compile(rb"""<meta[^>]{0,400}?charset\s*=\s*["']?\s*([a-z0-9_:.-]{2,40})""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([a-z0-9_:.-]{2,40})""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HEAD = 4_096
_NO_CHARSETS = frozenset(("idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape"))  # Python's own
# The encoding standard (encoding.spec.whatwg.org, "names and labels"): browsers read the first as the second.
_READ_AS = {
    "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "gb2312": "gb18030",
    "gbk": "gb18030", "euc_kr": "cp949", "shift_jis": "cp932", "utf-7": "cp1252",
}  # fmt: skip


def page_text(html: str) -> str:
    """The article of a page as plain text.

    Args:
        html: The page, of any quality. Only its first 3,000,000 characters and 20,000 elements are read.

    Returns:
        Paragraphs, subheads and block quotes, each apart from the next by an empty line; a newline between list items
        and between table rows, a tab between cells. Captions, credits, bylines, links to other articles and what a
        site says of itself are left out. An empty string when the page has no article.

    Raises:
        Nothing, for any str.

    The time is linear in the length of the page for all that is known, but trafilatura and resiliparse promise none:
    whoever reads what strangers send should run this with a limit of processor time and memory.
    """
    page, described = describe(html)
    return article(page, chances(page, described))


def describe(html: str) -> tuple[Page, list[Features]]:
    """The blocks of a page and what is known of each."""
    parsed = parse(html)
    if parsed is None:
        return Page([], []), []
    root, tree = parsed
    page = blocks(root)
    if not page.blocks:
        return page, []
    candidates = (_by_trafilatura(root, page), _by_resiliparse(tree))
    title = root.findtext(".//title") or ""
    return page, features(page, title, candidates, article_body(root))


def chances(page: Page, described: list[Features]) -> list[float]:
    """For each block of a page the chance that it belongs to the article."""
    first = [judge(of, ALONE) for of in described]
    wider = with_neighbours(described, first, [len(block.tokens) for block in page.blocks])
    return [judge(of, WITH_NEIGHBOURS) for of in wider]


def article(page: Page, chances: list[float]) -> str:
    """The text of the blocks that probably belong to the article."""
    kept: list[Block] = []
    seen = Shingles()
    for block, chance in zip(page.blocks, chances, strict=True):
        if chance < LEAST_CHANCE or is_boilerplate(block):
            continue
        if len(block.tokens) >= _SHORTEST_COPY and seen.share(block.tokens) > 0.75:
            continue  # pages for phones and screens in one have each paragraph twice, others a hidden copy for machines
        seen.add(block.tokens)
        kept.append(block)
    while kept and kept[-1].tag in HEADINGS:  # of what was left out
        kept.pop()
    while kept and kept[0].tag == "h1":  # the title is not of the text
        kept.pop(0)
    if sum(len(block.tokens) for block in kept if block.linked < 0.5) < LEAST_WORDS:
        return ""
    pieces: list[str] = []
    for before, block in zip([None, *kept], kept, strict=False):
        if before is not None:
            same = block.row == before.row >= 0
            cells = block.tag in _CELLS and before.tag in _CELLS
            if same and (cells or block.tag == before.tag == "li"):
                pieces.append("\t" if cells else "\n")
            else:
                pieces.append("\n" if cells else "\n\n")
        pieces.append(block.text)
    return "".join(pieces)


_CELLS = frozenset(("td", "th"))


def _by_trafilatura(root: HtmlElement, page: Page) -> str:
    if len(page.parents) > _MOST_NODES_FOR_TRAFILATURA:
        return ""
    if sum(len(block.text) for block in page.blocks) > _LONGEST_FOR_TRAFILATURA:
        return ""
    try:
        document = bare_extraction(root, fast=True, favor_recall=True, include_comments=False)
    except Exception:  # a page that it cannot read costs its vote only
        return ""
    return str(document.text or "") if document is not None and not isinstance(document, dict) else ""


def _by_resiliparse(tree: HTMLTree | None) -> str:
    if tree is None:
        return ""
    text: str = extract_plain_text(
        tree,
        main_content=True,
        list_bullets=False,
        alt_texts=False,
        links=False,
        form_fields=False,
        noscript=False,
        comments=False,
    )
    return text


logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it reports each page without an article as an error


def decode_html(body: bytes, content_type: str | None) -> str:
    """Decode the body of a page as browsers do (HTML standard, 13.2.3.2).

    Args:
        body: The bytes, without content encoding.
        content_type: The header, e.g. ``text/html; charset=windows-1251``.

    Returns:
        The text: by the byte order mark, else by the header's charset, else by the page's ``meta`` or XML declaration,
        else as UTF-8 if it is that, else by detection. A charset that nobody knows, or under which the bytes cannot be
        read while they are UTF-8, counts as none. What cannot be decoded becomes U+FFFD.

    Raises:
        Nothing.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    try:
        return body.decode("utf-8")  # other text of some length is never UTF-8 by chance
    except UnicodeDecodeError:
        pass
    head = body[:_HEAD]
    named = [found[1] for found in (_CHARSET.search(content_type or ""),) if found]
    named += [found[1].decode("ascii") for found in (_META_CHARSET.search(head), _XML_ENCODING.search(head)) if found]
    for name in named:
        known = _known(name)
        if known is None or (known.startswith("utf-16") and b"\0" not in head):
            continue
        text = body.decode(known, "replace")
        if known != "utf-8" or text.count("\ufffd") * 50 <= len(body):  # else it says so and is not
            return text
    return body.decode(_known(detect_encoding(body[:100_000])) or "utf-8", "replace")


def _known(name: str | None) -> str | None:
    """The name of Python's codec for a charset, or ``None``."""
    try:
        info = codecs.lookup((name or "").strip().lower())
    except (LookupError, ValueError):
        return None
    if not info._is_text_encoding or info.name.replace("-", "_") in _NO_CHARSETS:
        return None
    return _READ_AS.get(info.name, info.name)
