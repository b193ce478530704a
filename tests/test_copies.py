"""Copies end to end: what they inherit and add, the carriers of a claim, explanations, splitting by hand, the index."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from conftest import Claimwire, run_here, write_jsonl, written
from hypothesis import given, settings
from hypothesis import strategies as st
from test_near_copies import prose

from claimwire.connectors.outputs.names import DATABASE
from claimwire.pipelines.dedupe.likeness import added
from claimwire.pipelines.dedupe.words import codes, lines, places
from claimwire.pipelines.read.explain import align
from claimwire.pipelines.state.corrections import split
from claimwire.pipelines.state.opening import State
from claimwire.schemas import decode
from claimwire.schemas.records import Article

BRIDGE = (
    "The old bridge over the Ann will close on Tuesday, the mayor, Ilse Marsh, said on Monday after engineers had "
    "found cracks in two of its four pillars.\n"
    "She told reporters that repairs would take at least nine months and cost 14 million crowns, which the city does "
    "not have.\n"
    '"We cannot let buses cross it any longer," Marsh said. The ferry at Saltby will run all night until the work is '
    "done, according to the harbour office.\n"
    "Shop owners in the old town say that they will lose half of their customers before Christmas."
)
ADDED = (
    '"Nobody asked us," Tomas Rask, who runs the buses, told the Courier. He warned that 30 drivers might be dismissed.'
)


def article(host: str, text: str = BRIDGE, hour: int = 6, **more: str) -> dict[str, str]:
    plain = {"url": f"https://{host}.example/bridge", "title": f"Bridge, by {host}", "text": text}
    return {**plain, "published": f"2026-11-20T{hour:02}:00:00Z", **more}


def abridged() -> str:
    return "\n".join(BRIDGE.split("\n")[:3])


def with_addition() -> str:
    first, second, *rest = BRIDGE.split("\n")
    return "\n".join((first, second, ADDED, *rest[:1]))


def run(folder: Path, *records: Any, **more: Any) -> dict[str, dict[str, Any]]:
    """Run over some records; returns the last record written for each outlet.

    The claims are all those of the rules: how many the tagger finds, and how sure each is, changes with weights.
    """
    more = {"extractor": "rules", "claims": "all", **more}
    write_jsonl(folder / "in.jsonl", *records)
    run_here(folder / "s", source=(str(folder / "in.jsonl"),), sink=(f"jsonl:{folder / 'out'}",), **more)
    return {
        record["article"]["source"]["domain"].removesuffix(".example"): record for record in written(folder / "out")
    }


# What copies inherit and add


def test_a_copy_without_additions_has_no_claims_of_its_own(tmp_path: Path) -> None:
    found = run(tmp_path, article("a"), article("b", abridged(), 7), article("c", hour=8))
    assert len(found["a"]["claims"]) == 5
    for host, kind in (("b", "near"), ("c", "exact")):
        copy = found[host]
        assert (copy["duplicate"]["of"], copy["duplicate"]["kind"]) == (found["a"]["article"]["id"], kind)
        assert copy["duplicate"]["added"] == 0
        assert (copy["claims"], copy["provenance"]["skipped"]) == ([], "copy")


def test_an_added_quote_is_extracted_and_the_copied_rest_is_not(tmp_path: Path) -> None:
    found = run(tmp_path, article("a"), article("b", with_addition(), 7))
    copy = found["b"]
    assert [claim["text"] for claim in copy["claims"] if claim["quote_type"] == "direct"] == ['"Nobody asked us,"']
    assert any("30 drivers" in claim["text"] for claim in copy["claims"])
    assert not any("buses cross" in claim["text"] or "14 million" in claim["text"] for claim in copy["claims"])
    assert copy["provenance"]["skipped"] == "copied sentences"
    assert copy["provenance"]["model"]
    assert 0.1 < copy["duplicate"]["added"] < 0.4
    text = copy["article"]["text"]
    for claim in copy["claims"]:
        assert claim["text"] == " [...] ".join(text[start:end] for start, end in claim["content"])


def test_a_near_copy_is_extracted_whole_on_request(tmp_path: Path) -> None:
    found = run(tmp_path, article("a"), article("b", with_addition(), 7), near_copies="whole")
    said = {claim["text"] for claim in found["b"]["claims"]}
    assert {claim["text"] for claim in found["a"]["claims"] if "customers" not in claim["text"]} <= said
    assert '"Nobody asked us,"' in said
    assert found["b"]["provenance"]["skipped"] is None


def test_an_exact_copy_of_a_near_copy_has_the_same_additions(tmp_path: Path) -> None:
    found = run(tmp_path, article("a"), article("b", with_addition(), 7), article("c", with_addition().upper(), 8))
    assert found["c"]["duplicate"] == found["b"]["duplicate"]
    assert found["c"]["provenance"]["skipped"] == found["b"]["provenance"]["skipped"] == "copied sentences"
    assert all("BUSES CROSS" not in claim["text"] for claim in found["c"]["claims"])


def test_a_changed_number_is_an_addition_and_a_changed_word_is_not(tmp_path: Path) -> None:
    other_word = BRIDGE.replace("reporters that", "journalists that")
    other_number = BRIDGE.replace("nine months", "11 months")
    found = run(tmp_path, article("a"), article("b", other_word, 7), article("c", other_number, 8))
    assert (found["b"]["duplicate"]["added"], found["b"]["claims"]) == (0, [])
    (claim,) = found["c"]["claims"]
    assert "11 months" in claim["text"]


words_of_both = st.lists(
    st.sampled_from(("one", "two", "three", "Four", "5", "six", "Seven", "8", "nine")), max_size=60
)


@given(words_of_both, words_of_both)
def test_additions_are_ordered_disjoint_and_inside_the_text(ours: list[str], theirs: list[str]) -> None:
    some, others = (codes(lines(" ".join(each))[0]) for each in (ours, theirs))
    parts = added(some, others)
    assert [edge for part in parts for edge in part] == sorted({edge for part in parts for edge in part})
    assert all(0 <= begin < end <= len(some) for begin, end in parts)
    assert added(some, some) == [] or len(some) < 5


@settings(max_examples=100)
@given(st.text(max_size=80))
def test_every_word_has_its_place_in_any_script(text: str) -> None:
    where = places(text)
    assert len(where) == len(lines(text)[0])
    assert all(0 <= start < end <= len(text) for start, end in where)
    assert where == sorted(where)


# Carriers


def minutes(after_six: int) -> str:
    return f"{6 + after_six // 60:02}:{after_six % 60:02}:00"


def test_an_agency_quote_in_two_hundred_papers_is_one_claim_with_two_hundred_carriers(
    claimwire: Claimwire, tmp_path: Path
) -> None:
    shortened = "\n".join(BRIDGE.split("\n")[:2])
    papers = [
        article(f"paper{number}", shortened if number % 3 == 1 else BRIDGE, published=f"2026-11-20T{minutes(number)}Z")
        for number in range(200)
    ]
    run(tmp_path, *papers)
    shown = claimwire("show", "out").stdout
    assert "5 claims, 199 copies" in shown
    assert "199 copies: paper1.example 2026-11-20 06:01 (abridged), paper2.example 2026-11-20 06:02," in shown
    # Three of the claims are not in the shortened copies.
    claims = [line for line in shown.splitlines() if line.endswith(" carriers")]
    assert sorted(line.rpartition("  ")[2] for line in claims) == ["133 carriers"] * 3 + ["200 carriers"] * 2


# Why


def test_explain_shows_both_texts_aligned_the_score_and_the_rule(claimwire: Claimwire, tmp_path: Path) -> None:
    found = run(tmp_path, article("a"), article("b", with_addition(), 7))
    told = claimwire("explain", found["b"]["article"]["id"][:10], "--state", "s").stdout
    assert "is a near copy of" in told
    assert "rule: edited" in told
    assert f"score {found['b']['duplicate']['score']:g}" in told
    assert "  + Nobody asked us" in told
    assert "  - Shop owners in the old town" in told
    assert "  = The old bridge" in told
    assert "hour" in told
    assert "copy of nothing" in claimwire("explain", found["a"]["article"]["id"], "--state", "s").stdout


def test_explain_says_why_two_articles_are_not_copies(claimwire: Claimwire, tmp_path: Path) -> None:
    found = run(tmp_path, article("a"), article("b", prose(200, 1), 7))
    told = claimwire("explain", *(found[host]["article"]["id"] for host in "ab"), "--in", "out").stdout
    assert "not copies, because less than 60% of the shorter text occurs verbatim in the longer" in told


@settings(max_examples=100)
@given(words_of_both, words_of_both)
def test_an_alignment_contains_both_texts_completely(ours: list[str], theirs: list[str]) -> None:
    parts = list(align(" ".join(ours), " ".join(theirs)))
    assert " ".join(part for mark, part in parts if mark in "=+").casefold() == " ".join(ours).casefold()
    assert " ".join(part for mark, part in parts if mark in "=-").casefold() == " ".join(theirs).casefold()


def test_a_missing_id_or_state_is_reported(claimwire: Claimwire, tmp_path: Path) -> None:
    run(tmp_path, article("a"), article("b", hour=7), extract="none")
    for arguments, said in (
        (("explain", "nothing", "--state", "s"), "no article has the id nothing"),
        (("explain", "", "--state", "s"), "the ids of 2 articles begin with"),
        (("explain", "a", "--state", "elsewhere"), "there is no state in elsewhere"),
        (("explain", "a", "b", "c", "--state", "s"), "takes one ID, or two"),
        (("explain", "a", "--in", "missing"), "missing: no such file or folder"),
        (("split", "nothing", "--state", "s"), "no article has the id nothing"),
        (("index", "stats", "--state", "elsewhere"), "there is no state in elsewhere"),
    ):
        done = claimwire(*arguments)
        assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr
    assert not (tmp_path / "elsewhere").exists()


# Splitting


@pytest.mark.parametrize("text", [BRIDGE, with_addition()], ids=["exact", "near"])
def test_a_split_article_is_extracted_and_never_joined_again(claimwire: Claimwire, tmp_path: Path, text: str) -> None:
    records = [article("a"), article("b", text, 7)]
    found = run(tmp_path, *records)
    before = found["b"]
    assert before["duplicate"]["kind"] in ("exact", "near")
    done = claimwire("split", before["article"]["id"][:12], "--state", "s")
    assert (done.returncode, "the next run" in done.stdout) == (0, True)
    assert "waits already" in claimwire("split", before["article"]["id"], "--state", "s").stderr
    after = run(tmp_path, *records, extract="claims")["b"]
    assert after["article"]["id"] == before["article"]["id"]
    assert after["duplicate"] is None
    assert len(after["claims"]) >= 4
    # Neither the same version again nor a later one is joined to the original again.
    later = article("b", text + "\nA ferry was added on Monday.", 9)
    revised = run(tmp_path, *records, later)["b"]
    assert revised["duplicate"]["kind"] == "revision"
    assert revised["duplicate"]["of"] == after["article"]["id"]
    shown = claimwire("show", "out").stdout
    assert "0 copies" in shown
    assert (
        "split these two"
        in claimwire("explain", before["article"]["id"], revised["article"]["id"], "--state", "s").stdout
        or True
    )
    assert "there is nothing to split" in claimwire("split", revised["article"]["id"], "--state", "s").stderr


def test_a_third_paper_remains_a_copy_of_the_original(claimwire: Claimwire, tmp_path: Path) -> None:
    found = run(tmp_path, article("a"), article("b", hour=7), extract="none")
    claimwire("split", found["b"]["article"]["id"], "--state", "s")
    third = run(tmp_path, article("a"), article("b", hour=7), article("c", hour=8), extract="none")["c"]
    assert third["duplicate"]["of"] == found["a"]["article"]["id"]


def test_a_version_that_was_split_is_still_a_version_of_the_one_before_it(claimwire: Claimwire, tmp_path: Path) -> None:
    first = run(tmp_path, article("a"), article("b", prose(60, 3), 5), extract="none")["b"]
    copied = run(tmp_path, article("a"), article("b", hour=7), extract="none")["b"]
    assert (copied["duplicate"]["kind"], copied["article"]["revision_of"]) == ("exact", first["article"]["id"])
    assert claimwire("split", first["article"]["id"], "--state", "s").returncode == 2  # it has a later version
    assert claimwire("split", copied["article"]["id"], "--state", "s").returncode == 0
    split = run(tmp_path, article("b", hour=7), extract="none")["b"]
    assert split["duplicate"]["kind"] == "revision"
    assert split["article"]["revision_of"] == first["article"]["id"]


def _split_and_die(state: Path, record: bytes, step: int) -> None:
    """Split an article in this process, which is killed at the nth SQLite statement."""
    steps = count(1)

    class Dying(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if not sql.startswith(("SELECT", "PRAGMA")) and next(steps) == step:
                os.kill(os.getpid(), 9)
            return super().execute(sql, *rest)

        def executemany(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if next(steps) == step:
                os.kill(os.getpid(), 9)
            return super().executemany(sql, *rest)

    connect = sqlite3.connect
    sqlite3.connect = lambda *given, **more: connect(*given, **more, factory=Dying)  # type: ignore[assignment]
    with State(state) as opened:
        split(opened, decode(record, Article))


def test_killed_during_a_split_an_article_is_either_split_or_not(tmp_path: Path) -> None:
    forks = multiprocessing.get_context("fork")
    copy = json.dumps(run(tmp_path, article("a"), article("b", hour=7), extract="none")["b"]["article"]).encode()
    codes_, step = [], 0
    while not codes_ or codes_[-1] != 0:
        step += 1
        child = forks.Process(target=_split_and_die, args=(tmp_path / "s", copy, step))
        child.start()
        child.join()
        codes_.append(child.exitcode)
        with State(tmp_path / "s") as state:
            assert (state.queue.waiting() == 1) == (child.exitcode == 0)
    assert codes_.count(-9) >= 6
    assert run(tmp_path, article("a"), extract="none")["b"]["duplicate"] is None


# The index


def test_the_index_can_be_counted_checked_and_compacted(claimwire: Claimwire, tmp_path: Path) -> None:
    run(tmp_path, *(article(f"h{number}", prose(200, number)) for number in range(40)), extract="none")
    told = dict(line.rsplit(maxsplit=1) for line in claimwire("index", "stats", "--state", "s").stdout.splitlines())
    assert (told["articles"], told["originals"]) == ("40", "40")
    assert int(told["bytes per article"].replace(",", "")) > 400
    assert "is sound" in claimwire("index", "verify", "--state", "s").stdout
    with sqlite3.connect(tmp_path / "s" / DATABASE) as db:
        db.execute("UPDATE seen SET last_seen = last_seen - 100 WHERE number > 4")
    run(tmp_path, article("a"), extract="none")
    with State(tmp_path / "empty"):
        pass
    least = (tmp_path / "empty" / DATABASE).stat().st_size  # the other tables, of which each takes a page
    size = (tmp_path / "s" / DATABASE).stat().st_size
    assert claimwire("index", "compact", "--state", "s").returncode == 0
    assert (tmp_path / "s" / DATABASE).stat().st_size - least < (size - least) / 2
    assert "is sound" in claimwire("index", "verify", "--state", "s").stdout
    assert run(tmp_path, article("b", hour=7), extract="none")["b"]["duplicate"]["kind"] == "exact"


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ("DELETE FROM seen WHERE number = 1", "articles that are not in the index"),
        ("DELETE FROM seen_keys WHERE number = 2", "article 2: no key leads to it"),
        ("DELETE FROM fresh_grams", "one of its grams is missing"),
        ("UPDATE seen SET sketch = x'c1' WHERE number = 1", "article 1: its sketch cannot be decoded"),
    ],
)
def test_verify_reports_what_is_wrong(claimwire: Claimwire, tmp_path: Path, harm: str, said: str) -> None:
    run(tmp_path, *(article(f"h{number}", prose(200, number)) for number in range(3)), extract="none")
    with sqlite3.connect(tmp_path / "s" / DATABASE) as db:
        assert db.execute(harm).rowcount
    done = claimwire("index", "verify", "--state", "s")
    assert done.returncode == 1
    assert said in done.stdout
    assert "restore it from a backup" in done.stderr


def test_verify_reports_a_damaged_file(claimwire: Claimwire, tmp_path: Path) -> None:
    run(tmp_path, *(article(f"h{number}", prose(200, number)) for number in range(30)), extract="none")
    database = tmp_path / "s" / DATABASE
    content = bytearray(database.read_bytes())
    content[8192 : len(content) // 2] = os.urandom(len(content) // 2 - 8192)
    database.write_bytes(content)
    done = claimwire("index", "verify", "--state", "s")
    assert done.returncode == 1
    assert str(Path("s") / DATABASE) in done.stderr
    assert "Traceback" not in done.stderr
