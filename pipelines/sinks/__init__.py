"""Where records go: what a ``--sink`` value means, files, topics, their messages, and the staging before them."""

from __future__ import annotations

from claimwire.errors import ClaimwireError


class SinkError(ClaimwireError):
    """A sink that cannot be written to; the message says which and why."""
