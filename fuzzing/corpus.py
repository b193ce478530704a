"""What inputs begin with: the examples of the repository, small documents of each format, and the words of each."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import zstandard

from claimwire.pipelines.settings import describe

ROOT = Path(__file__).parents[1]

ARTICLES = [path.read_bytes() for path in sorted((ROOT / "examples/articles").iterdir()) if path.suffix == ".txt"]
WIRE = (ROOT / "examples/wire.jsonl").read_bytes().splitlines()
WHOLE_FEEDS = [path.read_bytes() for path in sorted((ROOT / "examples/feeds").glob("*.xml"))]

URL_PIECES = (
    "http://", "https://", "HTTPS://", "//", "kafka://", "file://", "feed:", "ftp://", "mailto:", "tag:", "example.org",
    "www.example.co.uk", "m.example.org", "amp.", "www.", "m.", "mobile.", "user:secret@", "@", ":80", ":443", ":65536",
    ":0", ":x", "[::1]", "[fe80::1%25eth0]", "[", "]", "127.0.0.1", "192.0.0.192", "0x7f.1", "2130706433", "/", "//",
    "/amp", "/amp/", ".amp", ".amp.html", "/../", "/./", "/a%2fb", "%zz", "%C3%A9", "é", "ß.example", "xn--nxasmq6b",
    "xn--", "١٢٣", "。", "?", "&", "=", "utm_source=x", "fbclid=1", "id=7", "a=b", "+", "%20", " ", "#", "#/page", ";",
    "\\", "\t", "\n", "\0", "\udcff", "\u202e", "cdn.ampproject.org/c/s/", "www.google.com/amp/s/", "/topic", ",", "..",
)  # fmt: skip
URLS = [
    b"https://www.example.org/2026/02/10/a-story?utm_source=rss&id=7#top", b"http://m.example.co.uk/amp/news.amp.html",
    b"https://example-org.cdn.ampproject.org/c/s/example.org/a", b"//example.org:8080/a/../b;c=d", b"kafka://a:9092,b/t",
    b"https://user:secret@example.org/feed.xml", b"http://[2001:db8::1]:80/", "https://bücher.example/ä?ö=ü".encode(),
    b"feed:https://example.org/rss", b"file:///srv/news/feed.xml", b"mailto:a@example.org",
]  # fmt: skip

TIME_PIECES = (
    "2026-02-10", "T", " ", "16:20:00", "Z", "+02:00", "-00:00", "+99:99", ".123456789", "Tue, ", "10 Feb 2026", "GMT",
    "EST", "CET", "1770740400", "1770740400000", "0", "-1", "9999", "99999999999999999999", "Feb", "Sept", "24:00",
    "23:59:60", "am", "pm", "W07", "-W07-2", "-041", "13", "32", ",", "/", ".", ":", "-", "+", "é", "١٠", "\u2212", "\0",
    "yesterday", "now", "noon", "120", "1e9", "inf", "nan", "٣", "90d", "5m", "99999w", "0d", "d", " 1h", "1h\n",
)  # fmt: skip
TIMES = [
    b"2026-02-10T16:20:00Z", b"Tue, 10 Feb 2026 16:20:00 GMT", b"10 Feb 2026 16:20 EST", b"20260210", b"1770740400",
    b"1770740400123", b"2026-02-10 16:20", b"Tuesday, February 10, 2026", b"2026-W07-2", b"10/02/26", b"120", b"90d",
]  # fmt: skip

HTML_NAMES = (
    "p", "div", "b", "i", "a", "br", "ul", "li", "table", "tr", "td", "script", "style", "template", "svg", "math",
    "select", "option", "textarea", "title", "body", "html", "head", "frameset", "plaintext", "pre", "noscript", "h1",
    "iframe", "object", "nobr", "form", "input", "caption", "colgroup", "my-card", "o:p", "x", "!doctype html", "figure",
)  # fmt: skip
HTML_ATTRIBUTES = ("href", "class", "style", "onclick", "src", "=", "'", '"', "data-x", "hidden", "\0", "é", "<", "/")
SAID = (
    "The minister said it would rain.", "“Go on,” she said.", "x<y", "a & b", "&amp;", "&lt;b&gt;", "&nbsp;", "&#8217;",
    "&#x80;", "&notin;", "&", "&#", "<", ">", "<!--", "-->", "<![CDATA[", "]]>", "<?php ?>", "\u00ad", "\u200d", "\n\n",
    " ", "\t", "\udcff", "\0", "é", "السلام", "https://example.org/", "jane@example.org", "<jane@example.org>", "", "1",
)  # fmt: skip
HTML = [
    b"<p>The minister said <b>it would rain</b>.</p><p>Nobody else did.</p>", b"<ul><li>One</li><li>Two</ul>tail",
    b"<html><head><title>T</title><script>x()</script></head><body><h1>H</h1><div>A<br>B</div></body></html>",
    b"Plain text, a < b &amp; c.\n\nSecond paragraph.", b"&lt;p&gt;Encoded once too often.&lt;/p&gt;",
    b"<table><tr><td>1</td><td>2</td></tr></table>", b'Read <a href="https://example.org/">more</a>.',
]  # fmt: skip

FEED_NAMES = (
    "item", "entry", "title", "link", "guid", "id", "description", "summary", "content", "content:encoded", "pubDate",
    "published", "updated", "author", "name", "email", "dc:creator", "dc:date", "category", "enclosure", "media:content",
    "source", "image", "channel", "itunes:summary", "georss:point", "geo:lat", "xhtml:div", "x", "language", "ttl",
)  # fmt: skip
FEED_ATTRIBUTES = (
    "href", "rel", "type", "mode", "xml:base", "xml:lang", "isPermaLink", "term", "url", "length", "src", "rdf:about",
    "xmlns", "xmlns:media", "encoding",
)  # fmt: skip
FEED_VALUES = (
    *SAID, "https://example.org/a", "/relative", "tag:example.org,2026:1", "Tue, 10 Feb 2026 16:20:00 GMT", "html",
    "2026-02-10T16:20:00Z", "text/html", "application/xhtml+xml", "base64", "alternate", "true", "en", "a@example.org",
    "&lt;p&gt;Text&lt;/p&gt;", "<![CDATA[<p>Text</p>]]>", "http://[", "&#x110000;", "&#xd83d;&#xde00;", "&undefined;",
    "9" * 400, "javascript:alert(1)", "Ann Lee (ann@example.org)",
)  # fmt: skip
SITEMAP_NAMES = (
    "url", "loc", "lastmod", "news:news", "news:title", "news:publication", "news:name", "news:language",
    "news:publication_date", "news:keywords", "image:image", "image:loc", "sitemap", "urlset", "sitemapindex", "x",
)  # fmt: skip
SITEMAP = ('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', "</urlset>")
SITEMAP_INDEX = ("<sitemapindex>", "</sitemapindex>")
SITEMAPS = [
    SITEMAP[0].encode() + b"<url><loc>https://example.org/a?b=1&c=2</loc><lastmod>2026-02-10</lastmod><news:news>"
    b"<news:publication><news:name>Wire</news:name><news:language>en</news:language></news:publication><news:title>"
    b"<![CDATA[Q&A]]></news:title><news:publication_date>2026-02-10T16:20:00Z</news:publication_date></news:news></url>"
    b"</urlset>",
    b"<sitemapindex><sitemap><loc>/a.xml</loc><lastmod>2026-02-10T16:20Z</lastmod></sitemap></sitemapindex>",
    gzip.compress(b"<urlset><url><loc>https://example.org/</loc></url></urlset>", mtime=0),
]
JSON_FEED = ('{"version":"https://jsonfeed.org/version/1.1","title":"Wire","items":[', "]}")
JSON_FEED_NAMES = (
    "id", "url", "external_url", "title", "content_html", "content_text", "summary", "date_published", "date_modified",
    "authors", "author", "name", "tags", "language", "attachments", "items", "version", "_x", "", "\0",
)  # fmt: skip
JSON_FEEDS = [
    JSON_FEED[0].encode()
    + b'{"id":"1","url":"https://example.org/1","content_html":"<p>X</p>","authors":[{"name":"A"}],'
    b'"date_published":"2026-02-10T16:20:00+02:00"},{"id":2,"title":"\\ud800"},7]}',
]
FACT_CHECK_NAMES = (
    "@type", "@graph", "@id", "@value", "claimReviewed", "itemReviewed", "reviewRating", "ratingValue", "alternateName",
    "bestRating", "author", "name", "url", "appearance", "firstAppearance", "datePublished", "inLanguage", "headline",
    "dataFeedElement", "item", "claims", "claimReview", "text", "publisher", "site", "itemListElement", "", "\0",
)  # fmt: skip
FACT_CHECK_VALUES = (
    "ClaimReview", "Claim", "Person", "Organization", "DataFeed", "https://schema.org/ClaimReview", "#a", "4/5", "4,5",
    "NaN", "1e400", "https://example.org/1", "javascript:alert(1)", "http://\\ud800", "&amp;lt;b&amp;gt;", "<p>x</p>",
    "A claim.", "\\ud800", "\u202e", "1770740400", "de", "False", "x" * 3000, "&" * 50,
)  # fmt: skip
FACT_CHECKS = (ROOT / "examples/factchecks.jsonl").read_bytes().splitlines()
FACT_CHECKS += [
    b'{"@type":"DataFeed","dataFeedElement":[{"item":[' + FACT_CHECKS[0] + b"]},{}]}",
    b'{"claims":[{"text":"A","claimant":"B","claimReview":[{"publisher":{"name":"P","site":"p.example"}}]}]}',
]
PAGE_NAMES = ("link", "a", "base", "script", "style", "template", "title", "head", "body", "p")
PAGE_ATTRIBUTES = ("rel", "type", "href", "title", "hreflang", "=", "'", '"', "REL")
PAGE_VALUES = (
    "alternate", "application/rss+xml", "application/atom+xml", "application/feed+json", "feed", "/feed", "../rss.xml",
    "//example.org/atom.xml", "http://[", "https://u:p@example.org/feed", "javascript:alert(1)", "/comments/feed", "#",
    "Sitemap: /news.xml\n", "User-agent: *\n", "Disallow: /\n",
)  # fmt: skip
RSS = ('<?xml version="1.0"?><rss version="2.0"><channel><title>Wire</title>', "</channel></rss>")
ATOM = ('<feed xmlns="http://www.w3.org/2005/Atom"><title>Wire</title>', "</feed>")
ENTRIES = [
    item for feed in WHOLE_FEEDS for item in re.findall(rb"<item.*?</item>|<entry.*?</entry>", feed, re.DOTALL)[:4]
]
FEEDS = [
    *WHOLE_FEEDS,
    *(RSS[0].encode() + entry + RSS[1].encode() for entry in ENTRIES if entry.startswith(b"<item")),
    *(ATOM[0].encode() + entry + ATOM[1].encode() for entry in ENTRIES if entry.startswith(b"<entry")),
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><item '
    b'rdf:about="http://example.org/1"><title>T</title><link>http://example.org/1</link></item></rdf:RDF>',
    b"<!DOCTYPE r [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;&a;'>]><rss><channel><item><title>&b;</title></item></channel></rss>",
    b"<html><body>not a feed</body></html>", b"",
]  # fmt: skip
ENCODINGS = (
    "utf-8", "utf-16", "utf-16-be", "utf-32", "latin-1", "cp1252", "koi8-r", "shift_jis", "gb18030", "big5", "euc_kr",
    "iso2022_jp", "utf-7", "utf-8-sig", "cp037", "hz", "punycode", "idna", "unicode_escape", "raw_unicode_escape",
    "rot13", "hex", "base64", "zlib", "bz2", "uu", "quopri", "undefined", "mbcs", "string_escape", "utf-9", "", "é", "\0",
    "x" * 300, "utf_8/../x", "charmap", "ascii",
)  # fmt: skip

RECORD_NAMES = (
    "id", "guid", "url", "link", "canonical_url", "title", "headline", "text", "body", "content", "summary",
    "description", "authors", "author", "byline", "language", "published", "published_at", "datePublished", "pubDate",
    "updated_at", "fetched_at", "tags", "keywords", "source", "source_name", "feed_url", "attempts", "schema_version",
    "article", "content_hash", "@type", "@graph", "@id", "@context", "@value", "articleBody", "mainEntityOfPage",
    "publisher", "name", "identifier", "inLanguage", "uri", "versioncreated", "bodies", "body_text", "body_xhtml",
    "headlines", "value", "role", "contenttype", "stories_id", "media_name", "publish_date", "story_text", "version",
    "stage", "payload", "encoding", "error", "type", "message", "first_failed_at", "line", "offset", "topic", "", "\0",
)  # fmt: skip
RECORD_VALUES = (
    *SAID, "https://example.org/a", "NewsArticle", "http://schema.org/NewsArticle", "2026-02-10T16:20:00Z", "20260210",
    "en", "de-DE", "base64", "utf-8", "feed", "entry", "record", "file", "normalize", "extract", "publish", "main",
    "text/html", "https://jsonfeed.org/version/1.1", "urn:newsml:1", "T" * 600, "AAAA", "=", "1.1",
)  # fmt: skip
LETTER = (
    b'{"stage":"record","error":{"type":"NotAnArticle","message":"m"},"payload":"{\\"title\\":\\"T\\"}","encoding":'
    b'"utf-8","source":{"url":"f","line":1},"attempts":1,"first_failed_at":"2026-02-10T16:20:00Z"}'
)
HELD_ENTRY = (
    b'{"entry":{"id":"1","title":"T","link":"https://example.org/1","published":"x","published_parsed":[2026,2,10,16,'
    b'20,0,1,41,0],"content":[{"type":"text/html","value":"<p>X</p>"}]},"feed":{"url":"https://example.org/feed"}}'
)
RECORDS = [
    *WIRE, LETTER, HELD_ENTRY,
    b'{"@context":"https://schema.org","@graph":[{"@type":"NewsArticle","headline":"H","articleBody":"B","author":'
    b'{"@id":"#a"}},{"@id":"#a","name":"Ann Lee"}]}',
    b'{"uri":"urn:x:1","versioncreated":"2026-02-10T16:20:00Z","headline":"H","body_xhtml":"<p>B</p>","byline":"A"}',
    b'{"stories_id":7,"title":"T","url":"https://example.org/7","publish_date":"2026-02-10","media_name":"M"}',
    b'{"title":"T","content":"<p>One</p><p>Two</p>","tags":"a, b","date":1770740400000,"source":{"name":"S"}}',
]  # fmt: skip
FILES = [
    *ARTICLES, b"\n".join(WIRE), b"[" + b",".join(WIRE) + b"]", LETTER + b"\n" + LETTER, WIRE[0] + WIRE[1],
    gzip.compress(b"\n".join(WIRE[:2]), mtime=0), zstandard.compress(b"\n".join(WIRE[:2])), WHOLE_FEEDS[0],
    gzip.compress(WIRE[0], mtime=0) + gzip.compress(WIRE[1], mtime=0),
]  # fmt: skip

TABLE = (
    b'url,Headline,body_plain,published,authors\r\nhttps://example.org/1,"A ""big"" dam","First.\r\n\r\nSecond.",'
    b"2026-02-10,Ana Verr; Jo Doe\r\n,,,,\r\nhttps://example.org/2,Two,Text,1770000000,\r\n"
)
FILES += [TABLE, TABLE.replace(b",", b"\t"), gzip.compress(TABLE, mtime=0)]

_PAGE = b"<!DOCTYPE html><html><head><title>A dam</title></head><body><p>The dam holds, she said.</p></body></html>"
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + _PAGE


def _archived(kind: str, block: bytes, content_type: str = "application/http; msgtype=response") -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://example.org/1\r\nWARC-Date: 2026-02-10T10:00:00Z\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


_RECORDS = [
    _archived("warcinfo", b"software: none\r\n", "application/warc-fields"),
    _archived("response", _ANSWER),
    _archived("resource", _PAGE, "text/html"),
    _archived(
        "response", _ANSWER.replace(b"charset=utf-8", b"\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked")
    ),
    _archived("request", b"GET /1 HTTP/1.1\r\nHost: example.org\r\n\r\n"),
]
ARCHIVES = [
    b"".join(_RECORDS),
    b"".join(gzip.compress(record, mtime=0) for record in _RECORDS),
    b"".join(map(zstandard.compress, _RECORDS)),
    gzip.compress(b"".join(_RECORDS), mtime=0),
]
ARCHIVE_WORDS = (
    "WARC/1.0\r\n", "WARC/1.1", "WARC-Type: response\r\n", "Content-Length: ", "Content-Length: 99999999999999999\r\n",
    "Content-Length: -1\r\n", "\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Content-Encoding: br\r\n", "WARC-Truncated: length\r\n",
    "Transfer-Encoding: chunked\r\n", "\x1f\udc8b\x08", "(\udcb5/\udcfd", "<html>",
)  # fmt: skip

LISTS = [
    (ROOT / "examples/feeds.opml").read_bytes(),
    b'<opml version="2.0"><body><outline text="A"><outline type="rss" xmlUrl="https://example.org/feed"/></outline>'
    b'<outline type="include" url="other.opml"/></body></opml>',
    b"https://example.org/feed\n# a comment\n../feeds/wire.xml\nkafka://localhost:9092/wire\n",
]
LIST_NAMES = ("opml", "head", "body", "outline", "rss", "title")
LIST_ATTRIBUTES = ("text", "type", "xmlUrl", "xmlurl", "url", "htmlUrl", "version", "xmlns", "encoding")
LIST_VALUES = ("rss", "include", "link", "https://example.org/feed", "a.opml", "&amp;", "&", *URL_PIECES[:20])

SETTING_NAMES = (
    *describe(),
    *(name.replace("_", "-") for name in describe()),
    "sorce",
    "kafka",
    "1",
    "null",
    "<<",
    "?",
)
SETTING_VALUES = (
    "1", "0", "-1", "true", "no", "null", "90d", "0d", "1.5", "1e99", "earliest", "2026-11-20T06:00:00Z", "2026-13-45",
    "2026-02-30", "12:30:45", "0o17", "0b1", "0x_", "jsonl:out", "-", "kafka://h:9092/p", "https://u:secret@h/", "none",
    "claims", "tagger", "gz", "*a", "&a x", "!!python/object:os.system x", "!!binary x", "!!set {a}", "!!int x", "{",
    "!!timestamp x", "[", "[[[[", "]", "|", ">", "'", '"', "%", "@", "`", "é", "\u2028", ".inf", ".nan", "~", "- - -",
    "9" * 5000, "!!float x", "<<: *a", "? [a]", "text", "json",
)  # fmt: skip
SETTINGS = [
    (ROOT / "deploy/claimwire.yaml").read_bytes(),
    b"source: [https://example.org/feed, kafka://localhost:9092/wire]\nsink:\n  - jsonl:out\nremember: 30d\nworkers: 2\n",
    b"kafka_start: 2026-11-20T06:00:00Z\nextractor: rules\nquiet: true\n", b"", b"# nothing\n",
]  # fmt: skip
PROPERTIES = (
    "security.protocol", "sasl.mechanism", "sasl.jaas.config", "ssl.ca.location", "acks", "api_version", "linger_ms",
    "ssl.truststore.type", "client_id", "=", "SASL_SSL", "PLAIN", "true", "x", "\\\n", "#", "!", "\n", "1.2.x", "9" * 30,
    'org.apache.LoginModule required username="u" password="p";', ": ", "{", "[", "bootstrap.servers", "None",
)  # fmt: skip
