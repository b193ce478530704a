"""The command that lists sources, and changes the list that the state keeps: sources."""

from __future__ import annotations

import csv
import io
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from claimwire.errors import UsageError
from claimwire.pipelines.cli.exits import close_stdout, report
from claimwire.pipelines.cli.opml import opml_lines
from claimwire.pipelines.cli.options import quiet_libraries, read
from claimwire.pipelines.timespans import ago, parse_duration, span

if TYPE_CHECKING:
    from claimwire.pipelines.run.roster import Row
    from claimwire.pipelines.settings import Settings


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options by which every one of these commands knows the state and the settings."""
    for option in (
        click.option(
            "--source", multiple=True, metavar="SOURCE", help="Sources of your runs that are not in the file."
        ),
        click.option("--config", metavar="FILE", help="The settings file of your runs."),
        click.option("--state", metavar="FOLDER", help="The state of your runs. [.claimwire]"),
    ):
        command = option(command)
    return command


@click.group(invoke_without_command=True)
@_options
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table",
    help="json is an object per line; both have every figure, and times in RFC 3339. [table]",
)  # fmt: skip
@click.option("--opml", metavar="FILE", help="Write the list as OPML to a file, or to - for stdout, and no table.")
@click.pass_context
def sources(ctx: click.Context, /, form: str, opml: str | None, **flags: Any) -> None:
    """Show every source with its rhythm and its health; add, remove and pause sources.

    \b
    claimwire sources --config claimwire.yaml
    claimwire sources add https://outlet.example/
    claimwire sources pause https://outlet.example/feed.xml --for 7d

    NEW is when the last new entry was published, EVERY how long watch leaves the source alone now, NEXT when it is due.
    TEASER is the share of entries that are teasers, PAYWALL that of pages behind a paywall. A source is fine or new
    (never asked), silent (it says nothing for three times its usual gap, and a day at least), degraded (teasers in
    place of texts, another language, half of the requests fail), failing, gone (it answered 410), finished (its JSON
    Feed says expired), or paused.

    Sources that are added stand in the state: run and watch with this --state read them, beside those of --source.
    All of this works while watch runs, and counts from its next turn on.
    """
    quiet_libraries()
    ctx.obj = flags
    if ctx.invoked_subcommand is not None:
        return
    from claimwire.pipelines.run.roster import roster  # noqa: PLC0415 - Beam
    from claimwire.pipelines.state.opening import looking_into  # noqa: PLC0415

    settings = _settings(flags)
    now = datetime.now(UTC).replace(microsecond=0)
    with looking_into(Path(settings.state)) as db:
        rows = roster(db, settings, now)
    try:
        if opml:
            _write_opml(rows, opml)
            return
        for line in {"table": lambda: _table(rows, now), "json": lambda: _json(rows), "csv": lambda: _csv(rows)}[
            form
        ]():
            click.echo(line)
    except BrokenPipeError:  # the reader has seen enough
        close_stdout()


@sources.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@_options
@click.pass_obj
def add(above: dict[str, Any], /, urls: tuple[str, ...], **flags: Any) -> None:
    """Add sources to the state's own list.

    A URL is that of a feed, a sitemap or an outlet's home page. A list (OPML, or .txt) is added as its entries are now.
    """
    from claimwire.connectors.web.http import without_password  # noqa: PLC0415
    from claimwire.pipelines.run.roster import urls_of  # noqa: PLC0415 - Beam
    from claimwire.pipelines.state import listed  # noqa: PLC0415
    from claimwire.pipelines.state.opening import changing_list  # noqa: PLC0415

    settings = _settings(flags, above)
    given = list(dict.fromkeys(url for each in urls for url in urls_of(each)))
    with changing_list(Path(settings.state)) as db:
        new = set(listed.add(db, given, datetime.now(UTC)))
    for url in given:
        there = f"added to {settings.state}" if url in new else f"is in {settings.state} already"
        _say(f"{without_password(url)}: {there}")


@sources.command()
@click.argument("url", metavar="URL")
@_options
@click.pass_obj
def remove(above: dict[str, Any], /, url: str, **flags: Any) -> None:
    """Take a source off the state's own list, and forget how it answered.

    Articles that were seen are remembered all the same. A source of --source or of the settings file is removed there.
    """
    from claimwire.connectors.web.http import without_password  # noqa: PLC0415
    from claimwire.pipelines.run.roster import named  # noqa: PLC0415 - Beam
    from claimwire.pipelines.state import listed  # noqa: PLC0415
    from claimwire.pipelines.state.opening import changing_list  # noqa: PLC0415
    from claimwire.pipelines.state.sources import Sources  # noqa: PLC0415

    settings = _settings(flags, above)
    with changing_list(Path(settings.state)) as db:
        known = named(db, settings, url)
        states = Sources(db)
        rest = [each for each in listed.Listed(db).added() if each != known]
        others = {*rest, *(feed for each in rest for feed in states.get(each).found or ())}
        feeds = [feed for feed in states.get(known).found or () if feed not in others]
        if not listed.remove(db, known, feeds):
            raise UsageError(
                f"{without_password(known)} was not added with claimwire sources add; take it out of the settings "
                "file, the list or the --source that names it"
            )
    _say(f"{without_password(known)}: removed from {settings.state}")


@sources.command()
@click.argument("url", metavar="URL")
@click.option("--for", "span", metavar="TIME", help="For how long, e.g. 7d; without it until resume.")
@_options
@click.pass_obj
def pause(above: dict[str, Any], /, url: str, span: str | None, **flags: Any) -> None:
    """Let a source not be asked, for a time or until resume; of a home page all that stands for it."""
    from claimwire.connectors.web.http import without_password  # noqa: PLC0415
    from claimwire.pipelines.run.roster import named  # noqa: PLC0415 - Beam
    from claimwire.pipelines.state import listed  # noqa: PLC0415
    from claimwire.pipelines.state.opening import changing_list  # noqa: PLC0415

    settings = _settings(flags, above)
    try:
        until = datetime.now(UTC).replace(microsecond=0) + parse_duration(span) if span else None
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--for: {error}") from None
    with changing_list(Path(settings.state)) as db:
        known = named(db, settings, url)
        listed.pause(db, known, until)
    _say(f"{without_password(known)}: paused {f'until {until:%Y-%m-%d %H:%M} UTC' if until else 'until resume'}")


@sources.command()
@click.argument("url", metavar="URL")
@_options
@click.pass_obj
def resume(above: dict[str, Any], /, url: str, **flags: Any) -> None:
    """Let a source that is paused be asked again."""
    from claimwire.connectors.web.http import without_password  # noqa: PLC0415
    from claimwire.pipelines.run.roster import named  # noqa: PLC0415 - Beam
    from claimwire.pipelines.state import listed  # noqa: PLC0415
    from claimwire.pipelines.state.opening import changing_list  # noqa: PLC0415

    settings = _settings(flags, above)
    with changing_list(Path(settings.state)) as db:
        known = named(db, settings, url)
        resumed = listed.resume(db, known)
    own = settings.by_source.get(known)
    if own and own.paused(datetime.now(UTC)):
        raise UsageError(f"{without_password(known)} is paused in the settings file; take its pause out there")
    _say(f"{without_password(known)}: {'is asked again' if resumed else 'was not paused'}")


def _settings(flags: dict[str, Any], above: dict[str, Any] | None = None) -> Settings:
    """The settings by the options of a command, and those before its name."""
    given = {name: value or (above or {}).get(name) for name, value in flags.items()}
    return read(given.pop("config"), given)


def _say(line: str) -> None:
    from claimwire.pipelines.normalize.text import escaped  # noqa: PLC0415

    click.echo(escaped(line))


# Forms


_HEADS = ("SOURCE", "STATUS", "NEW", "ASKED", "EVERY", "NEXT", "A DAY", "TEASER", "PAYWALL")
_LEAST_NAME = 14
_GAP = 1


def _table(rows: list[Row], now: datetime) -> Iterator[str]:
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415

    from claimwire.pipelines.normalize.text import escaped  # noqa: PLC0415

    if not rows:
        yield "no source was ever read or added; claimwire sources add URL adds one"
        return
    width = max(60, shutil.get_terminal_size((80, 24)).columns)
    cells = [(_named(row), *_figures(row, now)) for row in rows]
    widths = [max(len(line[column]) for line in (_HEADS, *cells)) for column in range(1, len(_HEADS))]
    longest = max(cell_len(escaped(name)) for name, *_ in cells)
    first = max(_LEAST_NAME, min(longest, width - sum(widths) - _GAP * len(widths)))
    for row, (name, *figures) in zip((None, *rows), (_HEADS, *cells), strict=True):
        name = escaped(name)  # noqa: PLW2901 - a stranger's title
        shown = set_cell_size(name if cell_len(name) <= first else f"{set_cell_size(name, first - 1)}…", first)
        padded = [f"{figure:>{size}}" if at else f"{figure:<{size}}" for at, (figure, size) in
                  enumerate(zip(figures, widths, strict=True))]  # fmt: skip
        yield " ".join((shown, *padded)).rstrip()
        if row is not None:
            yield from (
                textwrap.fill(escaped(note), width, initial_indent="    ", subsequent_indent="      ",
                              break_long_words=False, break_on_hyphens=False)
                for note in _notes(row, now)
            )  # fmt: skip
    yield ""
    yield _totals(rows)


def _named(row: Row) -> str:
    name = row.name or row.url.partition("://")[2] or row.url
    return f"  {name}" if row.home else name


def _figures(row: Row, now: datetime) -> tuple[str, ...]:
    every = "" if row.interval_s is None else span(timedelta(seconds=row.interval_s))
    return (
        row.status,
        ago(row.new_at, now),
        ago(row.asked_at, now),
        every,
        "" if row.next_at is None else "now" if row.next_at <= now else f"in {span(row.next_at - now)}",
        "" if row.entries_a_day is None else f"{row.entries_a_day:.{1 if row.entries_a_day < 10 else 0}f}",
        "" if row.teasers is None else f"{row.teasers:.0%}",
        "" if row.paywalled is None else f"{row.paywalled:.0%}",
    )


def _notes(row: Row, now: datetime) -> Iterator[str]:
    """What does not fit in a line: why a source is not fine, what stands for it, what robots.txt forbids."""
    if row.status == "paused":
        yield f"{row.url}: paused {f'until {row.paused_until:%Y-%m-%d %H:%M} UTC' if row.paused_until else ''}".rstrip()
    elif row.status in ("failing", "gone") and row.failing_since:
        yield f"{row.url}: {row.status} for {span(now - row.failing_since)}: {row.why or 'why is not known'}"
    elif row.why:
        yield f"{row.url}: {row.status}: {row.why}"
    if row.subscribed_until or row.delivered_at:
        lease = f"until {row.subscribed_until:%Y-%m-%d %H:%M} UTC" if row.subscribed_until else "not any more"
        delivered = ago(row.delivered_at, now) or "none"
        yield f"{row.url}: subscribed at {row.hub or 'its hub'} {lease}; last delivery {delivered}"
    if row.feeds:
        yield f"{row.url} is a page; {_listed(len(row.feeds))} for it"
    forbidden = [
        f"{host} ({said})" for host, said in row.robots.items() if not said.startswith(("allowed", "not asked"))
    ]
    if forbidden:
        yield f"{row.url}: pages are not read of {', '.join(forbidden)}"


def _listed(feeds: int) -> str:
    return "the feed below stands" if feeds == 1 else f"the {feeds} feeds below stand"


def _totals(rows: list[Row]) -> str:
    counts: dict[str, int] = {}
    for row in rows:
        if not row.feeds:
            counts[row.status] = counts.get(row.status, 0) + 1
    total = sum(counts.values())
    told = ", ".join(f"{number:,} {status}" for status, number in sorted(counts.items(), key=lambda each: -each[1]))
    return f"{total:,} source{'' if total == 1 else 's'}: {told}"


def _json(rows: list[Row]) -> Iterator[str]:
    return (msgspec.json.encode(row).decode() for row in rows)


def _csv(rows: list[Row]) -> Iterator[str]:
    from claimwire.pipelines.run.roster import Row  # noqa: PLC0415 - Beam

    lines = io.StringIO()
    writer = csv.DictWriter(lines, Row.__struct_fields__, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        values = msgspec.to_builtins(row)
        values["feeds"] = " ".join(row.feeds)
        values["robots"] = "; ".join(f"{host}: {said}" for host, said in row.robots.items())
        writer.writerow(values)
    yield lines.getvalue().rstrip("\n")


def _write_opml(rows: list[Row], file: str) -> None:
    feeds_of = {row.url: [(each.name, each.url) for each in rows if each.home == row.url] for row in rows if row.feeds}
    groups = [
        (row.url, feeds_of[row.url]) if row.feeds else (None, [(row.name, row.url)])
        for row in rows
        if "://" in row.url and not row.url.startswith("kafka:") and not (row.home and row.home in feeds_of)
    ]
    text = "\n".join(opml_lines("Sources of claimwire", groups)) + "\n"
    if file == "-":
        sys.stdout.write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from None
    if any(row.login for row in rows):
        report(f"{file} has no user names and passwords; put them into the addresses that need them")
