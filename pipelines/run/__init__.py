"""A bounded run: sources are read into the queue, then the queue is worked in passes, each committed whole.

bounded      the run as a whole: read this first
reading      sources into the queue, in batches
rereading    records that runs have written, into the queue (claimwire reprocess)
polling      which sources are due, and what is remembered of how they answered
topics       one topic, in batches
passes       the queue in passes: how long one is, what goes in, and its commit
publish      committed messages to Kafka, and how far the consumer group may follow
runner       Beam's options, and one pipeline run with them
workers      the processes of ``--workers N``; worker is what runs in one
doctor       whether all that a run needs is there
"""

from __future__ import annotations

from collections.abc import Sequence

from claimwire.errors import ClaimwireError


class RunError(ClaimwireError):
    """A run that could not go on. What was committed stays; the next run does the rest."""


class ResultsLostError(ClaimwireError):
    """A pipeline ended without saying what became of a source, so nothing is known of it. Nothing was committed."""

    def __init__(self, lost: Sequence[str], expected: int) -> None:
        others = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        super().__init__(
            f"the workers reported nothing on {lost[0]}{others}, of {expected} that they were given, so nothing was "
            "committed. Where they run on other machines or in containers, what they write there is not seen here: "
            "set --exchange to a place that they and this machine share, e.g. s3://BUCKET/claimwire, or run without "
            "--runner"
        )
