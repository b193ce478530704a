"""The watches of a run: those in its settings, or in a file of their own."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claimwire.errors import ClaimwireError
from claimwire.pipelines.watches.parsing import parse_watches

if TYPE_CHECKING:
    from claimwire.pipelines.settings import Settings
    from claimwire.pipelines.settings_file import Table
    from claimwire.pipelines.watches.watch import Watch


_log = logging.getLogger(__name__)


class LastGood:
    """The watches of a command that goes on: those of their file as it is, or as it was when it was right last.

    A slip in an editor is no reason to read nothing, and none to tell nobody of anything.

    Raises WatchError, SettingsError, TargetError and ModelNotFoundError for what is wrong at the beginning.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._mark = self._found()
        self._watches = _checked(settings)
        self._is_wrong = False

    def settings(self) -> Settings:
        """The settings, with the watches themselves in them; a file that is wrong is told once for each change."""
        if not self._settings.watches:
            return self._settings
        mark = self._found()
        if mark != self._mark:
            self._mark = mark
            self._read()
        return msgspec.structs.replace(self._settings, watches=None, watching=self._watches)

    def _read(self) -> None:
        try:
            self._watches = _checked(self._settings)
        except (ClaimwireError, OSError) as error:
            self._is_wrong = True
            names = ", ".join(watch.name for watch in self._watches) or "none"
            _log.error("%s. The watches from before this change are used until it is mended: %s", error, names)
            return
        if self._is_wrong:
            _log.warning("%s is right again, and used", self._settings.watches)
        self._is_wrong = False

    def _found(self) -> tuple[int, int] | None:
        """By which a change of the file is seen; None where it is not there."""
        try:
            found = Path(self._settings.watches or "").stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size


def _checked(settings: Settings) -> tuple[Watch, ...]:
    from claimwire.pipelines.watches.matching import Matcher  # noqa: PLC0415 - models

    watches = watches_of(settings)
    Matcher(watches)
    check_targets(watches)
    return watches


def check_targets(watches: Sequence[Watch]) -> bool:
    """Whether watches tell anybody. Raises TargetError for what a message could never go to."""
    if targets := sorted({target for watch in watches for target in watch.notify}):
        from claimwire.pipelines.notify.targets import check_known  # noqa: PLC0415 - an extra

        for target in targets:
            check_known(target)
    return bool(targets)


def watches_of(settings: Settings) -> tuple[Watch, ...]:
    """The watches that settings name. The file is read whenever this is called. Raises WatchError, SettingsError."""
    return read_watches(Path(settings.watches)) if settings.watches else settings.watching


def read_watches(path: Path) -> tuple[Watch, ...]:
    """The watches in a YAML file: a list of them, or a settings file with one under ``watches``.

    Raises WatchError and SettingsError; the message names the file and the line.
    """
    from claimwire.pipelines.settings_file import read_watch_tables  # noqa: PLC0415 - only who has a file needs YAML

    return watches_in(read_watch_tables(path), path)


def watches_in(tables: Sequence[Table], path: Path) -> tuple[Watch, ...]:
    """The watches that some mappings of a file are. Raises WatchError."""
    return parse_watches((table.values for table in tables), [f"{path}, line {table.line}" for table in tables])
