"""The command that shows a store in a browser: serve."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from claimwire.errors import UsageError
from claimwire.pipelines.cli.options import quiet_libraries, read
from claimwire.pipelines.settings import PAGE_TOKEN

if TYPE_CHECKING:
    from claimwire.pipelines.notify.overview import Row as Watched
    from claimwire.pipelines.run.roster import Row
    from claimwire.pipelines.settings import Settings


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8765, metavar="NUMBER", help="0 takes a free one. [8765]"
)
@click.option(
    "--listen",
    default="127.0.0.1",
    metavar="ADDRESS",
    help="Of this machine. Any other than 127.0.0.1 needs a token. [127.0.0.1]",
)
@click.option(
    "--token-file",
    metavar="FILE",
    help=f"Only readers who give the token in this file may look; so may {PAGE_TOKEN} be set. 16 characters or more.",
)
@click.option("--state", metavar="FOLDER", help="The state of the runs: the page shows how its sources are.")
@click.option(
    "--config", metavar="FILE", help="The settings file of the runs, with their sources, their watches and their state."
)
def serve(file: str, port: int, listen: str, token_file: str | None, state: str | None, config: str | None) -> None:
    """Show a store in a browser: claims as they come, articles, speakers, a map, sources.

    FILE is a store (--sink sqlite:FILE). It is opened to read only, so runs and watch can write to it meanwhile; what
    they write appears on the page. Ctrl-C ends it. It needs the extra: pip install 'claimwire[serve]'.

    \b
    claimwire serve news.db --state /var/lib/claimwire
    """
    quiet_libraries()
    settings = read(config, {"state": state}) if state or config else None
    try:
        from claimwire.pipelines.serve.server import serve as serve_page  # noqa: PLC0415 - the web server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("starlette", "uvicorn", "anyio"):
            raise
        raise UsageError(
            f"claimwire serve needs {error.name}; install it with: pip install 'claimwire[serve]'"
        ) from error
    sources = None if settings is None else lambda: _sources(settings)
    if sources:
        sources()  # says at once what is wrong with the state
    watches = None if settings is None else lambda: _watches(settings)
    if watches:
        watches()
    serve_page(
        Path(file), listen, port, _token(token_file), sources, watches,
        lambda url: click.echo(f"{file} is shown at {url} (Ctrl-C ends it)", err=True),
    )  # fmt: skip


def _token(file: str | None) -> str | None:
    """The token out of a file or of the environment. Raises UsageError for a file that has none."""
    if file is None:
        return os.environ.get(PAGE_TOKEN, "").strip() or None
    try:
        token = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the token in {file}: {getattr(error, 'strerror', None) or error}") from None
    if not token:
        raise UsageError(f"{file} is empty; write a token into it, e.g. with: openssl rand -hex 16 > {file}")
    return token


def _sources(settings: Settings) -> list[Row]:
    from datetime import UTC, datetime  # noqa: PLC0415

    from claimwire.pipelines.run.roster import roster  # noqa: PLC0415 - Beam
    from claimwire.pipelines.state.opening import looking_into  # noqa: PLC0415

    with looking_into(Path(settings.state)) as db:
        return roster(db, settings, datetime.now(UTC).replace(microsecond=0))


def _watches(settings: Settings) -> list[Watched]:
    from claimwire.pipelines.notify.overview import overview  # noqa: PLC0415
    from claimwire.pipelines.watches.file import watches_of  # noqa: PLC0415

    return overview(Path(settings.state), watches_of(settings))
