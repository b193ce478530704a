"""Commands on the state as a whole: state backup, state restore."""

from __future__ import annotations

from pathlib import Path

import click

from claimwire.pipelines.cli.options import quiet_libraries, read

_state_option = click.option("--state", metavar="FOLDER", help="The state directory. [.claimwire]")


@click.group()
def state() -> None:
    """Back up the state while runs go on, or put a backup back."""
    quiet_libraries()


@state.command()
@click.argument("target", metavar="FILE|FOLDER")
@_state_option
def backup(target: str, state: str | None) -> None:
    """Write a backup of the state to a file, or under a name with the time into a folder that is there.

    A run or watch may hold the state meanwhile. Outputs are not in it: copy them after the state, never before, so that
    the state knows of nothing as written that the copy lacks.

    \b
    claimwire state backup /backup
    """
    from claimwire.pipelines.observe.summary import counted  # noqa: PLC0415
    from claimwire.pipelines.state.backup import back_up  # noqa: PLC0415

    made = back_up(Path(read(None, {"state": state}).state), Path(target))
    with_outputs = f", with {counted(made.outputs, 'output')} that had not got its name" if made.outputs else ""
    size = made.file.stat().st_size
    click.echo(f"{made.file}: {counted(made.passes, 'pass', 'passes')} committed, {size:,} bytes{with_outputs}")


@state.command()
@click.argument("backup", metavar="BACKUP")
@_state_option
@click.option("--replace", is_flag=True, help="Also replace a state that is newer than the backup, or another one.")
def restore(backup: str, state: str | None, replace: bool) -> None:
    """Put the state of a backup back; the next run goes on from there.

    A state that is there is replaced if it is damaged or older, and kept beside as state.db.replaced-1. One that a run
    holds is never replaced.

    \b
    claimwire state restore /backup/claimwire-0123abcd-20261120T060000Z.backup
    """
    from claimwire.pipelines.observe.summary import counted  # noqa: PLC0415
    from claimwire.pipelines.state import backup as backups  # noqa: PLC0415

    folder = Path(read(None, {"state": state}).state)
    put = backups.restore(Path(backup), folder, replace)
    with_outputs = f"; the next run finishes {counted(put.outputs, 'output')}" if put.outputs else ""
    passes = counted(put.passes, "pass", "passes")
    click.echo(f"{folder} is as it was at {put.made_at:%Y-%m-%d %H:%M:%S} UTC: {passes} committed{with_outputs}")
