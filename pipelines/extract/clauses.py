"""Reads a dependency parse: the subject of a verb, the clause that it governs, how far a clause or a name goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from claimwire.pipelines.extract.spans import without
from claimwire.pipelines.extract.wordlists import cue_verbs, sections

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as TokenSpan

Range = tuple[int, int]
"""Token indices into a Doc, half open."""

SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj"})
_RELATIVE = frozenset({"who", "which", "that", "whom"})
_ISSUED = sections("particles.txt")["issued"]
_DASHES = frozenset({"-", "–", "—", "--"})
_TAIL = frozenset({"relcl", "advcl", "dep", "parataxis", "punct"})
_CONTRASTS = frozenset({"while", "whereas", "though", "although", "even", "despite", "as"})
_OCCASIONS = frozenset({"after", "amid", "despite", "during", "following", "in"})
_GOVERNED = frozenset({"xcomp", "advcl", "conj", "pcomp", "acl"})
_QUESTIONS = frozenset({"what", "who", "how", "why", "where", "when"})
_OPENING, _CLOSING = frozenset("\"“'‘«"), frozenset("\"”'’»")
_OF_TIME = frozenset({"after", "as", "when", "while"})
_PAST = frozenset({"was", "were", "did"})
_BEING = frozenset({"is", "are", "was", "were", "be", "been", "being", "'s", "’s"})
_DEEPEST = 6
_LONGEST_NAME = 16


def is_verb(token: Token) -> bool:
    return token.tag_.startswith("VB")


def passive(verb: Token) -> bool:
    """True for "was told", and for "accused of" behind its noun."""
    if any(child.dep_ == "auxpass" for child in verb.children):
        return True
    # "parts made in ...", "Asked about it, he ..."
    reduced = verb.tag_ == "VBN" and verb.dep_ in {"acl", "advcl"}
    return reduced and not any(child.dep_ in {"aux", "nsubj"} for child in verb.children)


def antecedent(token: Token) -> Token | None:
    """What a relative pronoun ("who", "which") stands for."""
    if token.lower_ in _RELATIVE and token.tag_ in {"WP", "WDT", "IN"}:
        verb = token.head
        for _ in range(_DEEPEST):
            if verb.dep_ in {"relcl", "acl"}:
                return _named(verb.head) if verb.head.i < token.i else None
            verb = verb.head
    return None


def _named(noun: Token) -> Token:
    """The name to which a noun is an apposition: "Ann Lee, a nurse who ..."."""
    for _ in range(_DEEPEST):
        if noun.dep_ != "appos":
            break
        noun = noun.head
    return noun


def relative_subject(said: Token, cue: Token) -> Token | None:
    """The relative pronoun before a cue that is the subject of what is said: "which officials say came from bats"."""
    return next((c for c in said.lefts if c.dep_ in SUBJECTS and c.lower_ in _RELATIVE and c.i < cue.i), None)


def negated(verb: Token) -> bool:
    return any(child.dep_ == "neg" for child in verb.children)


def subject(verb: Token, depth: int = 0) -> Token | None:
    """The head of a verb's subject, taken over from the governing verb where it has none of its own."""
    for child in verb.children:
        if child.dep_ in SUBJECTS:
            return child
    if depth >= _DEEPEST:
        return None
    head = verb.head
    if verb.dep_ in _GOVERNED:
        if verb.dep_ == "pcomp" or head.dep_ == "prep":
            above = head.head
            return subject(above, depth + 1) if is_verb(above) else None
        if is_verb(head):
            if verb.dep_ == "xcomp" and not passive(head):
                # "asked her to say": the object speaks.
                for child in head.children:
                    if child.dep_ in {"dobj", "dative"} and head.i < child.i < verb.i:
                        return child
            # "Lee said the pier is closed | and called it a ruin": Lee does.
            above = head.head if verb.dep_ == "conj" and head.dep_ == "ccomp" and goes_on(head) is not None else head
            return subject(above, depth + 1)
        if verb.dep_ == "acl" and verb.tag_ == "VBG" and _is_quoted(head, verb):
            return _quotes(head, depth)
        if verb.dep_ == "acl" and verb.tag_ == "VBG":
            issuer = subject(head.head, depth + 1) if head.dep_ == "dobj" and is_verb(head.head) else None
            # "They issued a statement saying ...": they say it, not the statement.
            return issuer if issuer is not None and head.lower_ in _ISSUED else head
        if verb.dep_ == "conj":
            return subject(head, depth + 1)
    return None


def _is_quoted(noun: Token, verb: Token) -> bool:
    """Whether a noun lies in a quotation that ends before a verb: "a 'political trial' | saying"."""
    doc = noun.doc
    if doc[verb.i - 1].text not in _CLOSING:
        return False
    marks = (i for i in range(verb.i - 2, max(-1, verb.i - 2 - _LONGEST_NAME), -1) if doc[i].text in _OPENING)
    return next(marks, noun.i) < noun.i


def _quotes(noun: Token, depth: int) -> Token | None:
    """Who uses the words that a noun ends, and goes on to speak: "he dismissed it as a 'political trial' saying"."""
    verb = noun.head
    for _ in range(_DEEPEST):
        if is_verb(verb) and not (verb.dep_ == "ccomp" and is_verb(verb.head)):
            return None if verb.lower_ in _BEING else subject(verb, depth + 1)
        verb = verb.head
    return None


def agent(verb: Token) -> Token | None:
    """Who did what a passive verb says ("was announced by ...")."""
    for child in verb.children:
        if child.dep_ == "agent" or (child.dep_ == "prep" and child.lower_ == "by"):
            for object_ in child.children:
                if object_.dep_ == "pobj":
                    return object_
    return None


def noun_range(head: Token) -> Range:
    """A name or noun phrase with its determiners, apposition and conjuncts, without relative clauses behind it."""
    doc = head.doc
    end = head.i + 1
    for child in head.rights:
        if child.dep_ in _TAIL and child.dep_ != "punct":
            break
        if child.dep_ == "punct" and child.text in _DASHES:
            break
        if child.dep_ == "acl" and child.tag_ == "VBG":
            break
        if child.is_quote or (child.tag_ == "JJ" and doc[child.left_edge.i - 1].text == ","):
            break
        if child.dep_ != "punct":
            end = child.right_edge.i + 1
    return head.left_edge.i, end


def owner_of(noun: Token) -> Token | None:
    """Whose view it is: "the mayor's view", "the view of the mayor"."""
    for child in noun.lefts:
        if child.dep_ == "poss":
            return child
    for child in noun.rights:
        if child.dep_ == "prep" and child.lower_ in {"of", "by", "from"}:
            return next((c for c in child.rights if c.dep_ == "pobj"), None)
    return None


def clause_range(verb: Token) -> Range:
    """A clause with all that depends on it, without a trailing aside ("- though few believe it")."""
    start, end = _extent(verb)
    while end - 1 > verb.i and verb.doc[end - 1].tag_ == "CC":
        end -= 1  # "said prices have risen | but added ..."
    return start, end


def _extent(verb: Token) -> Range:
    start, end = verb.left_edge.i, verb.right_edge.i + 1
    doc = verb.doc
    next_ = goes_on(verb)
    if next_ is not None:
        return start, next_
    for child in verb.rights:
        if child.dep_ in {"advcl", "conj"} and child.lower_ in cue_verbs() and _speaks(child):
            # ", adding that ...", ", and he said ...": a claim of its own.
            cut = child.left_edge.i
            while cut > verb.i + 1 and doc[cut - 1].dep_ in {"cc", "punct"}:
                cut -= 1
            return start, cut
        if child.dep_ in {"advcl", "parataxis", "conj", "ccomp", "dep"} and child.i > verb.i:
            before = child.left_edge.i - 1
            if before > verb.i and doc[before].text in _DASHES and not _closed(doc, child.right_edge.i + 1, end):
                return start, before
        if child.dep_ == "conj" and any(c.dep_ in SUBJECTS and c.tag_ == "WDT" for c in child.children):
            cut = child.left_edge.i
            while cut > verb.i + 1 and (doc[cut - 1].dep_ in {"cc", "punct"}):
                cut -= 1
            return start, cut
    return start, _aside(verb, end)


def before_occasion(words: TokenSpan) -> TokenSpan:
    """Cuts what was or is from what somebody means to do or wants done: "vowed to repair the pier | when he took
    office", "told them to save | as prices rise"."""
    if words[0].tag_ != "TO":
        return words
    for verb in words[2:]:
        if verb.dep_ != "advcl" or not is_verb(verb) or verb.right_edge.i + 2 < words.end:
            continue
        mark = next((c for c in verb.lefts if c.dep_ in {"mark", "advmod"} and c.lower_ in _OF_TIME), None)
        past = verb.tag_ == "VBD" or any(c.tag_ == "VBD" for c in verb.lefts)
        if mark is not None and (past or (mark.lower_ == "as" and verb.tag_ in {"VBZ", "VBP"})):
            first = verb.left_edge.i
            while words.doc[first - 1].is_punct:
                first -= 1
            return words.doc[words.start : first] if first > words.start + 1 else words
    return words


def goes_on(verb: Token) -> int | None:
    """Where a clause ends whose speaker goes on: "said the pier is closed | and called it a ruin". What is said is in
    another tense than the verb of saying that the parser took for its second half, or a quotation follows: "and added,
    “It is late.”"."""
    past = verb.tag_ == "VBD" or any(c.dep_.startswith("aux") and c.lower_ in _PAST for c in verb.lefts)
    for child in verb.rights:
        if child.dep_ != "conj" or child.tag_ != "VBD" or any(c.dep_ in SUBJECTS for c in child.lefts):
            continue
        if past and verb.doc[child.i + 1 : child.i + 3].text[:1] not in {",", ":"}:
            continue
        known = cue_verbs().get(child.lower_)
        if known is None or known.class_ != "speech" or known.frames.isdisjoint("tn"):
            continue
        cut = child.left_edge.i
        while cut > verb.i + 1 and verb.doc[cut - 1].dep_ in {"cc", "punct"} and not verb.doc[cut - 1].is_quote:
            cut -= 1
        return cut
    return None


def _aside(verb: Token, end: int) -> int:
    """Where a clause ends before a trailing part behind a comma that the reporter mostly adds: ", while ...",
    ", speaking outside the court", ", in a letter to ...", ", according to ..."."""
    doc = verb.doc
    for child in verb.rights:
        first = child.left_edge
        if first.i < 1 or doc[first.i - 1].text != "," or child.right_edge.i + 1 < end - 1 or child.i < verb.i:
            continue
        participle = child.dep_ == "advcl" and child.tag_ == "VBG" and first.i == child.i
        contrast = child.dep_ == "advcl" and first.lower_ in _CONTRASTS
        if (
            participle
            or contrast
            or first.lower_ == "according"
            or (child.dep_ == "prep" and child.lower_ in _OCCASIONS)
        ):
            return first.i - 1
    return end


def _speaks(verb: Token) -> bool:
    own_subject = any(child.dep_ in SUBJECTS for child in verb.children)
    clause = any(child.dep_ == "ccomp" for child in verb.rights)
    return (
        clause
        and "t" in cue_verbs()[verb.lower_].frames
        and ((verb.dep_ == "advcl" and verb.tag_ == "VBG" and not own_subject) or (verb.dep_ == "conj" and own_subject))
    )


def _closed(doc: Doc, start: int, end: int) -> bool:
    """True where a second dash ends the aside and the clause goes on."""
    return any(doc[i].text in _DASHES for i in range(start, min(end, len(doc))))


def governed_clause(cue: Token) -> tuple[list[Range], Range] | None:
    """The clause that a cue verb governs, or in which it is an insertion: what is said of it, and the whole of it."""
    for child in cue.children:
        if child.dep_ != "ccomp":
            continue
        if child.i < cue.i:
            if any(token.text == ";" for token in cue.doc[child.i : cue.i]):
                continue  # "The rebels claimed to have won; the army said ...": a misread parse
            whole = clause_range(child)
            # "The bill, he said, will fail": the cue with its subject stands inside the clause.
            start = min([cue.i, *(c.left_edge.i for c in cue.children if c.dep_ in SUBJECTS)])
            return without(whole, (start, cue.i + 1)), whole
        first = child.left_edge
        if first.lower_ in _QUESTIONS and first.i == cue.i + 1:
            return None
        part = clause_range(child)
        # "adding only that ...": what was said begins at "that".
        that = next((c.i for c in child.lefts if c.lower_ == "that" and c.dep_ == "mark"), cue.i + 1)
        part = (max(part[0], cue.i + 1, that), part[1])
        part = (addressee(cue, cue.doc[part[0] : part[1]]) or part[0], part[1])
        pronoun = relative_subject(child, cue)
        # "which officials say came from bats": the pronoun stands before the cue.
        return [part] if pronoun is None else [(pronoun.i, pronoun.i + 1), part], part
    occasion = occasion_clause(cue)
    if occasion is not None:
        part = clause_range(occasion)
        return [part], part
    if cue.dep_ in {"parataxis", "ccomp", "dep", "advcl"} and is_verb(cue.head) and _is_inserted(cue):
        whole = clause_range(finite(cue.head))
        return without(whole, (cue.left_edge.i, cue.right_edge.i + 1)), whole
    return None


def _is_inserted(cue: Token) -> bool:
    """True for "..., he said, ..." and "..., sources say"."""
    if not any(child.dep_ in SUBJECTS for child in cue.children):
        return False
    if any(child.dep_ in {"mark", "dobj", "xcomp"} for child in cue.children):
        return False
    doc, start, end = cue.doc, cue.left_edge.i, cue.right_edge.i + 1
    before = doc[start - 1].text if start > 0 else ""
    # The parser may attach the comma behind an insertion to it.
    behind = end - 1 if doc[end - 1].is_punct else end
    after = doc[behind].text if behind < len(doc) else "."
    return (before in {",", "–", "—", "-"} or doc[start].text == ",") and after in {",", ".", "–", "—", "-", ";"}


def addressee(cue: Token, said: TokenSpan) -> int | None:
    """Where what is said begins behind those to whom it is said: "urged | residents | to stay", "told | the court |
    that she was there". None where ``said``, the words behind the cue, has no such beginning."""
    doc, start = said.doc, said.start
    if start - cue.i > 3 or not addresses(cue, doc[start - 1].lower_) or _begins_saying(said[0]):
        return None
    for index in range(start + 1, min(said.end, start + _LONGEST_NAME)):
        token = doc[index]
        if token.tag_ == "TO" and is_verb(token.head):
            if passive(token.head) or not _is_asked_to(token.head, cue):
                return None
            first = index
            while first > start + 1 and (doc[first - 1].dep_ == "neg" or doc[first - 1].is_quote):
                first -= 1
            return first
        if token.dep_ == "mark" and token.lower_ == "that":
            return index
        if is_verb(token) or (token.tag_ in {"MD", "IN"} and token.dep_ == "mark"):
            break
    told = next((c for c in cue.rights if c.dep_ in {"dobj", "dative"} and c.i >= start), None)
    clause = next((c for c in cue.rights if c.dep_ == "ccomp" and is_verb(c)), None)
    if told is None or clause is None:
        return None
    begin = clause.left_edge.i
    return begin if start <= told.left_edge.i and told.right_edge.i < begin < said.end else None


def _begins_saying(word: Token) -> bool:
    """Whether what is said begins at once: with a quotation, "to" or "not to"."""
    return bool(word.is_quote) or word.tag_ == "TO" or word.dep_ == "neg"


def addresses(cue: Token, before: str) -> bool:
    """Whether a verb has an object to whom something is said; ``before`` is the word before that object."""
    if before in {"on", "upon"}:
        return cue.lower_ in {"call", "calls", "called", "calling"}
    verb = cue_verbs().get(cue.lower_)
    told = verb is not None and "m" in verb.frames
    return before != "for" and (told or cue.lower_ in sections("particles.txt")["addressing"])


def _is_asked_to(verb: Token, cue: Token) -> bool:
    """Whether an infinitive is what somebody is asked to do, not the purpose of a thing ("urged a law to stop it")."""
    head = verb.head
    if verb.dep_ in {"ccomp", "xcomp"}:
        return head.i == cue.i
    # "urged anyone with news of the fire | to call"
    told = next((child for child in cue.rights if child.dep_ in {"dobj", "dative"} and child.i < verb.i), head)
    return head.tag_ in {"NNP", "NNPS", "PRP"} or told.lower_ in sections("particles.txt")["people"]


def is_that_clause(token: Token) -> bool:
    """True for the verb of "that the bridge was unsafe"."""
    first = token.left_edge
    return (
        token.dep_ in {"acl", "ccomp", "relcl"} and is_verb(token) and first.lower_ == "that" and first.dep_ == "mark"
    )


def occasion_clause(cue: Token) -> Token | None:
    """The clause of a verb that the parser attached to the occasion: "claimed in a letter that she had seen a car"."""
    verb = cue_verbs().get(cue.lower_)
    if verb is None or "t" not in verb.frames or not is_verb(cue):
        return None
    for preposition in cue.rights:
        if preposition.dep_ == "prep" and preposition.lower_ in {"in", "on", "at", "during"}:
            for noun in preposition.rights:
                clause = next((c for c in noun.rights if is_that_clause(c)), None)
                if clause is not None and any(c.dep_ in SUBJECTS for c in clause.lefts):
                    return clause
    return None


def finite(token: Token) -> Token:
    """The nearest verb above a token that has a subject of its own, or the root of its sentence."""
    for _ in range(20):
        if token.dep_ == "ROOT" or (is_verb(token) and any(c.dep_ in SUBJECTS for c in token.children)):
            return token
        token = token.head
    return token


def window(doc: Doc, start: int, step: int, inside: Callable[[int], bool], limit: int) -> list[Token]:
    """Tokens from ``start`` on in a direction, outside quotations, up to a sentence's end or the limit."""
    found: list[Token] = []
    index = start
    while 0 <= index < len(doc) and len(found) < limit and not inside(index):
        if doc[index].text in {".", "!", "?", ";"}:
            break
        found.append(doc[index])
        index += step
    return found
