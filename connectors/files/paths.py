"""Paths that a user gives, and the files below a folder."""

from __future__ import annotations

import glob
import logging
import os
import re
import stat
from collections.abc import Iterator
from difflib import get_close_matches
from urllib.parse import unquote

from claimwire.connectors.errors import BrokenSource, SourceError
from claimwire.connectors.files.kinds import READABLE, Kind, file_kind, holds_fact_checks
from claimwire.connectors.files.records import FileSource, printable
from claimwire.connectors.outputs.names import DATABASE, UNFINISHED, is_of_state, is_own_output
from claimwire.connectors.web.http import without_password

_log = logging.getLogger(__name__)


def local_path(spec: str) -> str:
    """The path that a user means: as it stands, or of a file:// URL. Raises SourceError for other URLs."""
    if spec.lower().startswith("file://"):
        return unquote(spec[len("file://") :], errors="surrogateescape")
    scheme = re.match(r"([a-z][a-z0-9+.-]*)://", spec, re.I)
    if scheme and not os.path.exists(spec):
        near = get_close_matches(scheme[1].lower(), ("http", "https", "feed", "file", "kafka"), 1)
        hint = (
            f"did you mean {near[0]}{without_password(spec)[len(scheme[1]) :]}?"
            if near
            else "feeds are read from http:// or https://, topics from kafka://"
        )
        raise SourceError(spec, f"{scheme[1]}:// is not known; {hint}")
    return spec


def files_at(given: str) -> Iterator[FileSource | BrokenSource]:
    """The files that a path stands for: a file, those below a folder, or those that match a pattern (``news/*.xml``).

    Lists of feeds are not files to be read: in a folder they are left out with a warning. Raises SourceError where
    there is nothing at the path, or nothing that can be read.
    """
    path = local_path(given)
    if not glob.has_magic(path) or os.path.exists(path):
        yield from _files_at(path)
        return
    matching = sorted(glob.glob(path, recursive=True))
    if not matching:
        raise SourceError(given, "no file matches this pattern")
    for each in matching:
        try:
            yield from _files_at(each)
        except SourceError as error:
            yield BrokenSource(error.name, error.problem)


def _files_at(path: str) -> Iterator[FileSource | BrokenSource]:
    if not os.path.isdir(path):
        kind = given_kind(path)
        if kind == "opml" or kind == "list":  # noqa: PLR1714 - mypy does not see through "in"
            raise SourceError(path, "a list of feeds and no file of articles; give its URLs to ReadFromFeeds")
        yield FileSource(path, kind)
        return
    for found in kinds_below(path):
        if isinstance(found, BrokenSource):
            yield found
            continue
        inner, kind = found
        if kind == "opml" or kind == "list":  # noqa: PLR1714
            _log.warning("%s is left out: a list of feeds, whose URLs ReadFromFeeds reads", printable(inner))
        else:
            yield FileSource(inner, kind)


def given_kind(path: str) -> Kind:
    """What a file is that a user named. Raises SourceError where it cannot be read, or is nothing that is read."""
    check_file(path)
    kind = file_kind(path)
    if kind is None:
        if _is_sqlite(path):
            raise SourceError(path, f"a SQLite file; a store of claimwire is read by claimwire reprocess {path}")
        raise SourceError(path, f"not a type of file that claimwire reads, which are {READABLE}")
    return kind


def _is_sqlite(path: str) -> bool:
    with open(path, "rb") as file:
        return file.read(16) == b"SQLite format 3\0"


def check_file(path: str) -> None:
    """Raises SourceError where this is not a file that this user can read; the message says what may be meant."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise SourceError(path or repr(path), _why_missing(path, error)) from None
    if not stat.S_ISREG(mode):
        raise SourceError(path, "neither a file nor a folder")
    if not os.access(path, os.R_OK):
        raise SourceError(path, "not readable for this user")


def _why_missing(path: str, error: Exception) -> str:
    if not isinstance(error, FileNotFoundError):
        return getattr(error, "strerror", None) or str(error)
    if os.path.islink(path):
        return f"a link to {os.readlink(path)}, which does not exist"
    folder, name = os.path.split(path)
    if near := get_close_matches(name, _names_in(folder), 1, 0.7):
        return f"no such file; did you mean {os.path.join(folder, near[0])}?"
    if re.match(r"[\w-]+(\.[\w-]+)+/", path):
        return f"no such file; if it is a feed on the web, write https://{path}"
    if not os.path.isdir(folder or "."):
        return f"there is no folder {folder}"
    return "no such file; a source is the URL of a feed, a file, a list of feeds, or a folder"


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")
    except OSError:
        return []


def kinds_below(folder: str) -> Iterator[tuple[str, Kind] | BrokenSource]:
    """The files below a folder that are read, with what they are.

    What claimwire has written there is left out, outputs and state, and so are files of fact-checks (``factchecks*``,
    ``claimreview*``); the log says of how many files, and what reads them. Files of no known type are left out with a
    warning. The log also says if there is nothing else in the folder. Raises SourceError where the folder itself cannot
    be read.
    """
    given = own = unknown = checks = 0
    for path in files_below(folder):
        if isinstance(path, BrokenSource):
            given += 1
            yield path
        elif is_own_output(os.path.basename(path)):
            own += 1
        elif holds_fact_checks(path):
            checks += 1
        else:
            try:
                kind = file_kind(path)
            except SourceError as error:
                given += 1
                yield BrokenSource(error.name, error.problem)
                continue
            if kind:
                given += 1
                yield path, kind
            else:
                unknown += 1
                _log.warning("%s is left out: not a type of file that claimwire reads", printable(path))
    name = printable(folder)
    if own:
        # Beside other files it is a sink in a folder of sources, as from cron every day; alone it is a mistake.
        level = logging.INFO if given or unknown else logging.WARNING
        told = "left out %s that claimwire has written; to extract their articles again: claimwire reprocess %s"
        _log.log(level, f"%s: {told}", name, _files(own), name, extra={"source": name})
    if checks:
        _log.info(
            "%s: left out %s of fact-checks, which --factchecks reads", name, _files(checks), extra={"source": name}
        )
    if not given:
        empty = "" if own or unknown or checks else ", which is empty"
        _log.info("%s: there is nothing to read in this folder%s", name, empty, extra={"source": name})


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number:,} files"


def files_below(folder: str) -> Iterator[str | BrokenSource]:
    """Files below a folder in the order of their paths; a folder that is met again by a link is not entered again.

    Raises SourceError where the folder itself cannot be read.
    """
    seen = {os.path.realpath(folder)}
    try:
        waiting = _entries(folder)
    except OSError as error:
        raise SourceError(folder, error.strerror or str(error)) from None
    while waiting:
        entry = waiting.pop()
        try:
            if entry.is_dir():
                real = os.path.realpath(entry.path)
                if real not in seen:
                    seen.add(real)
                    waiting += _entries(entry.path)
            elif entry.is_file():  # and not a pipe, which would block, or a link to nothing
                yield entry.path
        except OSError as error:  # no right to enter it, or a link to itself
            yield BrokenSource(printable(entry.path), error.strerror or str(error))


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What is to be looked at in a folder, the first by name at the end."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name, reverse=True)
    if any(entry.name == DATABASE for entry in found):
        found = [entry for entry in found if not is_of_state(entry.name)]
    return [entry for entry in found if not entry.name.startswith(".") and not entry.name.endswith(UNFINISHED)]
