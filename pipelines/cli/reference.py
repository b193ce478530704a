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


def reference() -> str:
    """The configuration reference, in Markdown."""
    return "\n".join([_INTRODUCTION, *_tables()])


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
