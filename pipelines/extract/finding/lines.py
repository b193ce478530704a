"""Claims by the form of a line, without a parse: headlines, dialogue, quotations signed with a name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claimwire.pipelines.extract import reject
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.finding.dialogue import Line, is_named, label, turns
from claimwire.pipelines.extract.finding.voices import Voices
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.rules import DIALOGUE, HEADLINE, SIGNED, Rule
from claimwire.pipelines.extract.spans import trim
from claimwire.pipelines.extract.wordlists import cue_verbs, sections
from claimwire.schemas import Entity, Span

_DASH = r"(?P<cue>[―—–]|--?)"
_NAME = r"(?P<who>[^\W_][^\n\"“”«»!?;:]{1,90})"
_SIGNED = re.compile(rf"[,.]?\s*{_DASH}\s*{_NAME}$")
_SIGNATURE = re.compile(rf"{_DASH}\s*{_NAME}$")
# The occasion of a signed quotation, not who signs it.
_OCCASION = re.compile(
    r"\.?$|,? (?:in|on|at|to|after|before|during|when|from|via|speaking|writing|tweeting|talking|responding)\b"
)
_BEHIND = re.compile(r"(?P<said>.{8,}?)(?:\s(?P<dash>[―—–]|--?)|(?P<colon>:)) (?P<who>[^,;:.!?―—–]{2,40})\.?$")
_SIGNED_OFF = re.compile(r"\s[―—–-] [^\W\d_]+(?: [^\W\d_]+)?\.$")
_VERBED = re.compile(r"(?:(?<=,)|(?<=[’'”\"])) (?P<cue>[^\W\d_]+) (?P<who>[^,;:.!?]{2,50})\.?$")
_OPENING = "\"“„«「'‘"
_CLOSING = "\"”“»」'’.!?"
_SPOKEN = re.compile(r"(?<= )[a-z]+\b")
# "The mine is closing. — Ann Lee (@annlee) May 3, 2021"
_POSTED = re.compile(
    r"(?P<said>[^\n]{8,1000}?)(?:\s+(?:pic\.twitter\.com|https?://|t\.co)\S*)*\s*(?P<cue>[―—–]|--?) ?"
    r"(?P<who>[^\W_][^\n―—–()]{0,50} \(@\w{1,20}\))(?:,? [A-Z][a-z]+ \d{1,2}, \d{4})?$"
)
# The same on two lines, as an embedded post is saved.
_POSTED_BY = re.compile(
    r"\s*(?P<cue>[―—–]|--?) ?(?P<who>[^\W_][^\n―—–()]{0,50} \(@\w{1,20}\))(?:,? [A-Z][a-z]+ \d{1,2}, \d{4})?$"
)
_LINKS = re.compile(r"(?:\s+(?:pic\.twitter\.com|https?://|t\.co)\S*)+$")
_SHORTEST_POST = 4
"""Words."""
_LITTLE = frozenset(
    {"a", "an", "the", "his", "her", "their", "its", "he", "she", "it", "they", "we", "i", "this", "one"}
)
_LONGEST = 20
"""A headline has no more words."""


def find_in_lines(article: Article, entities: Sequence[Entity]) -> list[Draft]:
    """The drafts that the form of lines shows, in the order of the text."""
    text, paragraphs = article.text, article.paragraphs
    voices = Voices(text, entities)
    labels = [label(text, span) for span in paragraphs]
    in_dialogue = turns(text, labels, voices)
    spoken = [
        (text[slice(*line.who)], text[slice(*line.said)])
        for line, turn in zip(labels, in_dialogue, strict=True)
        if line and turn
    ]
    asking, narrating = reject.interviewers(spoken), reject.narrators(spoken)
    ends = {quote.end: quote for quote in article.quotes if len(text[quote.start : quote.end].split()) > 2}
    drafts: list[Draft] = []
    for index, (start, end) in enumerate(paragraphs):
        line = labels[index]
        following = paragraphs[index + 1] if index + 1 < len(paragraphs) else (end, end)
        signed = _signed(text, (start, end), following, ends, voices) or _posted(text, (start, end), following)
        if signed is not None:
            drafts.append(_draft(text, SIGNED, signed, (start, max(end, signed.who[1]))))
        elif line is not None and in_dialogue[index]:
            who, said = text[slice(*line.who)], text[slice(*line.said)]
            if who not in asking and not reject.is_interview_question(who, said):
                draft = _draft(text, DIALOGUE, line, (start, end))
                draft.signs |= dict.fromkeys([reject.NARRATES] if who in narrating else [], 1.0)
                drafts.append(draft)
        elif _is_headline(text[start:end]):
            found = (
                _labelled(text, line, voices) or _verbed(text, start, end, voices) or _behind(text, start, end, voices)
            )
            if found is not None:
                drafts.append(_draft(text, HEADLINE, found, (start, end)))
        elif (
            line is not None
            and text[line.said[0]] in _OPENING
            and text[end - 1] in _CLOSING
            and _labelled(text, line, voices)
        ):
            drafts.append(_draft(text, DIALOGUE, line, (start, end)))
    return drafts


def _is_headline(line: str) -> bool:
    """A line of few words that is not a sentence: it ends without a full stop or is signed ("... - officials.")."""
    whole = line[-1] in ".!;:," and _SIGNED_OFF.search(line) is None
    return not whole and "\n" not in line and 3 <= len(line.split()) <= _LONGEST


def _signed(text: str, span: Span, following: Span, ends: dict[int, Quote], voices: Voices) -> Line | None:
    """A quotation and the name below or behind it: "We will fight." - Ann Lee."""
    start, end = span
    quote = next((ends[at] for at in range(end, max(start, end - 100), -1) if at in ends), None)
    if quote is None or quote.start != start:
        return None
    match = _SIGNED.match(text, quote.end, end) if quote.end < end else _SIGNATURE.match(text, *following)
    if match is None or len(match["who"].split()) > 12:
        return None
    stop = _OCCASION.search(text, match.start("who"), match.end("who"))
    who = match.start("who"), max(match.start("who") + 1, stop.start() if stop else match.end("who"))
    verb = next((m for m in _SPOKEN.finditer(text, *who) if m.start() > who[0] and m.group() in cue_verbs()), None)
    if verb is not None and not voices.role(verb.group()):
        who = who[0], verb.start() - 1  # "“Never again” – Ann Lee vows to stay"
    # A sentence that goes on behind a dash begins with a small letter.
    first = text[who[0] : who[1]].split(maxsplit=1)[0]
    if not first[:1].isupper() and not (voices.role(first) and re.search(r"\b[A-Z]", match["who"])):
        return None
    return Line(who, match.span("cue"), quote.span)


def _posted(text: str, span: Span, following: Span) -> Line | None:
    """A post with the name and the handle of who wrote it behind or below."""
    start, end = span
    if text.find("(@", max(start, end - 100), end) >= 0:
        match = _POSTED.match(text, start, end)
        return Line(match.span("who"), match.span("cue"), match.span("said")) if match else None
    below = _POSTED_BY.match(text, *following) if following[0] > start else None
    if below is None:
        return None
    links = _LINKS.search(text, start, end)
    said = start, links.start() if links else end
    few = len(text[slice(*said)].split()) < _SHORTEST_POST
    return None if few else Line(below.span("who"), below.span("cue"), said)


def _labelled(text: str, line: Line | None, voices: Voices) -> Line | None:
    """ "Coach: we will fight", and "Holt: “I was not there”"."""
    if line is None:
        return None
    who, said = text[slice(*line.who)], text[slice(*line.said)]
    quoted = said[:1] in _OPENING and (is_named(who) or _is_titled(who)) and not voices.nobody(who)
    has_verb = any(
        (word.lower() in cue_verbs() and not voices.role(word)) or word in sections("particles.txt")["copulas"]
        for word in who.split()
    )
    return line if (quoted or (len(said.split()) > 2 and voices.hears(who))) and not has_verb else None


def _is_titled(name: str) -> bool:
    """Whether a label is like "Nobel winner": a capital first, a common noun last."""
    words = name.split()
    return 2 <= len(words) <= 4 and words[0].lower() not in _LITTLE and all(word[:1].isupper() for word in words[:-1])


def _verbed(text: str, start: int, end: int, voices: Voices) -> Line | None:
    """ "Bridge is safe, insists engineer"."""
    match = _VERBED.search(text, start, end)
    if match is None:
        return None
    verb, who = cue_verbs().get(match["cue"].lower()), match["who"]
    if verb is None or verb.frames.isdisjoint("qt") or len(who.split()) > 6:
        return None
    if not voices.hears(who) and not who[:1].isupper():
        return None
    return Line(match.span("who"), match.span("cue"), (start, match.start()))


def _behind(text: str, start: int, end: int, voices: Voices) -> Line | None:
    """ "Reef will die by 2050 - scientists"."""
    match = _BEHIND.match(text, start, end)
    if match is None or len(match["who"].split()) > 4 or not voices.hears(match["who"]):
        return None
    if len(match["said"].split()) < 3 or match["said"][0] in "([":
        return None  # "Ann Lee - host", "(20:00) - Chapter 5: the crew"
    return Line(match.span("who"), match.span("dash" if match["dash"] else "colon"), match.span("said"))


def _draft(text: str, rule: Rule, line: Line, sentence: Span) -> Draft:
    said = trim(text, line.said)
    word = text[slice(*line.cue)]
    verb = cue_verbs().get(word.lower())
    who = trim(text, line.who)
    names = list(re.finditer(r"[^\W_][\w.'’-]*", text[who[0] : who[1]].split(",", maxsplit=1)[0]))
    head = (who[0] + names[-1].start(), who[0] + names[-1].end()) if names else who
    return Draft(
        rule=rule,
        lemma=verb.lemma if verb else word,
        class_=verb.class_ if verb else "speech",
        content=[said],
        main=said,
        cue=[line.cue],
        speaker=[who],
        head=head,
        sentence=(min(sentence[0], line.who[0], said[0]), sentence[1]),
    )
