"""Files opened for reading, of this machine or of one of Beam's file systems (``s3://``, ``gs://``, ``hdfs://``)."""

from __future__ import annotations

import re
import shutil
from tempfile import TemporaryFile
from typing import BinaryIO, cast

_SCHEME = re.compile(r"(?!file://)[a-z][a-z0-9+.-]*://", re.I)
_CHUNK = 1 << 20


def is_remote(path: str) -> bool:
    """Whether a path is an address in a file system other than this machine's."""
    return bool(_SCHEME.match(path))


def open_file(path: str) -> BinaryIO:
    """A file from its beginning, in which can be sought.

    A remote one is fetched whole first, into a temporary file that has no name: WARC and Parquet are read here and
    there, which over a network would cost a request for each place. Raises OSError.
    """
    if not is_remote(path):
        return open(path, "rb")
    # Beam is not imported where files are read without it.
    from apache_beam.io.filesystem import CompressionTypes  # noqa: PLC0415
    from apache_beam.io.filesystems import FileSystems  # noqa: PLC0415

    file = cast(BinaryIO, TemporaryFile())  # noqa: SIM115 - the caller closes it
    try:
        with FileSystems.open(path, "application/octet-stream", CompressionTypes.UNCOMPRESSED) as remote:
            shutil.copyfileobj(remote, file, _CHUNK)
        file.seek(0)
    except BaseException as error:
        file.close()
        if isinstance(error, OSError) or not isinstance(error, Exception):
            raise
        raise OSError(f"cannot be fetched: {error}") from error  # each of Beam's file systems has errors of its own
    return file
