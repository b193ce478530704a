"""Notices of corrections and updates, known by the words that they begin with."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 1_500
"""Characters. What is longer is an article about corrections."""

_THIS = (
    r"(?:this\s+(?:article|story|post|piece|report|page|headline|item|column|review|interview|version|text|graphic|"
    r"chart|map|caption|video|newsletter|obituary|essay|editorial|summary|list|guide)|the\s+(?:article|story|headline|caption))"
)
_MENDED = r"(?:corrected|updated|amended|clarified|revised|changed|modified)"
_MISTAKE = (
    r"(?:said|stated|misstated|reported|misreported|identified|misidentified|referred|named|misnamed|gave|listed|"
    r"included|described|attributed|quoted|misquoted|misspelled|suggested|claimed|noted|contained|had|showed|used)"
)
_ADDED = (
    r"(?:include|add|reflect|correct|clarify|note|show|remove|more|new|additional|further|"
    r"(?:a\s+)?(?:comments?|details?|quotes?|statements?|information|response|reaction))"
)
_NOTICES = (
    r"(?:editor(?:[’']s|ial|s[’'])?\s+)?(?:corrections?|clarification|corrections? and clarifications?)"
    r"(?:\s+(?:on|appended|notice)\b[^:]{0,40}|[,\s(]+\d[^:.]{0,30}|,[^:.]{0,30}\d{1,4}\)?)?\s*[:—–-]\s*\w",
    rf"an?\s+(?:earlier|previous|original|prior|initial)\s+version\s+of\s+{_THIS}\b",
    rf"{_THIS}\s+(?:was|has been|is|have been)\s+(?:(?!last|first|not)\w+\s+)?{_MENDED}\b",
    rf"{_THIS}\s+(?:(?:originally|previously|initially)\s+{_MISTAKE}|incorrectly|mistakenly|wrongly|erroneously)\b",
    rf"we(?:\s+have|[’']ve)?\s+{_MENDED}\s+{_THIS}\b",
    r"corrects?\s+(?:to|that|the|spelling|name|day|date|typo|headline|paragraph|in)\b.{8}",
    r"update(?:\s+#?\d{1,2})?\s*(?:[(,][^:)]{0,60}\)?|\d{4}-\d\d-\d\d)?\s*[:—–-]\s*"
    r"(?=[^\W\d_]\S*\s+\S+\s+\S+\s+\S+)",
    rf"updated?\b.{{0,60}}?\b(?:to|with)\s+{_ADDED}\b",
    r"(?:editor[’']?s?[’']?|author[’']?s?)\s+note\b.{0,200}\b"
    r"(?:correct|updat|amend|clarif|earlier version|previous version|an error|erroneous|misstat|misspell)",
    r"(?:korrektur|berichtigung|korrigiert|hinweis der redaktion|anm(?:erkung|\.)? der redaktion)\b.{0,200}\b"
    r"(?:version|fassung|korrigiert|geändert|fehler|richtig|hieß)",
    r"in einer (?:früheren|vorherigen|ersten) (?:version|fassung)\b",
    r"une (?:première|précédente) version de cet article|(?:rectificatif|erratum|correction|mise à jour)\s*:",
    r"una versión (?:anterior|previa) de est[ea]|(?:fe de errat(?:as|ores)|corrección|rectificación|aclaración)\s*:",
    r"una (?:precedente|prima) versione di quest|(?:errata corrige|rettifica)\s*:",
    r"uma versão anterior dest[ea]|(?:errata|correção)\s*:",
)
_NOTICE = re.compile(rf"(?:[*(\[•—–-]\s*)?(?:{'|'.join(_NOTICES)})", re.IGNORECASE | re.DOTALL)


def notice_in(paragraphs: Iterable[str]) -> str | None:
    """The first paragraph that tells that the article was corrected or updated, verbatim.

    A date alone ("Updated: 5 May") is none, and neither is a sentence of an article on what somebody else corrected.
    """
    stripped = (paragraph.strip() for paragraph in paragraphs)
    return next((told for told in stripped if len(told) <= LONGEST and _NOTICE.match(told[:400])), None)


_OF_MISTAKE = re.compile(
    r"\b(?:correct|clarif|(?:earlier|previous|original|prior|initial) version|incorrect|mistake|wrong|erron|misst|misid"
    r"|misquot|misspel|misnam|misreport|originally|previously|initially)",
    re.IGNORECASE,
)


def without_mistakes(text: str) -> str:
    """A text without the paragraphs that tell of a mistake in it: they repeat what was never so.

    Notices of updates stay, since what they tell is news.
    """
    if not _OF_MISTAKE.search(text):
        return text
    paragraphs = text.split("\n\n")
    return "\n\n".join(each for each in paragraphs if not (_OF_MISTAKE.search(each[:400]) and notice_in((each,))))
