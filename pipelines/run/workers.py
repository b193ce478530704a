"""The processes of ``--workers N``: each runs Beam's own harness for one pipeline after the other.

Beam would start them again for every pipeline, and a run is one pipeline per pass: most of a short pass would be spent
on imports and on loading the models. So they are kept until the run ends, idle in between.

They ignore signals that ask for an end. A Ctrl-C reaches every process of the terminal, and a stop by systemd every
process of the service; the driver alone decides where it ends, and a worker ends when the driver has no more to do for
it, or is gone.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

from apache_beam.portability.api import beam_fn_api_pb2, endpoints_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.transforms.environments import Environment
from google.protobuf import json_format, text_format

_URN = "claimwire:env:kept_worker:v1"
_PATIENCE_S = 10
_PAUSE_S = 0.2


class _Worker:
    """A process that works for one pipeline at a time."""

    def __init__(self) -> None:
        # What is blocked here is blocked there, from its first moment on.
        heard = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "claimwire.pipelines.run.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        assert self._process.stdin  # noqa: S101 - for the type checker
        assert self._process.stdout  # noqa: S101
        self._orders: IO[str] = self._process.stdin
        self._replies: IO[str] = self._process.stdout

    def is_there(self) -> bool:
        return self._process.poll() is None

    def begin(self, pipeline: dict[str, str]) -> None:
        """Have it work for a pipeline, of which Beam tells a harness in these variables."""
        with suppress(BrokenPipeError):  # it is gone, and Beam will miss it
            print(json.dumps(pipeline), file=self._orders, flush=True)

    def wait(self) -> bool:
        """Until it has done with the pipeline, or is gone; whether it has done."""
        return self._replies.readline() != ""

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def dismiss(self) -> None:
        """End it, which it does by itself when it is told no more."""
        with suppress(BrokenPipeError):
            self._orders.close()
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._replies.close()


LOST = "a worker process ended while it worked; the system may have killed it for lack of memory: try fewer --workers"
_idle: list[_Worker] = []
_lost = threading.Event()


def _take() -> _Worker:
    """One that is idle, if there still is one."""
    while _idle:
        worker = _idle.pop()
        if worker.is_there():
            return worker
    return _Worker()


@contextmanager
def keeping_workers() -> Iterator[None]:
    """Within, worker processes wait for the next pipeline; at the end they are dismissed."""
    _lost.clear()
    try:
        yield
    finally:
        while _idle:
            _idle.pop().dismiss()


def lost_one() -> bool:
    """Whether a worker process has ended while it worked. Beam's own errors do not say so."""
    return _lost.is_set()


@Environment.register_urn(_URN, None)
class KeptWorkers(Environment):  # type: ignore[misc]
    """What the in-process runner is given to have its workers in processes that are kept."""

    def to_runner_api_parameter(self, context: object) -> tuple[str, bytes]:
        return _URN, b""

    @staticmethod
    def from_runner_api_parameter(payload: object, *given: Any) -> KeptWorkers:
        capabilities, artifacts, hints, _ = given
        return KeptWorkers(capabilities, artifacts, hints)


@WorkerHandler.register_environment(_URN, bytes)
class _KeptWorkerHandler(GrpcWorkerHandler):  # type: ignore[misc]
    """How the runner starts and stops a worker for a pipeline."""

    def __init__(self, payload: bytes, *given: Any) -> None:
        super().__init__(*given)

    def start_worker(self) -> None:
        self._worker = _take()
        self._closed = threading.Event()
        control = endpoints_pb2.ApiServiceDescriptor(url=self.control_address)
        options = self.provision_info.provision_info.pipeline_options
        self._worker.begin(
            {
                "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(control),
                "PIPELINE_OPTIONS": json_format.MessageToJson(options, indent=None),
                "WORKER_ID": self.worker_id,
            }
        )
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        """Until the worker has done. If it is gone before, who waits for it has to be told: the runner would wait
        for ever for one that never asked for work."""
        if self._worker.wait():
            _idle.append(self._worker)
            return
        _lost.set()
        while not self._closed.wait(_PAUSE_S):
            for waiting in list(self.control_conn._futures_by_id.values()):
                waiting.set(beam_fn_api_pb2.InstructionResponse(instruction_id=waiting.instruction_id, error=LOST))

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._closed.set()
            self._watcher.join(_PATIENCE_S)
            if self._watcher.is_alive():  # it may wait for ever for what another worker, which is gone, was to send
                self._worker.kill()
                self._watcher.join()

    def stop_worker(self) -> None:
        """The end of the pipeline tells it to."""
