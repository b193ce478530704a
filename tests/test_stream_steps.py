"""A savepoint of Flink gives each step its state back by the step's name, so names stay from release to release.

Flink names an operator by the collection that it reads (Beam's GreedyPipelineFuser), so both count: steps and
collections. If this fails after a change, running streams cannot be restored from their savepoints: find another way,
or say so in the changelog, and write the names again with ``python tests/test_stream_steps.py``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import apache_beam as beam

from claimwire.connectors.kafka import KafkaAddress
from claimwire.connectors.sources import TopicSource
from claimwire.pipelines.dedupe.stream import Changes
from claimwire.pipelines.settings import Settings
from claimwire.pipelines.stream import build

NAMES = Path(__file__).parent / "fixtures" / "stream_steps.txt"


def steps(
    topics: tuple[str, ...] = ("in",), sinks: tuple[str, ...] = ("out",), seed: Changes | None = None, **settings: Any
) -> set[str]:
    """The names of all steps and collections of a stream's graph."""
    pipeline = beam.Pipeline(runner="FnApiRunner")
    sources = [TopicSource(KafkaAddress.parse(f"kafka://broker:9092/{topic}")) for topic in topics]
    addresses = [KafkaAddress.parse(f"kafka://broker:9092/{sink}") for sink in sinks]
    build(pipeline, Settings(**settings), sources, addresses, seed)
    graph = pipeline.to_runner_api()
    components = graph.components
    found = {step.unique_name for id_, step in components.transforms.items() if id_ not in graph.root_transform_ids}
    return found | {collection.unique_name for collection in components.pcollections.values()}


def test_the_names_of_steps_are_those_that_savepoints_know() -> None:
    assert sorted(steps()) == NAMES.read_text(encoding="utf-8").splitlines()


def test_a_savepoint_fits_a_stream_with_a_seed_and_without() -> None:
    assert steps(seed=tuple) == steps()


def test_settings_and_topics_change_no_name_and_another_sink_only_adds_some() -> None:
    known = steps()
    assert steps(("in", "more"), extract="none", near_copies="whole", kafka_group="desk") == known
    assert steps(sinks=("out", "second")) > known


def test_no_name_depends_on_where_a_line_stands() -> None:
    assert not [name for name in steps() if re.search(r"lambda|\.py:\d", name)]


if __name__ == "__main__":
    NAMES.write_text("".join(f"{name}\n" for name in sorted(steps())), encoding="utf-8")
