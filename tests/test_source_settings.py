"""Settings of single sources, as entries of ``source`` in the settings file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import Claimwire, run_here, written
from hypothesis import given
from hypothesis import strategies as st
from outlet import Outlet
from test_run_feeds import feed
from test_run_outlets import outlet
from webserver import Page, WebServer

from claimwire.connectors.feeds.ownheaders import OwnHeaders
from claimwire.pipelines.settings import Settings, SettingsError, load_settings
from claimwire.pipelines.state.opening import State

SECRET = "hunter2-and-more"


def load(tmp_path: Path, file: str, **environment: str) -> Settings:
    (tmp_path / "claimwire.yaml").write_text(file, encoding="utf-8")
    return load_settings(tmp_path / "claimwire.yaml", environment, {})


def run(tmp_path: Path, file: str, environment: dict[str, str] | None = None, **more: Any) -> Any:
    settings = load(tmp_path, file, **environment or {})
    given = {"extract": "none", "allow_private": True, "sink": (f"jsonl:{tmp_path / 'out'}",), **more}
    return run_here(tmp_path / "state", source=settings.source, by_source=settings.by_source, **given)


def test_an_entry_is_text_or_a_mapping(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        """
source:
  - https://a.example/feed
  - url: feed:https://b.example/feed
    name: The B
    interval: 15m
    full-text: never
    language: NO
    headers: {X-Api-Key: "key ${NEWS_KEY}", Accept-Language: en}
    pause: 2026-12-24
  - {url: https://c.example/, pause: yes, language: no}
""",
        NEWS_KEY=SECRET,
    )
    assert settings.source == ("https://a.example/feed", "https://b.example/feed", "https://c.example/")
    own = settings.by_source["https://b.example/feed"]
    assert (own.name, own.interval, own.full_text, own.language) == ("The B", "15m", "never", "no")
    assert own.pause == datetime(2026, 12, 24, tzinfo=UTC)
    assert own.headers
    assert own.headers.fields == (("X-Api-Key", f"key {SECRET}"), ("Accept-Language", "en"))
    other = settings.by_source["https://c.example/"]
    assert (other.pause, other.language) == (True, "no")
    assert SECRET not in repr(settings) + str(settings) + str(own)


def test_one_mapping_needs_no_list(tmp_path: Path) -> None:
    settings = load(tmp_path, "source: {url: https://a.example/feed, interval: auto}")
    assert settings.source == ("https://a.example/feed",)
    assert settings.by_source["https://a.example/feed"].interval == "auto"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{name: x}", "line 3: a source with settings needs its url"),
        ("{url: feeds.opml, interval: 1h}", "line 3: only a source that is asked over HTTP has settings"),
        ("{url: 'kafka://h:9092/t', interval: 1h}", "line 3: only a source that is asked over HTTP"),
        ("{url: 'https://', interval: 1h}", "line 3: .*no host in this URL"),
        ("{url: https://a.example/, intervall: 1h}",
         "line 3: source https://a.example/: there is no setting 'intervall' of a source; did you mean interval"),
        ("{url: https://a.example/, xyz: 1h}", "there are url, name, interval, full_text, language, headers, pause"),
        ("{url: https://a.example/, interval: soon}", "line 3: source https://a.example/: interval cannot be 'soon'"),
        ("{url: https://a.example/, interval: [1h]}", "line 3: interval of a source is a value; this is a list"),
        ("{url: https://a.example/, full_text: maybe}", "full_text cannot be 'maybe': it must be auto, always"),
        ("{url: https://a.example/, language: english}", "language cannot be 'english': it must be a code of ISO 639"),
        ("{url: https://a.example/, name: ''}", "name must be text of 1 to 200 characters"),
        ("{url: https://a.example/, pause: tomorrow}", "pause cannot be 'tomorrow': it must be true, false, or a date"),
        ("{url: https://a.example/, url: https://b.example/}", "line 3: url of a source is set twice"),
        ("{url: https://a.example/, headers: x}", "headers must be names with values"),
        ("{url: https://a.example/, headers: {X: {a: b}}}", "line 3: X of headers is a value; this is a mapping"),
        ("{url: https://a.example/, headers: {'a b': x}}", "the name of a header has only letters"),
        ("{url: https://a.example/, headers: {Host: x}}", "the header Host is set by claimwire itself"),
        ('{url: https://a.example/, headers: {X: "a\\r\\nb"}}', "the value of the header X is empty or has characters"),
        ("{url: https://a.example/, headers: {X: '${NOT_THERE}'}}",
         "line 3: source https://a.example/: headers name the variable NOT_THERE, which is not set"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, entry: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load(tmp_path, f"source:\n- https://fine.example/\n- {entry}\n")


def test_a_source_that_is_set_twice_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"line 3: source 'https://a\.example/' is set twice"):
        load(tmp_path, "source:\n- {url: https://a.example/}\n- {url: https://a.example/, interval: 1h}\n")


@pytest.mark.parametrize(
    "entry",
    [
        f"{{url: 'https://me:{SECRET}@a.example/', intervall: 1h}}",
        f"{{url: https://a.example/, headers: {{X: ['{SECRET}']}}}}",
        f'{{url: https://a.example/, headers: {{X: "{SECRET}\\n"}}}}',
        f"{{url: https://a.example/, headers: {{'{SECRET} x': y}}}}",
        f"{{url: https://a.example/, headers: '{SECRET}'}}",
    ],
)
def test_no_message_has_a_secret(tmp_path: Path, entry: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, f"source: [{entry}]")
    assert SECRET not in str(refused.value)


def test_the_command_line_replaces_the_sources_and_keeps_what_is_set_for_them(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("source: [{url: https://a.example/, interval: 1h}]")
    settings = load_settings(tmp_path / "c.yaml", {}, {"source": ("https://b.example/", "https://a.example/")})
    assert settings.source == ("https://b.example/", "https://a.example/")
    assert settings.by_source["https://a.example/"].interval == "1h"


def test_a_name_that_is_set_replaces_the_title_of_the_feed(tmp_path: Path) -> None:
    with WebServer() as server:
        url, other = server.add("/feed", Page(feed(1))), server.add("/other", Page(feed(2, host="b.example")))
        run(tmp_path, f"source: [{{url: '{url}', name: The Valley Post}}, '{other}']")
    names = {record["article"]["source"]["feed_url"]: record["article"]["source"]["name"] for record in
             written(tmp_path / "out")}  # fmt: skip
    assert names == {url: "The Valley Post", other: "Roads"}


def test_a_language_that_is_set_counts_where_the_text_is_too_short(tmp_path: Path) -> None:
    body = (
        b"<rss version='2.0'><channel><title>t</title><language>en-us</language>"
        b"<item><title>A1</title><link>https://a.example/1</link><description>OK A1 7</description></item>"
        b"<item><title>B</title><link>https://a.example/2</link><description>The council said on Monday that it would "
        b"mend the road before the winter, as it had promised.</description></item></channel></rss>"
    )
    with WebServer() as server:
        url = server.add("/feed", Page(body))
        run(tmp_path, f"source: {{url: '{url}', language: da}}")
    found = {record["article"]["title"]: record["article"]["language"] for record in written(tmp_path / "out")}
    assert found == {"A1": "da", "B": "en"}


def test_full_text_of_a_source_goes_before_that_of_the_run(tmp_path: Path) -> None:
    with WebServer() as server:
        teasers = Outlet(server, 2)
        summary = run(tmp_path, f"source: {{url: '{teasers.feed}', full_text: never}}", full_text="auto", page_delay=0)
        assert (summary.enriched, summary.pages_read) == (2, 0)
        again = run_here(
            tmp_path / "other",
            source=(teasers.feed,),
            by_source=load(tmp_path, f"source: {{url: '{teasers.feed}', full_text: always}}").by_source,
            sink=(f"jsonl:{tmp_path / 'out2'}",),
            extract="none",
            allow_private=True,
            full_text="never",
            page_delay=0,
        )
        assert (again.enriched, again.pages_read) == (2, 2)


def test_a_source_that_is_paused_in_the_file_is_not_asked(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(feed(1)))
        assert run(tmp_path, f"source: {{url: '{url}', pause: true}}").feeds_paused == 1
        assert server.count("/feed") == 0
        day = datetime.now(UTC).date() + timedelta(days=2)
        assert run(tmp_path, f"source: {{url: '{url}', pause: {day}}}").feeds_paused == 1
        assert run(tmp_path, f"source: {{url: '{url}', pause: 2020-01-01}}").enriched == 1


# Headers


def test_headers_are_sent_to_the_own_host_and_to_no_other(tmp_path: Path) -> None:
    """A redirect to another host, at first or for good, gets none of them, and neither do other sources."""
    with WebServer() as server:
        own = server.add("/feed", Page(feed(1)))
        other = server.add("/other", Page(feed(2)))
        away = server.add_redirect("/away", server.url("/elsewhere", "localhost"), 301)
        server.add("/elsewhere", Page(feed(3)))
        stays = server.add_redirect("/stays", server.url("/moved"), 301)
        server.add("/moved", Page(feed(4), headers={"ETag": '"1"'}))
        entries = ", ".join(f"{{url: '{url}', headers: {{X-Key: '${{KEY}}'}}}}" for url in (own, away, stays))
        for _ in range(2):
            run(tmp_path, f"source: [{entries}, '{other}']", {"KEY": SECRET})
        sent = {(seen.path, seen.host): seen.headers.get("x-key") for seen in server.requests}
    assert {place: key for place, key in sent.items() if key} == {
        (path, "127.0.0.1"): SECRET for path in ("/feed", "/away", "/stays", "/moved")
    }
    assert sent["/elsewhere", "localhost"] is None
    assert sent["/other", "127.0.0.1"] is None
    assert len(written(tmp_path / "out")) == 4


def test_headers_of_a_home_page_go_to_its_feeds_on_the_same_host(tmp_path: Path) -> None:
    with WebServer() as server:
        home = outlet(server)
        for _ in range(2):
            run(tmp_path, f"source: {{url: '{home}', headers: {{X-Key: '{SECRET}'}}}}")
        assert {seen.path for seen in server.requests if seen.headers.get("x-key") == SECRET} >= {"/main.xml"}


def test_no_output_log_or_state_has_the_value_of_a_header(tmp_path: Path, claimwire: Claimwire) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(feed(1)))
        broken = server.add("/broken", Page(status=403))
        gone = server.add("/off", Page(b"no feed"))
        entries = "\n".join(
            f"- {{url: '{each}', headers: {{X-Key: '${{KEY}}', X-Other: {SECRET}}}}}" for each in (url, broken, gone)
        )
        (tmp_path / "c.yaml").write_text(f"allow_private: true\nextract: none\nsource:\n{entries}\n")
        told = []
        for command in (("run", "--sink", "jsonl:out"), ("run", "--sink", "-"), ("sources",),
                        ("sources", "--format", "json"), ("doctor", "--sink", "jsonl:out")):  # fmt: skip
            done = claimwire(*command, "--config", "c.yaml", env={"KEY": SECRET})
            told += [done.stdout, done.stderr]
        assert any(seen.headers.get("x-key") == SECRET for seen in server.requests)
    (tmp_path / "c.yaml").unlink()
    assert SECRET not in "".join(told)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes(), file


URL = st.sampled_from(
    ["http://a.example/f", "https://a.example/f", "http://a.example:81/f", "https://a.example:444/f",
     "https://b.example/", "http://a.example.evil.example/", "https://a.example@evil.example/", "ftp://a.example/",
     "https://[/", "//a.example/", ""]
)  # fmt: skip


@given(URL, URL)
def test_only_the_same_host_and_port_gets_headers_and_never_by_a_worse_scheme(own: str, there: str) -> None:
    given = OwnHeaders(own, (("X", "y"),)).for_(there)
    if given:
        assert urlsplit(own).hostname == urlsplit(there).hostname
        assert not (own.startswith("https:") and there.startswith("http:"))


def test_what_is_known_of_a_source_is_kept_by_its_url(tmp_path: Path) -> None:
    with WebServer() as server:
        url = server.add("/feed", Page(feed(1)))
        run(tmp_path, f"source: {{url: '{url}', interval: 2h}}")
        with State(tmp_path / "state") as state:
            assert state.sources.get(url).interval_s == 7200
