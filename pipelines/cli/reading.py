"""Commands that read the results: show, explain, diff."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from claimwire.errors import UsageError
from claimwire.pipelines.cli.exits import close_stdout
from claimwire.pipelines.cli.options import quiet_libraries, read

if TYPE_CHECKING:
    from claimwire.pipelines.read.filters import Filter, Order


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option(
    "--about",
    metavar="WORDS",
    help="Only claims in which these words stand, or in their sentences, titles and names. A phrase stands in "
    '"...", ukrain* is a beginning, -word one that must not be there.',
)
@click.option(
    "--speaker",
    metavar="WORDS",
    help="Only claims whose speaker has a name with these words; also those under the speaker's other names.",
)
@click.option("--outlet", metavar="DOMAIN", help="Only claims in articles of this outlet, e.g. courier.example.")
@click.option("--place", metavar="NAME", help="Only claims that mention this place, or anything else by its name.")
@click.option("--named", is_flag=True, help="Only claims whose speaker has a name.")
@click.option(
    "--since",
    metavar="WHEN",
    help="Only articles since a date, e.g. 2026-11-20, today, yesterday, or for a time, e.g. 2d; one without a date "
    "counts by when it was fetched.",
)
@click.option("--until", metavar="WHEN", help="Only articles until then; a day counts to its end (UTC).")
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
@click.option(
    "--sort",
    "order",
    type=click.Choice(["written", "newest", "oldest", "confidence", "worth", "carriers"]),
    default="written",
    help="Which claims come first. [written]",
)
@click.option("--limit", type=click.IntRange(1), metavar="NUMBER", help="Only so many claims.")
@click.option(
    "--stories",
    is_flag=True,
    help="Show stories instead of claims: articles on the same event, those of most outlets first. Goes with --since, "
    "--until and --limit.",
)
@click.option(
    "--threads",
    is_flag=True,
    help="Instead of claims, the threads in which one of them stands: who said it first, who repeated it in which "
    "words, who gives another figure or denies it. Goes with filters of claims and --limit, which is for threads.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "html"]),
    default="table",
    help="For reading; JSON, a claim a line; CSV; or a page for a browser, with the claims marked in their texts. "
    "[table]",
)
def show(
    paths: tuple[str, ...],
    about: str | None,
    speaker: str | None,
    since: str | None,
    until: str | None,
    kinds: tuple[str, ...],
    form: str,
    stories: bool,
    **more: Any,
) -> None:
    """Show the claims that run has written: who said what, and where.

    PATH is a folder, a file of records, or a store (--sink sqlite:FILE).

    \b
    claimwire show news --speaker minister --since 2d
    claimwire show news.db --about 'ukrain* "grain deal"' --sort worth --limit 20
    claimwire show news --stories --since today
    claimwire show news --since yesterday --until yesterday --format csv > claims.csv
    """
    from claimwire.pipelines.read import times  # noqa: PLC0415 - with what they need of settings
    from claimwire.pipelines.read.filters import Filter  # noqa: PLC0415
    from claimwire.pipelines.read.words import search  # noqa: PLC0415

    given = [Path(path) for path in paths]
    wanted = Filter(
        speaker=search(speaker) if speaker is not None else None,
        about=search(about) if about is not None else None,
        since=times.since(since),
        until=times.until(until),
        kinds=frozenset(kinds),
        confidence=more["min_confidence"],
        worth=more["min_worth"],
        named=more["named"],
        outlet=more["outlet"],
        place=more["place"],
    )
    if stories and (wanted != Filter(since=wanted.since, until=wanted.until) or form != "table"):
        raise UsageError("--stories goes with --since, --until and --limit only")
    if more["threads"] and (stories or form != "table" or more["order"] != "written"):
        raise UsageError("--threads goes with filters of claims and --limit only")
    try:
        if stories:
            from claimwire.pipelines.read.stories import show_stories  # noqa: PLC0415

            show_stories(given, wanted.since, wanted.until, more["limit"])
            return
        if more["threads"]:
            from claimwire.pipelines.read.threads import show_threads  # noqa: PLC0415

            show_threads(given, wanted, more["limit"])
            return
        _print(form, given, wanted, more["order"], more["limit"])
    except BrokenPipeError:  # the reader has seen enough (claimwire show out | head)
        close_stdout()


def _print(form: str, paths: list[Path], wanted: Filter, order: Order, limit: int | None) -> None:
    if form == "html":
        from claimwire.pipelines.serve.file import page  # noqa: PLC0415 - the template engine

        for part in page(paths, wanted, order, limit):
            click.echo(part, nl=False)
    elif form == "table":
        from claimwire.pipelines.read.terminal import show_claims  # noqa: PLC0415

        show_claims(paths, wanted, order, limit)
    else:
        from claimwire.pipelines.read import rows  # noqa: PLC0415

        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # data is in UTF-8, whatever the locale
        claims = rows.messages(paths, wanted, order, limit)
        if form == "json":
            rows.print_json(sys.stdout, claims)
        else:
            rows.print_csv(sys.stdout, claims)


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


@click.command()
@click.argument("article", metavar="ID")
@looking_up
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For reading, or JSON: a list of versions, each with its changes. [text]",
)
def diff(article: str, paths: tuple[str, ...], state: str | None, form: str) -> None:
    """Show what an outlet has changed in an article after publication, claim by claim.

    ID is that of any version, the beginning of one, or the URL of the article. Claims that are the same but for their
    typography are left out. In the texts, - is what was there before, + what is there now.

    \b
    claimwire diff e91142fbe9c3
    claimwire diff https://example.org/story --in news --format json
    """
    quiet_libraries()
    folder = Path(read(None, {"state": state}).state)
    from claimwire.pipelines.read.diff import as_json, show_diff, steps  # noqa: PLC0415
    from claimwire.pipelines.state.opening import folders  # noqa: PLC0415

    found = steps([Path(path) for path in paths] or folders(folder), article)
    if form == "json":
        import msgspec  # noqa: PLC0415

        click.echo(msgspec.json.format(msgspec.json.encode(as_json(found)), indent=2).decode())
    else:
        show_diff(found)
