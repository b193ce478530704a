"""What a page says of itself: each field from each place that has it, what comes first, and what is none of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claimwire.connectors.web.pages.jsonld import nodes_in, values_of
from claimwire.connectors.web.pages.meta import PageMetadata, page_metadata

URL = "https://www.harbourcourier.example/2026/03/04/bridge-closes"


def said(html: str, url: str | None = URL, text: str | None = None) -> PageMetadata:
    return page_metadata(html, url, text)


def ld(*nodes: Any) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(node)}</script>' for node in nodes)


def article(**fields: Any) -> str:
    return ld({"@context": "https://schema.org", "@type": "NewsArticle", **fields})


def meta(**fields: str) -> str:
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in fields.items())


def test_json_ld_of_a_news_article_gives_all_fields() -> None:
    found = said(
        "<html lang=en-GB>"
        + article(
            headline="Bridge closes for a month",
            author=[{"@type": "Person", "name": "Ada Kern"}, {"@type": "Person", "name": "Jon Vey"}],
            datePublished="2026-03-04T09:30:00+01:00",
            dateModified="2026-03-04T11:00:00+01:00",
            articleSection="Local",
            publisher={"@type": "NewsMediaOrganization", "name": "The Harbour Courier"},
            description="The bridge &amp; the road close.",
            keywords=["bridge", "roads"],
            isAccessibleForFree=False,
        )
        + '<link rel="canonical" href="/2026/03/04/bridge-closes">'
    )
    assert found == PageMetadata(
        title="Bridge closes for a month",
        authors=("Ada Kern", "Jon Vey"),
        published="2026-03-04T09:30:00+01:00",
        updated="2026-03-04T11:00:00+01:00",
        canonical=URL,
        language="en-GB",
        section="Local",
        source_name="The Harbour Courier",
        summary="The bridge & the road close.",
        tags=("bridge", "roads"),
        paywalled=True,
    )


def test_meta_elements_give_what_json_ld_does_not() -> None:
    found = said(
        '<meta name="author" content="By Ada Kern"><meta name="description" content="A summary.">'
        '<meta name="news_keywords" content="bridge, roads">'
        + meta(
            og__title="Bridge closes - The Harbour Courier",
            og__site_name="The Harbour Courier",
            article__published_time="2026-03-04T08:30:00Z",
            article__modified_time="2026-03-04T10:00:00Z",
            article__section="Local",
            og__url=URL,
        )
    )
    assert (found.title, found.authors, found.section) == ("Bridge closes", ("Ada Kern",), "Local")
    assert (found.published, found.updated) == ("2026-03-04T08:30:00+00:00", "2026-03-04T10:00:00+00:00")
    assert (found.canonical, found.summary, found.tags) == (URL, "A summary.", ("bridge", "roads"))
    assert not found.published_guessed


# --- JSON-LD ---


def test_authors_of_a_graph_are_looked_up_and_pages_that_are_only_listed_are_not_the_article() -> None:
    graph = {
        "@graph": [
            {"@type": "WebPage", "@id": URL, "datePublished": "2026-03-04T08:30:00+00:00"},
            {"@type": "ItemList", "itemListElement": [{"@type": "NewsArticle", "headline": "Another"}]},
            {"@type": "Article", "headline": "Bridge closes", "author": {"@id": "#ada"}, "publisher": {"@id": "#org"}},
            {"@type": "Person", "@id": "#ada", "name": "Ada Kern"},
            {"@type": "Organization", "@id": "#org", "name": "Harbour Courier"},
        ]
    }
    found = said(ld(graph))
    assert (found.title, found.authors, found.source_name) == ("Bridge closes", ("Ada Kern",), "Harbour Courier")
    assert found.published == "2026-03-04T08:30:00+00:00"


def test_of_several_articles_the_one_with_the_address_of_the_page_is_read_then_the_one_with_its_heading() -> None:
    other = {"@type": "NewsArticle", "headline": "Ferry sold", "url": "https://www.harbourcourier.example/ferry"}
    own = {"@type": "NewsArticle", "headline": "Bridge closes"}
    assert said(ld(other, own | {"mainEntityOfPage": {"@id": URL + "?ref=home"}})).title == "Bridge closes"
    assert said(ld(other, own) + "<h1>Bridge closes</h1>").title == "Bridge closes"
    assert said(ld(other, own)).title == "Ferry sold"


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "NewsArticle", "headline": "It\'s\nbroken",}',
        '<!-- {"@type": "NewsArticle", "headline": "It\\\'s broken"} -->',
        '//<![CDATA[\n{"@type": "NewsArticle", // our article\n"headline": "It\'s broken", "url": "http://a.example//b"};\n//]]>',
        "{&quot;@type&quot;: &quot;NewsArticle&quot;, &quot;headline&quot;: &quot;It's broken&quot;}",
        '{"@type": "Organization"}{"@type": "NewsArticle", "headline": "It\'s broken"}',
        '\ufeff [[{"@type": ["Thing", "http://schema.org/NewsArticle"], "headline": "It\'s broken"}]]',
    ],
)
def test_json_ld_with_the_usual_mistakes_is_mended(script: str) -> None:
    node = next(node for node in nodes_in([script]) if "headline" in node)
    assert " ".join(node["headline"].split()) == "It's broken"


def test_of_json_ld_that_cannot_be_mended_only_what_it_says_once_is_read() -> None:
    broken = '{"@type": "NewsArticle", "headline": "A "quoted" word", "datePublished": "2026-03-04T08:30:00Z", "x": [}'
    assert list(values_of(broken)) == [{"@type": "NewsArticle", "datePublished": "2026-03-04T08:30:00Z"}]
    twice = broken + ' "datePublished": "2020-01-01"'
    assert list(values_of(twice)) == [{"@type": "NewsArticle"}]
    assert list(values_of('{"@type": "Product", "datePublished": "2026-03-04", ]')) == []


# --- titles ---


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>Bridge closes | The Harbour Courier</title>", "Bridge closes"),
        ("<title>Bridge closes - harbourcourier.example</title>", "Bridge closes"),
        ("<title>Harbour Courier: x</title><h1>Harbour Courier</h1><h1>Bridge closes</h1>", "Harbour Courier: x"),
        ("<title>Rain - and then more rain</title>", "Rain - and then more rain"),
        (meta(og__title="Bridge shut: what we") + "<h1>Bridge shut: what we know</h1>", "Bridge shut: what we know"),
        (article(headline="Bridge shut") + "<title>Bridge shut - Courier</title><h1>Related news</h1>", "Bridge shut"),
        (article(headline="Kern &amp; Vey <i>win</i>"), "Kern & Vey win"),
        ("<h1>A heading alone</h1>", "A heading alone"),
        ("<p>nothing</p>", None),
    ],
)
def test_a_title_is_the_heading_that_the_page_confirms_without_the_outlets_name(html: str, title: str | None) -> None:
    assert said(html + meta(og__site_name="The Harbour Courier")).title == title


# --- authors ---


@pytest.mark.parametrize(
    ("byline", "authors"),
    [
        ("By Ada Kern", ("Ada Kern",)),
        ("BY ADA KERN AND JON VEY", ("ADA KERN", "JON VEY")),
        ("By Ada Kern, Jon Vey and Mia de la Cruz", ("Ada Kern", "Jon Vey", "Mia de la Cruz")),
        ("Ada Kern & Jon Vey", ("Ada Kern", "Jon Vey")),
        ("Ada Kern; Jon Vey", ("Ada Kern", "Jon Vey")),
        ("Ada Kern, Senior Political Reporter", ("Ada Kern",)),
        ("Ada Kern | Harbour correspondent", ("Ada Kern",)),
        ("Ada Kern, Ph.D., MBA", ("Ada Kern",)),
        ("Jon Vey, Jr.", ("Jon Vey, Jr.",)),
        ("Vey, Jon T.", ("Jon T. Vey",)),
        ("Ada Kern (ada.kern@courier.example)", ("Ada Kern",)),
        ("Ada Kern ada.kern@courier.example", ("Ada Kern",)),
        ("Von Anna Holm und Jens Ott", ("Anna Holm", "Jens Ott")),
        ("Par Luc Morel et Zoé Petit", ("Luc Morel", "Zoé Petit")),
        ("Юрий Вейс", ("Юрий Вейс",)),
        ("Photo: Jon Vey; Ada Kern", ("Ada Kern",)),
        ("Ada Kern, The Harbour Courier", ("Ada Kern",)),
        ("Ada Kern with Jon Vey", ("Ada Kern", "Jon Vey")),
        ("Staff", ()),
        ("Staff Writer", ()),
        ("admin", ()),
        ("Courier Staff", ()),
        ("Newsroom", ()),
        ("harbourcourier.test", ()),
        ("https://www.facebook.com/adakern", ()),
        ("3 min read", ()),
        ("Mar 27", ()),
        ("", ()),
    ],
)
def test_authors_are_the_names_of_people_and_nothing_else(byline: str, authors: tuple[str, ...]) -> None:
    assert said(f'<meta name="author" content="{byline}">').authors == authors


def test_authors_in_json_ld_come_first_then_meta_elements_then_marks_and_bylines_of_the_text() -> None:
    by_json = article(author="Ada Kern")
    by_meta = '<meta name="author" content="Jon Vey">'
    by_mark = '<span itemprop="author" itemscope><span itemprop="name">Mia Cruz</span></span>'
    by_link = '<a rel="author" href="/lee">Lee Holm</a>'
    by_class = '<p class="byline">By Tom Ott</p>'
    by_words = "<h1>Bridge</h1><div><p>By Eva Morel March 4, 2026</p></div>"
    places = [by_json, by_meta, by_mark, by_link, by_class, by_words]
    names = ["Ada Kern", "Jon Vey", "Mia Cruz", "Lee Holm", "Tom Ott", "Eva Morel"]
    for at, name in enumerate(names):
        assert said("".join(places[at:])).authors == (name,)


def test_an_organization_is_an_author_only_where_nobody_is_and_the_outlet_only_where_it_is_a_person() -> None:
    union = {"@type": "Organization", "name": "Harbour Pilots Union"}
    assert said(article(author=union)).authors == ("Harbour Pilots Union",)
    assert said(article(author=union) + '<meta name="author" content="Ada Kern">').authors == ("Ada Kern",)
    site = meta(og__site_name="Ada Kern")
    assert said(article(author={"@type": "Organization", "name": "Ada Kern"}) + site).authors == ()
    assert said(article(author={"@type": "Person", "name": "Ada Kern"}) + site).authors == ("Ada Kern",)


def test_names_of_a_catalogue_are_turned_round() -> None:
    html = '<meta name="citation_author" content="Kern, Ada"><meta name="citation_author" content="Vey, Jon">'
    assert said(html).authors == ("Ada Kern", "Jon Vey")


# --- agencies ---


@pytest.mark.parametrize(
    ("html", "text", "agency"),
    [
        ('<meta name="author" content="Ada Kern, The Associated Press">', None, "AP"),
        ('<meta name="author" content="Reuters">', None, "Reuters"),
        ('<meta name="author" content="Ada Kern/AFP">', None, "AFP"),
        ("", "LUNDHAVEN, March 4 (Reuters) - The bridge closed.\nMore.", "Reuters"),
        ("", "Lundhaven (dpa/sol) - Die Brücke ist zu.", "dpa"),
        ("", "(ANSA) - LUNDHAVEN, 4 MAR - Il ponte chiude.", "ANSA"),
        ("", "The bridge closed.\nIt opens in May. (PTI)", "PTI"),
        ("", "The bridge closed.\n© 2026 AFP", "AFP"),
        ("", "The bridge closed.\nWith inputs from PTI", "PTI"),
        ("", "The bridge closed.\n(Reporting by Ada Kern; Editing by Jon Vey)", "Reuters"),
        ("<p>LUNDHAVEN (AP) — The bridge closed.</p>", None, "AP"),
        ("", "The bridge closed, the Reuters news agency reported.\nIt opens in May.", None),
        ("", "He worked for the AP (a club) - and left.\nMore.", None),
        ("", "The Reuters Institute published a report.", None),
        ('<meta name="author" content="A. P. Singh">', None, None),
        ("", "She said to the AFP - a party - that the bridge closes.\nAnd more.", None),
    ],
)
def test_an_agency_is_credited_by_byline_dateline_or_end_and_not_by_a_mention(
    html: str, text: str | None, agency: str | None
) -> None:
    found = said(html or "<p>x</p>", text=text)
    assert found.agency == agency
    assert not any(name in found.authors for name in ("Reuters", "AFP", "The Associated Press"))


# --- dates ---


@pytest.mark.parametrize(
    ("html", "published"),
    [
        (article(datePublished="2026-03-04T09:30:00+0100"), "2026-03-04T09:30:00+01:00"),
        (article(datePublished="2026-03-04T09:30:00.123Z"), "2026-03-04T09:30:00+00:00"),
        (article(datePublished="March 4, 2026 9:30 am EST"), "2026-03-04T09:30:00-05:00"),
        (article(datePublished=1772613000), "2026-03-04T08:30:00+00:00"),
        (article(datePublished="04.03.2026 09:30"), "2026-03-04T09:30:00"),
        (article(datePublished="2026-03-04"), "2026-03-04"),
        (article(dateCreated="2026-03-04T08:30:00Z"), "2026-03-04T08:30:00+00:00"),
        (article(datePublished="0001-01-01T00:00:00Z") + meta(article__published_time="2026-03-04"), "2026-03-04"),
        ('<meta name="parsely-pub-date" content="2026-03-04T08:30:00Z">', "2026-03-04T08:30:00+00:00"),
        ('<meta name="sailthru.date" content="2026-03-04 08:30:00">', "2026-03-04T08:30:00"),
        ('<meta itemprop="datePublished" content="2026-03-04T08:30:00Z">', "2026-03-04T08:30:00+00:00"),
        ('<time class="published" datetime="2026-03-04T08:30Z">today</time>', "2026-03-04T08:30:00+00:00"),
        ('<abbr class="published" title="2026-03-04T08:30:00Z">today</abbr>', "2026-03-04T08:30:00+00:00"),
        ('<time datetime="2026-03-04T08:30:00Z">today</time>', "2026-03-04T08:30:00+00:00"),
    ],
)
def test_the_date_of_publication_is_read_wherever_it_is_declared(html: str, published: str) -> None:
    found = said(html, url=None)
    assert (found.published, found.published_guessed) == (published, False)


def test_numbers_that_could_be_day_or_month_follow_the_language_of_the_page() -> None:
    date = '<meta name="date" content="03/04/2026">'
    assert said(f"<html lang=en-US>{date}").published == "2026-03-04"
    assert said(f"<html lang=en-GB>{date}").published == "2026-04-03"
    assert said(f"<html lang=fr>{date}").published == "2026-04-03"


def test_other_declarations_complete_a_date_but_do_not_contradict_it() -> None:
    day = article(datePublished="2026-03-04")
    assert said(day + meta(article__published_time="2026-03-04T08:30:00Z")).published == "2026-03-04T08:30:00+00:00"
    assert said(day + meta(article__published_time="2026-03-07T08:30:00Z")).published == "2026-03-04"
    midnight = article(datePublished="2026-03-04T00:00:00+01:00")
    assert said(midnight + meta(article__published_time="2026-03-04T09:30:00+01:00")).published is not None
    assert said(midnight).published == "2026-03-04T00:00:00+01:00"


def test_a_missing_zone_is_taken_over_from_the_same_moment_or_the_same_program_and_not_invented() -> None:
    local = article(datePublished="2026-03-04T09:30:00")
    same_moment = meta(article__published_time="2026-03-04T08:30:00Z")
    same_clock = meta(article__published_time="2026-03-04T09:30:00+01:00")
    another = meta(article__published_time="2026-03-04T08:17:21Z")
    update = meta(article__modified_time="2026-03-04T12:01:00+01:00")
    assert said(local + same_moment).published == "2026-03-04T08:30:00+00:00"
    assert said(local + same_clock).published == "2026-03-04T09:30:00+01:00"
    assert said(local + update).published == "2026-03-04T09:30:00+01:00"
    assert said(local + another).published == "2026-03-04T09:30:00"
    assert said(local).published == "2026-03-04T09:30:00"


def test_a_local_time_that_was_marked_as_utc_gets_the_offset_that_another_declaration_has() -> None:
    html = article(datePublished="2026-03-04T09:30:00Z") + meta(article__published_time="2026-03-04T09:30:00+01:00")
    assert said(html).published == "2026-03-04T09:30:00+01:00"


def test_dates_of_other_articles_in_the_page_are_not_taken_for_its_own() -> None:
    several = '<time datetime="2026-03-04T08:30Z">a</time><time datetime="2026-02-01T08:30Z">b</time>'
    assert said(several, url="https://courier.example/x").published_guessed
    found = said('<time class="updated" datetime="2026-03-05T08:30Z">a</time>', url="https://courier.example/x")
    assert found.updated == "2026-03-05T08:30:00+00:00"


def test_what_htmldate_finds_is_marked_as_a_guess_and_a_completed_month_is_none() -> None:
    found = said("<p>The bridge closes.</p>")
    assert (found.published, found.published_guessed) == ("2026-03-04", True)
    found = said("<p>Copyright 2025</p>", url="https://courier.example/2025/05/bridge")
    assert (found.published, found.published_guessed) == (None, False)


def test_an_update_before_the_publication_is_left_out() -> None:
    assert said(article(datePublished="2026-03-04T08:30:00Z", dateModified="2026-03-01T08:30:00Z")).updated is None


# --- links, paywall, robots ---


@pytest.mark.parametrize(
    ("html", "canonical"),
    [
        ('<link rel="canonical" href="https://other.example/a#top">', "https://other.example/a"),
        ('<link rel="amphtml canonical" href="/a">', "https://www.harbourcourier.example/a"),
        ('<base href="https://cdn.example/x/"><link rel="canonical" href="a">', "https://cdn.example/x/a"),
        (meta(og__url="https://other.example/a"), "https://other.example/a"),
        ('<link rel="canonical" href="https://www.harbourcourier.example/">', None),
        ('<link rel="canonical" href="https://www.harbourcourier.example/">' + meta(og__url=URL), URL),
        ('<link rel="canonical" href="javascript:alert(1)">', None),
        ('<link rel="canonical" href="http://[">', None),
        ('<link rel="canonical" href="file:///etc/hosts">', None),
        ('<link rel="alternate" href="https://other.example/a">', None),
    ],
)
def test_the_canonical_link_is_an_absolute_web_address(html: str, canonical: str | None) -> None:
    assert said(html).canonical == canonical


@pytest.mark.parametrize(
    ("html", "refresh"),
    [
        ('<meta http-equiv="refresh" content="0; url=/next">', "https://www.harbourcourier.example/next"),
        ("<meta http-equiv=Refresh content=\"5;URL='https://b.example/'\">", "https://b.example/"),
        ('<meta http-equiv="refresh" content="6; url=/next">', None),
        ('<meta http-equiv="refresh" content="300">', None),
        (f'<meta http-equiv="refresh" content="0; url={URL}">', None),
        ('<meta http-equiv="refresh" content="0; url=javascript:x">', None),
        ('<noscript><meta http-equiv="refresh" content="0; url=/no-scripts"></noscript>', None),
    ],
)
def test_a_refresh_is_followed_only_if_it_comes_at_once_and_leads_elsewhere(html: str, refresh: str | None) -> None:
    assert said(html).refresh == refresh


@pytest.mark.parametrize(
    ("html", "paywalled"),
    [
        (article(isAccessibleForFree="False"), True),
        (article(isAccessibleForFree="http://schema.org/False"), True),
        (article(isAccessibleForFree=True), False),
        (article(hasPart={"@type": "WebPageElement", "isAccessibleForFree": "false", "cssSelector": ".rest"}), True),
        (article(isAccessibleForFree=True, hasPart=[{"isAccessibleForFree": False}]), True),
        (meta(article__content_tier="metered"), True),
        (meta(article__content_tier="locked"), True),
        (meta(article__content_tier="free"), False),
        (article(headline="x"), None),
        (ld({"@type": "Product", "isAccessibleForFree": False}), None),
    ],
)
def test_a_paywall_is_seen_where_the_page_says_so(html: str, paywalled: bool | None) -> None:
    assert said(html).paywalled is paywalled


def test_directives_for_robots_are_collected_in_lower_case() -> None:
    found = said(
        '<meta name="ROBOTS" content="NoArchive, max-snippet: -1">'
        '<meta name="googlebot-news" content="noindex nofollow">'
        '<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="https://a.example/Policy.json">'
        '<meta name="robots" content="Brücken, 橋">'
    )
    assert found.robots == (
        "noarchive", "max-snippet:-1", "noindex", "nofollow", "tdm-reservation=1",
        "tdm-policy=https://a.example/Policy.json",
    )  # fmt: skip


# --- corrections ---


@pytest.mark.parametrize(
    "notice",
    [
        "Correction: The bridge closes in May, not in March.",
        "An earlier version of this article misstated the length of the bridge.",
        "This article was amended on 5 March 2026 to correct the name of the bridge.",
        "(This story has been updated with a comment of the harbour office.)",
        "Editor's note: We have corrected the figures in the third paragraph.",
        "UPDATE: The harbour office says that the bridge stays open.",
        "Updated at 5:30 p.m. to include a comment of the harbour office.",
        "(Corrects spelling of the name in paragraph 3)",
        "In einer früheren Version dieses Artikels stand ein falscher Name.",
    ],
)
def test_a_notice_of_a_correction_is_kept_verbatim(notice: str) -> None:
    text = "\n".join(["The bridge closes.", *["More on the bridge."] * 20, notice])
    assert said("<p>x</p>", text=text).correction == notice
    assert said("<p>The bridge closes.</p>" * 30 + f"<p>{notice}</p>").correction == notice
    assert said(f'<div class="article-correction">{notice}</div><p>Text.</p>', text="Text.").correction == notice


@pytest.mark.parametrize(
    "paragraph",
    [
        "Updated: March 5, 2026",
        "Updated on: March 5, 2026 / 10:07 AM / Courier News",
        "This post was last updated March 2026.",
        "This story was originally published by the Harbour Courier.",
        "An earlier version of the bill passed the council in May.",
        "The correction of the river took ten years.",
        "The report was corrected by the ministry last week.",
        "Editor's note: The author lives in Lundhaven.",
        "Updates on the bridge come every hour.",
    ],
)
def test_a_date_or_a_sentence_of_the_article_is_no_notice(paragraph: str) -> None:
    assert said(f"<p>{paragraph}</p>", text=f"{paragraph}\nMore text.").correction is None


def test_a_correction_in_json_ld_is_read() -> None:
    assert said(article(correction={"@type": "CorrectionComment", "text": "The year was wrong."})).correction == (
        "The year was wrong."
    )


# --- strangers' bytes ---


@pytest.mark.parametrize(
    "html",
    [
        "",
        " \n",
        "\0" * 1000,
        "\ud800<title>x",
        "<!--",
        "<script type=application/ld+json>" + '{"a":' * 5000 + "1" + "}" * 5000 + "</script>",
        "<script type=application/ld+json>" + "[" * 5000 + "]" * 5000 + "</script>",
        "<script type=application/ld+json>[" + "9" * 5000 + "]</script>",
        "<div>" * 100_000,
        "<h1>a" + "<div class=byline itemprop='author datePublished'>" * 2000 + "By" + " x" * 100_000,
        "<div>" * 2000 + "<meta http-equiv=refresh content='9;url=/x'>" * 20_000,
        "<div itemscope itemtype=ClaimReview itemprop='review claimReviewed'>" * 2000 + "<p itemprop=url>" * 20_000,
    ],
    ids=range(12),
)
def test_nothing_makes_it_fail(html: str) -> None:
    assert isinstance(said(html), PageMetadata)


def test_what_stands_before_and_behind_a_hostile_element_is_read() -> None:
    attributes = " ".join(f"a{number}=1" for number in range(170_000))
    title = '<meta property="og:title" content="Bridge closes">'
    for opening in (f"<p {attributes}>", f"<p {attributes.replace(' ', '/')}>", f"<script {attributes}>1</script>"):
        assert said(opening + title).title == "Bridge closes"
        assert said(title + opening).title == "Bridge closes"
    assert said(title + f"<p {attributes}").title == "Bridge closes"
    assert said("<script>if (i<n" + " a" * 5000 + ")</script>" + title).title == "Bridge closes"


def test_ten_megabytes_of_json_ld_are_read_as_far_as_their_article_is_clear() -> None:
    many = '{"@type": "NewsArticle", "datePublished": "2026-03-04T08:30:00Z", "x": [' + "1," * 5_000_000 + "1]}"
    found = said(f"<script type=application/ld+json>{many}</script>")
    assert found.published == "2026-03-04T08:30:00+00:00"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ("@type", "@id", "@graph", "author", "name", "headline", "datePublished", "dateModified",
             "keywords", "publisher",
             "isAccessibleForFree", "hasPart", "correction", "mainEntityOfPage", "articleSection", "inLanguage", "url")
        ),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip
_PIECES = st.sampled_from(
    (
        "<", ">", "'", '"', "=", "<p>", "</p>", "<meta name=author content=", "<meta property=og:title content=",
        "<h1>", "By ",
        "<time datetime=", "2026-03-04", "T09:30", "+01:00", "<title>", " | ", " - ", "(AP) -", "Correction: ",
        "<!--", "-->",
        "<script type=application/ld+json>", "</script>", "<link rel=canonical href=",
        "<meta http-equiv=refresh content=0;",
        "http://[", "\0", "\ud800", "é", "<base href=", "<html lang=", "<noscript>", "<svg>",
    )
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(_JSON)
def test_any_json_ld_is_read_without_error(node: Any) -> None:
    if isinstance(node, dict):
        node = {"@type": "NewsArticle"} | node
    assert isinstance(said(ld(node).replace("</", "<\\/", 0)), PageMetadata)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=10), max_size=25), st.none() | st.text(max_size=30))
def test_any_page_is_read_without_error(pieces: list[str], url: str | None) -> None:
    html = "".join(pieces)
    found = page_metadata(html, url, html)
    for link in (found.canonical, found.refresh):
        assert link is None or link.lower().startswith(("http://", "https://"))
