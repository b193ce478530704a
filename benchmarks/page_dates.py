"""What a page says of itself: dates, authors and titles, compared with htmldate and trafilatura on the same pages.

    python benchmarks/page_dates.py --data shared/data [--half all]

Reads `pages/dates_mediacloud_dev.jsonl.gz` (100 news pages, the day), `pages/wcxb_articles_dev.jsonl.gz` (450 articles:
day, author, title) and `pages/aeb_dev.jsonl.gz` (91 pages without gold: how many have a date and an author at all).
`--half` reads every second page only: `0` are those that the rules were chosen on, `1` the others.

The gold has days, and none says in which time zone. A time with a zone is right if it falls on that day in the zone
that it is written in, or, where it is written in UTC, in the zone of any place. The gold of wcxb is the date that a
reader sees, which on many pages that are not news is that of the last change: a page counts as `updated` where the
gold is the day that the page declares as its update. Authors are right if the names are the same, all and no others;
the degrees and roles that the gold has behind names do not count. Titles are compared by their letters and digits.

Goals: at most 2% of the days wrong on the news pages, authors right on 85% of the pages whose gold names people.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import htmldate
import trafilatura
from report import tell_goal, tell_machine

from claimwire.connectors.web.pages.meta import page_metadata, prepare

DATES_WRONG, AUTHORS_RIGHT = 2.0, 85.0
OUTCOMES = ("right", "updated", "wrong", "none", "made up")


class Said(NamedTuple):
    """What a reader of pages found."""

    published: str | None
    updated: str | None
    authors: tuple[str, ...]
    title: str | None
    guessed: bool = False


def ours(page: dict[str, Any]) -> Said:
    found = page_metadata(page["html"], page["url"])
    return Said(found.published, found.updated, found.authors, found.title, found.published_guessed)


def bare_htmldate(page: dict[str, Any]) -> Said:
    return Said(htmldate.find_date(page["html"], original_date=True, url=page["url"]), None, (), None)


def bare_trafilatura(page: dict[str, Any]) -> Said:
    found = trafilatura.extract_metadata(page["html"], default_url=page["url"])
    if found is None:
        return Said(None, None, (), None)
    authors = tuple(name.strip() for name in (found.author or "").split(";") if name.strip())
    return Said(found.date, None, authors, found.title)


READERS: dict[str, Callable[[dict[str, Any]], Said]] = {
    "claimwire": ours,
    "htmldate": bare_htmldate,
    "trafilatura": bare_trafilatura,
}


def pages_in(file: Path, half: str) -> list[dict[str, Any]]:
    """The pages of a file, all or every second one."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    return pages if half == "all" else pages[int(half) :: 2]


def days(written: str) -> set[str]:
    """The days on which a time falls: one, or two if it is written in UTC and so may be another day where it was."""
    moment = datetime.fromisoformat(written)
    if len(written) <= 10 or moment.tzinfo is None or moment.utcoffset():
        return {moment.date().isoformat()}
    moment = moment.astimezone(UTC)
    return {(moment + timedelta(hours=hours)).date().isoformat() for hours in (-12, 0, 14)}


def date_outcome(said: Said, gold: Any) -> str | None:
    """How a date compares with the gold; None if both have none."""
    gold = gold if isinstance(gold, str) else None
    if not said.published:
        return "none" if gold else None
    if not gold:
        return "made up"
    if gold in days(said.published):
        return "right"
    return "updated" if said.updated and gold in days(said.updated) else "wrong"


_BETWEEN = re.compile(r",|;|\||&|\band\b")
_NO_NAME = re.compile(
    r"[A-Z]{2,5}®?|[A-Z]\.?[A-Z]\.?(?:\s.*)?|Ph\.?D\.?|.*\b(?:Expert|Director|Editor|Dietitian|CEO|Representative|edited)\b.*"
)


def names(gold: str) -> set[str]:
    """The names in the gold, which has several in one string, and sometimes degrees or roles."""
    given = (part.strip() for part in _BETWEEN.split(re.sub(r"\(.*?\)", "", gold)))
    kept = [part for part in given if part]
    return {plain(part) for at, part in enumerate(kept) if not at or not _NO_NAME.fullmatch(part)}


def plain(text: str) -> str:
    """A text for comparing: its letters and digits in lower case."""
    return re.sub(r"[\W_]+", " ", text).casefold().strip()


def authors_outcome(said: Said, gold: str | None) -> str | None:
    """How the authors compare with the gold; None if both have none."""
    if not said.authors:
        return "none" if gold else None
    if not gold:
        return "made up"
    return "right" if {plain(name) for name in said.authors} == names(gold) else "wrong"


def title_outcome(said: Said, gold: str | None) -> str | None:
    """How the title compares with the gold."""
    if not gold or not said.title:
        return "none" if gold else None
    return "right" if plain(said.title) == plain(gold) else "wrong"


def tell(what: str, counts: dict[str, Counter[str]]) -> None:
    """Print a table of outcomes, a line for each reader."""
    print(f"\n{what}")
    print(f"{'':<14}" + "".join(f"{name:>10}" for name in OUTCOMES))
    for reader, found in counts.items():
        print(f"{reader:<14}" + "".join(f"{found[name]:>10}" for name in OUTCOMES))


def percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="the folder with pages/")
    arguments.add_argument("--half", choices=("all", "0", "1"), default="all", help="every second page only [all]")
    arguments.add_argument("--show", action="store_true", help="print what claimwire has wrong")
    options = arguments.parse_args()
    tell_machine()
    prepare()  # the languages of dates, which htmldate and trafilatura load as well
    met = True
    for name in ("dates_mediacloud_dev", "wcxb_articles_dev", "aeb_dev"):
        pages = pages_in(options.data / "pages" / f"{name}.jsonl.gz", options.half)
        said: dict[str, list[Said]] = {}
        for reader, read in READERS.items():
            began = time.process_time()
            said[reader] = [read(page) for page in pages]
            cost = 1000 * (time.process_time() - began) / len(pages)
            print(f"{name}: {reader} {cost:.1f} ms of processor time per page", flush=True)
        met &= tell_set(name, pages, said, options.show)
    return 0 if met else 1


def tell_set(name: str, pages: list[dict[str, Any]], said: dict[str, list[Said]], show: bool) -> bool:
    """Print what was found on a set of pages, and return whether its goals are met."""
    own = said["claimwire"]
    guessed = sum(found.guessed for found in own)
    clock = sum(len(found.published or "") > 10 for found in own)
    print(f"\n{name}: {len(pages)} pages; claimwire: {clock} with a time of day, {guessed} dates guessed")
    if name == "aeb_dev":
        for reader, found in said.items():
            dated, signed = sum(bool(each.published) for each in found), sum(bool(each.authors) for each in found)
            print(f"{reader:<14}{dated} pages with a date, {signed} with authors")
        return True

    def compared(
        judge: Callable[[Said, Any], str | None], gold: str, readers: Iterable[str]
    ) -> dict[str, Counter[str]]:
        outcomes = {
            reader: [judge(found, page[gold]) for found, page in zip(said[reader], pages, strict=True)]
            for reader in readers
        }
        for outcome, found, page in zip(outcomes["claimwire"], own, pages, strict=True):
            if show and outcome in ("wrong", "none", "made up"):
                print(f"  {gold} {outcome}: {page['id']} {page['url'][:90]} gold {page[gold]!r}, found {found}")
        return {reader: Counter(filter(None, each)) for reader, each in outcomes.items()}

    dates = compared(date_outcome, "date", READERS)
    tell("day of publication", dates)
    ours = dates["claimwire"]
    wrong = percent(ours["wrong"], sum(ours[each] for each in ("right", "updated", "wrong")))
    if name == "dates_mediacloud_dev":
        return tell_goal("days wrong, % of the dates found", wrong, DATES_WRONG, at_most=True)
    print(f"days wrong, % of the dates found: {wrong:.1f}")
    readers = ("claimwire", "trafilatura")
    authors = compared(authors_outcome, "author", readers)
    tell("authors", authors)
    titles = compared(title_outcome, "title", readers)
    tell("title", titles)
    signed = sum(bool(page["author"]) for page in pages)
    return tell_goal(
        "authors right, % of the pages that name some", percent(authors["claimwire"]["right"], signed), AUTHORS_RIGHT
    )


if __name__ == "__main__":
    sys.exit(main())
