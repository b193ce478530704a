"""Drafts out of the tagger's attributions: their edges put right, their lemma and class looked up."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.confidence import VERBAL
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.rules import TAGGER
from claimwire.pipelines.extract.spans import has_words, longest, merge, trim, whole_words
from claimwire.pipelines.extract.tagger import Attribution
from claimwire.pipelines.extract.wordlists import CueClass, cue_nouns, cue_verbs
from claimwire.schemas import Span

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NEGATION = re.compile(r"\b(?:not|never|cannot)\b|n['’]t\b", re.IGNORECASE)
# Where the main part of a name or noun ends: "the head of ...", "Ann Lee, who ...", "Norway and ...".
_BEHIND_HEAD = re.compile(
    r",|;|\(|\b(?:and|or|of|for|from|in|at|on|with|to|who|whose|that|which|by|near|behind|about|against)\b"
)
_SPEAKER_TAIL = re.compile(r",?\s(?:and|on|in|at|from|with|(?:both|all|some|many|most|each)\sof\swhom|who)$")
# When it was said. Behind "who" it belongs to what the speaker did: "the baker, who has run the shop since 1998".
_TIME_TAIL = re.compile(
    r",?\s(?:(?:(?:on|last|this|late|early)\s)*(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|week|month|year|today|"
    r"yesterday)|(?:in|since)\s\d{4})$"
)
_RELATIVE = re.compile(r"\b(?:who|whose|whom|which|that)\b")
_BETWEEN_SEMICOLONS = re.compile(r"(?:[^;]|;(?! ))+")
_NEXT_QUOTATION = re.compile(r"[.!?][\"”] (?=[\"“][A-Z])")
_NEXT_SENTENCE = re.compile(r"[ \n]+[A-Z]")
_NAMED = re.compile(r"\b[A-Z][\w’']*")
# "The Lunde | Transport Police | said"
_REST_OF_NAME = re.compile(r"(?P<name>(?: [A-Z][\w’'-]+){1,5}) ")
# "The bakery said today | this week | announced": no more than when it was said
_MOMENT = re.compile(
    r"(?:(?:on|last|this|next|late|early|earlier|later) )*(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|week|weekend|"
    r"month|year|spring|summer|autumn|fall|winter|today|yesterday|morning|afternoon|evening|night)"
)
# "From Lunde, | Susan Holm, the mayor, | said": the tagger took the place for a part of the name
_FROM_PLACE = re.compile(
    r"(?:.*[.!?\n] ?)?(?:From|In|At|Outside) (?:[A-Z][\w’'-]+ ){0,2}[A-Z][\w’'-]+, (?=[A-Z])", re.DOTALL
)
_CUE_TAIL = re.compile(r"\s(?:(?:in|at|on|during|just|with|for|to)\s)?(?:an?|the)$")
_SMALL_CUE = re.compile(r"the|an?|it|there|is|are|was|were|has|have|had|(?:it|there)['’]s", re.IGNORECASE)
_UP_TO_FOUR = re.compile(r"(?:['’]s)?(?:\s+[\w'’-]+){1,4}\s+")
_PASSIVE = re.compile(r"(?:(?:has|have|had) been|is|are|was|were)\b", re.IGNORECASE)
_ASKED = re.compile(r"\?[\"”’'»]$")
_MARKS = frozenset("\"“”„«「'‘")
_SMALL = frozenset({"about", "against", "as", "at", "by", "for", "in", "of", "on", "over", "that", "to", "with"})


def find_by_tagger(article: Article, attributions: Iterable[Attribution]) -> Iterator[Draft]:
    """The drafts of the tagger's attributions, in their order. ``article`` has the paragraphs that the tagger read."""
    for attribution in attributions:
        draft = _draft(article, attribution)
        if draft is not None:
            yield draft


def _draft(article: Article, found: Attribution) -> Draft | None:
    text = article.text
    content = _content(article, found)
    if not content:
        return None
    cue = _without(_CUE_TAIL, text, whole_words(text, found.cue[0]))
    if not found.source and _SMALL_CUE.fullmatch(text, *cue):
        # "the | decision | to stay", "it | is obvious | that ...": the words of the cue stand behind.
        behind = _UP_TO_FOUR.fullmatch(text, cue[1], content[0][0])
        cue = trim(text, (cue[0], behind.end() if behind else cue[1]))
    named = [whole_words(text, trim(text, span)) for span in found.source]
    speaker = [_timeless(text, span) for span in named if not _MOMENT.fullmatch(text, *span)]
    # "12%" says nothing.
    speaker = [(start, end) for start, end in speaker if any(char.isalpha() for char in text[start:end])]
    if speaker and (place := _FROM_PLACE.match(text, max(0, speaker[0][0] - 8), speaker[0][1])):
        speaker[0] = place.end(), speaker[0][1]
    if speaker and (rest := _REST_OF_NAME.fullmatch(text, speaker[-1][1], max(speaker[-1][1], cue[0]))):
        speaker[-1] = speaker[-1][0], rest.end("name")
    words = text[cue[0] : cue[1]]
    lemma, class_ = _meaning(words)
    return Draft(
        rule=TAGGER,
        lemma=lemma,
        class_=class_,
        content=content,
        main=longest(content),
        cue=[cue],
        speaker=speaker,
        head=_head(text, speaker[0]) if speaker else (0, 0),
        sentence=article.sentence_at(cue[0]),
        alleged=not speaker and _nobody_says(words, lemma),
        negated=_NEGATION.search(text, max(0, cue[0] - 10), cue[1]) is not None,
        score=found.score,
        signs={f"sure of {part}": _logit(sure) for part, sure in found.sure.items()},
    )


def _logit(chance: float) -> float:
    return math.log(max(chance, 0.01) / (1.01 - min(chance, 1.0)))


def _content(article: Article, found: Attribution) -> list[Span]:
    """What is said, without what belongs to other sentences, and with the rest of a quotation that was cut."""
    text, cue = article.text, found.cue[0]
    content = sorted(trim(text, _kept(article, cue, span)) for span in found.content)
    content = [span for span in content if has_words(text, span)]
    content = merge(
        _whole_quotation(
            article, cue, _until_quote(article, cue, _behind_other(text, cue, _before_semicolon(text, cue, span)))
        )
        for span in content
    )
    content = _joined(text, content)
    here = article.paragraph_number(cue[0])
    near = [span for span in content if article.paragraph_number(span[0]) == here]
    if not near:
        return content
    content = _within_sentence(article, content, article.sentence_at(cue[0]))
    near = [span for span in content if article.paragraph_number(span[0]) == here]
    # In another paragraph only a quotation goes on, and a question there is mostly somebody else's.
    return [
        (a, b)
        for a, b in content
        if (a, b) in near or (text[a] in _MARKS and not (a < near[0][0] and _ASKED.search(text, a, b)))
    ]


def _kept(article: Article, cue: Span, span: Span) -> Span:
    """A content without what lies in another paragraph than its beginning, unless a quotation goes on there."""
    text, paragraphs = article.text, article.paragraphs
    number = article.paragraph_number(span[0])
    start, end = paragraphs[number]
    if span[1] <= end:
        return span
    asked = cue[0] > end and _ASKED.search(text, span[0], end)
    if number + 1 < len(paragraphs) and text[paragraphs[number + 1][0]] in _MARKS and not asked:
        return span
    if start <= cue[0] < end:
        return span[0], end
    return max(span[0], article.paragraph_at(span[1] - 1)[0]), span[1]


def _within_sentence(article: Article, content: Sequence[Span], sentence: Span) -> list[Span]:
    """Leaves out indirect speech in other sentences than that of the cue: "It is old. | It leaks, Lee said. | Nobody
    cares."; only a quotation goes on there. All of it, where nothing else would be left."""
    text, (start, end) = article.text, sentence
    kept = []
    low, high = 0 if article.quoted(start) else start, end
    if (quote := article.quote_at(end)) is not None:
        # Nothing but the mark may be left of the quotation: "said it was “late.” | Nobody came".
        high = len(text) if has_words(text, (end, quote.end)) else quote.end
    for first, last in content:
        quoted = text[first] in _MARKS
        kept.append((first, last) if quoted else trim(text, (max(first, low), max(first, low, min(last, high)))))
    return [span for span in kept if has_words(text, span)] or list(content)


def _before_semicolon(text: str, cue: Span, span: Span) -> Span:
    """Cuts what follows a semicolon outside quotations: a sentence of its own, mostly the reporter's, unless the cue
    comes behind it: "It is closed; nobody was hurt, she said". A list has semicolons, too: "Ann Lee, 34; Tom Reed, 8;
    and Eva Lund were hurt", "shot Ann Lee, 34; Fred Reed, 8; and a dog"."""
    if span[1] <= cue[0] or any(mark in text[span[0] : span[1]] for mark in _MARKS):
        return span
    parts = [part.span() for part in _BETWEEN_SEMICOLONS.finditer(text, *span)]
    verbs = [VERBAL.search(_NAMED.sub("", text[start:end])) is not None for start, end in parts]
    for at in range(1, len(parts)):
        if verbs[at] and any(verbs[:at]):
            return span[0], parts[at - 1][1]
    return span


def _until_quote(article: Article, cue: Span, span: Span) -> Span:
    """Indirect speech that a quotation of its last words ends: "said it was “late.” | Nobody came."."""
    text, (start, end) = article.text, span
    if text[start] in _MARKS or cue[1] > start:
        return span
    for quote in article.quotes_in(span):
        if quote.end < end and text[quote.end - 2] in ".!?" and _NEXT_SENTENCE.match(text, quote.end):
            return start, quote.end
    return span


def _behind_other(text: str, cue: Span, span: Span) -> Span:
    """Leaves out a quotation that has its own cue before it: "Lee said, | “It is late.” | “It is dark,” he added"."""
    introduced = text[max(0, span[0] - 3) : span[0]].rstrip().endswith((",", ":")) and span[1] <= cue[0]
    last = next(reversed([*_NEXT_QUOTATION.finditer(text, *span)]), None) if introduced else None
    return (last.end(), span[1]) if last else span


def _whole_quotation(article: Article, cue: Span, span: Span) -> Span:
    """A content that begins or ends with a quotation, as all of it: the tagger's window may have cut the quotation."""
    quote = article.quote_before(span[0])
    if quote is None or quote.start <= cue[0] < quote.end:
        return span
    start, end = quote.span
    begins = span[0] < end and span[1] < end and not has_words(article.text, (start, span[0]))
    # A comma may stand between the last word and the closing mark.
    ends = start < span[0] < end and span[1] <= end and not has_words(article.text, (span[1], end))
    return (min(start, span[0]), max(end, span[1])) if begins or ends else span


def _joined(text: str, spans: Sequence[Span]) -> list[Span]:
    """Spans in order, neighbours as one: "urged | residents | to stay"; a quotation stays by itself."""
    found: list[Span] = []
    for start, end in spans:
        if found and text[found[-1][1] : start] == " " and text[start] not in _MARKS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _without(tail: re.Pattern[str], text: str, span: Span) -> Span:
    """A span without words at its end that belong to what comes next."""
    match = tail.search(text, span[0] + 1, span[1])
    return (span[0], match.start()) if match else span


def _timeless(text: str, speaker: Span) -> Span:
    """A speaker without what leads on to the next words, or says when it was said."""
    bare = _without(_SPEAKER_TAIL, text, speaker)
    return bare if _RELATIVE.search(text, *bare) else _without(_TIME_TAIL, text, bare)


def _head(text: str, speaker: Span) -> Span:
    """The main word of a speaker, as far as it shows without a parse."""
    start, end = speaker
    stop = _BEHIND_HEAD.search(text, start + 1, end)
    named = list(_WORD.finditer(text, start, stop.start() if stop else end))
    return named[-1].span() if named else speaker


def _meaning(cue: str) -> tuple[str, CueClass]:
    """Lemma and class of a cue: of its last word that the lists know, else its last word that is not a small one."""
    spoken = [word.lower() for word in _WORD.findall(cue)]
    if spoken[:1] == ["according"]:
        return "according to", "speech"
    for table in (cue_verbs(), cue_nouns()):
        for word in reversed(spoken):
            if word in table:
                return table[word].lemma, table[word].class_
    telling = [word for word in spoken if word not in _SMALL] or spoken
    # A colon or a dash is how speech is reported; other words say what somebody is for or against.
    return (telling[-1], "attitude") if telling else (cue, "speech")


def _nobody_says(cue: str, lemma: str) -> bool:
    """Whether a cue is a passive in which nobody in particular speaks: "is thought", "has been alleged"."""
    verb = cue_verbs().get(lemma)
    return verb is not None and "s" in verb.frames and _PASSIVE.match(cue) is not None
