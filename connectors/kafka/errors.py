"""The errors of the Kafka connector. Every message names the broker or topic and what to do; none holds a secret."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kafka import errors

from claimwire.errors import ClaimwireError

if TYPE_CHECKING:
    from claimwire.connectors.kafka.messages import Message


class KafkaConnectorError(ClaimwireError):
    """Base of this package's errors; raised itself if Kafka refuses for a reason that has no class here."""


class BadAddress(KafkaConnectorError):  # noqa: N818 - the base says it
    """An address is not a valid ``kafka://host:port/name``, or it contains a password."""


class BadConfig(KafkaConnectorError):  # noqa: N818 - the base says it
    """A client option is unknown, has a value that is not valid, or is given where it is not allowed."""


class KafkaUnavailable(KafkaConnectorError):  # noqa: N818 - the base says it
    """No broker answered in time. Retrying later may help."""


class NotAuthorized(KafkaConnectorError):  # noqa: N818 - the base says it
    """The brokers refused the login, or the user lacks a permission."""


class NoSuchTopic(KafkaConnectorError):  # noqa: N818 - the base says it
    """A topic does not exist, or the user may not see it."""


class TopicRefused(KafkaConnectorError):  # noqa: N818 - the base says it
    """A topic could not be created with these settings."""


class Fenced(KafkaConnectorError):  # noqa: N818 - the base says it
    """Another producer has taken over the transactional id: another run with the same state is publishing."""


class OutOfStep(KafkaConnectorError):  # noqa: N818 - the base says it
    """Passes have been published that this state does not know: one of two copies of a state published them."""


class MessageRefused(KafkaConnectorError):  # noqa: N818 - the base says it
    """The broker will never accept this message. If it was part of a transaction, nothing of that was published."""

    def __init__(self, message: Message, reason: Exception, position: int | None = None) -> None:
        """Describe the message and the reason.

        Args:
            message: The message.
            reason: Kafka's error.
            position: The position of the message among those given to ``publish``, from 0.
        """
        key = "" if message.key is None else f" with the key {message.key!r}"
        what = f"a message{key} of {message.size} bytes for the topic {message.topic}"
        super().__init__(f"Kafka refused {what}: {_text(reason)}")
        self.message = message
        self.position = position
        self.reason = reason


REFUSED = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.InvalidRecordError,
    errors.InvalidTimestampError,
    errors.CorruptRecordError,  # how an old broker refuses a message without a key for a compacted topic
)
"""Kafka's errors about a single message that every retry would meet again."""

LOGIN_REFUSED = (
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)
_ONLY_NAMED: tuple[type[BaseException], ...] = (
    errors.ProducerFencedError,
    errors.TransactionalIdAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
    errors.InvalidTransactionTimeoutError,
    errors.RequestTimedOutError,
)
_LOGIN_HINT = "check the user name, password and mechanism in the client configuration"
_ACL_HINT = "ask for the ACLs; the connector's documentation lists them"


@contextmanager
def explained(
    brokers: Sequence[str], doing: str, topic: str | None = None, why: Callable[[], str | None] = lambda: None
) -> Iterator[None]:
    """Turn kafka-python's errors into ``KafkaConnectorError``.

    Args:
        brokers: As host:port, for the message.
        doing: What is being done, worded to follow "while", e.g. ``writing``.
        topic: The topic concerned, if there is one.
        why: Called if no answer came in time; returns the reason, or None if nothing seems wrong.
    """
    try:
        yield
    except errors.KafkaError as error:
        raise explanation(error, brokers, doing, topic, why) from error


def explanation(
    error: BaseException,
    brokers: Sequence[str],
    doing: str,
    topic: str | None = None,
    why: Callable[[], str | None] = lambda: None,
) -> KafkaConnectorError:
    """The ``KafkaConnectorError`` for one of kafka-python's errors; see ``explained`` for the arguments."""
    at = ", ".join(brokers)
    cause = _cause(error)
    where = f"the topic {topic}" if topic else "this"
    if isinstance(cause, LOGIN_REFUSED):
        return NotAuthorized(f"{at} refused the login while {doing} ({_text(cause)}); {_LOGIN_HINT}")
    if isinstance(cause, errors.AuthorizationError):
        return NotAuthorized(f"{at} does not allow {where} while {doing} ({_text(cause)}); {_ACL_HINT}")
    # InvalidProducerEpochError is how the answer to a produce request reports a fenced producer (KIP-360).
    if isinstance(cause, (errors.ProducerFencedError, errors.InvalidProducerEpochError)):
        return Fenced(
            f"another run with the same state is publishing to {at} and has fenced this one, or the broker aborted a "
            "transaction that took too long; keep only one run, and start it again"
        )
    if isinstance(cause, errors.UnknownTopicOrPartitionError):
        return NoSuchTopic(f"{at} has no topic {topic or ''} ({doing}); create it first".replace("  ", " "))
    if isinstance(cause, errors.InvalidTransactionTimeoutError):
        return BadConfig(f"{at} does not allow transactions this long; lower transaction_timeout_ms")
    if isinstance(cause, errors.KafkaConfigurationError):
        return BadConfig(f"these client options are not valid: {_text(cause)}")
    if isinstance(cause, errors.RetriableError):
        reason = why() or _text(cause)
        start = "start the brokers that are down" if brokers[1:] else "start it"
        return KafkaUnavailable(f"{at} did not answer in time while {doing} ({reason}); {start}, or try again later")
    if isinstance(cause, errors.InvalidReceiveError) and (stranger := _stranger(cause)):
        return KafkaConnectorError(
            f"{at}, or a broker it names, answered with {stranger} while {doing}; check host and port, "
            "and the broker's advertised.listeners"
        )
    return KafkaConnectorError(f"{at} refused while {doing}: {_text(cause)}")


def _stranger(error: errors.InvalidReceiveError) -> str | None:
    """Whose bytes an impossible length was read from, if they tell: kafka-python gives the length in its text alone."""
    found = re.search(r"frame length: (\d+)", _text(error))
    first = int(found[1]).to_bytes(4, "big") if found and int(found[1]) < 2**32 else b""
    if first == b"HTTP":
        return "HTTP, which is no Kafka broker (a proxy or a web server)"
    if first[:2] == b"\x15\x03":  # an alert of TLS (RFC 8446, section 5.1)
        return "TLS: it wants security.protocol=SSL or SASL_SSL"
    return None


def _cause(error: BaseException) -> BaseException:
    """The real error: kafka-python wraps one that broke a producer in a plain KafkaError, as argument or as text."""
    if type(error) is not errors.KafkaError:
        return error
    for argument in error.args:
        if isinstance(argument, BaseException):
            return argument
    for kind in _ONLY_NAMED:
        if kind.__name__ in str(error):
            return kind()
    return error


def _text(error: BaseException) -> str:
    said = " ".join(str(argument) for argument in error.args if argument is not None)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
