"""Deduplication: copies, revisions, and versions of the same article."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from claimwire.pipelines.dedupe.fingerprint import Sketch, fingerprint
from claimwire.pipelines.dedupe.index import SLOTS, Found, Remembered, Seen, count
from claimwire.pipelines.dedupe.verdict import Verdict, judge
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import Article, RawArticle

NOW = datetime(2026, 11, 20, tzinfo=UTC)
LONG = (
    "The harbour authority will deepen the southern channel next year, its director said on Monday, after "
    "three ships ran aground in a single week and pilots refused to bring in larger vessels at night."
)
OTHER = (
    "Farmers in the valley have begun to sell water by the hour, according to a survey of forty villages, "
    "and the price has doubled since the summer because two of the three wells have fallen dry."
)


class Memory:
    """An index in memory: a second implementation of the protocol."""

    def __init__(self) -> None:
        self.seen: dict[bytes, Seen] = {}
        self.grams: dict[int, list[int]] = {}
        self.articles: list[tuple[Seen, bytes]] = []
        self.edges: dict[int, tuple[int, int]] = {}

    def find(self, keys: Iterable[bytes], grams: Iterable[int], edges: Iterable[int]) -> Found:
        slots = {edge % SLOTS for edge in edges}
        return Found(
            {key: self.seen[key] for key in keys if key in self.seen},
            {gram: self.grams[gram] for gram in grams if gram in self.grams},
            {slot: self.edges[slot] for slot in slots if slot in self.edges},
        )

    def read(self, numbers: Iterable[int]) -> dict[int, tuple[Seen, Sketch]]:
        found = ((number, *self.articles[number]) for number in numbers)
        decode = msgspec.msgpack.Decoder(Sketch).decode
        return {number: (seen, decode(sketch)) for number, seen, sketch in found if sketch}

    def remember(self, rows: Iterable[Remembered]) -> None:
        """What the driver does at a commit."""
        for row in sorted(rows, key=lambda row: (not row.order, row.order)):
            seen = row.seen
            if row.order:
                seen = msgspec.structs.replace(seen, number=len(self.articles))
                self.articles.append((seen, row.sketch))
            self.seen.update((key, seen) for key in row.keys)
            for gram in row.grams:
                self.grams.setdefault(gram, []).append(seen.number or 0)
            for edge in row.edges:
                count(edge, self.edges)


def article(
    url: str = "https://a.example/1", text: str = LONG, title: str = "Harbour", day: int = 1, **more: object
) -> Article:
    raw = RawArticle(url=url, title=title, text=text, published=f"2026-11-{day:02}")
    return normalize(msgspec.structs.replace(raw, **more))


def judged(*articles: Article, index: Memory | None = None) -> list[Verdict]:
    """The verdicts on the articles of one pass, in the given order; they are committed to the index, if given."""
    index = index or Memory()
    prints = sorted(map(fingerprint, articles), key=lambda one: one.order)
    verdicts = dict(zip((one.order for one in prints), judge(prints, index, NOW), strict=True))
    index.remember(row for verdict in verdicts.values() for row in verdict.remember)
    return [verdicts[fingerprint(each).order] for each in articles]


def outcomes(*articles: Article, index: Memory | None = None) -> list[str]:
    return [verdict.outcome for verdict in judged(*articles, index=index)]


def test_an_article_is_new_only_once() -> None:
    index = Memory()
    assert outcomes(article(), index=index) == ["new"]
    assert outcomes(article(), index=index) == ["unchanged"]


def test_a_pass_that_was_not_committed_leaves_no_trace() -> None:
    index = Memory()
    judge([fingerprint(article())], index, NOW)
    assert outcomes(article(), index=index) == ["new"]


def test_the_same_text_elsewhere_is_a_copy_of_the_earliest() -> None:
    first, second = article(day=2), article("https://b.example/9", title="Ships", day=3)
    new, copy = judged(first, second)
    assert (new.outcome, copy.outcome) == ("new", "copy")
    assert copy.duplicate is not None
    assert (copy.duplicate.of, copy.duplicate.kind, copy.duplicate.method) == (first.id, "exact", "text")


def test_case_punctuation_and_spacing_do_not_make_a_different_text() -> None:
    other = LONG.upper().replace(", ", " – ").replace(" ", "\n")
    assert outcomes(article(), article("https://b.example/9", text=other, day=2)) == ["new", "copy"]


def test_the_original_is_the_earliest_published_whatever_came_first() -> None:
    late, early = article("https://b.example/9", day=5), article(day=2)
    assert outcomes(late, early) == ["copy", "new"]
    assert outcomes(early, late) == ["new", "copy"]


def test_a_copy_of_a_copy_is_a_copy_of_the_original() -> None:
    one, two, three = article(), article("https://b.example/2", day=2), article("https://c.example/3", day=3)
    index = Memory()
    verdicts = [judged(each, index=index)[0] for each in (one, two, three)]
    assert [verdict.duplicate and verdict.duplicate.of for verdict in verdicts] == [None, one.id, one.id]


def test_changed_text_under_the_same_url_is_a_revision_of_the_last_version() -> None:
    index = Memory()
    first, second, third = article(), article(text=LONG + " Two more."), article(text=LONG + " Three more.")
    assert outcomes(first, index=index) == ["new"]
    (verdict,) = judged(second, index=index)
    assert (verdict.outcome, verdict.revision_of) == ("revision", first.id)
    (verdict,) = judged(third, index=index)
    assert (verdict.outcome, verdict.revision_of) == ("revision", second.id)


def test_an_earlier_version_that_comes_again_is_not_a_revision() -> None:
    index = Memory()
    outcomes(article(), index=index)
    outcomes(article(text=LONG + " Two more."), index=index)
    assert outcomes(article(), index=index) == ["unchanged"]


def test_a_new_headline_makes_a_revision_not_a_copy_of_itself() -> None:
    index = Memory()
    first = article()
    outcomes(first, index=index)
    (verdict,) = judged(article(title="Harbour: the truth"), index=index)
    assert (verdict.outcome, verdict.revision_of) == ("revision", first.id)


def test_a_guid_distinguishes_a_moved_article_from_a_copy() -> None:
    index = Memory()
    feed = {"guid": "g1", "feed_url": "https://a.example/feed"}
    outcomes(article(**feed), index=index)
    assert outcomes(article("https://a.example/new-address", **feed), index=index) == ["unchanged"]
    (verdict,) = judged(article("https://a.example/new-address", text=OTHER, **feed), index=index)
    assert verdict.outcome == "revision"


def test_entries_of_one_feed_that_link_to_the_same_page_are_not_versions_of_each_other() -> None:
    feed = "https://a.example/comments"
    index = Memory()
    one, two = article(guid="1", feed_url=feed), article(guid="2", feed_url=feed, text=OTHER, title="Re: Harbour")
    assert outcomes(one, two, index=index) == ["new", "new"]
    third = "I do not agree with anything that was said above about pilots, ships or channels, and never will, " * 2
    assert outcomes(article(guid="3", feed_url=feed, text=third, title="No"), index=index) == ["new"]
    (verdict,) = judged(article(guid="1", feed_url=feed, text=LONG + " Edited."), index=index)
    assert (verdict.outcome, verdict.revision_of) == ("revision", one.id)


def test_the_same_guid_in_another_feed_says_nothing() -> None:
    one = article(guid="1", feed_url="https://a.example/feed")
    other = article("https://b.example/1", text=OTHER, guid="1", feed_url="https://b.example/feed")
    assert outcomes(one, other) == ["new", "new"]


def entry(guid: str, feed: str = "https://a.example/feed", **more: object) -> Article:
    """Of a feed without links."""
    return article(**{"url": None, "guid": guid, "feed_url": feed, **more})  # type: ignore[arg-type]


def test_an_entry_without_a_link_is_the_same_under_another_guid_within_its_feed() -> None:
    index = Memory()
    assert outcomes(entry("1"), entry("2", text=OTHER, title="Wells"), index=index) == ["new", "new"]
    remembered = len(index.seen)
    for poll in range(3):
        again = entry(f"1-{poll}"), entry(f"2-{poll}", text=OTHER, title="Wells")
        assert outcomes(*again, index=index) == ["unchanged", "unchanged"]
    assert len(index.seen) == remembered
    assert outcomes(entry("3", day=2), index=index) == ["copy"]
    assert outcomes(entry("4", title="Harbour again"), index=index) == ["copy"]
    assert outcomes(entry("5", feed="https://b.example/feed"), index=index) == ["copy"]
    assert outcomes(entry("https://a.example/1", url="https://a.example/1"), index=index) == ["unchanged"]
    assert outcomes(entry("https://a.example/1", url="https://a.example/2"), index=index) == ["copy"]
    assert outcomes(entry("6", "https://c.example/feed", text="", title=""), index=index) == ["new"]
    assert outcomes(entry("7", "https://c.example/feed", text="", title=""), index=index) == ["new"]


def test_guids_that_move_from_entry_to_entry_make_no_revisions() -> None:
    index = Memory()
    outcomes(entry("0"), entry("1", text=OTHER, title="Wells"), index=index)
    assert outcomes(entry("1"), entry("2", text=OTHER, title="Wells"), index=index) == ["unchanged", "unchanged"]


def test_another_senders_id_for_the_same_url_and_text_is_a_copy() -> None:
    first, second = article(day=1), article(id="theirs", day=2)
    _, copy = judged(first, second)
    assert copy.outcome == "copy"
    assert copy.duplicate is not None
    assert (copy.duplicate.of, copy.duplicate.method) == (first.id, "url")


def test_the_url_keeps_leading_to_the_original_when_another_sender_has_it_too() -> None:
    index = Memory()
    first, second, third = (article(id=id_, text="", title="Harbour", day=day) for day, id_ in enumerate("abc", 1))
    verdicts = [judged(each, index=index)[0] for each in (first, second, third)]
    assert [verdict.duplicate and verdict.duplicate.of for verdict in verdicts] == [None, "a", "a"]


def test_all_that_is_known_of_an_article_is_refreshed_when_it_is_seen_again() -> None:
    index = Memory()
    given = article(guid="g", feed_url="https://a.example/feed")
    outcomes(given, index=index)
    (verdict,) = judged(given, index=index)
    assert [row.seen for row in verdict.remember] == [index.articles[0][0]]
    assert set(index.seen) == set(fingerprint(given).all_keys())


def test_another_text_under_a_given_id_is_a_revision() -> None:
    index = Memory()
    outcomes(article(id="x", url=None), index=index)
    (verdict,) = judged(article(id="x", url=None, text=OTHER), index=index)
    assert (verdict.outcome, verdict.revision_of) == ("revision", "x")


def test_empty_texts_are_not_copies_of_each_other() -> None:
    assert outcomes(article(text=""), article("https://b.example/2", text="", title="Else")) == ["new", "new"]


def test_short_texts_are_copies_only_under_the_same_headline() -> None:
    first = article(text="Read more on our site.")
    other = article("https://b.example/2", text="Read more on our site.", title="Quite another thing", day=2)
    same = article("https://c.example/3", text="Read more on our site.", day=3)
    assert outcomes(first, other, same) == ["new", "new", "copy"]


def test_texts_without_spaces_are_distinguished_too() -> None:
    one = "市長は火曜日、古い橋を閉鎖し、春に修理を始めると述べた。住民の多くは計画に賛成している。" * 4
    assert outcomes(
        article(text=one),
        article("https://b.example/2", text=one, day=2),
        article("https://c.example/3", text=one[:-20], day=3),
    ) == ["new", "copy", "copy"]


some_articles = st.lists(
    st.builds(
        article,
        url=st.sampled_from([f"https://{host}.example/{path}" for host in "abc" for path in "12"]),
        text=st.sampled_from([LONG, OTHER, LONG + " More.", "Short.", ""]),
        title=st.sampled_from(["One", "Two"]),
        day=st.integers(1, 4),
    ),
    max_size=12,
)


def as_stored(articles: list[Article]) -> list[Article]:
    """The articles as the queue returns them: each once."""
    return list({fingerprint(each).order: each for each in articles}.values())


@given(some_articles, st.randoms())
def test_the_order_of_arrival_changes_no_verdict(articles: list[Article], random: object) -> None:
    articles = as_stored(articles)
    shuffled = sorted(articles, key=lambda _: random.random())  # type: ignore[attr-defined]
    by_id = dict(zip((fingerprint(each).order for each in articles), judged(*articles), strict=True))
    again = dict(zip((fingerprint(each).order for each in shuffled), judged(*shuffled), strict=True))
    assert by_id == again


@given(some_articles, st.integers(0, 12))
def test_pass_boundaries_change_no_verdict(articles: list[Article], cut: int) -> None:
    articles = sorted(as_stored(articles), key=lambda each: fingerprint(each).order)
    whole = judged(*articles)
    index = Memory()
    parts = judged(*articles[:cut], index=index) + judged(*articles[cut:], index=index)
    assert list(map(told, parts)) == list(map(told, whole))


def told(verdict: Verdict) -> tuple[object, ...]:
    """The result of a verdict, without the rows to remember, which contain numbers of the index."""
    return verdict.outcome, verdict.duplicate, verdict.revision_of


def assert_copies_are_of_originals(articles: list[Article]) -> None:
    """Check that no article is judged to be a copy of itself or of another copy."""
    verdicts = judged(*articles)
    copies = {each.id for each, verdict in zip(articles, verdicts, strict=True) if verdict.outcome == "copy"}
    for each, verdict in zip(articles, verdicts, strict=True):
        if verdict.outcome == "copy":
            assert verdict.duplicate is not None
            assert verdict.duplicate.of != each.id
            assert verdict.duplicate.of not in copies


@given(some_articles)
def test_no_article_is_a_copy_of_itself_or_of_a_copy(articles: list[Article]) -> None:
    assert_copies_are_of_originals(as_stored(articles))


@given(some_articles)
def test_reading_everything_again_gives_nothing_new(articles: list[Article]) -> None:
    index = Memory()
    articles = as_stored(articles)
    judged(*articles, index=index)
    assert set(outcomes(*articles, index=index)) <= {"unchanged"}
