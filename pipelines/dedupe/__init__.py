"""Copies and revisions: fingerprints out of text, an index of what was seen, a verdict, and the transform of them."""

from pipelines.dedupe.index import Index, Remembered, Seen
from pipelines.dedupe.transform import Deduplicate, Judged

__all__ = ["Deduplicate", "Index", "Judged", "Remembered", "Seen"]
