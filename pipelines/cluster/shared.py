"""A folder that this machine and the workers of a cluster share: what they hand each other lies there as files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from apache_beam.io.aws.clients.s3.messages import S3ClientError
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from claimwire.errors import ClaimwireError
from claimwire.pipelines.cluster.s3 import share_clients

_ERRORS = (BeamIOError, OSError, ValueError, S3ClientError)


class SharedFolderError(ClaimwireError):
    """The folder, or something in it, cannot be written or read; the message names it."""


class SharedFolder:
    """A folder in one of Beam's file systems.

    Args:
        address: ``s3://BUCKET/PATH``, ``gs://BUCKET/PATH``, ``hdfs://PATH``, or ``file:///PATH`` of a shared disk.
            Logins are those of Beam's file systems (AWS_ACCESS_KEY_ID ..., or Beam's options).
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._root = unquote(parts.path) if parts.scheme == "file" else address

    @staticmethod
    def open() -> None:
        """Make this process ready. A worker of Beam's own pool knows no options of file systems (2.77), and they do not
        work without: logins and addresses are then those of the environment."""
        if FileSystems._pipeline_options is None:
            FileSystems.set_options(PipelineOptions([]))
        share_clients()

    def path(self, *names: str) -> str:
        """Where something of these names is."""
        return str(FileSystems.join(self._root, *names)) if names else self._root

    @contextmanager
    def whole(self, path: str, unfinished: str) -> Iterator[IO[bytes]]:
        """A file for writing that is there whole or not at all.

        It is written under a name that no other attempt has, in the folder ``unfinished`` of the same file system, and
        renamed at the end of the block. In an object store a rename is a copy, which appears whole. It must not stay
        empty: S3 takes no empty parts. Of two attempts at the same file either may win. Raises SharedFolderError.
        """
        temporary = self.path(unfinished, f"{path.rpartition('/')[2]}.{uuid4().hex}")
        try:
            for folder in (FileSystems.split(temporary)[0], FileSystems.split(path)[0]):
                with suppress(BeamIOError, OSError):  # it is there
                    FileSystems.mkdirs(folder)
            with FileSystems.create(temporary, "application/octet-stream", CompressionTypes.UNCOMPRESSED) as file:
                yield file
                file.flush()
                with suppress(OSError):  # only a file of this machine can be flushed to a disk
                    os.fsync(file.fileno())
            try:
                FileSystems.rename([temporary], [path])
            except BeamIOError:
                # HDFS replaces no file: another attempt was first, whose file is as good.
                if not FileSystems.exists(path):
                    raise
                FileSystems.delete([temporary])
        except _ERRORS as error:
            raise SharedFolderError(f"cannot write to {path}: {_reason(error)}") from error

    def is_there(self, path: str) -> bool:
        """Whether there is a file. Raises SharedFolderError."""
        try:
            return bool(FileSystems.exists(path))
        except _ERRORS as error:
            raise SharedFolderError(f"cannot look for {path}: {_reason(error)}") from error

    def read(self, path: str) -> bytes:
        """All of a file. Raises SharedFolderError."""
        try:
            with FileSystems.open(path, "application/octet-stream", CompressionTypes.UNCOMPRESSED) as file:
                data: bytes = file.read()
        except _ERRORS as error:
            raise SharedFolderError(f"cannot read {path}: {_reason(error)}") from error
        return data

    def put(self, path: str, lines: Iterable[bytes]) -> None:
        """Write lines into a file. Who is killed meanwhile leaves a part of it, or nothing.

        Raises SharedFolderError.
        """
        folder, _ = FileSystems.split(path)
        try:
            with suppress(BeamIOError, OSError):  # it is there; where it is not, the next step says why
                FileSystems.mkdirs(folder)
            with FileSystems.create(path, "application/octet-stream", CompressionTypes.UNCOMPRESSED) as file:
                for line in lines:
                    file.write(line + b"\n")
        except _ERRORS as error:
            raise SharedFolderError(f"cannot write to {path}: {_reason(error)}") from error

    def lines(self, path: str) -> list[bytes]:
        """The lines of a file that are whole. Raises SharedFolderError."""
        return self.read(path).split(b"\n")[:-1]

    def names(self, folder: str) -> list[str]:
        """The paths of all files in a folder, sorted. Raises SharedFolderError."""
        try:
            (found,) = FileSystems.match([FileSystems.join(folder, "*")])
        except _ERRORS as error:
            raise SharedFolderError(f"cannot look into {folder}: {_reason(error)}") from error
        return sorted(each.path for each in found.metadata_list)

    def clear(self, folder: str) -> None:
        """Remove the files in a folder, if it is there. Raises SharedFolderError."""
        self.remove(self.names(folder))

    def remove(self, paths: list[str]) -> None:
        """Remove files. Raises SharedFolderError."""
        try:
            if paths:
                FileSystems.delete(paths)
        except _ERRORS as error:
            raise SharedFolderError(f"cannot remove {paths[0]}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What is wrong, on one line."""
    return " ".join(str(error).split())[:500]
