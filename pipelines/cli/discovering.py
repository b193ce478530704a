"""The command that finds sources: discover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from claimwire.errors import UsageError
from claimwire.pipelines.cli.exits import DONE, EXIT_CODES, close_stdout, report
from claimwire.pipelines.cli.opml import opml_lines
from claimwire.pipelines.cli.options import GroupedCommand, quiet_libraries, read, settings_options
from claimwire.pipelines.settings import describe

if TYPE_CHECKING:
    from claimwire.connectors.feeds.outlets import FoundSource

_SETTINGS = ("feeds_at_once", "feed_timeout", "feed_limit_mb", "allow_private", "contact", "incomplete_exit")


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.argument("outlets", nargs=-1, required=True, metavar="URL...")
@click.option("--opml", is_flag=True, help="Print an OPML list, which --source takes, instead of a table.")
@settings_options(*(name for name in describe() if name not in _SETTINGS))
def discover(config: str | None, outlets: tuple[str, ...], opml: bool, **flags: Any) -> int:
    """Print the feeds and news sitemaps of outlets, found from their home pages.

    A URL is that of a home page or of a section; a list of them (OPML, or .txt with a URL per line) may be given, too.
    run --source URL finds and polls the same.

    \b
    claimwire discover https://outlet.example/
    claimwire discover outlets.txt --opml > feeds.opml
    """
    quiet_libraries()
    settings = read(config, flags)
    from claimwire.connectors.web.http import without_password  # noqa: PLC0415
    from claimwire.pipelines.run.outlets import search  # noqa: PLC0415 - Beam

    urls, complete = _urls(outlets)
    found: dict[str, list[FoundSource]] = {}
    for url, sources in search(settings, urls).items():
        if isinstance(sources, Exception):
            report(str(sources))
        elif not sources:
            report(f"{without_password(url)}: no feed and no news sitemap was found")
        else:
            found[without_password(url)] = sources
    try:
        groups = ((home, [(source.title, source.name) for source in sources]) for home, sources in found.items())
        for line in opml_lines("Feeds and news sitemaps found by claimwire", groups) if opml else _table(found):
            click.echo(line)
    except BrokenPipeError:  # the reader has seen enough
        close_stdout()
    return DONE if complete and len(found) == len(urls) else settings.incomplete_exit


def _urls(given: Iterable[str]) -> tuple[list[str], bool]:
    """All addresses, each once, and whether nothing that was given is broken. Raises UsageError."""
    from claimwire.connectors.sources import BrokenSource, FeedSource, sources  # noqa: PLC0415

    urls: dict[str, None] = {}
    complete = True
    for spec in given:
        for source in sources(spec):
            if isinstance(source, FeedSource):
                urls[source.url] = None
            elif isinstance(source, BrokenSource):
                complete = False
                report(f"{source.name}: {source.problem}")
            else:
                raise UsageError(f"{spec} is not the address of a page, or a list of such; feeds are found from those")
    return list(urls), complete


def _table(found: dict[str, list[FoundSource]]) -> Iterator[str]:
    from claimwire.pipelines.normalize.text import escaped  # noqa: PLC0415

    rows = [
        (
            source.kind,
            source.title or "",
            source.name,
            "" if source.entries is None else f"{source.entries:,}",
            f"{source.newest:%Y-%m-%d %H:%M}" if source.newest else "",
        )
        for sources in found.values()
        for source in sources
    ]
    if not rows:
        return
    table = [("KIND", "TITLE", "URL", "ENTRIES", "NEWEST (UTC)"), *(tuple(map(_short, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for kind, title, url, entries, newest in table:
        line = f"{kind:{widths[0]}}  {title:{widths[1]}}  {url:{widths[2]}}  {entries:>{widths[3]}}  {newest}"
        yield escaped(line).rstrip()


def _short(cell: str) -> str:
    """A cell on one line; of an address that is longer nothing is cut, because it is to be copied."""
    line = " ".join(cell.split())
    return line if len(line) <= 50 or "://" in line else f"{line[:49]}…"
