"""Speakers resolved to full names: our claims compared with PolNeAR's gold sources whose full name the article has.

    python benchmarks/speakers.py --data shared/data

The names are labelled in two ways: by strict rules on the gold text (``speaker_labels.py`` describes them), and by
hand, for a random sample of pronouns, roles and surnames (``data/speakers_by_hand.tsv``, which has offsets and names
only).

One of our claims matches a gold source if their contents share at least half of their letters (one to one, best first,
as in the shared scoring rule B) and their speakers share at least two letters. Its ``speaker.name`` is then

right       the full name, regardless of case, accents, titles and middle initials
unresolved  null, or only a part of the full name
wrong       anything else

`resolved` is the share of matched sources that are right, `end to end` the share of all sources. `kept null` is the
share of our matched speakers without a name, among the sources labelled by hand as having none.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from report import tell_goal, tell_machine
from speaker_labels import Source, fold, kind_of, labels, sources

from claimwire.pipelines.extract import By, Extraction, load
from claimwire.schemas import Claim, Span

_BY_HAND = Path(__file__).parent / "data" / "speakers_by_hand.tsv"
_KINDS = ("pronoun", "role", "surname", "full")
Names = Mapping[Span, tuple[str, ...]]
"""Source -> the forms of its name; empty if it has no name."""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    folder = parser.parse_args(argv).data
    tell_machine()
    gold = folder / "attribution" / "polnear_dev.jsonl"
    articles = [json.loads(line) for line in gold.open(encoding="utf-8")]
    by_hand = read_by_hand()
    met = []
    for by in ("tagger", "rules"):
        found = run(by, articles)
        for said, labelled in (
            ("by rule", [{span: (name,) for span, name in labels(article).items()} for article in articles]),
            ("by hand", [by_hand.get(article["id"], {}) for article in articles]),
        ):
            counts = count(articles, labelled, found)
            print(f"\n{by}, sources labelled {said}")
            tell(counts)
            if by == "tagger":
                total = sum((counts[kind] for kind in _KINDS), Counter[str]())
                met.append(tell_goal(f"{by}: resolved, {said}", share(total, "right"), 80))
    return 0 if all(met) else 1


def read_by_hand() -> dict[str, dict[Span, tuple[str, ...]]]:
    """The labels by hand, for each article."""
    found: dict[str, dict[Span, tuple[str, ...]]] = defaultdict(dict)
    for line in _BY_HAND.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            article, start, end, name = line.split("\t")
            found[article][int(start), int(end)] = () if name == "-" else tuple(name.split("|"))
    return found


def run(by: By, articles: Iterable[Mapping[str, Any]]) -> list[Extraction]:
    """What an extractor finds in each article."""
    return list(
        load(by=by, which="all").pipe(SimpleNamespace(id=article["id"], text=article["text"]) for article in articles)
    )


def count(
    articles: Iterable[dict[str, Any]], labelled: Iterable[Names], found: Iterable[Extraction]
) -> dict[str, Counter[str]]:
    """Count verdicts by kind of source; ``all`` counts all labelled attributions, ``matched`` those with our claim."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for article, names, extraction in zip(articles, labelled, found, strict=True):
        for source, claim in matched(article, extraction.claims):
            span = source.start, source.end
            kind = kind_of(source.text) or "full"
            if span not in names:
                continue
            unnamed = "" if names[span] else "unnamed "
            counts[kind][f"{unnamed}all"] += 1
            if claim is not None and claim.speaker is not None:
                counts[kind][f"{unnamed}matched"] += 1
                counts[kind][unnamed + verdict(claim.speaker.name, names[span])] += 1
    return counts


def verdict(ours: str | None, names: tuple[str, ...]) -> str:
    """Return right, unresolved or wrong."""
    if ours is None:
        return "unresolved" if names else "right"
    if fold(ours) in map(fold, names):
        return "right"
    part = any(set(fold(ours).split()) < set(fold(name).split()) for name in names)
    return "unresolved" if part else "wrong"


def matched(article: dict[str, Any], claims: Iterable[Claim]) -> Iterator[tuple[Source, Claim | None]]:
    """The source of each gold attribution, with our claim that matches it."""
    text = article["text"]
    gold = [(source, said) for source in sources(article) for said in source.contents]
    ours = list(claims)
    g_letters = [_letters(text, said) for _, said in gold]
    p_letters = [_letters(text, claim.content) for claim in ours]
    ranked = sorted(
        (
            (len(p & g) / max(1, len(p | g)), i, j)
            for i, p in enumerate(p_letters)
            for j, g in enumerate(g_letters)
            if 2 * len(p & g) >= len(p | g)
        ),
        reverse=True,
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    for _, i, j in ranked:
        if i not in used and j not in taken:
            used.add(i)
            taken[j] = i
    for j, (source, _) in enumerate(gold):
        claim = ours[taken[j]] if j in taken else None
        spans = claim.speaker.spans if claim and claim.speaker else ()
        same = len(_letters(text, spans) & _letters(text, [(source.start, source.end)])) >= 2
        yield source, claim if same else None


def _letters(text: str, spans: Iterable[Span]) -> frozenset[int]:
    return frozenset(at for start, end in spans for at in range(start, min(end, len(text))) if text[at].isalnum())


def share(counts: Counter[str], what: str, of: str = "matched") -> float:
    """The share of one count in another, in per cent."""
    return 100 * counts[what] / max(1, counts[of])


def tell(counts: Mapping[str, Counter[str]]) -> None:
    """Print the table of one extractor and one kind of labels."""
    columns = ("sources", "matched", "right", "unresolved", "wrong", "end to end")
    print(f"{'kind':9} " + " ".join(f"{column:>10}" for column in columns))
    total = sum((counts.get(kind, Counter[str]()) for kind in _KINDS), Counter[str]())
    for kind, each in [*((kind, counts.get(kind, Counter[str]())) for kind in _KINDS), ("all", total)]:
        if each["all"]:
            shares = [share(each, verdict) for verdict in ("right", "unresolved", "wrong")]
            figures = " ".join(f"{figure:10.1f}" for figure in [*shares, share(each, "right", "all")])
            print(f"{kind:9} {each['all']:10} {each['matched']:10} {figures}")
    if total["unnamed all"]:
        kept = share(total, "unnamed right", "unnamed matched")
        print(f"without a name: {total['unnamed all']}, matched {total['unnamed matched']}, kept null {kept:.1f}%")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
