"""A runner and workers as a cluster has them: processes of their own, and workers that do not see the driver's disk."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2 as api
from apache_beam.portability.api import beam_job_api_pb2_grpc as job_api
from command import environment
from webserver import free_port

# A mount of this process alone, as root or as anybody where the kernel lets users have namespaces.
_APART = ["unshare", "--map-root-user", "--mount"]
_HIDE = 'mount -t tmpfs none "$0" && exec "$@"'


def _environment() -> dict[str, str]:
    """In which ``python``, by which the pool starts a worker, is this one."""
    return environment(PATH=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))


@contextmanager
def _listening(command: list[str], port: int) -> Iterator[str]:
    """A process that has begun to listen at a port of this machine, with its address; ended with the block."""
    with subprocess.Popen(
        command,
        cwd="/",
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as it:
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("localhost", port), 1).close()
                    break
                except OSError:
                    assert it.poll() is None, f"{command[0]} has ended with {it.returncode}"
                    assert time.monotonic() < until, f"{command[0]} does not listen"
                    time.sleep(0.1)
            yield f"localhost:{port}"
        finally:
            os.killpg(it.pid, signal.SIGKILL)  # its workers, too


@contextmanager
def workers_apart(hidden: Path) -> Iterator[list[str]]:
    """A pool of Beam's workers for whom a folder is empty, and what they write to it is lost; Beam's options for it."""
    if subprocess.run([*_APART, "true"], capture_output=True, check=False).returncode:
        pytest.skip("NOT TESTED WITH WORKERS APART: this user may not have mounts of its own (unshare --mount)")
    port = free_port()
    pool = [sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main", f"--service_port={port}"]
    with _listening([*_APART, "sh", "-c", _HIDE, str(hidden), *pool], port) as address:
        yield ["--environment_type=EXTERNAL", f"--environment_config={address}"]


@contextmanager
def job_server(prism: str) -> Iterator[str]:
    """A Prism that outlives the command that submits a job to it; its address."""
    port = free_port()
    with _listening([prism, "--job_port", str(port), "--serve_http=false"], port) as address:
        yield address


def jobs(address: str) -> list[str]:
    """The states of all jobs of a job server."""
    with grpc.insecure_channel(address) as channel:
        found = job_api.JobServiceStub(channel).GetJobs(api.GetJobsRequest(), timeout=20).job_info
    return [api.JobState.Enum.Name(job.state) for job in found]
