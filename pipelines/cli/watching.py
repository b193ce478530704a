"""The command that lists watches, and what became of telling whoever asked: watches."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from claimwire.errors import ClaimwireError, UsageError
from claimwire.pipelines.cli.exits import close_stdout
from claimwire.pipelines.cli.options import quiet_libraries, read
from claimwire.pipelines.timespans import ago

if TYPE_CHECKING:
    from claimwire.pipelines.notify.overview import Row
    from claimwire.pipelines.watches.watch import Watch


@click.command()
@click.option("--config", metavar="FILE", help="The settings file of your runs.")
@click.option("--watches", metavar="FILE", help="The file of watches, if the settings do not name it.")
@click.option("--state", metavar="FOLDER", help="The state of your runs. [.claimwire]")
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table",
    help="json is an object per line, with times in RFC 3339. [table]",
)  # fmt: skip
@click.option("--try", "trial", metavar="WATCH", help="Send a trial message to whom this watch tells, and no list.")
def watches(form: str, trial: str | None, **flags: Any) -> None:
    """Show every watch with its matches, and whether those who asked were told.

    \b
    claimwire watches --config claimwire.yaml
    claimwire watches --config claimwire.yaml --try Bridges

    WAITING counts what is still to be sent: a digest waits for its hour, a target that cannot be told for its next try.
    What was given up (notify_for) is not sent any more. It works while watch runs.
    """
    quiet_libraries()
    from claimwire.pipelines.watches.file import watches_of  # noqa: PLC0415

    settings = read(flags.pop("config"), flags)
    known = watches_of(settings)
    if trial is not None:
        _try(known, trial)
        return
    from claimwire.pipelines.notify.overview import overview  # noqa: PLC0415

    now = datetime.now(UTC).replace(microsecond=0)
    rows = overview(Path(settings.state), known)
    try:
        for line in (msgspec.json.encode(row).decode() for row in rows) if form == "json" else _table(rows, now):
            click.echo(line)
    except BrokenPipeError:  # the reader has seen enough
        close_stdout()


def _try(known: tuple[Watch, ...], name: str) -> None:
    """Send a trial to each target of a watch. Raises UsageError where there is none, ClaimwireError where one fails."""
    from claimwire.pipelines.normalize.text import escaped  # noqa: PLC0415
    from claimwire.pipelines.notify.message import trial  # noqa: PLC0415
    from claimwire.pipelines.notify.targets import check_known, shown  # noqa: PLC0415
    from claimwire.pipelines.watches.watch import slug  # noqa: PLC0415

    watch = next((each for each in known if slug(name) == each.slug), None)
    if watch is None:
        there = ", ".join(each.name for each in known) or "none"
        raise UsageError(f"there is no watch {name!r} in the settings; there are: {there}")
    if not watch.notify:
        raise UsageError(
            f"the watch {watch.name!r} tells nobody; give it an address: notify: mailto://desk@mail.example"
        )
    for target in watch.notify:
        check_known(target)
    from claimwire.pipelines.notify.sending import send  # noqa: PLC0415 - an extra, which was checked

    failed = 0
    for target in watch.notify:
        sent = send(trial(watch.name), target, os.environ)
        failed += sent.problem is not None
        click.echo(escaped(f"{shown(target)}: {sent.problem or 'sent'}"))
    if failed:
        raise ClaimwireError(f"{failed} of {len(watch.notify)} could not be told")


_HEADS = ("WATCH", "MATCHES", "LAST", "TELLS", "DELIVERED", "WAITING", "GIVEN UP")


def _table(rows: list[Row], now: datetime) -> Iterator[str]:
    from claimwire.pipelines.normalize.text import escaped  # noqa: PLC0415

    if not rows:
        yield "no watch is set; docs/watches.md has examples"
        return
    cells = [
        (
            escaped(row.name),
            f"{row.matches:,}",
            ago(row.last_match, now) or "never",
            f"{len(row.targets)}" if row.targets else "nobody",
            f"{row.delivered:,}",
            f"{row.waiting:,}",
            f"{row.given_up:,}",
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (_HEADS, *cells)) for column in range(len(_HEADS))]
    width = max(60, shutil.get_terminal_size((80, 24)).columns)
    for row, line in zip((None, *rows), (_HEADS, *cells), strict=True):
        first, *rest = zip(line, widths, strict=True)
        yield " ".join((f"{first[0]:<{first[1]}}", *(f"{cell:>{size}}" for cell, size in rest))).rstrip()
        for note in _notes(row) if row else ():
            yield textwrap.fill(
                escaped(note), width, initial_indent="    ", subsequent_indent="      ", break_long_words=False,
                break_on_hyphens=False,
            )  # fmt: skip


def _notes(row: Row) -> Iterator[str]:
    """What does not fit in a line."""
    if not row.set:
        yield "is not in the settings any more"
    if row.problem and (row.failing or row.given_up):
        yield f"{row.failing:,} tried in vain: {row.problem}" if row.failing else f"given up: {row.problem}"
