"""The handles of libcurl: all that it is told of a request, and what it hands over as the answer comes.

Sizes, addresses and times are checked here, where the bytes come.
"""

from __future__ import annotations

import socket
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import pycurl
from urllib3.exceptions import DecodeError

from claimwire.connectors.web.answers import BrokenAnswer, PrivateAddress, TooLarge
from claimwire.connectors.web.encodings import decoder_of
from claimwire.connectors.web.transfer import Transfer, broken, too_large

if TYPE_CHECKING:
    from claimwire.connectors.web.transfers import Transfers

SMALL_BYTES = 262_144
"""Of a body; there is room for any number of such."""
_MOST_OF_HEADERS = 262_144
_MOST_DRAINED = 65_536
"""Bytes of a body nobody wants that are read so that its connection can be used again."""


class Handle:
    """A handle of libcurl with all that is the same for every request, used for one transfer after the other."""

    def __init__(self, transfers: Transfers) -> None:
        self._transfers = transfers
        self.transfer: Transfer | None = None
        self._opened: list[socket.socket] = []
        """Of which pycurl has duplicates."""
        self.curl = curl = pycurl.Curl()
        curl.of = self
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.HTTP09_ALLOWED, 0),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),  # not even that of the environment
            (pycurl.NOPROXY, "*"),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.CONNECTTIMEOUT_MS, max(int(transfers.limits.connect_s * 1000), 1)),
            (pycurl.OPENSOCKETFUNCTION, self._open),
            (pycurl.HEADERFUNCTION, self._header),
            (pycurl.WRITEFUNCTION, self._write),
            *_certificates(),
        ):
            curl.setopt(option, value)

    def prepare(self, transfer: Transfer) -> None:
        """Make it the handle of a transfer. Raises ValueError where a header field cannot be sent."""
        fields = [_field(name, value) for name, value in transfer.fields.items()]
        if "Accept" not in transfer.fields:
            fields.append(b"Accept:")  # libcurl's own is left out
        addresses = ",".join(transfer.addresses)
        self.curl.setopt(pycurl.URL, transfer.target)
        if transfer.form is None:
            self.curl.setopt(pycurl.HTTPGET, 1)
        else:
            self.curl.setopt(pycurl.POSTFIELDS, transfer.form)
        self.curl.setopt(pycurl.HTTPHEADER, fields)
        self.curl.setopt(pycurl.RESOLVE, [f"+{transfer.host}:{transfer.port}:{addresses}"])
        self.transfer = transfer

    def release(self) -> None:
        """It is not the handle of a transfer any more."""
        self.transfer = None
        while self._opened:
            self._opened.pop().close()

    def _open(self, _: int, address: Any) -> Any:
        """The socket with which libcurl connects, if it is to one of the addresses that were checked."""
        transfer = self.transfer
        at = str(address.addr[0])
        if transfer is None or at.partition("%")[0] not in transfer.addresses:
            if transfer:
                problem = f"{transfer.host!r} led to {at}, which was not checked; look at its DNS"
                transfer.problem = PrivateAddress(transfer.url, problem)
            return pycurl.SOCKET_BAD
        try:
            opened = socket.socket(address.family, address.socktype, address.protocol)
        except OSError:
            return pycurl.SOCKET_BAD
        self._opened.append(opened)
        return opened

    def _header(self, line: bytes) -> int | None:
        """One line of the headers; 0 lets libcurl give up."""
        transfer = self.transfer
        if transfer is None:
            return 0
        if transfer.final:
            return None  # trailers, which say nothing to us
        transfer.alive = time.monotonic()
        transfer.header_bytes += len(line)
        if transfer.header_bytes > _MOST_OF_HEADERS:
            problem = f"its headers have more than {_MOST_OF_HEADERS} bytes; tell the site's operator"
            transfer.problem = BrokenAnswer(transfer.url, problem)
            return 0
        text = line.decode("latin-1").rstrip("\r\n")
        if not transfer.in_block:  # a status line begins it
            transfer.in_block = True
            transfer.headers = {}
            number = text.split(None, 2)[1:2]
            transfer.status = int(number[0]) if number and number[0].isdecimal() else 0
        elif not text:
            transfer.in_block = False
            if transfer.status // 100 != 1:  # else it is an interim answer (RFC 9110, 15.2), which is passed over
                transfer.final = True
                return self._begins(transfer)
        elif text[0] in " \t":
            if transfer.last:
                transfer.headers[transfer.last] += " " + text.strip()
        else:
            name, _, value = text.partition(":")
            transfer.last = name = name.strip().lower()
            before = transfer.headers.get(name)
            transfer.headers[name] = value.strip() if before is None else f"{before}, {value.strip()}"
        return None

    def _begins(self, transfer: Transfer) -> int | None:
        """The headers are complete."""
        announced = transfer.headers.get("content-length", "")
        length = int(announced) if announced.isdecimal() else None
        if transfer.status // 100 != 2:
            transfer.discarded = True
            if (length is None and transfer.status != 304) or (length or 0) > _MOST_DRAINED:
                transfer.enough = True
                return 0
        elif transfer.at_most is None and length is not None and length > (limit := self._transfers.limits.max_bytes):
            problem = f"the body has {announced} bytes, more than {limit}; raise the limit if it is right"
            transfer.problem = TooLarge(transfer.url, problem)
            return 0
        else:
            try:
                transfer.decoder = decoder_of(transfer.headers)
            except DecodeError as error:
                transfer.problem = broken(transfer, str(error))
                return 0
        return None

    def _write(self, chunk: bytes) -> int | None:
        """Some of the body, as it comes over the wire; 0 lets libcurl give up."""
        transfer = self.transfer
        if transfer is None:
            return 0
        if transfer.discarded:
            return None
        transfer.alive = time.monotonic()
        if transfer.at_most is not None:
            return self._write_beginning(transfer, chunk, transfer.at_most)
        size = len(transfer.body) + len(chunk)
        if size > (limit := self._transfers.limits.max_bytes):
            transfer.problem = too_large(transfer, limit)
            return 0
        if size > SMALL_BYTES and not transfer.large and not self._transfers.take_large(transfer):
            return int(pycurl.WRITEFUNC_PAUSE)
        transfer.body += chunk
        return None

    def _write_beginning(self, transfer: Transfer, chunk: bytes, at_most: int) -> int | None:
        """The same of a body of which the beginning is enough."""
        transfer.got += len(chunk)
        try:
            while (left := at_most - len(transfer.body)) > 0:
                transfer.body += transfer.decoder.decompress(chunk, left) if transfer.decoder else chunk[:left]
                if not transfer.decoder or not transfer.decoder.has_unconsumed_tail:
                    break
                chunk = b""
        except Exception as error:  # those of zlib, of brotli, of urllib3
            transfer.problem = broken(transfer, f"it cannot be decompressed: {error}")
            return 0
        del transfer.body[at_most:]  # brotli's limit is a rough one
        # What packs badly, or is nothing but the heads of empty blocks, ends as well.
        transfer.enough = len(transfer.body) >= at_most or transfer.got > max(at_most, self._transfers.limits.max_bytes)
        return 0 if transfer.enough else None


def _field(name: str, value: str) -> bytes:
    field = f"{name}: {value}" if value else f"{name};"  # as libcurl wants an empty one
    if "\r" in field or "\n" in field or "\0" in field:
        raise ValueError(f"the header field {name!r} has a line break in it")
    return field.encode("latin-1")


def _certificates() -> list[tuple[int, str]]:
    """Where the certificates are that Python trusts; those of certifi where it has none.

    One place only: libcurl reads a file once for all connections, but not if there is a folder as well.
    """
    paths = ssl.get_default_verify_paths()  # SSL_CERT_FILE and SSL_CERT_DIR of the environment go first
    if paths.cafile:
        return [(pycurl.CAINFO, paths.cafile)]
    if paths.capath and any(Path(paths.capath).glob("*.0")):
        return [(pycurl.CAPATH, paths.capath)]
    return [(pycurl.CAINFO, certifi.where())]
