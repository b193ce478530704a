"""Threads: the same claim in other words, and what only looks like it."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, run_here, write_jsonl, written
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwire.pipelines.memory import same as same_module
from claimwire.pipelines.memory import signs as signs_module
from claimwire.pipelines.memory import threads as module
from claimwire.pipelines.memory.encoder import WIDTH, encode, has_weights, similarity
from claimwire.pipelines.memory.same import SAME, Said, compare
from claimwire.pipelines.memory.signs import Signs, signs_of
from claimwire.pipelines.memory.terms import stem_of, terms
from claimwire.pipelines.observe.events import THREAD_LINKED
from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.threads import show_threads
from claimwire.pipelines.read.words import search

sys.path.insert(0, str(ROOT / "benchmarks"))

from minimal_pairs import pairs

QUOTATION = "The harbour wall has moved by 11 centimetres since October, and it may not survive another winter"
CUT = "The harbour wall has moved by 11 centimetres since October"


def relation(one: str, other: str, speakers: tuple[str | None, str | None] = (None, None), denied: bool = False) -> str:
    said = [Said(terms(text), speaker, "person") for text, speaker in zip((one, other), speakers, strict=True)]
    said[1] = said[1]._replace(denied=denied)
    cosine = float(similarity(*encode([one, other]))) if has_weights() else None
    assert compare(said[0], said[1], cosine) == compare(said[1], said[0], cosine), "the order does not matter"
    return compare(said[0], said[1], cosine)


def test_typography_and_contractions_leave_a_quotation_verbatim() -> None:
    assert relation("We don’t know why the “Aurora” sank.", "We do not know why the 'Aurora' sank") == "verbatim"


def test_a_part_of_a_longer_quotation_is_cut() -> None:
    assert relation(QUOTATION, CUT) == "cut"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The council spent 40 million euros on the new bridge in Wexcombe",
            "On the new bridge in Wexcombe, the town council has spent 40m euros",
        ),
        (
            "Police found more than 200 stolen bicycles in a barn near Lyon",
            "Officers have found 212 stolen bicycles in a barn near Lyon",
        ),
        (
            "The realisation of the programme will be analysed by the labour ministry",
            "The labor ministry will analyze the realization of the program",
        ),
        (
            "10 American passengers and two pilots died in the crash",
            "Ten US passengers and two pilots have died in the crash",
        ),
    ],
)
def test_the_same_in_other_words_is_reworded(one: str, other: str) -> None:
    assert relation(one, other) == "reworded"


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ("At least 19 tanks were destroyed near Chernihiv on Tuesday, it added", "figures differ"),
        ("At least 14 trucks were destroyed near Chernihiv on Tuesday", "figures differ"),
        ("At least 14 tanks were not destroyed near Chernihiv on Tuesday", "denied"),
        ("At least 14 tanks will be destroyed near Chernihiv on Tuesday", "no"),
        ("At least 14 tanks may have been destroyed near Chernihiv on Tuesday", "no"),
        ("At least 14 tanks were destroyed near Kharkiv on Tuesday", "no"),
        ("At least 14 tanks were destroyed near Chernihiv on Friday", "no"),
    ],
)
def test_one_thing_changed_is_not_the_same(other: str, expected: str) -> None:
    assert relation("At least 14 tanks were destroyed near Chernihiv on Tuesday", other) == expected


def test_what_somebody_denies_is_not_what_somebody_says() -> None:
    assert relation(CUT, CUT, denied=True) == "denied"
    assert relation(CUT, f"{CUT}, she said", denied=True) == "denied"


def test_two_people_with_the_same_words_are_told_apart_and_one_with_two_forms_of_a_name_is_not() -> None:
    assert relation(QUOTATION, QUOTATION, ("Mara Olden", "Peter Haske")) == "speaker differs"
    assert relation(QUOTATION, QUOTATION, ("Mara Olden", "Ms. Olden")) == "verbatim"
    assert relation(QUOTATION, QUOTATION, ("Mara Olden", None)) == "verbatim"


@pytest.mark.skipif(not has_weights(), reason="the weights of the sentence encoder are not there")
def test_of_minimal_pairs_one_in_a_hundred_at_most_is_called_the_same() -> None:
    made = list(pairs(120))
    assert {pair.kind for pair in made} == {"figure", "unit", "negation", "speaker", "tense", "place"}
    called = [pair for pair in made if relation(pair.one, pair.other, pair.speakers) in SAME]
    assert len(called) <= 1, called


@pytest.mark.parametrize(
    "words", ["denied denies deny", "sold sell sells", "colour color", "organise organized", "plans planned"]
)
def test_forms_of_a_word_have_one_stem(words: str) -> None:
    assert len({stem_of(word) for word in words.split()}) == 1


@settings(deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_two_texts_can_be_compared_and_the_order_does_not_matter(one: str, other: str) -> None:
    for text in (one, other):
        assert all(0 <= word.start < word.end <= len(text) for word in terms(text).words)
    said, also = Said(terms(one)), Said(terms(other))
    assert compare(said, also, None) == compare(also, said, None)
    assert compare(said, said, None) in SAME


_WORDS = st.sampled_from(
    ["harbour", "wall", "moved", "centimetres", "bridge", "closed", "five", "11", "Lunde", "never", "has", "the", "of"]
)


@settings(deadline=None, max_examples=500)
@given(
    st.lists(_WORDS, max_size=14), st.lists(_WORDS, max_size=14), st.integers(0, 14), st.none() | st.floats(0.5, 1)
)  # fmt: skip
def test_what_is_not_put_side_by_side_would_not_be_the_same(
    one: list[str], other: list[str], shared: int, cosine: float | None
) -> None:
    said, also = Said(terms(" ".join(one))), Said(terms(" ".join([*one[:shared], *other])))
    with pytest.MonkeyPatch.context() as always:
        always.setattr(same_module, "_may_be_alike", lambda *_: True)
        expected = compare(said, also, cosine)
    assert compare(said, also, cosine) == expected


@pytest.mark.skipif(not has_weights(), reason="the weights of the sentence encoder are not there")
@given(st.integers(0, 2**32), st.integers(0, 60), st.randoms())
def test_the_nearest_do_not_depend_on_the_order_in_which_they_came(seed: int, count: int, random: Any) -> None:
    vectors = np.random.default_rng(seed).integers(-60, 60, (count + 1, WIDTH), np.int8)
    keyed = [(bytes([number] * 16), signs_of(vector)) for number, vector in enumerate(vectors[1:])]
    with pytest.MonkeyPatch.context() as few:
        few.setattr(signs_module, "_FEW", 0)  # as if they were many
        whole = Signs(keyed)
    random.shuffle(keyed)
    one_by_one = Signs()
    for key, signs in keyed:
        one_by_one.add(key, signs)
    assert len(one_by_one) == len(whole) == len(keyed)
    assert sorted(one_by_one.near(vectors[0], 5)) == sorted(whole.near(vectors[0], 5))


@pytest.mark.skipif(not has_weights(), reason="the weights of the sentence encoder are not there")
def test_what_is_near_is_found_among_many_although_only_some_cells_are_looked_into(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = list(pairs(120))
    texts = list(dict.fromkeys(text for pair in made for text in (pair.one, pair.other)))
    vectors = encode(texts)
    monkeypatch.setattr(signs_module, "_FEW", 0)  # as if they were many
    signs = Signs((number.to_bytes(16, "big"), signs_of(vector)) for number, vector in enumerate(vectors))
    near = similarity(vectors, vectors) >= 0.8
    found = np.zeros_like(near)
    for one, vector in enumerate(vectors):
        found[one, [int.from_bytes(key, "big") for key in signs.near(vector, len(texts))]] = True
    assert (near & found).sum() >= 0.98 * near.sum()
    assert found.mean() < 0.9, "others are left out"


@pytest.mark.skipif(not has_weights(), reason="the weights of the sentence encoder are not there")
def test_a_rewording_is_among_the_nearest() -> None:
    texts = ["The wall of the harbour could fall next winter", "Bakers sold more rolls", "The team won the cup", CUT]
    signs = Signs((bytes([at] * 16), signs_of(vector)) for at, vector in enumerate(encode(texts)))
    (asked,) = encode(["Next winter the harbour wall might collapse"])
    assert bytes([0] * 16) in signs.near(asked, 1)


# In a run.

WALL = {
    "packet": (
        "2026-02-10T08:00:00Z",
        f"“{QUOTATION},” said Mara Olden, the county engineer. The council will meet on Friday.",
    ),
    "courier": (
        "2026-02-10T09:00:00Z",
        f"Readers asked about the pier. “{CUT},” Mara Olden told reporters at the town hall.",
    ),
    "ledger": (
        "2026-02-11T09:00:00Z",
        "Mara Olden said that the harbour wall has moved by 19 centimetres since October.",
    ),
    "mail": (
        "2026-02-12T09:00:00Z",
        "Peter Haske, the harbour master, denied that the harbour wall has moved by 11 centimetres since October.",
    ),
}


@pytest.fixture(params=["vectors", "words"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With the encoder and without it."""
    if request.param == "vectors" and not has_weights():
        pytest.skip("the weights of the sentence encoder are not there")
    if request.param == "words":
        monkeypatch.setattr(module, "has_weights", lambda: False)
    return str(request.param)


def told(folder: Path, *names: str, **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The records that a run over some of the articles and those before it have written, by outlet, and the links."""
    rows = [
        {"url": f"https://{name}.example/wall", "title": name, "text": text, "published": at, "language": "en"}
        for name in names
        for at, text in [WALL[name]]
    ]
    folder.mkdir(exist_ok=True)
    source = write_jsonl(folder / f"{'-'.join(names)}.jsonl", *rows)
    settings = {"sink": (f"jsonl:{folder / 'out'}",), "extractor": "rules", **more}
    run_here(folder / "state", source=(str(source),), **settings)
    events = [event for event in written(folder / "out", "events") if event["type"] == THREAD_LINKED]
    return {record["article"]["title"]: record for record in written(folder / "out")}, events


def threads(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(claim["thread"]["id"], claim["thread"]["relation"]) for claim in record["claims"] if claim["thread"]]


def test_outlets_with_one_quotation_share_a_thread_and_another_figure_and_a_denial_are_linked(
    tmp_path: Path, way: str
) -> None:
    records, events = told(tmp_path, *WALL)
    (first, relation_), *_ = threads(records["packet"])
    assert relation_ == "first"
    assert (first, "cut") in threads(records["courier"])
    for name in ("ledger", "mail"):
        assert {relation_ for _, relation_ in threads(records[name])} == {"first"}
    links = {(event["data"]["relation"], event["data"]["article_id"], event["data"]["other"]) for event in events}
    assert {link for link in links if link[2] == first} == {
        ("figures_differ", records["ledger"]["article"]["id"], first),
        ("denied_by", records["mail"]["article"]["id"], first),
    }


def test_it_does_not_matter_how_passes_are_cut(tmp_path: Path) -> None:
    whole = told(tmp_path / "whole", *WALL)
    for name in WALL:
        parts = told(tmp_path / "parts", name)
    found = [
        ({name: threads(record) for name, record in records.items()}, sorted(event["id"] for event in events))
        for records, events in (whole, parts)
    ]
    assert found[0] == found[1]


def test_what_was_not_remembered_for_long_enough_begins_a_new_thread(tmp_path: Path) -> None:
    told(tmp_path, "packet", remember_claims="10d")
    told(tmp_path, "ledger", remember_claims="10d", at=datetime.now(UTC) + timedelta(days=11))
    records, _ = told(tmp_path, "courier", remember_claims="10d", at=datetime.now(UTC) + timedelta(days=12))
    assert {relation_ for _, relation_ in threads(records["courier"])} == {"first"}


@pytest.mark.parametrize("sink", ["out", "news.db"])
def test_show_prints_a_thread_with_its_carriers_and_what_is_linked_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sink: str
) -> None:
    sinks = (f"jsonl:{tmp_path / 'out'}", f"sqlite:{tmp_path / 'news.db'}")
    told(tmp_path, *WALL, sink=sinks)
    show_threads([tmp_path / sink], Filter(about=search("harbour")))
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.startswith(f"“{QUOTATION},”")
    for line in (
        "first 2026-02-10 08:00 packet.example",
        "cut 2026-02-10 09:00 courier.example",
        "other figure 2026-02-11 09:00 ledger.example",
        "denied 2026-02-12 09:00 mail.example",
    ):
        assert line in printed
    show_threads([tmp_path / sink], Filter(about=search("tulips")))
    assert capsys.readouterr().out == "0 threads\n"


def test_views_of_a_store_give_threads_other_figures_and_denials(tmp_path: Path) -> None:
    told(tmp_path, *WALL, sink=(f"jsonl:{tmp_path / 'out'}", f"sqlite:{tmp_path / 'news.db'}"))
    with closing(sqlite3.connect(tmp_path / "news.db")) as db:
        rows = db.execute("SELECT text, outlets, sources, cut FROM same_claim_across_outlets").fetchall()
        figures = db.execute("SELECT outlet, other_outlet, relation FROM figures_that_differ").fetchall()
        denied = db.execute("SELECT outlet, other_outlet FROM denied").fetchall()
    assert rows == [(f"“{QUOTATION},”", 2, 2, 1)]
    assert ("ledger.example", "packet.example", "figures_differ") in figures
    assert denied == [("mail.example", "packet.example")]
