"""Checking that topics exist, and creating them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Literal

from kafka import KafkaAdminClient, errors
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from msgspec import Struct

from claimwire.connectors.kafka.asking import ask
from claimwire.connectors.kafka.connection import Connection
from claimwire.connectors.kafka.errors import NoSuchTopic, NotAuthorized, TopicRefused, explained

CleanupPolicy = Literal["delete", "compact", "compact,delete"]
_AS_BROKER = -1  # KIP-464


class NewTopicSettings(Struct, frozen=True):
    """The settings of a topic to create; None leaves a setting to the broker's default."""

    partitions: int | None = None
    replication_factor: int | None = None
    retention: timedelta | None = None
    """How long messages are kept (``retention.ms``)."""
    cleanup_policy: CleanupPolicy | None = None
    """``compact`` keeps the last message of each key."""
    max_message_bytes: int | None = None
    """The largest batch, after compression (``max.message.bytes``)."""

    def configs(self) -> dict[str, str]:
        """The settings that are given, by Kafka's names."""
        given: dict[str, Any] = {
            "retention.ms": round(self.retention / timedelta(milliseconds=1)) if self.retention else None,
            "cleanup.policy": self.cleanup_policy,
            "max.message.bytes": self.max_message_bytes,
        }
        return {name: str(value) for name, value in given.items() if value is not None}


class Topic(Struct, frozen=True):
    """An existing topic."""

    name: str
    partitions: int
    max_message_bytes: int | None
    """The largest batch that it accepts, after compression; None without the permission to ask (DescribeConfigs)."""
    cleanup_policy: str | None
    """As in ``NewTopicSettings``; None without the permission to ask."""

    @property
    def compacted(self) -> bool:
        """Whether it is compacted, and so refuses messages without a key."""
        return "compact" in (self.cleanup_policy or "")


class KnownTopics:
    """A cache of the topics of a cluster; each is asked for once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, Topic] = {}

    def get(self, name: str) -> Topic:
        """A topic by its name. Raises NoSuchTopic, and the errors of ``describe_topics``."""
        topic = self._known.get(name)
        return topic if topic is not None else self._ask(name)

    def _ask(self, name: str) -> Topic:
        self._known |= describe_topics(self._connection, [name])
        if name not in self._known:
            raise _no_such_topic(self._connection, [name])
        return self._known[name]


def describe_topics(connection: Connection, names: Collection[str]) -> dict[str, Topic]:
    """Describe topics; those that do not exist are left out.

    Raises NotAuthorized, KafkaUnavailable or BadConfig.
    """
    with connection.admin() as admin:
        return _describe(admin, connection, names)


def why_unwritten(connection: Connection, name: str) -> str | None:
    """Why a topic takes no messages: too few of its replicas are in sync, or brokers cannot be reached.

    kafka-python only tells that the time was up.

    Returns:
        The reasons that were found; None if nothing seems wrong.
    """
    reasons = [connection.why_unreachable()]
    if len(connection.unreachable()) < len(connection.brokers):
        reasons.insert(0, _out_of_sync(connection, name))
    return "; ".join(filter(None, reasons)) or None


def _out_of_sync(connection: Connection, name: str) -> str | None:
    """That a partition has fewer replicas in sync than a write needs; None too if that cannot be found out."""
    with suppress(Exception), connection.admin() as admin:  # the error that is to be explained is the one to raise
        needed = int(_configs(admin, connection, [name])[name]["min.insync.replicas"])
        (topic,) = ask(lambda: admin.describe_topics([name]))
        for partition in topic["partitions"]:
            in_sync, replicas = len(partition["isr_nodes"]), len(partition["replica_nodes"])
            if in_sync < needed:
                return (
                    f"{in_sync} of the {replicas} replicas of {name}-{partition['partition_index']} are in sync, "
                    f"and min.insync.replicas is {needed}"
                )
    return None


def ensure_topics(connection: Connection, wanted: Mapping[str, NewTopicSettings], *, create: bool) -> dict[str, Topic]:
    """Make sure that topics exist, and leave existing ones as they are.

    Args:
        connection: The cluster.
        wanted: The topics by name, with the settings for creating them.
        create: Whether to create missing topics.

    Returns:
        All wanted topics.

    Raises:
        NoSuchTopic: A topic is missing and ``create`` is False.
        TopicRefused: The broker did not create a topic.
        NotAuthorized, KafkaUnavailable, BadConfig: As their names say.
    """
    with connection.admin() as admin:
        found = _describe(admin, connection, wanted)
        missing = [name for name in wanted if name not in found]
        if missing and not create:
            raise _no_such_topic(connection, missing)
        for name in missing:
            _create(admin, connection, name, wanted[name])
        if missing:
            with explained(connection.brokers, "waiting for new topics", why=connection.why_unreachable):
                admin.wait_for_topics(missing)
            found |= _describe(admin, connection, missing)
    return found


def _no_such_topic(connection: Connection, names: list[str]) -> NoSuchTopic:
    return NoSuchTopic(
        f"{', '.join(connection.brokers)} has no topic {', '.join(names)}; create "
        f"{'them' if names[1:] else 'it'}, or let --create-topics do so"
    )


def _describe(admin: KafkaAdminClient, connection: Connection, names: Collection[str]) -> dict[str, Topic]:
    if not names:
        return {}
    with explained(connection.brokers, "asking for topics", why=connection.why_unreachable):
        answers = {answer["name"]: answer for answer in ask(lambda: admin.describe_topics(list(names)))}
    found = []
    for name, answer in answers.items():
        problem = errors.for_code(answer["error_code"])
        if problem in (errors.NoError, errors.LeaderNotAvailableError):
            found.append(name)
        elif problem is not errors.UnknownTopicOrPartitionError:
            with explained(connection.brokers, "asking for topics", name):
                raise problem()
    configs = _configs(admin, connection, found)
    return {
        name: Topic(
            name=name,
            partitions=len(answers[name]["partitions"]),
            max_message_bytes=int(size) if (size := configs.get(name, {}).get("max.message.bytes")) else None,
            cleanup_policy=configs.get(name, {}).get("cleanup.policy"),
        )
        for name in found
    }


def _configs(admin: KafkaAdminClient, connection: Connection, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    with explained(connection.brokers, "asking for topics", why=connection.why_unreachable):
        try:
            answer = ask(lambda: admin.describe_configs(resources, config_filter="all"))
        except errors.AuthorizationError:
            return {}
    topics: dict[str, dict[str, dict[str, str]]] = answer.get("topic", {})
    return {name: {key: config["value"] for key, config in entry.items()} for name, entry in topics.items()}


def _create(admin: KafkaAdminClient, connection: Connection, name: str, settings: NewTopicSettings) -> None:
    topic = NewTopic(
        name,
        num_partitions=settings.partitions or _AS_BROKER,
        replication_factor=settings.replication_factor or _AS_BROKER,
        topic_configs=settings.configs(),
    )
    with explained(connection.brokers, "creating it", name, why=connection.why_unreachable):
        (answer,) = ask(lambda: admin.create_topics([topic], raise_errors=False))["topics"]
    problem = errors.for_code(answer["error_code"])
    if problem in (errors.NoError, errors.TopicAlreadyExistsError):  # another process may have been faster
        return
    at = ", ".join(connection.brokers)
    said = answer.get("error_message") or problem.__name__
    if issubclass(problem, errors.AuthorizationError):
        raise NotAuthorized(f"{at} does not allow creating the topic {name}: {said}")
    raise TopicRefused(f"{at} did not create the topic {name}: {said}")
