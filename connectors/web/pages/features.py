"""What is known of each block of a page that tells whether it belongs to the article, as names with values."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

from lxml.html import HtmlElement

from claimwire.connectors.web.pages.blocks import ANCESTORS, KINDS, Block, Page

Features = dict[str, float]

_TOKEN = re.compile(r"\w+")
_LINE = re.compile(r"[\n|]")
# JSON-LD of a page is some kilobytes; a gallery or a shop's may have a megabyte.
_LONGEST_JSON = 1_000_000

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*$")
_LOWER_START = re.compile(r"[a-z]")
_SERVICE = re.compile(
    r"newsletter|subscribe|sign up|sign in|log in|cookie|privacy policy|terms of|all rights reserved|copyright|©"
    r"|follow us|share this|read more|read also|also read|related:|advertisement|click here|photo|image|getty"
    r"|published|updated|posted|comments?\b|min(?:ute)?s? read|contact us|download|learn more|facebook|twitter"
    r"|linkedin|email|whatsapp|disclosure|affiliate|table of contents|about the author"
    r"|is an? (?:senior |staff )?(?:writer|reporter|journalist|editor)"
)
_SERVICE_HEADING = re.compile(
    r"(?:related|more (?:from|on|stories|in|about)|read (?:more|next|also)|you (?:may|might)|recommended|popular"
    r"|trending|most |latest|recent|about (?:the |us)|comments?|leave a|share|follow|subscribe|sign up|newsletter"
    r"|tags?\b|categories|references|sources|footnotes|notes|bibliography|further reading|see also|editor|join"
    r"|contact|topics|up next|next|previous|keep reading|what to read|top stories|in this (?:article|story)"
    r"|table of contents|contents|on this page|sponsored|advert|author|written by|credits|copyright"
    r"|citations?|our |get |faq|frequently)",
    re.IGNORECASE,
)
_SERVICE_START = re.compile(
    r"(?:photo|image|picture|credit|source|via|©|copyright|figure|fig\.|video|watch|caption|getty|read|related|see|more"
    r"|click|download|listen|advert|subscribe|sign|follow|share|join|\[|\*)"
)
_BYLINE = re.compile(r"(?:by|words|text|story|written by|reviewed by|edited by)\b[: ]")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_DATE = re.compile(
    rf"\b{_MONTH}[a-z]*\.? \d|\d {_MONTH}|\d{{4}}-\d\d-\d\d|\d{{1,2}}[:/.]\d\d"
    r"|\b(?:hour|day|min(?:ute)?)s? (?:ago|read)\b"
)
_QUOTES = tuple('“"‘«„')


class Shingles:
    """The runs of four tokens in texts."""

    def __init__(self) -> None:
        self._known: set[tuple[str, ...]] = set()

    def add(self, tokens: list[str]) -> None:
        self._known.update(_shingles(tokens))

    def share(self, tokens: list[str]) -> float:
        """The share of the tokens that stand in the texts in this order, 0 to 1; 0 for fewer than four."""
        return len([1 for run in _shingles(tokens) if run in self._known]) / max(1, len(tokens) - 3)


def _shingles(tokens: list[str]) -> list[tuple[str, ...]]:
    return list(zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False))


class Candidate:
    """What an extractor took for the text of the article."""

    def __init__(self, text: str) -> None:
        self.length = len(text)
        self._shingles = Shingles()
        self._shingles.add(_TOKEN.findall(text))
        # Headings are shorter than a shingle. They count where they are a line by themselves.
        self._short = {tuple(line) for line in map(_TOKEN.findall, _LINE.split(text)) if len(line) < 4}

    def share(self, tokens: list[str]) -> float:
        """The share of the tokens that stand in the candidate in this order, 0 to 1."""
        return self._shingles.share(tokens) if len(tokens) > 3 else float(tuple(tokens) in self._short)


def article_body(root: HtmlElement) -> str:
    """The longest ``articleBody`` in the JSON-LD of a page (schema.org/Article), or an empty string."""
    best = ""
    for script in root.iterfind('.//script[@type="application/ld+json"]'):
        text = script.text or ""
        if "articleBody" not in text or len(text) > _LONGEST_JSON:
            continue
        try:
            waiting = [json.loads(text, strict=False)]
        except (ValueError, RecursionError):
            continue
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                body = value.get("articleBody")
                best = body if isinstance(body, str) and len(body) > len(best) else best
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value
    return best


def features(page: Page, title: str, candidates: Sequence[str], body: str) -> list[Features]:
    """Describe the blocks of a page.

    Args:
        page: The page.
        title: The content of its ``title`` element.
        candidates: What each of some extractors took for the article, always in the same order.
        body: What the page's JSON-LD has as the article, or an empty string.

    Returns:
        For each block what is known of it: names, with values that are not 0. Most are 1, shares lie between 0 and 1.
        Nothing for a block for which no extractor votes and that stands outside of the part with the votes: the
        frame of a site, which is most of many pages.
    """
    found = page.blocks
    voters = [Candidate(text) for text in candidates]
    named = Candidate(body)
    votes = [[voter.share(block.tokens) for voter in voters] for block in found]
    mean = [sum(vote) / len(vote) for vote in votes]
    words = [len(block.tokens) for block in found]
    voted = [share * count for share, count in zip(mean, words, strict=True)]
    core = _Core(page, voted, words)
    described = [
        _alone(block) if max(vote) > 0.2 or core.holds(block.node) else {}
        for block, vote in zip(found, votes, strict=True)
    ]
    _add_votes(described, found, votes, mean, named if named.length > 500 else None)
    _add_likes(described, found, voted, words)
    _add_windows(described, found, voted, words)
    core.add(described)
    _add_headings(described, found, title)
    return described


_TEXT_TAGS = frozenset(("p", "div", "blockquote"))


def _alone(block: Block) -> Features:
    """What a block says of itself."""
    text, low, count = block.text, block.text.lower(), len(block.tokens)
    short = count < 20
    service = _SERVICE.search(low) is not None
    starts = _SERVICE_START.match(low) is not None
    end = text[-1]
    sentence = _SENTENCE_END.search(text) is not None
    of: dict[str, float | bool] = {
        f"tag {block.tag}": 1.0,
        "words": math.log1p(count),
        "under 3 words": count < 3,
        "under 4 words": count < 4,
        "under 8 words": count < 8,
        "over 30 words": count > 30,
        "linked": block.linked,
        "mostly linked": block.linked > 0.6,
        "bold": block.bold,
        "link of its own": block.tag in _TEXT_TAGS and block.linked > 0.9 and not sentence and count > 3,
        "ends like a sentence": sentence,
        "ends with a colon": end == ":",
        "ends with a question": end == "?",
        "commas": min(5, text.count(",")) / 5,
        "service words": service,
        "short with service words": service and count < 25,
        "hidden": block.hidden,
        "byline": short and _BYLINE.match(low) is not None,
        "date": short and _DATE.search(low) is not None,
        "service start": starts,
        "short with service start": starts and count < 25,
        "copyright sign": "©" in text,
        "upper case": text.isupper(),
        "upper case link": text.isupper() and block.linked > 0.9,
        "lower start": _LOWER_START.match(text) is not None,
        "quote start": text.startswith(_QUOTES),
        "code": bool(block.within & _IN_CODE) or block.tag == "pre",
    }
    described = {name: float(value) for name, value in of.items() if value}
    for name in _names(block.within, "in ", ANCESTORS) + _names(block.kinds, "around ", KINDS):
        described[name] = 1.0
    for name in _names(block.near, "near ", KINDS):
        described[name] = 1.0
    return described


_IN_CODE = 1 << ANCESTORS.index("pre") | 1 << ANCESTORS.index("code")


@cache
def _names(bits: int, prefix: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(prefix + name for number, name in enumerate(names) if bits >> number & 1)


def _add_votes(
    described: list[Features],
    found: list[Block],
    votes: list[list[float]],
    mean: list[float],
    body: Candidate | None,
) -> None:
    for at, (of, block, vote) in enumerate(zip(described, found, votes, strict=True)):
        if not of:
            continue
        for number, share in enumerate(vote):
            of[f"vote {number}"] = share
        of["votes"], of["votes of all"], of["votes of any"] = mean[at], min(vote), max(vote)
        for distance in (1, 2, 3):
            if at >= distance:
                of[f"votes {distance} before"] = mean[at - distance]
            if at + distance < len(mean):
                of[f"votes {distance} behind"] = mean[at + distance]
        if body:
            share = body.share(block.tokens)
            of["has article body"], of["in article body"], of["not in article body"] = 1.0, share, 1 - share


def _add_likes(described: list[Features], found: list[Block], voted: list[float], words: list[int]) -> None:
    """What blocks of the same look, and blocks of the same text, say of a block."""
    total = sum(voted) or 1.0
    votes_of: Counter[tuple[str, str, str]] = Counter()
    words_of: Counter[tuple[str, str, str]] = Counter()
    texts = Counter(block.text for block in found)
    for block, vote, count in zip(found, voted, words, strict=True):
        votes_of[block.look] += vote  # type: ignore[assignment]
        words_of[block.look] += count
    seen = set()
    for of, block in zip(described, found, strict=True):
        if not of:
            continue
        of["look's votes"] = votes_of[block.look] / total
        of["look's purity"] = votes_of[block.look] / max(1, words_of[block.look])
        if block.tag in ("p", "li", "td"):
            of["look's votes of text"] = of["look's votes"]
        if texts[block.text] > 1:
            of["repeated"] = 1.0
            if block.text in seen:
                of["seen before"] = 1.0
            seen.add(block.text)


class _Core:
    """The innermost element with four fifths of the votes, and how the votes lie in the tree."""

    def __init__(self, page: Page, voted: list[float], words: list[int]) -> None:
        self._page = page
        self._total = sum(voted) or 1.0
        size = len(page.parents)
        self._votes, self._words, self._depth = [0.0] * size, [0] * size, [0] * size
        for block, vote, count in zip(page.blocks, voted, words, strict=True):
            self._votes[block.node] += vote
            self._words[block.node] += count
        for node in range(size - 1, 0, -1):  # a parent's number is smaller
            self._votes[page.parents[node]] += self._votes[node]
            self._words[page.parents[node]] += self._words[node]
        self._core = 0
        self._inside = [False] * size
        for node in range(size):
            parent = page.parents[node]
            if node:
                self._depth[node] = self._depth[parent] + 1
                if parent == self._core and self._votes[node] >= 0.8 * self._total:  # of at most one child
                    self._core = node
        for node in range(self._core, size):
            self._inside[node] = node == self._core or self._inside[page.parents[node]]

    def holds(self, node: int) -> bool:
        """Whether an element is the core or stands in it."""
        return self._inside[node]

    def add(self, described: list[Features]) -> None:
        """Add to what is known of the blocks."""
        for of, block in zip(described, self._page.blocks, strict=True):
            if not of:
                continue
            node = block.node
            for level in ("element", "parent", "grandparent"):
                of[f"votes in {level}"] = self._votes[node] / self._total
                of[f"purity of {level}"] = self._votes[node] / max(1, self._words[node])
                node = max(0, self._page.parents[node])
            if self._inside[block.node]:
                of["in core"] = 1.0
                of["below core"] = min(8, self._depth[block.node] - self._depth[self._core]) / 8


def _add_windows(described: list[Features], found: list[Block], voted: list[float], words: list[int]) -> None:
    """How the votes lie around a block in the order of the page."""
    total = sum(voted) or 1.0
    before = [vote / total for vote in accumulate(voted)]
    vote_sums, word_sums = [0.0, *accumulate(voted)], [0, *accumulate(words)]

    def window(start: int, end: int) -> float:
        start, end = max(0, start), min(len(voted), end)
        return (vote_sums[end] - vote_sums[start]) / max(1, word_sums[end] - word_sums[start]) if end > start else 0.0

    for at, (of, block) in enumerate(zip(described, found, strict=True)):
        if not of:
            continue
        ahead, behind = window(at - 4, at), window(at + 1, at + 5)
        of["votes around"] = window(at - 6, at + 7)
        of["votes just before"], of["votes just behind"] = ahead, behind
        of["less of both"], of["more of both"] = min(ahead, behind), max(ahead, behind)
        if block.tag in HEADINGS:
            of["heading of votes"] = behind
        of["place"] = at / len(voted)
        for name, holds in (
            ("before all votes", before[at] <= 0.001),
            ("behind all votes", before[at] >= 0.999),
            ("at the beginning of votes", before[at] < 0.03),
            ("at the end of votes", before[at] > 0.97),
        ):
            if holds:
                of[name] = 1.0


HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


def _add_headings(described: list[Features], found: list[Block], title: str) -> None:
    titles = {_words(title)} | {_words(block.text) for block in found if block.tag == "h1"}
    service, since = False, 0
    for at, (of, block) in enumerate(zip(described, found, strict=True)):
        starts = _SERVICE_HEADING.match(block.text[:40]) is not None
        if block.tag in HEADINGS or (block.bold > 0.9 and len(block.tokens) < 10):
            service, since = starts, at
        if not of:
            continue
        if service:
            of["under service heading"] = 1.0
            if at - since < 8:
                of["just under service heading"] = 1.0
        if starts and len(block.tokens) < 12:
            of["service heading"] = 1.0
        if block.tag == "h1" or _words(block.text) in titles:
            of["title"] = 1.0


def _words(text: str) -> str:
    return " ".join(_TOKEN.findall(text[:300])).lower()


def with_neighbours(described: list[Features], chances: Sequence[float], words: Sequence[int]) -> list[Features]:
    """The same with what a first judgement says of a block and of those around it.

    Args:
        described: What is known of each block.
        chances: For each block the chance that it belongs to the article.
        words: For each block the number of its words.
    """
    logits = [math.log((chance + 1e-4) / (1 - chance + 1e-4)) for chance in chances]
    of_words: list[float] = [min(count + 2, 200) for count in words]
    judged = [chance * count for chance, count in zip(chances, of_words, strict=True)]
    sums, counts = [0.0, *accumulate(judged)], [0.0, *accumulate(of_words)]
    size = len(described)

    def window(start: int, end: int) -> float:
        start, end = max(0, start), min(size, end)
        return (sums[end] - sums[start]) / (counts[end] - counts[start]) if end > start else 0.0

    wider: list[Features] = []
    for at, of in enumerate(described):
        if not of:
            wider.append({})
            continue
        more = dict(of)
        more["judged"] = logits[at]
        for distance in (1, 2, 3):
            more[f"judged {distance} before"] = logits[at - distance] if at >= distance else -4.0
            more[f"judged {distance} behind"] = logits[at + distance] if at + distance < size else -4.0
        more["judged before"], more["judged behind"] = window(at - 5, at), window(at + 1, at + 6)
        more["judged far before"], more["judged far behind"] = window(at - 12, at), window(at + 1, at + 13)
        more["done"] = sums[at + 1] / (sums[-1] or 1.0)
        wider.append(more)
    return wider


def judge(described: Features, weights: dict[str, float]) -> float:
    """The chance that a block belongs to the article, by logistic regression; 0 where nothing is known of it."""
    if not described:
        return 0.0
    logit = weights["bias"]
    for name, value in described.items():
        if name in weights:
            logit += weights[name] * value
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
