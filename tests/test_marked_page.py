"""The page of ``show --format html``: marks that overlap, and the text between them."""

from __future__ import annotations

import html
import re
from pathlib import Path

from conftest import run_here, write_jsonl
from hypothesis import given
from hypothesis import strategies as st
from test_copies import article

from claimwire.pipelines.normalize.text import clean
from claimwire.pipelines.read.filters import Filter
from claimwire.pipelines.read.page import _drawn, page
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
    drawn = "\n".join(map(str, _drawn(text, claims)))
    bare = re.sub(r"</?(p|mark)( class=\"[a-z ]+\")?>", "", re.sub(r"<sup class=\w+>\d+</sup>", "", drawn))
    assert html.unescape(bare) == "\n".join(clean(line) for line in text.split("\n") if line)


@given(_CLAIMS)
def test_every_character_has_the_marks_that_reach_over_it(claims: list[Claim]) -> None:
    text = "abcdefghij" * 6
    (drawn,) = _drawn(text, claims)
    marked: list[set[str]] = []
    without_numbers = re.sub(r"<sup class=\w+>\d+</sup>", "", str(drawn))
    for names, inside, outside in re.findall(r'<mark class="([a-z ]+)">(\w+)</mark>|(\w+)(?![^<]*>)', without_numbers):
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


def test_the_url_of_an_article_is_a_link(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", article("courier"))
    sink = (f"jsonl:{tmp_path / 'out'}",)
    run_here(tmp_path / "state", source=(str(source),), sink=sink, extractor="rules")
    shown = "".join(page([tmp_path / "out"], Filter()))
    assert '<a href="https://courier.example/bridge" rel="noopener">https://courier.example/bridge</a>' in shown
