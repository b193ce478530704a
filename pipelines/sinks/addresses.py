"""What a ``--sink`` value means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from claimwire.connectors.kafka.connection import KafkaAddress
from claimwire.connectors.kafka.errors import BadAddress
from claimwire.connectors.outputs.names import MESSAGES_FOLDER, STDOUT_FOLDER
from claimwire.pipelines.settings import Settings, SettingsError, shown
from claimwire.pipelines.sinks.files import FileSink
from claimwire.pipelines.sinks.store import SCHEME, StoreSink
from claimwire.pipelines.sinks.topics import KafkaSink, topics_of
from claimwire.pipelines.state.journal import STDOUT

Sink = FileSink | KafkaSink | StoreSink


def parse_sinks(settings: Settings, state_folder: Path, state_id: str, attempt: str) -> list[Sink]:
    """The sinks that ``--sink`` values name; where none of them is a folder, a store or a Kafka, dead letters and
    events go to the folder of the state.

    Raises SettingsError for a value that names none.
    """
    parsed = {spec: _parse(spec) for spec in settings.sink}
    places = [place for _, place in parsed.values() if place]
    if len({place.resolve() for place in places}) < len(places):
        raise SettingsError("two sinks name the same folder or file; give each its own")
    if settings.flat_claims and not any(form in ("jsonl", "parquet") for form, _ in parsed.values()):
        raise SettingsError("flat_claims stand beside articles; name a folder for them, e.g. --sink jsonl:out")
    has_other = any(form != "stdout" for form, _ in parsed.values())
    own = state_folder.resolve()
    sinks: list[Sink] = []
    for number, (spec, (form, place)) in enumerate(parsed.items()):
        if form == "kafka":
            try:
                address = KafkaAddress.parse(spec)
            except BadAddress as error:
                raise SettingsError(str(error)) from None
            scratch = own / MESSAGES_FOLDER / str(number)
            sinks.append(KafkaSink(address, topics_of(settings, address), settings, scratch, attempt))
            continue
        if form == "sqlite" and place:
            sinks.append(StoreSink(place, own / MESSAGES_FOLDER / str(number), attempt))
            continue
        folder = place or own
        sinks.append(
            FileSink(
                form="parquet" if form == "parquet" else "jsonl" if form == "jsonl" else "stdout",
                folder=folder,
                scratch=folder / (f".claimwire-{state_id}" if place else STDOUT_FOLDER),
                attempt=attempt,
                compression=settings.compression,
                rotate_bytes=settings.rotate_mb * 1_000_000,
                beside=place is not None or not has_other,
                flat_claims=settings.flat_claims if place else None,
            )
        )
    return sinks


Form = Literal["jsonl", "parquet", "sqlite", "kafka", "stdout"]
_PLACED: dict[str, Form] = {"jsonl": "jsonl", "parquet": "parquet", "sqlite": "sqlite"}


def _parse(spec: str) -> tuple[Form, Path | None]:
    if spec == STDOUT:
        return "stdout", None
    if spec.lower().startswith("kafka:"):
        return "kafka", None
    form, colon, place = spec.partition(":")
    if form in _PLACED and colon and place:
        return _PLACED[form], Path(os.path.abspath(os.path.expanduser(place)))
    hint = "; --flat-claims csv writes the claims beside the articles of a folder" if form == "csv" else ""
    raise SettingsError(
        f"{shown(spec)} is not a valid sink; write jsonl:FOLDER, parquet:FOLDER, {SCHEME}FILE, "
        f"kafka://HOST:PORT/PREFIX, or - for stdout{hint}"
    )
