"""Fact-checks that came after the claims that they judge: no record has them, a store and the files of events do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from claimwire.schemas import Claim, Event, FactCheck

ByThread = Mapping[str, Iterable[FactCheck]]


def by_thread(events: Iterable[Event]) -> ByThread:
    """The checks that some events of fact-checks tell later, by the threads that they judge."""
    found: defaultdict[str, dict[str, FactCheck]] = defaultdict(dict)
    for event in events:
        if event.data.get("later") and event.subject:
            check = msgspec.convert(event.data["fact_check"], FactCheck)
            found[event.subject][check.id] = check
    return {thread: tuple(checks.values()) for thread, checks in found.items()}


def threads_of(claim: Claim) -> tuple[str, ...]:
    """The thread whose checks are those of a claim: its own, if it begins it or has the same words, else none."""
    return (claim.thread.id,) if claim.thread and claim.thread.relation in ("first", "verbatim") else ()


def with_checks(claim: Claim, later: ByThread) -> Claim:
    """A claim with the checks that came later, the surest first, behind those that were known before."""
    known = {check.id for check in claim.fact_checks}
    checks = [check for thread in threads_of(claim) for check in later.get(thread, ()) if check.id not in known]
    checks.sort(key=lambda check: (-check.confidence, check.id))
    return msgspec.structs.replace(claim, fact_checks=(*claim.fact_checks, *checks)) if checks else claim
