"""Commands that read the results: show, explain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from claimwire.errors import UsageError
from claimwire.pipelines.cli.exits import close_stdout
from claimwire.pipelines.cli.options import quiet_libraries, read


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("--speaker", metavar="TEXT", help="Only claims whose speaker's name contains this.")
@click.option("--about", metavar="TEXT", help="Only claims that contain this, or name an entity that does.")
@click.option(
    "--since", metavar="WHEN", help="Only articles published since a date, e.g. 2026-11-20, or for a time, e.g. 2d."
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(["statement", "belief", "intention", "attitude"]),
    help="Only claims of this kind, repeatable.",
)
@click.option(
    "--min-confidence",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Only claims that are right to the word with at least this chance, from 0 to 1.",
)
@click.option(
    "--min-worth",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Only claims that are worth checking at least so much, from 0 to 1.",
)
@click.option("--html", is_flag=True, help="Print a page for a browser, with the claims marked in their texts.")
def show(
    paths: tuple[str, ...],
    html: bool,
    speaker: str | None,
    about: str | None,
    since: str | None,
    kinds: tuple[str, ...],
    min_confidence: float,
    min_worth: float,
) -> None:
    """Show the claims in files or folders that run has written: who said what, and where.

    \b
    claimwire show news --speaker minister --since 2d
    claimwire show news --about ceasefire --html > ceasefire.html
    claimwire show news --min-worth 0.7 --min-confidence 0.8
    """
    from claimwire.pipelines.read.filters import Filter, earliest  # noqa: PLC0415 - with what they need of settings

    given = [Path(path) for path in paths]
    wanted = Filter(speaker, about, earliest(since), frozenset(kinds), min_confidence, min_worth)
    try:
        if html:
            from claimwire.pipelines.read.page import page  # noqa: PLC0415 - spaCy, which draws it

            for part in page(given, wanted):
                click.echo(part, nl=False)
        else:
            from claimwire.pipelines.read.terminal import show_claims  # noqa: PLC0415

            show_claims(given, wanted)
    except BrokenPipeError:  # the reader has seen enough (claimwire show out | head)
        close_stdout()


def looking_up(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options of commands that look articles up by their ids."""
    records = click.option(
        "--in",
        "paths",
        multiple=True,
        metavar="PATH",
        help="Where the records are, repeatable; by default where runs with this state wrote them.",
    )
    return click.option("--state", metavar="FOLDER", help="The state of these runs. [.claimwire]")(records(command))


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID [ID]")
@looking_up
def explain(ids: tuple[str, ...], paths: tuple[str, ...], state: str | None) -> None:
    """Show why an article was found to be a copy of another.

    It shows both texts aligned, the score, and the rule that decided. With two IDs it shows what the verdict on these
    two would be. The beginning of an id is enough; show prints it. In the texts, = is in both, - only in the original,
    + only in the copy.
    """
    if len(ids) > 2:
        raise UsageError("explain takes one ID, or two to compare")
    quiet_libraries()
    folder = Path(read(None, {"state": state}).state)
    from claimwire.pipelines.read.explain import explain as explain_copy  # noqa: PLC0415
    from claimwire.pipelines.state.opening import folders  # noqa: PLC0415

    explain_copy([Path(path) for path in paths] or folders(folder), folder, ids)
