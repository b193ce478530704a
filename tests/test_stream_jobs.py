"""The job of ``claimwire stream`` on a runner that outlives the command."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from apart import job_server, jobs, workers_apart
from broker import Broker
from conftest import Claimwire
from streaming import streaming, until
from test_stream import KINDS, article, committed, urls, values


@pytest.mark.timeout(400)
def test_a_signal_cancels_the_job_on_the_job_server_and_no_second_one_may_run(
    broker: Broker, topic: str, tmp_path: Path, prism: str, claimwire: Claimwire
) -> None:
    broker.create(topic, *(f"{topic}.{kind}" for kind in KINDS if kind != "articles"))
    broker.create(f"{topic}.articles", max_message_bytes=4_000)
    here = f"kafka://{broker.address}/{topic}"
    with job_server(prism) as address:
        options = [
            "--source", here, "--sink", here, "--extract", "none", "--kafka-group", topic,
            "--kafka-compression", "none",
            "--runner", "PortableRunner", f"--job_endpoint={address}", "--environment_type=LOOPBACK",
        ]  # fmt: skip
        broker.produce(topic, article(1), article(2, text="A long story. " * 1_000))
        with streaming(tmp_path, *options) as process:
            until(lambda: urls(broker, topic) != set(), process, 120, "the first article")
            until(lambda: committed(broker, topic, topic) == 2, process, 60, "the commit")
            # What one topic refuses goes to that of the dead letters, and not to the disk of a worker.
            until(lambda: values(broker, f"{topic}.dead-letters") != [], process, 60, "the letter")
            (letter,) = values(broker, f"{topic}.dead-letters")
            assert (letter["stage"], "herald.example/2" in letter["payload"]) == ("publish", True)
            assert not (tmp_path / "state" / "refused").exists()
            assert jobs(address) == ["RUNNING"]
            for state, said in (("state", "with the state state"), ("other", f"on the job server {address}")):
                second = claimwire("stream", *options, "--state", state)
                assert (second.returncode, f"runs already {said}" in second.stderr) == (1, True), second.stderr
            assert jobs(address) == ["RUNNING"]
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        assert jobs(address) == ["CANCELLED"]
        log = (tmp_path / "stream.log").read_text()
        assert f"stopped: the job {topic} was cancelled, without a savepoint" in log
        assert "empty memory" not in log

        # The next one has the offsets of the group, and nothing of what was seen.
        with streaming(tmp_path, *options) as process:
            until(lambda: "empty memory" in (tmp_path / "stream.log").read_text(), process, 60, "a warning")
        assert f"--seed-from {here}.articles" in (tmp_path / "stream.log").read_text()


@pytest.mark.timeout(400)
def test_a_detached_job_goes_on_without_the_command(
    broker: Broker, topic: str, tmp_path: Path, prism: str, claimwire: Claimwire
) -> None:
    broker.create(topic, *(f"{topic}.{kind}" for kind in KINDS))
    here = f"kafka://{broker.address}/{topic}"
    options = ["--source", here, "--sink", here, "--extract", "none", "--kafka-group", topic, "--detach"]
    with job_server(prism) as address, workers_apart(tmp_path) as pool:
        on_server = ["--runner", "PortableRunner", f"--job_endpoint={address}"]
        left = claimwire("stream", *options, *on_server, *pool)
        assert left.returncode == 0, left.stderr
        assert f"the job {topic} runs; it is left to its runner" in left.stderr
        broker.produce(topic, article(1))
        with subprocess.Popen(["sleep", "120"], text=True) as waiting:
            until(lambda: urls(broker, topic) == {"https://herald.example/1"}, waiting, 120, "the article")
            waiting.kill()
        again = claimwire("stream", *options, *on_server, *pool)
        assert again.returncode == 1
        assert "runs already on the job server" in again.stderr
        assert jobs(address) == ["RUNNING"]


def test_what_would_end_with_the_command_cannot_be_detached(claimwire: Claimwire) -> None:
    kafka = "kafka://127.0.0.1:1/news"
    for options in (
        ["--runner", "PrismRunner"],
        ["--runner", "FlinkRunner"],
        ["--runner", "PortableRunner", "--job_endpoint=127.0.0.1:1", "--environment_type=LOOPBACK"],
    ):
        done = claimwire("stream", "--source", kafka, "--sink", kafka, "--detach", *options)
        assert (done.returncode, "go on without this process" in done.stderr) == (2, True), done.stderr
