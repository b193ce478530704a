"""Traces say where the time of a run has gone, and whatever becomes of them, the run is what it is without."""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path

import pytest
from command import environment
from conftest import ROOT, Claimwire, run_here, write_jsonl, written
from corpus import articles
from otlp import Collector
from webserver import Page, WebServer

from claimwire.pipelines.cli.exits import DONE, USAGE
from claimwire.pipelines.observe import logs, traces
from claimwire.pipelines.observe.traces import TracesError, tracing


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Where variables are set: those of whoever runs the tests are not there."""
    for name in environment():
        if name.startswith("OTEL_"):
            monkeypatch.delenv(name)
    return monkeypatch


def test_a_run_is_a_trace_of_its_sources_its_passes_and_what_it_published(
    tmp_path: Path, endpoint: pytest.MonkeyPatch
) -> None:
    file = write_jsonl(tmp_path / "in.jsonl", *articles(3, 60))
    with WebServer() as server, Collector() as collector:
        endpoint.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        endpoint.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=desk")
        feed = server.add("/feed", Page((ROOT / "examples/feeds/corvane-press.xml").read_bytes(), delay=0.2))
        missing = server.url("/missing")
        began = time.time()
        with tracing():
            summary = run_here(
                tmp_path / "state",
                source=(str(file), feed, missing.replace("http://", "http://user:secret@")),
                sink=(f"jsonl:{tmp_path / 'out'}",),
                extract="none",
                allow_private=True,
            )
        ended = time.time()

    assert (collector.resource["service.name"], collector.resource["deployment.environment.name"]) == (
        "claimwire",
        "desk",
    )
    (run,), (read,), (one_pass,) = (collector.named(f"claimwire.{name}") for name in ("run", "read", "pass"))
    assert run.parent == ""
    assert {span.trace for span in collector.spans} == {run.trace}
    assert (read.parent, one_pass.parent) == (run.id, run.id)
    assert run.attributes["claimwire.seen"] == summary.seen == 7
    assert run.attributes["claimwire.sources_failed"] == summary.sources_failed == 1
    assert run.attributes["claimwire.run"] == written(tmp_path / "out")[0]["provenance"]["run_id"]
    assert one_pass.attributes["claimwire.articles"] == 7

    sources = {span.attributes["claimwire.source"]: span for span in collector.named("claimwire.source")}
    assert set(sources) == {str(file), feed, missing}
    assert {span.parent for span in sources.values()} == {read.id}
    assert [span.attributes["claimwire.entries"] for span in (sources[str(file)], sources[feed])] == [3, 4]
    assert sources[feed].ended - sources[feed].began >= 0.2
    assert [name for name, span in sources.items() if span.failed] == [missing]
    assert sources[missing].attributes["http.response.status_code"] == 404
    assert "secret" not in str(collector.spans)

    pipelines = {span.attributes["claimwire.pipeline"]: span for span in collector.named("claimwire.pipeline")}
    assert {name: span.parent for name, span in pipelines.items()} == {"read": read.id, "pass": one_pass.id}
    assert pipelines["read"].attributes["claimwire.step.ReadFromFeeds.ms"] >= 100
    (commit,) = collector.named("claimwire.commit")
    published = {span.attributes["claimwire.output"]: span.parent for span in collector.named("claimwire.publish")}
    files = {str(path) for path in (tmp_path / "out").rglob("articles-*.jsonl")}
    assert {name for name, parent in published.items() if parent == commit.id} >= files
    for span in collector.spans:
        assert began - 0.01 <= span.began <= span.ended <= ended + 0.01


def test_json_log_lines_name_the_trace_and_the_span(
    endpoint: pytest.MonkeyPatch,
) -> None:
    formatter = logs._formatter("json")
    record = logging.LogRecord("claimwire", logging.INFO, "", 0, "reading", None, None)
    with Collector() as collector:
        endpoint.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        with tracing(), traces.span("run"):
            within = json.loads(formatter.format(record))
    (span,) = collector.spans
    assert (within["trace_id"], within["span_id"]) == (span.trace, span.id)
    assert "trace_id" not in json.loads(formatter.format(record))


def test_an_error_ends_its_span_and_is_noted_in_it(endpoint: pytest.MonkeyPatch) -> None:
    with Collector() as collector:
        endpoint.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        with pytest.raises(ValueError, match="broken"), tracing(), traces.span("run"):
            raise ValueError("broken")
    assert [span.failed for span in collector.spans] == [True]


def test_a_collector_that_is_away_costs_a_warning_and_not_the_run(tmp_path: Path, claimwire: Claimwire) -> None:
    write_jsonl(tmp_path / "in.jsonl", *articles(2, 60))
    away = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    given = ("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--extract", "none")
    done = claimwire(*given, "--traces", env=away)
    assert done.returncode == DONE, done.stderr
    assert "spans could not be sent" in done.stderr
    assert len(written(tmp_path / "out")) == 2


def test_another_protocol_is_refused_before_anything_is_read(tmp_path: Path, claimwire: Claimwire) -> None:
    given = ("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--traces")
    done = claimwire(*given, env={"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert done.returncode == USAGE
    assert "http/protobuf, not by grpc" in done.stderr
    assert not (tmp_path / "out").exists()


def test_without_the_extra_it_is_said_how_to_install_it(endpoint: pytest.MonkeyPatch) -> None:
    endpoint.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(TracesError, match=r"pip install 'claimwire\[otel\]'"), tracing():
        pass
