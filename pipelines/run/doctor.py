"""``claimwire doctor``: whether everything that a run needs is there, in the order in which a run needs it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path

import click
import msgspec

from claimwire.connectors.feeds.outlets import Discovery
from claimwire.connectors.feeds.ownheaders import OwnHeaders
from claimwire.connectors.feeds.parsing import parse_feed_in
from claimwire.connectors.feeds.records import HtmlPage
from claimwire.connectors.files.records import FileSource
from claimwire.connectors.kafka.errors import KafkaConnectorError
from claimwire.connectors.kafka.topics import describe_topics
from claimwire.connectors.outputs.sqlite import StoreError, reading, require_fts5
from claimwire.connectors.sources import BrokenSource, FeedSource, SourceError, TopicSource, sources
from claimwire.connectors.web.http import ACCEPT_FEEDS, Client, FetchError, Limits, Response, without_password
from claimwire.connectors.web.sandbox import Sandbox
from claimwire.pipelines.extract import ModelNotFoundError, ModelUnfitError, load
from claimwire.pipelines.kafka import connection
from claimwire.pipelines.memory.store import LAYOUT
from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.notify.targets import TargetError, check_known, resolve
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.run.outlets import NOTHING_FOUND
from claimwire.pipelines.settings import Settings, SettingsError
from claimwire.pipelines.sinks.addresses import parse_sinks
from claimwire.pipelines.sinks.files import FileSink
from claimwire.pipelines.sinks.store import StoreSink
from claimwire.pipelines.sinks.topics import KafkaSink
from claimwire.pipelines.state import StateError
from claimwire.pipelines.state.opening import added_sources, look, looking_into
from claimwire.pipelines.state.sources import Sources
from claimwire.pipelines.state.subscriptions import Subscriptions
from claimwire.pipelines.timespans import ago
from claimwire.pipelines.watches.file import watches_of
from claimwire.schemas import Failure


def examine(settings: Settings) -> bool:
    """Print a line for each thing examined; whether all are as they should be."""
    checks: list[tuple[str, Callable[[Settings], Iterator[str]]]] = [
        ("python", _python),
        ("model", _model),
        ("state", _state),
        ("sinks", _sinks),
        ("sources", _sources),
        ("websub", _websub),
        ("notify", _notify),
    ]
    results = [_check(name, check, settings) for name, check in checks]  # all of them, also after one that is wrong
    return all(results)


def _check(name: str, check: Callable[[Settings], Iterator[str]], settings: Settings) -> bool:
    try:
        for line in check(settings):
            click.echo(escaped(f"ok    {name:8} {line}"))
    except _Wrong as wrong:
        click.echo(f"WRONG {name:8} {_BELOW.join(map(escaped, wrong.args))}")
        return False
    return True


class _Wrong(Exception):  # noqa: N818 - not an error of the program
    """What the doctor found to be wrong, a line each."""


_MOST_THREADS = 50
"""That ask sources at the same time."""
_TRIES = 2
"""Requests to a hub that it may leave unanswered before something seems to be wrong here."""
_BELOW = f"\n{' ' * 15}"


def _python(_: Settings) -> Iterator[str]:
    yield f"{platform.python_version()}, Apache Beam {version('apache-beam')}, spaCy {version('spacy')}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise _Wrong("claimwire needs Python 3.11 to 3.13")


def _model(settings: Settings) -> Iterator[str]:
    if settings.extract == "none":
        yield "none needed"
        return
    try:
        extractor = load(settings.model, settings.extract, settings.extractor)
    except (ModelNotFoundError, ModelUnfitError) as error:
        raise _Wrong(str(error)) from error
    yield f"{extractor.model} for {', '.join(sorted(filter(None, extractor.languages)))}, claims by {extractor.name}"


def _state(settings: Settings) -> Iterator[str]:
    try:
        found = look(Path(settings.state))
    except StateError as error:
        raise _Wrong(str(error)) from error
    if found is None:
        yield f"{settings.state} does not hold one yet, the first run makes it"
        return
    migrated = f"; the next run migrates it from version {found.migrates_from}" if found.migrates_from else ""
    passes, waiting = counted(found.passes, "pass", "passes"), counted(found.waiting, "article")
    yield f"{settings.state}: {passes} committed, {waiting} waiting{migrated}"


def _sinks(settings: Settings) -> Iterator[str]:
    if not settings.sink:
        yield "none set"
    try:
        sinks = parse_sinks(settings, Path(settings.state), state_id="", attempt="")
    except SettingsError as error:
        raise _Wrong(str(error)) from error
    for sink in sinks:
        if isinstance(sink, KafkaSink):
            yield from _topics(settings, sink)
            continue
        if isinstance(sink, FileSink) and sink.form == "stdout":
            yield "stdout"
            continue
        # The folder itself may not exist yet, and is not made here.
        folder = sink.path.parent if isinstance(sink, StoreSink) else sink.folder
        there = next(each for each in (folder, *folder.parents) if each.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise _Wrong(f"cannot write to {folder}: {there} is not a folder in which this user may make files")
        yield _store(sink) if isinstance(sink, StoreSink) else f"{sink.form} {sink.folder}"


def _store(sink: StoreSink) -> str:
    try:
        require_fts5()
        if sink.path.exists() and sink.path.stat().st_size:
            with reading(sink.path, LAYOUT):
                return f"sqlite {sink.path}"
    except StoreError as error:
        raise _Wrong(str(error)) from error
    return f"sqlite {sink.path}, which the first run makes"


def _topics(settings: Settings, sink: KafkaSink) -> Iterator[str]:
    names = msgspec.structs.astuple(sink.topics)
    try:
        there = describe_topics(connection(settings, sink.address.brokers), names)
    except KafkaConnectorError as error:
        raise _Wrong(str(error)) from error
    missing = [name for name in names if name not in there]
    if missing and not settings.create_topics:
        raise _Wrong(
            f"{sink.address}: there is no topic {', '.join(missing)}; --create-topics makes the run create them"
        )
    yield f"{sink.address}: {len(there)} of {counted(len(names), 'topic')} are there"


def _sources(settings: Settings) -> Iterator[str]:
    try:
        specs = [*settings.source, *added_sources(Path(settings.state))]
    except StateError:  # which is said of the state already
        specs = list(settings.source)
    if not specs:
        yield "none set"
    try:
        found = list(dict.fromkeys(chain.from_iterable(map(sources, specs))))
    except SourceError as error:
        raise _Wrong(str(error)) from error
    broken = [source for source in found if isinstance(source, BrokenSource)]
    if broken:
        raise _Wrong(*(f"{source.name}: {source.problem}" for source in broken))
    if specs and not found:
        yield "there is nothing to read in them now"
    files = [source for source in found if isinstance(source, FileSource)]
    if files:
        yield counted(len(files), "file")
    for topic in (source for source in found if isinstance(source, TopicSource)):
        try:
            there = describe_topics(connection(settings, topic.address.brokers), [topic.address.name])
        except KafkaConnectorError as error:
            raise _Wrong(str(error)) from error
        if not there:
            raise _Wrong(f"{topic.address}: there is no such topic, or not for this user to see")
        yield f"{topic.address}: {counted(there[topic.address.name].partitions, 'partition')}"
    urls = [source.url for source in found if isinstance(source, FeedSource)]
    limits = Limits(whole_s=settings.feed_timeout, max_bytes=settings.feed_limit_mb * 1_000_000)
    client = Client(contact=settings.contact, allow_private=settings.allow_private, limits=limits)
    with ThreadPoolExecutor(min(settings.feeds_at_once, _MOST_THREADS)) as threads, Sandbox() as sandbox:
        own = settings.by_source
        headers = {url: own[url].headers for url in urls if url in own}
        answers = list(threads.map(lambda url: _answer(client, url, headers.get(url)), urls))
        read = [_problem(url, answer, sandbox) for url, answer in zip(urls, answers, strict=True)]
        discovery = Discovery(client, sandbox)
        problems = list(filter(None, threads.map(lambda url, found: _searched(discovery, url, found), urls, read)))
    if urls:
        yield f"{len(urls) - len(problems)} of {counted(len(urls), 'feed')} answer"
    if problems:
        raise _Wrong(*problems)


def _websub(settings: Settings) -> Iterator[str]:
    """What the state knows of hubs; nobody is asked."""
    try:
        with looking_into(Path(settings.state)) as db:
            states = Sources(db).all()
            known = Subscriptions(db).by_source()
    except StateError:  # there is none, or what is wrong with it is said already
        return
    naming = counted(sum(bool(state.hubs) for state in states.values()), "feed")
    if not settings.websub_callback:
        if naming[0] != "0":
            yield f"{naming} with a hub; watch --websub-callback reads at once what it delivers"
        return
    now = datetime.now(UTC)
    leases = [each.until for each in known.values() if each.until and each.until > now]
    delivered = max((state.delivered_at for state in states.values() if state.delivered_at), default=None)
    if not leases and any(each.asked >= _TRIES for each in known.values()):
        raise _Wrong(
            f"no hub has verified a subscription at {settings.websub_callback}: see whether it can be reached from the "
            f"internet and leads to {settings.websub_listen or 'the address of --websub-listen'}"
        )
    ends = f", the first until {min(leases):%Y-%m-%d %H:%M} UTC" if leases else ""
    yield f"{len(leases)} subscribed of {naming} with a hub{ends}; last delivery {ago(delivered, now) or 'none'}"


def _notify(settings: Settings) -> Iterator[str]:
    """Whether those whom watches tell could be told; nothing is sent."""
    watches = [watch for watch in watches_of(settings) if watch.notify]
    targets = list(dict.fromkeys(target for watch in watches for target in watch.notify))
    if not targets:
        return
    problems = []
    for target in targets:
        try:
            check_known(target)
            resolve(target, os.environ)
        except TargetError as error:
            problems.append(str(error))
    if problems:
        raise _Wrong(*dict.fromkeys(problems))
    yield f"{counted(len(targets), 'target')} of {counted(len(watches), 'watch', 'watches')}"


def _answer(client: Client, url: str, own: OwnHeaders | None) -> Response | FetchError:
    accept = {"Accept": ACCEPT_FEEDS}
    try:
        return client.get(url, accept, own=own.for_ if own else None)
    except FetchError as error:
        return error


def _problem(url: str, answer: Response | FetchError, sandbox: Sandbox) -> str | Failure | None:
    """What is wrong with an answer: None, or for a body that is no feed the failure itself."""
    if isinstance(answer, FetchError):
        return str(answer)
    name = without_password(url)
    if answer.status // 100 != 2:
        return f"{name}: answered {answer.status}"
    return parse_feed_in(sandbox, answer.body, name, answer.headers, None, base_url=answer.url).error


def _searched(discovery: Discovery, url: str, problem: str | Failure | None) -> str | None:
    """The problem as a line; none for a page from which feeds are found, as a run finds them."""
    if not isinstance(problem, Failure):
        return problem
    name = without_password(url)
    if problem.type != HtmlPage.__name__:
        return f"{name}: {problem.message}"
    try:
        return None if discovery.find(url) else f"{name}: {NOTHING_FOUND}"
    except FetchError as error:
        return str(error)
