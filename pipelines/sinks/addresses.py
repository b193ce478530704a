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
from claimwire.pipelines.sinks.topics import KafkaSink, topics_of
from claimwire.pipelines.state.journal import STDOUT

Sink = FileSink | KafkaSink


def parse_sinks(settings: Settings, state_folder: Path, state_id: str, attempt: str) -> list[Sink]:
    """The sinks that ``--sink`` values name; where none of them is a folder or a Kafka, dead letters and events go to
    the folder of the state.

    Raises SettingsError for a value that names none.
    """
    parsed = {spec: _parse(spec) for spec in settings.sink}
    folders = [folder for _, folder in parsed.values() if folder]
    if len(set(folders)) < len(folders):
        raise SettingsError("two sinks name the same folder; give each its own")
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
        folder = place or own
        sinks.append(
            FileSink(
                form=form,
                folder=folder,
                scratch=folder / (f".claimwire-{state_id}" if place else STDOUT_FOLDER),
                attempt=attempt,
                compression=settings.compression,
                rotate_bytes=settings.rotate_mb * 1_000_000,
                beside=place is not None or not has_other,
            )
        )
    return sinks


def _parse(spec: str) -> tuple[Literal["jsonl", "parquet", "kafka", "stdout"], Path | None]:
    if spec == STDOUT:
        return "stdout", None
    if spec.lower().startswith("kafka:"):
        return "kafka", None
    form, colon, folder = spec.partition(":")
    if form in ("jsonl", "parquet") and colon and folder:
        return "jsonl" if form == "jsonl" else "parquet", Path(os.path.abspath(os.path.expanduser(folder)))
    raise SettingsError(
        f"{shown(spec)} is not a valid sink; write jsonl:FOLDER, parquet:FOLDER, kafka://HOST:PORT/PREFIX, or - for "
        "stdout"
    )
