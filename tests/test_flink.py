"""What is asked of Flink's REST API, whose answers are those of its reference (1.19); no Flink runs here."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from claimwire.pipelines.cluster import jobs
from claimwire.pipelines.cluster.flink import Flink, FlinkError, FlinkJob, rest_of
from claimwire.pipelines.cluster.streaming import _for_runner

OVERVIEW = {
    "jobs": [
        {"jid": "a1", "name": "desk", "state": "CANCELED"},
        {"jid": "b2", "name": "other", "state": "RUNNING"},
        {"jid": "c3", "name": "desk", "state": "RESTARTING"},
    ]
}
JOB = FlinkJob("c3", "desk", "RESTARTING")
Answers = list[tuple[str, int, Any]]


@contextmanager
def flink(answers: Answers) -> Iterator[tuple[str, list[Any]]]:
    """A server that gives these answers in turn, each to its method and path; its address, and the bodies it was
    sent."""
    sent: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            expected, status, body = answers.pop(0)
            assert f"{self.command} {self.path}" == expected
            if length := self.headers["Content-Length"]:
                sent.append(json.loads(self.rfile.read(int(length))))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_GET  # noqa: N815 - called by its name

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", sent
        server.shutdown()
    assert not answers


def savepoint(status: str, **operation: Any) -> tuple[str, int, Any]:
    return "GET /jobs/c3/savepoints/t1", 200, {"status": {"id": status}, "operation": operation or None}


TRIGGER = ("POST /jobs/c3/savepoints", 202, {"request-id": "t1"})


def test_a_job_is_cancelled_once_its_savepoint_is_whole() -> None:
    done = savepoint("COMPLETED", location="s3://desk/savepoint-c3-9")
    answers = [("GET /jobs/overview", 200, OVERVIEW), TRIGGER, savepoint("IN_PROGRESS"), done]
    with flink(answers) as (address, sent):
        cluster = Flink(f"http://{address}")
        job = cluster.active("desk")
        assert job == JOB
        assert cluster.cancel_with_savepoint(job, waiting=lambda _: None) == "s3://desk/savepoint-c3-9"
    assert sent == [{"cancel-job": True}]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            [
                TRIGGER,
                savepoint("COMPLETED", **{"failure-cause": {"stack-trace": "java.io.IOException: full\n\tat x"}}),
            ],
            "no savepoint: java.io.IOException: full",
        ),
        (
            [("POST /jobs/c3/savepoints", 400, {"errors": ["Config key [state.savepoints.dir] is not set."]})],
            "400 Config key [state.savepoints.dir] is not set.",
        ),
    ],
)
def test_why_there_is_no_savepoint_is_said_on_one_line(answers: Answers, said: str) -> None:
    with flink(list(answers)) as (address, _), pytest.raises(FlinkError) as failed:
        Flink(f"http://{address}").cancel_with_savepoint(JOB)
    assert str(failed.value).endswith(said)


def test_a_second_job_of_the_name_is_refused_by_what_flink_itself_runs() -> None:
    with flink([("GET /jobs/overview", 200, OVERVIEW)]) as (address, _):
        options = PipelineOptions([f"--flink_master={address}"])
        with pytest.raises(jobs.AnotherStreamError, match=r"the job desk runs already on .* \(job c3, RESTARTING\)"):
            jobs.refuse_another(options, "desk")


def test_a_cluster_that_beam_has_to_start_is_not_asked() -> None:
    assert rest_of(PipelineOptions(["--flink_master=[local]"])) is None
    assert str(rest_of(PipelineOptions(["--flink_master=https://flink.example/"]))) == "https://flink.example"


def test_the_name_of_a_job_is_that_of_its_group_unless_one_is_given() -> None:
    assert jobs.name_of("Desk.East 1", PipelineOptions([])) == "desk-east-1"
    assert jobs.name_of("desk", PipelineOptions(["--job_name=own"])) == "own"


def test_bundles_are_finished_before_a_checkpoint_where_the_runner_knows_how() -> None:
    finish = "--finish_bundle_before_checkpointing"
    for runner in ("FlinkRunner", "PortableRunner"):
        assert _for_runner(runner, ["--parallelism=2"]) == ["--parallelism=2", finish]
        assert _for_runner(runner, [f"{finish}=false"]) == [f"{finish}=false"]
    assert _for_runner("DataflowRunner", []) == []
