"""Rejecting: everything that looks like a claim and is not one, in the order in which it is asked.

1. A cue, before a rule reads its clause: ``unsaid``, ``quotes_nothing``.
2. A line of dialogue: ``is_interview_question``, ``interviewers``.
3. A draft of the parse, before quotations are given to drafts: ``stands``.
4. Every draft, once all are found: ``why_not``, by the ``REASONS``.
5. Beside the tagger, drafts of a kind that is seldom right: ``is_unlikely``.
6. Speech within speech of a kind that nobody measured, unless it is more likely right than wrong: ``measured``.
7. Where statements are wanted, drafts that are seldom right to the word: ``sure``.
8. Claims within claims within claims: ``unnested``.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.cast.roles import is_role
from claimwire.pipelines.extract.clauses import agent, passive
from claimwire.pipelines.extract.confidence import VERBAL
from claimwire.pipelines.extract.drafts import Draft
from claimwire.pipelines.extract.foreign import is_foreign
from claimwire.pipelines.extract.rules import CLAUSE, DIALOGUE, TAGGER
from claimwire.pipelines.extract.spans import any_contains, has_words, hull, outside, text_of
from claimwire.pipelines.extract.stance import DENYING
from claimwire.pipelines.extract.wordlists import CueVerb, cue_nouns, cue_verbs, precision, sections

if TYPE_CHECKING:
    from spacy.tokens import Token

LEAST = 0.3
"""To leave out what is right less often than half of F1 raises F1 (Lipton et al. 2014); here it is a little less, for
recall."""
SURE = 0.5
"""The least confidence of a statement: more likely right than wrong. docs/extraction.md says what others give."""
NARRATES = "narrates"
"""The sign of a turn of a dialogue that is a reporter's."""
_UNMEASURED = frozenset({"according", "adjective", "object", "quote"})
_DEEPEST = 5

_GOING_ON = sections("particles.txt")["going on"]
_MODALS = frozenset({"would", "could", "should", "might", "may", "can", "must", "ca", "'d"})
_NO_SOURCE = frozenset({"i", "we", "you", "it", "that", "they", "he", "she", "my", "our", "your"})
_OTHERS = frozenset({"he", "she", "they"})
_THINKERS = frozenset({"i", "we", "you", "one"})
_REQUESTS = frozenset({"advise", "ask", "encourage", "recommend", "suggest", "urge"})
"""What a publisher or shop tells its readers to do."""
_NOT_SAYING = frozenset({"speech", "evidence"})

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PLAIN_WORD = re.compile(r"[^\W\d_]+")
_FIRST = frozenset({"i", "we"})
_ASKING = re.compile(
    r"\W*(?:who|what|when|where|why|how|which|is|are|was|were|am|do|does|did|has|have|had|can|could|will|would|should|"
    r"may|might|must)\b",
    re.IGNORECASE,
)
_INDIRECT_QUESTION = re.compile(r"\W*(?:whether|if|how|what|when|where|why|who|which|about)\b", re.IGNORECASE)
_WHICH = re.compile(r"\b(?:which|whom) $")
_WOULD = re.compile(r"(?:would|could|might|should|may|must|can)(?: not|n['’]t)?(?: have)? ", re.IGNORECASE)
_SUPPOSED = frozenset({"say", "argue", "think", "believe", "claim", "guess", "suppose", "tell", "add", "know"})
_REPORTED = re.compile(r"([^\W\d_][\w’'-]*) (?:says|said|tells|told|adds|added|explains|explained|thinks|believes)\b")
_MARKS = frozenset("\"“”„«「'‘")
_GREETING = frozenset({"say", "tell", "post", "tweet", "find"})
_CALLS = frozenset({"called", "calls", "call", "calling", "phoned", "rang"})
_NAMED = re.compile(r"\b(?:known|nicknamed|titled|entitled|named|dubbed)\b")
_OWN = re.compile(r"(?:his|her|its|their|your|our|one['’]s) own\b", re.IGNORECASE)
_GAPS = frozenset("[]….")
_POINTS = re.compile("[:―—–-]")
_DID = re.compile(r"^(?:later |also )?(?:said|told|wrote|added|claimed|\w+ed)\b")
_THINGS = frozenset({"nothing", "anything", "something", "everything"})
_NO_ONE = re.compile(r"[Nn]o [a-z]")
# "Police are asking for ..." ask; who is asked says nothing yet.
_ASKED = re.compile(r"(?:was|were|is|are|been|being|when) (?!(?:\w+ )?asking\b)")
# "Drivers were asked to stay at home"; "anyone with news is asked to call" is a word to the reader.
_TOLD_TO = re.compile(r"(?:(?:was|were)|(?:has|have|had) been) (?:\w+ly )?asked\b")
# Before an "asked" that is passive stands a small word ("when asked if he would go"), or nothing at all.
_BEING = re.compile(r"(?:^|[.!?][\"”’]?\s|\b(?:when|if|once|was|were|is|are|been|being)\s)$", re.IGNORECASE)
_NO_COMMENT = re.compile(
    r"(?:to|any) (?:further )?(?:answer|be (?:identified|interviewed|named|quoted)|comment|discuss|disclose|elaborate|"
    r"explain|give|provide|reply|respond|say|speak|speculate|talk)\b"
)
_NOTES = re.compile("[♪♫♬]")
_LABEL = re.compile(r"\W*([^\W_][^:\n]{0,30}):\s")
_VERSE = re.compile(r"(?:verse|chorus|refrain|bridge|\[?chorus\]?)\b")
_END = re.compile(r"[.!?](?=[\s\"”’')]|$)")
_AFTER_GREETING = frozenset({
    "again", "and", "at", "before", "for", "from", "in", "on", "once", "to", "twice", "with", "without", "you",
})  # fmt: skip
_POSSESSIVE = frozenset({"his", "her", "their", "its", "my", "our", "your", "the", "a"})


# -- 1. cues


def unsaid(cue: Token, verb: CueVerb) -> bool:
    """ "Would say", "to say", "was told", "was asked": nothing that has been said, or nobody who said it.

    "Went on to say" did happen.
    """
    for child in cue.lefts:
        if child.tag_ == "MD" and child.lower_ in _MODALS:
            return True
        if child.tag_ == "TO" and not (cue.dep_ in {"xcomp", "advcl"} and cue.head.lower_ in _GOING_ON):
            return True
        if child.tag_ == "TO":
            break
    return passive(cue) and (agent(cue) is None or verb.lemma == "ask")


def quotes_nothing(cue: Token) -> bool:
    """A verb beside a quotation that does not quote it: "Asked if he would go, the governor ...", "to say"."""
    if cue.lower_ == "asked" and cue.is_sent_start:
        return True
    return cue.tag_ == "VB" and cue.dep_ in {"xcomp", "acl"} and cue.i > 0 and cue.nbor(-1).tag_ == "TO"


# -- 2. lines of dialogue


def is_interview_question(who: str, said: str) -> bool:
    """Whether a turn of a dialogue is an interviewer's question."""
    lower = who.lower()
    return lower == "q" or (lower in sections("labels.txt")["interviewer"] and said.rstrip("\"”’' ").endswith("?"))


def interviewers(turns: Sequence[tuple[str, str]]) -> set[str]:
    """Those of several speakers who do little but ask. ``turns`` are pairs of who speaks and what is said."""
    spoke, asked = Counter[str](), Counter[str]()
    for who, said in turns:
        spoke[who] += 1
        asked[who] += said[-1] == "?"
    return {who for who, times in spoke.items() if times > 1 and asked[who] * 3 > times * 2 and len(spoke) > 1}


def narrators(turns: Sequence[tuple[str, str]]) -> set[str]:
    """Those of several speakers who report what the others say, as in a radio piece: "LIND: But Holm says ..."."""
    names = {who: who.split()[-1].lower() for who, _ in turns}
    reports: dict[str, set[str]] = defaultdict(set)
    for who, said in turns:
        others = {name for name in names.values() if name != names[who]}
        reports[who] |= {name for name in _REPORTED.findall(said.lower()) if name in others}
    return {who for who, named in reports.items() if len(named) > 1}


# -- 3. drafts of the parse


def stands(article: Article, draft: Draft) -> bool:
    """Whether a draft of the parse may be a claim."""
    who = article.text[draft.head[0] : draft.head[1]].lower()
    if article.quoted(draft.cue[0][0]):
        # A quotation's own words ("I think ..."): the quotation is the claim.
        spoken = draft.rule == CLAUSE and draft.class_ == "speech"
        # The song “They Say It Rains” reports nothing.
        told = spoken and who in _OTHERS and article.text[slice(*draft.cue[0])].islower()
        return draft.alleged or (bool(draft.speaker) and (told or who not in _NO_SOURCE))
    if draft.class_ == "cognition" and who in _THINKERS:
        return False
    if draft.negated and draft.class_ in _NOT_SAYING and draft.lemma not in DENYING:
        return False
    return bool(draft.speaker) or draft.alleged


# -- 4. every draft


def claims(article: Article, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts that no reason rejects."""
    return [draft for draft in drafts if why_not(article, draft) is None]


def why_not(article: Article, draft: Draft) -> str | None:
    """The name of the first reason for which a draft is not a claim; None for a claim."""
    for reason in REASONS if draft.cue else REASONS[:3]:
        if reason(article, draft):
            return reason.__name__
    return None


def printed(article: Article, draft: Draft) -> bool:
    """A song, a caption, or words of the publisher."""
    start, end = article.paragraph_at(draft.start)
    text = article.text[start:end]
    lower = text[:400].lower()
    if _NOTES.search(text) or any(words in lower for words in sections("lookalikes.txt")["publisher"]):
        return True
    label = _LABEL.match(text)
    if label is None:
        return False
    name = re.sub(r"[\s\d.]+$", "", label[1].lower())
    return name in sections("labels.txt")["nobody"] or _VERSE.match(name) is not None


def credited(article: Article, draft: Draft) -> bool:
    """Who took a picture says nothing: "Photograph: Ann Lee/The Star"."""
    return any(
        any_contains(article.credits_in([part]), part)
        for part in [*draft.cue[:1], *draft.speaker[:1], *([draft.head] if draft.speaker else [])]
    ) or not any(has_words(article.text, part) for part in outside(draft.content, article.credits_in(draft.content)))


def foreign(article: Article, draft: Draft) -> bool:
    """What stands in a sentence of another language is not read: "« Nous sommes là pour vous », dit le maire"."""
    if draft.cue and not has_words(article.text, draft.cue[0]):
        return is_foreign(text_of(article.text, draft.content))  # "Maire: nous sommes là pour vous"
    return is_foreign(article.text[slice(*article.sentence_at(draft.start))])


def small_words(article: Article, draft: Draft) -> bool:
    """Small words alone, in which the tagger sees a cue or content: "we | want | this", "about | the crisis"."""
    if draft.rule is not TAGGER:
        return False
    small = sections("lookalikes.txt")["small"]
    said = _PLAIN_WORD.findall(text_of(article.text, draft.content).lower())
    if all(word in small for word in said) and not article.quoted(draft.content[0][0]):
        return True
    cue = _cue(article, draft)
    words = _PLAIN_WORD.findall(cue)
    if not words and not _GAPS.isdisjoint(cue):
        return True  # "“It is late.” | [...] | Students say ..."
    return all(word in small for word in words) if words else not (draft.speaker or _POINTS.search(cue))


def voiceless(article: Article, draft: Draft) -> bool:
    """ "Thinking about a move": of 13 such participles without a speaker in 60 held-out articles none was right."""
    words = _PLAIN_WORD.findall(_cue(article, draft))
    doing = any(word.endswith("ing") and word not in cue_nouns() for word in words)
    return draft.rule is TAGGER and doing and not draft.speaker and not draft.alleged


def quoted_phrase(article: Article, draft: Draft) -> bool:
    """A phrase in quotation marks is what somebody says, and no speaker: "a 'political trial' | saying". Titles, names
    and "the 'experts' say" are."""
    quote = article.quote_at(draft.head[0]) if draft.speaker else None
    if quote is None or quote.start <= draft.cue[0][0] < quote.end or quote.start < draft.speaker[0][0] - 1:
        return False
    word = article.text[slice(*draft.head)].lower()
    first = _WORD.search(article.text, *quote.span)
    several = word.endswith("s") and not word.endswith("ss")
    return first is not None and first.group()[0].islower() and not several and not is_role(word)


def measures(article: Article, draft: Draft) -> bool:
    """ "Paid according to the number of minutes", "done according to their own plans": what others are measured by says
    nothing."""
    word = article.text[draft.head[0] : draft.head[1]].lower()
    own = _OWN.match(article.text, draft.speaker[0][0]) if draft.speaker else None
    return draft.lemma == "according to" and (own is not None or word in sections("lookalikes.txt")["measures"])


def cites(article: Article, draft: Draft) -> bool:
    """A cue within a title or quotation has its speaker there, too: the band played “Say It Was Rain”."""
    inside = article.quoted(draft.cue[0][0]) and article.quoted(draft.cue[-1][1])
    return inside and bool(draft.speaker) and not article.quoted(draft.speaker[0][0])


def nobodys(article: Article, draft: Draft) -> bool:
    """ "Nobody said", "one might argue", "I think" of the writer, "it goes without saying"."""
    who = _speaker(article, draft)
    cue = _cue(article, draft)
    start = draft.cue[0][0]
    outside = not article.quoted(start)
    head = article.text[slice(*draft.head)].lower()
    if who == "one" and draft.class_ == "speech" and _DID.search(cue):
        return False  # "Two women came. One said ..."
    if outside and (who in sections("lookalikes.txt")["nobody"] or head in _THINGS or _is_none(article, draft)):
        return True
    asking = who == "we" and draft.lemma in _REQUESTS
    if outside and (
        asking or (who in _FIRST and draft.class_ == "cognition") or (who == "i" and draft.class_ != "speech")
    ):
        return True
    before = article.text[max(0, start - 10) : start].lower()
    if any(phrase in before + cue for phrase in sections("lookalikes.txt")["phrases"]):
        return True
    return draft.lemma in _SUPPOSED and _WOULD.match(cue) is not None and outside


def _is_none(article: Article, draft: Draft) -> bool:
    """ "No member has ever claimed ..."; "No Labels" is a body."""
    return bool(draft.speaker) and _NO_ONE.match(article.text, draft.speaker[0][0]) is not None


def calls(article: Article, draft: Draft) -> bool:
    """Names and telephones: "known as “Fat Boy”", "called her mother"."""
    text, cue = article.text, _cue(article, draft)
    named = not draft.speaker and _NAMED.search(cue)
    if named and any(article.quoted(end - 1) or text[start] in _MARKS for start, end in draft.content):
        return True
    start, end = draft.content[0]
    words = text[start:end].split()
    some = len(words) == 1 or (len(words) == 2 and words[0].lower() in _POSSESSIVE)
    return cue in _CALLS and len(draft.content) == 1 and some and _MARKS.isdisjoint(text[start:end])


def greets(article: Article, draft: Draft) -> bool:
    """ "Said goodbye", "said their prayers", "posted a photograph", "found herself out of work"."""
    if draft.lemma not in _GREETING or len(draft.content) > 1 or article.quoted(draft.content[0][0]):
        return False
    start, end = draft.content[0]
    words = [match.group().lower() for match in _WORD.finditer(article.text, start, min(end, start + 40))]
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


def declines(article: Article, draft: Draft) -> bool:
    """ "Declined to comment", "refused to be interviewed": who says nothing says nothing."""
    start = draft.content[0][0]
    return draft.lemma in {"decline", "refuse"} and _NO_COMMENT.match(article.text, start) is not None


def asks(article: Article, draft: Draft) -> bool:
    """Questions to the reader, and those that reporters put."""
    text = article.text
    cue_start, cue_end = draft.cue[0][0], draft.cue[-1][1]
    if article.quoted(cue_start):
        return False
    who, cue = _speaker(article, draft), _cue(article, draft)
    start, end = draft.content[0][0], draft.content[-1][1]
    said = text[start:end].rstrip("\"”’' ")
    reporter = who in sections("lookalikes.txt")["reporters"]
    question = "?" in (said[-1:], text[end : end + 1])
    if (
        (draft.rule.tagger or draft.rule == DIALOGUE)
        and cue == ":"
        and question
        and "." not in said
        and not article.quoted(start)
    ):
        return True
    if who in sections("labels.txt")["interviewer"] and question:
        return True
    if reporter and said.endswith("?"):
        return True
    begin, last = article.paragraph_at(draft.start)
    if draft.lemma == "ask" and not article.quoted(start):
        asked = _INDIRECT_QUESTION.match(text, start) or "about" in cue
        if (not who and asked) or reporter:
            return True
        told = _TOLD_TO.match(cue) and any(text.startswith("to ", first) for first, _ in draft.content)
        if not told and (_ASKED.match(cue) or (cue.startswith("asked") and _BEING.search(text[begin:cue_start]))):
            return True
    stop = _END.search(text, max(cue_end, end - 1), last)
    if stop is None or stop.group() != "?" or article.quoted(stop.start()):
        return False
    sentence = max((match.end() for match in _END.finditer(text, begin, cue_start)), default=begin)
    return _ASKING.match(text, sentence) is not None and min(cue_start, start) >= sentence


def sings(article: Article, draft: Draft) -> bool:
    """ "Sang", "the song goes ..."."""
    songs = sections("lookalikes.txt")["songs"]
    start, end = draft.cue[0][0], draft.cue[-1][1]
    cue = _cue(article, draft)
    behind = article.text[end : end + 14].lower() if cue in {"goes", "went", "runs", "ran"} else ""
    singer = _WORD.findall(_speaker(article, draft))[-1:]
    return (
        draft.lemma in songs
        or cue in songs
        or (not songs.isdisjoint([*singer, *_WORD.findall(behind)]) and not article.quoted(start))
    )


def orders(article: Article, draft: Draft) -> bool:
    """ "Report any fault": the cue begins the sentence, and nobody does it."""
    if draft.speaker or draft.alleged:
        return False
    start, end = draft.cue[0]
    before = article.text[article.paragraph_at(draft.start)[0] : start].rstrip(" \"“‘'")
    word = article.text[start:end]
    return (not before or before[-1] in ".!?:") and draft.lemma == word.lower() and draft.lemma in cue_verbs()


def narrates(_: Article, draft: Draft) -> bool:
    """What the reporter of a radio piece says is the report, in which others speak."""
    return NARRATES in draft.signs


def relates(article: Article, draft: Draft) -> bool:
    """A relative clause without its beginning says nothing: "the cameras, which Lee said | police are watching"."""
    if draft.rule != CLAUSE or not draft.speaker:
        return False
    first, last = hull([*draft.cue, *draft.speaker])
    start, end = draft.content[0]
    cut = start > last and _WHICH.search(article.text, max(0, first - 7), first) is not None
    return cut and VERBAL.match(article.text, start, end) is None


REASONS = (
    printed,
    credited,
    foreign,
    small_words,
    voiceless,
    quoted_phrase,
    measures,
    cites,
    nobodys,
    calls,
    greets,
    declines,
    asks,
    sings,
    orders,
    narrates,
    relates,
)
"""In the order in which they are asked. Of a draft without a cue only the first three are."""


def _speaker(article: Article, draft: Draft) -> str:
    return text_of(article.text, draft.speaker).lower()


def _cue(article: Article, draft: Draft) -> str:
    return text_of(article.text, draft.cue).lower()


# -- 5. to 8.


def is_unlikely(draft: Draft) -> bool:
    """Whether a draft's kind is right too seldom. A kind of which too few were measured counts as right."""
    return draft.rule.place == "alone" or precision().get(draft.kind, 1.0) < LEAST


def likely(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts whose kind is right often enough."""
    return [draft for draft in drafts if not is_unlikely(draft)]


def measured(article: Article, drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts but for speech within speech of a kind that nobody measured, because PolNeAR marks none of it: of that
    only what is more likely right than wrong."""
    return [draft for draft in drafts if (draft.sure or 0) >= SURE or not _is_unmeasured(article, draft)]


def _is_unmeasured(article: Article, draft: Draft) -> bool:
    shown = draft.rule.name in {"clause", "infinitive"} and draft.class_ not in {"speech", "cognition"}
    told = article.text[slice(*draft.head)].lower() in _OTHERS  # “They told us that ...”
    return draft.rule.place == "within" and (shown or told or draft.rule.name in _UNMEASURED)


def sure(drafts: Sequence[Draft], least: float = SURE) -> list[Draft]:
    """The drafts that are sure enough for a reader who wants statements."""
    return [draft for draft in drafts if draft.sure is None or draft.sure >= least]


def unnested(drafts: Sequence[Draft]) -> list[Draft]:
    """Leaves out what is said within more than a few claims.

    No writer nests so deep, but hostile text does, and would make the record grow with the square of the text.
    """
    kept: list[Draft] = []
    around: list[int] = []
    for draft in sorted(drafts, key=lambda draft: (draft.content[0][0], -draft.content[-1][1])):
        around = [end for end in around if end > draft.content[0][0]]
        if len(around) < _DEEPEST:
            around.append(draft.content[-1][1])
            kept.append(draft)
    return kept
