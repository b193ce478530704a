"""What can go wrong with Kafka. Every message names the broker or topic and what to do; none holds a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kafka import errors

from claimwire.errors import ClaimwireError

if TYPE_CHECKING:
    from claimwire.connectors.kafka.messages import Message


class KafkaConnectorError(ClaimwireError):
    """Base of all that this package raises about Kafka; itself, where Kafka refuses with an error of no other kind."""


class BadAddress(KafkaConnectorError):  # noqa: N818 - the base says it
    """It is no ``kafka://host:port/name``, or it holds a password."""


class BadConfig(KafkaConnectorError):  # noqa: N818 - the base says it
    """An option for the client is unknown, has a wrong value, or stands where it must not."""


class KafkaUnavailable(KafkaConnectorError):  # noqa: N818 - the base says it
    """No broker answered in time. Trying again later may help, with nothing changed."""


class NotAuthorized(KafkaConnectorError):  # noqa: N818 - the base says it
    """The brokers refuse who we are, or what we are allowed to do."""


class NoSuchTopic(KafkaConnectorError):  # noqa: N818 - the base says it
    """A topic does not exist, or we may not know of it."""


class TopicRefused(KafkaConnectorError):  # noqa: N818 - the base says it
    """A topic could not be created as it was asked for."""


class Fenced(KafkaConnectorError):  # noqa: N818 - the base says it
    """Another producer has taken our transactional id over: another run with the same state is publishing."""


class OutOfStep(KafkaConnectorError):  # noqa: N818 - the base says it
    """Passes that this state does not know are published already: it, or the one that published them, is a copy."""


class MessageRefused(KafkaConnectorError):  # noqa: N818 - the base says it
    """A message that the broker will never take. If it was in a transaction, nothing of that was published."""

    def __init__(self, message: Message, reason: Exception, position: int | None = None) -> None:
        """``reason`` is Kafka's error; ``position`` counts the messages given to ``publish``, from 0."""
        key = "" if message.key is None else f" with the key {message.key!r}"
        what = f"a message{key} of {message.size} bytes for the topic {message.topic}"
        super().__init__(f"Kafka refuses {what}: {_text(reason)}")
        self.message = message
        self.position = position
        self.reason = reason


REFUSED = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.InvalidRecordError,
    errors.InvalidTimestampError,
    errors.CorruptRecordError,  # what a compacted topic of an old broker says to a message without a key
)
"""Kafka's errors that mean one message and will be the same at every try."""

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
)
_LOGIN_HINT = "check user name, password and mechanism in the client's configuration"
_ACL_HINT = "ask for the ACLs (see the connector's documentation for which are needed)"


@contextmanager
def explained(
    brokers: Sequence[str], doing: str, topic: str | None = None, why: Callable[[], str | None] = lambda: None
) -> Iterator[None]:
    """Turn kafka-python's errors into ours.

    Args:
        brokers: As host:port, for the message.
        doing: What is being tried, to follow "while", as ``writing``.
        topic: The topic that it is about, if it is about one.
        why: Finds out why no broker can be reached, when that is the problem; None if nothing seems wrong.
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
    """Our error for one of kafka-python's; arguments as of ``explained``."""
    at = ", ".join(brokers)
    cause = _cause(error)
    where = f"the topic {topic}" if topic else "this"
    if isinstance(cause, LOGIN_REFUSED):
        return NotAuthorized(f"{at} refused the login while {doing} ({_text(cause)}); {_LOGIN_HINT}")
    if isinstance(cause, errors.AuthorizationError):
        return NotAuthorized(f"{at} does not allow {where} while {doing} ({_text(cause)}); {_ACL_HINT}")
    # In an answer to a produce request, the latter is what a producer hears that was shut out (KIP-360).
    if isinstance(cause, (errors.ProducerFencedError, errors.InvalidProducerEpochError)):
        return Fenced(
            f"another run with the same state publishes to {at} and has shut this one out, or the broker gave up a "
            "transaction that took too long; let only one run, and let it begin again"
        )
    if isinstance(cause, errors.UnknownTopicOrPartitionError):
        return NoSuchTopic(f"{at} has no topic {topic or ''} ({doing}); create it first".replace("  ", " "))
    if isinstance(cause, errors.InvalidTransactionTimeoutError):
        return BadConfig(f"{at} allows no transaction to take so long; lower transaction_timeout_ms")
    if isinstance(cause, errors.KafkaConfigurationError):
        return BadConfig(f"these options do not fit: {_text(cause)}")
    if isinstance(cause, errors.RetriableError):
        reason = why() or _text(cause)
        return KafkaUnavailable(f"{at} did not answer in time while {doing} ({reason}); start it, or try later")
    return KafkaConnectorError(f"{at} refused while {doing}: {_text(cause)}")


def _cause(error: BaseException) -> BaseException:
    """kafka-python wraps the error that spoilt a producer in a plain one, as its argument or only as text."""
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
