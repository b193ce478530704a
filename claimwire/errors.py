"""Everything that claimwire raises on purpose, as one tree, so that a caller catches one base.

``str(error)`` is a sentence for a reader: what happened, to what, and what to do. The classes themselves stand with
the code that raises them. This module imports nothing, so that a connector that is lifted out takes little along.
"""

from __future__ import annotations


class ClaimwireError(Exception):
    """Base of all errors of claimwire. Itself it means: something that was asked for could not be done."""


class UsageError(ClaimwireError):
    """What was asked for cannot be done as it was asked: a setting, a source or a name is wrong, and nothing began.

    To try again without a change is of no use. The command exits with 2 for it, and with 1 for all other errors.
    """
