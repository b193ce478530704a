"""Rows with a schema: what SQL, Beam YAML and tables work on, in front of claimwire and behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import desk
import pytest
import yaml
from apache_beam.coders import RowCoder, registry
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.utils.python_callable import PythonCallableWithSource
from apache_beam.utils.timestamp import Timestamp
from apache_beam.yaml.yaml_transform import expand_pipeline
from conftest import ROOT, write_jsonl
from documents import blocks

from claimwire.beam import Normalize
from claimwire.connectors.deadletters import dead_letter
from claimwire.rows import (
    CLAIM_ROW,
    ArticleRow,
    ArticleRows,
    ClaimRows,
    DeadLetterRow,
    DeadLetterRows,
    RecordRow,
    RecordRows,
)
from claimwire.schemas import DeadLetter, EnrichedArticle, Origin, decode
from claimwire.schemas.flat import COLUMNS

PROVIDER = ROOT / "deploy/beam/claimwire.yaml"
MAYOR = "The bridge will stay closed until the spring, Mayor Ana Verr said on Tuesday in the town hall of Brackwater."


@pytest.fixture
def pipeline() -> Iterator[beam.Pipeline]:
    """It runs when the test has built it."""
    with beam.Pipeline(runner=FnApiRunner()) as built:
        yield built


def records(pipeline: beam.Pipeline) -> beam.PCollection:
    return pipeline | beam.Create(list(desk.records())).with_output_types(EnrichedArticle)


def test_claims_are_rows_that_transforms_of_beam_group_by_their_fields(pipeline: beam.Pipeline) -> None:
    rows = records(pipeline) | ClaimRows()
    assert [name for name, _ in rows.element_type._fields] == list(COLUMNS)
    assert isinstance(registry.get_coder(rows.element_type), RowCoder)
    counted = rows | beam.GroupBy("speaker_name").aggregate_field("confidence", max, "best")
    best = counted | beam.Filter(lambda row: row.speaker_name == "Ana Verr") | beam.Map(lambda row: row.best)
    assert_that(best, equal_to([0.9]))


def test_every_column_of_a_claim_survives_the_coder_of_its_schema() -> None:
    coder = registry.get_coder(CLAIM_ROW)
    with beam.Pipeline(runner=FnApiRunner()) as built:
        rows = records(built) | ClaimRows()
        same = rows | beam.Map(lambda row: tuple(coder.decode(coder.encode(row))) == tuple(row.as_dict().values()))
        assert_that(same | beam.CombineGlobally(all), equal_to([True]))


@pytest.mark.parametrize(
    ("rows", "kind"),
    [(ArticleRows(), ArticleRow), (RecordRows(), RecordRow), (DeadLetterRows(), DeadLetterRow)],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_rows_of_a_kind_have_the_coder_of_a_schema(rows: beam.PTransform, kind: type) -> None:
    with beam.Pipeline(runner=FnApiRunner()) as built:
        found = built | beam.Create([]) | rows
        assert found.element_type == kind
        assert isinstance(registry.get_coder(found.element_type), RowCoder)


def test_a_record_row_has_the_whole_record(pipeline: beam.Pipeline) -> None:
    rows = records(pipeline) | RecordRows()
    found = rows | beam.Map(lambda row: decode(row.record.encode(), EnrichedArticle))
    assert_that(found, equal_to(list(desk.records())))
    copies = rows | beam.Filter(lambda row: row.copy_kind == "near") | beam.Map(lambda row: (row.id, row.copy_of))
    assert_that(copies, equal_to([("copied", "bridge")]), "copies")


def test_a_row_of_a_dead_letter_has_a_line_to_replay(pipeline: beam.Pipeline) -> None:
    letter = dead_letter("record", ValueError("no article"), b"\xff", Origin(url="a.jsonl", line=1))
    rows = pipeline | beam.Create([letter]) | DeadLetterRows()
    assert_that(rows | beam.Map(lambda row: decode(row.letter.encode(), DeadLetter)), equal_to([letter]))
    assert_that(rows | beam.Map(lambda row: (row.payload, row.encoding)), equal_to([("/w==", "base64")]), "payload")


class Story(NamedTuple):
    """A row of somebody else's."""

    headline: str
    body: str
    url: str | None
    published_at: Timestamp


def test_rows_of_others_are_articles_by_the_names_of_their_fields(pipeline: beam.Pipeline) -> None:
    moment = Timestamp.from_rfc3339("2026-03-01T08:00:00Z")
    stories = pipeline | "Stories" >> beam.Create([Story("Bridge", MAYOR, None, moment)]).with_output_types(Story)
    plain = pipeline | "Rows" >> beam.Create([beam.Row(title="Bridge", text=MAYOR, published="2026-03-01T08:00:00Z")])
    articles = [(each | name >> Normalize()).articles for name, each in (("a", stories), ("b", plain))]
    told = articles | beam.Flatten() | beam.Map(lambda each: (each.title, each.text, f"{each.published_at:%F %H:%M}"))
    assert_that(told, equal_to([("Bridge", MAYOR, "2026-03-01 08:00")] * 2))


# Beam YAML


def run_yaml(folder: Path, steps: list[dict[str, Any]]) -> None:
    """Run a pipeline with the provider, as ``python -m apache_beam.yaml.main`` does."""
    options = PipelineOptions(pickle_library="cloudpickle")
    with beam.Pipeline(runner=FnApiRunner(), options=options) as pipeline:
        spec = {"pipeline": {"transforms": steps}, "providers": [{"include": str(PROVIDER)}]}
        expand_pipeline(pipeline, yaml.safe_dump(spec), pipeline_path=str(folder / "pipeline.yaml"))


def written(folder: Path, name: str) -> list[str]:
    return sorted(line for file in folder.glob(f"{name}-*") for line in file.read_text("utf-8").splitlines())


def test_a_yaml_pipeline_reads_articles_and_writes_claims_and_what_is_none(tmp_path: Path) -> None:
    article = {"title": "Bridge", "text": MAYOR, "url": "https://a.example/1"}
    wire = str(write_jsonl(tmp_path / "wire.jsonl", article, {"no": "article"}))
    line = "speaker_name + ': ' + text + ' ' + str(confidence > 0.2)"
    python = {"language": "python", "fields": {"line": line}}
    errors = {"error_handling": {"output": "bad"}}
    rules = {"extractor": "rules", "claims": "all"}
    claims, bad = str(tmp_path / "claims"), str(tmp_path / "bad")
    run_yaml(
        tmp_path,
        [
            {"type": "ReadFromFiles", "config": {"paths": [wire], **errors}},
            {"type": "ExtractClaims", "input": "ReadFromFiles", "config": {**rules, **errors}},
            {"type": "MapToFields", "name": "Lines", "input": "ExtractClaims", "config": python},
            {"type": "WriteToText", "name": "Claims", "input": "Lines", "config": {"path": claims}},
            {"type": "Flatten", "name": "AllBad", "input": ["ReadFromFiles.bad", "ExtractClaims.bad"]},
            {"type": "MapToFields", "name": "Letters", "input": "AllBad", "config": {"fields": {"line": "letter"}}},
            {"type": "WriteToText", "name": "Bad", "input": "Letters", "config": {"path": bad}},
        ],
    )
    assert written(tmp_path, "claims") == ["Ana Verr: The bridge will stay closed until the spring True"]
    (letter,) = written(tmp_path, "bad")
    assert json.loads(letter)["payload"] == '{"no": "article"}'


def test_the_pipeline_of_the_docs_writes_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = (each for each in blocks(ROOT / "docs/beam.md") if each.text.startswith("pipeline:"))
    for name in ("examples", "deploy"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(pickle_library="cloudpickle")) as pipeline:
        expand_pipeline(pipeline, block.text, pipeline_path=str(tmp_path / "claims.yaml"))
    assert any(line.startswith("Ruth Ambeseh say ") for line in written(tmp_path / "out", "claims"))


def test_without_error_handling_a_bad_input_ends_the_pipeline_as_with_steps_of_beam(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "wire.jsonl", {"no": "article"})
    with pytest.raises(Exception, match="Add error_handling with an output to the step"):
        run_yaml(tmp_path, [{"type": "ReadFromFiles", "config": {"paths": [str(tmp_path / "wire.jsonl")]}}])


def test_each_step_of_the_provider_is_there_and_documents_its_arguments() -> None:
    (provider,) = yaml.safe_load(PROVIDER.read_text("utf-8"))
    assert provider["type"] == "python"
    for name in provider["transforms"].values():
        step = PythonCallableWithSource.load_from_source(name)
        arguments = set(step.__annotations__) - {"return"}
        assert all(f"{argument}: " in step.__doc__ for argument in arguments)
