"""What is asked of a Flink cluster by its REST API: which jobs there are, and their end with a savepoint.

Source: https://nightlies.apache.org/flink/flink-docs-release-1.19/docs/ops/rest_api/
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import msgspec
from apache_beam.options.pipeline_options import FlinkRunnerOptions, PipelineOptions

from claimwire.errors import ClaimwireError

_TIMEOUT_S = 10.0
_LOOK_EVERY_S = 0.5
_ENDED = frozenset({"FINISHED", "CANCELED", "FAILED"})


class FlinkError(ClaimwireError):
    """Flink does not answer, or refuses; the message says why."""


class FlinkJob(NamedTuple):
    """A job of the cluster."""

    id: str
    name: str
    state: str


class Flink:
    """A cluster.

    Args:
        address: Of its REST API, as a URL.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")

    def __str__(self) -> str:
        return self._address

    def active(self, name: str) -> FlinkJob | None:
        """The job of this name that has not ended. Raises FlinkError."""
        jobs = self._ask("/jobs/overview")["jobs"]
        found = (FlinkJob(job["jid"], job["name"], job["state"]) for job in jobs)
        return next((job for job in found if job.name == name and job.state not in _ENDED), None)

    def cancel_with_savepoint(self, job: FlinkJob, waiting: Callable[[float], object] = time.sleep) -> str:
        """Take a savepoint and cancel the job; the path of the savepoint. The job goes on where this fails.

        The folder is the one that the cluster has set (``state.savepoints.dir``).

        Args:
            job: The one to end.
            waiting: Waits for so many seconds between two questions.

        Raises FlinkError.
        """
        trigger = self._ask(f"/jobs/{job.id}/savepoints", {"cancel-job": True})["request-id"]
        while True:
            answer = self._ask(f"/jobs/{job.id}/savepoints/{trigger}")
            if answer["status"]["id"] == "COMPLETED":
                operation = answer["operation"]
                if cause := operation.get("failure-cause"):
                    raise FlinkError(f"{self}: no savepoint: {_first_line(cause)}")
                return str(operation["location"])
            waiting(_LOOK_EVERY_S)

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else msgspec.json.encode(body)
        request = Request(  # noqa: S310 - the scheme is checked by rest_of
            self._address + path, data, {"Content-Type": "application/json"}
        )
        try:
            with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
                return msgspec.json.decode(answer.read())
        except HTTPError as error:
            raise FlinkError(f"{self}{path}: {error.code} {_first_line(error.read())}") from error
        except (OSError, msgspec.DecodeError) as error:
            raise FlinkError(f"{self}{path}: {error}") from error


def rest_of(options: PipelineOptions) -> Flink | None:
    """The cluster whose address Beam's options give; None for one that Beam's job server starts, or has to know."""
    master = str(options.view_as(FlinkRunnerOptions).flink_master)
    if master.startswith("["):
        return None
    address = master if "://" in master else f"http://{master}"
    return Flink(address) if urlsplit(address).scheme in ("http", "https") else None


def _first_line(cause: object) -> str:
    """The reason in what Flink gives as one: a stack trace, in JSON of two forms."""
    if isinstance(cause, bytes):
        with suppress(msgspec.DecodeError, KeyError, TypeError):
            cause = msgspec.json.decode(cause)["errors"]
    if isinstance(cause, dict):
        cause = cause.get("stack-trace") or cause
    if isinstance(cause, list):
        cause = " ".join(map(str, cause))
    text = cause.decode("utf-8", "replace") if isinstance(cause, bytes) else str(cause)
    return text.strip().partition("\n")[0][:500]
