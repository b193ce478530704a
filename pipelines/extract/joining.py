"""One list of drafts out of several: those of the parse with those of lines, and the rules' with the tagger's."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from claimwire.pipelines.extract import reject
from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.drafts import Draft, alike
from claimwire.pipelines.extract.edges import settle, until_going_on, without_frame, without_lead
from claimwire.pipelines.extract.paragraphs import is_quoted_heading
from claimwire.pipelines.extract.rules import (
    ACCORDING,
    CLAUSE,
    CONTINUED,
    INFINITIVE,
    NOUN,
    OBJECT,
    PREPOSITION,
    SAID_TO,
    TAGGER_AND_RULES,
    Place,
)
from claimwire.pipelines.extract.spans import (
    any_contains,
    any_overlaps,
    contains,
    has_words,
    hull,
    last_begun,
    longest,
    overlaps,
    size,
    text_of,
    trim,
)
from claimwire.pipelines.extract.wordlists import any_of, cue_nouns
from claimwire.schemas import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc

_SAME = 0.5
"""From this likeness on, two drafts are the same claim."""
_UNSURE = 0.5
"""Below this score of the tagger the parse was right more often about the edges of a content."""
_HARDLY_SEEN = 0.3
_NO_SUBJECT = re.compile(r"(?:is|are|was|were|has|have|had|will|would|could|should|can|may|might)\b")
_RELATIVE = re.compile(r"\b(?:that|which)$")
_OF_CLAUSES = frozenset({CLAUSE, TAGGER_AND_RULES})
_STOPS = re.compile(r"[.!?]?[\"”’)]*(?:\s|$)|,? (?:on|in|at|to|late|early|this|last) [^,.!?\n]{1,40}[.!?]")
_CONTRAST = re.compile(r"[,\s—–-]*(?:but|(?:even )?though|although|while|which|who|where)\b")
_GOING_ON = re.compile(r",? (?:but|and|then|though)(?: (?:also|later|then|has|had))? $")
# "But declined to comment", "and urged drivers to wait", "and gave no details", "but dismissed concerns that ..."
_NO_MORE = re.compile(
    r",? (?:but|and) (?:also |later |then |has |have |had )*(?:(?:refused to|declined to|did(?: not|n['’]t)|"
    r"would(?: not|n['’]t)) (?:further )?(?:comment|elaborate|say|specify|discuss|disclose|speculate|be drawn|go into)|"
    r"(?:urged|called (?:on|for)|appealed (?:to|for)|condemned|praised|thanked)|"
    r"(?:gave|offered|provided) no (?:further |more |other )?(?:details?|explanation|information|evidence|reasons?)|"
    r"had no (?:further |more )?(?:information|details) (?:about|on)|"
    r"(?:dismissed|rejected|played down|downplayed) (?:the |any |all )?(?:concern|fear|claim|report|suggestion|"
    r"allegation|accusation|rumou?r|criticism)s?)\b"
)
_BEFORE_SAID = re.compile(r"[,:]?\s(?:that\s)?")
_ASIDE = re.compile(r",?\s(?:which|who|whom|whose)\s(?:(?:will|would|is|are|was|were|has|have|had|also|often)\s)*")
_SENTENCE_ENDS = re.compile(r"[.!?][\"”’']?\s+$")
_SENTENCE_MORE = re.compile(r"[.!?][\"”’')]*[ \t]+\S")
_THAT = re.compile(r"\W*that\b")
# Two characters before the end of a content: "closed| ,", "“closed,” |", "“closed,| ”"
_COMMA = re.compile(r"..,|.?,[\"”’']", re.DOTALL)
_FALSE_END = re.compile(r"\.[a-z]\.|\. \(|\)(?=\W)")
_SECOND = re.compile(r"[,\s—–;-]*(?:[.!?]|(?:and|but|or|while|though|although|who|which|as)\b)")
_MARKS = frozenset("\"“”„«「'‘")
_PRONOUNS = frozenset({"i", "we", "you", "he", "she", "it", "they", "who", "that", "which"})


@cache
def _added() -> re.Pattern[str]:
    """What the reporter mostly adds behind a clause, or somebody else: ", who has left", " - though few believe it",
    ", a claim that others dispute"."""
    words = "who|whom|whose|which|where|when|while|although|though|even|despite|and|but|or|as"
    return re.compile(rf"[,\s—–-]*(?:[;:\"”’'.]|(?:{words})\b|an?\s(?:\w+\s)?(?:{any_of(cue_nouns())}|boast)\b)")


def with_lines(drafts: Sequence[Draft], lines: Sequence[Draft]) -> list[Draft]:
    """The drafts of the parse and those of lines. The form of a line is surer where both found a claim."""
    starts = [line.sentence[0] for line in lines]
    kept = []
    for draft in drafts:
        at = last_begun(starts, draft.content[0][0])
        if at < 0 or alike(draft, lines[at]) < _SAME:
            kept.append(draft)
    return [*kept, *lines]


def with_tagger(
    article: Article, parsed: Sequence[tuple[int, Doc]], ruled: Sequence[Draft], tagged: Iterable[Draft]
) -> list[Draft]:
    """The drafts of the tagger and those of the rules.

    Where both found a claim, the tagger decides which words belong to it (it was right more often), and the rule what
    the parse knows: the verb and its class, what is denied, the speaker's main word. ``article`` has the paragraphs
    that were read, ``parsed`` the pieces with a parse and where they begin.
    """
    offsets = [start for start, _ in parsed]
    left: dict[int, list[Draft]] = defaultdict(list)
    for rule in ruled:
        left[_paragraph(article, rule)].append(rule)
    kept = []
    for draft in tagged:
        # Only what begins in the same paragraph is compared, so that a long text takes no longer than its parts.
        beside = left[_paragraph(article, draft)]
        _end_before_next(article.text, draft, beside)
        draft.content = until_going_on(article.text, draft.content, [rule.cue[0] for rule in beside if rule.cue])
        _take_in_relayed(article.text, draft, beside)
        same = max(beside, key=lambda rule: alike(draft, rule), default=None)
        if same is not None and alike(draft, same) >= _SAME:
            if same.alleged:
                # The tagger looks for a speaker, and nobody in particular is one; but it sees how far the clause goes.
                if (
                    same.rule == SAID_TO
                    and not draft.speaker
                    and _is_cut(article.text, same.content[-1], draft.content[-1])
                ):
                    same.content[-1] = draft.content[-1]
                continue
            beside.remove(same)
            _agree(article, draft, same)
        piece = last_begun(offsets, draft.cue[0][0])
        if piece >= 0:
            settle(article.text, *parsed[piece], draft)
        draft.content = without_lead(article.text, draft.content)
        without_frame(article.text, draft)
        draft.main = longest(draft.content)
        if draft.rule is TAGGER_AND_RULES and same is not None:
            draft.signs |= same.signs | _agreement(draft, same)
        kept.append(draft)
    _end_before_own(article, kept)
    alone = [rule for rules in left.values() for rule in rules]
    _end_before_attributed(article, kept, [*kept, *alone])
    _report_reports(article, [*kept, *alone])
    found = [*kept, *_by_rules_alone(article, alone, kept)]
    return [part for draft in found for part in _by_paragraphs(article, draft)]


def _paragraph(article: Article, draft: Draft) -> int:
    return article.paragraph_number(draft.content[0][0])


# -- what both found


def _take_in_relayed(text: str, draft: Draft, ruled: Iterable[Draft]) -> None:
    """Gives who relays somebody's words the name of who said them, too: "The police say | the road is closed, the paper
    reported", "“It is closed,” | the police said, the paper reported"."""
    if len(draft.content) > 1 or not (draft.cue and draft.speaker):
        return
    first, _ = hull([*draft.cue, *draft.speaker])
    start, end = draft.content[0]
    if first < end:
        return
    for rule in ruled:
        if not (rule.cue and rule.speaker and rule.rule.nests) or any_overlaps(rule.cue, draft.cue):
            continue
        if text_of(text, rule.speaker).lower() == text_of(text, draft.speaker).lower():
            continue
        said = hull([*rule.cue, *rule.speaker])
        if said[1] <= start and _BEFORE_SAID.fullmatch(text, said[1], start) and rule.content[0][0] >= said[1]:
            draft.content = [(said[0], end)]
        elif end <= said[0] and said[1] <= first and not has_words(text, (end, said[0])):
            if not has_words(text, (said[1], first)) and any_overlaps(rule.content, draft.content):
                draft.content = [(start, said[1])]
        else:
            continue
        draft.main = draft.content[0]
        return


def _end_before_next(text: str, draft: Draft, ruled: Iterable[Draft]) -> None:
    """Ends indirect speech before a quotation with a cue of its own: "He said it was gone. “I sold it,” she said."."""
    for rule in ruled:
        first = min(start for start, _ in rule.parts)
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
    draft.main = longest(draft.content)


def _end_before_own(article: Article, drafts: Sequence[Draft]) -> None:
    """Ends indirect speech where its speaker goes on with a verb of saying, or does something of the kind: "They said
    he was ill, | but added that he would return", "The firm said it was late | but declined to comment further"."""
    text = article.text
    for draft in drafts:
        start, end = draft.content[-1]
        no_more = _NO_MORE.search(text, start, end) if draft.cue and draft.cue[-1][1] <= start else None
        if no_more and not article.quoted(no_more.start()) and has_words(text, (start, no_more.start())):
            draft.content[-1] = start, no_more.start()
            draft.main = longest(draft.content)
    spoken: dict[int, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.cue and draft.class_ == "speech" and _GOING_ON.search(text, max(0, draft.start - 20), draft.start):
            spoken[_paragraph(article, draft)].append(draft)
    for draft in drafts:
        start, end = draft.content[-1]
        for other in spoken[_paragraph(article, draft)]:
            if text[start] in _MARKS or not (start < other.start < end and any_overlaps(other.speaker, draft.speaker)):
                continue
            going_on = _GOING_ON.search(text, max(start, other.start - 20), other.start)
            if going_on and has_words(text, (start, going_on.start())):
                draft.content[-1] = start, going_on.start()
                draft.main = longest(draft.content)


def _end_before_attributed(article: Article, drafts: Sequence[Draft], others: Iterable[Draft]) -> None:
    """Ends indirect speech before a relative clause that is somebody else's: "said the pier was shut | , which the
    builders deny", "said it was Ann Lee | , who reportedly left"."""
    text = article.text
    near: dict[int, list[Draft]] = defaultdict(list)
    for other in others:
        if other.cue and not reject.is_unlikely(other):
            near[_paragraph(article, other)].append(other)
    for draft in drafts:
        start, end = draft.content[-1]
        if text[start] in _MARKS:
            continue
        for other in near[_paragraph(article, draft)]:
            first, last = hull([*other.cue, *other.speaker])
            if other is draft or not start <= other.cue[0][0] < end or last > end + 1:
                continue
            aside = _ASIDE.search(text, max(0, first - 24), first + 6)
            if aside is None or not start <= aside.start() <= first:
                continue
            if (text[aside.start()] != "," and not other.alleged) or max(stop for _, stop in other.parts) + 1 < end:
                continue
            if has_words(text, (start, aside.start())):
                draft.content[-1] = start, aside.start()
            elif len(draft.content) > 1:
                draft.content.pop()
            draft.main = longest(draft.content)
            break


def _agree(article: Article, draft: Draft, ruled: Draft) -> None:
    """Takes over from the rule's draft what the parse knows better."""
    draft.rule = TAGGER_AND_RULES
    draft.lemma, draft.class_, draft.negated = ruled.lemma, ruled.class_, ruled.negated
    draft.sentence = ruled.sentence
    # "| The police | said it was shut, | the paper reported": the tagger takes who speaks for what is said.
    taken = ruled.rule == CLAUSE and ruled.speaker and all(any_contains(ruled.speaker, span) for span in draft.content)
    if ruled.rule.clear or taken:
        draft.content, draft.main, draft.cue = ruled.content, ruled.main, ruled.cue
        draft.speaker, draft.head = ruled.speaker, ruled.head
        return
    same = ruled.rule in {CLAUSE, ACCORDING} and (
        draft.score < _HARDLY_SEEN
        or (
            any_overlaps(draft.content, ruled.content)
            and _added().match(article.text, draft.content[-1][1], ruled.content[-1][1]) is None
        )
    )
    longer = size(ruled.content) > 1.5 * size(draft.content) and not same
    cut = (
        draft.score >= _HARDLY_SEEN
        and _is_cut(article.text, ruled.content[-1], draft.content[-1])
        and _added().match(article.text, ruled.content[-1][1]) is None
    )
    if ruled.rule == ACCORDING and draft.content[0][0] < ruled.speaker[-1][1] <= ruled.content[0][0]:
        # "According to Ann Lee, the head of the clinic, ...": the apposition is the speaker's.
        draft.content, draft.speaker, draft.main = ruled.content, ruled.speaker, ruled.main
    apart = bool(ruled.cue) and not overlaps(draft.cue[0], ruled.cue[0])
    if ruled.rule == NOUN and ruled.speaker and (apart or draft.score < _UNSURE):
        draft.cue, draft.speaker, draft.head = ruled.cue, ruled.speaker, ruled.head
    if (
        ruled.rule == NOUN
        and draft.content[0][0] <= ruled.content[0][0]
        and ruled.content[-1][1] < draft.content[-1][1]
    ):
        draft.content, draft.main = ruled.content, ruled.main
    if ruled.rule == CLAUSE and _is_cut_short(article.text, draft, ruled):
        draft.content, draft.main = ruled.content, ruled.main
    if ruled.rule == OBJECT and len(ruled.content) > len(draft.content) and draft.content[0] == ruled.content[0]:
        draft.content, draft.main = ruled.content, ruled.main  # "identified the man | on Monday | as Tom Reed"
    if ruled.rule in {CLAUSE, ACCORDING} and _has_more_parts(article.text, draft, ruled):
        draft.content, draft.main = ruled.content, ruled.main
    if draft.score < _UNSURE and ruled.rule != PREPOSITION and not longer and not cut:
        draft.content, draft.main = ruled.content, ruled.main
    if ruled.cue and draft.cue[-1][1] <= ruled.cue[0][0] < ruled.cue[-1][1] <= draft.content[0][0]:
        # The rule's cue stands nearer: "apologised, admitting that ...".
        draft.cue = ruled.cue
    if not draft.speaker or (ruled.speaker and _RELATIVE.search(article.text, *ruled.speaker[-1])):
        # "The firm sent | a letter that | said ...": the parse knows that the letter says it.
        draft.speaker, draft.head, draft.alleged = ruled.speaker, ruled.head, draft.alleged and not ruled.speaker
    elif any(start <= ruled.head[0] < end for start, end in draft.speaker):
        draft.head = ruled.head


def _agreement(draft: Draft, ruled: Draft) -> dict[str, float]:
    """In what the tagger and the rule agree."""
    signs = {f"rule was {ruled.rule.name}": 1.0}
    if abs(draft.content[0][0] - ruled.content[0][0]) > 1:
        signs["rule begins elsewhere"] = 1.0
    if abs(draft.content[-1][1] - ruled.content[-1][1]) > 1:
        signs["rule ends earlier" if ruled.content[-1][1] < draft.content[-1][1] else "rule ends later"] = 1.0
    if len(draft.content) != len(ruled.content):
        signs["rule has other parts"] = 1.0
    if ruled.speaker and draft.speaker and not any_overlaps(draft.speaker, ruled.speaker):
        signs["rule has another speaker"] = 1.0
    if not ruled.speaker:
        signs["rule has no speaker"] = 1.0
    if not any_overlaps(draft.cue, ruled.cue):
        signs["rule has another cue"] = 1.0
    return signs


def _is_cut_short(text: str, draft: Draft, ruled: Draft) -> bool:
    """Whether a clause goes on behind the content that the tagger marked: "she saw in retrospect | , he was wrong"."""
    if len(draft.content) > 1 or len(ruled.content) > 1 or text[draft.content[0][0]] in _MARKS:
        return False
    (start, end), (first, last) = draft.content[0], ruled.content[0]
    added = _added().match(text, end, last) is not None and _FALSE_END.match(text, end) is None
    return start == first and end < last and not added


def _is_cut(text: str, short: Span, long: Span) -> bool:
    """Whether a content ends in the middle of a phrase that another one ends: "data from up | to 44 million users",
    "at 6 a.m | . (2100 GMT) and flew", "1,700 miles (2,735km | ) and rose"."""
    behind = text[short[1] : short[1] + 2]
    middle = (behind[:1].isspace() and behind[1:].isalnum()) or _FALSE_END.match(text, short[1]) is not None
    return long[0] <= short[0] and short[1] < long[1] and middle


def _has_more_parts(text: str, draft: Draft, ruled: Draft) -> bool:
    """Whether the tagger adds to the clause of a cue what the reporter does: "said | it was “an accident”, | but | he
    was arrested"."""
    (first, *more), (clause, *others) = draft.content, ruled.content
    if not more or others or first[0] != clause[0] or first[1] > clause[1] + 2 or more[0][0] < clause[1]:
        return False
    if ruled.rule == CLAUSE and ruled.cue[0][0] > clause[0]:
        return False  # "Nobody was hurt, | the mayor said, | though the pier is gone"
    last = max([clause[1], *(end for _, end in draft.cue), *(end for _, end in draft.speaker)])
    contrast = _CONTRAST.match(text, last if last <= more[0][0] else clause[1])
    return contrast is not None and all(text[start] not in _MARKS for start, _ in more)


def _report_reports(article: Article, drafts: Sequence[Draft]) -> None:
    """Gives who reports somebody's words all of them: in "The family told police it was late, Reed said." Reed says
    that the family told police, and the family says no more than "it was late"."""
    reports = {draft.content[0][1]: draft for draft in drafts if _reports(article.text, draft)}
    ends = sorted(reports)
    for inner in drafts:
        if not _introduces(article.text, inner):
            continue
        (start, end), (first, _) = inner.content[0], hull([*inner.cue, *inner.speaker])
        at = ends[(after := bisect_right(ends, start)) : after + 1]
        # The clause of the inner one may run on over the outer's cue.
        over = at and at[0] <= end <= _last(reports[at[0]])
        outer = reports[at[0]] if over else None
        if outer is None or outer.content[0][0] not in range(first, start + 1) or outer is inner:
            continue
        inner.content = [(start, outer.content[0][1])]
        outer.content = [(first, outer.content[0][1])]
        inner.main, outer.main = inner.content[0], outer.content[0]


def _last(draft: Draft) -> int:
    return hull([*draft.cue, *draft.speaker])[1]


def _introduces(text: str, draft: Draft) -> bool:
    """Whether speaker and cue stand before all that is said, outside quotations."""
    if not (draft.cue and draft.speaker and len(draft.content) == 1 and draft.rule in _OF_CLAUSES):
        return False
    first, last = hull([*draft.cue, *draft.speaker])
    return last <= draft.content[0][0] and text[first] not in _MARKS and text[draft.content[0][0]] not in _MARKS


def _reports(text: str, draft: Draft) -> bool:
    """Whether cue and speaker stand behind all that is said, and the sentence ends with them, or soon after."""
    if not (draft.cue and draft.speaker and len(draft.content) == 1 and draft.rule in _OF_CLAUSES):
        return False
    first, last = hull([*draft.cue, *draft.speaker])
    end = draft.content[0][1]
    comma = _COMMA.match(text, end - 2)
    beside = 0 <= first - end <= len(", ") and comma is not None and _added().match(text, end) is None
    return beside and _STOPS.match(text, last) is not None


# -- quotations over several paragraphs


def _by_paragraphs(article: Article, draft: Draft) -> Iterator[Draft]:
    """A draft as one for each paragraph of its content: those without the cue go on with the same speaker.

    A paragraph before that of the cue is left out unless its quotation stays open: it is a heading or somebody else's.
    """
    parts: dict[int, list[Span]] = defaultdict(list)
    for span in draft.content:
        for part in _cut(article, span):
            parts[article.paragraph_number(part[0])].append(part)
    if not draft.cue or draft.inherited:
        yield draft
        return
    here = article.paragraph_number(draft.cue[0][0])
    first = here if here in parts else min(parts, key=lambda number: (abs(number - here), number))
    for number, spans in sorted(parts.items()):
        if number == first:
            own, more = _own_words(article.text, spans)
            yield replace(draft, content=own, main=longest(own))
            if more:
                yield _going_on(draft, more)
        elif number > first and is_quoted_heading(article.text[slice(*article.paragraphs[number])]):
            continue
        elif number > first or any(quote.open for quote in article.quotes_in(article.paragraphs[number])):
            yield _going_on(draft, spans)


def _cut(article: Article, span: Span) -> Iterator[Span]:
    """A content over several paragraphs, paragraph by paragraph, where each begins with a quotation mark."""
    start, end = span
    last = article.paragraph_number(end - 1)
    for number in range(article.paragraph_number(start), last):
        following = article.paragraphs[number + 1][0]
        if article.text[following] in _MARKS:
            yield start, article.paragraphs[number][1]
            start = following
    yield start, end


def _own_words(text: str, spans: list[Span]) -> tuple[list[Span], list[Span]]:
    """What a sentence reports in indirect speech, and the quotation of whole sentences that follows it: "She said the
    crops had failed. “The well is dry.”"."""
    for at, (start, _) in enumerate(spans[1:], 1):
        reported = any(text[first] not in _MARKS for first, _ in spans[:at])
        if reported and text[start] in _MARKS and _SENTENCE_ENDS.search(text, spans[at - 1][0], start):
            return spans[:at], spans[at:]
    return spans, []


def _going_on(draft: Draft, spans: list[Span]) -> Draft:
    """A draft of what a speaker goes on to say, without a cue of its own."""
    return replace(
        draft, content=spans, main=longest(spans), cue=[], sentence=hull(spans), negated=False, inherited=True
    )


# -- what only a rule found


def _by_rules_alone(article: Article, ruled: Sequence[Draft], tagged: Sequence[Draft]) -> Iterator[Draft]:
    """The drafts that only a rule found, with the place where each lies among the tagger's: see ``Rule.place``."""
    near: dict[int, list[Draft]] = defaultdict(list)
    for draft in tagged:
        if reject.is_unlikely(draft):
            continue
        for number in {article.paragraph_number(start) for start, _ in [*draft.content, *draft.cue]}:
            near[number].append(draft)
    for draft in sorted(ruled, key=lambda draft: draft.content):
        if draft.alleged or draft.rule.kind == "lines":
            yield draft
            continue
        number = _paragraph(article, draft)
        if draft.rule == CONTINUED:
            before = _goes_on(article.text, draft, [*near[number], *near[number - 1]])
            if before is not None:
                near[number].append(before)
                continue
        extent = hull([*draft.content, *draft.cue])
        beside = [other for other in near[number] if any_overlaps([*other.content, *other.cue], [extent])]
        placed = replace(draft, rule=draft.rule.at(_place(article.text, draft, beside)))
        if placed.rule.place == "within":
            _end_with_outer(article.text, placed, beside)
        yield placed


def _end_with_outer(text: str, draft: Draft, around: Sequence[Draft]) -> None:
    """Ends what somebody said according to somebody else where this one's words end, if nothing else is in them: "The
    film shows | the mast broke, killing two men, Holm said"."""
    if len(draft.content) > 1 or not draft.speaker:
        return
    (start, end), (first, last) = draft.content[0], hull([*draft.cue, *draft.speaker])
    for other in around:
        span = other.content[0]
        begin = _THAT.match(text, *span)
        bare = not has_words(text, (begin.end() if begin else span[0], first))
        if len(other.content) == 1 and last <= start and end < span[1] and bare:
            if not _SECOND.match(text, end, span[1]):
                said = text[start : span[1]].rstrip("\"”’',")
                # The mark may be that of the quotation around both.
                draft.content = [(start, span[1] if not _MARKS.isdisjoint(said) else start + len(said))]
            return


def _place(text: str, draft: Draft, beside: Sequence[Draft]) -> Place:
    """Where a rule's draft lies among those of the tagger that it overlaps."""
    spoken = draft.rule.spoken or draft.lemma == "accuse"
    if spoken and all(_holds(draft, other) for other in beside):
        return "apart"
    return "within" if beside and _is_told_within(text, draft, beside) else "alone"


def _holds(draft: Draft, other: Draft) -> bool:
    """Whether all of a draft lies in another's content: "None of them believed the forecast, they admitted"."""
    return all(any_contains(draft.content, part) for part in other.parts)


def _goes_on(text: str, draft: Draft, before: Sequence[Draft]) -> Draft | None:
    """The claim that a quotation in a new paragraph goes on with, which then holds the quotation, too."""
    start, end = draft.content[0][0], draft.content[-1][1]
    for other in before:
        if any_overlaps(other.content, [(start, end)]):
            return other
    for other in before:
        _, last = hull(other.parts)
        same = any_overlaps(other.speaker, draft.speaker)
        if same and last <= start and not _SENTENCE_MORE.search(text, last, start):
            other.content.append((start, end))
            return other
    return None


def _is_told_within(text: str, draft: Draft, around: Sequence[Draft]) -> bool:
    """Whether a draft is what somebody said according to somebody else, reported in indirect speech."""
    if not _is_speech(text, draft):
        return False
    whole = min(draft.content[0][0], draft.speaker[0][0]), draft.content[-1][1]
    if len(draft.content) == 1 and _NO_SUBJECT.match(text, draft.content[0][0]):
        return False
    for other in around:
        span = next((span for span in other.content if contains(span, whole)), None)
        if span is not None:
            quoted = text[span[0]] in _MARKS
            if quoted and not _MARKS.isdisjoint(text[draft.cue[-1][1] : draft.content[0][0]]):
                return False  # “He told us ‘wait’, then he left”
            return text_of(text, draft.speaker).lower() != text_of(text, other.speaker).lower()
    return False


def _is_speech(text: str, draft: Draft) -> bool:
    """Whether a draft is plainly speech, thought or evidence of a speaker who is named: "Y had said that ..."."""
    if not draft.speaker or not draft.rule.nests:
        return False
    pronoun = text_of(text, draft.speaker).lower() in _PRONOUNS
    if draft.rule == INFINITIVE:
        return not pronoun or draft.class_ == "speech"
    return draft.class_ == "speech" or (draft.class_ in {"cognition", "evidence"} and not pronoun)
