"""A trial of watches, told on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from claimwire.pipelines.normalize.text import escaped
from claimwire.pipelines.observe.summary import counted
from claimwire.pipelines.read.headings import on_one_line
from claimwire.pipelines.watches.trial import Trial, Tried
from claimwire.schemas import Match, Reason


def tell(console: Console, trial: Trial, limit: int) -> None:
    """Print what each watch would have matched, ``limit`` examples each, the latest first."""
    where = f"{counted(trial.articles, 'article')} and {counted(trial.claims, 'claim')}"
    for tried in trial.tried:
        head = Text(escaped(tried.watch.name), style="bold")
        head.append(f"  {counted(len(tried.matches), 'match', 'matches')} in {where}", style="dim")
        console.print(head, soft_wrap=True)
        for match in tried.matches[::-1][:limit]:
            _print_match(console, match)
        if len(tried.matches) > limit:
            console.print(Text(f"  and {len(tried.matches) - limit:,} more (--limit shows them)", style="dim"))
        if tried.watch.means:
            _print_scores(console, tried)
        console.print()


def said(match: Match) -> str:
    """Who said what, or which article it is."""
    if match.text is None:
        return on_one_line(match.title or match.url or match.article_id)
    who = (match.speaker.name or match.speaker.text) if match.speaker else "nobody named"
    return f"{on_one_line(who)}: {on_one_line(match.text)}"


def why(reason: Reason) -> str:
    """A reason in a few words, e.g. ``words: bridge`` or ``means .83``."""
    label = reason.condition if reason.found is None else f"{reason.condition}: {on_one_line(reason.found)}"
    if reason.score is None or reason.condition == "figure":
        return label
    number = f"{reason.score:g} km" if reason.condition == "place" else f"{reason.score:g}"
    return f"{label} ({number})" if reason.found else f"{label} {number}"


def _print_match(console: Console, match: Match) -> None:
    day = f"{match.published_at:%Y-%m-%d}" if match.published_at else "undated"
    outlet = match.source.name or match.source.domain
    console.print(Text(escaped("  " + " · ".join(filter(None, (day, outlet, match.title)))), style="cyan"))
    console.print(Padding(Text(escaped(said(match))), (0, 0, 0, 4), expand=False))
    reasons = "; ".join(map(why, match.why))
    console.print(Padding(Text(escaped(reasons), style="dim"), (0, 0, 0, 4), expand=False))


def _print_scores(console: Console, tried: Tried) -> None:
    threshold = tried.watch.means.threshold if tried.watch.means else 0.0
    around = tried.around()
    if not around:
        console.print(Text("  no claim is near what it means", style="yellow"))
        return
    console.print(Text(f"  around its threshold of {threshold:g} (+ matches, - does not):", style="yellow"))
    for score in around:
        sign = "+" if score.score >= threshold else "-"
        line = f"{sign} {score.score:.2f}  {on_one_line(score.speaker or 'nobody named')}: {on_one_line(score.text)}"
        console.print(Padding(Text(escaped(line)), (0, 0, 0, 4), expand=False))
    proposed = tried.proposed()
    told = (
        f"a threshold of {proposed:g} lies in the widest gap of the scores"
        if proposed is not None
        else "the scores have no gap; read the lines above, and set a threshold between what you want and what not"
    )
    console.print(Text(f"  {told}", style="yellow"))
