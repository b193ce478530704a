"""Claims that the form of a line tells, without a parse: headlines, dialogue, quotations signed with a name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from claimwire.pipelines.extract.drafts import Draft, alike
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.spans import trim
from claimwire.pipelines.extract.wordlists import cue_verbs, sections
from claimwire.schemas import Entity, Span

# A speaker's label: at most seven words, an aside in brackets, a colon, or a full stop where it is Q or A.
_LABEL = re.compile(
    r"(?P<who>[^\W\d_][\w.'’&-]*(?: (?:[^\W_][\w.'’&-]*|&)){0,6})(?P<aside>,? ?\([^()]{1,40}\))?(?P<cue>:)[ \t]+(?=\S)"
)
_QA = re.compile(r"(?P<who>[QA])(?P<aside>)(?P<cue>[:.])[ \t]+(?=\S)")
_DASH = r"(?P<cue>[―—–]|--?)"
_NAME = r"(?P<who>[^\W_][^\n\"“”«»!?;:]{1,90})"
_SIGNED = re.compile(rf"[,.]?\s*{_DASH}\s*{_NAME}$")
_SIGNATURE = re.compile(rf"{_DASH}\s*{_NAME}$")
# What tells the occasion of a signed quotation, not who signs it.
_OCCASION = re.compile(
    r"\.?$|,? (?:in|on|at|to|after|before|during|when|from|via|speaking|writing|tweeting|talking|responding)\b"
)
_BEHIND = re.compile(r"(?P<said>.{8,}?)(?:\s(?P<dash>[―—–]|--?)|(?P<colon>:)) (?P<who>[^,;:.!?―—–]{2,40})\.?$")
_SIGNED_OFF = re.compile(r"\s[―—–-] [^\W\d_]+(?: [^\W\d_]+)?\.$")
_VERBED = re.compile(r"(?:(?<=,)|(?<=[’'”\"])) (?P<cue>[^\W\d_]+) (?P<who>[^,;:.!?]{2,50})\.?$")
_OPENING = "\"“„«「'‘"
_CLOSING = "\"”“»」'’.!?"
_SPOKEN = re.compile(r"(?<= )[a-z]+\b")
_LITTLE = frozenset(
    {"a", "an", "the", "his", "her", "their", "its", "he", "she", "it", "they", "we", "i", "this", "one"}
)
LINES = frozenset({"signed", "dialogue", "headline"})
"""The rules of this module, as drafts name them."""
_LONGEST = 20
"""Words of a headline at most."""


class _Line(NamedTuple):
    """A line as parts: who, the mark or verb between, what."""

    who: Span
    cue: Span
    said: Span


def with_lines(drafts: Sequence[Draft], lines: Sequence[Draft]) -> list[Draft]:
    """One list of the drafts by the parse and those by the form of a line, which know better where both found one."""
    starts = [line.sentence[0] for line in lines]
    kept = []
    for draft in drafts:
        at = bisect_right(starts, draft.content[0][0]) - 1
        if at < 0 or alike(draft, lines[at]) < 0.5:
            kept.append(draft)
    return [*kept, *lines]


def find_lines(
    text: str, paragraphs: Sequence[Span], quotes: Sequence[Quote], entities: Sequence[Entity]
) -> list[Draft]:
    """The claims in the making that lines tell by their form; all offsets are into ``text``."""
    voices = _Voices(text, entities)
    labels = [_label(text, span) for span in paragraphs]
    spoken = _dialogue(text, labels, voices)
    askers = _askers(text, [line for line, turn in zip(labels, spoken, strict=True) if line and turn])
    ends = {quote.end: quote for quote in quotes if len(text[quote.start : quote.end].split()) > 2}
    drafts: list[Draft] = []
    for index, (start, end) in enumerate(paragraphs):
        line = labels[index]
        following = paragraphs[index + 1] if index + 1 < len(paragraphs) else (end, end)
        signed = _signed(text, (start, end), following, ends, voices)
        if signed is not None:
            drafts.append(_draft(text, "signed", signed, (start, max(end, signed.who[1]))))
        elif line is not None and spoken[index]:
            if text[line.who[0] : line.who[1]] not in askers and not _asked(text, line):
                drafts.append(_draft(text, "dialogue", line, (start, end)))
        elif _headline(text, start, end):
            found = (
                _labelled(text, line, voices) or _verbed(text, start, end, voices) or _behind(text, start, end, voices)
            )
            if found is not None:
                drafts.append(_draft(text, "headline", found, (start, end)))
        elif (
            line is not None
            and text[line.said[0]] in _OPENING
            and text[end - 1] in _CLOSING
            and _labelled(text, line, voices)
        ):
            drafts.append(_draft(text, "dialogue", line, (start, end)))
    return drafts


class _Voices:
    """Who can speak: people and bodies of the article, and what is called by a role."""

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        roles = sections("roles.txt")
        self._roles = roles["person"] | roles["organization"] | roles["group"] | roles["document"] | roles["anonymous"]
        self._titles = roles["title"]
        self._names = {
            text[start:end].lower()
            for entity in entities
            if entity.label in {"PERSON", "ORG", "NORP"}
            for start, end in entity.mentions
        }
        self._surnames = {
            entity.name.split()[-1].lower()
            for entity in entities
            if entity.label == "PERSON" and entity.name and entity.name.split()
        }
        self._nobody = sections("labels.txt")["nobody"]

    def hears(self, who: str) -> bool:
        """Whether a label names somebody who can speak."""
        lower = who.lower().removeprefix("the ")
        words = lower.split()
        if not words or self.nobody(who) or (words[1:] and words[0] in cue_verbs() and lower not in self._names):
            return False  # "Said Jones: ..." is a sentence
        last = words[-1].removesuffix("s") if words[-1] not in self._roles else words[-1]
        return (
            lower in self._names
            or words[-1] in self._surnames
            or last in self._roles
            or (words[0].rstrip(".") in self._titles and len(words) > 1)
        )

    def role(self, word: str) -> bool:
        """Whether a word is what people or bodies are called by."""
        return word.lower() in self._roles or word.lower().rstrip(".") in self._titles

    def nobody(self, who: str) -> bool:
        """Whether a label is one of those that speak for nobody ("Photo", "Read more")."""
        words = re.sub(r"[\d.]+$", "", who.lower()).split()
        return not words or " ".join(words) in self._nobody or words[0] in self._nobody or words[-1] in self._nobody


def _label(text: str, span: Span) -> _Line | None:
    """A paragraph as a label and what stands behind it."""
    start, end = span
    match = _QA.match(text, start, end) or _LABEL.match(text, start, end)
    if match is None:
        return None
    return _Line(match.span("who"), match.span("cue"), (match.end(), end))


def _dialogue(text: str, labels: Sequence[_Line | None], voices: _Voices) -> list[bool]:
    """Which labelled lines are turns of a dialogue: of speakers who return or are known, and others' between."""
    names = [text[line.who[0] : line.who[1]] if line and _sentence(text, line) else "" for line in labels]
    turns = Counter(name for name in names if name and not voices.nobody(name))
    shouted = sum(count for name, count in turns.items() if _shouted(name))
    sure = []
    for name in names:
        if name in {"Q", "A"}:
            sure.append(turns["Q"] > 0 and turns["A"] > 0)
        else:
            sure.append(
                name in turns
                and _named(name)
                and (turns[name] > 1 or voices.hears(name) or (_shouted(name) and shouted > 1))
            )
    # So is a row of three.
    row = [name in turns and _named(name) for name in names]
    for at in range(len(row) - 2):
        if all(row[at : at + 3]):
            sure[at : at + 3] = [True] * 3
    # Beside a sure turn, a line with such a label is one as well.
    beside = [any(sure[max(0, at - 1) : at + 2]) for at in range(len(sure))]
    return [
        one or (near and name in turns and _named(name)) for one, near, name in zip(sure, beside, names, strict=True)
    ]


def _sentence(text: str, line: _Line) -> bool:
    """Whether what stands behind a label is a sentence, not a figure or an entry of a list."""
    start, end = line.said
    return text[end - 1] in ".!?…\"”’')" and text[start:end].count(" ") > 0


def _shouted(name: str) -> bool:
    return len(name) > 1 and name.isupper()


def _named(name: str) -> bool:
    """Whether a label is written like a name, in few words and with capitals."""
    words = name.split()
    return len(words) <= 5 and all(word[:1].isupper() or word in {"of", "the", "and", "de", "van"} for word in words)


def _titled(name: str) -> bool:
    """Whether a label is like "Nobel winner": a capital first, a common noun last."""
    words = name.split()
    return 2 <= len(words) <= 4 and words[0].lower() not in _LITTLE and all(word[:1].isupper() for word in words[:-1])


def _asked(text: str, line: _Line) -> bool:
    """Whether a line is an interviewer's question."""
    who, said = text[line.who[0] : line.who[1]].lower(), text[line.said[0] : line.said[1]].rstrip("\"”’' ")
    return who == "q" or (who in sections("labels.txt")["interviewer"] and said.endswith("?"))


def _askers(text: str, turns: Sequence[_Line]) -> set[str]:
    """Who does little but ask, for one who answers: the interviewers, whatever they are called."""
    asked, all_ = Counter[str](), Counter[str]()
    for line in turns:
        name = text[line.who[0] : line.who[1]]
        all_[name] += 1
        asked[name] += text[line.said[1] - 1] == "?"
    return {name for name, times in all_.items() if times > 1 and asked[name] * 3 > times * 2 and len(all_) > 1}


def _signed(text: str, span: Span, following: Span, ends: dict[int, Quote], voices: _Voices) -> _Line | None:
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
    # A sentence that goes on behind a dash begins small.
    first = text[who[0] : who[1]].split(maxsplit=1)[0]
    if not first[:1].isupper() and not (voices.role(first) and re.search(r"\b[A-Z]", match["who"])):
        return None
    return _Line(who, match.span("cue"), (quote.start, quote.end))


def _headline(text: str, start: int, end: int) -> bool:
    """A line of few words that is no sentence: it ends without a full stop or is signed ("... - officials.")."""
    line = text[start:end]
    whole = line[-1] in ".!;:," and _SIGNED_OFF.search(line) is None
    return not whole and "\n" not in line and 3 <= len(line.split()) <= _LONGEST


def _labelled(text: str, line: _Line | None, voices: _Voices) -> _Line | None:
    """ "Coach: we will fight", and "Holt: “I was not there”"."""
    if line is None:
        return None
    who, said = text[line.who[0] : line.who[1]], text[line.said[0] : line.said[1]]
    quoted = said[:1] in _OPENING and (_named(who) or _titled(who)) and not voices.nobody(who)
    told = any(
        (word.lower() in cue_verbs() and not voices.role(word)) or word in sections("particles.txt")["copulas"]
        for word in who.split()
    )
    return line if (quoted or (len(said.split()) > 2 and voices.hears(who))) and not told else None


def _verbed(text: str, start: int, end: int, voices: _Voices) -> _Line | None:
    """ "Bridge is safe, insists engineer"."""
    match = _VERBED.search(text, start, end)
    if match is None:
        return None
    verb, who = cue_verbs().get(match["cue"].lower()), match["who"]
    if verb is None or verb.frames.isdisjoint("qt") or len(who.split()) > 6:
        return None
    if not voices.hears(who) and not who[:1].isupper():
        return None
    return _Line(match.span("who"), match.span("cue"), (start, match.start()))


def _behind(text: str, start: int, end: int, voices: _Voices) -> _Line | None:
    """ "Reef will die by 2050 - scientists"."""
    match = _BEHIND.match(text, start, end)
    if match is None or len(match["who"].split()) > 4 or not voices.hears(match["who"]):
        return None
    if len(match["said"].split()) < 3 or match["said"][0] in "([":
        return None  # "Ann Lee - host", "(20:00) - Chapter 5: the crew"
    return _Line(match.span("who"), match.span("dash" if match["dash"] else "colon"), match.span("said"))


def _draft(text: str, rule: str, line: _Line, sentence: Span) -> Draft:
    said = trim(text, line.said)
    word = text[line.cue[0] : line.cue[1]]
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
