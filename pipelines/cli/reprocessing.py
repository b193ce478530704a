"""The command that extracts again what claimwire has written: reprocess."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from claimwire.pipelines.cli.exits import EXIT_CODES
from claimwire.pipelines.cli.options import GroupedCommand, load, require, settings_options
from claimwire.pipelines.cli.running import Stop, monitored, run_once
from claimwire.pipelines.settings import Settings

if TYPE_CHECKING:
    from claimwire.pipelines.state.opening import State

_STATE = ".claimwire-reprocess"
_NOT_OF_RECORDS = (
    "source", "columns", "every", "interval", "feeds_at_once", "feed_timeout", "feed_limit_mb", "full_text",
    "page_delay", "archive", "contact", "allow_private", "websub_callback", "websub_listen", "watches",
)  # fmt: skip


@click.command(cls=GroupedCommand, epilog=EXIT_CODES)
@click.option(
    "--only-where",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Extract only records that meet this, repeatable: NAME=PATTERN or NAME!=PATTERN, where NAME is model, "
    "extractor, version or outlet, and since=WHEN or until=WHEN. The others are not written; copies, threads, stories "
    "and speakers are found in them too.",
)
@click.option("--report", metavar="FILE", help="Write what has changed as JSON too, with every article that differs.")
@click.option(
    "--events", is_flag=True, help="Write an event (claimwire.article.reprocessed) for each article that differs."
)
@settings_options(*_NOT_OF_RECORDS)
@click.argument("records", nargs=-1, required=True, metavar="RECORDS...")
def reprocess(
    config: str | None,
    records: tuple[str, ...],
    conditions: tuple[str, ...],
    report: str | None,
    events: bool,
    **flags: Any,
) -> int:
    """Extract again what claimwire has written, by the extractor of today, and tell what has changed.

    RECORDS are folders and files that runs have written (JSONL, Parquet), stores, or topics of articles. Articles keep
    their ids and their texts; claims that are found again have the ids that they had. A report on stdout joins the
    claims of before with those of now: gained, lost, other edges, other names. The records that are read stay as they
    are.

    \b
    claimwire reprocess news --sink jsonl:news-new --report changes.json
    claimwire reprocess news.db --sink sqlite:news-new.db
    claimwire reprocess news --sink jsonl:new --only-where 'extractor!=tagger 3' --only-where since=2026-01-01

    The state [.claimwire-reprocess] has to be one of its own. Copies, threads, stories and speakers are found anew, in
    the order of publication, among the records that are read. A command that was interrupted or killed goes on where it
    was when it is given again, and writes nothing twice. Records that come into RECORDS later are done by the next
    call.
    """
    # Watches are for what is new: they have told of these articles when they came.
    settings = msgspec.structs.replace(load(config, {**flags, "source": records}), watches=None, watching=())
    if settings.state == Settings().state:
        settings = msgspec.structs.replace(settings, state=_STATE)
    require(settings, "sink")
    from claimwire.pipelines.run.rereading import Reprocessing  # noqa: PLC0415 - Beam

    with Stop() as stop, monitored(settings) as monitor:
        return run_once(
            settings,
            [],
            stop,
            monitor,
            reprocessing=Reprocessing(conditions, events),
            then=lambda state: _report(settings, state, Path(report) if report else None),
        )


def _report(settings: Settings, state: State, file: Path | None) -> None:
    from claimwire.pipelines.reprocess.report import printed, totals, write_json  # noqa: PLC0415 - rich

    done = state.reprocessed
    figures = totals(done.comparisons(), done.left_alone(), done.not_done())
    if file:
        write_json(file, figures, done.comparisons())
    carries_records = "-" in settings.sink
    if not (carries_records and settings.quiet):
        printed(figures, done.comparisons(), on_stderr=carries_records)
