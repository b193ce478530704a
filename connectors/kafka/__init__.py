"""Apache Kafka as source and sink of a Beam pipeline, in Python alone (kafka-python)."""

from connectors.kafka.consumers import ConsumerConfig, Consumers
from connectors.kafka.offsets import Start, Stop, Topics, UnknownTopicError, partitions_of, ranges_of
from connectors.kafka.ranges import OffsetRange
from connectors.kafka.read import ReadFromKafka, ReadResult
from connectors.kafka.records import KafkaPosition, KafkaRecord

__all__ = [
    "ConsumerConfig",
    "Consumers",
    "KafkaPosition",
    "KafkaRecord",
    "OffsetRange",
    "ReadFromKafka",
    "ReadResult",
    "Start",
    "Stop",
    "Topics",
    "UnknownTopicError",
    "partitions_of",
    "ranges_of",
]
