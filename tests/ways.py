"""What the files of deploy/ say of how claimwire is run: its command lines, read by the command itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from click import Command
from conftest import ROOT

from claimwire.pipelines.cli import running
from claimwire.pipelines.settings import Settings, describe, load_settings

DEPLOY = ROOT / "deploy"
COMMANDS: dict[str, Command] = {name: getattr(running, name) for name in ("run", "watch", "stream", "replay")}


def read(arguments: Sequence[str], config: Path | None = None) -> tuple[Settings, tuple[str, ...]]:
    """The settings that a command line gives, and what of it is for Beam.

    Raises click.UsageError and SettingsError for an option or a value that there is not. ``config`` is the file that
    stands where ``--config`` says.
    """
    name, *rest = arguments
    flags = COMMANDS[name].make_context(name, list(rest)).params
    given = flags.pop("config")
    assert bool(given) == bool(config), f"{given} is not the file that is looked at"
    beam = flags.pop("beam_options", ())
    wanted = {name: value for name, value in flags.items() if name in describe() and value not in (None, ())}
    return load_settings(config, {}, wanted), beam


def documents(path: Path) -> list[dict[str, Any]]:
    """Those of a YAML file."""
    return [each for each in yaml.safe_load_all(path.read_text(encoding="utf-8")) if each]


def dockerfile() -> Iterator[tuple[str, str]]:
    """Each instruction of the Dockerfile with what it is given, continued lines joined."""
    text = (DEPLOY / "container" / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        instruction, _, given = line.partition(" ")
        yield instruction, " ".join(shlex.split(given, posix=False))
