"""Giving committed outputs their names."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

STDOUT = "-"


class OutputLostError(Exception):
    """A committed output is neither where it was staged nor where it belongs."""


def publish_file(staged: Path, final: str) -> None:
    """Give a staged file its final name, or write it to stdout; done before, it is left as it is.

    stdout cannot be asked what it has got, so after a kill in this very moment it may get a file's lines again.

    Raises OutputLostError, and OSError where the file system refuses.
    """
    if final == STDOUT:
        if staged.exists():
            with staged.open("rb") as lines, open(1, "wb", closefd=False) as stdout:
                shutil.copyfileobj(lines, stdout)
            staged.unlink()
        return
    target = Path(final)
    if staged.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged, target)
        # The folder of the day may be new, and the one that holds it too.
        for folder in list(target.parents)[:3]:
            sync(folder)
    # Only the renaming takes a file out of its staging folder; if the folder is still there, that was done, and
    # whoever reads the outputs may have taken the file away since. If it is not, a disk may be missing.
    elif not staged.parent.exists() and not target.exists():
        raise OutputLostError(
            f"{final} was committed, but neither it nor {staged} is there. If its disk is not mounted, mount it; "
            f"if it was moved away on purpose, make the empty folder {staged.parent} and run again"
        )


def sync(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a rename in it survives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
