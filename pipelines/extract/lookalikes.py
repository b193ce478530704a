"""What looks like a claim and is none: nobody's belief, a greeting, a question, a command, a song, the publisher."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.wordlists import cue_nouns, cue_verbs, sections
from claimwire.schemas import Span

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FIRST = frozenset({"i", "we"})
_ASKING = re.compile(
    r"\W*(?:who|what|when|where|why|how|which|is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|"
    r"may|might|must)\b",
    re.IGNORECASE,
)
_INDIRECT_QUESTION = re.compile(r"\W*(?:whether|if|how|what|when|where|why|who|which|about)\b", re.IGNORECASE)
_WOULD = re.compile(r"(?:would|could|might|should|may|must|can)(?: not|n['’]t)?(?: have)? ", re.IGNORECASE)
_SUPPOSED = frozenset({"say", "argue", "think", "believe", "claim", "guess", "suppose", "tell", "add", "know"})
_MARKS = frozenset("\"“”„«「'‘")
_GREETING = frozenset({"say", "tell", "post", "tweet", "find"})
_CALLS = frozenset({"called", "calls", "call", "calling", "phoned", "rang"})
_NAMED = re.compile(r"\b(?:known|nicknamed|titled|entitled|named|dubbed)\b")
_PLAIN_WORD = re.compile(r"[^\W\d_]+")
_POINTS = re.compile("[:―—–-]")
_NO_ONE = re.compile(r"[Nn]o [a-z]")
_ASKED = re.compile(r"(?:was|were|is|are|been|being|when) ")
# Before an "asked" that is passive stands a small word ("when asked if he would go"), or nothing at all.
_BEING = re.compile(r"(?:^|[.!?][\"”’]?\s|\b(?:when|if|once|was|were|is|are|been|being)\s)$", re.IGNORECASE)
_NOTES = re.compile("[♪♫♬]")
_LABEL = re.compile(r"\W*([^\W_][^:\n]{0,30}):\s")
_END = re.compile(r"[.!?](?=[\s\"”’')]|$)")
_AFTER_GREETING = frozenset({
    "again", "and", "at", "before", "for", "from", "in", "on", "once", "to", "twice", "with", "without", "you",
})  # fmt: skip
_POSSESSIVE = frozenset({"his", "her", "their", "its", "my", "our", "your", "the", "a"})


class Lookalikes:
    """Tells the claims of one article from what only looks like one."""

    def __init__(self, text: str, paragraphs: Sequence[Span], quotes: Sequence[Quote]) -> None:
        self._text = text
        self._paragraphs = paragraphs
        self._quotes = quotes
        self._opens = [quote.start for quote in quotes]
        self._printed: dict[Span, bool] = {}

    def claims(self, draft: Draft) -> bool:
        """Whether a draft is a claim of somebody."""
        at = draft.cue[0][0] if draft.cue else draft.content[0][0]
        around = self._paragraphs[max(0, bisect_right(self._paragraphs, (at, len(self._text))) - 1)]
        if around not in self._printed:
            self._printed[around] = self._is_printed(around)
        if self._printed[around]:
            return False
        if not draft.cue:
            return True
        return not (
            self._empty(draft)
            or self._voiceless(draft)
            or self._measures(draft)
            or self._cites(draft)
            or self._nobodys(draft)
            or self._calls(draft)
            or self._greets(draft)
            or self._asks(draft, around)
            or self._sings(draft)
            or self._orders(draft, around)
        )

    def _quoted(self, offset: int) -> bool:
        at = bisect_right(self._opens, offset) - 1
        return at >= 0 and self._quotes[at].end > offset

    def _is_printed(self, paragraph: Span) -> bool:
        """Whether a paragraph is a song or comes from the publisher."""
        text = self._text[paragraph[0] : paragraph[1]]
        lower = text[:400].lower()
        if _NOTES.search(text) or any(words in lower for words in sections("lookalikes.txt")["publisher"]):
            return True
        label = _LABEL.match(text)
        if label is None:
            return False
        name = re.sub(r"[\s\d.]+$", "", label[1].lower())
        return name in sections("labels.txt")["nobody"] or _VERSE.match(name) is not None

    def _empty(self, draft: Draft) -> bool:
        """Small words alone, in which a tagger sees a cue or content: "we | want | this", "about | the crisis"."""
        if draft.rule != "tagger":
            return False
        small = sections("lookalikes.txt")["small"]
        said = " ".join(self._text[start:end] for start, end in draft.content)
        if all(word in small for word in _PLAIN_WORD.findall(said.lower())) and not self._quoted(draft.content[0][0]):
            return True
        cue = _PLAIN_WORD.findall(self._cue(draft))
        return all(word in small for word in cue) if cue else not (draft.speaker or _POINTS.search(self._cue(draft)))

    def _voiceless(self, draft: Draft) -> bool:
        """ "Thinking about a move": of 13 such participles without a speaker in 60 held-out articles none was right."""
        words = _PLAIN_WORD.findall(self._cue(draft))
        doing = any(word.endswith("ing") and word not in cue_nouns() for word in words)
        return draft.rule == "tagger" and doing and not draft.speaker and not draft.alleged

    def _measures(self, draft: Draft) -> bool:
        """ "Paid according to the number of minutes": what others are measured by says nothing."""
        word = self._text[draft.head[0] : draft.head[1]].lower()
        return draft.lemma == "according to" and word in sections("lookalikes.txt")["measures"]

    def _nobodys(self, draft: Draft) -> bool:
        """ "Nobody said", "one might argue", "I think" of the writer, "it goes without saying"."""
        who = self._speaker(draft)
        cue = self._cue(draft)
        outside = not self._quoted(draft.cue[0][0])
        if outside and (who in sections("lookalikes.txt")["nobody"] or self._none(draft)):
            return True
        if outside and ((who in _FIRST and draft.class_ == "cognition") or (who == "i" and draft.class_ != "speech")):
            return True
        before = self._text[max(0, draft.cue[0][0] - 10) : draft.cue[0][0]].lower()
        if any(phrase in before + cue for phrase in sections("lookalikes.txt")["phrases"]):
            return True
        return draft.lemma in _SUPPOSED and _WOULD.match(cue) is not None and outside

    def _none(self, draft: Draft) -> bool:
        """ "No member has ever claimed ..."; "No Labels" is a body."""
        return bool(draft.speaker) and _NO_ONE.match(self._text, draft.speaker[0][0]) is not None

    def _speaker(self, draft: Draft) -> str:
        return " ".join(self._text[start:end] for start, end in draft.speaker).lower()

    def _cue(self, draft: Draft) -> str:
        return " ".join(self._text[start:end] for start, end in draft.cue).lower()

    def _greets(self, draft: Draft) -> bool:
        """ "Said goodbye", "said their prayers", "posted a photograph", "found herself out of work"."""
        if draft.lemma not in _GREETING or len(draft.content) > 1 or self._quoted(draft.content[0][0]):
            return False
        start, end = draft.content[0]
        words = [match.group().lower() for match in _WORD.finditer(self._text, start, min(end, start + 40))]
        while words and words[0] in _POSSESSIVE:
            words.pop(0)
        if draft.lemma == "find":
            return bool(words) and words[0].endswith(("self", "selves"))
        if draft.lemma in {"post", "tweet"}:
            return not sections("lookalikes.txt")["shown"].isdisjoint(words[:3])
        if draft.lemma == "tell":
            return bool(words) and words[0] in sections("lookalikes.txt")["told"]
        greeting = bool(words) and words[0] in sections("lookalikes.txt")["greetings"]
        return greeting and (len(words) == 1 or words[1] in _AFTER_GREETING)

    def _cites(self, draft: Draft) -> bool:
        """A cue within a title or quotation has its speaker there, too: the band played “Say It Was Rain”."""
        start, end = draft.cue[0][0], draft.cue[-1][1]
        inside = self._quoted(start) and self._quoted(end)
        return inside and bool(draft.speaker) and not self._quoted(draft.speaker[0][0])

    def _calls(self, draft: Draft) -> bool:
        """Names and telephones: "known as “Fat Boy”", "called her mother"."""
        cue = self._cue(draft)
        if (
            not draft.speaker
            and _NAMED.search(cue)
            and any(self._quoted(b - 1) or self._text[a] in _MARKS for a, b in draft.content)
        ):
            return True
        start, end = draft.content[0]
        words = self._text[start:end].split()
        some = len(words) == 1 or (len(words) == 2 and words[0].lower() in _POSSESSIVE)
        return cue in _CALLS and len(draft.content) == 1 and some and _MARKS.isdisjoint(self._text[start:end])

    def _asks(self, draft: Draft, paragraph: Span) -> bool:
        """Questions to the reader, and those that reporters put."""
        cue_start, cue_end = draft.cue[0][0], draft.cue[-1][1]
        if self._quoted(cue_start):
            return False
        content_start, content_end = draft.content[0][0], draft.content[-1][1]
        said = self._text[content_start:content_end].rstrip("\"”’' ")
        interviewing = self._speaker(draft) in sections("labels.txt")["interviewer"]
        labelled = draft.rule == "tagger" and self._cue(draft) == ":"
        if labelled and said.endswith("?") and "." not in said and not self._quoted(content_start):
            return True
        if interviewing and "?" in (said[-1:], self._text[content_end : content_end + 1]):
            return True
        if self._speaker(draft) in sections("lookalikes.txt")["reporters"] and said.endswith("?"):
            return True
        if draft.lemma == "ask" and not self._quoted(content_start):
            who = self._speaker(draft)
            asked = _INDIRECT_QUESTION.match(self._text, content_start) or "about" in self._cue(draft)
            if (not who and asked) or who in sections("lookalikes.txt")["reporters"]:
                return True
            before = self._text[paragraph[0] : cue_start]
            if _ASKED.match(self._cue(draft)) or (self._cue(draft).startswith("asked") and _BEING.search(before)):
                return True
        end = _END.search(self._text, max(cue_end, content_end - 1), paragraph[1])
        if end is None or end.group() != "?" or self._quoted(end.start()):
            return False
        first = max((m.end() for m in _END.finditer(self._text, paragraph[0], cue_start)), default=paragraph[0])
        return _ASKING.match(self._text, first) is not None and min(cue_start, content_start) >= first

    def _sings(self, draft: Draft) -> bool:
        songs = sections("lookalikes.txt")["songs"]
        start, end = draft.cue[0][0], draft.cue[-1][1]
        behind = self._text[end : end + 14].lower() if self._cue(draft) in {"goes", "went", "runs", "ran"} else ""
        singer = _WORD.findall(self._speaker(draft))[-1:]
        return (
            draft.lemma in songs
            or self._cue(draft) in songs
            or (not songs.isdisjoint([*singer, *_WORD.findall(behind)]) and not self._quoted(start))
        )

    def _orders(self, draft: Draft, paragraph: Span) -> bool:
        """ "Report any fault": the cue begins the sentence, and nobody does it."""
        if draft.speaker or draft.alleged:
            return False
        start = draft.cue[0][0]
        before = self._text[paragraph[0] : start].rstrip(" \"“‘'")
        word = self._text[start : draft.cue[0][1]]
        return (not before or before[-1] in ".!?:") and draft.lemma == word.lower() and draft.lemma in cue_verbs()


_VERSE = re.compile(r"(?:verse|chorus|refrain|bridge|\[?chorus\]?)\b")
