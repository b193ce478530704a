"""The files that ``claimwire batch --source`` names, in any of Beam's file systems."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator

from apache_beam.io.filesystems import FileSystems

from claimwire.connectors.files.kinds import READABLE, Kind, holds_fact_checks, kind_by_name
from claimwire.connectors.files.opening import is_remote
from claimwire.connectors.files.records import printable
from claimwire.connectors.outputs.names import UNFINISHED, is_own_output
from claimwire.connectors.sources import BrokenSource, FileSource, SourceError, sources
from claimwire.pipelines.batch.plan import Input
from claimwire.pipelines.observe.summary import counted

_log = logging.getLogger(__name__)

_OTHERWISE = "a batch reads files"
# Their names do not say whether they are articles.
_LOOKED_INTO = re.compile(r".*\.(xml|txt)(\.gz|\.zst)?", re.I)


def inputs(specs: tuple[str, ...]) -> tuple[Input, ...]:
    """The files of all sources, each once, in the order of their paths.

    Raises SourceError for what is no file, or where there is none, and SharedFolderError.
    """
    found = {each.path: each for spec in specs for each in _inputs(spec)}
    return tuple(found[path] for path in sorted(found))


def _inputs(spec: str) -> Iterator[Input]:
    scheme = spec.partition(":")[0].lower() if re.match(r"[a-z][a-z0-9+.-]*:", spec, re.I) else ""
    if scheme in ("http", "https", "feed"):
        raise SourceError(spec, f"{_OTHERWISE}, and this is a feed; claimwire run --exchange reads it")
    if scheme == "kafka":
        raise SourceError(
            "kafka://...",
            f"{_OTHERWISE}, and this is a topic, which does not stay as it is between two starts; claimwire run "
            "--exchange reads a topic to its end, claimwire stream without end, and a file that Kafka Connect has made "
            "of it is one",
        )
    if is_remote(spec):
        yield from _remote(spec)
        return
    for source in sources(spec):
        if isinstance(source, BrokenSource):
            raise SourceError(source.name, source.problem)
        if not isinstance(source, FileSource):
            raise SourceError(spec, f"{_OTHERWISE}, and this names feeds or topics")
        yield Input(os.path.abspath(source.path), source.kind)  # workers have folders of their own


def _remote(spec: str) -> Iterator[Input]:
    """The files at an address, below it, or that match it (``s3://desk/2025-*/*.jsonl.gz``)."""
    pattern = spec if re.search(r"[*?\[]", spec) else None
    try:
        whole = pattern or (spec if not spec.endswith("/") and FileSystems.exists(spec) else None)
        (found,) = FileSystems.match([whole or f"{spec.rstrip('/')}/**"])
    except Exception as error:  # each of Beam's file systems has errors of its own
        raise SourceError(spec, f"cannot be looked into: {' '.join(str(error).split())[:300]}") from error
    paths = [each.path for each in found.metadata_list if each.size_in_bytes]
    read = list(_readable(spec, paths, named=whole is not None and not pattern))
    if not read:
        raise SourceError(spec, f"there is no file to read here; what can be read is {READABLE}")
    yield from read


def _readable(spec: str, paths: list[str], named: bool) -> Iterator[Input]:
    own = checks = 0
    for path in paths:
        name = path.rpartition("/")[2]
        inside = path.removeprefix(spec)
        kind: Kind | None = kind_by_name(path)
        if is_own_output(name) and not named:
            own += 1
        elif holds_fact_checks(path) and not named:
            checks += 1
        elif name.endswith(UNFINISHED) or re.search(r"(^|/)\.[^/]", inside):
            continue
        elif kind in ("opml", "list"):
            _log.warning("%s is left out: a list of feeds", printable(path))
        elif kind is None and not _LOOKED_INTO.fullmatch(name):
            _log.warning("%s is left out: not a type of file that claimwire reads, by its name", printable(path))
        else:
            yield Input(path, kind)  # type: ignore[arg-type] # mypy does not see through "in"
    if own:
        _log.info("%s: left out %s that claimwire has written", spec, counted(own, "file"))
    if checks:
        _log.info("%s: left out %s of fact-checks", spec, counted(checks, "file"))
