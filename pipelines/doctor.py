"""``claimwire doctor``: whether everything that a run needs is there, in the order in which a run needs it."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import click

from connectors.feeds import parse_feed
from connectors.files import FileSource
from connectors.http import ACCEPT_FEEDS, Client, FetchError, Limits
from connectors.sources import FeedSource, SourceError, sources
from pipelines.checkpoint import State, StateError
from pipelines.extract import ModelNotFoundError, ModelUnfitError, load
from pipelines.settings import Settings, SettingsError
from pipelines.sinks import parse_sinks


def examine(settings: Settings) -> bool:
    """Print a line for each thing examined; whether all are as they should be."""
    checks: list[tuple[str, Callable[[Settings], Iterator[str]]]] = [
        ("python", _python),
        ("model", _model),
        ("state", _state),
        ("sinks", _sinks),
        ("sources", _sources),
    ]
    results = [_check(name, check, settings) for name, check in checks]  # all of them, also after one that is wrong
    return all(results)


def _check(name: str, check: Callable[[Settings], Iterator[str]], settings: Settings) -> bool:
    try:
        for line in check(settings):
            click.echo(f"ok    {name:8} {line}")
    except _Wrong as wrong:
        click.echo(f"WRONG {name:8} {wrong}")
        return False
    return True


class _Wrong(Exception):  # noqa: N818 - not an error of the program: it is what the doctor found
    pass


def _python(_: Settings) -> Iterator[str]:
    yield f"{platform.python_version()}, Apache Beam {version('apache-beam')}, spaCy {version('spacy')}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise _Wrong("claimwire is made for Python 3.11 to 3.13")


def _model(settings: Settings) -> Iterator[str]:
    if settings.extract == "none":
        yield "none needed"
        return
    try:
        extractor = load(settings.model, settings.extract)
    except (ModelNotFoundError, ModelUnfitError) as error:
        raise _Wrong(str(error)) from error
    yield f"{extractor.model} for {', '.join(sorted(filter(None, extractor.languages)))}"


def _state(settings: Settings) -> Iterator[str]:
    if not Path(settings.state).exists():
        yield f"{settings.state} does not exist yet, the first run makes it"
        return
    try:
        with State(Path(settings.state)) as state:
            yield f"{settings.state}: {state.passes} passes committed, {state.waiting()} articles waiting"
    except (StateError, sqlite3.Error) as error:
        raise _Wrong(str(error)) from error


def _sinks(settings: Settings) -> Iterator[str]:
    if not settings.sink:
        yield "none set"
    with tempfile.TemporaryDirectory() as folder, State(Path(folder)) as state:
        try:
            sinks = parse_sinks(settings.sink, state, settings.compression, settings.rotate_mb * 1_000_000)
        except SettingsError as error:
            raise _Wrong(str(error)) from error
    for sink in sinks:
        if sink.form == "stdout":
            yield "stdout"
            continue
        # The folder itself may not exist yet, and is not made here.
        there = next(folder for folder in (sink.folder, *sink.folder.parents) if folder.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise _Wrong(f"cannot write to {sink.folder}: {there} is not a folder in which this user may make files")
        yield f"{sink.form} {sink.folder}"


def _sources(settings: Settings) -> Iterator[str]:
    if not settings.source:
        yield "none set"
    try:
        found = list(dict.fromkeys(chain.from_iterable(map(sources, settings.source))))
    except SourceError as error:
        raise _Wrong(str(error)) from error
    files = [source for source in found if isinstance(source, FileSource)]
    if files:
        yield f"{len(files)} files"
    urls = [source.url for source in found if isinstance(source, FeedSource)]
    limits = Limits(whole_s=settings.feed_timeout, max_bytes=settings.feed_limit_mb * 1_000_000)
    client = Client(contact=settings.contact, allow_private=settings.allow_private, limits=limits)
    with ThreadPoolExecutor(settings.feeds_at_once) as threads:
        problems = [problem for problem in threads.map(lambda url: _problem_of_feed(client, url), urls) if problem]
    if urls:
        yield f"{len(urls) - len(problems)} of {len(urls)} feeds answer"
    if problems:
        raise _Wrong("\n               ".join(problems))


def _problem_of_feed(client: Client, url: str) -> str | None:
    try:
        answer = client.get(url, {"Accept": ACCEPT_FEEDS})
    except FetchError as error:
        return str(error)
    if answer.status // 100 != 2:
        return f"{url}: answered {answer.status}"
    feed = parse_feed(answer.body, url, answer.headers, base_url=answer.url)
    return f"{url}: {feed.error.message}" if feed.error else None
