"""What a target is told: the matches of a watch as plain text that reads well as a mail and in a chat.

Titles, names and claims are a stranger's text. It is on one line, without control characters, and without what a mail
or a chat would take for more than text: a tag, a link behind other words, a call to everybody in a room. Services that
make HTML of a message escape it themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from claimwire.pipelines.normalize.text import clean
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.headings import on_one_line
from claimwire.schemas import Match

_LONGEST_CLAIM, _LONGEST_TITLE, _LONGEST_NAME, _LONGEST_URL = 700, 200, 120, 2_000
_LONGEST_SUBJECT, _LONGEST_CUE, _SHORT_ID = 120, 40, 8
# Look-alikes of what begins a tag, code, or a mention: a word stays readable, and does nothing.
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "`": "ˋ", "@": "＠"})
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2028\u2029\u2060-\u206f\ufeff\U000e0000-\U000e007f]")
_OPENED = "http", "https"


class Message(NamedTuple):
    """A message, before it has the form of its service."""

    title: str
    body: str


def written(watch: str, matches: Sequence[Match]) -> Message:
    """The message on matches of a watch, in their order, those of one article together."""
    name = _plain(watch, _LONGEST_NAME)
    subject = said(matches[0], _LONGEST_SUBJECT) if len(matches) == 1 else _how_many(matches)
    by_article: dict[str, list[Match]] = {}
    for match in matches:
        by_article.setdefault(match.article_id, []).append(match)
    return Message(f"{name}: {subject}", "\n\n".join(map(_about, by_article.values())))


def trial(watch: str) -> Message:
    """What ``claimwire watches --try`` sends."""
    name = _plain(watch, _LONGEST_NAME)
    return Message(f"{name}: a trial", f"This is a trial of the watch {name} of claimwire. Nothing has matched.")


def _about(matches: Sequence[Match]) -> str:
    """An article, where and when it stands, and what of it has matched."""
    first = matches[0]
    lines = [
        _plain(first.title or "(no title)", _LONGEST_TITLE),
        f"{_outlet(first)} · {_when(first)}",
        link(first.url) or "",
    ]
    for match in matches:
        beside = ", ".join(_beside(match))
        # By the number a reader knows a match again that comes twice.
        known = f"{f' ({beside})' if beside else ''} [{match.id[:_SHORT_ID]}]"
        lines.append(f"– {said(match, _LONGEST_CLAIM)}{known}" if match.text else f"– the article{known}")
    return "\n".join(filter(None, lines))


def said(match: Match, most: int) -> str:
    """Who said what, on one line; of an article its title."""
    if match.text is None:
        return _plain(match.title or "(no title)", most)
    speaker = match.speaker
    who = _plain((speaker.name or speaker.text) if speaker else "Nobody named", _LONGEST_NAME)
    cue = _plain(match.cue or "", _LONGEST_CUE)
    # No quotation marks: most claims are the words of the article, and not the speaker's.
    return f"{who}{f' ({cue})' if ' ' in cue else f' {cue}' if cue else ''}: {_plain(match.text, most)}"


def _how_many(matches: Sequence[Match]) -> str:
    articles = sum(match.of == "article" for match in matches)
    claims = len(matches) - articles
    parts = [counted(claims, "claim")] if claims else []
    return " and ".join(parts + ([counted(articles, "article")] if articles else []))


def _outlet(match: Match) -> str:
    return _plain(match.source.name or match.source.domain or "no outlet", _LONGEST_NAME)


def _when(match: Match) -> str:
    return f"{match.published_at:%-d %b %Y, %H:%M} UTC" if match.published_at else "undated"


def _beside(match: Match) -> list[str]:
    """What else to know of a match."""
    told = []
    if match.of == "thread":
        score = next((reason.score for reason in match.why if reason.condition == "carriers"), None)
        told.append(f"in {score:.0f} articles" if score else "in several articles")
    elif match.thread_id and match.thread_id != match.claim_id:
        told.append("told before")
    return [*told, "in the title"] if match.in_title else told


def _plain(text: str, most: int) -> str:
    """A stranger's text as nothing but text, on one line, of limited length."""
    line = on_one_line(_INVISIBLE.sub("", clean(text))).translate(_HARMLESS).replace("](", "] (")
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def link(url: str | None) -> str | None:
    """An address that a reader may open, with nothing in it that ends or begins something else; None for any other."""
    try:
        parts = urlsplit(clean(url or ""))
        if parts.scheme not in _OPENED or not parts.hostname or len(url or "") > _LONGEST_URL:
            return None
    except ValueError:
        return None
    return quote(parts.geturl(), safe="%/:=&?~#+!$,;'()*-._")
