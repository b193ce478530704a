"""Credits: where a text says who took a picture or wrote the article. Nobody speaks there, and no "he" is meant.

A credit is known by its form, not by its names: a dateline with an agency, a label ("Photo: Ann Lee"), two names with a
slash between ("Ann Lee/The Star") on a line of their own, in brackets or behind a caption, an agency that stands alone,
a sign of copyright, a byline. Only agencies have a list (``connectors.web.pages.agencies``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from claimwire.connectors.web.pages.agencies import CREDITED
from claimwire.pipelines.extract.entities.names import is_first_name
from claimwire.pipelines.extract.spans import merge
from claimwire.pipelines.extract.wordlists import any_of, cue_verbs
from claimwire.schemas import Span

# Possessive quantifiers: a name is taken whole or not at all, and no text costs more than its length.
_WORD = r"(?:(?:[A-ZÀ-Þ][a-z]{0,2}\.){1,3}|[A-ZÀ-Þ][\w’'&-]{0,30}+)"
_NAME = rf"{_WORD}(?: (?:(?:de|van|von|der|bin|al|la|du|di|da|el|of|the|to|&) ){{0,2}}{_WORD}){{0,5}}+"
_AGENCY = rf"(?:{any_of(CREDITED)})(?: (?i:photos?|images?|pool|file|archives?|video))?"
_JOINT = r"(?: ?[/|] ?|, | and | via | for | in | courtesy of | / )"
_NAMES = rf"{_NAME}(?:{_JOINT}(?:the )?{_NAME}){{0,5}}+"
_KIND = (
    r"(?i:(?:file |stock |handout |cover |main |lead |undated )?"
    r"(?:photo(?:graph|graphy|graphs|s)?|pictures?|images?|illustrations?|graphics?|photographers?|video|artwork))"
)
_LABEL = re.compile(
    rf"(?:^|(?<=[.!?…”\"’)\]|] ))(?:{_AGENCY} )?"
    rf"(?:{_KIND}(?i: credits?| courtesy| illustration)?(?:(?i: by| courtesy of| via|: by|:| ?[–—-]) | ?/ ?|:)"
    r"|(?i:credits?(?: line)?|caption|picture by|courtesy(?: of)?): ?)"
    rf"{_NAMES}(?! ?[a-z])",
    re.MULTILINE,
)
_STAFF = re.compile(
    r"(?:^|(?<=[.!?…;”\")\]] )|(?<=[(\[]))(?i:additional )?(?i:reporting|writing|editing|edited|words|written|compiled|"
    rf"graphics?|production)(?: and (?:writing|editing|reporting))?(?: by|:| by:) {_NAMES}(?! ?[a-z])",
    re.MULTILINE,
)
_BRACKET = re.compile(r"[(\[] ?([^()\[\]\n]{2,120}+) ?[)\]]")
_IN_BRACKET = re.compile(
    rf"(?:{_AGENCY} |{_NAME} )?{_KIND}(?:$| ?[:/]|(?i: by| courtesy| credit| provided| via) ?)|"
    rf"(?i:credits?|via|source):? {_NAME}$"
)
_SLASHED = re.compile(rf"(?<![\w/.@-])(?P<first>{_NAME})(?P<more>(?: ?[/|] ?(?:the )?{_NAME}){{1,4}}+)")
_BEHIND = re.compile(r"(?:,? (?:[Ff]ile|FILE|[Pp]ool|[Hh]andout)| via [A-Z][\w ]{1,30}+)?[ .]*$", re.MULTILINE)
_AGENCIES = re.compile(
    rf"^(?:{_NAME}(?: (?:via|for)|,|/| /| \|)? ?)?(?<![\w’'-]){_AGENCY}"
    rf"(?:(?: via |/| / |, |,? )(?:{_AGENCY}|{_NAME}))?$",
    re.MULTILINE,
)
_ALONE = re.compile(rf"{_AGENCY}(?: ?/ ?{_AGENCY})*$")
_AGENCY_IN = re.compile(rf"(?<![\w’'-])(?:{_AGENCY})(?![\w’'-])")
_CAPITALS = re.compile(rf"{_NAME}(?:(?: ?[/|] ?|, ?| via | for ){_NAME}){{0,5}}$")
_FOR = re.compile(rf"^({_WORD})(?: {_WORD}){{1,3}}+ (?:for|via) [Tt]he {_NAME}$", re.MULTILINE)
_COPYRIGHT = re.compile(rf"(?:©|\([cC]\)) ?(?:[Cc]opyright )?(?:\d{{4}}(?:[–-]\d{{2,4}})? )?(?:[Bb]y )?{_NAMES}")
_BYLINE = re.compile(
    rf"^(?:By|BY|Words by|Story by|Text by|Interview by) {_NAME}(?:(?:, and |, | and | & ){_NAME}){{0,5}}+"
    r"(?=\s*(?:$|[|,(–—-]| (?:for|in|at) ))",
    re.MULTILINE,
)
DATELINE = re.compile(
    r"^[A-Z][A-Z.'’-]{1,20}(?: [A-Z][A-Z.'’-]{1,20}){0,3}(?:, [A-Z][\w.]{0,20}(?: [A-Z]\w{0,20})?,?)? ?"
    r"(?P<by>\([^()\n]{2,30}\) ?)?[—–-]{1,2}\s",
    re.MULTILINE,
)
"""Where an article was written, and for whom: "BERLIN (Reuters) — ...", "SEOUL, South Korea - ..."."""
_STOPS = '.!?…”"’)]'
_LONGEST_LINE = 160
"""A byline, or a line that is nothing but a credit, is not longer."""


def find_credits(text: str) -> list[Span]:
    """The credits of a text as spans, in order, disjoint. Takes time linear in the length of the text."""
    return merge(_credits(text))


def _credits(text: str) -> Iterator[Span]:
    for pattern in (_LABEL, _STAFF):
        yield from (match.span() for match in pattern.finditer(text))
    for match in _BYLINE.finditer(text):
        line = _line(text, match)
        if len(line) <= _LONGEST_LINE and line.rstrip()[-1] not in _STOPS:
            yield match.span()
    for match in _BRACKET.finditer(text):
        if _is_bracketed(text, match):
            yield match.span()
    if "/" in text or "|" in text:
        yield from (span for match in _SLASHED.finditer(text) if (span := _slashed(text, match)) is not None)
    for match in _AGENCIES.finditer(text):
        if not any(word.lower() in cue_verbs() for word in match.group().split()):
            yield match.span()
    yield from (match.span() for match in DATELINE.finditer(text) if match["by"])
    for match in _FOR.finditer(text):
        if is_first_name(match[1]):
            yield match.span()
    if "©" in text or "(c)" in text.lower():
        yield from (match.span() for match in _COPYRIGHT.finditer(text))


def _line(text: str, match: re.Match[str]) -> str:
    """The line that begins with a match, as far as it matters."""
    end = text.find("\n", match.end(), match.start() + 2 * _LONGEST_LINE)
    return text[match.start() : end if end >= 0 else match.start() + 2 * _LONGEST_LINE]


def _is_bracketed(text: str, match: re.Match[str]) -> bool:
    """ "(Photo by Ann Lee)", "(Ann Lee/The Star)", "(AP)" behind a sentence; not "The Associated Press (AP) said"."""
    inner = match[1].strip()
    if _IN_BRACKET.match(inner):
        return True
    if _CAPITALS.match(inner) is None:
        return False
    if _ALONE.match(inner):
        before = text[max(0, match.start() - 2) : match.start()].rstrip(" ")
        return before[-1:] in _STOPS or before[-1:] in {"", "\n"} or text[match.end() : match.end() + 1] in {"", "\n"}
    slashed = _SLASHED.fullmatch(inner)
    return _AGENCY_IN.search(inner) is not None or (slashed is not None and " " in slashed["first"])


def _slashed(text: str, match: re.Match[str]) -> Span | None:
    """Names with a slash between where nothing but a credit can stand: on a line of their own, or at the end of one."""
    behind = _BEHIND.match(text, match.end())
    if behind is None:
        return None
    agency = _AGENCY_IN.search(match["more"]) or _ALONE.match(match["first"])
    if not agency and " " not in match["first"]:
        return None
    before = text[max(0, match.start() - 3) : match.start()].rstrip(" ")
    if agency or before[-1:] in {"", "\n"} or before[-1:] in _STOPS:
        return match.start(), behind.end()
    return None
