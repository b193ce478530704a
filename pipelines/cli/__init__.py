"""The claimwire command: a module for each family of commands, imported when one of them is called."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module

import click

from claimwire.pipelines.cli.exits import EXIT_CODES, exit_code

# By family and command: the module, and the first sentence of the command's help, which needs no import this way.
FAMILIES = {
    "Run the pipeline": {
        "run": ("running", "Read every source once, write who said what, and remember it."),
        "watch": ("running", "Ask each source when it is due, until SIGINT or SIGTERM."),
        "stream": ("running", "Read topics as they grow and write to topics, without end, on a portable runner."),
        "batch": ("batching", "Extract an archive of files that is larger than this machine, on a cluster."),
        "replay": ("running", "Process dead letters again."),
        "reprocess": (
            "reprocessing",
            "Extract again what claimwire has written, by the extractor of today, and tell what has changed.",
        ),
    },
    "Read the results": {
        "show": ("reading", "Show the claims that run has written: who said what, and where."),
        "diff": ("reading", "Show what an outlet has changed in an article after publication, claim by claim."),
        "serve": ("serving", "Show a store in a browser: claims as they come, articles, speakers, a map, sources."),
        "watch-test": ("trying", "Show what watches would have matched in records that are written already."),
        "explain": ("reading", "Show why an article was found to be a copy of another."),
    },
    "Hand the results on": {
        "export": ("exporting", "Write a claim in the form of another program: ClaimReview for a fact-checker."),
    },
    "Find sources": {
        "discover": ("discovering", "Print the feeds and news sitemaps of outlets, found from their home pages."),
        "sources": ("listing", "Show every source with its rhythm and its health; add, remove and pause sources."),
    },
    "Be told": {
        "watches": ("watching", "Show every watch with its matches, and whether those who asked were told."),
    },
    "Look after the state and the set-up": {
        "split": ("upkeep", "Say that an article is not the copy it was found to be."),
        "join": ("upkeep", "Say that two speakers are one."),
        "state": ("states", "Back up the state while runs go on, or put a backup back."),
        "index": ("upkeep", "Look after the index of seen articles, which is a part of the state."),
        "doctor": ("upkeep", "Check Python, the model, the state, the sinks and every source; change nothing."),
        "schema": ("upkeep", "Print the JSON Schema of a record, or the names of all records."),
    },
}
_MODULES = {name: module for commands in FAMILIES.values() for name, (module, _) in commands.items()}


class _Commands(click.Group):
    """Commands that are imported when they are called, and listed by families without being imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _MODULES:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{_MODULES[cmd_name]}"), cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for family, commands in FAMILIES.items():
            with formatter.section(family):
                formatter.write_dl([(name, summary) for name, (_, summary) in commands.items()])

    def invoke(self, ctx: click.Context) -> None:
        code = exit_code(lambda: super(_Commands, self).invoke(ctx))
        gc.freeze()  # Python would look for garbage in all that was loaded: a tenth of the time of a short run
        sys.exit(code)


@click.group(
    cls=_Commands,
    epilog="Settings can also be given in a YAML file (--config) and in CLAIMWIRE_* variables. " + EXIT_CODES,
)
@click.version_option(package_name="claimwire")
def main() -> None:
    """Turn news feeds and files into who said what.

    \b
    A first try, without network:
      claimwire run --source examples --sink jsonl:out
      claimwire show out
    From cron, every feed of a list, into a folder per day:
      claimwire run --source feeds.opml --sink jsonl:/data/news --state /var/lib/claimwire
    """
    _fill_standard_streams()


def _fill_standard_streams() -> None:
    """Put /dev/null where stdin, stdout or stderr was closed: else the next file to be opened takes its place."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one
