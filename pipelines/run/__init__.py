"""A bounded run: sources are read into the queue, then the queue is worked in passes, each committed whole.

bounded      the run as a whole: read this first
reading      sources into the queue, in batches
polling      which sources are due, and what is remembered of how they answered
topics       one topic, in batches
passes       the queue in passes: how long one is, what goes in, and its commit
publish      committed messages to Kafka, and how far the consumer group may follow
runner       Beam's options, and one pipeline run with them
workers      the processes of ``--workers N``; worker is what runs in one
doctor       whether all that a run needs is there
"""

from __future__ import annotations

from claimwire.errors import ClaimwireError


class RunError(ClaimwireError):
    """A run that could not go on. What was committed stays; the next run does the rest."""
