"""What the settings say of Kafka, for sources, sinks and the stream alike: connection, group, where to begin."""

from __future__ import annotations

from typing import Any

from claimwire.connectors.kafka import Start
from claimwire.connectors.kafka.connection import Connection
from claimwire.connectors.kafka.offsets import milliseconds
from claimwire.pipelines.settings import Settings, start_time


def connection(settings: Settings, brokers: tuple[str, ...]) -> Connection:
    """How to reach brokers. It holds no secret."""
    return Connection(brokers, settings.kafka_config)


def consumer_config(connection: Connection, group: str) -> dict[str, Any]:
    """For the workers, which read the secrets themselves."""
    config = connection.client_config()
    del config["bootstrap_servers"]  # a parameter of its own
    return config | {"group_id": group}


def group(settings: Settings, state_id: str) -> str:
    """The consumer group in which offsets are committed."""
    return settings.kafka_group or f"claimwire-{state_id}"


def start_of(settings: Settings) -> Start:
    """Where to begin a topic of which nothing is known."""
    match settings.kafka_start:
        case "earliest" | "latest" | "committed" as named:
            return Start(default=named)
        case time:
            return Start(time_ms=milliseconds(start_time(time)))
