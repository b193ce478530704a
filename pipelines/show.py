"""Claims for a reader's eyes: who, what, by which words, and where from."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from connectors.lines import read_lines
from pipelines.characters import clean
from pipelines.monitor import counted
from pipelines.settings import parse_duration
from schemas import Claim, DeadLetter, EnrichedArticle, decode
from schemas.records import Record

R = TypeVar("R", bound=Record)

_LONGEST_LINE = 64 * 1024 * 1024
_ARTICLES = re.compile(r".*\.(jsonl(\.gz|\.zst)?|parquet)")
_NOT_ARTICLES = ("dead-letters", "events")


class ShowError(Exception):
    """Nothing can be shown; the message says why."""


def show_claims(paths: list[Path], speaker: str | None, about: str | None, since: str | None) -> None:
    """Print the claims in files or folders of enriched records, for which all given filters hold.

    Args:
        paths: JSONL (plain, gz, zst) or Parquet files, or folders that hold such.
        speaker: Part of the speaker's name or words, in any case.
        about: Part of the claim or of the name of an entity in it, in any case.
        since: Of the article's publication: an ISO date or time, or a time span back from now, as 2d.

    Raises ShowError for paths and filters that cannot be.
    """
    files = [file for path in paths for file in _files(path)]
    earliest = _earliest(since)
    console = Console(highlight=False, width=None if Console().is_terminal else 110)
    # Copies carry no claims; those of their original are theirs too. They are few beside the articles, and may
    # stand in an earlier file, so they are gathered first.
    carriers: defaultdict[str, list[str]] = defaultdict(list)
    for record in _records(files):
        if record.duplicate and record.duplicate.kind != "revision":
            carriers[record.duplicate.of].append(record.article.source.domain or "unknown")
    shown = 0
    for record in _records(files):
        if earliest and not (record.article.published_at and record.article.published_at >= earliest):
            continue
        claims = [claim for claim in record.claims if _matches(record, claim, speaker, about)]
        if claims:
            shown += len(claims)
            _print_article(console, record, claims, carriers[record.article.id])
    figures = [counted(shown, "claim")]
    if not (speaker or about or since):
        refused = 0
        for letter in _dead_letters(paths):
            refused += 1
            line = Text(clean(f"not read: {letter.source.url} ({letter.error.message})"), style="red")
            console.print(line, soft_wrap=True)
        copies = sum(map(len, carriers.values()))
        figures += [counted(copies, "copy", "copies"), counted(refused, "dead letter")]
    console.print(Text(", ".join(figures), style="dim"))


def _print_article(console: Console, record: EnrichedArticle, claims: list[Claim], carriers: list[str]) -> None:
    article = record.article
    title = Text(clean(article.title or "(no title)"), style="bold")
    if record.duplicate:
        title.append("  revised", style="yellow")
    console.print(title)
    published = f"{article.published_at:%Y-%m-%d}" if article.published_at else "undated"
    where = " · ".join(filter(None, (published, article.source.name or article.source.domain, article.url)))
    console.print(Text(clean(where), style="dim"), soft_wrap=True)
    if carriers:
        outlets = ", ".join(dict.fromkeys(carriers))
        console.print(Text(clean(f"the same text in {outlets}"), style="yellow"))
    for claim in claims:
        console.print(Padding(_who(claim), (0, 0, 0, 2), expand=False))
        console.print(Padding(Text(clean(_on_one_line(claim.text))), (0, 0, 0, 6), expand=False))
    console.print()


def _who(claim: Claim) -> Text:
    line = Text()
    if claim.speaker is None:
        line.append("nobody named", style="italic")
    else:
        text = _on_one_line(claim.speaker.text)
        name = claim.speaker.name or text
        # A title or role before the name is worth reading, the whole of a long apposition is not.
        with_role = name in text and len(text) < len(name) + 40
        line.append(clean(text if with_role else name), style="bold cyan")
        if name not in text and text not in name:
            line.append(clean(f" ({text})"), style="cyan")
    if claim.cue:
        line.append(clean(f"  {_on_one_line(claim.cue.text)}"), style="green")
    marks: list[str] = [claim.quote_type]
    marks += [mark for mark in (claim.polarity, claim.modality) if mark not in ("affirmed", "asserted")]
    line.append(f"  {', '.join(marks)}", style="dim")
    return line


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _matches(record: EnrichedArticle, claim: Claim, speaker: str | None, about: str | None) -> bool:
    said_by = [claim.speaker.name or "", claim.speaker.text] if claim.speaker else []
    said_of = [claim.text, *(record.entities[index].name for index in claim.entities)]
    return _any_holds(said_by, speaker) and _any_holds(said_of, about)


def _any_holds(texts: list[str], part: str | None) -> bool:
    return part is None or any(part.casefold() in text.casefold() for text in texts)


def _earliest(since: str | None) -> datetime | None:
    if since is None:
        return None
    try:
        return datetime.now(UTC) - parse_duration(since)
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(since)
    except ValueError:
        raise ShowError(f"--since {since!r} is no date; write 2026-11-20, or a time span back as 2d") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise ShowError(f"{path}: no such file or folder")
    files = sorted(
        file
        for file in path.rglob("*")
        if _ARTICLES.fullmatch(file.name) and not file.name.startswith(_NOT_ARTICLES) and not _is_hidden(file, path)
    )
    if not files and not any(path.rglob("dead-letters-*")):
        raise ShowError(f"{path}: no .jsonl or .parquet files in this folder; claimwire run writes them to its --sink")
    return files


def _is_hidden(file: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(below).parts)


def _records(files: list[Path]) -> Iterator[EnrichedArticle]:
    for file in files:
        if file.suffix == ".parquet":
            yield from _from_parquet(file)
            continue
        yield from _from_jsonl(file, EnrichedArticle, "an enriched record")


def _from_jsonl(file: Path, kind: type[R], what: str) -> Iterator[R]:
    try:
        for line in read_lines(str(file), _LONGEST_LINE):
            if line.fault:
                raise ShowError(f"{file}, line {line.number}: {line.fault}")
            try:
                yield decode(line.data, kind)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise ShowError(f"{file}, line {line.number}: not {what} of claimwire: {error}") from None
    except OSError as error:
        raise ShowError(f"{file}: {error.strerror or error}") from None


def _from_parquet(file: Path) -> Iterator[EnrichedArticle]:
    import pyarrow as pa  # noqa: PLC0415 - a second that only Parquet is worth
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        for batch in pq.ParquetFile(file).iter_batches(1000):
            for row in batch.to_pylist():
                yield msgspec.convert(row, EnrichedArticle)
    except (pa.ArrowInvalid, msgspec.ValidationError) as error:
        raise ShowError(f"{file}: not enriched records of claimwire: {error}") from None


def _dead_letters(paths: list[Path]) -> Iterator[DeadLetter]:
    for path in paths:
        for file in sorted(path.rglob("dead-letters-*.jsonl*")) if path.is_dir() else ():
            if not _is_hidden(file, path):
                yield from _from_jsonl(file, DeadLetter, "a dead letter")
