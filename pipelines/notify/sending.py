"""One message to one target, through apprise, and what is known of why it did not go."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NamedTuple

import apprise
import requests

from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.notify.message import Message
from claimwire.pipelines.notify.targets import TargetError, hiding, resolve

_FORM = re.compile(r"[?&]format=")
_MAY_SAY_WHEN = (429, 503)
"""Answers whose Retry-After counts (RFC 9110, 10.2.3)."""
_LONGEST_PROBLEM = 300


class Sent(NamedTuple):
    """What became of a message."""

    problem: str | None
    """Why it did not go, without secrets; None where it went."""
    retry_after_s: float | None = None
    """How long the target asks to be left alone."""


def send(message: Message, target: str, environment: Mapping[str, str]) -> Sent:
    """Send a message. Whatever goes wrong is told, not raised."""
    hidden = hiding(target, environment)
    with _listening() as heard:
        try:
            service = apprise.Apprise.instantiate(
                resolve(target, environment), asset=_asset(), suppress_exceptions=True
            )
            if service is None:
                return Sent(f"apprise does not know what this is: {hidden(target)}")
            service.overflow_mode = apprise.OverflowMode.SPLIT  # a chat takes less than a mail does
            if not _FORM.search(target):
                service.notify_format = apprise.NotifyFormat.TEXT  # and not HTML or Markdown, as many have it
            asked = apprise.Apprise(service, asset=_asset())
            if asked.notify(body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT):
                return Sent(None)
            problem = heard.said or "apprise does not say why"
        except TargetError as error:
            problem = str(error)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        return Sent(escaped(hidden(problem))[:_LONGEST_PROBLEM], heard.retry_after_s)


@cache
def _asset() -> apprise.AppriseAsset:
    """What messages say of their sender. Nothing is kept on the disk, and no picture is loaded from elsewhere."""
    return apprise.AppriseAsset(
        app_id="claimwire", app_desc="claimwire", app_url="", theme=None, image_url_mask="", image_url_logo="",
        async_mode=False, secure_logging=True, storage_mode=apprise.PersistentStoreMode.MEMORY, http_redirects=False,
    )  # fmt: skip


class _Heard(threading.local):
    """What is heard in this thread while a message is sent."""

    said: str | None = None
    retry_after_s: float | None = None


_heard = _Heard()


@contextmanager
def _listening() -> Iterator[_Heard]:
    _overhear()
    _heard.said = _heard.retry_after_s = None
    yield _heard


class _Said(logging.Handler):
    """Keeps the last thing that apprise warns of, in the thread in which it does."""

    def emit(self, record: logging.LogRecord) -> None:
        _heard.said = record.getMessage()


@cache
def _overhear() -> None:
    """Apprise tells whether a message went, and nothing else: the reason is in its log, and Retry-After in the answer
    that requests has had. Nothing else of claimwire uses requests, and for others this changes nothing."""
    log = logging.getLogger("apprise")
    log.propagate = False  # its lines may have what is secret
    log.setLevel(logging.WARNING)  # a command silences all loggers but its own, at the root
    log.addHandler(_Said(logging.WARNING))
    plain = requests.Session.send

    def heard_of(self: requests.Session, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        answer = plain(self, request, **more)
        if answer.status_code in _MAY_SAY_WHEN:
            _heard.retry_after_s = _seconds(answer.headers.get("Retry-After"))
        return answer

    requests.Session.send = heard_of  # type: ignore[method-assign]


def _seconds(given: str | None) -> float | None:
    """A Retry-After as seconds from now; None for one that is not there or means nothing."""
    if not given:
        return None
    given = given.strip()
    if given.isdecimal() and given.isascii():
        return float(given[:9])
    try:
        at = parsedate_to_datetime(given)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None
