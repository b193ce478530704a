"""The figures of one run."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec


class Summary(msgspec.Struct):
    """The figures of one run. They balance: seen = enriched + copies + unchanged + dead letters (+ waiting)."""

    feeds_read: int = 0
    feeds_unchanged: int = 0
    feeds_not_due: int = 0
    """Left alone until they are due (``watch``)."""
    feeds_paused: int = 0
    files_read: int = 0
    files_unchanged: int = 0
    topics_read: int = 0
    deliveries_read: int = 0
    """What WebSub hubs delivered of feeds."""
    sources_failed: int = 0
    sources_silent: int = 0
    """Sources of this run that are silent now, since whenever."""
    sources_degraded: int = 0
    """The same for those that give less than they did."""
    pages_read: int = 0
    """Pages behind entries of feeds that were fetched and read."""
    pages_refused: int = 0
    """Those that may not be read, or are none; their entries are written as their feeds have them."""
    pages_failed: int = 0
    """Those that were not to be had for now; their entries are written, and their pages asked for again."""
    lost: int = 0
    """Offsets of topics that the broker had removed before they were read (``kafka_lost: reset``)."""
    resumed: int = 0
    """Articles and dead letters that an earlier run had left in the queue; they count as seen."""
    seen: int = 0
    enriched: int = 0
    revisions: int = 0
    """Of the enriched."""
    copies: int = 0
    unchanged: int = 0
    dead_letters: int = 0
    refused: int = 0
    """Messages that a topic refused; they are dead letters in the state's folder."""
    waiting: int = 0
    """Left in the queue for the next run, after a signal."""
    claims: int = 0
    passes: int = 0
    seconds: float = 0.0
    beside: str | None = None
    """Folder in which dead letters and events were written, because no sink has a place for them (``--sink -``)."""

    def count(self, outcomes: Counter[str]) -> None:
        """Add the outcomes of a pass."""
        self.enriched += outcomes["new"] + outcomes["revision"]
        self.revisions += outcomes["revision"]
        self.copies += outcomes["copy"]
        self.unchanged += outcomes["unchanged"]
        self.dead_letters += outcomes["dead"]

    @property
    def balances(self) -> bool:
        """Whether every entry seen has ended somewhere."""
        return self.seen == self.enriched + self.copies + self.unchanged + self.dead_letters + self.waiting

    @property
    def is_idle(self) -> bool:
        """Whether this was a turn of ``watch`` in which nothing was due."""
        read = self.feeds_read or self.feeds_unchanged or self.files_read or self.topics_read
        return bool(self.feeds_not_due) and not (read or self.seen or self.sources_failed)

    def figures(self) -> dict[str, Any]:
        """The figures alone, as an event carries them."""
        figures = msgspec.structs.asdict(self)
        del figures["beside"]
        return figures

    def lines(self) -> list[str]:
        """The summary for a reader."""
        revised = f" ({self.revisions} of them revised)" if self.revisions else ""
        waiting = f" + {self.waiting:,} waiting for the next run" if self.waiting else ""
        topics = f" and {counted(self.topics_read, 'topic')}" if self.topics_read else ""
        lost = f", {counted(self.lost, 'record')} lost to retention" if self.lost else ""
        hubs = f", {counted(self.deliveries_read, 'delivery', 'deliveries')} of hubs" if self.deliveries_read else ""
        refused = [f"refused    {counted(self.refused, 'message')}, kept as dead letters"] if self.refused else []
        resumed = f", {self.resumed:,} of them left by an earlier run" if self.resumed else ""
        left = f", {self.feeds_not_due:,} not due" if self.feeds_not_due else ""
        left += f", {self.feeds_paused:,} paused" if self.feeds_paused else ""
        ill = ((self.sources_silent, "silent"), (self.sources_degraded, "degraded"))
        told = ", ".join(f"{number:,} {what}" for number, what in ill if number)
        health = [f"health     {told}; claimwire sources tells which and why"] if told else []
        asked = self.pages_read or self.pages_refused or self.pages_failed
        pages = [
            f"pages      {self.pages_read:,} read, {self.pages_refused:,} not allowed or without an article, "
            f"{self.pages_failed:,} not to be had yet"
        ]
        pages = pages if asked else []
        beside = [f"beside     dead letters and events are in {self.beside}"] if self.beside else []
        return [
            f"sources    {counted(self.feeds_read, 'feed')}{',' if topics else ' and'} "
            f"{counted(self.files_read, 'file')}{topics} read, "
            f"{self.feeds_unchanged + self.files_unchanged} unchanged, {self.sources_failed} failed{left}{hubs}{lost}",
            *health,
            f"entries    {self.seen:,} seen{resumed} = {self.enriched:,} enriched{revised} "
            f"+ {counted(self.copies, 'copy', 'copies')} + {self.unchanged:,} unchanged "
            f"+ {counted(self.dead_letters, 'dead letter')}{waiting}",
            *pages,
            f"claims     {self.claims:,}",
            *refused,
            *beside,
            f"took       {self.seconds:.1f} s in {counted(self.passes, 'pass', 'passes')}",
        ]

    def nothing(self, state: str) -> str | None:
        """Why nothing was seen, for a reader; None if something was, or a source failed, which is said elsewhere."""
        if self.seen or self.sources_failed:
            return None
        if self.is_idle:
            waiting = counted(self.feeds_not_due, "feed waits", "feeds wait")
            return f"nothing due   {waiting}; claimwire sources tells when each is due"
        if self.feeds_unchanged or self.files_unchanged:
            return f"nothing new   {state} has it all; another --state reads it again"
        if self.topics_read:
            return "nothing new   there is nothing in the topics after what was read before"
        if self.feeds_read or self.files_read or self.deliveries_read:
            return "nothing new   what was read holds no articles"
        return "nothing read  the sources hold no feed, file or topic to read; the lines above say what was left out"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun, for a reader."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
