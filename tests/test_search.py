"""Search by words and phrases, and that files and a store give the same answer to everything that may be asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwire.connectors.outputs.jsonl import write_jsonl
from claimwire.connectors.outputs.sqlite import Batch, SqliteOutput
from claimwire.pipelines.memory.rows import Writer
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.read import times
from claimwire.pipelines.read.carriers import carrying
from claimwire.pipelines.read.chosen import chosen
from claimwire.pipelines.read.filters import Filter, Order
from claimwire.pipelines.read.words import TOKENIZER, SearchError, forms, search, words
from claimwire.schemas import (
    Article,
    Claim,
    Cue,
    Duplicate,
    EnrichedArticle,
    Entity,
    Provenance,
    Source,
    Speaker,
    encode,
)

FTS5 = f"CREATE VIRTUAL TABLE texts USING fts5(text, title, tokenize='{TOKENIZER}')"


def holds(question: str, *texts: str) -> bool:
    return search(question).matches(texts)


@pytest.mark.parametrize(
    ("question", "found", "missed"),
    [
        ("AI", "The AI act, he said", "She said it again"),
        ("ukrain*", "Ukrainians have left", "The grain has left"),
        ("ukrain", "Ukrain", "Ukrainians have left"),
        ("tank", "TANKS were lost", "a tanker"),
        ("tanks", "one tank was lost", "a tanker"),
        ("countries", "the country", "the county"),
        ("country", "both countries", "county"),
        ("houses", "a house", "housing"),
        ("churches", "a church", "chur"),
        ("news", "The news", "A new bridge"),
        ("new", "A new bridge", "The news"),
        ('"grain deal"', "the grain-deal is off", "a deal on grain"),
        ("“grain deal”", "the Grain Deal", "grain, no deal"),
        ("grain deal", "a deal on grain", "a deal"),
        ("grain -deal", "the grain", "a deal on grain"),
        ('grain -"the deal"', "grain, a deal", "grain, the deal"),
        ("grain -dea*", "the grain", "grain and death"),
        ('"black se"*', "the Black Sea", "black, the sea"),
        ("cafe", "a Café", "a caf"),
        ("café", "a cafe", "coffee"),
        ("F-16", "an F 16", "an F"),
        ("Ukraine's", "Ukraine", "Ukrainian"),
        ("Київ", "у Київ", "Kyiv"),
        ("U.S.", "the U.S. army", "us"),
    ],
)
def test_a_question_finds_words_and_not_parts_of_them(question: str, found: str, missed: str) -> None:
    assert holds(question, found)
    assert not holds(question, missed)


def test_all_terms_must_be_there_each_in_any_text_and_a_phrase_in_one() -> None:
    assert holds("grain deal", "the grain", "a deal")
    assert not holds('"grain deal"', "the grain", "deal")
    assert not holds("grain -deal", "the grain", "a deal")


@pytest.mark.parametrize(
    ("question", "message"),
    [("", "has no words"), ("—", "has no words"), ("-drill", "only says what to leave out"), ('a "b', "not closed")],
)
def test_a_question_without_anything_to_find_is_refused(question: str, message: str) -> None:
    with pytest.raises(SearchError, match=message):
        search(question)


# All of Unicode, and often what is hard: case, combining marks, signs, scripts without case.
_TEXTS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("aA sS'’\"-*.,éÉİıß́ͅǅσς日本\0\n")), max_size=60)
_QUESTIONS = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from('ab s"-*()ANDORé^:{}')), max_size=30)


@given(_TEXTS)
@settings(max_examples=150)
def test_words_are_those_of_sqlite(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(FTS5)
        db.execute("CREATE VIRTUAL TABLE found USING fts5vocab(texts, instance)")
        db.execute("INSERT INTO texts VALUES (?, '')", (text,))
        assert words(text) == [word for (word,) in db.execute("SELECT term FROM found ORDER BY offset")]


@given(st.text(st.characters(min_codepoint=97, max_codepoint=122), max_size=12))
def test_a_word_is_one_of_its_forms_and_forms_are_words(word: str) -> None:
    found = forms(word)
    assert found[0] == word
    assert len(set(found)) == len(found)
    assert all(words(form) == [form] for form in found if form)


_SHORT = st.lists(
    st.sampled_from(["tank", "tanks", "Grain", "deal", "dealer", "the", "Café", "news", "new"]), max_size=6
)


def _asked() -> st.SearchStrategy[str]:
    word = st.sampled_from(["tank", "tanks", "grain", "dea*", "cafe", "new", "news", "the", "x", "t*"])
    phrase = st.lists(word.map(lambda each: each.strip("*")), min_size=1, max_size=3).map(" ".join)
    term = st.one_of(word, phrase.map('"{}"'.format), phrase.map('"{}"*'.format))
    return st.lists(st.tuples(st.sampled_from(["", "", "-"]), term), min_size=1, max_size=4).map(
        lambda terms: " ".join(f"{minus}{each}" for minus, each in terms)
    )


@given(
    st.one_of(_asked(), _QUESTIONS), st.one_of(_SHORT.map(" ".join), _TEXTS), st.one_of(_SHORT.map(" ".join), _TEXTS)
)
@settings(max_examples=200)
def test_sqlite_understands_every_question_and_gives_the_same_answer(question: str, text: str, title: str) -> None:
    try:
        asked = search(question)
    except SearchError:
        return
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute(FTS5)
        db.execute("INSERT INTO texts VALUES (?, ?)", (text, title))
        for columns, texts in (((), (text, title)), (("title",), (title,))):
            (count,) = db.execute("SELECT count(*) FROM texts WHERE texts MATCH ?", (asked.fts5(columns),)).fetchone()
            assert bool(count) == asked.matches(texts)


# Times


NOW = datetime(2026, 11, 20, 15, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("today", "2026-11-20T00:00:00", "2026-11-21T00:00:00"),
        ("yesterday", "2026-11-19T00:00:00", "2026-11-20T00:00:00"),
        ("7d", "2026-11-13T15:30:05", "2026-11-13T15:30:05"),
        ("2026-02-01", "2026-02-01T00:00:00", "2026-02-02T00:00:00"),
        ("2026-02-01T06:00", "2026-02-01T06:00:00", "2026-02-01T06:00:00"),
        ("2026-02-01T06:00:00+02:00", "2026-02-01T04:00:00", "2026-02-01T04:00:00"),
    ],
)
def test_times_are_days_moments_and_spans_back_from_now(text: str, since: str, until: str) -> None:
    assert times.since(text, NOW) == datetime.fromisoformat(since).replace(tzinfo=UTC)
    assert times.until(text, NOW) == datetime.fromisoformat(until).replace(tzinfo=UTC)
    assert times.since(None) is times.until(None) is None


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(times.NoTimeError, match="--until 'tomorrow' is no time"):
        times.until("tomorrow")


# Files and a store


_WORDS = st.sampled_from(["tank", "tanks", "grain", "deal", "the", "Ukrainian", "new", "AI", "again", "café"])
_PHRASES = st.lists(_WORDS, min_size=1, max_size=5).map(" ".join)
_SHARES = st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))
_DAYS = st.sampled_from([NOW - timedelta(days=day, microseconds=day) for day in range(4)])


@st.composite
def _records(draw: st.DrawFn) -> list[EnrichedArticle]:
    return [_record(draw, str(number)) for number in range(draw(st.integers(1, 5)))]


def _record(draw: st.DrawFn, id_: str) -> EnrichedArticle:
    sentences = draw(st.lists(_PHRASES, max_size=3))
    text = ". ".join(sentences)
    entities = tuple(Entity(name, "ORG", 0, 1, name, None, ((0, 1),)) for name in draw(st.lists(_PHRASES, max_size=2)))
    claims, at = [], 0
    for number, sentence in enumerate(sentences):
        claims.append(_claim(draw, f"{id_}-{number}", sentence, at, len(entities)))
        at += len(sentence) + 2
    article = Article(
        id=id_, guid=None, url=f"https://{id_}.example/", canonical_url=f"https://{id_}.example/",
        source=Source(domain=f"{id_}.example"), title=draw(st.one_of(st.none(), _PHRASES)), text=text, summary=None,
        authors=(), language="en", published_at=draw(st.one_of(st.none(), _DAYS)), updated_at=None,
        fetched_at=draw(st.one_of(st.none(), _DAYS)), tags=(), content_hash=id_,
    )  # fmt: skip
    duplicate = draw(
        st.one_of(
            st.none(),
            st.builds(
                Duplicate, of=st.sampled_from("012"), kind=st.sampled_from(["exact", "near", "revision"]),
                method=st.just("text"), score=st.none(), first_seen_at=st.none(),
            ),
        )
    )  # fmt: skip
    if duplicate and duplicate.of == id_:
        duplicate = None
    made = Provenance("1", None, None, "r", draw(_DAYS))
    return EnrichedArticle("1.3", article, duplicate, entities, tuple(claims), made)


def _claim(draw: st.DrawFn, id_: str, sentence: str, at: int, entities: int) -> Claim:
    end = at + draw(st.integers(1, len(sentence)))
    name = draw(st.one_of(st.none(), _PHRASES))
    return Claim(
        id=id_, text=sentence[: end - at], content=((at, end),),
        speaker=draw(st.one_of(st.none(), st.builds(
            Speaker, text=_PHRASES, spans=st.just(()), name=st.just(name), entity=st.none(), type=st.just("person")))),
        cue=draw(st.one_of(st.none(), st.just(Cue("said", (), "say", "speech")))), quote_type="direct",
        polarity="affirmed", modality="asserted", hedges=(), quantities=(),
        entities=tuple(draw(st.lists(st.integers(0, entities - 1), max_size=2))) if entities else (),
        check_worthiness=draw(_SHARES), confidence=draw(_SHARES), sentence=(at, at + len(sentence)),
        kind=draw(st.sampled_from(["statement", "belief", None])),
    )  # fmt: skip


_FILTERS = st.builds(
    Filter,
    speaker=st.one_of(st.none(), st.one_of(_WORDS, st.just("th* -new")).map(search)),
    about=st.one_of(
        st.none(), st.sampled_from(["tank", "AI", "ukrain*", '"grain deal"', "the -new", "deal grain"]).map(search)
    ),
    since=st.one_of(st.none(), _DAYS.map(lambda day: day.replace(microsecond=0))),
    until=st.one_of(st.none(), _DAYS.map(lambda day: day.replace(microsecond=0))),
    kinds=st.sampled_from([frozenset(), frozenset({"belief"}), frozenset({"statement", "belief"})]),
    confidence=st.sampled_from([0.0, 0.5]),
    worth=st.sampled_from([0.0, 0.25]),
    named=st.booleans(),
)
_ORDERS: list[Order] = ["written", "newest", "oldest", "confidence", "worth", "carriers"]


@given(_records(), st.lists(_FILTERS, min_size=1, max_size=6), st.one_of(st.none(), st.integers(1, 5)))
@settings(max_examples=40)
def test_files_and_a_store_give_the_same_claims_in_the_same_order(
    tmp_path_factory: pytest.TempPathFactory, records: list[EnrichedArticle], asked: list[Filter], limit: int | None
) -> None:
    folder = tmp_path_factory.mktemp("same")
    lines = [encode(record) for record in records]
    (file,) = write_jsonl(folder, "articles-x", lines)
    store = folder / "news.db"
    with SqliteOutput(store, LAYOUT) as output:
        output.write(Batch("s", "1", 1), lambda db: Writer(db).articles(lines))
    assert list(_everything(file)) == list(_everything(store))
    for wanted in asked:
        for order in _ORDERS:
            assert _chosen(file, wanted, order, limit) == _chosen(store, wanted, order, limit), order


def _everything(path: Path) -> Iterator[tuple[EnrichedArticle, list[Claim]]]:
    with carrying([path]) as carriers:
        yield from chosen([path], Filter(), carriers)


def _chosen(path: Path, wanted: Filter, order: Order, limit: int | None) -> list[tuple[str, str]]:
    with carrying([path]) as carriers:
        return [
            (record.article.id, claim.id)
            for record, claims in chosen([path], wanted, carriers, order, limit)
            for claim in claims
        ]
