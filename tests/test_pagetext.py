"""The article of a page: what is kept, what goes, and that nothing makes it fail."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwire.connectors.web.pages.blocks import blocks, parse
from claimwire.connectors.web.pages.rules import is_boilerplate
from claimwire.connectors.web.pages.text import decode_html, page_text

PARAGRAPHS = (
    "The harbour of Oldport will stay closed until the spring, Mayor Ilse Verr said on Tuesday, because divers found "
    "cracks in two of its four gates.",
    "“We could have opened one of the gates, but nobody wanted to be the one who signs for it,” she told reporters, "
    "after a meeting that lasted until midnight.",
    "The fishermen of the town expect to lose a third of what they earn in a year, according to their association, "
    "which asked the province for help last week.",
    "A spokesman for the province, Tomas Hale, said that the money was there, but that the rules did not allow to pay "
    "before the damage had been counted.",
    "The gates were built in 1961 and were last repaired nine years ago, when the town replaced the hinges and the "
    "pumps, but not the steel of the gates.",
)
TABLE = "<table><tr><th>Gate</th><th>Cracks found</th></tr><tr><td>North</td><td>14 cracks</td></tr></table>"
LIST = "<ul><li>The northern gate stays shut until May.</li><li>The ferry leaves from the old pier.</li></ul>"
QUOTED = "The gates are older than most of the people who work on them."


def page(*, body: str = "", before: str = "", behind: str = "", head: str = "", paragraphs: int = 5) -> str:
    """A page of a made-up outlet, with the frame that such pages have."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[:paragraphs])
    return f"""<!DOCTYPE html><html lang="en"><head><title>Harbour of Oldport stays closed | The Oldport Wire</title>
    <meta charset="utf-8">{head}</head><body>
    <div class="cookie-banner"><p>We use cookies to give you the best experience on our site. By clicking accept you
    agree to our privacy policy.</p><button>Accept</button></div>
    <header class="site-header"><nav><ul><li><a href="/">Home</a></li><li><a href="/town">Town news</a></li>
    <li><a href="/sport">Sport and leisure</a></li></ul></nav></header>
    <main><article class="story"><h1>Harbour of Oldport stays closed</h1>
    <div class="byline">By <a href="/authors/nell">Nell Arden</a></div><time>Published 3 hours ago</time>{before}
    <div class="story-body">{text}{body}</div>{behind}</article>
    <aside class="related"><h3>Related stories</h3><ul><li><a href="/1">Council of Oldport votes on new pumps</a></li>
    <li><a href="/2">Ferry to Southbank stops for a week</a></li></ul></aside>
    <section class="newsletter"><h3>Get our newsletter</h3><p>Sign up for our morning newsletter and get the news of
    Oldport in your inbox.</p><form><input type="email"><button>Sign up</button></form></section></main>
    <footer><p>© 2026 The Oldport Wire. All rights reserved.</p>
    <ul><li><a href="/imprint">Imprint</a></li></ul></footer></body></html>"""


def test_an_article_is_its_paragraphs_and_nothing_of_the_site() -> None:
    assert page_text(page()) == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "part",
    [
        "<h2>Ferries leave from the old pier</h2><p>The company that runs them has hired two more boats for it.</p>",
        f"<blockquote><p>{QUOTED}</p></blockquote>",
    ],
)
def test_subheads_and_block_quotes_are_paragraphs_of_their_own(part: str) -> None:
    text = page_text(page(body=part + f"<p>{PARAGRAPHS[0][:60]} of this year, as she put it.</p>"))
    kept = [piece.text for piece in blocks(_root(part)).blocks]
    assert text.split("\n\n")[5 : 5 + len(kept)] == kept


def test_list_items_are_lines_and_cells_are_apart_by_tabs() -> None:
    text = page_text(page(body=LIST + TABLE + f"<p>{PARAGRAPHS[4][:70]} and more than once.</p>"))
    assert "\n\nThe northern gate stays shut until May.\nThe ferry leaves from the old pier.\n" in text
    assert "Gate\tCracks found\nNorth\t14 cracks\n\n" in text


@pytest.mark.parametrize(
    "part",
    [
        "<figure><img src=x><figcaption>The northern gate in winter. Photo: Ada Quill</figcaption></figure>",
        "<p>Read more: Council of Oldport votes on new pumps</p>",
        "<p><a href=/1>READ ALSO: Ferry to Southbank stops for a week</a></p>",
        "<p>Photo: Ada Quill/The Oldport Wire</p>",
        "<p>(Photo by Ada Quill)</p>",
        "<p>Ada Quill/Getty Images</p>",
        "<p>Ada Quill for The Oldport Wire</p>",
        "<p>[Read more: Council of Oldport votes on new pumps]</p>",
        "<div class=ad><p>Advertisement</p></div>",
        "<p>Article continues below</p>",
        "<div class=share-bar><ul><li>Share</li><li>Tweet</li><li>Email</li></ul></div>",
        "<p>Sign up for our newsletter and never miss an update.</p>",
        "<p>Follow us on Facebook and Instagram.</p>",
        "<p>Listen to this article</p>",
        "<p>4 min read</p>",
        "<p>Published 3 hours ago</p>",
        "<p>Updated: 4 March 2026 at 10:15</p>",
        "<p>By Nell Arden and Tom Birk</p>",
        "<p>Written by: Nell Arden, The Oldport Wire | 4 March 2026</p>",
        "<p>The post Harbour of Oldport stays closed appeared first on The Oldport Wire.</p>",
        "<p>© 2026 The Oldport Wire</p>",
        "<p>By continuing to use this site you agree to our terms of use.</p>",
        "<p>Additional reporting by Nell Arden</p>",
        "<p>March 4, 2026, 10:15 am GMT</p>",
        "<p>14 comments · 3 shares</p>",
        "<div>Facebook Twitter WhatsApp</div>",
        "<p>Oldport from above on Monday. Photograph: Ada Quill/The Wire</p>",
        "<p>Divers at the northern gate in Oldport on Sunday. (AP Photo/Ada Quill)</p>",
        "<div class=imageCaption>The northern gate of Oldport after the storm of Sunday night</div>",
        "<figure><div>The northern gate of Oldport after the storm</div></figure>",
        "<p>Do you love the sea? The Tide is our newsletter for you. Sign up now and never miss a wave.</p>",
        "<p>Was this newsletter sent on to you? Sign up to get it in your inbox.</p>",
        "<p>Contact staff writer Nell Arden at 555 0100 or arden@wire.example.</p>",
        "<p>This story about harbours was written by Nell Arden and produced by The Wire, a nonprofit newsroom.</p>",
        "<p>Some of our links are affiliate links, by which we may earn a commission.</p>",
        "<p>Nell Arden writes about harbours. Follow her on Twitter @arden.</p>",
        "<p>This slideshow requires JavaScript.</p>",
        "<p>Leia também: O porto fica fechado</p>",
        "<p>Related information</p>",
    ],
)
@pytest.mark.parametrize("where", ["before", "within", "behind"])
def test_what_stands_around_articles_goes_wherever_it_stands(part: str, where: str) -> None:
    half = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[:3])
    rest = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS[3:])
    whole = {"before": part + half + rest, "within": half + part + rest, "behind": half + rest + part}[where]
    assert page_text(page(body=whole, paragraphs=0)) == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "sentence",
    [
        "Copyright law does not cover the drawings of the gates, the court of Oldport ruled on Monday.",
        "By using two boats more, the company hopes to carry all passengers, its director said.",
        "Photo albums from the year 1961 show how the gates were lifted into the harbour by crane.",
        "Updated plans for the harbour will be shown to the council in June, the mayor said.",
        "Related costs of two million crowns are not part of the plan, the auditors found.",
        "By Tuesday evening the divers had found fourteen cracks.",
        "Listen to the fishermen, said Tomas Hale, and you will hear the same story twice.",
        "Ilse Verr for mayor, the posters said.",
        "Northern Gate Works and Oldport Pumps offered to do the repairs.",
        "Published figures show that the harbour made a loss in 2024 and again in 2025.",
        "“Follow him on Twitter if you must,” the mayor said, “but do not call him at night.”",
        "The company told its customers to sign up for a newsletter that nobody has ever received.",
        "In May 2024 the gates were lifted.",
        "Facebook and Twitter did not comment on the post.",
        "This story was denied by the harbour board, whose chair called it an invention.",
        "Two comments by the mayor made the council angry.",
        "The picture: a harbour that has no money, and no plan to find any, according to the auditors.",
        "He had sent the divers home early (a mistake, as the photo by his wife would show).",
        "She reached the board by e-mail, at board@oldport.example, and was told to wait.",
    ],
)
def test_sentences_that_begin_like_the_words_of_a_site_are_no_boilerplate(sentence: str) -> None:
    assert not any(is_boilerplate(block) for block in blocks(_root(f"<p>{sentence}</p>")).blocks)


def test_an_author_s_note_behind_the_article_is_not_of_it() -> None:
    note = "<p>Nell Arden is a senior reporter at The Oldport Wire. Follow her on Twitter.</p>"
    assert page_text(page(behind=f'<div class="author-bio">{note}</div>')) == "\n\n".join(PARAGRAPHS)


def test_a_paragraph_that_stands_twice_is_read_once() -> None:
    again = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    assert page_text(page(body=f'<div class="only-on-phones">{again}</div>')) == "\n\n".join(PARAGRAPHS)


def test_two_breaks_end_a_paragraph_and_one_ends_a_line() -> None:
    root = _root("<div>One line<br>and the next.<br><br/>Another paragraph.</div>")
    assert [block.text for block in blocks(root).blocks] == ["One line\nand the next.", "Another paragraph."]


def test_marks_that_nobody_sees_are_no_part_of_the_text() -> None:
    marked = PARAGRAPHS[0].replace("Oldport", "Old\u00adport").replace("harbour", "har\u200bbour")
    html = page().replace(PARAGRAPHS[0], marked.replace(" of", "&nbsp;of"))
    assert page_text(html) == "\n\n".join(PARAGRAPHS)


def test_the_text_behind_a_button_that_nobody_closes_is_read() -> None:
    assert page_text(page().replace("<header", "<header><button class=menu><header", 1)) == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "html",
    [
        "",
        "   ",
        "\0",
        "<",
        "<html><body></body></html>",
        "<html><head><title>Not found</title></head><body><h1>404</h1><p>This page is not here.</p></body></html>",
        "<ul>" + "".join(f"<li><a href=/{n}>Link number {n}</a></li>" for n in range(60)) + "</ul>",
    ],
)
def test_a_page_without_an_article_has_no_text(html: str) -> None:
    assert page_text(html) == ""


@pytest.mark.parametrize(
    "hostile",
    [
        "<div>" * 100_000,
        "<b><i><u><a>" * 20_000,
        "<p>" + "word " * 2_000_000,
        "<p " + " ".join(f"a{number}=1" for number in range(170_000)) + ">x</p>",
        "<table><tr><td>" * 30_000,
        "<!--" * 300_000,
        '<script type="application/ld+json">{"articleBody":' + '{"articleBody":[' * 50_000,
        "\ud800" * 10_000,
        f"<p>By {'A' * 110}!</p><p>By {'A-' * 50}!</p><p>{'Ab ' * 60}/{'Ab ' * 20}!</p><p>Sign up {'news ' * 100}</p>"
        * 50,
    ],
    ids=["deep", "misnested", "one paragraph", "attributes", "tables", "comments", "JSON", "surrogates", "phrases"],
)
def test_a_hostile_page_ends_in_text_or_none(hostile: str) -> None:
    for html in (hostile, page(body=hostile)):
        text = page_text(html)
        assert "\n\n\n" not in text
        text.encode()


TAGS = (
    "p",
    "div",
    "h1",
    "h2",
    "li",
    "ul",
    "table",
    "tr",
    "td",
    "a",
    "b",
    "br",
    "article",
    "script",
    "button",
    "pre",
    "x",
)
PIECES = st.one_of(
    st.sampled_from([f"<{name}>" for name in TAGS] + [f"</{name}>" for name in TAGS]),
    st.sampled_from(["<p class='byline' id=x>", "<!--", "-->", "<![CDATA[", "&#0;", "&#xd800;", "&amp", "<", ">", '"']),
    st.sampled_from(PARAGRAPHS),
    st.text(max_size=30),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_text_gives_clean_paragraphs(html: str) -> None:
    text = page_text(html)
    assert text == text.strip()
    assert all(paragraph.strip() for paragraph in text.split("\n\n")) or not text
    assert not set(text) & set("\0\u00ad\u200b\ufeff\ufdd0")
    assert page_text(html) == text


@settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_what_unicode_encodes_is_decoded(text: str, encoding: str) -> None:
    if text.startswith("\ufeff") or (encoding == "utf-8" and text.startswith("\xff\xfe")):
        return
    assert decode_html(text.encode(encoding), None) == text


@settings(deadline=None)
@given(st.binary(max_size=400), st.one_of(st.none(), st.text(max_size=60)))
def test_no_bytes_and_no_header_make_decoding_fail(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode_html(body, content_type), str)
    assert isinstance(decode_html(b"<meta charset=" + body, f"text/html; charset={content_type}"), str)


@pytest.mark.parametrize("name", ["idna", "punycode", "undefined", "unicode_escape", "base64", "utf-7", "mbcs"])
def test_a_codec_that_is_no_charset_of_pages_counts_as_none(name: str) -> None:
    assert decode_html(b"caf\xe9 \\u0041 +AEE-", f"text/html; charset={name}").endswith("\\u0041 +AEE-")


RUSSIAN = "Гавань Олдпорта останется закрытой до весны, сказала мэр в понедельник."


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (RUSSIAN.encode("cp1251"), "text/html; charset=windows-1251"),
        (RUSSIAN.encode("cp1251"), 'text/html;charset="Windows-1251"'),
        (b"<meta charset=windows-1251>" + RUSSIAN.encode("cp1251"), "text/html"),
        (b'<meta http-equiv=Content-Type content="text/html; charset=koi8-r">' + RUSSIAN.encode("koi8_r"), None),
        (b"<?xml version='1.0' encoding='windows-1251'?>" + RUSSIAN.encode("cp1251"), None),
        (RUSSIAN.encode(), "text/html; charset=iso-8859-1"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=utf-8"),
        (RUSSIAN.encode("cp1251") * 4, "text/html; charset=no-such-charset"),
        (RUSSIAN.encode("utf-16"), "text/html; charset=utf-8"),
    ],
    ids=["header", "quoted", "meta", "http-equiv", "xml", "header lies", "says UTF-8", "unknown", "mark"],
)
def test_a_page_is_read_in_its_charset_whatever_is_said_of_it(body: bytes, content_type: str | None) -> None:
    assert RUSSIAN in decode_html(body, content_type)


def test_quotation_marks_of_windows_are_read_under_the_name_of_latin_1() -> None:
    assert decode_html(b"\x93Go\x94 caf\xe9", "text/html; charset=iso-8859-1") == "“Go” café"


def _root(html: str):  # type: ignore[no-untyped-def]
    parsed = parse(f"<html><body>{html}</body></html>")
    assert parsed is not None
    return parsed[0]
