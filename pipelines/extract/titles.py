"""Claims in the titles of articles: "Iran says it will not pay", "Bridge is safe, insists mayor".

A title goes the same way as a text (``pipeline.STEPS``), written as a sentence would be. Then only what a headline says
plainly is kept: many headlines name a topic, a show or an outlet where a text would name a speaker. What the text says
as well is not given twice. Names are those of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache

import msgspec

from claimwire.pipelines.extract.cast.roles import is_role
from claimwire.pipelines.extract.confidence import VERBAL
from claimwire.pipelines.extract.entities.names import bare, fold
from claimwire.pipelines.extract.spans import text_of
from claimwire.pipelines.extract.wordlists import cue_verbs, sections
from claimwire.schemas import Claim, Entity, Speaker

LONGEST = 300
"""Characters; what is longer is no title."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_CAPITALS = 0.7
"""From this share of capitals on, the words of a title are capitalised whatever they are."""
_LONG = 4
_ASKING = re.compile(
    r"\W*(?:who|what|when|where|why|how|which|is|are|was|were|do|does|did|has|have|can|could|will|would|should)\b",
    re.IGNORECASE,
)
_LONGEST_ROLE, _FEWEST = 4, 3
"""Words of a role, and of a content that is neither a quotation nor has a verb."""
LEAST, _LEAST_OTHERS = 0.14, 0.35
"""The least confidence of a claim in a title, if somebody plainly says it and else: what judges it learnt from texts,
and headlines are short. Chosen by reading real titles."""
_LEADING_ON = frozenset({"than", "as", "what", "that", "of", "to", "with", "the", "a", "an", "and", "if", "when"})
_COMPARING = frozenset({"as", "than"})
_HOW = re.compile(r"\W*(?:how|why|what|who|where|when)\b", re.IGNORECASE)
_SEEKING = frozenset({"aim", "hope", "intend", "look", "seek", "want"})
_EXPLAINING = frozenset({"address", "clarify", "detail", "discuss", "explain", "outline"})
_POINTS = frozenset(":-–—―")
_SMALL = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "been", "but", "by", "for", "from", "had", "has", "have", "he", "her",
    "his", "in", "is", "it", "its", "not", "of", "on", "or", "she", "that", "the", "their", "they", "this", "to", "was",
    "we", "were", "will", "with", "would",
})  # fmt: skip
_ENDING = re.compile(r"(?:['’]s|s|ed|ing)$")
_NUMBER = re.compile(r"\d[\d.,]*")
_SAME, _MOSTLY = 0.8, 0.5
"""Shares of a claim's words that a claim of the text has: whoever says it, and if the same says it."""


def sentence(title: str, text: str) -> str:
    """A title as a sentence would be written, letter by letter: "Iran Says It Will Pay" as "Iran says it will pay".

    What the article writes small is written small, and so are verbs of saying and small words.
    """
    words = [*_WORD.finditer(title)]
    long = [word.group() for word in words if len(word.group()) >= _LONG]
    if len(long) < 2 or sum(word[0].isupper() for word in long) < _CAPITALS * len(long):
        return title
    small = {word for word in _WORD.findall(text) if word.islower()}
    written = list(title)
    for number, word in enumerate(words):
        low = word.group().lower()
        if len(low) != len(word.group()):
            continue
        shouted = word.group().isupper() and title.isupper() and len(low) > 1
        known = low in small or low in cue_verbs() or low in sections("function_words.txt")["en"]
        if number and known and (not word.group().isupper() or shouted):
            written[word.start() : word.end()] = low
        elif shouted:
            written[word.start() + 1 : word.end()] = low[1:]
    return "".join(written)


def claims(title: str, found: Iterable[Claim], entities: Sequence[Entity], told: Sequence[Claim]) -> Iterator[Claim]:
    """What a title claims beyond its text.

    Args:
        title: The title; spans are into it.
        found: The claims in it, written as a sentence.
        entities: Those of the text.
        told: The claims of the text.
    """
    for claim in found:
        if not is_plain(title, claim):
            continue
        mine = _verbatim(title, claim, entities)
        if not any(_is_told(mine, other) for other in told):
            yield mine


def is_plain(title: str, claim: Claim) -> bool:
    """Whether a headline gives a claim plainly: a speaker who is named or has a role, and a sentence or a quotation."""
    if claim.speaker is None or claim.cue is None or not _sure(claim):
        return False
    quoted = claim.quote_type != "indirect"
    who = claim.speaker.text
    if (_ASKING.match(title) and not quoted) or title.rstrip().endswith("?"):
        return False
    if _HOW.match(claim.text) or claim.text.rstrip("\"”’' ").endswith("?") or len(_WORD.findall(claim.text)) < 2:
        return False
    if len(_WORD.findall(claim.text)) < _FEWEST and not quoted and not _has_verb(claim.text):
        return False  # "refuses | to comment"
    if not quoted and not set(claim.cue.text) <= _POINTS and not _states(claim):
        return False
    if _WORD.findall(who.lower())[:1] in ([], ["how"], ["why"], ["what"], ["when"], ["where"], ["who"]):
        return False
    end = claim.content[-1][1]
    behind = _WORD.findall(title[end : max(end, claim.speaker.spans[0][0])].lower())
    if _WORD.findall(claim.text.lower())[-1] in _LEADING_ON or not _COMPARING.isdisjoint(behind):
        return False  # "Roof is older | than the maps say"
    if set(claim.cue.text) <= _POINTS:
        return _points(title, claim, quoted)
    return True


def _states(claim: Claim) -> bool:
    """Whether a headline's verb gives words as somebody's: "Minister clarifies rules on parking" and "Iran seeks to buy
    wheat" tell what was done."""
    assert claim.cue is not None  # noqa: S101 - asked before
    if claim.cue.lemma in _SEEKING or (claim.cue.lemma in _EXPLAINING and not VERBAL.search(claim.text)):
        return False
    meant = claim.text.startswith(("to ", "not to "))
    acts = sections("acts.txt")
    return meant or _has_verb(claim.text) or claim.cue.lemma in acts["stating"] | acts["asking"]


def _sure(claim: Claim) -> bool:
    """Whether a claim is sure enough. Who says or shows that something is so does it plainly; who wants, seeks or calls
    for something is more often told to do it by the headline."""
    assert claim.cue is not None  # noqa: S101 - asked before
    plainly = claim.kind == "statement" and claim.cue.class_ in {"speech", "evidence"}
    return claim.confidence is None or claim.confidence >= (LEAST if plainly else _LEAST_OTHERS)


def _points(title: str, claim: Claim, quoted: bool) -> bool:
    """Whether a colon or dash attributes: "Mayor: bridge is safe", "Bridge will close - officials", but not "Iran war:
    oil rises", "Bridge will close - BBC News", "Ann Lee: a life in pictures"."""
    assert claim.speaker is not None  # noqa: S101 - asked before
    assert claim.cue is not None  # noqa: S101 - asked before
    who = claim.speaker.text
    role = len(who.split()) <= _LONGEST_ROLE and _is_speaking(bare(_WORD.findall(who)[-1]).lower())
    if role and not quoted:
        # A name behind a dash is the outlet's: "Bridge will close - Lunde Post".
        return _has_verb(claim.text) and (claim.speaker.spans[0][0] < claim.content[0][0] or who[0].islower())
    if role:
        return True
    if claim.speaker.type in {"person", "organization"}:
        return quoted
    # "Libya: 'I wish I had died,' says migrant" is nothing that Libya says.
    return claim.quote_type == "direct" and claim.cue.text == ":"


def _is_speaking(word: str) -> bool:
    """Whether people or bodies that speak are called by a word: "officials", "police", "report"."""
    lists = sections("roles.txt")
    kinds = ("person", "organization", "group", "document", "anonymous")
    return is_role(word) or any({word, word.removesuffix("s")} & lists[kind] for kind in kinds)


@cache
def _verbs() -> re.Pattern[str]:
    return re.compile(
        r"\b(?:is|are|was|were|has|have|had|will|would|can|could|may|might|must|should|do|does|did|not|"
        r"\w+n['’]t|\w{3,}(?:ed|es|s))\b"
    )


def _has_verb(words: str) -> bool:
    return _verbs().search(words) is not None


# -- what the text has


def _verbatim(title: str, claim: Claim, entities: Sequence[Entity]) -> Claim:
    """A claim with the letters of the title, and with the names and entities of the text."""
    speaker, cue = claim.speaker, claim.cue
    text = text_of(title, claim.content, " [...] ")
    return msgspec.structs.replace(
        claim,
        text=text,
        speaker=speaker and _named(title, speaker, entities),
        cue=cue and msgspec.structs.replace(cue, text=text_of(title, cue.spans)),
        entities=tuple(index for index, entity in enumerate(entities) if _mentions(text, entity)),
        in_title=True,
    )


def _mentions(words: str, entity: Entity) -> bool:
    return any(
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", words) is not None for name in {entity.name, entity.text} if name
    )


def _named(title: str, speaker: Speaker, entities: Sequence[Entity]) -> Speaker:
    """A speaker of the title as the one whom the text names: by the full name, or by a surname that only one bears."""
    words = text_of(title, speaker.spans)
    name = fold(speaker.name or "")
    same = [index for index, entity in enumerate(entities) if name and fold(entity.name) == name]
    if not same and name and " " not in name:
        same = [
            index
            for index, entity in enumerate(entities)
            if entity.label == "PERSON" and fold(entity.name).split()[-1:] == [name]
        ]
    if len({entities[index].name for index in same}) == 1:
        return msgspec.structs.replace(speaker, text=words, name=entities[same[0]].name, entity=same[0])
    known = speaker.name if " " in (speaker.name or "") or speaker.type != "person" else None
    return msgspec.structs.replace(speaker, text=words, name=None if same else known, entity=None)


def _is_told(claim: Claim, other: Claim) -> bool:
    """Whether a claim of the text says the same."""
    mine, theirs = _words(claim.text), _words(other.text)
    if not mine:
        return True
    share = len(mine & theirs) / len(mine)
    return share >= _SAME or (share >= _MOSTLY and _same_speaker(claim.speaker, other.speaker))


def _same_speaker(one: Speaker | None, other: Speaker | None) -> bool:
    if one is None or other is None:
        return one is other
    if one.name and other.name:
        return fold(one.name) == fold(other.name)
    return not _words(f"{one.text} {one.name or ''}").isdisjoint(_words(f"{other.text} {other.name or ''}"))


def _words(text: str) -> Set[str]:
    """The words that say something, without their endings."""
    spoken = (word for word in map(str.lower, _WORD.findall(text)) if word not in _SMALL)
    return {*(_ENDING.sub("", word) for word in spoken), *_NUMBER.findall(text)}
