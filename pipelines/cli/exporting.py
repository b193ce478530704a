"""Commands that hand results on to other programs."""

from __future__ import annotations

from pathlib import Path

import click

from claimwire.pipelines.cli.options import quiet_libraries, read
from claimwire.pipelines.cli.reading import looking_up


@click.group()
def export() -> None:
    """Write a claim in the form of another program: ClaimReview for a fact-checker."""


@export.command()
@click.argument("claim", metavar="THREAD|CLAIM")
@looking_up
def claimreview(claim: str, paths: tuple[str, ...], state: str | None) -> None:
    """Write the ClaimReview (schema.org, JSON-LD) that a fact-checker fills in.

    THREAD is the id of a thread, or its beginning, CLAIM that of a single claim; show --format json and the page tell
    them. The claim, its author, and when and where it appeared are filled in, copies included. What is null is yours:
    url (of your article), author (your name and URL), datePublished, and reviewRating (alternateName, your verdict in
    words, and ratingValue from worstRating to bestRating). Put the result into your article's page, or into a file for
    --factchecks.

    \b
    claimwire export claimreview 0b1c2d3e4f50 > review.json
    claimwire export claimreview 0b1c2d3e4f50 --in news.db
    """
    quiet_libraries()
    folder = Path(read(None, {"state": state}).state)
    import msgspec  # noqa: PLC0415

    from claimwire.connectors.factchecks.claimreview import FOR_THE_FACT_CHECKER, skeleton  # noqa: PLC0415
    from claimwire.pipelines.normalize.text import escaped  # noqa: PLC0415
    from claimwire.pipelines.read.claimreview import draft  # noqa: PLC0415
    from claimwire.pipelines.read.headings import judged  # noqa: PLC0415
    from claimwire.pipelines.state.opening import folders  # noqa: PLC0415

    found = draft([Path(path) for path in paths] or folders(folder), claim)
    click.echo(msgspec.json.format(msgspec.json.encode(skeleton(found.review)), indent=2).decode())
    click.echo(f"to be filled in: {', '.join(FOR_THE_FACT_CHECKER)}", err=True)
    for check in found.known:
        click.echo(f"checked before by {escaped(judged(check))} ({escaped(check.url or 'no URL')})", err=True)
