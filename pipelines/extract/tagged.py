"""Claims in the making, from the tagger's attributions; and the one list that they and the rules' make together."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from spacy.tokens import Doc

from claimwire.pipelines.extract.drafts import Draft, alike
from claimwire.pipelines.extract.edges import settle
from claimwire.pipelines.extract.lines import LINES
from claimwire.pipelines.extract.paragraphs import find_sentences
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.spans import merge, size, trim, whole_words
from claimwire.pipelines.extract.tagger import Attribution
from claimwire.pipelines.extract.wordlists import CueClass, cue_nouns, cue_verbs, precision
from claimwire.schemas import Span

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NEGATION = re.compile(r"\b(?:not|never|cannot)\b|n['’]t\b", re.IGNORECASE)
# What ends the main part of a name or noun: "the head of ...", "Ann Lee, who ...", "Norway and ...".
_BEHIND_HEAD = re.compile(r",|;|\(|\b(?:and|or|of|for|from|in|at|on|with|to|who|whose|that|which|by|near|behind)\b")
LEAST = 0.3
"""To leave out what is right less often than half of F1 raises F1 (Lipton et al. 2014); here it is a little less, for
recall."""
_UNSURE = 0.5
"""Below this score of the tagger the parse was right more often about the edges of a content."""
_SPEAKER_TAIL = re.compile(r",?\s(?:and|on|in|at|from|with|(?:both|all|some|many|most|each)\sof\swhom|who)$")
# When it was said; behind "who" it is a part of what the speaker did: "the baker, who has run the shop since 1998".
_TIME_TAIL = re.compile(
    r",?\s(?:(?:(?:on|last|this|late|early)\s)*(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|week|month|year|today|"
    r"yesterday)|(?:in|since)\s\d{4})$"
)
_RELATIVE = re.compile(r"\b(?:who|whose|whom|which|that)\b")
_CUE_TAIL = re.compile(r"\s(?:(?:in|at|on|during|just|with|for|to)\s)?(?:an?|the)$")
_SMALL_CUE = re.compile(r"the|an?|it|there|is|are|was|were|has|have|had|(?:it|there)['’]s", re.IGNORECASE)
_UP_TO_FOUR = re.compile(r"(?:['’]s)?(?:\s+[\w'’-]+){1,4}\s+")
_PASSIVE = re.compile(r"(?:(?:has|have|had) been|is|are|was|were)\b", re.IGNORECASE)
_NO_SUBJECT = re.compile(r"(?:is|are|was|were|has|have|had|will|would|could|should|can|may|might)\b")
_ASKED = re.compile(r"\?[\"”’'»]$")
_SENTENCE_ENDS = re.compile(r"[.!?][\"”’']?\s+$")
_SENTENCE_MORE = re.compile(r"[.!?][\"”’')]*[ \t]+\S")
_SPOKEN = frozenset(
    {"clause", "parenthesis", "quote", "colon", "according", "adjective", "noun", "noun is", "phrase", "continued"}
)
_PLAIN = LINES | {"parenthesis", "phrase", "noun is", "colon"}
"""Rules whose form leaves no doubt about the parts."""
_MARKS = frozenset("\"“”„«「'‘")
_PRONOUNS = frozenset({"i", "we", "you", "he", "she", "it", "they", "who", "that", "which"})
_SMALL = frozenset({"about", "against", "as", "at", "by", "for", "in", "of", "on", "over", "that", "to", "with"})


def join(
    text: str,
    paragraphs: Sequence[Span],
    quotes: Sequence[Quote],
    parsed: Sequence[tuple[int, Doc]],
    ruled: Sequence[Draft],
    found: Iterable[Attribution],
) -> list[Draft]:
    """One list of drafts out of the rules' and the tagger's.

    Where both found a claim, the tagger says which words belong to it (it was right more often) and the rules what the
    parse knows: the verb and its class, what is denied, the speaker's main word. ``paragraphs`` cover all that is read,
    ``parsed`` are the pieces with a parse and where they begin.
    """
    starts = [start for start, _ in paragraphs]
    offsets = [start for start, _ in parsed]
    left: dict[int, list[Draft]] = defaultdict(list)
    for rule in ruled:
        left[bisect_right(starts, rule.content[0][0])].append(rule)
    tagged = []
    for attribution in found:
        draft = _draft(text, paragraphs, quotes, attribution)
        if draft is None:
            continue
        # Only what begins in the same paragraph is compared, so that a long text takes no longer than its parts.
        beside = left[bisect_right(starts, draft.content[0][0])]
        _before_next(text, draft, beside)
        same = max(beside, key=lambda rule: alike(draft, rule), default=None)
        if same is not None and alike(draft, same) >= 0.5:
            if same.alleged:
                continue  # the tagger looks for a speaker, and nobody in particular is one
            beside.remove(same)
            _agree(draft, same)
        piece = bisect_right(offsets, draft.cue[0][0]) - 1
        if piece >= 0:
            settle(text, *parsed[piece], draft)
        tagged.append(draft)
    return [*tagged, *_by_rules_alone(text, starts, [rule for rules in left.values() for rule in rules], tagged)]


def _by_rules_alone(
    text: str, starts: Sequence[int], ruled: Sequence[Draft], tagged: Sequence[Draft]
) -> Iterator[Draft]:
    """What becomes of the drafts that only a rule found, by where they lie.

    Within the content of somebody's claim it is speech within speech where the speaker is told ("within"), and else
    mostly a part of that claim ("alone"); what lies apart from all others, or around them, is right more often
    ("apart").
    """
    near: dict[int, list[Draft]] = defaultdict(list)
    for draft in likely(tagged):
        for start in {bisect_right(starts, start) for start, _ in [*draft.content, *draft.cue]}:
            near[start].append(draft)
    for rule in sorted(ruled, key=lambda rule: rule.content):
        if rule.alleged or rule.rule in LINES:
            yield rule
            continue
        place = bisect_right(starts, rule.content[0][0])
        if rule.rule == "continued":
            whole = _goes_on(text, rule, [*near[place], *near[place - 1]])
            if whole is not None:
                near[place].append(whole)
                continue
        low = min(span[0] for span in [*rule.content, *rule.cue])
        high = max(span[1] for span in [*rule.content, *rule.cue])
        beside = [d for d in near[place] if any(a < high and low < b for a, b in [*d.content, *d.cue])]
        where = (
            "apart"
            if rule.rule in _SPOKEN and all(_around(rule, draft) for draft in beside)
            else "within"
            if beside and _told_within(text, rule, beside)
            else "alone"
        )
        yield replace(rule, rule=f"{rule.rule} {where}")


def _around(rule: Draft, draft: Draft) -> bool:
    """Whether all of a draft lies in what a rule's tells: "None of them believed the forecast, they admitted"."""
    parts = [*draft.content, *draft.cue, *draft.speaker]
    return all(any(start <= a and b <= end for start, end in rule.content) for a, b in parts)


def _goes_on(text: str, rule: Draft, before: Sequence[Draft]) -> Draft | None:
    """The claim that a quotation in a new paragraph goes on with, which then holds it, too."""
    start, end = rule.content[0][0], rule.content[-1][1]
    for draft in before:
        if any(a < end and start < b for a, b in draft.content):
            return draft
    for draft in before:
        last = max(b for _, b in [*draft.content, *draft.cue, *draft.speaker])
        same = any(a < d and c < b for a, b in draft.speaker for c, d in rule.speaker)
        if same and last <= start and not _SENTENCE_MORE.search(text, last, start):
            draft.content.append((start, end))
            return draft
    return None


def _told_within(text: str, rule: Draft, around: Sequence[Draft]) -> bool:
    """Whether a rule's draft is what somebody said according to somebody else, told in indirect speech."""
    if not _speaks(text, rule):
        return False
    low, high = min(rule.content[0][0], rule.speaker[0][0]), rule.content[-1][1]
    if len(rule.content) == 1 and _NO_SUBJECT.match(text, rule.content[0][0]):
        return False
    for draft in around:
        span = next((span for span in draft.content if span[0] <= low and high <= span[1]), None)
        if span is not None and text[span[0]] not in _MARKS:
            return _words(text, rule.speaker) != _words(text, draft.speaker)
    return False


def likely(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts of those kinds that are right often enough, or of which too few were measured."""
    return [
        draft for draft in drafts if not draft.rule.endswith(" alone") and precision().get(draft.kind, 1.0) >= LEAST
    ]


def _draft(text: str, paragraphs: Sequence[Span], quotes: Sequence[Quote], found: Attribution) -> Draft | None:
    content = sorted(trim(text, _kept(text, paragraphs, found.cue[0], span)) for span in found.content)
    content = [(start, end) for start, end in content if any(char.isalnum() for char in text[start:end])]
    if not content:
        return None
    content = merge(_whole_quotation(quotes, found.cue[0], _before_semicolon(text, span)) for span in content)
    content = _joined(text, content)
    here = bisect_right(paragraphs, (found.cue[0][0], len(text)))
    near = [span for span in content if bisect_right(paragraphs, (span[0], len(text))) == here]
    if near:
        # In another paragraph only a quotation goes on, and a question there is mostly somebody else's.
        content = [
            (a, b)
            for a, b in content
            if (a, b) in near or (text[a] in _MARKS and not (a < near[0][0] and _ASKED.search(text, a, b)))
        ]
    cue = _without(_CUE_TAIL, text, whole_words(text, found.cue[0]))
    if not found.source and _SMALL_CUE.fullmatch(text, *cue):
        # "the | decision | to stay", "it | is obvious | that ...": the words that tell come behind.
        behind = _UP_TO_FOUR.fullmatch(text, cue[1], content[0][0])
        cue = trim(text, (cue[0], behind.end() if behind else cue[1]))
    speaker = [_timeless(text, whole_words(text, trim(text, span))) for span in found.source]
    # "12%" says nothing.
    speaker = [(start, end) for start, end in speaker if any(char.isalpha() for char in text[start:end])]
    lemma, class_ = _meaning(text[cue[0] : cue[1]])
    return Draft(
        rule="tagger",
        lemma=lemma,
        class_=class_,
        content=content,
        main=max(content, key=lambda span: span[1] - span[0]),
        cue=[cue],
        speaker=speaker,
        head=_head(text, speaker[0]) if speaker else (0, 0),
        sentence=_sentence(text, paragraphs, cue[0]),
        alleged=not speaker and _nobody_says(text[cue[0] : cue[1]], lemma),
        negated=_NEGATION.search(text, max(0, cue[0] - 10), cue[1]) is not None,
        score=found.score,
    )


def _nobody_says(cue: str, lemma: str) -> bool:
    """Whether a cue is a passive in which nobody in particular speaks: "is thought", "has been alleged"."""
    verb = cue_verbs().get(lemma)
    return verb is not None and "s" in verb.frames and _PASSIVE.match(cue) is not None


def _kept(text: str, paragraphs: Sequence[Span], cue: Span, span: Span) -> Span:
    """A content without what lies in another paragraph than its beginning and is no quotation that goes on there."""
    start, end = paragraphs[bisect_right(paragraphs, (span[0], len(text))) - 1]
    if span[1] <= end:
        return span
    following = bisect_right(paragraphs, (span[0], len(text)))
    asked = cue[0] > end and _ASKED.search(text, span[0], end)
    if following < len(paragraphs) and text[paragraphs[following][0]] in _MARKS and not asked:
        return span
    if start <= cue[0] < end:
        return span[0], end
    last = paragraphs[bisect_right(paragraphs, (span[1] - 1, len(text))) - 1]
    return max(span[0], last[0]), span[1]


def _before_semicolon(text: str, span: Span) -> Span:
    """Cuts what follows a semicolon outside quotations: a sentence of its own, mostly the reporter's."""
    at = text.find("; ", span[0] + 1, span[1])
    quoted = any(mark in text[span[0] : span[1]] for mark in _MARKS)
    return span if at < 0 or quoted else (span[0], at)


def _whole_quotation(quotes: Sequence[Quote], cue: Span, span: Span) -> Span:
    """A content that begins or ends with a quotation, as all of it: a window may have ended within, or begun."""
    index = bisect_right(quotes, span[0], key=lambda quote: quote.start) - 1
    if index < 0 or quotes[index].start <= cue[0] < quotes[index].end:
        return span
    start, end = quotes[index].start, quotes[index].end
    begins = span[0] - start <= 1 and span[1] < end
    ends = start < span[0] and 0 <= end - span[1] <= 1
    return (min(start, span[0]), max(end, span[1])) if begins or ends else span


def _without(tail: re.Pattern[str], text: str, span: Span) -> Span:
    """A span without words at its end that belong to what comes next."""
    match = tail.search(text, span[0] + 1, span[1])
    return (span[0], match.start()) if match else span


def _timeless(text: str, speaker: Span) -> Span:
    """A speaker without what leads on to the next words, or tells when it was said."""
    bare = _without(_SPEAKER_TAIL, text, speaker)
    return bare if _RELATIVE.search(text, *bare) else _without(_TIME_TAIL, text, bare)


def _joined(text: str, spans: Sequence[Span]) -> list[Span]:
    """Spans in order, neighbours as one: "urged | residents | to stay"; a quotation stays by itself."""
    found: list[Span] = []
    for start, end in spans:
        if found and text[found[-1][1] : start] == " " and text[start] not in _MARKS:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _before_next(text: str, draft: Draft, ruled: Iterable[Draft]) -> None:
    """Ends indirect speech before a quotation that is told by itself: "He said it was gone. “I sold it,” she said."."""
    for rule in ruled:
        first = min(start for start, _ in [*rule.content, *rule.cue, *rule.speaker])
        quoted = bool(rule.cue and rule.speaker) and text[rule.content[0][0]] in _MARKS
        if not (quoted and _SENTENCE_ENDS.search(text, draft.content[0][0], first)):
            continue
        kept = []
        for start, end in draft.content:
            if not (start <= first and rule.cue[-1][1] <= end):
                kept.append((start, end))
            elif start < first and text[start] not in _MARKS:
                kept.append(trim(text, (start, first)))
        draft.content = kept or draft.content
    draft.main = max(draft.content, key=lambda span: span[1] - span[0])


def _meaning(cue: str) -> tuple[str, CueClass]:
    """Lemma and class of a cue: of its last word that the lists know, else its last word that says something."""
    spoken = [word.lower() for word in _WORD.findall(cue)]
    if spoken[:1] == ["according"]:
        return "according to", "speech"
    for table in (cue_verbs(), cue_nouns()):
        for word in reversed(spoken):
            if word in table:
                return table[word].lemma, table[word].class_
    telling = [word for word in spoken if word not in _SMALL] or spoken
    # A colon or a dash is how speech is reported; other words tell what somebody is for or against.
    return (telling[-1], "attitude") if telling else (cue, "speech")


def _head(text: str, speaker: Span) -> Span:
    """The main word of a speaker, as far as it shows without a parse."""
    start, end = speaker
    stop = _BEHIND_HEAD.search(text, start + 1, end)
    named = list(_WORD.finditer(text, start, stop.start() if stop else end))
    return named[-1].span() if named else speaker


def _sentence(text: str, paragraphs: Sequence[Span], offset: int) -> Span:
    around = paragraphs[bisect_right(paragraphs, (offset, len(text))) - 1]
    return next((span for span in find_sentences(text, *around) if span[1] > offset), around)


def _agree(draft: Draft, ruled: Draft) -> None:
    """Takes over from the rules' draft what the parse knows better."""
    draft.rule = "tagger and rules"
    draft.lemma, draft.class_, draft.negated = ruled.lemma, ruled.class_, ruled.negated
    draft.sentence = ruled.sentence
    if ruled.rule in _PLAIN:
        draft.content, draft.main, draft.cue = ruled.content, ruled.main, ruled.cue
        draft.speaker, draft.head = ruled.speaker, ruled.head
        return
    longer = size(ruled.content) > 1.5 * size(draft.content)
    if ruled.rule == "according" and draft.content[0][0] < ruled.speaker[-1][1] <= ruled.content[0][0]:
        # "According to Ann Lee, the head of the clinic, ...": the apposition is the speaker's.
        draft.content, draft.speaker, draft.main = ruled.content, ruled.speaker, ruled.main
    apart = not (draft.cue[0][0] < ruled.cue[0][1] and ruled.cue[0][0] < draft.cue[0][1]) if ruled.cue else False
    if ruled.rule == "noun" and ruled.speaker and (apart or draft.score < _UNSURE):
        draft.cue, draft.speaker, draft.head = ruled.cue, ruled.speaker, ruled.head
    if (
        ruled.rule == "noun"
        and draft.content[0][0] <= ruled.content[0][0]
        and ruled.content[-1][1] < draft.content[-1][1]
    ):
        draft.content, draft.main = ruled.content, ruled.main
    if draft.score < _UNSURE and ruled.rule != "preposition" and not longer:
        draft.content, draft.main = ruled.content, ruled.main
    if ruled.cue and draft.cue[-1][1] <= ruled.cue[0][0] < ruled.cue[-1][1] <= draft.content[0][0]:
        # The rule's cue stands nearer: "apologised, admitting that ...".
        draft.cue = ruled.cue
    if not draft.speaker:
        draft.speaker, draft.head = ruled.speaker, ruled.head
    elif any(start <= ruled.head[0] < end for start, end in draft.speaker):
        draft.head = ruled.head


def _speaks(text: str, draft: Draft) -> bool:
    """Whether a rule's draft is plainly speech or thought of a speaker who is told: "Y had said that ..."."""
    if not draft.speaker or draft.rule not in {"clause", "infinitive", "colon"}:
        return False
    verb = cue_verbs().get(draft.lemma)
    if draft.rule == "infinitive" and (verb is None or not {"q", "t"} <= verb.frames):
        return False
    pronoun = _words(text, draft.speaker) in _PRONOUNS
    return draft.class_ == "speech" or (draft.class_ == "cognition" and not pronoun)


def _words(text: str, spans: Sequence[Span]) -> str:
    return " ".join(text[start:end] for start, end in spans).lower()
