"""What a command tells monitors: its metrics at an address or in a file, and whether it is ready."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from claimwire.errors import UsageError
from claimwire.pipelines.observe import metrics
from claimwire.pipelines.observe.endpoint import serving
from claimwire.pipelines.observe.metrics import LiveMetrics, StateMetrics
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.state.samples import Sample

_log = logging.getLogger(__name__)

_PATIENCE_S = 900
"""For which nothing may be committed, beside the time between two turns: a batch of large files may take minutes."""


class MetricsFileError(UsageError):
    """The file for metrics cannot be written; the message says why."""


class Monitor:
    """The metrics of a command that runs turns on a state.

    Args:
        settings: Where the state is, and how often a turn is due.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = Path(settings.state)
        self._sign = time.time()
        self._last: tuple[float, float, bool] | None = None
        self.collectors = (StateMetrics(self._folder), LiveMetrics(self._families))

    def ended(self, began: float, success: bool) -> None:
        """Note a turn that ends now, and write the file; ``began`` in Unix seconds."""
        now = self._sign = time.time()
        self._last = (now, now - began, success)
        if self._settings.metrics_file:
            try:
                write_file(Path(self._settings.metrics_file), registry_of(*self.collectors))
            except OSError as error:
                _log.warning("the metrics could not be written to %s: %s", self._settings.metrics_file, error)

    def idle(self) -> None:
        """Note that nothing is due."""
        self._sign = time.time()

    def problem(self) -> str | None:
        """Why the command is not ready: its last turn failed, or nothing has come of it for too long."""
        if self._last and not self._last[2]:
            return "the last turn failed"
        quiet = time.time() - max(self._sign, metrics.last_commit(self._folder))
        if quiet > self._settings.turn().total_seconds() + _PATIENCE_S:
            return f"overdue: no turn has ended and nothing was committed for {quiet:.0f} s"
        return None

    def _families(self) -> Iterator[Family]:
        yield metrics.build_info()
        if self._last:
            end, duration, success = self._last
            yield metrics.gauge(metrics.LAST_END, {(): end})
            yield metrics.gauge(metrics.LAST_DURATION, {(): duration})
            yield metrics.gauge(metrics.LAST_SUCCESS, {(): float(success)})


class StreamMonitor:
    """The metrics of a stream, as far as its runner tells the driver of them."""

    def __init__(self) -> None:
        self.running = False
        self.counts: Mapping[tuple[str, ...], float] = {}
        """By metric and labels: what was written since the stream began, as the runner said last."""
        self.collectors = (LiveMetrics(self._families),)

    def problem(self) -> str | None:
        """Why the stream is not ready."""
        return None if self.running else "the job does not run"

    def _families(self) -> Iterator[Family]:
        yield metrics.build_info()
        yield metrics.gauge(metrics.STREAM, {(): float(self.running)})
        counted = [Sample(metric, tuple(labels), value) for (metric, *labels), value in self.counts.items()]
        yield from metrics.of_stream(counted)


@contextmanager
def monitoring(settings: Settings) -> Iterator[Monitor]:
    """Within, a command that runs turns is monitored as its settings say.

    Raises EndpointError and MetricsFileError, before anything is read.
    """
    monitor = Monitor(settings)
    if settings.metrics_file:
        _check_folder(Path(settings.metrics_file))
    with _served(settings, monitor):
        yield monitor


@contextmanager
def monitoring_stream(settings: Settings) -> Iterator[StreamMonitor]:
    """The same for a stream. Raises EndpointError."""
    monitor = StreamMonitor()
    with _served(settings, monitor):
        yield monitor


@contextmanager
def _served(settings: Settings, monitor: Monitor | StreamMonitor) -> Iterator[None]:
    address = settings.metrics_address()
    if not address:
        yield
        return
    # Those of the process are not for the file, where they would meet those of node_exporter itself.
    process = (ProcessCollector(registry=None), PlatformCollector(registry=None))
    with serving(address, registry_of(*monitor.collectors, *process), monitor.problem):
        host, port = address
        _log.info("metrics are at http://%s:%d/metrics", f"[{host}]" if ":" in host else host, port)
        yield


def registry_of(*collectors: Collector) -> CollectorRegistry:
    """A registry with these collectors and no others."""
    registry = CollectorRegistry()
    for each in collectors:
        registry.register(each)
    return registry


def write_file(path: Path, registry: CollectorRegistry) -> None:
    """Write metrics in Prometheus's text format, whole or not at all, so that everybody can read them.

    Raises OSError.
    """
    # The name ends in no .prom, so that the collector leaves it alone until it is whole.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as unfinished:
        try:
            unfinished.write(generate_latest(registry))
            os.fchmod(unfinished.fileno(), 0o644)  # node_exporter is another user, whatever the umask
            unfinished.flush()
            os.fsync(unfinished.fileno())
            os.replace(unfinished.name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(unfinished.name)
            raise


def _check_folder(path: Path) -> None:
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise MetricsFileError(
            f"cannot write metrics to {path}: {folder} is not a folder in which this user may make files, or "
            f"{path.name} is a folder; name another file with --metrics-file"
        )
