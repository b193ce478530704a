"""The docs: every command and every printed block of them runs, every link leads somewhere."""

from __future__ import annotations

import configparser
import itertools
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from pkgutil import resolve_name

import click
import msgspec
import pytest
from broker import Broker
from conftest import ROOT
from documents import BROKER, Block, Session, blocks, command_of

from claimwire.pipelines.cli import main
from claimwire.pipelines.settings import Settings, load_settings

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
BLOCKS = [block for page in PAGES for block in blocks(page)]
RUN = ("console", "python", "text", "json")
# Blocks of these languages are files, diagrams, or commands with placeholders.
SHOWN = ("yaml", "crontab", "ini", "properties", "mermaid", "sh", "synopsis")
RUNNING = [page for page in PAGES if any(block.language in RUN and not block.why_not_run for block in blocks(page))]
ON_KAFKA = [page for page in RUNNING if any(BROKER in block.text for block in blocks(page) if not block.why_not_run)]
NOT_RUN = [
    block
    for block in BLOCKS
    if block.language in ("crontab", "sh", "synopsis") or (block.language == "console" and block.why_not_run)
]
UNITS = sorted((ROOT / "deploy/systemd").iterdir())
# Options of Beam (apache_beam.options.pipeline_options) that the docs use.
OF_BEAM = (
    "--runner",
    "--prism_location",
    "--environment_type",
    "--flink_master",
    "--checkpointing_interval",
    "--job_endpoint",
    "--artifact_endpoint",
    "--environment_config",
    "--parallelism",
    "--sdk_worker_parallelism",
    "--savepoint_path",
)


def name(which: Path | Block) -> str:
    """The page and line of a block, or a page, as the id of a test."""
    return f"{name(which.page)}:{which.line}" if isinstance(which, Block) else str(which.relative_to(ROOT))


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder that looks like a clone, with what is installed here, and without settings from outside."""
    for variable in [variable for variable in os.environ if variable.startswith("CLAIMWIRE_")]:
        monkeypatch.delenv(variable)
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    for linked in ("deploy", "Makefile"):
        (tmp_path / linked).symlink_to(ROOT / linked)
    monkeypatch.setenv("MAKEFLAGS", f"--no-print-directory -- BIN={Path(sys.executable).parent} INSTALLED= FOR_TESTS=")
    monkeypatch.setenv("KAFKA_CACHE", os.environ.get("KAFKA_CACHE", str(ROOT / ".cache")))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("page", [page for page in RUNNING if page not in ON_KAFKA], ids=name)
def test_what_a_page_shows_is_what_its_commands_print(page: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_page(page, Session(capfd, {}))


@pytest.mark.usefixtures("clone")
@pytest.mark.parametrize("page", ON_KAFKA, ids=name)
def test_what_a_page_on_kafka_shows_is_what_its_commands_print(
    page: Path, broker: Broker, capfd: pytest.CaptureFixture[str]
) -> None:
    run_page(page, Session(capfd, {BROKER: broker.address}))


def test_a_block_that_prints_something_else_fails(capfd: pytest.CaptureFixture[str]) -> None:
    def run(*texts: tuple[str, str]) -> None:
        session = Session(capfd, {})
        for language, text in texts:
            session.run(Block(Path("page.md"), 1, language, text, None))

    run(("console", "$ echo one two\none ...\n"), ("python", "print(1)\n"), ("text", "1\n"))
    for texts in (
        [("console", "$ echo one\ntwo\n")],
        [("console", "$ false\n")],
        [("console", "$ claimwire show nowhere\n")],
        [("python", "print(1)\n"), ("text", "2\n")],
    ):
        with pytest.raises(AssertionError, match=r"page\.md:1"):
            run(*texts)


def run_page(page: Path, session: Session) -> None:
    for block in blocks(page):
        if not block.why_not_run:
            session.run(block)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_has_a_language_that_is_tested(page: Path) -> None:
    for block in blocks(page):
        assert block.language in RUN + SHOWN, block.where
    without = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert "```" not in without, "a fence is not closed, or stands within a line"
    assert not re.search(r"(?<=\n\n) {4}(?!.*[-*] )\S", without), "a block by indentation is not tested; fence it"


@pytest.mark.parametrize("block", NOT_RUN, ids=name)
def test_commands_that_do_not_run_here_can_be_parsed(block: Block) -> None:
    lines = [command for command, _ in block.commands()] if block.language == "console" else block.text.splitlines()
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for line in lines:
        check_claimwire(line)
        assert not line.startswith("make ") or line.split()[1] in targets, line


@pytest.mark.parametrize("path", [ROOT / "deploy/cron/crontab", *UNITS], ids=name)
def test_what_deploy_starts_can_be_parsed(path: Path) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert sum(check_claimwire(line) for line in lines) == (path.suffix != ".timer")


@pytest.mark.parametrize("path", UNITS, ids=name)
def test_units_of_systemd_are_well_formed(path: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(path)
    assert {"Unit", path.suffix.removeprefix(".").title()} <= set(unit.sections())


def check_claimwire(line: str) -> bool:
    """Whether a line calls claimwire; if so, its command and its options must exist."""
    found = re.search(r"(?:^|[\s/])claimwire ([a-z].*)", line)
    if not found:
        return False
    words = shlex.split(found[1].split(" | ")[0].split(" > ")[0].translate({91: None, 93: None}), comments=True)
    command, arguments = command_of(words)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in arguments:
        if word.startswith("--"):
            flag = word.partition("=")[0]
            assert flag in known or (flag in OF_BEAM and "beam_options" in known), f"{line}: there is no option {flag}"
    return True


SETTINGS = [block for block in BLOCKS if block.language == "yaml" and not block.text.startswith("pipeline:")]
"""A pipeline in YAML is none of ours, but Beam's; tests/test_rows.py runs it."""


@pytest.mark.parametrize("block", SETTINGS, ids=name)
def test_settings_files_load(block: Block, tmp_path: Path) -> None:
    (tmp_path / "claimwire.yaml").write_text(block.text, encoding="utf-8")
    load_settings(tmp_path / "claimwire.yaml", dict.fromkeys(re.findall(r"\$\{(\w+)\}", block.text), "x"), {})


def test_the_settings_file_in_deploy_loads() -> None:
    assert load_settings(ROOT / "deploy/claimwire.yaml", {}, {}).source


def test_all_files_name_the_same_version() -> None:
    def found(file: str, pattern: str) -> str:
        match = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
        assert match, file
        return match[1]

    version = found("setup.py", r'version="([\d.]+)"')
    assert found("CHANGELOG.md", r"^## ([\d.]+) \(") == version
    assert found("CITATION.cff", r"^version: ([\d.]+)$") == version


# The reference of the commands, against the commands


def commands(command: click.Command = main, called: str = "claimwire") -> dict[str, click.Command]:
    """Every command by what is typed; of groups those that do something themselves."""
    if not isinstance(command, click.Group):
        return {called: command}
    own = {called: command} if command.invoke_without_command else {}
    with click.Context(command) as context:
        inner = [(each, command.get_command(context, each)) for each in command.list_commands(context)]
    return own | dict(
        itertools.chain.from_iterable(commands(found, f"{called} {each}").items() for each, found in inner if found)
    )


def test_the_reference_has_every_command_with_every_option_that_is_not_a_setting() -> None:
    text = (ROOT / "docs/commands.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `(claimwire [a-z -]+)`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == set(commands())
    settings = {"--config"} | {"--" + field.name.replace("_", "-") for field in msgspec.structs.fields(Settings)}
    for called, command in commands().items():
        own = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        documented = set(re.findall(r"^\| `(--[a-z-]+)", sections[called], re.MULTILINE))
        takes_settings = "--config" in own
        assert documented == own - (settings if takes_settings else set()), called
        assert ("[settings]" in sections[called]) == takes_settings, called


# Links


@pytest.mark.parametrize("page", [*PAGES, ROOT / "pipelines/extract/tagger/MODEL_CARD.md"], ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"(https?|mailto):", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        assert file.exists(), f"{target}: there is no such file"
        if anchor:
            assert anchor in anchors(file), f"{target}: there is no such heading"


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_and_modules_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    if page.name != "CHANGELOG.md":  # which names what was
        for path in re.findall(
            r"`((?:pipelines|connectors|schemas|tests|benchmarks|training|deploy|docs)/[\w./-]+)`", text
        ):
            assert (ROOT / path).exists(), path
    for module in re.findall(r"`(claimwire\.(?:schemas|connectors|pipelines|beam|errors|extract)[\w.]*)`", text):
        assert resolve_name(module), module


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name
