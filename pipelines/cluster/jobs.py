"""The job of a stream: its name, that there is one only, and its end on the runner."""

from __future__ import annotations

import fcntl
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, PortableOptions
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.portability.api import beam_job_api_pb2_grpc as job_api
from apache_beam.runners.runner import PipelineResult, PipelineState

from claimwire.errors import ClaimwireError
from claimwire.pipelines.cluster.flink import FlinkError, rest_of

_log = logging.getLogger(__name__)

_TIMEOUT_S = 20.0
_LOOK_EVERY_S = 0.2
_EMBEDDED = "embed"
_NAME_OPTION = "beam:option:job_name:v1"


class AnotherStreamError(ClaimwireError):
    """There is a stream of this name already. A second one would write everything twice."""


def name_of(group: str, options: PipelineOptions) -> str:
    """The name of the job: as Beam's ``--job_name`` says, else that of the consumer group, by which its place in the
    topics is known; in the characters that every runner takes."""
    given = options.view_as(GoogleCloudOptions).job_name
    return str(given) if given else re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-") or "claimwire-stream"


def file_of(name: str, ending: str) -> str:
    """The name of a file of a job."""
    return f"{re.sub('[^A-Za-z0-9-]', '_', name)}.{ending}"


@contextmanager
def only_one(state: Path, name: str) -> Iterator[None]:
    """Within, no other process may have a stream of this name with this state. Raises AnotherStreamError."""
    state.mkdir(parents=True, exist_ok=True)
    # The kernel gives an flock back when its process dies, so no lock is ever stale.
    with (state / file_of(name, "stream")).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AnotherStreamError(
                f"a stream named {name} runs already with the state {state}; for another one, set another "
                "--kafka-group or --job_name"
            ) from None
        yield


def refuse_another(options: PipelineOptions, name: str) -> None:
    """Raises AnotherStreamError where the job server, or Flink itself, has a job of this name that has not ended."""
    place = _running_at(options, name)
    if place:
        raise AnotherStreamError(
            f"the job {name} runs already on {place}; cancel it there first, or set another --kafka-group or --job_name"
        )


def _running_at(options: PipelineOptions, name: str) -> str | None:
    flink = rest_of(options)
    if flink and (job := flink.active(name)):
        return f"{flink} (job {job.id}, {job.state})"
    endpoint = options.view_as(PortableOptions).job_endpoint
    if not endpoint or endpoint == _EMBEDDED:
        return None  # the runner that is started for this stream has no other
    with grpc.insecure_channel(endpoint) as channel, suppress(grpc.RpcError):  # submitting will say what is wrong
        for job in job_api.JobServiceStub(channel).GetJobs(api.GetJobsRequest(), timeout=_TIMEOUT_S).job_info:
            fields = job.pipeline_options.fields
            named = fields[_NAME_OPTION].string_value if _NAME_OPTION in fields else job.job_name
            if named == name and not PipelineState.is_terminal(_state(job.state)):
                return f"the job server {endpoint} (job {job.job_id}, {_state(job.state)})"
    return None


def _state(number: int) -> str:
    return str(api.JobState.Enum.Name(number))


def end(result: PipelineResult, options: PipelineOptions, name: str) -> str:
    """End the job, on Flink with a savepoint where its REST API is known; what was done, for the log."""
    flink = rest_of(options)
    if flink:
        try:
            if job := flink.active(name):
                path = flink.cancel_with_savepoint(job)
                return f"the job {name} was cancelled with a savepoint; to go on with it: --savepoint_path {path}"
        except FlinkError as error:
            _log.warning("no savepoint was taken, so the job is cancelled without: %s", error)
    if not flink and not options.view_as(PortableOptions).job_endpoint:
        with suppress(Exception):  # a runner of this process's group has got the signal too, and is gone
            result.cancel()
        return f"the job {name} has ended with its runner"
    try:
        result.cancel()
    except Exception as error:
        return f"the job server does not answer ({_reason(error)}), so the job {name} may go on there"
    state = await_state(result, PipelineState.is_terminal, _TIMEOUT_S)
    if state is None or PipelineState.is_terminal(state):
        return f"the job {name} was cancelled, without a savepoint"
    return f"the job {name} was told to end and is still {state}; look at the runner whether it does"


def await_state(result: PipelineResult, wanted: Callable[[str], bool], seconds: float) -> str | None:
    """Wait until the job is in such a state; the last one that was seen, or None where nobody answers."""
    until = time.monotonic() + seconds
    state: str | None = None
    with suppress(grpc.RpcError):
        while True:
            state = str(result.state)
            if wanted(state) or time.monotonic() > until:
                return state
            time.sleep(_LOOK_EVERY_S)
    return None


def _reason(error: Exception) -> str:
    return str(error.details() if isinstance(error, grpc.RpcError) and hasattr(error, "details") else error)
