"""Near-duplicates: what counts as one, what does not, and that order, size and script make no difference."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_dedupe import Memory, article, assert_copies_are_of_originals, judged, outcomes, told

from claimwire.pipelines.dedupe.fingerprint import LONGEST, fingerprint
from claimwire.pipelines.dedupe.index import HOT
from claimwire.pipelines.dedupe.near import near
from claimwire.pipelines.dedupe.sqlite import SqliteIndex
from claimwire.pipelines.dedupe.verdict import Verdict, judge
from claimwire.pipelines.state.opening import State
from claimwire.pipelines.state.queue import Outcome
from claimwire.schemas import Article

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SYLLABLES = ("ka", "lo", "mir", "ten", "sa", "vu", "dor", "pel", "ni", "gra", "os", "hu", "be", "rin", "ta", "mo")
BULLETIN = (
    "The central bank entered the money market to arrange {} billion crowns of repurchase agreements, one man said. "
    "Dealers said that overnight funds were trading at {} percent when the bank began its temporary supply of reserves."
)


@cache
def prose(words: int, seed: int) -> str:
    """Made-up text from a limited vocabulary, in sentences and paragraphs; properties ask for the same ones again."""
    chance = random.Random(seed)
    vocabulary = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(3000)]
    written = [vocabulary[min(int(chance.paretovariate(0.7)) - 1, 2999)] for _ in range(words)]
    sentences = [" ".join(written[start : start + 14]).capitalize() + "." for start in range(0, words, 14)]
    return "\n".join(" ".join(sentences[start : start + 3]) for start in range(0, len(sentences), 3))


def elsewhere(text: str, host: str = "b", day: int = 2, title: str = "Elsewhere") -> Article:
    return article(f"https://{host}.example/{abs(hash(text))}", text=text, title=title, day=day)


def verdict_on(copy: str, original: str) -> Verdict:
    return judged(article(text=original), elsewhere(copy))[1]


def test_an_abridged_copy_is_marked_as_such_with_its_verbatim_share() -> None:
    paragraphs = prose(400, 1).split("\n")
    verdict = verdict_on("\n".join(paragraphs[:4]), "\n".join(paragraphs))
    assert verdict.outcome == "copy"
    assert verdict.duplicate is not None
    assert (verdict.duplicate.kind, verdict.duplicate.method, verdict.duplicate.score) == ("near", "abridged", 1.0)


def test_an_extended_copy_is_a_copy() -> None:
    duplicate = verdict_on(prose(300, 1) + "\n" + prose(200, 2), prose(300, 1)).duplicate
    assert duplicate is not None
    assert (duplicate.kind, duplicate.method) == ("near", "extended")


def test_a_copy_with_words_changed_throughout_is_a_copy() -> None:
    words = prose(300, 1).split(" ")
    words[10::25] = ["otherwise"] * len(words[10::25])
    duplicate = verdict_on(" ".join(words), prose(300, 1)).duplicate
    assert duplicate is not None
    assert duplicate.method == "edited"
    assert duplicate.score is not None
    assert 0.6 < duplicate.score < 1


def test_other_texts_with_the_same_vocabulary_are_not_copies() -> None:
    assert outcomes(*(elsewhere(prose(300, seed)) for seed in range(20))) == ["new"] * 20


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(120, 2500), st.randoms(use_true_random=False))
def test_a_copy_with_any_forty_percent_of_its_paragraphs_cut_is_found(seed: int, words: int, chance: object) -> None:
    paragraphs = prose(words, seed).split("\n")
    cut = set(chance.sample(range(len(paragraphs)), len(paragraphs) * 2 // 5))  # type: ignore[attr-defined]
    rest = "\n".join(paragraph for at, paragraph in enumerate(paragraphs) if at not in cut)
    assert verdict_on(rest, "\n".join(paragraphs)).outcome == "copy"


@given(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99), st.integers(1, 99))
def test_a_differing_number_in_a_template_vetoes(one: int, rate: int, other: int, other_rate: int) -> None:
    first, second = BULLETIN.format(one, rate), BULLETIN.format(other, other_rate)
    verdict = verdict_on(second, first)
    assert (verdict.outcome == "copy") == ((one, rate) == (other, other_rate))


def test_a_differing_name_in_a_template_vetoes() -> None:
    text = "The board of {} said that it will pay its shareholders a quarterly dividend next month, as it did before."
    assert verdict_on(text.format("Norwick Mills"), text.format("Astra Paper")).outcome == "new"


def test_two_thousand_fillings_of_one_template_are_not_copies() -> None:
    texts = [BULLETIN.format(f"{number}.{number % 7}", number % 13) for number in range(2000)]
    fillings = [elsewhere(text, title=f"Market call {number}") for number, text in enumerate(texts)]
    assert set(outcomes(*fillings)) == {"new"}


def test_a_correction_under_the_same_title_within_hours_is_a_copy() -> None:
    first = article(text=BULLETIN.format(12, 3), title="Bank lends crowns to dealers")
    corrected = "CORRECTED - Bank lends crowns to dealers"
    soon = article("https://b.example/2", BULLETIN.format(21, 3), corrected, published="2026-11-01T06:00:00Z")
    late = elsewhere(BULLETIN.format(22, 3), title="Bank lends crowns to dealers", day=2)
    assert outcomes(first, soon, late) == ["new", "copy", "new"]


def test_the_same_short_text_almost_to_the_word_is_a_copy_for_three_days() -> None:
    text = prose(60, 3)
    near_it = " ".join((*text.split()[:30], "sometimes", *text.split()[31:]))
    assert outcomes(article(text=text, day=1), elsewhere(near_it, day=3)) == ["new", "copy"]
    assert outcomes(article(text=text, day=1), elsewhere(near_it, day=9)) == ["new", "new"]


def test_a_longer_text_is_a_copy_whenever_it_comes() -> None:
    text = prose(400, 3)
    assert outcomes(article(text=text, day=1), elsewhere(text + "\nMore.", day=19)) == ["new", "copy"]


def test_a_story_continued_by_its_own_outlet_is_a_revision() -> None:
    first = article("https://a.example/live/1", text=prose(200, 4), title="Storm at the coast, live", day=1)
    later = prose(120, 5) + "\n" + prose(200, 4)
    same = article("https://a.example/live/2", text=later, title="Storm at the coast, live", day=2)
    other = article("https://b.example/9", text=later, title="Storm at the coast, live", day=2)
    (_, revision) = judged(first, same)
    assert (revision.outcome, revision.revision_of) == ("revision", first.id)
    assert revision.duplicate is not None
    assert revision.duplicate.method == "continued"
    assert outcomes(first, other) == ["new", "copy"]


def test_a_revision_is_not_a_copy_of_its_own_earlier_version() -> None:
    index = Memory()
    first = article(text=prose(300, 6))
    outcomes(first, index=index)
    (verdict,) = judged(article(text=prose(300, 6) + "\nAnd more."), index=index)
    assert (verdict.outcome, verdict.revision_of) == ("revision", first.id)


def test_articles_are_compared_with_originals_only_so_that_similarity_does_not_creep() -> None:
    parts = [prose(100, seed) for seed in range(12)]
    creeping = [elsewhere("\n".join(parts[at : at + 4]), host=f"h{at}", day=1 + at) for at in range(9)]
    verdicts = judged(*creeping)
    originals = {each.id for each, verdict in zip(creeping, verdicts, strict=True) if verdict.outcome == "new"}
    assert len(originals) > 1
    assert {verdict.duplicate.of for verdict in verdicts if verdict.duplicate} <= originals


@pytest.mark.parametrize("cut", range(4))
def test_what_shares_more_with_a_copy_than_with_its_original_is_a_copy_of_the_original(cut: int) -> None:
    agency, added, more = (prose(200, seed) for seed in (11, 12, 13))
    first = article(text=agency, day=1)
    between = elsewhere(f"{agency}\n{added}", "b", day=2)
    last = elsewhere("\n".join((*agency.split("\n")[:2], added, more[:300])), "c", day=3)
    assert outcomes(first, last) == ["new", "new"]
    index = Memory()
    some = [first, between, last]
    *_, verdict = judged(*some[:cut], index=index) + judged(*some[cut:], index=index)
    duplicate = verdict.duplicate
    assert duplicate is not None
    assert (duplicate.of, duplicate.kind, duplicate.method) == (first.id, "near", "chained")
    assert duplicate.added is not None
    assert duplicate.added > 0.5  # measured against the original, which has neither of what it adds


def test_an_exact_copy_of_a_near_copy_is_a_copy_of_the_original() -> None:
    original, abridged = prose(300, 7), "\n".join(prose(300, 7).split("\n")[:6])
    for index in (None, Memory()):
        one, two, three = article(text=original), elsewhere(abridged, day=2), elsewhere(abridged, "c", day=3)
        verdicts = (
            judged(one, two, three) if index is None else [judged(each, index=index)[0] for each in (one, two, three)]
        )
        assert [verdict.duplicate and verdict.duplicate.of for verdict in verdicts] == [None, one.id, one.id]
        assert verdicts[2].duplicate == verdicts[1].duplicate


def test_an_earlier_original_found_later_changes_no_verdict_but_is_recorded() -> None:
    index = Memory()
    copy, early = elsewhere(prose(300, 8), day=5), article(text=prose(300, 8) + "\nMore there.", day=1)
    outcomes(copy, index=index)
    (verdict,) = judged(early, index=index)
    assert verdict.duplicate is not None
    assert verdict.duplicate.of == copy.id
    assert [row.before and row.before[0] for row in verdict.remember] == [None, early.id]


def test_the_same_text_in_a_thousand_outlets_is_one_original() -> None:
    text = prose(200, 9)
    agency = [
        article(f"https://{n}.example/1", text=f"By our {n} correspondent\n{text}", title=f"T{n}", day=1 + n % 20)
        for n in range(1000)
    ]
    verdicts = judged(*agency)
    assert len({verdict.duplicate.of for verdict in verdicts if verdict.duplicate}) == 1
    assert sum(verdict.outcome == "new" for verdict in verdicts) == 1


def test_boilerplate_of_an_outlet_makes_no_copies() -> None:
    standing = "\n".join(prose(70, seed).replace("\n", " ") for seed in (21, 22, 23))
    articles = [
        article(f"https://a.example/{n}", text=f"{prose(60, 100 + n)}\n{standing}", title=f"Piece {n}", day=1 + n)
        for n in range(12)
    ]
    assert outcomes(*articles) == ["new"] * 12
    # With equal titles, only the first articles, from which the boilerplate is learned, can be taken for copies.
    series = [
        article(f"https://a.example/{n}", text=f"{prose(60, 200 + n)}\n{standing}", title="Briefing", day=1 + n)
        for n in range(12)
    ]
    assert outcomes(*series)[4:] == ["new"] * 8


def test_a_teaser_is_not_a_copy_of_a_digest_that_contains_it_but_of_the_full_story_with_its_title() -> None:
    story = prose(400, 91)
    teaser = story[: story.index(".", 180) + 1].replace("\n", " ")
    digest = f"{prose(300, 92)}\n{teaser}\n{prose(300, 93)}"
    first = article(text=teaser, title="Storm at the coast")
    assert outcomes(first, elsewhere(digest, title="The week in ten stories")) == ["new", "new"]
    assert outcomes(first, elsewhere(story, title="Storm at the coast")) == ["new", "copy"]


def test_a_page_that_names_its_original_is_a_copy_of_it_even_if_half_of_it_is_rewritten() -> None:
    agency = article("https://agency.example/1", f"{prose(100, 14)}\n{prose(100, 15)}", day=1)
    half = f"{prose(100, 14)}\n{prose(120, 16)}"
    linked = msgspec.structs.replace(elsewhere(half), syndicated_from="http://www.agency.example/1?utm_source=b")
    assert outcomes(agency, elsewhere(half)) == ["new", "new"]
    assert outcomes(agency, linked) == ["new", "copy"]
    unlike = msgspec.structs.replace(elsewhere(prose(200, 17)), syndicated_from="https://agency.example/1")
    assert outcomes(agency, unlike) == ["new", "new"]


PIECE = prose(150, 18) + "\nThat is the size of Norwick 5 and of no other.\n" + prose(150, 20)


@pytest.mark.parametrize(
    ("other", "title", "outcome"),
    [
        (PIECE + "\n" + prose(60, 19), "What the harbour was, and is", "copy"),  # two forms of one magazine piece
        (PIECE + "\n" + prose(160, 19), "What the harbour was, and is", "new"),
        (PIECE.replace("Norwick 5", "Astra 7"), "Astra", "new"),  # two pages of one pattern
    ],
)
def test_one_outlet_gives_the_same_piece_under_two_titles_only_if_nothing_differs(
    other: str, title: str, outcome: str
) -> None:
    first = article(text=PIECE, title="By the water")
    assert outcomes(first, article("https://a.example/2", other, title, day=2)) == ["new", outcome]


def test_the_same_table_with_the_prices_of_the_next_hour_is_not_a_copy() -> None:
    table = "\n".join(
        f"{name} stood at {{}} crowns a tonne on the exchange." for name in ("Wheat", "Rye", "Oats", "Rape")
    )
    hours = [
        article(f"https://a.example/{hour}", table.format(*range(90 + hour, 94 + hour)), "Prices", day=1,
                published=f"2026-11-01T{hour:02}:00:00Z")
        for hour in range(8, 12)
    ]  # fmt: skip
    assert outcomes(*hours) == ["new"] * 4


def test_a_story_that_an_outlet_rewrites_a_year_later_is_another_story() -> None:
    last_year = article("https://a.example/1", prose(500, 94), "The best trails of the valley", published="2025-11-01")
    changed = prose(500, 94).replace(".", " again.", 8) + "\n" + prose(80, 95)
    mine = article("https://a.example/2", changed, "The best trails of the valley", day=1)
    theirs = article("https://b.example/2", changed, "The best trails of the valley", day=1)
    again = article("https://a.example/3", prose(500, 94) + "\nMore.", "The best trails of the valley", day=1)
    assert outcomes(last_year, mine) == ["new", "new"]
    assert outcomes(last_year, theirs) == ["new", "copy"]
    assert outcomes(last_year, again) == ["new", "copy"]


@pytest.mark.slow
def test_hot_grams_cost_no_more_than_their_limit() -> None:
    boilerplate = prose(120, 30)
    index = Memory()

    def seconds(start: int) -> float:
        some = [elsewhere(prose(150, 10_000 + n) + "\n" + boilerplate, host=f"h{n}") for n in range(start, start + 200)]
        began = time.process_time()
        outcomes(*some, index=index)
        return time.process_time() - began

    first = seconds(0)
    later = [seconds(200 * n) for n in range(1, 4)]
    assert max(map(len, index.grams.values())) <= HOT
    assert min(later) < 4 * first


@pytest.mark.parametrize("text", ["", " ", "Word", "Word word word.", "…", "1"])
def test_texts_of_one_word_or_none_are_never_copies(text: str) -> None:
    assert outcomes(article(text=text), elsewhere(text)) == ["new", "new"]


def test_a_text_of_a_megabyte_is_judged_and_its_long_excerpt_found() -> None:
    book = prose(160_000, 40)
    assert len(book) > 1_000_000
    excerpt = "\n".join(book.split("\n")[1000:2800])
    assert len(excerpt.split()) > LONGEST
    began = time.process_time()
    assert outcomes(article(text=book), elsewhere(excerpt)) == ["new", "copy"]
    assert time.process_time() - began < 20


SCRIPTS = {
    "japanese": ("市長は火曜日、{}の古い橋を閉鎖し、{}に修理を始めると述べた。", "東西南北上下左右", "春夏秋冬"),
    "russian": (
        "Мэр заявил, что {} мост закроют, а {} его починят.",
        ("старый", "новый", "длинный"),
        ("весной", "летом"),
    ),
    "arabic": (
        "قال رئيس البلدية إن الجسر {} سيغلق وإن {} سيبدأ.",
        ("القديم", "الجديد", "الطويل"),
        ("الإصلاح", "العمل"),
    ),
    "hindi": ("नगर प्रमुख ने कहा कि {} पुल बंद होगा और {} काम शुरू होगा।", ("पुराना", "नया", "लंबा"), ("वसंत में", "जल्द ही")),
    "thai": ("นายกเทศมนตรีกล่าวว่าสะพาน{}จะปิดและจะเริ่มซ่อม{}", ("เก่า", "ใหม่", "ยาว"), ("เร็วๆนี้", "ปีหน้า")),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_abridged_copies_are_found_in_any_script(script: str) -> None:
    sentence, ones, others = SCRIPTS[script]
    sentences = [sentence.format(one, other) for one in ones for other in others]
    assert verdict_on("\n".join(sentences[::2]), "\n".join(sentences)).outcome == "copy"


near_texts = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(3, 9), st.sampled_from("abcd"), st.integers(1, 4)),
    min_size=1,
    max_size=8,
    unique=True,
)


def made(drawn: list[tuple[int, int, int, str, int]]) -> list[Article]:
    stories = [[prose(40, 50 + story * 10 + part) for part in range(9)] for story in range(3)]
    return [
        article(f"https://{host}.example/{story}{begin}{end}", text="\n".join(stories[story][begin:end]), day=day)
        for story, begin, end, host, day in drawn
        if begin < end
    ]


def verdicts(articles: list[Article]) -> dict[object, Verdict]:
    """By the place in the order, because two days of one address are two articles with one id."""
    return dict(zip((fingerprint(each).order for each in articles), judged(*articles), strict=True))


@settings(max_examples=40, deadline=None)
@example([(0, 0, 3, "a", 1), (0, 0, 3, "a", 2)], random.Random(2))
@given(near_texts, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_verdict_on_near_copies(drawn: list[tuple], chance: object) -> None:  # type: ignore[type-arg]
    articles = made(drawn)
    shuffled = sorted(articles, key=lambda _: chance.random())  # type: ignore[attr-defined]
    assert verdicts(shuffled) == verdicts(articles)


@settings(max_examples=40, deadline=None)
@given(near_texts, st.integers(0, 8))
def test_pass_boundaries_change_no_verdict_on_near_copies(drawn: list[tuple], cut: int) -> None:  # type: ignore[type-arg]
    articles = sorted(made(drawn), key=lambda each: fingerprint(each).order)
    index = Memory()
    parts = judged(*articles[:cut], index=index) + judged(*articles[cut:], index=index)
    assert list(map(told, parts)) == list(map(told, judged(*articles)))


@settings(max_examples=40, deadline=None)
@given(near_texts)
def test_a_near_copy_is_never_a_copy_of_itself_or_of_a_copy(drawn: list[tuple]) -> None:  # type: ignore[type-arg]
    assert_copies_are_of_originals(made(drawn))


def test_likeness_is_symmetric() -> None:
    one, _ = fingerprint(article(text=prose(300, 60))).without(set())
    two, _ = fingerprint(elsewhere("\n".join(prose(300, 60).split("\n")[1:]))).without(set())
    forth, back = near(one, two), near(two, one)
    assert forth is not None
    assert back is not None
    assert forth.score == back.score


# The same over SQLite


def commit(state: State, *articles: Article, now: datetime = NOW) -> list[Verdict]:
    prints = sorted(map(fingerprint, articles), key=lambda each: each.order)
    verdicts = judge(prints, SqliteIndex(state.database), now)
    reports = [
        Outcome(each.order, verdict.outcome, 0, verdict.remember)
        for each, verdict in zip(prints, verdicts, strict=True)
    ]
    state.queue.enqueue(articles, [], {}, [], now)
    state.journal.commit(reports, [], now)
    return verdicts


def rows(state: State) -> dict[str, int]:
    tables = ("seen", "seen_keys", "fresh_grams", "settled_grams", "published_before")
    return {table: state.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def test_sqlite_gives_the_verdicts_of_an_index_in_memory(tmp_path: Path) -> None:
    articles = made([(n % 3, n % 4, n % 4 + 3 + n % 3, "abcd"[n % 4], 1 + n % 4) for n in range(24)])
    articles = sorted({each.id: each for each in articles}.values(), key=lambda each: fingerprint(each).order)
    index = Memory()
    with State(tmp_path) as state:
        for start in range(0, len(articles), 5):
            some = articles[start : start + 5]
            assert list(map(told, commit(state, *some))) == list(map(told, judged(*some, index=index)))


def test_an_article_is_still_found_after_its_grams_have_settled(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        commit(state, article(text=prose(300, 70)))
        for _ in range(40):
            commit(state)
        assert rows(state)["fresh_grams"] == 0
        (verdict,) = commit(state, elsewhere(prose(300, 70) + "\nMore."))
        assert verdict.outcome == "copy"


def test_a_forgotten_article_leaves_no_row(tmp_path: Path) -> None:
    with State(tmp_path) as state:
        commit(state, *(elsewhere(prose(200, seed), day=1) for seed in range(30)))
        commit(state, elsewhere("\n".join(prose(200, 3).split("\n")[1:])))
        for _ in range(20):
            commit(state)
        later = NOW + timedelta(days=91)
        kept = article(text=prose(200, 99))
        commit(state, kept, now=later)
        assert state.expire(later - timedelta(days=90)) > 0
        left = rows(state)
        assert left["seen"] == 1
        assert left["seen_keys"] == len(set(fingerprint(kept).all_keys()))
        assert left["fresh_grams"] + left["settled_grams"] == len(fingerprint(kept).grams)
        assert [verdict.outcome for verdict in commit(state, elsewhere(prose(200, 3) + "\nMore."), now=later)] == [
            "new"
        ]


def test_a_file_does_not_grow_while_as_much_is_forgotten_as_is_added(tmp_path: Path) -> None:
    sizes = []
    with State(tmp_path) as state:
        for day in range(12):
            now = NOW + timedelta(days=day)
            commit(state, *(elsewhere(prose(200, 1000 * day + seed), day=1) for seed in range(60)), now=now)
            state.expire(now - timedelta(days=3))
            sizes.append(state.db.execute("PRAGMA page_count").fetchone()[0])
        assert rows(state)["seen"] == 4 * 60
    assert max(sizes[6:]) <= 1.1 * max(sizes[:6])


def test_reading_the_same_again_changes_no_row(tmp_path: Path) -> None:
    articles = [article(text=prose(200, 80)), elsewhere("\n".join(prose(200, 80).split("\n")[1:]))]
    with State(tmp_path) as state:
        commit(state, *articles)
        before = rows(state)
        assert {verdict.outcome for verdict in commit(state, *articles)} == {"unchanged"}
        after = rows(state)
        assert before["seen"] == after["seen"]
        assert sum(before.values()) == sum(after.values())
