"""What goes to the topics of a Kafka sink: enriched records, one message a claim, events, dead letters, threads,
stories, matches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

import msgspec

from claimwire.connectors.deadletters import letter_key
from claimwire.connectors.kafka import Message
from claimwire.connectors.outputs.names import ARTICLES, DEAD_LETTERS, EVENTS, STORIES, THREADS
from claimwire.pipelines.observe.events import WATCH_MATCHED, claim_event, match_of
from claimwire.schemas import DeadLetter, Event, decode, encode
from claimwire.schemas.messages import with_claims

CLOUD_EVENT = "application/cloudevents+json; charset=UTF-8"
_JSON = "application/json"


class Topics(msgspec.Struct, frozen=True):
    """The names of a sink's topics."""

    articles: str
    claims: str
    events: str
    dead_letters: str
    threads: str
    stories: str
    matches: str
    """Only where there are watches."""

    @classmethod
    def named(cls, prefix: str, names: dict[str, str]) -> Topics:
        """``PREFIX.articles`` and so on, but for those kinds (with ``dead-letters``) to which another name is given."""
        kinds = (field.encode_name.replace("_", "-") for field in msgspec.structs.fields(cls))
        return cls(*(names.get(kind, f"{prefix}.{kind}") for kind in kinds))


class _OnlyId(msgspec.Struct):
    id: str


class Staged(msgspec.Struct, frozen=True, array_like=True):
    """A message as it waits in a staging file for its transaction, a line of JSON each."""

    topic: str
    key: str
    content_type: str
    value: msgspec.Raw
    """JSON, and byte for byte what will be in the topic."""


class Messages:
    """Makes messages for the topics of one sink; an own object only so that the topics are said once."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    def of_articles(self, records: Iterable[bytes]) -> Iterator[Staged]:
        """For each record (JSON) of a pass the record itself, and its claims with an event each, in that order."""
        for data, record, messages in with_claims(records):
            yield self._staged(self._topics.articles, record.article.id, data)
            for message in messages:
                yield self._staged(self._topics.claims, message.id, encode(message))
                yield self.of_event(encode(claim_event(message, record.provenance.processed_at)))

    def of_pass(self, records: Mapping[str, Iterable[bytes]]) -> Iterator[bytes]:
        """For the records of a pass by their kinds, a line each for a staging file."""
        yield from map(
            msgspec.json.encode,
            chain(
                self.of_articles(records.get(ARTICLES, ())),
                chain.from_iterable(map(self.of_events, records.get(EVENTS, ()))),
                map(self.of_dead_letter, records.get(DEAD_LETTERS, ())),
                (self._summary(self._topics.threads, thread) for thread in records.get(THREADS, ())),
                (self._summary(self._topics.stories, story) for story in records.get(STORIES, ())),
            ),
        )

    def of_events(self, event: bytes) -> Iterator[Staged]:
        """For an event (JSON) the event, and before that of a watch its match."""
        decoded = decode(event, Event)
        if decoded.type == WATCH_MATCHED:
            yield self._staged(self._topics.matches, decoded.id, encode(match_of(decoded)))
        yield self.of_event(event)

    def of_event(self, event: bytes) -> Staged:
        """For an event (JSON), in structured content mode (CloudEvents 1.0, Kafka protocol binding, 3.3)."""
        return self._staged(self._topics.events, decode(event, Event).id, event, CLOUD_EVENT)

    def of_dead_letter(self, letter: bytes) -> Staged:
        """For a dead letter (JSON)."""
        return self._staged(self._topics.dead_letters, letter_key(decode(letter, DeadLetter)), letter)

    def _summary(self, topic: str, data: bytes) -> Staged:
        return self._staged(topic, msgspec.json.decode(data, type=_OnlyId).id, data)

    def _staged(self, topic: str, key: str, value: bytes, content_type: str = _JSON) -> Staged:
        return Staged(topic, key, content_type, msgspec.Raw(value))


def as_message(staged: Staged) -> Message:
    """A staged message as the connector sends it."""
    headers = [("content-type", staged.content_type.encode())]
    return Message(staged.topic, bytes(staged.value), staged.key.encode(), headers)
