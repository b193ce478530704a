"""What the settings say of Kafka: how to connect, which topics a sink has, where a source begins."""

from __future__ import annotations

from datetime import datetime

from connectors.kafka import Connection, KafkaAddress
from pipelines.messages import Topics
from pipelines.settings import Settings, SettingsError, parse_duration

_KINDS = ("articles", "claims", "events", "dead-letters")


def connection(settings: Settings, address: KafkaAddress) -> Connection:
    """How to reach the brokers of an address. It holds no secret."""
    return Connection(address.brokers, settings.kafka_config)


def topics_of(settings: Settings, address: KafkaAddress) -> Topics:
    """The topics of a sink: those of its prefix, but for those that have a name of their own.

    Raises SettingsError for a name that is given wrongly.
    """
    names = {}
    for given in settings.kafka_topics:
        kind, equals, name = given.partition("=")
        if kind not in _KINDS or not equals or not name:
            raise SettingsError(f"kafka_topics: {given!r} should be KIND=NAME, of the kinds {', '.join(_KINDS)}")
        names[kind] = name
    return Topics.named(address.name, names)


def group(settings: Settings, state_id: str) -> str:
    """The consumer group in which offsets are committed."""
    return settings.kafka_group or f"claimwire-{state_id}"
