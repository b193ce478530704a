"""Asking a cluster again when the broker that was asked is gone or does not know yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from kafka.errors import RetriableError, UnknownTopicOrPartitionError

T = TypeVar("T")

_LONGEST_S = 15
"""Longer than a cluster takes to notice that a broker is dead (9 s by default, broker.session.timeout.ms)."""
_PAUSE_S = 0.2


def ask(question: Callable[[], T]) -> T:
    """The answer to a question, which is asked again for some seconds after errors that may pass.

    kafka-python 3.0.12 asks one broker, and raises if that one is dead; the next time it asks another one. For some
    seconds after a death the others still name the dead broker, as the leader, coordinator or controller.

    Args:
        question: May be called several times.

    Raises:
        Whatever the question raises; a RetriableError only when the time is up.
    """
    deadline = time.monotonic() + _LONGEST_S
    while True:
        try:
            return question()
        except RetriableError as error:
            if isinstance(error, UnknownTopicOrPartitionError) or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE_S)
