"""One client of S3 for a process. Beam makes another for each request (2.77), which costs 0.2 s of processor time."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Any

_clients: dict[str, Any] = {}
_one_at_a_time = threading.Lock()


def share_clients() -> None:
    """From now on Beam's S3 file system has one client for all requests with the same options and variables.

    boto3's clients may be used by several threads at a time. Without boto3 there is nothing to share.
    """
    with suppress(ImportError):
        from apache_beam.io.aws.clients.s3 import boto3_client  # noqa: PLC0415 - an extra

        if boto3_client.boto3 is not None and not issubclass(boto3_client.Client, _Shared):
            boto3_client.Client = type("SharedClient", (_Shared, boto3_client.Client), {})


class _Shared:
    """Takes the place of the constructor of Beam's client, whose other attributes are those of one download."""

    def __init__(self, options: Any) -> None:
        given = options.get_all_options(drop_default=True) if hasattr(options, "get_all_options") else options
        surroundings = sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))
        known = repr((given, surroundings))
        with _one_at_a_time:
            if known not in _clients:
                super().__init__(options)  # type: ignore[call-arg]
                _clients[known] = vars(self)["client"]
        vars(self).update(client=_clients[known], _download_request=None, _download_stream=None, _download_pos=0)
