"""Claims in the making: the rules that read one parsed paragraph."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from spacy.tokens import Doc, Token

from claimwire.pipelines.extract.clauses import (
    SUBJECTS,
    Range,
    agent,
    antecedent,
    clause_range,
    finite,
    is_verb,
    negated,
    noun_range,
    passive,
    relative_subject,
    subject,
    window,
)
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.spans import any_contains, overlap, size, trim, without
from claimwire.pipelines.extract.wordlists import CueClass, CueVerb, cue_nouns, cue_verbs, sections
from claimwire.schemas import Span

_CLAUSAL = frozenset({"ccomp"})
_RAISING = frozenset(
    {"say", "believe", "think", "report", "allege", "rumor", "rumour", "understand", "know", "suppose"}
)
_EMPTY_OBJECTS = frozenset({
    "goodbye", "hello", "prayer", "prayers", "grace", "sorry", "thanks", "it", "him", "her", "them", "me", "us", "you",
    "himself", "herself", "itself", "themselves", "yourself", "so", "something", "anything", "nothing", "much", "what",
    "which", "who", "whom", "that", "this", "one",
})  # fmt: skip
_FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
_PERCEIVED = frozenset({"said", "says", "say", "saying"})


@dataclass
class Draft:
    """A claim found by a rule or the tagger; spans are offsets into the article."""

    rule: str
    lemma: str
    class_: CueClass
    content: list[Span]
    main: Span
    """The clause whose verb tells the modality."""
    cue: list[Span]
    speaker: list[Span] = field(default_factory=list)
    head: Span = (0, 0)
    """The speaker's main word."""
    sentence: Span = (0, 0)
    alleged: bool = False
    negated: bool = False
    inherited: bool = False
    score: float = 0.0
    """How sure the tagger is, where it found the claim."""
    worth: float | None = None
    """How much it is worth checking, from 0 to 1, where the tagger read the text."""

    @property
    def kind(self) -> str:
        """What claims share that are right equally often, as named in ``precision.tsv``."""
        return f"{self.rule} {min(9, int(self.score * 10)) / 10}" if self.rule.startswith("tagger") else self.rule


def alike(one: Draft, other: Draft) -> float:
    """How much two drafts' contents share, from 0 to 1, and 1 more where their cues touch.

    0 where the other's cue and speaker lie in the one's content: that is speech within speech.
    """
    touching = any(overlap(a, b) for a in one.cue for b in other.cue)
    if (
        not touching
        and other.speaker
        and other.cue
        and any_contains(one.content, other.cue[0])
        and any_contains(one.content, other.speaker[0])
    ):
        return 0.0
    shared = sum(overlap(a, b) for a in one.content for b in other.content)
    return touching + shared / max(1, size(one.content) + size(other.content) - shared)


class Paragraph:
    """One parsed paragraph: ``doc`` begins at ``start`` of the article; ``quotes`` are those that lie in it."""

    def __init__(self, text: str, start: int, doc: Doc, quotes: Sequence[Quote]) -> None:
        self.text = text
        self.start = start
        self.doc = doc
        self.quotes = quotes
        self._opens = [quote.start for quote in quotes]
        self.drafts: list[Draft] = []

    # -- offsets

    def offset(self, index: int) -> int:
        """Where a token begins."""
        if index >= len(self.doc):
            return self.start + len(self.doc.text)
        return self.start + int(self.doc[index].idx)

    def span(self, range_: Range) -> Span:
        """A range of tokens as offsets, without white space and commas around it."""
        start, end = range_
        last = self.doc[end - 1]
        return trim(self.text, (self.offset(start), self.start + int(last.idx) + len(last)))

    def quote_at(self, offset: int) -> Quote | None:
        """The quotation that covers an offset."""
        at = bisect_right(self._opens, offset) - 1
        if at >= 0 and self.quotes[at].end > offset:
            return self.quotes[at]
        return None

    def sentence(self, token: Token) -> Span:
        sent = token.sent
        return self.start + int(sent.start_char), self.start + int(sent.end_char)

    # -- building

    def name(self, draft: Draft, head: Token | None) -> Draft:
        """Gives a draft its speaker."""
        if head is None or head.dep_ == "expl":
            return draft
        start, end = noun_range(head)
        meant = antecedent(head)
        if meant is not None:
            # "the officials who say": the noun and its pronoun.
            start, _ = noun_range(meant)
            head = meant
        cue_start, cue_end = draft.cue[0][0], draft.cue[-1][1]
        spans = [self.span(part) for part in without((start, end), self._tokens(cue_start, cue_end))]
        spans = [span for span in spans if span[0] < span[1] and span[0] <= self.offset(head.i) < span[1]]
        if spans:
            draft.speaker = spans
            draft.head = (self.offset(head.i), self.offset(head.i) + len(head))
        return draft

    def _tokens(self, start: int, end: int) -> Range:
        """The tokens that a span of offsets covers."""
        span = self.doc.char_span(start - self.start, end - self.start, alignment_mode="expand")
        return (span.start, span.end) if span is not None else (0, 0)

    def draft(self, rule: str, cue: Token, verb: CueVerb, content: Sequence[Range], main: Range) -> Draft | None:
        """A draft for a cue word, or None where the content holds no words."""
        spans = sorted(self.span(part) for part in content if part[0] < part[1])
        spans = [span for span in spans if any(char.isalnum() for char in self.text[span[0] : span[1]])]
        if not spans:
            return None
        draft = Draft(
            rule=rule,
            lemma=verb.lemma,
            class_=verb.class_,
            content=spans,
            main=self.span(main),
            cue=[self.cue_span(cue)],
            sentence=self.sentence(cue),
            negated=negated(cue),
        )
        self.drafts.append(draft)
        return draft

    def cue_span(self, cue: Token) -> Span:
        """The cue with its auxiliaries where they stand right before it."""
        start = cue.i
        while start > 0:
            token = self.doc[start - 1]
            if (token.head.i == cue.i and token.dep_ in {"aux", "auxpass", "neg"} and token.i < cue.i) or (
                token.head.i == cue.i and token.dep_ == "advmod" and self._auxiliary(start - 2, cue)
            ):
                start -= 1
            else:
                break
        return self.offset(start), self.offset(cue.i) + len(cue)

    def _auxiliary(self, index: int, cue: Token) -> bool:
        return index >= 0 and self.doc[index].head.i == cue.i and self.doc[index].dep_ in {"aux", "auxpass"}

    # -- rules

    def read(self) -> list[Draft]:
        """All drafts of the paragraph, in the order of their cues."""
        verbs, nouns = cue_verbs(), cue_nouns()
        for token in self.doc:
            word = token.lower_
            verb = verbs.get(word)
            if verb is not None and is_verb(token):
                self._verb(token, verb)
            elif word == "according":
                self._according(token)
            elif word in _HEARSAY and token.dep_ == "advmod":
                self._hearsay(token)
            if word in nouns and token.tag_.startswith("NN"):
                self._noun(token)
        return self.drafts

    def _verb(self, cue: Token, verb: CueVerb) -> None:
        if cue.dep_ in {"aux", "auxpass", "amod", "compound"} or (cue.dep_ == "acl" and cue.tag_ == "VB"):
            return
        if "s" in verb.frames and self._sourceless(cue, verb):
            return
        if not _happens(cue):
            return
        is_passive = passive(cue)
        if is_passive and (agent(cue) is None or verb.lemma == "ask"):
            # "He was told that ...", "Asked whether ...": who said it is not told, or a reporter did.
            return
        speaker = agent(cue) if is_passive else subject(cue)
        suffix = " passive" if is_passive else ""
        if verb.frames & {"t", "m"}:
            clause = self._clause(cue)
            if clause is not None:
                draft = self.draft("clause" + suffix, cue, verb, clause[0], clause[1])
                if draft is not None:
                    self.name(draft, speaker)
                    return
        if verb.frames & {"q", "t"} and self._parenthesis(cue, verb):
            return
        if "i" in verb.frames and not is_passive:
            for child in cue.rights:
                if child.dep_ == "xcomp" and any(c.tag_ == "TO" for c in child.children):
                    part = clause_range(child)
                    part = (max(part[0], cue.i + 1), part[1])
                    draft = self.draft("infinitive", cue, verb, [part], part)
                    if draft is not None:
                        self.name(draft, speaker)
                        return
        if verb.prepositions:
            for child in cue.rights:
                if child.dep_ in {"prep", "prt"} and child.lower_ in verb.prepositions:
                    objects = [c for c in child.rights if c.dep_ in {"pobj", "pcomp"}]
                    if objects:
                        part = (objects[0].left_edge.i, child.right_edge.i + 1)
                        draft = self.draft(f"preposition{suffix}", cue, verb, [part], part)
                        if draft is not None:
                            draft.cue = [(draft.cue[0][0], self.offset(child.i) + len(child))]
                            self.name(draft, speaker)
                            return
        if "n" in verb.frames:
            self._object(cue, verb, speaker, is_passive)

    def _clause(self, cue: Token) -> tuple[list[Range], Range] | None:
        """The clause that a cue verb governs, or in which it is an insertion."""
        for child in cue.children:
            if child.dep_ in _CLAUSAL:
                if child.i < cue.i:
                    if any(token.text == ";" for token in self.doc[child.i : cue.i]):
                        continue  # "The rebels claimed to have won; the army said ...": a misread parse
                    whole = clause_range(child)
                    # "The bill, he said, will fail": the cue with its subject stands inside the clause.
                    return self._apart(cue, whole), whole
                first = child.left_edge
                if first.lower_ in {"what", "who", "how", "why", "where", "when"} and first.i == cue.i + 1:
                    return None
                part = clause_range(child)
                # "adding only that ...": what was said begins at "that".
                that = next((c.i for c in child.lefts if c.lower_ == "that" and c.dep_ == "mark"), cue.i + 1)
                part = (max(part[0], cue.i + 1, that), part[1])
                pronoun = relative_subject(child, cue)
                # "which officials say came from bats": the pronoun stands before the cue.
                return [part] if pronoun is None else [(pronoun.i, pronoun.i + 1), part], part
        occasion = _occasion(cue)
        if occasion is not None:
            part = clause_range(occasion)
            return [part], part
        if cue.dep_ in {"parataxis", "ccomp", "dep", "advcl"} and is_verb(cue.head) and self._inserted(cue):
            whole = clause_range(finite(cue.head))
            return without(whole, (cue.left_edge.i, cue.right_edge.i + 1)), whole
        return None

    def _parenthesis(self, cue: Token, verb: CueVerb) -> bool:
        """ "The cause, say researchers at the college, is a mite": what stands before has no verb that could speak."""
        doc, first, last = self.doc, cue.sent.start, cue.sent.end
        if cue.tag_ not in _FINITE or cue.i - first < 2 or doc[cue.i - 1].text != ",":
            return False
        if any(token.tag_ in _FINITE or token.is_quote for token in doc[first : cue.i]):
            return False
        comma = next((i for i in range(cue.i + 2, min(cue.i + 14, last - 2)) if doc[i].text == ","), None)
        if comma is None or any(token.tag_ in _FINITE for token in doc[cue.i + 1 : comma]):
            return False
        # What the insertion parts is a sentence: without this, "Ann Lee, the chair, urged restraint, saying that ..."
        main = next((i for i in range(comma + 1, last) if doc[i].tag_ in _FINITE), None)
        if main is None or any(token.dep_ == "mark" or token.tag_.startswith("W") for token in doc[comma + 1 : main]):
            return False
        named = [t for t in doc[cue.i + 1 : comma] if t.tag_.startswith(("NN", "PR"))]
        who = next((t for t in named if not cue.i < t.head.i < comma), None)
        if who is None or doc[cue.i + 1].tag_ == "IN":
            return False
        draft = self.draft("parenthesis", cue, verb, [(first, cue.i - 1), (comma + 1, last)], (comma + 1, last))
        if draft is None:
            return False
        draft.speaker = [self.span((cue.i + 1, comma))]
        draft.head = (self.offset(who.i), self.offset(who.i) + len(who))
        return True

    def _apart(self, cue: Token, whole: Range) -> list[Range]:
        start = min([cue.i, *(c.left_edge.i for c in cue.children if c.dep_ in SUBJECTS)])
        return without(whole, (start, cue.i + 1))

    def _inserted(self, cue: Token) -> bool:
        """True for "..., he said, ..." and "..., sources say"."""
        if not any(child.dep_ in SUBJECTS for child in cue.children):
            return False
        if any(child.dep_ in {"mark", "dobj", "xcomp"} for child in cue.children):
            return False
        start, end = cue.left_edge.i, cue.right_edge.i + 1
        before = self.doc[start - 1].text if start > 0 else ""
        # The comma behind an insertion may hang on it.
        behind = end - 1 if self.doc[end - 1].is_punct else end
        after = self.doc[behind].text if behind < len(self.doc) else "."
        return (before in {",", "–", "—", "-"} or self.doc[start].text in {","}) and after in {
            ",",
            ".",
            "–",
            "—",
            "-",
            ";",
        }

    def _sourceless(self, cue: Token, verb: CueVerb) -> bool:
        """ "It is said that ...", "is said to be ...", "parts said to be made ...": nobody says so."""
        auxiliaries = [c for c in cue.children if c.dep_ == "auxpass"]
        subjects = [c for c in cue.children if c.dep_ in SUBJECTS or c.dep_ == "expl"]
        infinitive = next(
            (c for c in cue.rights if c.dep_ in {"xcomp", "ccomp"} and any(k.tag_ == "TO" for k in c.children)), None
        )
        reduced = (
            not auxiliaries
            and infinitive is not None
            and verb.lemma in _RAISING
            and cue.tag_ in {"VBN", "VBD"}
            and cue.i + 1 < len(self.doc)
            and self.doc[cue.i + 1].tag_ == "TO"
        )
        if not auxiliaries and not reduced:
            return False
        source = agent(cue)
        impersonal = not reduced and all(c.lower_ == "it" for c in subjects)
        if infinitive is not None and not impersonal:
            topic = subjects[0] if subjects else None
            if topic is None or topic.lower_ in {"that", "which", "who"}:
                topic = cue.head if cue.dep_ in {"relcl", "acl"} else subject(cue)
            part = clause_range(infinitive)
            parts = [(max(part[0], cue.i + 1), part[1])]
            if topic is not None and topic.i < cue.i:
                start, end = noun_range(topic)
                parts.insert(0, (start, min(end, auxiliaries[0].i if auxiliaries else cue.i)))
            draft = self.draft("said to", cue, verb, parts, parts[-1])
        else:
            clause = self._clause(cue)
            if clause is None or not impersonal:
                return False
            draft = self.draft("it is said", cue, verb, clause[0], clause[1])
        if draft is None:
            return False
        draft.alleged = source is None
        self.name(draft, source)
        return True

    def _object(self, cue: Token, verb: CueVerb, speaker: Token | None, is_passive: bool) -> None:
        """ "blasted the plan", "described it as a fraud": the object is what the claim is about."""
        target = next((c for c in cue.rights if c.dep_ in {"dobj", "oprd"}), None)
        if target is None or is_passive:
            return
        if target.lower_ in _EMPTY_OBJECTS and target.right_edge.i == target.i and target.dep_ == "dobj":
            complements = [c for c in cue.rights if c.dep_ in {"oprd", "xcomp", "prep"} and c.i > target.i]
            if not complements:
                return
        end = target.right_edge.i + 1
        for child in cue.rights:
            if child.i > target.i and child.dep_ in {"prep", "oprd", "xcomp", "ccomp"} and child.left_edge.i <= end + 1:
                end = max(end, child.right_edge.i + 1)
        part = (target.left_edge.i, end)
        draft = self.draft("object", cue, verb, [part], part)
        if draft is not None:
            self.name(draft, speaker)

    def _according(self, cue: Token) -> None:
        doc = self.doc
        if cue.i + 1 >= len(doc) or doc[cue.i + 1].lower_ != "to":
            return
        preposition = doc[cue.i + 1]
        source = next((c for t in (preposition, cue) for c in t.rights if c.dep_ == "pobj"), None)
        if source is None:
            return
        _start, end = noun_range(source)
        attribution = (cue.i, max([end, *(c.right_edge.i + 1 for c in source.rights if c.dep_ in {"relcl", "acl"})]))
        sent = cue.sent
        if cue.i == sent.start:
            verb = sent.root
            after = next((i for i in range(end, sent.end) if doc[i].text == ","), None)
            whole = (after + 1 if after is not None and after - end < 40 else end, sent.end)
            if verb.i < end:
                whole = (end, sent.end)
        else:
            verb = finite(cue.head)
            whole = clause_range(verb)
            if not whole[0] < cue.i <= whole[1]:
                whole = (sent.start, sent.end)
        lemma = CueVerb("according to", "speech", frozenset(), frozenset())
        draft = self.draft("according", cue, lemma, without(whole, attribution), whole)
        if draft is not None:
            draft.cue = [(self.offset(cue.i), self.offset(preposition.i) + len(preposition))]
            self.name(draft, source)

    def _hearsay(self, cue: Token) -> None:
        """ "Two men were reportedly held": nobody says so, unless the sentence tells who does."""
        verb = cue.head
        above = finite(verb)
        if not is_verb(verb) or above.dep_ != "ROOT" or above.lower_ in cue_verbs():
            return
        whole = clause_range(above)
        if not whole[0] <= cue.i < whole[1]:
            return
        known = CueVerb(cue.lower_, "speech", frozenset(), frozenset())
        draft = self.draft("hearsay", cue, known, without(whole, (cue.i, cue.i + 1)), whole)
        if draft is not None:
            draft.alleged = True

    def _noun(self, cue: Token) -> None:
        noun = cue_nouns()[cue.lower_]
        clause = next((c for c in cue.rights if _that_clause(c)), None)
        if clause is None or (cue.dep_ == "pobj" and _occasion(cue.head.head) is clause):
            return
        part = clause_range(clause)
        verb = CueVerb(noun.lemma, noun.class_, frozenset(), frozenset())
        draft = self.draft("noun", cue, verb, [part], part)
        if draft is None:
            return
        owner = next((c for c in cue.lefts if c.dep_ == "poss"), None)
        if owner is None:
            for child in cue.rights:
                if child.dep_ == "prep" and child.lower_ in {"by", "from", "of"} and child.i < clause.i:
                    owner = next((c for c in child.rights if c.dep_ == "pobj"), None)
        if owner is None and cue.dep_ == "dobj" and cue.head.lower_ in _VOICING:
            owner = subject(cue.head)
        if owner is None and noun.document:
            owner = cue
            draft.cue = [(self.offset(cue.i), self.offset(cue.i) + len(cue))]
        draft.alleged = owner is None and not noun.owned
        if owner is cue:
            draft.speaker = [(self.offset(cue.left_edge.i), self.offset(cue.i) + len(cue))]
            draft.head = draft.cue[0]
        else:
            self.name(draft, owner)


_DAYS = sections("particles.txt")["days"]
_HEARSAY = sections("particles.txt")["hearsay"]
_VOICING = sections("particles.txt")["voicing"]


def _that_clause(token: Token) -> bool:
    first = token.left_edge
    return (
        token.dep_ in {"acl", "ccomp", "relcl"} and is_verb(token) and first.lower_ == "that" and first.dep_ == "mark"
    )


def _occasion(cue: Token) -> Token | None:
    """The clause of a verb that a parse hangs on the occasion: "claimed in a letter that she had seen a car"."""
    verb = cue_verbs().get(cue.lower_)
    if verb is None or "t" not in verb.frames or not is_verb(cue):
        return None
    for preposition in cue.rights:
        if preposition.dep_ == "prep" and preposition.lower_ in {"in", "on", "at", "during"}:
            for noun in preposition.rights:
                clause = next((c for c in noun.rights if _that_clause(c)), None)
                if clause is not None and any(c.dep_ in SUBJECTS for c in clause.lefts):
                    return clause
    return None


def _happens(cue: Token) -> bool:
    """False for a cue that tells of no act that has been: "would say", "to say"; "went on to say" does."""
    for child in cue.lefts:
        if child.tag_ == "MD" and child.lower_ in {
            "would",
            "could",
            "should",
            "might",
            "may",
            "can",
            "must",
            "ca",
            "'d",
        }:
            return False
        if child.tag_ == "TO":
            return cue.dep_ in {"xcomp", "advcl"} and cue.head.lower_ in GOING_ON
    return True


GOING_ON = sections("particles.txt")["going on"]


def quotation(paragraph: Paragraph, quote: Quote) -> tuple[Token, Token | None, str] | None:
    """The cue beside a quotation, its speaker's head and the side on which it stands (``after`` or ``before``)."""
    doc = paragraph.doc
    span = doc.char_span(quote.start - paragraph.start, quote.end - paragraph.start, alignment_mode="expand")
    if span is None:
        return None

    def inside(index: int) -> bool:
        return paragraph.quote_at(paragraph.offset(index)) is not None

    last = next((char for char in reversed(paragraph.text[quote.start : quote.end - 1]) if not char.isspace()), "")
    if last not in {".", ";", ":"} and span.end < len(doc):
        for token in _candidates(window(doc, span.end, 1, inside, 14)):
            return token, _beside(token, span.end), "after"
    adjacent = window(doc, span.start - 1, -1, inside, 24)
    if not adjacent:
        return None
    closing = adjacent[0].text
    for token in _candidates(adjacent):
        gap = span.start - token.i - 1
        if closing in {",", ":", "—", "–", "-"} or gap == 0 or (gap <= 3 and adjacent[0].lower_ in {"that", "as"}):
            return token, _beside(token, span.start, before=True), "before"
    return None


def _candidates(tokens: Sequence[Token]) -> Iterator[Token]:
    verbs = cue_verbs()
    for token in tokens:
        verb = verbs.get(token.lower_)
        if verb is not None and "q" in verb.frames and (is_verb(token) or token.lower_ in _PERCEIVED):
            if token.lower_ == "asked" and token.is_sent_start:
                continue  # "Asked if he would go, the governor ...": reporters asked
            if token.tag_ == "VB" and token.dep_ in {"xcomp", "acl"} and token.i > 0 and token.nbor(-1).tag_ == "TO":
                continue
            yield token


def _beside(cue: Token, edge: int, before: bool = False) -> Token | None:
    """Who speaks beside a quotation: the parse's subject, else the name next to the cue."""
    head = agent(cue) if passive(cue) else subject(cue)
    if head is not None and (before or head.i >= edge):
        return head
    doc = cue.doc
    if not before:
        for index in range(cue.i - 1, edge - 1, -1):
            if doc[index].tag_ in {"NNP", "NNPS", "NN", "NNS", "PRP"}:
                return doc[index]
    for index in range(cue.i + 1, min(cue.i + 8, len(doc))):
        token = doc[index]
        if token.text in {",", ".", ":", ";"}:
            break
        if token.lower_ in _DAYS:
            break
        if token.tag_ in {"NNP", "NNPS", "NN", "NNS", "PRP"}:
            # The last word of a name is its head.
            while token.i + 1 < len(doc) and token.nbor().tag_ in {"NNP", "NNPS"} and token.tag_ != "PRP":
                token = token.nbor()
            return token
    return head
