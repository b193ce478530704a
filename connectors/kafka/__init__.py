"""Apache Kafka as source and sink of a Beam pipeline, in pure Python (kafka-python)."""

from claimwire.connectors.kafka.connection import Connection, KafkaAddress
from claimwire.connectors.kafka.consumers import ConsumerConfig, Consumers
from claimwire.connectors.kafka.errors import (
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
from claimwire.connectors.kafka.messages import Message
from claimwire.connectors.kafka.offsets import Start, Stop, Topics, UnknownTopicError, partitions_of, ranges_of
from claimwire.connectors.kafka.ranges import OffsetRange
from claimwire.connectors.kafka.read import ReadFromKafka, ReadResult
from claimwire.connectors.kafka.records import KafkaPosition, KafkaRecord
from claimwire.connectors.kafka.topics import NewTopicSettings, Topic, describe_topics, ensure_topics
from claimwire.connectors.kafka.transaction import (
    IdempotentPublisher,
    Publisher,
    TransactionalPublisher,
    commit_offsets,
)
from claimwire.connectors.kafka.write import WriteToKafka

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
