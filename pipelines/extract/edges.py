"""The edges of a content and of a speaker's name: where the tagger put them, corrected by the parse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.clauses import (
    SUBJECTS,
    addressee,
    addresses,
    before_occasion,
    clause_range,
    goes_on,
    is_that_clause,
    is_verb,
    noun_range,
    passive,
    relative_subject,
)
from claimwire.pipelines.extract.credits import DATELINE
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.spans import disjoint, has_words, longest, outside, strip, trim
from claimwire.pipelines.extract.wordlists import any_of, cue_verbs, sections
from claimwire.schemas import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as TokenSpan

# The word that these belong to comes next, so a name or noun does not end with one of them.
_BEFORE_HEAD = frozenset({"det", "amod", "compound", "nmod", "nummod", "poss", "predet", "quantmod"})
_BEFORE_VERB = frozenset({"nsubj", "nsubjpass", "aux", "auxpass", "neg", "expl"})
"""What a verb comes behind."""
_OF_VERBS = frozenset({"about", "against", "as", "for", "of", "over", "to", "with"})
_REJECTING = frozenset({"reject", "dismiss", "discount", "abandon"})
_OCCASIONS = frozenset({"prep", "npadvmod", "advmod"})
_LONGEST_NAME = 12
_LONGEST_TIME = 7
_TIME = re.compile(
    r"(?:(?:earlier|later|late|early|again|back|on|in|at|by|this|last|next|the|that|same|previous|past) )*"
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October|"
    r"November|December|week|weekend|month|year|morning|afternoon|evening|night|day|spring|summer|autumn|fall|winter|"
    r"today|yesterday|season|quarter|time|\d{4})(?: (?:morning|afternoon|evening|night|ago|\d{4}))?,?"
)
_GAP = 4
_ONLY_THAT = re.compile(r"(?:only|just|simply) (?=that\b)")
_ANNOUNCED = re.compile(r"(?P<clause>[^:;.!?\n\"“”]{3,80}): (?=\w)")
_ABOUT = re.compile(
    r"(?:^|[.!?\n] ?)(?:In (?:reference|response|reply|answer) to|Referring to|Responding to|Commenting on|"
    r"Asked (?:about|whether|why)|Speaking (?:about|of)) "
)
_WAS_THAT = re.compile(r"(?:is|was) that\s+(?=\w)")
_SECOND_HALF = re.compile(r"\b(?:and|but),? $")
_BY_TIME = frozenset({"after", "before", "when", "while", "as", "asked", "speaking", "responding", "in", "on", "at"})
_DEPENDING = frozenset({"because", "given", "if", "unless", "since", "so", "although", "until"})
_HOLDING = frozenset({"if", "instead", "unless", "unlike", "without"})
"""What begins a part of a clause that stands before the cue: "Unlike his rivals, | he said | he would pay"."""
_CLOSING = frozenset("\"”'’»")
_NOBODY = frozenset({"it", "there", "this", "that", "which", "what", "who"})
_DANGLING = frozenset({"CC", "DT", "IN", "TO", "PRP$", "WDT", "WP", "WRB"})
_ANNOUNCING = sections("particles.txt")["announcing"]


@cache
def _lead() -> re.Pattern[str]:
    joining, adverbs = (any_of(sections("particles.txt")[name]) for name in ("joining", "joining with a comma"))
    # (?a:...) because IGNORECASE alone takes "ſ" for an "s".
    return re.compile(
        rf"(?a:(?:{joining})(?!\s(?:far|much|many|as)\b)\b,?|(?:{adverbs})(?:,|$))(?:\s+|$)", re.IGNORECASE
    )


def without_credits(article: Article, draft: Draft) -> None:
    """Leaves out of a content who took a picture, unless nothing else is in it: "It is safe. (Photo: Ann Lee)"."""
    credited = article.credits_in(draft.content)
    if credited:
        parts = [strip(article.text, part) for part in outside(draft.content, credited)]
        draft.content = [part for part in parts if has_words(article.text, part)] or draft.content


def without_announcement(text: str, draft: Draft) -> None:
    """Leaves out of a content, in whose sentence the cue comes later, the clause that announces it: "Lee disagrees: |
    the pump, | she says, | is new"."""
    first, *more = draft.content
    announced = _ANNOUNCED.match(text, *first) if draft.cue and draft.cue[0][0] > first[0] else None
    if announced is None or not has_words(text, (announced.end(), first[1])):
        return
    if any(word in cue_verbs() for word in announced["clause"].lower().split()):
        draft.content = [(announced.end(), first[1]), *more]
        draft.main = longest(draft.content)


def without_lead(text: str, content: Sequence[Span]) -> list[Span]:
    """A content without the word by which the reporter joins it to the sentence before ("But ...", "In fact, ...",
    "because, he said, ..."), and without a dateline."""
    start, end = content[0]
    dateline = DATELINE.match(text, start) if start == 0 or text[start - 1] == "\n" else None
    start = min(dateline.end(), end) if dateline else start
    only = _ONLY_THAT.match(text, start, end)
    start = only.end() if only else start
    for _ in range(2):
        lead = _lead().match(text, start, end)
        start = lead.end() if lead else start
    if start == content[0][0]:
        return list(content)
    kept = [trim(text, (start, end)), *content[1:]]
    return [span for span in kept if has_words(text, span)] or list(content)


def without_frame(text: str, draft: Draft) -> None:
    """Leaves out of a content what only frames it: "What | the mayor said | was that | it would close", "It burned down
    and | according to the police, | nobody was hurt", "In response to the flood, | she said, | it closed"."""
    first, *more = draft.content
    if not more:
        return
    if _ABOUT.search(text, max(0, first[0] - 20), first[1]) and draft.start < more[0][0]:
        draft.content = more
    elif text[slice(*first)].lower() == "what" and (was := _WAS_THAT.match(text, *more[0])):
        draft.content = [(was.end(), more[0][1]), *more[1:]]
    elif draft.lemma == "according to" and _SECOND_HALF.search(text, first[0], draft.start):
        draft.content = [span for span in more if span[0] > draft.start] or draft.content
    draft.main = longest(draft.content)


def until_going_on(text: str, content: Sequence[Span], cues: Iterable[Span]) -> list[Span]:
    """A content that ends where its speaker goes on: "it was a 'political trial' | saying he would appeal"."""
    parts = list(content)
    for start, end in cues:
        if (
            text[start - 1 : start] != " "
            or text[start - 2 : start - 1] not in _CLOSING
            or text[end - 3 : end] != "ing"
        ):
            continue
        at = next((at for at, (first, last) in enumerate(parts) if first < start - 2 and end <= last), None)
        if at is not None and has_words(text, (parts[at][0], start)):
            parts = [*parts[:at], (parts[at][0], start - 1)]
    return parts


def settle(text: str, start: int, doc: Doc, draft: Draft) -> None:
    """Corrects the edges of a draft that lies in one parsed piece; ``doc`` begins at ``start`` of the text."""
    cue = _tokens(doc, start, draft.cue[0])
    if cue is None:
        return
    parts = [tokens for span in draft.content if (tokens := _tokens(doc, start, span)) is not None]
    if len(parts) < len(draft.content):
        return
    named = [tokens for span in draft.speaker if (tokens := _tokens(doc, start, span)) is not None]
    parts = _around(_without_gaps(_in_sentence(parts, cue), [cue, *named]), cue, named)
    said = _relative(cue) or [
        tokens if _is_quotation(tokens) else _whole(_governed(tokens, cue), cue)
        for tokens in _begun(_without_reporter(parts, cue), cue)
    ]
    said = [before_occasion(tokens) for tokens in _without_addressee(said, cue)]
    content = [trim(text, _span(start, tokens)) for tokens in said if len(tokens)]
    content = [span for span in content if has_words(text, span)]
    if not named:
        _name(start, cue, draft)
    elif (longer := _with_verb(named[-1], cue)) is not None:
        draft.speaker[-1] = trim(text, _span(start, longer))
    elif len(named) == len(draft.speaker) and all(tokens[-1].tag_ == "DT" for tokens in named):
        draft.speaker = [trim(text, _span(start, _whole(tokens, cue))) for tokens in named]
    if content and disjoint(content):
        draft.content = content
        draft.main = longest(content)


def _without_addressee(parts: list[TokenSpan], cue: TokenSpan) -> list[TokenSpan]:
    """Leaves out who is told what to do: "| Drivers | were asked | to stay at home"."""
    last = cue[-1]
    if not (passive(last) and addresses(last, "")):
        return parts
    behind = [tokens for tokens in parts if tokens.start >= cue.end]
    return behind if behind and behind[0][0].lower_ in {"to", "not", "that"} else parts


def _tokens(doc: Doc, start: int, span: Span) -> TokenSpan | None:
    """The tokens that a span touches; None where it reaches out of the piece."""
    if span[0] < start or span[1] > start + doc[-1].idx + len(doc[-1]):
        return None
    found: TokenSpan | None = doc.char_span(span[0] - start, span[1] - start, alignment_mode="expand")
    return found


def _span(start: int, tokens: TokenSpan) -> Span:
    return start + int(tokens.start_char), start + int(tokens.end_char)


def _in_sentence(parts: list[TokenSpan], cue: TokenSpan) -> list[TokenSpan]:
    """Leaves out what stands in a sentence before that of the cue, outside quotations: "It is old. | It leaks, Lee
    said."."""
    first = cue.root.sent.start
    kept = []
    for tokens in parts:
        if tokens.start >= first or any(token.is_quote for token in tokens):
            kept.append(tokens)
        elif tokens.end > first:
            kept.append(tokens.doc[first : tokens.end])
    return kept or parts


def _without_gaps(parts: list[TokenSpan], reporting: Sequence[TokenSpan]) -> list[TokenSpan]:
    """Closes a gap of a few words in a clause that are neither the cue nor the speaker: "he is proud, | but he wants |
    to be known"."""
    joined: list[TokenSpan] = []
    for tokens in parts:
        before = joined[-1] if joined else None
        if (
            before is not None
            and 0 <= tokens.start - before.end <= _GAP
            and before[-1].sent == tokens[0].sent
            and not any(token.is_quote for token in tokens.doc[before.start : tokens.end])
            and not (tokens[0].lower_ == "as" and _TIME.fullmatch(tokens.doc[before.end : tokens.start].text))
            and not any(before.end < each.end and each.start < tokens.start for each in reporting)
        ):
            joined[-1] = tokens.doc[before.start : tokens.end]
        else:
            joined.append(tokens)
    return joined


def _around(parts: list[TokenSpan], cue: TokenSpan, named: Sequence[TokenSpan]) -> list[TokenSpan]:
    """Both sides of a cue between commas, if the one that was left out is a clause: "Even if it rains, | the mayor
    says, | it will open"."""
    doc, sentence = cue.doc, cue.root.sent
    first, last = min([cue.start, *(n.start for n in named)]), max([cue.end, *(n.end for n in named)])
    inserted = (
        len(parts) == 1
        and named
        and sentence.start < first - 1
        and last < sentence.end - 1
        and doc[first - 1].text == "," == doc[last].text
        and not any(token.is_quote for token in sentence)
    )
    if not inserted:
        front = doc[sentence.start : first - 1]
        if (
            len(parts) == 1
            and named
            and sentence.start + 1 < first - 1
            and doc[first - 1].text == ","
            and parts[0].start >= last
            and front[0].lower_ in _HOLDING
            and not any(token.is_quote for token in front)
        ):
            return [front, *parts]
        return parts
    (part,) = parts
    if part.start == last + 1 and part.end >= sentence.end - 1:
        other = doc[sentence.start : first - 1]
        return [other, part] if any(map(is_verb, other)) and other[0].lower_ not in _BY_TIME else parts
    if part.start == sentence.start and part.end == first - 1:
        other = doc[last + 1 : sentence.end - 1]
        return [part, other] if any(map(is_verb, other)) and other[0].lower_ in _DEPENDING else parts
    return parts


def _main(cue: TokenSpan) -> Token:
    """The verb of a cue, else its root."""
    return next((token for token in reversed(list(cue)) if is_verb(token)), cue.root)


def _is_quotation(words: TokenSpan) -> bool:
    """Whether words are one quotation from mark to mark."""
    return bool(words[0].is_quote and words[-1].is_punct)


def _governed(said: TokenSpan, cue: TokenSpan) -> TokenSpan:
    """Cuts a content before the verb that governs its cue: "the claim that the mine was safe | angered them", "because
    the study shows that it leaks, | they closed it"."""
    if said.start < cue.end:
        return said
    noun = _main(cue)
    if noun.dep_ == "advcl" and is_verb(noun) and said.start < noun.head.i < said.end:
        end = noun.right_edge.i + 1
        return said.doc[said.start : end] if said.start < end < said.end else said
    own = goes_on(said.root) if is_verb(said.root) else None
    if own is not None and said.start + 1 < own < said.end:
        return said.doc[said.start : own]
    did = any(c.dep_ == "dobj" for c in noun.rights) and not any(c.dep_ in {"ccomp", "xcomp"} for c in noun.rights)
    if is_verb(noun) and (next_ := next((c for c in noun.rights if _goes_on(c, said, did)), None)) is not None:
        end = next_.left_edge.i
        while end - 1 > said.start and said.doc[end - 1].dep_ in {"cc", "punct"}:
            end -= 1
        return said.doc[said.start : end]
    if is_verb(noun):
        if noun.dep_ not in {"relcl", "acl"}:
            return said
        noun = noun.head
    above = noun.head
    if noun.dep_ not in SUBJECTS or not is_verb(above) or not said.start < above.i < said.end:
        return said
    verbs = [c.i for c in above.lefts if c.dep_ in {"aux", "auxpass", "neg", "advmod"} and c.i > said.start]
    return said.doc[said.start : min([above.i, *verbs])]


def _without_reporter(parts: list[TokenSpan], cue: TokenSpan) -> list[TokenSpan]:
    """Leaves out the reporter's words that a cue parts from a quotation that stands by itself: "In a reply, the agency
    said “We are closed.”", "“This is hard,” she said as she sat down"."""
    whole = [tokens for tokens in parts if tokens[0].is_quote and len(tokens) > 3 and tokens[1].is_title]
    if not whole:
        return parts
    behind = all(tokens.start >= cue.end for tokens in whole)
    before = all(tokens.end <= cue.start for tokens in whole)
    return [
        tokens
        for tokens in parts
        if tokens[0].is_quote
        or (
            not (behind and tokens.end <= cue.start and _is_occasion(tokens))
            and not (before and tokens.start >= cue.end and _is_manner(tokens, cue))
        )
    ]


def _is_occasion(words: TokenSpan) -> bool:
    """ "In | an official response |"."""
    return words.root.dep_ in {"pobj", "prep", "npadvmod"} and not any(map(is_verb, words))


def _is_manner(words: TokenSpan, cue: TokenSpan) -> bool:
    """ "Said | as she sat down", "said of | that plan"."""
    first = words[0]
    return first.sent == cue.root.sent and "IN" in {first.tag_, first.nbor(-1).tag_}


def _begun(parts: list[TokenSpan], cue: TokenSpan) -> list[TokenSpan]:
    """Begins what is said behind those to whom it is said ("urged | residents | to stay"), behind the preposition of
    its verb ("is seen | as | a threat") or behind a noun that only announces it ("repeated | its view | that it
    leaks")."""
    first = parts[0]
    if first.start < cue.end:
        return parts
    begin = max(
        addressee(_main(cue), first) or 0,
        _behind_preposition(first, cue),
        _behind_noun(first, cue),
        _behind_time(first, cue),
    )
    return [first.doc[begin : first.end], *parts[1:]] if begin < first.end else parts


def _goes_on(verb: Token, said: TokenSpan, did: bool) -> bool:
    """Whether a verb tells what the speaker did next: "said it was late, | and demanded an answer". ``did`` where what
    is said is the object of a verb: "accused them of theft | and threw them out"."""
    return (
        verb.dep_ == "conj"
        and verb.tag_ in {"VBD", "VBZ", "VBP"}
        and said.start < verb.i < said.end
        and (did or _speaks(verb))
        and not any(child.dep_ in SUBJECTS for child in verb.lefts)
    )


def _behind_preposition(said: TokenSpan, cue: TokenSpan) -> int:
    """Where the object of a verb's preposition begins, if that is all that is said; else where what is said begins."""
    first = said[0]
    of_verb = first.dep_ == "prep" and first.lower_ in _OF_VERBS and first.head.i == _main(cue).i
    whole = len(said) > 1 and first.i <= cue.end + 1 and first.right_edge.i + 1 >= said.end
    return int(said.start) + (of_verb and whole)


def _behind_time(said: TokenSpan, cue: TokenSpan) -> int:
    """Where the clause begins before which stands when or where it is said ("said | in May | it would close"), if that
    belongs to the verb of saying; else where what is said begins."""
    verb = _main(cue)
    that = next((token.i for token in said[1:_LONGEST_TIME] if token.lower_ == "that"), None)
    if that is not None and _TIME.fullmatch(said.doc[said.start : that].text):
        return that
    clause = next((c for c in verb.rights if c.dep_ == "ccomp" and said.start <= c.i < said.end), None)
    if clause is None:
        return int(said.start)
    before = [c for c in verb.rights if said.start <= c.i < clause.left_edge.i]
    told = before and before[0].left_edge.i == said.start and all(c.dep_ in _OCCASIONS for c in before)
    return int(clause.left_edge.i if told else said.start)


def _behind_noun(said: TokenSpan, cue: TokenSpan) -> int:
    """Where the clause of a noun begins that is all that is said; else where what is said begins.

    Not behind a verb that turns the clause down: "dismissed the idea that it leaks" does not say that it leaks.
    """
    verb = cue_verbs().get(_main(cue).lower_)
    if verb is not None and verb.lemma in _REJECTING:
        return int(said.start)
    for noun in said[:_LONGEST_NAME]:
        if is_verb(noun) or noun.is_quote:
            break
        clause = next((c for c in noun.rights if is_that_clause(c)), None)
        if clause is not None and noun.lower_ in _ANNOUNCING and clause.right_edge.i + 2 >= said.end:
            return clause.left_edge.i
    return int(said.start)


def _whole(said: TokenSpan, cue: TokenSpan) -> TokenSpan:
    """Takes in the rest of a phrase that was cut, and leaves out a word that leads on to nothing."""
    doc, end = said.doc, _completed(said, cue)
    if end > said.end:
        return doc[said.start : end]
    while end - 1 > said.start and doc[end - 1].tag_ in _DANGLING and _leads_on(doc[end - 1], end):
        end -= 1
    return doc[said.start : end]


def _completed(said: TokenSpan, cue: TokenSpan) -> int:
    """Where the phrase ends in whose middle a content ends: "a chest | X-ray", "plans to | invest", "but he | did".

    It goes on neither into another sentence nor over the cue.
    """
    doc, end = said.doc, said.end
    last = doc[end - 1]
    limit = min(last.sent.end, cue.start) if cue.start >= end else last.sent.end
    head = last.head
    if last.dep_ in _BEFORE_HEAD and end <= head.i <= end + 2 and head.i < limit:
        return head.i + 1
    if last.dep_ in _BEFORE_VERB and not last.tag_.startswith("W") and end <= head.i < limit and is_verb(head):
        return min(limit, clause_range(head)[1])
    if last.tag_ in {"IN", "TO"}:
        objects = [child for child in last.rights if child.dep_ in {"pobj", "pcomp"} and end <= child.i < limit]
        if objects and last.head.i < end:
            return min(limit, objects[0].right_edge.i + 1)
    other = _other_half(said, limit)
    return end if other is None else min(limit, clause_range(other)[1])


def _other_half(said: TokenSpan, limit: int) -> Token | None:
    """The verb of a second half that was left out: "was treated well | and asked them for help"."""
    doc, end = said.doc, said.end
    at = end + 1 if end < limit and doc[end].text == "," else end
    if at >= limit or doc[at].dep_ != "cc":
        return None
    first = doc[at].head
    other = next((child for child in first.rights if child.dep_ == "conj" and child.i > at), None)
    if other is None or not said.start <= first.i < end or not is_verb(first) or not is_verb(other):
        return None
    return None if other.i >= limit or _speaks(other) else other


def _speaks(verb: Token) -> bool:
    known = cue_verbs().get(verb.lower_)
    return known is not None and known.class_ == "speech"


def _leads_on(last: Token, end: int) -> bool:
    """Whether a small word belongs to what comes next: "the war and", "the idea that", "in the"."""
    return last.tag_ == "CC" or last.head.i >= end or any(child.i >= end for child in last.rights)


def _name(start: int, cue: TokenSpan, draft: Draft) -> None:
    """Gives a draft without a speaker the subject of its verb."""
    verb = _main(cue)
    who = next((c for c in verb.lefts if c.dep_ == "nsubj"), None)
    if (
        draft.alleged
        or who is None
        or verb.lower_ not in cue_verbs()
        or verb.tag_ == "VBG"
        or who.lower_ in _NOBODY
        or who.i >= cue.start
    ):
        return
    first, last = noun_range(who)
    draft.speaker = [_span(start, who.doc[first:last])]
    draft.head = _span(start, who.doc[who.i : who.i + 1])


def _with_verb(name: TokenSpan, cue: TokenSpan) -> TokenSpan | None:
    """ "The study, published in May", "figures released by the bank on Monday", "one man, who spoke on condition of
    anonymity": with what belongs to the verb; None where there is no such verb."""
    verb = next((token for token in reversed(list(name)) if token.tag_ in {"VBN", "VBD"}), None)
    if verb is None or (verb.i + 1 < name.end and (verb.tag_, verb.dep_) != ("VBN", "acl")):
        return None
    end = name.end
    for child in verb.rights:
        last = child.right_edge.i
        if child.dep_ in {"prep", "agent", "npadvmod"} and child.left_edge.i <= end and not child.i < cue.start < last:
            end = max(end, last + 1)
    return name.doc[name.start : end]


def _relative(cue: TokenSpan) -> list[TokenSpan] | None:
    """ "which officials say came from bats": the pronoun and what is said of it."""
    verb = _main(cue)
    for child in verb.rights:
        if child.dep_ != "ccomp" or not is_verb(child):
            continue
        pronoun = relative_subject(child, verb)
        if pronoun is not None:
            end = child.right_edge.i + 1
            if pronoun.i > 0 and pronoun.nbor(-1).text == ",":
                end = _comma(verb.doc, child.i, end)
            return [verb.doc[pronoun.i : pronoun.i + 1], verb.doc[verb.i + 1 : end]]
    return None


def _comma(doc: Doc, start: int, end: int) -> int:
    """Where a clause between commas ends: at the comma behind which the sentence goes on with its verb."""
    for index in range(start, end - 1):
        if doc[index].text == "," and doc[index + 1].tag_ in {"VBD", "VBN", "VBZ", "VBP", "MD"}:
            return index
    return end
