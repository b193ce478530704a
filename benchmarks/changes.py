"""What a revision changed, claim by claim: scripted revisions of made-up articles, read by the extractor.

    python benchmarks/changes.py [--extractor rules tagger] [--revisions 300] [--show]

Each revision has one edit of a known kind in one line (``tests/revising.py``), or none; every second one is set in
another typography as well, has a new notice, other boilerplate, a new line that nobody said, or a paragraph that has
moved. A change is right if kind and line are. The peer aligns claims by difflib's ratio, and calls every difference of
a pair by the first thing that differs. Rules were chosen on the first seven articles; the others are reported.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from functools import cache, partial
from pathlib import Path

from report import tell_goal, tell_machine

from claimwire.pipelines.extract import load
from claimwire.pipelines.memory.comparison import Comparison, compare
from claimwire.pipelines.memory.said import Said, Version, version
from claimwire.pipelines.memory.wording import wording
from claimwire.schemas import Changed, Claim, EarlierClaim, EnrichedArticle
from claimwire.schemas.records import ChangeKind

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from revising import KINDS, Found, enriched, judge, read_articles, revisions

GOAL = 0.95
_CHOSEN_ON = 7
"""Articles."""
_ALIKE = 0.6
Compare = Callable[[Version, Version, str], Comparison]


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--extractor", nargs="+", choices=["rules", "tagger"], default=["rules", "tagger"])
    parser.add_argument("--revisions", type=int, default=300)
    parser.add_argument("--chosen-on", action="store_true", help="the articles on which rules were chosen instead")
    parser.add_argument("--show", action="store_true", help="print what was missed and what was wrong")
    arguments = parser.parse_args(argv)
    tell_machine()
    articles = read_articles()
    articles = articles[:_CHOSEN_ON] if arguments.chosen_on else articles[_CHOSEN_ON:]
    met = []
    for read_by in arguments.extractor:
        extractor = load(by=read_by)
        read = cache(partial(enriched, extractor))
        made = revisions(articles, partial(_claims_by, read), arguments.revisions)
        records = [(read(one.title, one.text("before")), read(one.title, one.text("after"))) for one in made]
        for name, by in (("claimwire", compare), ("difflib", by_difflib)):
            began = time.perf_counter()
            found = [
                judge(one, *pair, by(version(pair[0]), version(pair[1]), pair[1].article.text))
                for one, pair in zip(made, records, strict=True)
            ]
            each_ms = (time.perf_counter() - began) / len(made) * 1e3
            print(f"\n{read_by}, {name}: {len(made)} revisions of {len(articles)} articles, {each_ms:.1f} ms each")
            scores = tell(found)
            if name == "claimwire":
                met += [tell_goal(f"{read_by}: F1 of {kind}", score, GOAL) for kind, score in scores.items()]
                if arguments.show:
                    show(found, records)
    return 0 if all(met) else 1


def tell(found: Sequence[Found]) -> dict[str, float]:
    """Print how many changes of each kind are right, wrong and missed; their F1."""
    right, wrong, missed = (
        Counter(kind for one in found for kind, _ in getattr(one, what)) for what in ("right", "wrong", "missed")
    )
    scores = {}
    print(f"{'kind':14}{'right':>7}{'wrong':>7}{'missed':>7}{'F1':>7}")
    for kind in KINDS:
        scores[kind] = 2 * right[kind] / max(1, 2 * right[kind] + wrong[kind] + missed[kind])
        print(f"{kind:14}{right[kind]:>7}{wrong[kind]:>7}{missed[kind]:>7}{scores[kind]:>7.3f}")
    none = [one for one in found if not one.revision.changed]
    print(f"of {len(none)} revisions without a change, {sum(bool(one.wrong) for one in none)} have one")
    return scores


def show(found: Sequence[Found], records: Sequence[tuple[EnrichedArticle, EnrichedArticle]]) -> None:
    """Print the revisions that were not judged right."""
    for one, (before, after) in zip(found, records, strict=True):
        if one.missed or one.wrong:
            print(f"\n{one.revision.how}: missed {sorted(one.missed)}, wrong {sorted(one.wrong)}")
            lines = {at for _, at in one.missed | one.wrong}
            for line in one.revision.lines:
                if line.number in lines:
                    print(f"  - {line.before}\n  + {line.after}")
            for mark, record in (("-", before), ("+", after)):
                text = record.article.text
                which = "before" if mark == "-" else "after"
                for claim in record.claims:
                    if claim.in_title or one.revision.line_at(which, claim.sentence[0]) in lines:
                        who = (claim.speaker.text, claim.speaker.name) if claim.speaker else None
                        print(
                            f"     {mark} {who}: {claim.text} | {[text[s:e] for s, e in claim.hedges]} {claim.modality}"
                        )


def _claims_by(read: Callable[[str, str], EnrichedArticle], title: str, text: str) -> Sequence[Claim]:
    return read(title, text).claims


def by_difflib(before: Version, after: Version, text: str) -> Comparison:
    """The peer: claims in order of likeness, and one kind for each pair that differs."""
    ratios = sorted(
        (
            (SequenceMatcher(None, old.text, new.text, autojunk=False).ratio(), old, new)
            for old in before.claims
            for new in after.claims
        ),
        key=lambda each: -each[0],
    )
    changed: dict[str, Changed] = {}
    olds, news = {one.id: one for one in before.claims}, {one.id: one for one in after.claims}
    for ratio, old, new in ratios:
        if ratio >= _ALIKE and old.id in olds and new.id in news:
            del olds[old.id], news[new.id]
            if kind := _first_difference(old, new):
                changed[new.id] = Changed((kind,), EarlierClaim(old.id, old.text, old.name))
    changed |= {id_: Changed(("added",), None) for id_ in news}
    return Comparison(changed, tuple(EarlierClaim(old.id, old.text, old.name) for old in olds.values()))


def _first_difference(old: Said, new: Said) -> ChangeKind | None:
    if (old.name or old.speaker) != (new.name or new.speaker):
        return "speaker"
    if old.text == new.text:
        return None
    if wording(old.text).figures != wording(new.text).figures:
        return "figure"
    if len(old.hedges) != len(new.hedges):
        return "hedge_added" if len(new.hedges) > len(old.hedges) else "hedge_dropped"
    if old.quote_type == "direct" and (new.text.strip('",.') in old.text or old.text.strip('",.') in new.text):
        return "cut" if len(new.text) < len(old.text) else "extended"
    return "reworded"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
