"""Traces of runs by OpenTelemetry, for those who ask for them (``--traces``): where the time of a run has gone.

A trace is one run, or one turn of ``watch``: its spans are the reading with one span per source, the fetching of pages,
and each pass with its pipeline, its commit and what it published. All are the driver's. What the steps of a pipeline
took, in whatever worker, stands in the span of the pipeline.

They are sent by OTLP over HTTP, as the ``OTEL_`` variables say
(https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/), in the background. A collector that
is away costs a run no more than the wait for it at the end, and never its outcome.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Protocol

from claimwire.errors import UsageError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

    from claimwire.connectors.feeds.records import FeedResult
    from claimwire.connectors.files.records import FileResult
    from claimwire.pipelines.observe.summary import Summary

_log = logging.getLogger(__name__)

_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP = "http/protobuf"
_STEP_TIME = "beam:metric:ptransform_execution_time:total_msecs:v1"

_tracer: Tracer | None = None


class TracesError(UsageError):
    """Traces cannot be sent; the message says what is missing."""


class Span(Protocol):
    """What can be added to a span while it goes on."""

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Add these."""


class _NoSpan:
    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        pass


@contextmanager
def span(name: str, attributes: Mapping[str, Any] | None = None) -> Iterator[Span]:
    """Within, a span goes on below the one that is open in this thread; nothing where no traces are wanted.

    An error that leaves it is noted in it.
    """
    if _tracer is None:
        yield _NoSpan()
        return
    with _tracer.start_as_current_span(f"claimwire.{name}", attributes=attributes) as started:
        yield started


def of_sources(feeds: Iterable[FeedResult], files: Iterable[FileResult]) -> None:
    """A span for each source that was read, with the times at which a worker began and ended to."""
    if _tracer is None:
        return
    for feed in feeds:
        told = {"claimwire.source": feed.name, "claimwire.outcome": feed.outcome, "claimwire.entries": feed.entries}
        if feed.status is not None:
            told["http.response.status_code"] = feed.status
        _past(feed.asked_at, feed.seconds, told, feed.error.message if feed.error else None)
    for file in files:
        told = {"claimwire.source": file.path, "claimwire.outcome": "failed" if file.error else "read"}
        _past(file.began_at, file.seconds, told | {"claimwire.entries": file.articles + file.dead_letters}, file.error)


def _past(began: float, seconds: float, attributes: dict[str, Any], error: str | None) -> None:
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - an extra

    assert _tracer  # noqa: S101 - who calls has looked
    past = _tracer.start_span("claimwire.source", start_time=_nanoseconds(began), attributes=attributes)
    if error:
        past.set_status(Status(StatusCode.ERROR, error))
    past.end(_nanoseconds(began + seconds))


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def of_summary(summary: Summary) -> dict[str, int]:
    """The figures of a run, as attributes of its span."""
    names = ("seen", "enriched", "copies", "unchanged", "dead_letters", "waiting", "claims", "passes", "sources_failed")
    return {f"claimwire.{name}": getattr(summary, name) for name in names}


def of_steps(result: Any) -> dict[str, int]:
    """The milliseconds that workers spent in each step of a pipeline, by sampling, where its runner tells them."""
    told = getattr(result, "monitoring_infos", None)
    if _tracer is None or told is None:
        return {}
    from apache_beam.metrics.monitoring_infos import extract_counter_value  # noqa: PLC0415

    spent: Counter[str] = Counter()
    for info in told():
        if info.urn == _STEP_TIME and (step := info.labels.get("PTRANSFORM", "")):
            spent[step.partition("/")[0]] += extract_counter_value(info)
    return {f"claimwire.step.{step}.ms": milliseconds for step, milliseconds in spent.items() if milliseconds}


def ids() -> dict[str, str]:
    """The trace and the span that are open in this thread, as log lines name them; nothing where there is none."""
    if _tracer is None:
        return {}
    from opentelemetry.trace import format_span_id, format_trace_id, get_current_span  # noqa: PLC0415

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}


@contextmanager
def tracing() -> Iterator[None]:
    """Within, runs are traced; at the end, what was not sent yet is.

    Raises TracesError where the extra is not installed, or another protocol is asked for.
    """
    global _tracer  # noqa: PLW0603 - like that of logging: one per process
    if (protocol := next(filter(None, map(os.environ.get, _PROTOCOLS)), _HTTP)) != _HTTP:
        raise TracesError(f"traces are sent by {_HTTP}, not by {protocol}; unset {_PROTOCOLS[0]} and {_PROTOCOLS[1]}")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise TracesError("traces need OpenTelemetry: pip install 'claimwire[otel]'") from error
    own = Resource({"service.name": "claimwire", "service.version": version("claimwire")})
    provider = TracerProvider(resource=Resource.create().merge(own).merge(OTELResourceDetector().detect()))
    provider.add_span_processor(BatchSpanProcessor(_warning(OTLPSpanExporter())))
    _tracer = provider.get_tracer("claimwire", version("claimwire"))
    try:
        yield
    finally:
        _tracer = None
        provider.shutdown()


def _warning(exporter: SpanExporter) -> SpanExporter:
    """The same exporter, which warns when spans cannot be sent: the library's own log is not shown."""
    from opentelemetry.sdk.trace.export import SpanExportResult  # noqa: PLC0415

    send = exporter.export

    def export(spans: Any) -> SpanExportResult:
        result = send(spans)
        if result is not SpanExportResult.SUCCESS:
            _log.warning("%d spans could not be sent to the OTLP endpoint, and are lost", len(spans))
        return result

    exporter.export = export  # type: ignore[method-assign]
    return exporter
