"""Stories and threads: the articles on one event, and one claim in whichever article and words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from claimwire.pipelines.read.filters import PARTS
from claimwire.pipelines.read.stored import Stored
from claimwire.pipelines.serve.finding import ARTICLES, Group, Row, Shown, grouped, select_rows
from claimwire.schemas import MessageQuantity

_MOST_STORIES = 60
_MOST_ARTICLES = 300
_MOST_CLAIMS = 300
_LATEST_ARTICLES = 5_000
"""Among which the latest stories are looked for."""
_LATEST_CLAIMS = 20_000
"""Among which the latest threads are looked for."""
_EACH = 6
"""Claims of a speaker that are shown."""


class Headline(NamedTuple):
    """A story in the list of stories."""

    id: str
    title: str | None
    """Of its latest article."""
    articles: int
    outlets: int
    first_at: str
    last_at: str


def stories(store: Stored) -> list[Headline]:
    """The stories of several articles that were told last, the latest first."""
    rows = store.db.execute(
        "SELECT coalesce(merged_into, story_id) AS whole, sum(is_first) AS articles, count(DISTINCT source_domain), "
        "min(seen_at), max(seen_at) AS last "
        "FROM (SELECT story_id, source_domain, seen_at, "
        "NOT EXISTS (SELECT 1 FROM revisions WHERE revisions.version = articles.version) AS is_first "
        "FROM articles WHERE story_id IS NOT NULL "
        "ORDER BY seen_at DESC LIMIT ?) LEFT JOIN stories ON story = story_id "
        "GROUP BY whole HAVING articles > 1 ORDER BY last DESC, whole LIMIT ?",
        (_LATEST_ARTICLES, _MOST_STORIES),
    ).fetchall()
    title = f"SELECT title FROM articles WHERE story_id IN ({PARTS}) ORDER BY seen_at DESC, version DESC LIMIT 1"  # noqa: S608
    return [Headline(id_, store.db.execute(title, (id_, id_)).fetchone()[0], *rest) for id_, *rest in rows]


class Told(NamedTuple):
    """An article of a story."""

    version: int
    title: str | None
    outlet: str | None
    seen_at: str
    kind: str | None
    """``copy`` or ``revision`` where it is one."""
    claims: int


class Saying(NamedTuple):
    """What somebody says in a story."""

    name: str
    speaker: int | None
    claims: int
    denied: int
    """How many of the claims deny something."""
    shown: tuple[tuple[int, Shown], ...]
    """Some of them, each with the version it stands in: those that deny first, then those most worth a check."""


class Story(NamedTuple):
    """A story with its articles and what is said in them."""

    id: str
    title: str | None
    articles: tuple[Told, ...]
    """By time."""
    sayings: tuple[Saying, ...]
    """Those of most claims first."""

    @property
    def told_in(self) -> int:
        """How many articles there are; versions of one count once."""
        return sum(one.kind != "revision" for one in self.articles) or 1


def story(store: Stored, story_id: str) -> Story | None:
    """A story; None where there is none."""
    merged = store.db.execute("SELECT merged_into FROM stories WHERE story = ?", (story_id,)).fetchone()
    whole = (merged and merged[0]) or story_id
    rows = store.db.execute(
        "SELECT version, title, coalesce(source_name, source_domain), seen_at, "  # noqa: S608
        "CASE WHEN EXISTS (SELECT 1 FROM copies WHERE copies.version = articles.version) THEN 'copy' "
        "WHEN EXISTS (SELECT 1 FROM revisions WHERE revisions.version = articles.version) THEN 'revision' END, "
        "(SELECT count(*) FROM claims WHERE claims.version = articles.version) "
        f"FROM articles WHERE story_id IN ({PARTS}) ORDER BY seen_at, version LIMIT ?",
        (whole, whole, _MOST_ARTICLES),
    )
    articles = tuple(Told(*row) for row in rows)
    if not articles:
        return None
    claims = select_rows(
        store.db,
        f"claims.version IN (SELECT version FROM articles WHERE story_id IN ({PARTS})) "  # noqa: S608
        "ORDER BY claims.version, number LIMIT ?",
        *(whole, whole, _MOST_CLAIMS),
    )
    return Story(whole, articles[-1].title, articles, tuple(_sayings(list(grouped(store, claims)))))


def _sayings(groups: Sequence[Group]) -> list[Saying]:
    """By speaker what is said; what was said before in the same thread, or in the same words, is not repeated."""
    by_name: defaultdict[str, list[tuple[int, Shown]]] = defaultdict(list)
    seen: set[tuple[str | None, str]] = set()
    for group in groups:
        for shown in group.claims:
            said = shown.claim.speaker
            name = said.name if said else None
            same = {(name, shown.claim.text), (name, shown.claim.thread.id if shown.claim.thread else shown.claim.text)}
            if name and seen.isdisjoint(same):
                by_name[name].append((group.version, shown))
            seen |= same
    found = []
    for name, several in by_name.items():
        denied = [one.claim.polarity == "denied" for _, one in several]
        ranked = sorted(
            several, key=lambda each: (each[1].claim.polarity != "denied", -(each[1].claim.check_worthiness or 0.0))
        )
        found.append(Saying(name, several[0][1].speaker, len(several), sum(denied), tuple(ranked[:_EACH])))
    return sorted(found, key=lambda saying: (-saying.claims, saying.name))


class Topline(NamedTuple):
    """A thread in the list of threads."""

    id: str
    text: str
    speaker: str | None
    articles: int
    outlets: int
    last_at: str
    denied: int


def threads(store: Stored) -> list[Topline]:
    """The threads of several articles that went on last, those of most articles first."""
    rows = store.db.execute(
        f"SELECT thread_id, {ARTICLES} AS articles, count(DISTINCT source_domain), max(seen_at) AS last, "  # noqa: S608
        "sum(polarity = 'denied') FROM claims AS same "
        "WHERE thread_id IN (SELECT thread_id FROM claims WHERE thread_relation <> 'first' AND claim > "
        "(SELECT coalesce(max(claim), 0) FROM claims) - ?) "
        "GROUP BY thread_id HAVING articles > 1 ORDER BY articles DESC, last DESC, thread_id LIMIT ?",
        (_LATEST_CLAIMS, _MOST_STORIES),
    ).fetchall()
    first = (
        "SELECT text, coalesce(speaker_name, speaker_text) FROM claims WHERE thread_id = ? "
        "ORDER BY seen_at, claim LIMIT 1"
    )
    found = []
    for id_, articles, outlets, last, denied in rows:
        text, speaker = store.db.execute(first, (id_,)).fetchone()
        found.append(Topline(id_, text, speaker, articles, outlets, last, denied))
    return found


class Figure(NamedTuple):
    """What is given as a number of something."""

    unit: str
    given: tuple[tuple[str, str, int], ...]
    """Each text with the first outlet that gives it, and in how many articles."""


class Carried(NamedTuple):
    """A copy in which a claim of a thread stands."""

    version: int
    outlet: str | None
    seen_at: str


class Link(NamedTuple):
    """Another thread, and what it is to this one."""

    thread: str
    relation: str
    text: str
    speaker: str | None


class Thread(NamedTuple):
    """One claim in whichever article and words."""

    id: str
    groups: tuple[Group, ...]
    """By time, the first one first."""
    claims: int
    """How many there are; the first ones are shown."""
    articles: int
    """How many make them; versions of one count once."""
    copies: tuple[Carried, ...]
    """By time."""
    figures: tuple[Figure, ...]
    """Of which there is more than one."""
    denials: tuple[tuple[int, Shown], ...]
    """Claims of the thread that deny it, with their versions."""
    links: tuple[Link, ...]
    """Threads about the same that are not the same."""


def thread(store: Stored, thread_id: str) -> Thread | None:
    """A thread; None where there is none."""
    rows: list[Row] = select_rows(
        store.db, "thread_id = ? ORDER BY seen_at, claims.claim LIMIT ?", thread_id, _MOST_CLAIMS
    )
    if not rows:
        return None
    count, articles = store.db.execute(
        f"SELECT count(*), {ARTICLES} FROM claims AS same WHERE thread_id = ?",  # noqa: S608
        (thread_id,),
    ).fetchone()
    copies = store.db.execute(
        "SELECT DISTINCT articles.version, coalesce(articles.source_name, articles.source_domain), articles.seen_at "
        "FROM claims JOIN carriers USING (claim) JOIN articles ON articles.version = carriers.version "
        "WHERE claims.thread_id = ? ORDER BY articles.seen_at, articles.version LIMIT ?",
        (thread_id, _MOST_CLAIMS),
    )
    groups = tuple(grouped(store, rows))
    denials = tuple(
        (group.version, shown) for group in groups for shown in group.claims if shown.claim.polarity == "denied"
    )
    carried = tuple(Carried(*copy) for copy in copies)
    return Thread(
        thread_id,
        groups,
        count,
        articles,
        carried,
        tuple(_figures(store, thread_id)),
        denials,
        _links(store, thread_id),
    )


def _links(store: Stored, thread_id: str) -> tuple[Link, ...]:
    rows = store.db.execute(
        "WITH linked AS (SELECT other AS thread, relation FROM thread_links WHERE thread = ?1 "
        "UNION SELECT thread, relation FROM thread_links WHERE other = ?1) "
        "SELECT linked.thread, relation, text, coalesce(speaker_name, speaker_text) FROM linked "
        "JOIN claims ON claims.claim = "
        "(SELECT claim FROM claims AS told WHERE told.thread_id = linked.thread ORDER BY seen_at, claim LIMIT 1) "
        "ORDER BY claims.seen_at LIMIT ?2",
        (thread_id, _MOST_STORIES),
    )
    return tuple(Link(*row) for row in rows)


def _figures(store: Stored, thread_id: str) -> list[Figure]:
    """The figures of a thread that differ, by what they count."""
    by_unit: defaultdict[str, dict[tuple[float | None, str], list[tuple[str, str]]]] = defaultdict(dict)
    rows = store.db.execute(
        "SELECT quantities, coalesce(source_name, source_domain, 'no outlet') FROM claims WHERE thread_id = ? "
        "ORDER BY seen_at, claim LIMIT ?",
        (thread_id, _MOST_CLAIMS),
    )
    for quantities, outlet in rows:
        for each in msgspec.json.decode(quantities, type=list[MessageQuantity]):
            if each.unit:
                by_unit[each.unit].setdefault((each.value, each.comparator), []).append((each.text, outlet))
    return [
        Figure(unit, tuple((*told[0], len(told)) for told in given.values()))
        for unit, given in by_unit.items()
        if len(given) > 1
    ]
