"""Apache Kafka as source and sink of a Beam pipeline, in Python alone (kafka-python)."""

from connectors.kafka.connection import Connection, KafkaAddress
from connectors.kafka.consumers import ConsumerConfig, Consumers
from connectors.kafka.errors import (
    BadAddress,
    BadConfig,
    Fenced,
    KafkaConnectorError,
    KafkaUnavailable,
    MessageRefused,
    NoSuchTopic,
    NotAuthorized,
    OutOfStep,
    TopicRefused,
)
from connectors.kafka.messages import Message
from connectors.kafka.offsets import Start, Stop, Topics, UnknownTopicError, partitions_of, ranges_of
from connectors.kafka.ranges import OffsetRange
from connectors.kafka.read import ReadFromKafka, ReadResult
from connectors.kafka.records import KafkaPosition, KafkaRecord
from connectors.kafka.topics import NewTopicSettings, Topic, describe_topics, ensure_topics
from connectors.kafka.transaction import IdempotentPublisher, Publisher, TransactionalPublisher, commit_offsets
from connectors.kafka.write import WriteToKafka

__all__ = [
    "BadAddress",
    "BadConfig",
    "Connection",
    "ConsumerConfig",
    "Consumers",
    "Fenced",
    "IdempotentPublisher",
    "KafkaAddress",
    "KafkaConnectorError",
    "KafkaPosition",
    "KafkaRecord",
    "KafkaUnavailable",
    "Message",
    "MessageRefused",
    "NewTopicSettings",
    "NoSuchTopic",
    "NotAuthorized",
    "OffsetRange",
    "OutOfStep",
    "Publisher",
    "ReadFromKafka",
    "ReadResult",
    "Start",
    "Stop",
    "Topic",
    "TopicRefused",
    "Topics",
    "TransactionalPublisher",
    "UnknownTopicError",
    "WriteToKafka",
    "commit_offsets",
    "describe_topics",
    "ensure_topics",
    "partitions_of",
    "ranges_of",
]
