"""The command that tries watches on what is written: watch-test."""

from __future__ import annotations

from pathlib import Path

import click

from claimwire.errors import UsageError
from claimwire.pipelines.cli.options import quiet_libraries


@click.command("watch-test")
@click.argument("file", metavar="FILE")
@click.option(
    "--archive",
    "paths",
    multiple=True,
    required=True,
    metavar="PATH",
    help="Records to try them on, repeatable: a folder, a file of records, or a store.",
)
@click.option("--watch", "names", multiple=True, metavar="NAME", help="Try this watch only, repeatable.")
@click.option("--limit", type=click.IntRange(0), default=5, metavar="NUMBER", help="Examples of each watch. [5]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For reading, or JSON: all matches, one a line, as on the topic of matches. [text]",
)
def watch_test(file: str, paths: tuple[str, ...], names: tuple[str, ...], limit: int, form: str) -> None:
    """Show what watches would have matched in records that are written already.

    FILE is a file of watches, or a settings file with watches in it. Nothing is written, and nobody is told. For a
    watch by meaning it shows the claims around the threshold, and proposes one where the scores have a gap.

    \b
    claimwire watch-test watches.yaml --archive news
    claimwire watch-test watches.yaml --archive news.db --watch Bridges --limit 20
    """
    quiet_libraries()
    from claimwire.pipelines.read.terminal import screen  # noqa: PLC0415
    from claimwire.pipelines.watches.file import read_watches  # noqa: PLC0415
    from claimwire.pipelines.watches.telling import tell  # noqa: PLC0415
    from claimwire.pipelines.watches.trial import as_lines, try_watches  # noqa: PLC0415

    watches = read_watches(Path(file))
    if unknown := set(names) - {watch.name for watch in watches}:
        raise UsageError(
            f"{file} has no watch {min(unknown)!r}; it has {', '.join(watch.name for watch in watches) or 'none'}"
        )
    trial = try_watches(
        [watch for watch in watches if not names or watch.name in names], [Path(path) for path in paths]
    )
    if form == "json":
        for line in as_lines(trial):
            click.echo(line.decode())
    else:
        tell(screen(), trial, limit)
