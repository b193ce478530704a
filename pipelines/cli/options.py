"""Options for all settings, grouped in the help as the reference groups them, and the settings that come of them."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from claimwire.errors import UsageError
from claimwire.pipelines.cli.exits import KEEPS_A_LOG
from claimwire.pipelines.settings import PREFIX, Setting, Settings, SettingsError, describe, load_settings, shown

BEAM = {"ignore_unknown_options": True}
"""Context settings of commands that hand what they do not know to Beam."""

Function = Callable[..., Any]


class GroupedCommand(click.Command):
    """A command whose help lists the options of settings by their groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                groups.setdefault(getattr(parameter, "group", "Options"), []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)


class _SettingOption(click.Option):
    """The option of a setting."""

    def __init__(self, names: list[str], setting: Setting, **more: Any) -> None:
        super().__init__(names, **more)
        self.group = setting.group


def settings_options(*without: str) -> Callable[[Function], Function]:
    """An option for every setting but some, with its description as the help text; and ``--config``."""

    def decorate(command: Function) -> Function:
        for setting in reversed(describe().values()):
            if setting.name not in without:
                command = _option(setting)(command)
        return click.option("--config", metavar="FILE", help="YAML file with settings, by the names of the flags.")(
            command
        )

    return decorate


def _option(setting: Setting) -> Callable[[Function], Function]:
    if setting.kind == "true or false":
        switch = f"{setting.flag}/--no-{setting.flag.removeprefix('--')}"
        return click.option(switch, cls=_SettingOption, setting=setting, default=None, help=setting.description)
    is_list = setting.kind == "list"
    metavars = {
        "list": setting.name.upper(),
        "text": "TEXT",
        "whole number": "NUMBER",
        "time span": "TIME",
        "auto or time span": "auto|TIME",
    }
    metavar = metavars.get(setting.kind) or setting.kind.replace(", ", "|")
    shown = setting.description + (f" [{setting.default}]" if setting.default else "")
    return click.option(
        setting.flag, cls=_SettingOption, setting=setting, multiple=is_list, metavar=metavar, help=shown
    )


def load(config: str | None, flags: dict[str, Any]) -> Settings:
    """The settings of a command that runs the pipeline, and the log as they say. Raises SettingsError."""
    if "json" in (flags.get("log_format"), os.environ.get(f"{PREFIX}LOG_FORMAT")):
        _keep_log("json", quiet=True)  # what is wrong with the settings is a line of it, too
    settings = read(config, flags)
    _keep_log(settings.log_format, settings.quiet)
    return settings


def _keep_log(form: str, quiet: bool) -> None:
    quiet_libraries(form, quiet)
    click.get_current_context().meta[KEEPS_A_LOG] = True


def read(config: str | None, flags: dict[str, Any]) -> Settings:
    """The settings out of the file, the environment and the flags that were given. Raises SettingsError."""
    config = config or os.environ.get("CLAIMWIRE_CONFIG")
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    return load_settings(Path(config) if config else None, os.environ, given)


def quiet_libraries(form: str = "text", quiet: bool = True) -> None:
    """Only claimwire's own lines on stderr, and no warnings of libraries, also in the processes of workers."""
    warnings.filterwarnings("ignore")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    from claimwire.pipelines.observe.logs import set_up_logging  # noqa: PLC0415 - not for a command's help

    set_up_logging(form, quiet)


def require(settings: Settings, *names: str) -> None:
    """Raises SettingsError where one of these settings is not set, or nothing can come of it."""
    examples = {"source": "--source https://example.org/feed.xml", "sink": "--sink jsonl:out"}
    for name in names:
        if not getattr(settings, name):
            raise SettingsError(f"no {name} is set; give one, e.g. {examples[name]}, or set it in the settings file")
    if "-" in settings.sink and sys.stdout is None:
        raise SettingsError("--sink - needs stdout, which is closed")


def check_beam_options(options: tuple[str, ...]) -> None:
    """Raises UsageError for a misspelt option of our own, for a stray word, and for a runner without a name."""
    for problem in _problems(options):
        raise UsageError(problem)


def _problems(options: tuple[str, ...]) -> Iterator[str]:
    if options and options[-1] == "--runner":
        yield "--runner needs the name of a runner of Beam, e.g. FlinkRunner"
    own = [setting.flag for setting in describe().values()]
    for before, option in zip(("", *options), options, strict=False):
        name = option.partition("=")[0]
        if not option.startswith("-"):
            if not before.startswith("-") or "=" in before:
                yield f"what is {shown(option)} for? Sources are given with --source, sinks with --sink"
        elif name in own:
            yield f"{name} is no option of this command"
        elif near := get_close_matches(name, own, 1, 0.8):
            yield f"there is no option {name}; did you mean {near[0]}?"
