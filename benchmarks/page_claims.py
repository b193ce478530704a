"""Who said what on real news pages: our claims compared with those that were marked by reading, as a table of errors.

    python benchmarks/page_claims.py --data shared/data [--part dev|test|check] [--extractor tagger|rules]
        [--claims statements|all] [--list CLASS]

``data/README.md`` says how the articles were marked. Nobody reads the errors of the 20 articles of the test part and of
the 77 of the part to check, which were marked when all that is measured there was built: of them only figures are
printed.

A claim of ours matches a mark if their contents share at least half of their letters, one to one, best first. It is

lenient right   if the speaker is right, too: the speakers share at least two letters, both are missing, or the resolved
                name is the marked one
strict right    if besides the contents have the same letters, but for a leading "that", and no wrong name was resolved
                (one is wrong if it is no part, longer form or initials of the marked name, or if none is marked; the
                speaker's own words are never wrong)

`desk` is precision where only the marks that a press desk would list count, `all` with the rest. Every claim of ours
belongs to the first class of error that fits, and every mark that nothing matches to ``missed``.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Literal, TypeVar

from page_marks import CLASSES, FILES, Mark, Page, Pair, compare, pages, same_numbers, texts
from report import tell_goal, tell_machine

from claimwire.pipelines.extract import load
from claimwire.schemas import Claim, Span

T = TypeVar("T")
Right = Literal["strict", "lenient"]
_KINDS: tuple[Right, Right] = ("strict", "lenient")
_BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.01)
_SURE = 0.8


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    parser.add_argument("--part", choices=("dev", "test", "check"), default="dev", help="which articles [dev]")
    parser.add_argument("--extractor", choices=("tagger", "rules"), default="tagger", help="which extractor [tagger]")
    parser.add_argument("--claims", choices=("statements", "all"), default="statements", help="which [statements]")
    parser.add_argument("--sets", nargs="+", choices=sorted(FILES), default=sorted(FILES), help="of which sets [all]")
    parser.add_argument("--list", choices=CLASSES, metavar="CLASS", help=f"print one class: {', '.join(CLASSES)}")
    arguments = parser.parse_args(argv)
    if arguments.list and arguments.part != "dev":
        parser.error("--list prints the development part only: nobody reads the errors of the others")
    marked = pages(arguments.part, arguments.sets)
    found = texts(arguments.data, marked)
    extractions = load(by=arguments.extractor, which=arguments.claims).pipe(
        SimpleNamespace(id=page.id, text=text) for page, text in zip(marked, found, strict=True)
    )
    pairs = [
        (page, pair)
        for page, text, extraction in zip(marked, found, extractions, strict=True)
        for pair in compare(text, extraction.claims, page.claims)
    ]
    if arguments.list:
        for page, pair in pairs:
            if pair.error == arguments.list:
                print(describe(page, pair))
    else:
        tell_machine()
        print(f"{len(marked)} articles of the {arguments.part} part, {arguments.extractor}, {arguments.claims}\n")
        tell([pair for _, pair in pairs])
        print()
        return 0 if tell_goals([pair for _, pair in pairs]) or arguments.extractor == "rules" else 1
    return 0


def tell(pairs: Sequence[Pair]) -> None:
    """Print precision, recall, calibration, the classes of errors and check-worthiness."""
    claims = [(pair.claim, pair) for pair in pairs if pair.claim]
    marks = [(pair.mark, pair) for pair in pairs if pair.mark]
    desk = [(mark, pair) for mark, pair in marks if mark.desk]
    print(f"{len(claims)} claims against {len(desk)} marks for the desk and {len(marks) - len(desk)} others\n")

    print(f"{'precision, %':24} {'claims':>6} {'desk, strict':>13} {'lenient':>8} {'all, strict':>12} {'lenient':>8}")
    _tell_precision(claims, lambda _: "all claims")
    _tell_precision(claims, lambda claim: "confidence 0.8 and more" if (claim.confidence or 0) >= _SURE else None)
    _tell_precision(claims, lambda claim: claim.quote_type)
    _tell_precision(claims, lambda claim: f"cue: {claim.cue.class_ if claim.cue else 'none'}")
    _tell_precision(claims, lambda claim: _bin(claim.confidence))

    print(f"\n{'recall for the desk, %':24} {'marks':>6} {'strict':>13} {'lenient':>8} {'missed':>12}")
    _tell_recall(desk, lambda _: "all marks")
    _tell_recall(desk, lambda mark: mark.quote)
    _tell_recall(desk, lambda mark: mark.kind)

    print("\nthe first error of each claim")
    counts = Counter(pair.error for pair in pairs)
    for name in CLASSES[:-1]:
        print(f"{name:24} {counts[name]:6} {100 * counts[name] / max(1, len(claims)):13.1f}")
    missed = Counter((pair.mark.quote, pair.mark.desk) for pair in pairs if pair.mark and pair.claim is None)
    quotes = ", ".join(f"{quote} {missed[quote, True]}" for quote in ("direct", "mixed", "indirect"))
    others = sum(count for (_, wanted), count in missed.items() if not wanted)
    print(f"missed for the desk: {quotes}; missed of the others: {others}\n")
    _tell_fields([pair for pair in pairs if pair.lenient])
    _tell_worth(pairs)


def _tell_precision(claims: Sequence[tuple[Claim, Pair]], group: Callable[[Claim], str | None]) -> None:
    for name, each in _grouped(claims, group):
        desk = [pair for pair in each if pair.mark and pair.mark.desk]
        shares = [_share(each, of, kind) for of in (desk, each) for kind in _KINDS]
        print(f"{name:24} {len(each):6} {shares[0]:13.1f} {shares[1]:8.1f} {shares[2]:12.1f} {shares[3]:8.1f}")


def _tell_recall(marks: Sequence[tuple[Mark, Pair]], group: Callable[[Mark], str | None]) -> None:
    for name, each in _grouped(marks, group):
        lost = 100 * sum(pair.claim is None for pair in each) / len(each)
        strict, lenient = (_share(each, each, kind) for kind in _KINDS)
        print(f"{name:24} {len(each):6} {strict:13.1f} {lenient:8.1f} {lost:12.1f}")


def _grouped(items: Sequence[tuple[T, Pair]], group: Callable[[T], str | None]) -> list[tuple[str, list[Pair]]]:
    groups: dict[str, list[Pair]] = defaultdict(list)
    for item, pair in items:
        if (name := group(item)) is not None:
            groups[name].append(pair)
    return sorted(groups.items())


def _share(pairs: Sequence[Pair], right: Sequence[Pair], kind: Right) -> float:
    found = sum(pair.strict if kind == "strict" else pair.lenient for pair in right)
    return 100 * found / max(1, len(pairs))


def _bin(confidence: float | None) -> str:
    if confidence is None:
        return "confidence not known"
    low, high = next((low, high) for low, high in pairwise(_BINS) if low <= confidence < high)
    return f"confidence {low:.2f} to {min(high, 1):.2f}"


def _tell_fields(pairs: Sequence[Pair]) -> None:
    """Print how often each field of the claims that are lenient right is right by itself."""
    named = [pair.names for pair in pairs if pair.names[1] is not None]
    wrong = [pair for pair in pairs if pair.misnamed]
    sure = sum((pair.claim.confidence or 0) >= 0.9 for pair in wrong if pair.claim)
    null = sum(ours is None for ours, _ in named)
    right = len(named) - null - sum(pair.names[1] is not None for pair in wrong)
    print(f"of the {len(pairs)} that are lenient right:")
    print(
        f"  names: {len(named)} marked, {right} right, {null} null; {len(wrong)} wrong, {sure} of them at 0.9 and more"
    )
    both = [(pair.text, pair.claim, pair.mark) for pair in pairs if pair.claim and pair.mark]
    for field, same in (
        ("quote type", sum(claim.quote_type == mark.quote for _, claim, mark in both)),
        ("modality", sum(claim.modality == mark.modality for _, claim, mark in both)),
        ("polarity", sum(claim.polarity == mark.polarity for _, claim, mark in both)),
        ("quantities", sum(same_numbers(*each) for each in both)),
    ):
        print(f"  {field}: {same} right")
    print()


def _tell_worth(pairs: Sequence[Pair]) -> None:
    """Print how the check-worthiness of matched claims agrees with the reader's grades."""
    graded = [
        (pair.claim.check_worthiness, pair.mark)
        for pair in pairs
        if pair.claim and pair.mark and pair.claim.check_worthiness is not None
    ]
    if len(graded) < 2:
        print("check-worthiness: not scored by this extractor")
        return
    judged = Counter((score >= 0.5, mark.worth >= 2) for score, mark in graded)
    f1 = 200 * judged[True, True] / max(1, 2 * judged[True, True] + judged[True, False] + judged[False, True])
    order = rank_correlation([score for score, _ in graded], [mark.worth for _, mark in graded])
    print(
        f"check-worthiness of {len(graded)} matched claims: rank correlation {order:.2f}, F1 of worth 2 and 3 {f1:.1f}"
    )
    for worth in range(4):
        scores = [score for score, mark in graded if mark.worth == worth]
        print(f"  worth {worth}: {len(scores):4} claims, mean score {statistics.fmean(scores or [0]):.2f}")
    low = sum(score < 0.3 and mark.worth >= 2 and bool(mark.numbers) for score, mark in graded)
    numbered = sum(mark.worth >= 2 and bool(mark.numbers) for _, mark in graded)
    high = sum(score > 0.5 and mark.worth == 0 for score, mark in graded)
    none = sum(mark.worth == 0 for _, mark in graded)
    print(f"  below 0.3 with a number and worth 2 or 3: {low} of {numbered}; above 0.5 with worth 0: {high} of {none}")


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's rho, ties by their mean rank; 0 where one of the lists is constant."""

    def ranks(values: Sequence[float]) -> list[float]:
        places: dict[float, list[int]] = defaultdict(list)
        for rank, value in enumerate(sorted(values)):
            places[value].append(rank)
        return [statistics.fmean(places[value]) for value in values]

    if min(len({*one}), len({*other})) < 2:
        return 0.0
    return statistics.correlation(ranks(one), ranks(other))


def tell_goals(pairs: Sequence[Pair]) -> bool:
    """Print the figures that have a goal, in per cent, and return whether all are met."""
    claims = [pair for pair in pairs if pair.claim]
    sure = [pair for pair in claims if pair.claim and (pair.claim.confidence or 0) >= _SURE]
    desk = [pair for pair in pairs if pair.mark and pair.mark.desk]
    speakers = [pair for pair in claims if pair.lenient]
    nameable = [pair for pair in speakers if pair.names[1] is not None]
    named = [pair for pair in nameable if pair.names[0] is not None and not pair.misnamed]
    wrong = [pair for pair in speakers if pair.misnamed]
    met = [
        tell_goal("strict precision", _share(claims, desk, "strict"), 85),
        tell_goal(
            "strict precision, sure",
            _share(sure, [pair for pair in sure if pair.mark and pair.mark.desk], "strict"),
            95,
        ),
        tell_goal("strict recall", _share(desk, desk, "strict"), 85),
        tell_goal("names right where nameable", 100 * len(named) / max(1, len(nameable)), 88),
        tell_goal("names wrong", 100 * len(wrong) / max(1, len(speakers)), 2, at_most=True),
    ]
    return all(met)


def describe(page: Page, pair: Pair) -> str:
    """A claim in its context, and what the reader and the extractor make of it."""
    text, claim, mark, _ = pair
    content = claim.content if claim else mark.content if mark else ()
    start, end = content[0][0], content[-1][1]
    before, after = text[max(0, start - 160) : start], text[end : end + 160]
    lines = [f"== {page.outlet} {page.id[:12]} {start}-{end}", f"{before}[[{text[start:end]}]]{after}"]
    if mark:
        cue = " ".join(text[slice(*span)] for span in mark.cue or ())
        who = text[slice(*mark.speaker)] if mark.speaker else None
        numbers = [text[slice(*span)] for span in mark.numbers]
        lines += [
            f"  mark: {who!r} ({pair.names[1]}) | {cue!r} | {_joined(text, mark.content)}",
            f"        {mark.quote}, {mark.kind}, {mark.modality}, {mark.polarity}, worth {mark.worth}, "
            f"desk {mark.desk}, numbers {numbers}",
        ]
    if claim:
        who = claim.speaker.text if claim.speaker else None
        cue = f"{claim.cue.text!r} ({claim.cue.class_})" if claim.cue else "no cue"
        numbers = [text[each.start : each.end] for each in claim.quantities]
        lines += [
            f"  ours: {who!r} ({pair.names[0]}) | {cue} | {_joined(text, claim.content)}",
            f"        {claim.quote_type}, {claim.modality}, {claim.polarity}, worth {claim.check_worthiness}, "
            f"confidence {claim.confidence}, numbers {numbers}",
        ]
    return "\n".join(lines) + "\n"


def _joined(text: str, spans: Iterable[Span]) -> str:
    return " [...] ".join(text[start:end] for start, end in spans)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
