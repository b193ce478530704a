"""The configuration reference in docs/, out of the settings themselves.

``python -m claimwire.pipelines.cli.reference [--check] FILE`` writes it, or checks that it is up to date.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from claimwire.pipelines.settings import describe

_INTRODUCTION = """\
# Configuration

<!-- Written by `make schemas` from pipelines/settings.py; change it there. -->

Every setting can be given in a YAML file (`--config FILE`, or the variable `CLAIMWIRE_CONFIG`), in the environment,
and on the command line. Later ones win, in this order. A name that is not known, or a value that is not valid, is an
error that says what is right. In the environment, separate the values of a list with spaces. Options that `run` and
`watch` do not know on the command line go to Beam's PipelineOptions.
"""

_SINGLE_SOURCES = """\
## Settings of a single source

In the settings file an entry of `source` may be names with values in place of text. Only what is asked over HTTP has
such settings: a feed, a sitemap, or a home page, whose settings count for all that stands for it.

```yaml
source:
  - https://record.example/
  - url: https://agency.example/wire.rss
    name: The Agency
    interval: 10m
    full_text: never
    language: en
    headers:
      X-Api-Key: ${AGENCY_KEY}
  - url: https://evening.example/
    pause: 2026-12-24
```

@KEYS@

Headers are sent to the scheme, host and port of `url` alone (and from http to the same host by https): not after a
redirect to another host, not to the pages behind the entries, and not when the feeds of a home page are looked for. No
message, log, record or state has their values.

These settings hold for a source by its URL wherever it comes from: also if `--source` replaces the list of the file, if
it stands in an OPML list, or if it was added with `claimwire sources add`.
"""

_KEYS = {
    "url": "the source; it has to be there",
    "name": "stands in `source.name` of its articles, in place of the title of the feed",
    "interval": (
        "how often `watch` asks it: `auto`, or a time span; goes before `--interval`, and before what the feed says of "
        "itself"
    ),
    "full_text": "`auto`, `always` or `never`; goes before `--full-text`",
    "language": (
        "an ISO 639 code, e.g. `en`, in place of the language that the feed declares. As that, it counts only where a "
        "text is too short for its language to be recognised, and where its page declares none"
    ),
    "headers": (
        "fields that are sent along, e.g. an API key. `${NAME}` in a value stands for a variable of the environment, "
        "so that no secret need stand in the file"
    ),
    "pause": "`true`: it is not asked; a date or time: not until then",
}


def reference() -> str:
    """The configuration reference, in Markdown."""
    keys = "\n".join(
        ["| name | what it does |", "|---|---|", *(f"| `{key}` | {does} |" for key, does in _KEYS.items())]
    )
    return "\n".join([_INTRODUCTION, *_tables(), _SINGLE_SOURCES.replace("@KEYS@", keys)])


def _tables() -> Iterator[str]:
    for group, settings in groupby(describe().values(), key=lambda setting: setting.group):
        yield f"## {group}\n"
        yield "| in the file | flag | environment | value | default | what it does |"
        yield "|---|---|---|---|---|---|"
        for each in settings:
            default = f"`{each.default}` " if each.default else ""
            description = each.description.replace("|", "\\|")
            yield f"| `{each.name}` | `{each.flag}` | `{each.variable}` | {each.kind} | {default}| {description} |"
        yield ""


def main(arguments: list[str]) -> int:
    """Write the reference to the file that is named last, or with ``--check`` compare it; the exit status."""
    path = Path(arguments[-1])
    if "--check" not in arguments:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reference(), encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != reference():
        print(f"{path} differs from pipelines/settings.py; run `make schemas`")
        return 1
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
