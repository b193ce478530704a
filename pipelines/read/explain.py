"""Why an article was taken for a copy of another, or not: both texts aligned, the figures, the rule that decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from difflib import SequenceMatcher
from pathlib import Path

from rich.text import Text

from claimwire.connectors.outputs.names import DATABASE
from claimwire.pipelines.dedupe.fingerprint import Fingerprint, Sketch, fingerprint
from claimwire.pipelines.dedupe.index import Seen, is_standing
from claimwire.pipelines.dedupe.likeness import likeness
from claimwire.pipelines.dedupe.near import Near, near
from claimwire.pipelines.dedupe.sqlite import SqliteIndex
from claimwire.pipelines.dedupe.words import places
from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.normalize.urls import canonical_url
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.headings import short_id
from claimwire.pipelines.read.terminal import print_head, print_indented, screen
from claimwire.pipelines.read.written import article_files, find
from claimwire.schemas import Article, Duplicate, EnrichedArticle

# Words of each text that are aligned: more would take minutes, and nobody reads them.
_MOST_WORDS = 3_000
_RULES = {
    "id": "its sender gave both the same id",
    "guid": "its feed gave both the same id (guid)",
    "url": "both have the same canonical URL",
    "text": "both have the same words",
    "continued": "the same outlet continues the same story, under the same title",
    "abridged": "it is the original, shortened",
    "extended": "it is the original, with more to it",
    "edited": "it is the original, changed here and there",
    "chained": "it is a copy of another copy, which says more than the original",
}


def explain(paths: Sequence[Path], state: Path, ids: Sequence[str]) -> None:
    """Print why an article has its verdict, or what the verdict on two articles is.

    Args:
        paths: Files and folders of enriched records, in which the articles are looked up.
        state: The state directory, for what is known of boilerplate; it need not be there.
        ids: One or two ids, or beginnings of them.

    Raises WrittenError for ids that are not there.
    """
    files = article_files(paths)
    records = find(files, ids)
    console = screen()
    index = SqliteIndex(state / DATABASE) if (state / DATABASE).exists() else None
    record, duplicate = records[0], records[0].duplicate
    if len(records) == 1:
        print_head(console, record.article)
        if not duplicate:
            console.print("is a copy of nothing that was known when it was judged.")
            return
        (original,) = find(files, [duplicate.of])
    else:
        record, original = sorted(records, key=lambda each: fingerprint(each.article).order, reverse=True)
        duplicate = record.duplicate if record.duplicate and record.duplicate.of == original.article.id else None
        print_head(console, record.article)
    console.print(Text(escaped(_verdict(duplicate, record)), style="yellow"))
    print_head(console, original.article)
    console.print()
    for line in _reasons(record.article, original.article, duplicate, index):
        console.print(Text(escaped(line)), soft_wrap=True)
    console.print()
    for mark, part in align(record.article.text, original.article.text):
        style = {"=": "dim", "-": "red", "+": "green"}[mark]
        print_indented(console, Text(escaped(f"{mark} {part}"), style=style), 2)


def align(text: str, original: str) -> Iterator[tuple[str, str]]:
    """Both texts in one row of parts: ``=`` stands in both (as the article has it), ``-`` only in the original, ``+``
    only in the article. Case, punctuation and space make no difference."""
    ours, theirs = places(text)[:_MOST_WORDS], places(original)[:_MOST_WORDS]
    some, others = ([whole[a:b].casefold() for a, b in where] for whole, where in ((text, ours), (original, theirs)))
    for what, a, b, c, d in SequenceMatcher(None, others, some, autojunk=False).get_opcodes():
        if what != "equal" and a < b:
            yield "-", _between(original, theirs, a, b)
        if c < d:
            yield "=" if what == "equal" else "+", _between(text, ours, c, d)


def _between(text: str, where: Sequence[tuple[int, int]], first: int, last: int) -> str:
    """Some words of a text with what stands behind the last of them, on one line."""
    end = where[last][0] if last < len(where) else where[last - 1][1] + 1
    return " ".join(text[where[first][0] : end].split())


def _verdict(duplicate: Duplicate | None, record: EnrichedArticle) -> str:
    if not duplicate:
        other = f" (it was taken for a copy of {short_id(record.duplicate.of)})" if record.duplicate else ""
        return f"was not taken for a copy of{other}"
    what = {"exact": "is an exact copy of", "near": "is a near copy of", "revision": "is a later version of"}
    return what[duplicate.kind]


def _reasons(
    article: Article, original: Article, duplicate: Duplicate | None, index: SqliteIndex | None
) -> Iterator[str]:
    prints = [fingerprint(each) for each in (article, original)]
    ours, theirs = (_sketch(each, index) for each in prints)
    if duplicate:
        score = "" if duplicate.score is None else f"; score {duplicate.score:g}"
        yield f"rule: {duplicate.method}: {_RULES.get(duplicate.method, duplicate.method)}{score}"
        if duplicate.added is not None:
            yield f"it adds {duplicate.added:.0%} of its own words"
    if not (duplicate and duplicate.kind == "exact"):
        named = canonical_url(article.syndicated_from) if article.syndicated_from else None
        linked = named is not None and named == original.canonical_url
        if linked:
            yield "its page names the other as its original"
        now = near(ours, theirs, linked=linked)
        if isinstance(now, Near):
            yield f"by their texts they are a near copy, {now.method}, score {now.score:g}"
        else:
            yield f"by their texts they are not copies, because {now.why}"
    alike = likeness(ours, theirs)
    yield f"{alike.covered:.0%} of the shorter text stands verbatim in the longer, in five words in a row or more"
    if ours.codes and theirs.codes:
        yield f"{alike.facts:.0%} of the shorter text's numbers and names are in the other"
        places_ = counted(alike.slots, "place", "places")
        yield f"numbers or names differ where the words around them are equal in {places_}"
    if alike.title is not None:
        yield f"{alike.title:.0%} of the shorter title's words are in the other"
    if ours.published is not None and theirs.published is not None:
        yield f"published {timedelta(minutes=abs(ours.published - theirs.published))} apart (hours:minutes:seconds)"
    one, other = (_remembered(each, index) for each in prints)
    if index and other and other.number is not None:
        for article_id in index.published_before(other.number):
            yield f"{short_id(article_id)} was published before that original, but read later"
        if one and (one.identity, other.identity) in index.find((), (), ()).split:
            yield "somebody has split these two, so they are never taken for copies of each other"


def _sketch(print_: Fingerprint, index: SqliteIndex | None) -> Sketch:
    edges = [edge for edge, _, _ in print_.edges]
    counts = index.find((), (), edges).counts if index else {}
    return print_.without({edge for edge in edges if is_standing(edge, counts)})[0]


def _remembered(print_: Fingerprint, index: SqliteIndex | None) -> Seen | None:
    seen = index.lookup(key for _, key in print_.versions) if index else {}
    return next((each for each in seen.values() if each.article_id == print_.article_id), None)
