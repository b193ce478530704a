"""HTML to plain text, paragraphs kept."""

from __future__ import annotations

import re
from html import unescape

from resiliparse.extract.html2text import extract_plain_text

# The element names of HTML (living standard) and the old ones that feeds still carry. They tell "<b>" from "x<y".
_NAMES = (
    "a|abbr|acronym|address|area|article|aside|audio|b|base|bdi|bdo|big|blink|blockquote|body|br|button|canvas|caption|"
    "center|cite|code|col|colgroup|data|datalist|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|fieldset|figcaption|"
    "figure|font|footer|form|frame|frameset|h[1-6]|head|header|hgroup|hr|html|i|iframe|img|input|ins|kbd|label|legend|"
    "li|link|main|map|mark|marquee|math|menu|meta|meter|nav|nobr|noframes|noscript|object|ol|optgroup|option|output|p|"
    "param|picture|plaintext|pre|progress|q|rp|rt|ruby|s|samp|script|search|section|select|slot|small|source|span|"
    "strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|"
    "ul|var|video|wbr|xmp"
)
_TAG = re.compile(rf"</?(?:{_NAMES})(?=[\s/>])|<!--", re.IGNORECASE)
# A "<" before a letter that opens no element, as in "x<y" or "<jane@example.org>". "o:p" and "my-card" are elements.
_NO_TAG = re.compile(rf"<(?=[a-z])(?!(?:{_NAMES})(?![a-z0-9@.])|[a-z0-9]*[:-][a-z])", re.IGNORECASE)
_OPENS = re.compile(rf"\s*<(?:{_NAMES})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_CLOSES = re.compile(rf"</(?:{_NAMES})\s*>|<(?:br|hr|img)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_LINK = re.compile(r"<a\s+href=[^<>]*>[^<>]*</a>", re.IGNORECASE)

# The HTML standard's way with misnested elements takes quadratic time (measured: 20,000 times "<b><i><u><a>" 1.1 s,
# 80,000 times 17 s). No article has so many elements; what has is cut at its tags instead, in one pass.
MOST_TAGS = 20_000
"""The most tags of what is read by the HTML standard's rules."""
# Nor has a tag so many attributes: each is compared with all before it (80,000 take 15 s). None of them is text, so a
# long tag loses them. A quotation mark opens a value behind "=" only, and ">" within it ends nothing.
_TAG_AND_ATTRIBUTES = re.compile(r"""<(/?[a-z][^\s/>]*+)((?:=\s*(?:"[^"]*"|'[^']*')|[^>])*+)(>?)""", re.IGNORECASE)
_LONGEST_TAG = 2_000
_MARKUP = re.compile(r"<(/?)([a-z][a-z0-9]*)?[^<>]*>", re.IGNORECASE)
_UNSEEN = frozenset(("script", "style", "template", "noscript", "iframe", "textarea", "select", "object", "title"))
_BREAKS = {"br": "\n", "li": "\n", "tr": "\n", "dt": "\n", "dd": "\n", "td": "\t", "th": "\t"} | dict.fromkeys(
    ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "table", "ul", "ol", "section"), "\n\n"
)

_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_LINE_EDGES = re.compile(r"[ \t\r\f\v]*\n[ \t\r\f\v]*")
_MANY_BREAKS = re.compile(r"\n{3,}")
_TABS = re.compile(r" *\t[ \t]*")
# Soft hyphens and zero-width spaces tell where a word may break, joiners and byte order marks where none may: nobody
# sees them, and "Pales\xadtine" is not a name to look for. Joiners of letters are spelling in Persian or Hindi and make
# emoji; beside Latin letters alone they are marks by which a publisher knows its copies.
_UNSEEN_MARKS = re.compile("[\u00ad\u200b\u2060\ufeff]|(?<![^\0-\u024f])[\u200c\u200d]+(?![^\0-\u024f])")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Python refuses to read a number of more than 4,300 digits, and takes quadratic time up to there.
_NO_CHARACTER = re.compile("&#[0-9]{100,};?")


def to_text(html: str) -> str:
    """Turn HTML, or text that may be HTML, into plain text.

    Args:
        html: a document or a fragment, of any quality. Text in which no element stands counts as plain text: its
            character references are resolved, blank lines separate its paragraphs, and ``<`` stays where it opens
            nothing. Markup that was encoded once too often is decoded first: no element stands in the text, but
            decoded it begins with one or has a whole link in it. Markup that an article shows (``use &lt;b&gt;``)
            stays.

    Returns:
        The text without scripts, styles, comments, form fields, images' descriptions and marks that nobody sees, such
        as soft hyphens. An empty line separates paragraphs; one newline separates lines, list items and table rows; a
        tab separates cells. No character is invented; lone surrogates become U+FFFD. White space at either end is
        removed; the result may be empty.

    Raises:
        Nothing, for any str. The time is linear in its length.
    """
    if _SURROGATE.search(html):
        html = html.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "<![CDATA[" in html:  # of a feed that encoded its CDATA sections; an HTML parser would take them for comments
        html = html.replace("<![CDATA[", "").replace("]]>", "")
    if not _TAG.search(html):
        text = resolved(html) if "&" in html else html
        if not ((_OPENS.match(text) and _CLOSES.search(text)) or _LINK.search(text)):
            paragraphs = _BLANK_LINES.split(_UNSEEN_MARKS.sub("", text).strip())
            return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
        html = text
    html = _NO_TAG.sub("&lt;", html)
    html = without_long_tags(html)
    return _tidy(_extract(html) if html.count("<") <= MOST_TAGS else _cut(html))


def resolved(text: str) -> str:
    """The text with its character references resolved, as the HTML standard has it (13.2.5.73), whatever it is."""
    return unescape(_NO_CHARACTER.sub("\ufffd", text))


def without_long_tags(html: str) -> str:
    """The HTML without the attributes of tags of more than 2,000 characters: parsers compare each with all others."""
    return _TAG_AND_ATTRIBUTES.sub(_without_many_attributes, html) if len(html) > _LONGEST_TAG else html


def without_unseen(text: str) -> str:
    """The text without soft hyphens, zero-width spaces and other marks that nobody sees."""
    return _UNSEEN_MARKS.sub("", text)


def _without_many_attributes(tag: re.Match[str]) -> str:
    if len(tag[2]) <= _LONGEST_TAG:
        return tag[0]
    return f"<{tag[1]}>" if tag[3] else ""  # without an end it is dropped with all after it, as a parser does


def _extract(html: str) -> str:
    text: str = extract_plain_text(
        html,
        preserve_formatting=True,  # without it paragraphs run together
        main_content=False,
        list_bullets=False,
        alt_texts=False,
        links=False,
        form_fields=False,
        noscript=False,
        comments=True,  # what is marked as a reader's comment; leaving it out would be a guess about class names
    )
    return text


def _cut(html: str) -> str:
    """What ``_extract`` does, roughly, in linear time for any input."""
    pieces: list[str] = []
    end = 0
    unseen = ""
    for markup in _MARKUP.finditer(html):
        closing, name = markup[1], (markup[2] or "").lower()
        if not unseen:
            pieces += " ".join(re.split(r"\s+", html[end : markup.start()])), _BREAKS.get(name, "")
            unseen = name if name in _UNSEEN and not closing else ""
        elif closing and name == unseen:
            unseen = ""
        end = markup.end()
    if not unseen:
        pieces.append(html[end:])
    return resolved("".join(pieces))


def _tidy(text: str) -> str:
    """Take the indentation of lists and quotations away, the room around cells, and what nobody sees."""
    text = without_unseen(text)
    if "\t" in text:
        text = _TABS.sub("\t", text)
    return _MANY_BREAKS.sub("\n\n", _LINE_EDGES.sub("\n", text)).strip()
