"""``claimwire run`` with workers that do not see the driver's disk, as on a cluster."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from apart import job_server, workers_apart
from broker import Broker
from conftest import ROOT, Claimwire, written


def records(folder: Path) -> list[str]:
    """The lines of articles in a folder, without what says when they were made, and by which run."""
    times = r'"(run_id|processed_at|fetched_at|first_seen_at)": "[^"]*"'
    return [re.sub(times, "", json.dumps(record, ensure_ascii=False)) for record in written(folder)]


@pytest.fixture
def apart(prism: str, tmp_path: Path) -> Iterator[list[str]]:
    """Beam's options for a runner whose workers do not see the folder of the test."""
    with job_server(prism) as address, workers_apart(tmp_path) as pool:
        yield ["--runner", "PortableRunner", f"--job_endpoint={address}", *pool]


@pytest.mark.timeout(400)
def test_a_run_whose_workers_leave_their_results_elsewhere_says_so_and_commits_nothing(
    claimwire: Claimwire, broker: Broker, topic: str, tmp_path: Path, apart: list[str]
) -> None:
    file = ROOT / "examples/wire.jsonl"
    broker.create(topic)
    broker.produce(topic, *file.read_bytes().splitlines())
    records = f"kafka://{broker.address}/{topic}"
    for name, source, named in (("file", str(file), str(file)), ("topic", records, f"{records}, partition 0")):
        given = ("run", "--source", source, "--sink", f"jsonl:{name}", "--state", f"state-{name}", "--extract", "none")
        done = claimwire(*given, *apart)
        assert done.returncode == 1, done.stderr
        assert f"the workers reported nothing on {named}, of 1 that they were given" in done.stderr
        assert "--exchange" in done.stderr
        assert not written(tmp_path / name)
        # Nothing was remembered as read: here, where the disk is seen, the same run reads it.
        here = claimwire(*given)
        assert (here.returncode, len(written(tmp_path / name))) == (0, 5), here.stderr


@pytest.mark.timeout(400)
def test_with_an_exchange_workers_apart_give_the_records_of_a_run_here(
    claimwire: Claimwire, tmp_path: Path, exchange: str, apart: list[str]
) -> None:
    run = ("run", "--source", str(ROOT / "examples/articles"), "--source", str(ROOT / "examples/wire.jsonl"))
    for name, options in (("here", ()), ("there", ("--exchange", exchange, *apart))):
        done = claimwire(*run, "--extractor", "rules", "--sink", f"jsonl:{name}", "--state", f"state-{name}", *options)
        assert done.returncode == 0, done.stderr
    assert "8 articles in 1 part to the cluster" in done.stderr
    here, there = records(tmp_path / "here"), records(tmp_path / "there")
    assert there == here
    assert any('"claims": [{' in record for record in here)
    assert not boto3.client("s3").list_objects_v2(Bucket="desk")["KeyCount"]  # nothing is left there
