"""The pipeline of the Flex Template: articles as JSON lines in, claims and dead letters as JSON lines out.

Beam reads and writes the files, so they can be on Cloud Storage (gs://). docs/beam.md says how to build and start it.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, SetupOptions

from claimwire.beam import Deduplicate, ExtractClaims, Normalize
from claimwire.rows import ClaimRows, DeadLetterRows


def parameters() -> ArgumentParser:
    """The parameters of the template, as metadata.json declares them. All other arguments are options of Beam."""
    parser = ArgumentParser(add_help=False)
    parser.add_argument("--input", required=True, help="Files of articles, one JSON object a line; * is a pattern.")
    parser.add_argument("--output", required=True, help="What the names of the files that are written begin with.")
    parser.add_argument("--extractor", choices=["tagger", "rules"], default="tagger", help="What finds the claims.")
    return parser


def build(pipeline: beam.Pipeline, given: Namespace) -> None:
    """Put the steps into a pipeline; the parameters say where from and where to."""
    articles = pipeline | beam.io.ReadFromText(given.input) | "Bytes" >> beam.Map(str.encode)
    found = articles | Normalize() | Deduplicate() | ExtractClaims(extractor=given.extractor)
    claims = found | ClaimRows() | "Claims" >> beam.Map(lambda row: json.dumps(row.as_dict(), ensure_ascii=False))
    letters = found.dead_letters | DeadLetterRows() | "Letters" >> beam.Map(lambda row: row.letter)
    _ = claims | "WriteClaims" >> beam.io.WriteToText(f"{given.output}claims", ".jsonl")
    _ = letters | "WriteLetters" >> beam.io.WriteToText(f"{given.output}dead-letters", ".jsonl")


def main(arguments: list[str]) -> None:
    """Start the job and leave: the launcher of Flex Templates must not wait for its end."""
    given, of_beam = parameters().parse_known_args(arguments)
    options = PipelineOptions(of_beam)
    options.view_as(SetupOptions).pickle_library = "cloudpickle"
    pipeline = beam.Pipeline(options=options)
    build(pipeline, given)
    pipeline.run()


if __name__ == "__main__":
    main(sys.argv[1:])
