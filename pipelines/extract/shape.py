"""The shape of a draft in the parse: whether its content is a clause, whether it ends where the clause ends, and
whether speaker and cue belong together.

``confidence.py`` weighs these signs. Nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import islice
from typing import TYPE_CHECKING

from claimwire.pipelines.extract.clauses import SUBJECTS, is_verb
from claimwire.pipelines.extract.drafts import Draft
from claimwire.schemas import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as TokenSpan

_FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
_ASIDES = frozenset({"relcl", "advcl", "appos", "parataxis", "acl"})
_ATTACHED = frozenset({"ccomp", "xcomp", "dobj", "pobj", "acl", "prep", "advcl", "relcl", "conj"})
_BELOW = frozenset({"relcl", "acl", "xcomp", "advcl", "csubj", "amod"})
_CONDITIONS = frozenset({"if", "when", "whether", "unless", "because", "while"})
_LINKS = frozenset({"that", "and", "but"})
_COMMAS = frozenset({",", "-", "–", "—"})
_MARKS = frozenset("\"“‘'")
_MOST_TOKENS = 300
"""Of a content, that are looked at; else contents that overlap would cost the square of their length."""
_DEEPEST = 30


def signs(start: int, doc: Doc, draft: Draft) -> Iterator[str]:
    """The names of the signs of a draft. ``doc`` is the parse of the piece that begins at ``start`` of the text and has
    the draft's main part."""
    said = _tokens(start, doc, draft.main)
    if said is None:
        return
    reporting = {token.i for span in [*draft.cue, *draft.speaker] for token in _tokens(start, doc, span) or ()}
    cue = _tokens(start, doc, draft.cue[0]) if draft.cue else None
    verb: Token | None = None
    if cue is not None:
        verb = next((token for token in reversed(list(cue)) if is_verb(token)), cue.root)
    # "It is safe, | the mayor said on Monday": what hangs on an inserted cue is left out rightly.
    around = (
        reporting | {token.i for token in verb.subtree}
        if verb is not None and said.root.is_ancestor(verb)
        else reporting
    )
    yield _form(said)
    yield from _beginning(said, around)
    yield from _end(said, around)
    if cue is None or verb is None:
        return
    yield _link(said.root, verb, reporting)
    yield from _cue(verb)
    named = _tokens(start, doc, draft.speaker[0]) if draft.speaker else None
    if named is not None:
        yield from _speaker(named, cue, verb)


def _tokens(start: int, doc: Doc, span: Span) -> TokenSpan | None:
    """The tokens that a span touches; None where it lies outside of the piece."""
    if span[0] < start:
        return None
    found: TokenSpan | None = doc.char_span(span[0] - start, span[1] - start, alignment_mode="expand")
    return found


def _form(said: TokenSpan) -> str:
    """Whether a content is a clause, or what else its main word is."""
    root = said.root
    if not is_verb(root):
        return f"content is {root.tag_[:2]}"
    finite = root.tag_ in _FINITE or any(child.tag_ in _FINITE and child.dep_.startswith("aux") for child in root.lefts)
    subject = any(child.dep_ in SUBJECTS or child.dep_ == "expl" for child in root.lefts if child.i >= said.start)
    return f"{'finite' if finite else 'infinite'} {'with' if subject else 'without'} subject"


def _beginning(said: TokenSpan, reporting: Set[int]) -> Iterator[str]:
    doc = said.doc
    before = [doc[i] for i in range(said.root.left_edge.i, said.start) if i not in reporting and not doc[i].is_punct]
    if any(token.lower_ not in _LINKS for token in before):
        yield "left out before"
    if said[0].sent.start == said.start or (said.start > 0 and doc[said.start - 1].text in _MARKS):
        yield "begins a sentence"


def _end(said: TokenSpan, reporting: Set[int]) -> Iterator[str]:
    doc, root = said.doc, said.root
    if any(i not in reporting and not doc[i].is_punct for i in range(said.end, root.right_edge.i + 1)):
        yield "left out behind"
    tops = [
        t
        for t in islice(said, _MOST_TOKENS)
        if not t.is_punct and (t.head is t or not said.start <= t.head.i < said.end)
    ]
    if len(tops) > 1:
        yield "more than one top"
    if len({top.sent.start for top in tops}) > 1:
        yield "over sentences"
    last = next((c for c in reversed(list(root.rights)) if not c.is_punct and c.i < said.end), None)
    if last is not None and last.right_edge.i + 2 >= said.end:
        first = last.left_edge.i
        if last.dep_ in _ASIDES and first > 0 and doc[first - 1].text in _COMMAS:
            yield f"ends with {last.dep_} behind a comma"
        elif last.dep_ == "conj" and is_verb(last):
            subject = any(child.dep_ in SUBJECTS for child in last.lefts)
            yield f"ends with a conjunct {'with' if subject else 'without'} subject"
    if _in_aside(doc[said.end - 1], said):
        yield "ends within an aside"
    if said.end == len(doc) or doc[said.end - 1].is_punct or doc[said.end].is_punct:
        yield "ends at a mark"


def _in_aside(token: Token, said: TokenSpan) -> bool:
    """Whether a content ends with a relative clause or an apposition of one of its nouns."""
    for _ in range(_DEEPEST):
        if token.i == said.root.i:
            return False
        first = token.left_edge.i
        if token.dep_ in {"relcl", "appos"} and first > said.start and said.doc[first - 1].text == ",":
            return True
        token = token.head
    return False


def _link(root: Token, verb: Token, reporting: Set[int]) -> str:
    """How the content hangs on its cue."""
    if root.head.i in reporting:
        return f"content {root.dep_ if root.dep_ in _ATTACHED else 'dep'} of the cue"
    if root.is_ancestor(verb):
        return "content above the cue"
    return "content elsewhere in the sentence" if root.sent == verb.sent else "content in another sentence"


def _cue(verb: Token) -> Iterator[str]:
    yield f"cue {verb.tag_}"
    if verb.dep_ in _BELOW:
        yield f"cue is {verb.dep_}"
    if any(child.tag_ == "MD" or child.dep_ == "neg" for child in verb.lefts):
        yield "cue with modal or negation"
    if any(child.lower_ in _CONDITIONS and child.dep_ in {"mark", "advmod"} for child in verb.lefts):
        yield "cue in a condition"


def _speaker(named: TokenSpan, cue: TokenSpan, verb: Token) -> Iterator[str]:
    head = named.root
    yield f"speaker {head.tag_}"
    if head.head.i == verb.i and head.dep_ in SUBJECTS:
        yield f"speaker {head.dep_} of the cue"
    else:
        yield "speaker beside the cue" if cue.start <= head.head.i < cue.end else "speaker elsewhere"
    if head.left_edge.i < named.start and not cue.start <= head.left_edge.i < cue.end:
        yield "speaker cut before"
    if head.right_edge.i >= named.end and not any(cue.start <= token.i < cue.end for token in head.subtree):
        yield "speaker cut behind"
