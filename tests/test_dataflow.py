"""The example of a Flex Template for Dataflow, as far as it can be tried without Dataflow."""

from __future__ import annotations

import json
import re
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from conftest import ROOT, write_jsonl

FOLDER = ROOT / "deploy/dataflow"
MAYOR = "The bridge will stay closed until the spring, Mayor Ana Verr said on Tuesday in the town hall of Brackwater."
# https://cloud.google.com/dataflow/docs/guides/templates/configuring-flex-templates#metadata-parameters
OF_TEMPLATES = {"name", "description", "streaming", "supportsAtLeastOnce", "supportsExactlyOnce",
                "defaultStreamingMode", "parameters"}  # fmt: skip
OF_PARAMETERS = {"name", "label", "helpText", "isOptional", "regexes", "paramType", "defaultValue", "enumOptions"}
KINDS = {"DEFAULT", "TEXT", "GCS_READ_BUCKET", "GCS_WRITE_BUCKET", "GCS_READ_FILE", "GCS_WRITE_FILE",
         "GCS_READ_FOLDER", "GCS_WRITE_FOLDER", "PUBSUB_TOPIC", "PUBSUB_SUBSCRIPTION"}  # fmt: skip


@pytest.fixture(scope="module")
def template() -> ModuleType:
    spec = spec_from_file_location("template", FOLDER / "pipeline.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def metadata() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "metadata.json").read_bytes())
    return found


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for file in folder.glob(f"{name}-*") for line in file.read_text("utf-8").splitlines()]


def test_the_pipeline_writes_claims_and_dead_letters(template: ModuleType, tmp_path: Path) -> None:
    wire = write_jsonl(tmp_path / "wire.jsonl", {"title": "Bridge", "text": MAYOR}, {"no": "article"})
    arguments = [f"--input={wire}", f"--output={tmp_path}/out/", "--extractor=rules"]
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        template.build(pipeline, template.parameters().parse_args(arguments))
    (claim,) = lines(tmp_path / "out", "claims")
    assert (claim["speaker_name"], claim["text"]) == ("Ana Verr", "The bridge will stay closed until the spring")
    (letter,) = lines(tmp_path / "out", "dead-letters")
    assert letter["payload"] == '{"no": "article"}'


def test_the_metadata_is_what_dataflow_asks_of_a_template(metadata: dict[str, Any]) -> None:
    assert metadata.keys() <= OF_TEMPLATES
    for parameter in metadata["parameters"]:
        assert {"name", "label", "helpText"} <= parameter.keys() <= OF_PARAMETERS
        assert parameter["paramType"] in KINDS
        for regex in parameter["regexes"]:
            assert re.compile(regex)


def test_the_parameters_are_the_options_of_the_pipeline(template: ModuleType, metadata: dict[str, Any]) -> None:
    options = {action.dest: not action.required for action in template.parameters()._actions}
    assert {each["name"]: each.get("isOptional", False) for each in metadata["parameters"]} == options


def test_the_image_has_the_beam_and_the_files_that_are_here() -> None:
    dockerfile = (FOLDER / "Dockerfile").read_text("utf-8")
    assert set(re.findall(r"(?:beam_python3\.11_sdk:|apache-beam\[gcp\]==)([\d.]+)", dockerfile)) == {
        version("apache-beam")
    }
    (copied,) = re.findall(r"cp (\S+) (/template/\S+)", dockerfile)
    assert (ROOT / copied[0]).is_file()
    assert f"FLEX_TEMPLATE_PYTHON_PY_FILE={copied[1]}" in dockerfile
