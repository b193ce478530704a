"""A text with the marks of its claims, and the page of ``show --format html``."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

from conftest import run_here, write_jsonl
from hypothesis import given
from hypothesis import strategies as st
from test_copies import article

from claimwire.pipelines.normalize.text import clean
from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.serve.file import page
from claimwire.pipelines.serve.marking import drawn as draw
from claimwire.schemas import Claim, Cue, Speaker


def claim(content: tuple[int, int], speaker: tuple[int, int], cue: tuple[int, int]) -> Claim:
    return Claim(
        "c", "", (content,), Speaker("", (speaker,), None, None, "person"), Cue("", (cue,), "say", "speech"),
        "direct", "affirmed", "asserted", (), (), (), None, None, (0, 0),
    )  # fmt: skip


_SPANS = st.tuples(st.integers(0, 30), st.integers(1, 20)).map(lambda pair: (pair[0], sum(pair)))
_CLAIMS = st.lists(st.builds(claim, _SPANS, _SPANS, _SPANS), max_size=4)


@given(st.text(st.characters(codec="utf-8"), max_size=50), _CLAIMS)
def test_without_its_marks_a_page_is_the_text(text: str, claims: list[Claim]) -> None:
    drawn = "\n".join(map(str, draw(text, list(enumerate(claims, 1)))))
    bare = re.sub(r"</?(p|mark)( class=\"[a-z ]+\" data-claims=\"[0-9 ]+\")?>", "", re.sub("<sup>.*?</sup>", "", drawn))
    assert html.unescape(bare) == "\n".join(clean(line) for line in text.split("\n") if line)


@given(_CLAIMS)
def test_every_character_has_the_marks_that_reach_over_it(claims: list[Claim]) -> None:
    text = "abcdefghij" * 6
    (drawn,) = draw(text, list(enumerate(claims, 1)))
    marked: list[set[str]] = []
    bare = re.sub('<sup>.*?</sup>| data-claims="[0-9 ]+"', "", str(drawn))
    for names, inside, outside in re.findall(r'<mark class="([a-z ]+)">(\w+)</mark>|(\w+)(?![^<]*>)', bare):
        marked += [set(names.split())] * len(inside or outside)
    for at, names in enumerate(marked):
        expected = set()
        for each in claims:
            assert each.speaker
            assert each.cue
            spans = (("claim", each.content), ("speaker", each.speaker.spans), ("cue", each.cue.spans))
            expected |= {name for name, ((start, end),) in spans if start <= at < end}
        assert names == expected
    assert len(marked) == len(text)


@given(_CLAIMS)
def test_each_claim_has_its_number_once_where_it_begins(claims: list[Claim]) -> None:
    numbered = list(enumerate(claims, 1))
    (drawn,) = draw("abcdefghij" * 6, numbered)
    assert sorted(re.findall(r'<a href="#claim-(\d+)" id="at-\1">\1</a>', str(drawn))) == sorted(
        str(n) for n, _ in numbered
    )
    for number, each in numbered:
        before = str(drawn).partition(f'<sup><a href="#claim-{number}"')[0]
        assert len(re.sub("<sup>.*?</sup>|<[^>]*>", "", before)) == each.content[0][0]


def test_paragraphs_without_a_claim_can_be_left_out() -> None:
    paragraphs = draw("one\ntwo\nthree\nfour\nfive", [(1, claim((8, 13), (8, 10), (10, 13)))], whole=False)
    assert [re.sub("<[^>]*>", "", str(paragraph)) for paragraph in paragraphs] == ["[...]", "1three", "[...]"]


def test_the_page_of_one_file_has_links_and_a_policy_that_allows_its_style_and_nothing_else(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", article("courier"))
    sink = (f"jsonl:{tmp_path / 'out'}",)
    run_here(tmp_path / "state", source=(str(source),), sink=sink, extractor="rules")
    shown = "".join(page([tmp_path / "out"], Filter()))
    link = '<a href="https://courier.example/bridge" rel="noopener noreferrer">https://courier.example/bridge</a>'
    assert link in shown
    style = re.search("<style>(.*?)</style>", shown, re.S)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in html.unescape(shown)
    assert not re.search("<script|<link|<img|url[(]|@import", shown)
