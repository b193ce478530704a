"""HTML to text: what is kept, what goes, and that nothing makes it fail or slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwire.connectors.web.html import to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One.</p><p>Two <b>bold</b>\n words.</p>", "One.\n\nTwo bold words."),
        ("<p>A</p>\n\n\n<div><p>B<br>C<br/>D</p></div>", "A\n\nB\nC\nD"),
        ("one<br>two<br><br>three", "one\ntwo\n\nthree"),
        ("<ul><li>a<li>b</ul>", "a\nb"),
        ("<ol><li>a</li><li>b</li></ol>", "a\nb"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
        ("<blockquote>said <q>x</q></blockquote><h2>Head</h2>text", "said x\n\nHead\n\ntext"),
    ],
)
def test_paragraphs_lines_items_and_cells_stay_apart(html: str, text: str) -> None:
    assert to_text(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<script>if (a<b) x()</script>kept",
        "<style>p { color: red }</style>kept",
        "<!-- a comment -->kept",
        "kept<img src=x alt='a picture'>",
        "<svg><script>alert(1)</script></svg>kept",
        "<iframe src=x>no frames</iframe>kept",
        "<noscript><img src=x></noscript>kept",
        "<p onclick='x()' title='a > b'>kept</p>",
        "<a href='https://example.org'>kept</a>",
        "<![CDATA[<p>kept</p>]]>",
        "<o:p></o:p><p class=MsoNormal>kept</p>",
    ],
)
def test_what_is_not_text_goes(html: str) -> None:
    assert to_text(html) == "kept"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a < b & c", "a < b & c"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("x<y and z>w", "x<y and z>w"),
        ("<p>x<y and z>w</p>", "x<y and z>w"),
        ("Jane Roe <jane@example.org> wrote", "Jane Roe <jane@example.org> wrote"),
        ("see <https://example.org/a> there", "see <https://example.org/a> there"),
        ("First line\nwrapped.\n\nSecond  paragraph.\n", "First line wrapped.\n\nSecond paragraph."),
        ("Use &lt;b&gt; for bold.", "Use <b> for bold."),
        ("“Quotes” – dashes… \U0001f600", "“Quotes” – dashes… \U0001f600"),
        ("", ""),
        (" \n\t", ""),
    ],
)
def test_plain_text_survives(html: str, text: str) -> None:
    assert to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("&lt;p&gt;One &lt;b&gt;bold&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;", "One bold.\n\nTwo."),
        ("&lt;img src=x/&gt;&lt;br&gt;After &amp;amp; before", "After & before"),
        ('In reply to &lt;a href="https://example.org"&gt;Jane&lt;/a&gt;.', "In reply to Jane."),
    ],
)
def test_markup_that_was_encoded_once_too_often_is_markup(html: str, text: str) -> None:
    assert to_text(html) == text


def test_markup_that_an_article_shows_is_text() -> None:
    assert to_text("<p>Write <code>&lt;p&gt;text&lt;/p&gt;</code>.</p>") == "Write <p>text</p>."


@pytest.mark.parametrize("html", ["<p>The har&shy;bour mas\u00adter</p>", "The har&shy;bour\u200b mas\u00adter\ufeff"])
def test_marks_that_nobody_sees_are_taken_out(html: str) -> None:
    assert to_text(html) == "The harbour master"


def test_joiners_are_kept_where_they_are_spelling() -> None:
    assert to_text("<p>the \u200charbour \u200cmaster</p>") == "the harbour master"
    for spelt in ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\U0001f680"):
        assert to_text(f"<p>{spelt}</p>") == spelt


def test_lone_surrogates_become_replacement_characters() -> None:
    assert to_text("<p>a\ud800b \ud83d\ude00</p>") == "a\ufffdb \U0001f600"
    assert to_text("\udfff") == "\ufffd"


PIECES = [
    "<p>",
    "</p>",
    "<b>",
    "<a href='",
    "<",
    ">",
    "&",
    "&lt;",
    "&#",
    ";",
    "<!--",
    "-->",
    "<script>",
    "</",
    "\0",
    "'",
]


@given(st.text() | st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join))
@settings(max_examples=150, deadline=None)
def test_nothing_makes_it_fail(html: str) -> None:
    text = to_text(html)
    assert text == text.strip()
    text.encode()
    assert "\n\n\n" not in text


@given(st.lists(st.text("abc .,", min_size=1).map(str.strip).filter(bool), min_size=1))
@settings(deadline=None)
def test_the_words_of_a_paragraph_stay_and_nothing_is_added(paragraphs: list[str]) -> None:
    text = to_text("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))
    assert text == "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


@pytest.mark.parametrize(
    "piece",
    ["<b><i><u><a>", "<table><td>", "<div>", "<b><div></b>", "<b></i>", "<", "&", "<a ", "<!--", "<p \n", "&lt;p"],
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    began = time.process_time()
    to_text(piece * (1_000_000 // len(piece)))
    assert time.process_time() - began < 20  # the HTML standard's algorithm takes minutes for the first


def test_text_is_kept_where_markup_is_too_much_for_a_parser() -> None:
    html = "<p>One <b>bold</b>\n word</p><script>a<b</script><ul><li>x<li>y</ul>a &amp; b" + "<i></i>" * 20_000
    assert to_text(html) == "One bold word\n\nx\ny\n\na & b"


def test_a_tag_of_a_hundred_thousand_attributes_is_a_tag() -> None:
    attributes = " ".join(f'a{number}=">"' for number in range(100_000))
    began = time.process_time()
    assert to_text(f"<p {attributes}>One.</p><p>Two.</p>") == "One.\n\nTwo."
    assert to_text(f"<p>One.</p><p {attributes}") == "One."
    assert time.process_time() - began < 20


@pytest.mark.parametrize("markup", ["{}", "<p>{}</p>", "<p>{}</p>" + "<i></i>" * 20_000, "&lt;p&gt;{}&lt;/p&gt;"])
def test_a_reference_to_a_character_of_any_number_is_read(markup: str) -> None:
    for reference in ("&#" + "9" * 5_000 + ";", "&#" + "0" * 5_000, "&#x" + "f" * 5_000 + ";"):
        assert "cost 5" in to_text(markup.replace("{}", f"cost&#32;&#53; {reference}"))
