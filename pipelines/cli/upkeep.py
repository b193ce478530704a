"""Commands that look after the state and the set-up: split, join, index, doctor, schema."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from claimwire.errors import ClaimwireError, UsageError
from claimwire.pipelines.cli.exits import DONE, FAILED
from claimwire.pipelines.cli.options import GroupedCommand, quiet_libraries, read, settings_options
from claimwire.pipelines.cli.reading import looking_up


@click.command()
@click.argument("id_", metavar="ID")
@click.option("--speaker", metavar="SPEAKER", help="The id of a speaker who is somebody else in this article.")
@looking_up
def split(id_: str, speaker: str | None, paths: tuple[str, ...], state: str | None) -> None:
    """Say that an article is not the copy it was found to be.

    The article is queued. The next run with this state extracts its claims and writes its record again, with the same
    id: readers take the later record. The two articles are never joined again.

    With --speaker, say that a speaker in the article is not the one it was taken for. From now on there are two, each
    with an id, who are never joined again. Records stay as they were written; the next run writes an event.
    """
    quiet_libraries()
    folder = Path(read(None, {"state": state}).state)
    from claimwire.pipelines.read.written import article_files, find  # noqa: PLC0415
    from claimwire.pipelines.state.corrections import split as split_off  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State, folders  # noqa: PLC0415

    (record,) = find(article_files([Path(path) for path in paths] or folders(folder)), [id_])
    if speaker is not None:
        from claimwire.pipelines.state import speaker_corrections  # noqa: PLC0415

        with State(folder) as opened:
            new = speaker_corrections.split(opened, record, speaker)
        click.echo(f"the speaker in {record.article.id} is now {new}")
        return
    with State(folder) as opened:
        split_off(opened, record.article)
    click.echo(f"{record.article.id} is queued as an article of its own; the next run with {folder} writes it")


@click.command()
@click.argument("one", metavar="SPEAKER")
@click.argument("other", metavar="SPEAKER")
@click.option("--state", metavar="FOLDER", help="The state directory. [.claimwire]")
def join(one: str, other: str, state: str | None) -> None:
    """Say that two speakers are one.

    Both are ids of speakers, or the beginnings of such. All later articles have the id that was seen first. Records
    stay as they were written; the next run writes an event, and joins the two in a store.
    """
    quiet_libraries()
    folder = Path(read(None, {"state": state}).state)
    from claimwire.pipelines.state import speaker_corrections  # noqa: PLC0415
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415

    with State(folder) as opened:
        gone, kept = speaker_corrections.join(opened, one, other)
    click.echo(f"{gone} is {kept} from now on")


@click.group()
def index() -> None:
    """Look after the index of seen articles, which is a part of the state."""
    quiet_libraries()


_state_option = click.option("--state", metavar="FOLDER", help="The state directory. [.claimwire]")


@index.command()
@_state_option
def stats(state: str | None) -> None:
    """Print how many articles are remembered, and the space that they take."""
    database = _database(state)
    from claimwire.pipelines.dedupe import upkeep  # noqa: PLC0415

    for what, figure in upkeep.stats(database).items():
        click.echo(f"{what:<40} {figure:,}" if isinstance(figure, int) else f"{what:<40} {figure or '-'}")


@index.command()
@_state_option
def verify(state: str | None) -> None:
    """Check every row; exit with 1 where something is wrong. Takes about a minute per million articles."""
    database = _database(state)
    import sqlite3  # noqa: PLC0415

    from claimwire.pipelines.dedupe import upkeep  # noqa: PLC0415

    sound = True
    try:
        for fault in upkeep.faults(database):
            sound = False
            click.echo(fault)
    except sqlite3.DatabaseError as error:
        raise ClaimwireError(f"{database} is damaged: {error}; {_MEND}") from error
    if not sound:
        raise ClaimwireError(f"{database} has faults; {_MEND}")
    click.echo(f"{database} is sound")


_MEND = "restore it from a backup, or move it away to start with an empty state"


@index.command()
@_state_option
def compact(state: str | None) -> None:
    """Give the space of expired articles back to the file system. Needs as much space again while it works."""
    database = _database(state)
    from claimwire.pipelines.state.opening import State  # noqa: PLC0415

    before = database.stat().st_size
    with State(database.parent) as opened:
        opened.compact()
    click.echo(f"{database}: {before:,} bytes before, {database.stat().st_size:,} now")


def _database(given: str | None) -> Path:
    from claimwire.connectors.outputs.names import DATABASE  # noqa: PLC0415

    database = Path(read(None, {"state": given}).state) / DATABASE
    if not database.exists():
        raise UsageError(f"there is no state in {database.parent}; name the state of your runs with --state")
    return database


@click.command(cls=GroupedCommand)
@settings_options("every", "interval")
def doctor(config: str | None, **flags: Any) -> int:
    """Check Python, the model, the state, the sinks and every source; change nothing."""
    quiet_libraries()
    settings = read(config, flags)
    from claimwire.pipelines.run.doctor import examine  # noqa: PLC0415

    return DONE if examine(settings) else FAILED


@click.command()
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema of a record, or the names of all records.

    \b
    claimwire schema enriched-article
    """
    from claimwire.schemas.jsonschema import PUBLISHED, json_schema  # noqa: PLC0415

    if name is None:
        click.echo("\n".join(PUBLISHED))
    elif name in PUBLISHED:
        click.echo(json.dumps(json_schema(name), indent=2, ensure_ascii=False))
    else:
        near = get_close_matches(name, PUBLISHED, 1, 0.3)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PUBLISHED)}"
        raise UsageError(f"no record is called {name!r}; {hint}")
