"""The records: their JSON, their schemas, their coders, their Arrow form."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pyarrow as pa
import pytest
from apache_beam import coders
from hypothesis import given
from hypothesis import strategies as st

from claimwire.schemas import (
    SCHEMA_VERSION,
    Article,
    Claim,
    Cue,
    DeadLetter,
    Duplicate,
    EnrichedArticle,
    Entity,
    Failure,
    KnowledgeBaseEntry,
    Origin,
    Provenance,
    Quantity,
    RawArticle,
    Source,
    Speaker,
    codec,
    decode,
    encode,
)
from claimwire.schemas.__main__ import main as publish
from claimwire.schemas.arrow import arrow_schema
from claimwire.schemas.coders import RecordCoder
from claimwire.schemas.jsonschema import PUBLISHED, json_schema
from claimwire.schemas.records import Record

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]))
times = st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(1971, 1, 1))
articles = st.builds(
    Article,
    id=texts,
    guid=st.none() | texts,
    url=st.none() | texts,
    canonical_url=st.none() | texts,
    source=st.builds(Source, name=st.none() | texts, feed_url=st.none() | texts, domain=st.none() | texts),
    title=st.none() | texts,
    text=texts,
    summary=st.none() | texts,
    authors=st.lists(texts).map(tuple),
    language=st.none() | texts,
    published_at=times,
    updated_at=times,
    fetched_at=times,
    tags=st.lists(texts).map(tuple),
    content_hash=texts,
    revision_of=st.none() | texts,
)


def full_record() -> EnrichedArticle:
    """A record in which no field is left out."""
    text = "“At least 2,000 tanks were lost,” Ana Verr said in Kyiv."
    speaker = Speaker(text="Ana Verr", spans=((35, 43),), name="Ana Verr", entity=0, type="person")
    return EnrichedArticle(
        schema_version=SCHEMA_VERSION,
        article=Article(
            id="a1",
            guid="g",
            url="https://a.example/1",
            canonical_url="https://a.example/1",
            source=Source(name="A", feed_url="https://a.example/feed", domain="a.example"),
            title="Tanks",
            text=text,
            summary="s",
            authors=("B", "C"),
            language="en",
            published_at=NOON,
            updated_at=NOON,
            fetched_at=NOON,
            tags=("war",),
            content_hash="c",
            revision_of="a0",
        ),
        duplicate=Duplicate(of="a0", kind="revision", method="url", score=0.5, first_seen_at=NOON),
        entities=(
            Entity("Ana Verr", "PERSON", 35, 43, "Ana Verr", None, ((35, 43),)),
            Entity("Kyiv", "GPE", 52, 56, "Kyiv", KnowledgeBaseEntry("geonames", "703448", 50.45, 30.52), ((52, 56),)),
        ),
        claims=(
            Claim(
                id="c1",
                text="At least 2,000 tanks were lost,",
                content=((1, 32),),
                speaker=speaker,
                cue=Cue(text="said", spans=((44, 48),), lemma="say", class_="speech"),
                quote_type="direct",
                polarity="affirmed",
                modality="asserted",
                hedges=((1, 9),),
                quantities=(Quantity(10, 21, 2000.0, "tank", ">="),),
                entities=(),
                check_worthiness=None,
                confidence=0.9,
                sentence=(0, len(text)),
            ),
        ),
        provenance=Provenance("0.1.0", "m", "rules", "r", NOON),
    )


@given(articles)
def test_an_article_survives_json(article: Article) -> None:
    assert decode(encode(article), Article) == article


@given(texts)
def test_text_survives_json_to_the_code_point_and_on_one_line(text: str) -> None:
    line = encode(RawArticle(text=text))
    assert b"\n" not in line
    assert json.loads(line)["text"] == text


def test_a_record_with_every_field_survives_json() -> None:
    assert decode(encode(full_record()), EnrichedArticle) == full_record()


def test_json_uses_the_published_field_names() -> None:
    record = json.loads(encode(full_record()))
    assert record["claims"][0]["cue"]["class"] == "speech"
    assert record["claims"][0]["content"] == [[1, 32]]
    assert record["article"]["published_at"] == "2026-11-20T12:00:00Z"


def test_a_reader_ignores_fields_of_a_later_minor_version() -> None:
    line = json.loads(encode(full_record()))
    line["article"]["mood"] = "sombre"
    assert decode(json.dumps(line), EnrichedArticle) == full_record()


def test_an_invalid_record_is_refused_with_the_path_of_the_faulty_field() -> None:
    line = json.loads(encode(full_record()))
    line["claims"][0]["polarity"] = "sideways"
    with pytest.raises(msgspec.ValidationError, match=r"\$\.claims\[0\]\.polarity"):
        decode(json.dumps(line), EnrichedArticle)


def test_records_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        full_record().article.text = "other"  # type: ignore[misc]


def test_the_published_schemas_match_the_code() -> None:
    assert publish(["--check", str(Path(__file__).parents[1] / "schemas/json")]) == 0


def test_a_stale_published_schema_is_noticed(tmp_path: Path) -> None:
    publish([str(tmp_path)])
    (tmp_path / "claim.schema.json").write_text("{}")
    assert publish(["--check", str(tmp_path)]) == 1


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_schema_is_valid_and_states_its_version(name: str) -> None:
    schema = json_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(f":{SCHEMA_VERSION}")


def test_a_record_validates_and_a_broken_one_does_not() -> None:
    validator = jsonschema.Draft202012Validator(json_schema("enriched-article"))
    record = json.loads(encode(full_record()))
    validator.validate(record)
    del record["article"]["id"]
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(record)


@given(articles)
def test_any_article_validates(article: Article) -> None:
    jsonschema.Draft202012Validator(json_schema("article")).validate(json.loads(encode(article)))


@given(articles)
def test_a_record_survives_its_beam_coder_and_may_be_a_key(article: Article) -> None:
    coder = coders.registry.get_coder(Article)
    assert isinstance(coder, RecordCoder)
    assert coder.is_deterministic()
    assert coder.decode(coder.encode(article)) == article


def test_a_coder_can_be_pickled() -> None:
    coder = RecordCoder(EnrichedArticle)
    assert pickle.loads(pickle.dumps(coder)) == coder


@pytest.mark.parametrize("kind", [EnrichedArticle, Article, RawArticle, DeadLetter])
def test_arrow_has_a_column_for_every_field(kind: type[Record]) -> None:
    assert arrow_schema(kind).names == [field.encode_name for field in msgspec.structs.fields(kind)]


def test_a_record_survives_arrow() -> None:
    row = msgspec.to_builtins(full_record(), builtin_types=(datetime,))
    table = pa.Table.from_pylist([row], schema=arrow_schema(EnrichedArticle))
    assert msgspec.convert(table.to_pylist()[0], EnrichedArticle) == full_record()


@given(st.binary())
def test_a_dead_letter_holds_any_bytes(data: bytes) -> None:
    text, encoding = codec.payload(data)
    letter = DeadLetter("record", Failure("E", "m"), text, encoding, Origin(url="u", line=1), 1, NOON)  # type: ignore[arg-type]
    assert codec.payload_bytes(decode(encode(letter), DeadLetter)) == data
