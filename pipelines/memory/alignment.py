"""Which claim of a revision is which of the version before: by their words, who says them and where they stand."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence

from claimwire.pipelines.extract.wordlists import sections
from claimwire.pipelines.memory.said import Said
from claimwire.pipelines.memory.wording import Words, wording

LEAST, LEAST_BETWEEN = 0.5, 0.25
"""The least likeness of two versions of a claim, anywhere, and if the claims before and behind are the same."""
_SMALL = 0.2
"""The weight of a word like "the"; others have 1."""
_WITHIN = 0.9
"""The likeness of a quotation and a part of it."""
_FEWEST = 4
"""Words of such a part."""
_NEAREST = 60
"""With how many claims of the other version, the nearest by their place, a claim is compared: no more are left over
unless two versions have nothing in common, and then they may have thousands."""


def align(before: Sequence[Said], after: Sequence[Said]) -> dict[int, int]:
    """Pairs of indices, of claims in ``after`` to those in ``before``; each is in one pair at most.

    The most similar pair comes first; of equally similar ones, that whose places are nearest.
    """
    pairs: dict[int, int] = {}
    for same in (_words_and_speaker, _words):
        _pair_equal(before, after, pairs, same)
    _pair_alike(before, after, pairs, LEAST)
    _pair_alike(before, after, pairs, LEAST_BETWEEN)
    return pairs


def _words(claim: Said) -> tuple[Words, ...]:
    return (wording(claim.text).words,)


def _words_and_speaker(claim: Said) -> tuple[Words, ...]:
    return wording(claim.text).words, wording(claim.speaker).words


def _pair_equal(
    before: Sequence[Said], after: Sequence[Said], pairs: dict[int, int], key: Callable[[Said], tuple[Words, ...]]
) -> None:
    """Add pairs of claims with an equal key, in their order."""
    taken = set(pairs.values())
    free: defaultdict[tuple[Words, ...], deque[int]] = defaultdict(deque)
    for old, earlier in enumerate(before):
        if old not in taken:
            free[key(earlier)].append(old)
    for new, claim in enumerate(after):
        if new not in pairs and (olds := free.get(key(claim))):
            pairs[new] = olds.popleft()


def _pair_alike(before: Sequence[Said], after: Sequence[Said], pairs: dict[int, int], least: float) -> None:
    """Add pairs that are alike; with less than ``LEAST`` only between neighbours that are pairs already."""
    taken = set(pairs.values())
    olds = [old for old in range(len(before)) if old not in taken]
    news = [new for new in range(len(after)) if new not in pairs]
    found = []
    for new in news:
        place = new / len(after)
        for old in sorted(olds, key=lambda old: abs(place - old / len(before)))[:_NEAREST]:
            if least < LEAST and not _between(old, new, pairs, len(before), len(after)):
                continue
            like = likeness(before[old], after[new])
            if like >= least:
                found.append((-like, abs(place - old / len(before)), new, old))
    for *_, new, old in sorted(found):
        if new not in pairs and old not in taken:
            pairs[new] = old
            taken.add(old)


def _between(old: int, new: int, pairs: dict[int, int], olds: int, news: int) -> bool:
    """Whether the claims before and behind two claims are pairs; beyond the first and the last claim are pairs too."""
    first = pairs.get(new - 1) == old - 1 if new and old else new == old == 0
    last = pairs.get(new + 1) == old + 1 if new + 1 < news and old + 1 < olds else new + 1 == news and old + 1 == olds
    return first and last


def likeness(before: Said, after: Said) -> float:
    """How much two claims have in common, from 0 to 1: the share of their words, or of those of their sentences."""
    ours, theirs = wording(after.text).words, wording(before.text).words
    like = share(ours, theirs)
    if "indirect" not in (before.quote_type, after.quote_type) and min(len(ours), len(theirs)) >= _FEWEST:
        like = max(like, _WITHIN * share(ours, theirs, of_shorter=True))
    # The words of the sentence decide between two claims with few words of their own.
    return 0.8 * like + 0.2 * share(wording(after.sentence).words, wording(before.sentence).words)


def share(ours: Words, theirs: Words, of_shorter: bool = False) -> float:
    """The weight of the words that two texts have in common, in relation to both or to the shorter one."""
    counted, others = Counter(ours), Counter(theirs)
    both, one, other = (_weight(each) for each in (counted & others, counted, others))
    if of_shorter:
        return both / min(one, other) if one and other else 0.0
    return 2 * both / (one + other) if one + other else 1.0


def _weight(words: Counter[str]) -> float:
    return sum(count * (_SMALL if word in _small() else 1) for word, count in words.items())


def _small() -> frozenset[str]:
    return frozenset(sections("function_words.txt")["en"])
