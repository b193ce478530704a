"""From what a source gave to an article: clean text, canonical URL, language, times and ids.

Unsafe characters, and those that cannot be encoded, are replaced here and nowhere else, before any offset is taken.
"""

from __future__ import annotations

from claimwire.pipelines.normalize.ids import content_hash, digest
from claimwire.pipelines.normalize.language import language
from claimwire.pipelines.normalize.reviews import distinct_reviews
from claimwire.pipelines.normalize.text import clean, distinct_lines, one_line
from claimwire.pipelines.normalize.times import parse_time, plausible
from claimwire.pipelines.normalize.urls import canonical_url, domain
from claimwire.schemas import Article, RawArticle, Source


def normalize(raw: RawArticle) -> Article:
    """Make an article from what its source gave, with everything that can be known before extraction.

    The text is the given text, with unsafe characters replaced one for one. The id is the given id; without one it is
    made from the canonical URL (else the feed's own id for the article, else nothing) and the content, so that this
    version of the article has the same id whenever and wherever it is read.
    """
    text = clean(raw.text or "")
    title = one_line(raw.title)
    guid = one_line(raw.guid)
    canonical = canonical_url(raw.url) if raw.url else None
    if canonical and raw.part_of and (fragment := one_line((raw.url or "").partition("#")[2])):
        canonical += f"#{fragment}"  # by which the entries of a live blog differ
    published = plausible(parse_time(raw.published), raw.fetched_at)
    updated = plausible(parse_time(raw.updated), raw.fetched_at)
    content = content_hash(title, text)
    name = (
        ("url", canonical)
        if canonical
        else ("guid", clean(raw.feed_url or raw.source_name or ""), guid)
        if guid
        else ("",)
    )
    return Article(
        id=clean(raw.id) if raw.id else digest("article", *name, content)[:32],
        guid=guid,
        url=one_line(raw.url),
        canonical_url=canonical,
        source=Source(name=one_line(raw.source_name), feed_url=one_line(raw.feed_url), domain=domain(canonical)),
        title=title,
        text=text,
        summary=clean(raw.summary).strip() or None if raw.summary else None,
        authors=distinct_lines(raw.authors),
        language=language(text or title or "", raw.language),
        published_at=published,
        updated_at=updated,
        fetched_at=raw.fetched_at,
        tags=distinct_lines(raw.tags),
        content_hash=content,
        text_source=raw.text_source or "given",
        page_problem=one_line(raw.page_problem),
        paywalled=raw.paywalled,
        correction=one_line(raw.correction),
        agency=one_line(raw.agency),
        section=one_line(raw.section),
        syndicated_from=one_line(raw.syndicated_from),
        part_of=canonical_url(raw.part_of) if raw.part_of else None,
        claim_reviews=distinct_reviews(raw.claim_reviews),
        archive=raw.archive,
        input=raw.input,
    )
