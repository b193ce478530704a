"""Keeps what was fetched as evidence: WARC files (ISO 28500:2017) of requests and responses, by warcio."""

from __future__ import annotations

import os
from base64 import b32encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha1
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import msgspec
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from claimwire.connectors.errors import naming
from claimwire.connectors.web.http import Response, without_password
from claimwire.connectors.web.records import Kept
from claimwire.schemas import Archived

# Of the body as it came over the wire; what is kept is the body that they led to.
_OF_THE_TRANSFER = frozenset(("content-encoding", "transfer-encoding", "content-length", "connection", "keep-alive"))


class Archive:
    """A WARC file that is being written. Use it as a context manager: at the end it is flushed to the disk.

    Args:
        path: Where it is written; nothing is made before there is something to keep.
        name: What it will be called, which articles refer to.
        known: By the key of the request, what earlier archives have. An equal body is kept as a reference to it (a
            revisit record).
        software: Who writes it, with the version.
    """

    def __init__(self, path: Path, name: str, known: Mapping[str, Kept], software: str) -> None:
        self._path = path
        self._name = name
        self._known = dict(known)
        self._software = software
        self._writer: WARCWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._writer:
            with self._writer.out as file, naming(self._path):
                file.flush()
                os.fsync(file.fileno())

    def keep(self, key: str, answer: Response, sent: Mapping[str, str]) -> Kept:
        """Write a request and its response.

        Args:
            key: Of the request.
            answer: Of a page.
            sent: The header fields of the request, without Host.

        Raises OSError where the file cannot be written.
        """
        now = datetime.now(UTC).replace(microsecond=0)
        url = without_password(answer.url)
        digest = f"sha1:{b32encode(sha1(answer.body, usedforsecurity=False).digest()).decode()}"
        with naming(self._path):
            writer = self._writer = self._writer or self._begin(now)
            offset = writer.out.tell()
            kept = self._known.get(key)
            response = self._response(writer, url, answer, digest, now, kept)
            writer.write_record(response)
            parts = urlsplit(url)
            path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
            asked = [("Host", parts.netloc), *sent.items()]
            fields = StatusAndHeaders(f"GET {path} HTTP/1.1", asked, is_http_request=True)
            said = {"WARC-Date": _date(now), "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID")}
            request = writer.create_warc_record(url, "request", http_headers=fields, warc_headers_dict=said)
            writer.write_record(request)
        if kept is None or kept.digest != digest:
            kept = self._known[key] = Kept(url, digest, now, Archived(self._name, offset), key)
        return msgspec.structs.replace(kept, archived=Archived(self._name, offset))

    def _begin(self, now: datetime) -> WARCWriter:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        writer = WARCWriter(self._path.open("wb"), gzip=True, warc_version="1.1")
        info = {"software": self._software, "format": "WARC File Format 1.1"}
        writer.write_record(writer.create_warcinfo_record(self._name, info))
        return writer

    def _response(
        self, writer: WARCWriter, url: str, answer: Response, digest: str, now: datetime, known: Kept | None
    ) -> Any:
        fields = [(name, value) for name, value in answer.headers.items() if name not in _OF_THE_TRANSFER]
        fields.append(("content-length", str(len(answer.body))))
        phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
        headers = StatusAndHeaders(f"{answer.status} {phrase}".rstrip(), fields, protocol="HTTP/1.1")
        if known and known.digest == digest:
            said = {"WARC-Date": _date(now)}
            return writer.create_revisit_record(
                url, digest, known.url, _date(known.at), http_headers=headers, warc_headers_dict=said
            )
        said = {"WARC-Date": _date(now), "WARC-Payload-Digest": digest}
        return writer.create_warc_record(
            url, "response", payload=BytesIO(answer.body), http_headers=headers, warc_headers_dict=said
        )


def _date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
