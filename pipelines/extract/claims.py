"""Claims of an article: drafts by the rules joined with quotations; drafts, speakers resolved, put into records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

from spacy.tokens import Doc

from claimwire.pipelines.extract.article import Article
from claimwire.pipelines.extract.cast import Cast
from claimwire.pipelines.extract.cast.discourse import Discourse
from claimwire.pipelines.extract.cast.speakers import Named, find_speakers, speaker
from claimwire.pipelines.extract.drafts import GOING_ON, Draft, Paragraph, quotation
from claimwire.pipelines.extract.phrases import introduced, read_phrases
from claimwire.pipelines.extract.quantities import find_quantities
from claimwire.pipelines.extract.quotes import Quote
from claimwire.pipelines.extract.spans import merge
from claimwire.pipelines.extract.stance import hedges, modality
from claimwire.pipelines.extract.wordlists import cue_adjectives, cue_nouns, cue_verbs, precision, sections, triggers
from claimwire.schemas import Claim, Cue, Entity, Span

_WORD = re.compile(r"[a-z]+")
_PHRASE = re.compile(
    r"(?:^[\"“‘']?For |\b[Aa]s \w+ (?:\w+ )?puts? it\b|\b(?:[Ii]n|[Bb]y|[Ff]rom|[Tt]o) (?:[\w'’-]+ ){1,5}"
    r"(?:view|words|opinion|eyes|accounts?|point of view|telling|judge?ment|reckoning)\b)"
)
_STOP = re.compile(r"[.!?][\"”’']?\s+")
_DENYING = frozenset({"deny", "denial", "refute", "rebut", "disavow"})
_DOUBTING = frozenset({"doubt", "dispute", "disagree"})
_MARKS = "\"“”„«»「」'‘’"
_BEFORE_NOUNS = sections("particles.txt")["before nouns"]
_DEEPEST = 5
_NOT_SAYING = frozenset({"speech", "evidence"})


def may_hold_claims(sentence: str) -> bool:
    """False where a sentence that quotes nothing has no cue word either, so that nothing need parse it."""
    found = _WORD.findall(sentence.lower())
    sure, bare = triggers()
    if not sure.isdisjoint(found):
        return True
    if "that" in found and not (cue_nouns().keys().isdisjoint(found) and cue_adjectives().keys().isdisjoint(found)):
        return True
    if _PHRASE.search(sentence):
        return True
    if any(word in bare and (index == 0 or found[index - 1] not in _BEFORE_NOUNS) for index, word in enumerate(found)):
        return True
    return any(word == "to" and not GOING_ON.isdisjoint(found[max(0, at - 4) : at]) for at, word in enumerate(found))


def may_quote(paragraph: str) -> bool:
    """Whether a paragraph that quotes a word or two has a verb that may introduce them."""
    return any("q" in verb.frames for word in _WORD.findall(paragraph.lower()) if (verb := cue_verbs().get(word)))


def find_drafts(text: str, pieces: Sequence[tuple[Span, Doc | None]], quotes: Sequence[Quote]) -> list[Draft]:
    """The claims in the making that the rules find in an article.

    ``pieces`` are its paragraphs as spans with their parse (None where nothing asked for one); ``quotes`` are offsets
    into ``text``, as are all offsets of the result.
    """
    drafts: list[Draft] = []
    previous: Draft | None = None
    at = 0
    distance = 9
    for (start, end), doc in pieces:
        here: list[Quote] = []
        while at < len(quotes) and quotes[at].start < end:
            here.append(quotes[at])
            at += 1
        if doc is None:
            distance += 1
            continue
        paragraph = Paragraph(text, start, doc, here)
        found = _paragraph(paragraph, previous if distance == 0 else None)
        drafts.extend(found)
        ends = {quote.end for quote in here}
        voiced = [draft for draft in found if draft.speaker and draft.content[-1][1] in ends]
        distance = 0 if voiced else distance + 1
        if voiced:
            previous = max(voiced, key=lambda draft: draft.content[-1][1])
    return drafts


def _unnested(drafts: Sequence[Draft]) -> list[Draft]:
    """Leaves out what is said within more than a few claims: no writer nests so, but hostile text does, and would
    make the record grow with the square of the text."""
    kept: list[Draft] = []
    around: list[int] = []
    for draft in sorted(drafts, key=lambda d: (d.content[0][0], -d.content[-1][1])):
        around = [end for end in around if end > draft.content[0][0]]
        if len(around) < _DEEPEST:
            around.append(draft.content[-1][1])
            kept.append(draft)
    return kept


def _paragraph(paragraph: Paragraph, previous: Draft | None) -> list[Draft]:
    """The drafts of one paragraph, with its quotations."""
    paragraph.read()
    read_phrases(paragraph)
    drafts = [draft for draft in paragraph.drafts if _stands(paragraph, draft)]
    by_cue = {draft.cue[-1][1]: draft for draft in drafts}
    last: Draft | None = None
    for quote in paragraph.quotes:
        holder = _holder(drafts, quote)
        beside = None if holder else quotation(paragraph, quote)
        if holder is None and beside is not None:
            cue, head, _ = beside
            verb = cue_verbs()[cue.lower_]
            key = paragraph.offset(cue.i) + len(cue)
            holder = by_cue.get(key)
            if holder is None:
                holder = Draft(
                    rule="quote", lemma=verb.lemma, class_=verb.class_, content=[], main=(quote.start, quote.end),
                    cue=[paragraph.cue_span(cue)], sentence=paragraph.sentence(cue),
                )  # fmt: skip
                paragraph.name(holder, head)
                by_cue[key] = holder
                drafts.append(holder)
            elif not _touches(holder, quote):
                # The parse took something else for what was said: the quotation is.
                holder.content = [span for span in holder.content if _within(paragraph, span)]
            _take(holder, quote)
        elif holder is not None:
            _take(holder, quote)
        elif (led := introduced(paragraph, quote)) is not None:
            holder = led
            drafts.append(led)
        elif _sentences(paragraph.text, paragraph.start, quote):
            last = last or _told_before(paragraph.text, drafts, quote)
            if last is not None:
                _take(last, quote)
                holder = last
            elif previous is not None and (quote.continues or _alone(paragraph, quote)):
                holder = Draft(
                    rule="continued", lemma=previous.lemma, class_="speech", content=[(quote.start, quote.end)],
                    main=(quote.start, quote.end), cue=[], speaker=previous.speaker, head=previous.head,
                    sentence=(quote.start, quote.end), inherited=True,
                )  # fmt: skip
                drafts.append(holder)
        if holder is not None and (
            holder.rule in {"quote", "colon", "continued"} or holder.content[-1][1] == quote.end
        ):
            last = holder
    return drafts


def _told_before(text: str, drafts: Sequence[Draft], quote: Quote) -> Draft | None:
    """Whose words the sentence right before a quotation reports: "He said the crops had failed. “The well is dry.”"."""
    for draft in reversed(drafts):
        end = max(b for _, b in [*draft.content, *draft.cue])
        if (
            end <= quote.start
            and draft.class_ == "speech"
            and draft.speaker
            and _STOP.fullmatch(text, end, quote.start)
        ):
            return draft
    return None


def _alone(paragraph: Paragraph, quote: Quote) -> bool:
    """True where a paragraph is one quotation and nothing else."""
    return quote.start == paragraph.start and quote.end >= paragraph.offset(len(paragraph.doc)) - 1


def _within(paragraph: Paragraph, span: Span) -> bool:
    quote = paragraph.quote_at(span[0])
    return quote is not None and quote.end >= span[1]


def _stands(paragraph: Paragraph, draft: Draft) -> bool:
    """False for what only looks like a claim."""
    cue_start = draft.cue[0][0]
    quote = paragraph.quote_at(cue_start)
    if quote is not None and quote.end - quote.start > 0:
        # A quotation's own words ("I think ..."): the quotation is the claim.
        return bool(draft.speaker) and paragraph.text[draft.head[0] : draft.head[1]].lower() not in {
            "i", "we", "you", "it", "that", "they", "he", "she", "my", "our", "your",
        }  # fmt: skip
    if draft.class_ == "cognition" and paragraph.text[draft.head[0] : draft.head[1]].lower() in {
        "i",
        "we",
        "you",
        "one",
    }:
        return False
    if draft.negated and draft.class_ in _NOT_SAYING and draft.lemma not in _DENYING:
        return False
    return draft.speaker != [] or draft.alleged


def _holder(drafts: Sequence[Draft], quote: Quote) -> Draft | None:
    """The innermost draft whose content covers most of a quotation, with its cue outside of it."""
    best: Draft | None = None
    for draft in drafts:
        if quote.start <= draft.cue[0][0] < quote.end if draft.cue else False:
            continue
        shared = sum(max(0, min(end, quote.end) - max(start, quote.start)) for start, end in draft.content)
        if shared * 2 > quote.end - quote.start and (best is None or _length(draft) <= _length(best)):
            best = draft
    return best


def _length(draft: Draft) -> int:
    return draft.content[-1][1] - draft.content[0][0]


def _touches(draft: Draft, quote: Quote) -> bool:
    return any(start < quote.end and end > quote.start for start, end in draft.content)


def _take(draft: Draft, quote: Quote) -> None:
    """Adds a whole quotation to a draft's content, leaving out the speaker and the cue."""
    draft.content = merge([*draft.content, (quote.start, quote.end)])


def _sentences(text: str, paragraph_start: int, quote: Quote) -> bool:
    """True where a quotation is whole sentences that stand for themselves, not a word in somebody's sentence."""
    inner = text[quote.start : quote.end].strip(_MARKS + " ")
    before = text[paragraph_start : quote.start].rstrip()
    if before and before[-1] not in ".!?:" + _MARKS:
        return False
    return len(inner.split()) > 2 and (inner[:1].isupper() or inner[:1] in "…[(" or quote.continues)


def make_claims(article_id: str, text: str, drafts: Sequence[Draft], entities: Sequence[Entity]) -> tuple[Claim, ...]:
    """The claims of an article, in the order of the text, out of those in the making and the article's entities."""
    cast = Cast(text, entities)
    kept = _unnested(drafts)
    speakers = find_speakers(cast, Discourse(Article(text), drafts), kept)
    records: dict[str, Claim] = {}
    for draft in sorted(kept, key=lambda d: (d.cue[0] if d.cue else d.content[0], d.content)):
        claim = _record(article_id, text, draft, speakers[draft.head] if draft.speaker else None, cast)
        if claim is not None:
            records.setdefault(claim.id, claim)
    return tuple(sorted(records.values(), key=lambda claim: (claim.content, claim.sentence)))


def _record(article_id: str, text: str, draft: Draft, named: Named | None, cast: Cast) -> Claim | None:
    content = tuple(_outside(draft.content, [*draft.speaker, *draft.cue] if not draft.inherited else []))
    content = tuple((start, end) for start, end in content if any(char.isalnum() for char in text[start:end]))
    if not content:
        return None
    whole = " [...] ".join(text[start:end] for start, end in content)
    touched = [*content, *draft.cue] if draft.inherited else [*content, *draft.cue, *draft.speaker]
    sentence = (min(draft.sentence[0], *(s for s, _ in touched)), max(draft.sentence[1], *(e for _, e in touched)))
    # With the words: under an id that a sender gives, another version may say something else at the same place.
    identity = f"{article_id} {content} {tuple(draft.speaker)} {whole}"
    return Claim(
        id=blake2b(identity.encode(errors="surrogatepass"), digest_size=16).hexdigest(),
        text=whole,
        content=content,
        speaker=speaker(text, draft.speaker, named, draft.inherited) if named else None,
        cue=Cue(
            text=" ".join(text[start:end] for start, end in draft.cue),
            spans=tuple(draft.cue),
            lemma=draft.lemma,
            class_=draft.class_,
        )
        if draft.cue
        else None,
        quote_type=_quote_type(text, content),
        polarity="denied"
        if draft.lemma in _DENYING
        else "negated"
        if draft.negated or draft.lemma in _DOUBTING
        else "affirmed",
        modality=modality(text[draft.main[0] : draft.main[1]], draft.lemma, draft.alleged, whole),
        hedges=hedges(text, *sentence),
        quantities=find_quantities(text, content),
        entities=tuple(sorted({index for start, end in content for _, _, index in cast.mentions_in(start, end)})),
        check_worthiness=None if draft.worth is None else round(draft.worth, 2),
        confidence=precision().get(draft.kind),
        sentence=sentence,
    )


def _outside(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """Spans without what belongs to the cue or the speaker."""
    parts = list(spans)
    for cut_start, cut_end in taken:
        kept: list[Span] = []
        for start, end in parts:
            if cut_end <= start or cut_start >= end:
                kept.append((start, end))
                continue
            kept += [part for part in ((start, cut_start), (cut_end, end)) if part[0] < part[1]]
        parts = kept
    return parts


def _quote_type(text: str, content: Sequence[Span]) -> Literal["direct", "indirect", "mixed"]:
    """Direct where every span is a quotation, mixed where some words are quoted, else indirect."""
    marked = [text[start:end].strip(" ,.") for start, end in content]
    if all(part[:1] in _MARKS and part[-1:] in _MARKS for part in marked):
        return "direct"
    return "mixed" if any(re.search('["“”„«»「」]', part) for part in marked) else "indirect"
