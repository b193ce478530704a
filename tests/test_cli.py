"""The command, as a user meets it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import jsonschema
import pytest
from command import INSTALLED, Command, environment
from conftest import ROOT, Claimwire, write_jsonl, written

from claimwire.pipelines.cli import FAMILIES, main
from claimwire.pipelines.settings import describe

EXAMPLES = ROOT / "examples"
MAYOR = "The bridge will stay closed until the spring, Mayor Ana Verr said on Tuesday in the town hall of Brackwater."


def article(number: int, **more: str) -> dict[str, str]:
    url = f"https://a.example/{number}"
    return {
        "url": url,
        "title": f"Bridge {number}",
        "text": f"{MAYOR} It is bridge {number}.",
        "date": "2026-11-20",
    } | more


def test_help_teaches_and_names_the_exit_codes(claimwire: Claimwire) -> None:
    told = claimwire("--help").stdout
    assert "claimwire run --source" in told
    assert "4 ended early by a signal" in " ".join(told.split())
    assert "3 done, but sources failed" in " ".join(told.split())
    for command in ("run", "watch", "stream", "replay", "show", "explain", "split", "index", "schema", "doctor"):
        assert claimwire(command, "--help").returncode == 0


def test_help_loads_nothing_heavy(fresh_claimwire: Claimwire) -> None:
    told = fresh_claimwire("--help", env={"PYTHONPROFILEIMPORTTIME": "1"}).stderr
    assert "claimwire.pipelines.cli" in told
    heavy = ("apache_beam", "spacy", "pyarrow", "py3langid", "feedparser")
    assert not any(module in told for module in (*heavy, "msgspec", "rich", "claimwire.pipelines.settings"))
    told = fresh_claimwire("run", "--help", env={"PYTHONPROFILEIMPORTTIME": "1"}).stderr
    assert "claimwire.pipelines.settings" in told
    assert not any(module in told for module in heavy)


def test_the_package_is_the_command_too(claimwire: Claimwire) -> None:
    printed = subprocess.check_output(
        [sys.executable, "-m", "claimwire", "show", "--help"], env=environment(), text=True
    )
    assert printed == claimwire("show", "--help").stdout


def test_the_list_of_commands_says_of_each_what_its_own_help_says() -> None:
    for name, (_, told) in (each for family in FAMILIES.values() for each in family.items()):
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert command.name == name
        assert (command.help or "").startswith(told), name


def test_help_shows_every_setting_in_its_group(claimwire: Claimwire) -> None:
    of_watch = ("every", "interval", "websub_callback", "websub_listen")
    for command, without in (("run", of_watch), ("watch", ("incomplete_exit",))):
        told = claimwire(command, "--help").stdout
        sections = dict(re.findall(r"^(\S[^\n]*):\n((?:  [^\n]*\n|\n)+)", told, re.MULTILINE))
        for setting in describe().values():
            assert (f"  {setting.flag} " in sections[setting.group]) == (setting.name not in without), setting.name
        assert "--config" in sections["Options"]


@pytest.mark.parametrize("where", [{"CLAIMWIRE_LOG_FORMAT": "json"}, {}])
def test_with_json_logs_an_error_before_the_run_is_a_line_of_json(
    claimwire: Claimwire, tmp_path: Path, where: dict[str, str]
) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    flags = [] if where else ["--log-format", "json"]
    for wrong in (["--workers", "two"], ["--runner"], ["--sink", "josnl:out"], []):
        done = claimwire("run", "--source", "in.jsonl", *flags, *wrong, env=where)
        assert done.returncode == 2
        (line,) = map(json.loads, done.stderr.splitlines())
        assert line["level"] == "error"


def test_a_run_then_nothing_new_then_show(fresh_claimwire: Claimwire, claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    first = fresh_claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    assert first.returncode == 0
    assert first.stdout == ""
    assert "1 seen = 1 enriched + 0 copies + 0 unchanged + 0 dead letters" in first.stderr
    assert "apitools" not in first.stderr
    second = claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    assert second.returncode == 0
    assert "0 seen" in second.stderr
    shown = claimwire("show", "out").stdout
    assert "Ana Verr" in shown
    assert "The bridge will stay closed until the spring" in shown
    assert "\x1b" not in shown


def test_the_last_line_of_a_run_that_saw_nothing_says_why(claimwire: Claimwire, tmp_path: Path) -> None:
    run = ("run", "--sink", "jsonl:out", "--extract", "none", "--source")
    write_jsonl(tmp_path / "in.jsonl", article(1))
    claimwire(*run, "in.jsonl")
    write_jsonl(tmp_path / "empty.jsonl")
    for folder in ("none", "pictures"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pictures/bridge.png").write_bytes(b"\x89PNG")
    for source, left_out, why in (
        ("in.jsonl", "", "nothing new   .claimwire has it all; another --state reads it again"),
        ("out", "files that claimwire has written", "nothing read  the sources hold no feed, file or topic to read"),
        ("none", "nothing to read in this folder, which is empty", "nothing read  the sources hold no feed"),
        ("pictures", "bridge.png is left out", "nothing read  the sources hold no feed"),
        ("empty.jsonl", "", "nothing new   what was read holds no articles"),
    ):
        done = claimwire(*run, source)
        assert done.returncode == 0
        assert left_out in done.stderr
        assert done.stderr.splitlines()[-1].startswith(why), source
    looked = claimwire("doctor", "--source", "out", "--sink", "jsonl:out", "--extract", "none")
    assert "ok    sources  there is nothing to read in them now" in looked.stdout


def test_stdout_carries_records_and_nothing_else(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1), "bad line")
    done = claimwire("run", "--source", "in.jsonl", "--sink", "-", "--extract", "none")
    assert done.returncode == 3
    (record,) = map(json.loads, done.stdout.splitlines())
    assert record["article"]["title"] == "Bridge 1"
    assert len(written(tmp_path / ".claimwire", "dead-letters")) == 1
    assert f"dead letters and events are in {tmp_path / '.claimwire'}\n" in done.stderr


def test_quiet_and_json_logs(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    run = ("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--extract", "none", "--state")
    assert claimwire(*run, "s1", "--quiet").stderr == ""
    lines = [json.loads(line) for line in claimwire(*run, "s2", "--log-format", "json").stderr.splitlines()]
    assert all(set(line) >= {"time", "level", "message"} for line in lines)
    assert lines[-1]["summary"]["enriched"] == 1


def test_a_quiet_run_warns_of_each_dead_letter_it_writes_up_to_a_limit(claimwire: Claimwire, tmp_path: Path) -> None:
    """Cron mails what is on stderr."""
    (tmp_path / "page.xml").write_text("<html><body>no feed</body></html>")
    write_jsonl(tmp_path / "in.jsonl", *(f"no article {number}" for number in range(30)), article(1))
    run = ("run", "--quiet", "--extract", "none", "--sink", "jsonl:out", "--source")
    first = claimwire(*run, "page.xml")
    assert first.returncode == 3
    (line,) = first.stderr.splitlines()
    assert "page.xml: dead letter (feed): this is an HTML page" in line
    many = claimwire(*run, "in.jsonl").stderr.splitlines()
    assert len(many) == 21
    assert ["in.jsonl, line 1: dead letter (record): not JSON" in line for line in many] == [True, *[False] * 20]
    assert "in.jsonl, line 20: dead letter" in many[19]
    assert many[20].endswith("and 10 more dead letters, which can be found in the outputs")
    again = claimwire(*run, "page.xml", "--source", "in.jsonl")
    assert (again.returncode, again.stderr) == (0, "")


def test_the_exit_code_for_dead_letters_is_a_setting(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", "no article")
    run = ("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--extract", "none", "--state")
    assert claimwire(*run, "s1").returncode == 3
    assert claimwire(*run, "s2", "--incomplete-exit", "0").returncode == 0
    assert claimwire(*run, "s3", env={"CLAIMWIRE_INCOMPLETE_EXIT": "75"}).returncode == 75
    assert claimwire(*run, "s4", "--incomplete-exit", "256").returncode == 2


def test_each_run_tells_that_it_is_completed_and_idle_ones_share_a_file(claimwire: Claimwire, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", article(1))
    run = ("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--extract", "none")

    def completed() -> dict[str, int]:
        events = [event for event in written(tmp_path / "out", "events") if event["type"] == "claimwire.run.completed"]
        return {event["subject"]: event["data"]["enriched"] for event in events}

    claimwire(*run)
    first = completed()
    assert list(first.values()) == [1]
    seen = []
    for _ in range(3):
        claimwire(*run)
        (idle,) = completed().keys() - first.keys()  # the last one alone
        seen.append(idle)
    assert len(set(seen)) == 3
    write_jsonl(source, article(1), article(2))
    claimwire(*run)
    assert sorted(completed().values()) == [0, 1, 1]
    assert len(list((tmp_path / "out").rglob("events-*.jsonl"))) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "no source is set"),
        (["run", "--source", "x"], "no sink is set"),
        (["run", "--source", "nowhere.jsonl", "--sink", "jsonl:out"], "nowhere.jsonl: no such file"),
        (["run", "--source", "in.jsonl", "--sink", "josnl:out"], "'josnl:out' is not a valid sink"),
        (["run", "--source", "in.jsonl", "--sink", "jsonl:out", "--soruce", "y"], "did you mean --source?"),
        (["run", "--source", "in.jsonl", "--sink", "jsonl:out", "--workers", "two"], "workers cannot be 'two'"),
        (["run", "--source", "in.jsonl", "--sink", "jsonl:out", "--config", "no.yaml"], "no.yaml"),
        (["run", "--source", "in.jsonl", "--sink", "jsonl:out", "--runner", "NoSuchRunner"], "NoSuchRunner"),
        (["run", "--source", "in.jsonl", "--sink", "jsonl:out", "--runner"], "--runner needs the name"),
        (["run", "--source", "in.jsonl", "--sink", "jsonl:out", "--verbosity=3"], "has an option --verbosity=3"),
        (["replay", "in.jsonl", "--sink", "jsonl:out"], "replay takes dead-letters"),
        (["show", "in.jsonl", "--since", "99999999d"], "--since '99999999d'"),
        (["run", "in.jsonl", "--sink", "jsonl:out"], "Sources are given with --source"),
        (["schema", "claims"], "did you mean claim?"),
        (["show", "nothing-here"], "nothing-here: no such file or folder"),
        (["show", "in.jsonl", "--since", "soon"], "--since 'soon'"),
    ],
)
def test_a_slip_is_named_with_what_would_be_right(
    claimwire: Claimwire, tmp_path: Path, arguments: list[str], said: str
) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    done = claimwire(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_model_that_is_not_there_is_no_fault_of_the_articles(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    run = ("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    failed = claimwire(*run, "--model", "en_no_such_model")
    assert failed.returncode == 2
    (said,) = failed.stderr.splitlines()  # and not that anything is read
    assert "there is no spaCy model 'en_no_such_model', neither a package nor a folder; installed: " in said
    assert "pip install" not in said
    assert claimwire(*run).returncode == 0
    assert len(written(tmp_path / "out")) == 1


def test_settings_come_from_a_file_and_the_environment(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    (tmp_path / "claimwire.yaml").write_text("source: in.jsonl\nsink: ['jsonl:out']\nextract: claims\n")
    env = {"CLAIMWIRE_CONFIG": "claimwire.yaml", "CLAIMWIRE_EXTRACT": "none"}
    assert claimwire("run", "--state", "s", env=env).returncode == 0
    (record,) = written(tmp_path / "out")
    assert record["provenance"]["skipped"] == "extract: none"


def test_options_of_beam_reach_beam(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    run = ("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--extract", "none")
    assert claimwire(*run, "--runner", "DirectRunner", "--job_name=mine").returncode == 0


def test_schemas_are_printed_and_valid(claimwire: Claimwire) -> None:
    for name in claimwire("schema").stdout.split():
        jsonschema.Draft202012Validator.check_schema(json.loads(claimwire("schema", name).stdout))


def test_a_closed_stdout_is_refused_and_never_another_file(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    run = f"{INSTALLED} run --source in.jsonl --extract none"
    refused = subprocess.run(
        f"{run} --sink - >&-", shell=True, cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False
    )
    assert refused.returncode == 2
    assert "stdout, which is closed" in refused.stderr
    subprocess.run(f"{run} --sink jsonl:out >&- 2>&- <&-", shell=True, cwd=tmp_path, check=True)
    assert len(written(tmp_path / "out")) == 1
    assert (tmp_path / ".claimwire/lock").read_text().isdecimal()


def test_show_filters_by_speaker_topic_and_time(claimwire: Claimwire, tmp_path: Path) -> None:
    rents = "Rents will rise next year, landlord Bo Lind told the paper on Monday at noon."
    old = article(2, date="2020-01-01", text=rents)
    copy = article(3, url="https://b.example/copy", text=article(1)["text"], date="2026-11-21")
    write_jsonl(tmp_path / "in.jsonl", article(1), old, copy)
    claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--sink", "parquet:pq")
    everything = claimwire("show", "out").stdout
    assert "Ana Verr" in everything
    assert "Bo Lind" in everything
    assert "1 copy: b.example 2026-11-21 00:00\n" in everything
    assert claimwire("show", "pq").stdout == everything
    for flag, value in (("--speaker", "bo lind"), ("--about", "RENTS")):
        shown = claimwire("show", "out", flag, value).stdout
        assert "Bo Lind" in shown
        assert "Ana Verr" not in shown
    assert "Bo Lind" not in claimwire("show", "out", "--since", "2026-01-01").stdout
    assert "Ana Verr" not in claimwire("show", "out", "--until", "2020-01-01").stdout
    assert "Bo Lind" in claimwire("show", "out", "--until", "2020-01-01").stdout


def test_an_article_without_a_date_is_as_old_as_its_processing(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", {key: value for key, value in article(1).items() if key != "date"})
    claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    assert "Ana Verr" in claimwire("show", "out", "--since", "1d").stdout
    assert "Ana Verr" not in claimwire("show", "out", "--until", "1d").stdout


def test_show_filters_by_kind_confidence_and_worth(claimwire: Claimwire, tmp_path: Path) -> None:
    text = (
        "Mayor Ana Verr said 40 percent of the wells are dry. Landlord Bo Lind vowed to sell the mill by June. "
        "Tenants believe the roof is unsafe."
    )
    write_jsonl(tmp_path / "in.jsonl", article(1, text=text))
    claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    shown = claimwire("show", "out").stdout
    assert "Bo Lind  vowed  indirect, intention" in shown
    assert "Tenants  believe  indirect, belief" in shown
    assert "Ana Verr  said  indirect\n" in shown
    intentions = claimwire("show", "out", "--kind", "intention").stdout
    assert "Bo Lind" in intentions
    assert "Ana Verr" not in intentions
    (record,) = written(tmp_path / "out")
    for flag, field in (("--min-confidence", "confidence"), ("--min-worth", "check_worthiness")):
        most = max(record["claims"], key=lambda claim: claim[field])
        sure = claimwire("show", "out", flag, str(most[field])).stdout
        others = [claim for claim in record["claims"] if claim[field] < most[field]]
        assert most["text"] in sure
        assert others
        assert not any(claim["text"] in sure for claim in others)
    assert "not in the range" in claimwire("show", "out", "--min-worth", "2").stderr


def test_show_sends_no_control_codes_of_a_record_to_the_screen(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    (file,) = (tmp_path / "out").rglob("articles-*")
    file.write_text(file.read_text().replace("Bridge 1", "\\u001b]0;owned\\u0007"))
    assert "\x1b" not in claimwire("show", "out").stdout
    assert "owned" in claimwire("show", "out").stdout


def test_a_page_marks_claims_in_their_texts_and_lets_nothing_of_a_record_run(
    claimwire: Claimwire, tmp_path: Path
) -> None:
    hostile = f"<script>alert(1)</script> {MAYOR} <img src=x onerror=alert(2)>\x1b[31m"
    write_jsonl(tmp_path / "in.jsonl", article(1), article(2, title="</title><b>owned", text=hostile))
    claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    page = claimwire("show", "out", "--format", "html").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    for name, said in (("claim", "The bridge will stay closed"), ("speaker", "Mayor Ana Verr"), ("cue", "said")):
        assert [f'<mark class="{name}" data-claims="{number}">{said}' in page for number in (1, 2)] == [True, True]
    assert '<p class="said">The bridge will stay closed until the spring</p>' in page
    assert not any(found in page for found in ("<script", "<img", "<b>owned", "\x1b", 'src="http'))
    assert set(re.findall(r'href="(https:/|#|.)', page)) == {"https:/", "#"}
    assert "&lt;script&gt;" in page
    assert "Bridge 1" not in claimwire("show", "out", "--format", "html", "--about", "nothing of the kind").stdout


def test_show_ends_quietly_when_its_reader_does(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", *map(article, range(200)))
    claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    piped = subprocess.run(
        f"{INSTALLED} show out | head -2", shell=True, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert piped.stderr == ""
    assert len(piped.stdout.splitlines()) == 2


def test_replay_finds_the_dead_letters_of_a_folder(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1), "bad line")
    claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out", "--extract", "none")
    again = claimwire("replay", "out", "--sink", "jsonl:out", "--extract", "none")
    assert again.returncode == 3
    assert "1 seen" in again.stderr
    assert [letter["attempts"] for letter in written(tmp_path / "out", "dead-letters")] in ([1, 2], [2, 1])


def test_doctor_names_what_is_wrong_and_changes_nothing(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    well = claimwire("doctor", "--source", "in.jsonl", "--sink", "jsonl:out")
    assert well.returncode == 0
    assert well.stderr == ""
    assert all(line.startswith("ok") for line in well.stdout.splitlines())
    ill = claimwire("doctor", "--source", "gone.jsonl", "--sink", "jsonl:in.jsonl/x", "--model", "no_model")
    assert ill.returncode == 1
    wrong = [line for line in ill.stdout.splitlines() if line.startswith("WRONG")]
    assert [line.split()[1] for line in wrong] == ["model", "sinks", "sources"]
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl"}


def test_watch_reads_what_comes_and_ends_on_sigterm(tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", article(1))
    watch = ["watch", "--every", "1s", "--extract", "none", "--source", str(source), "--sink", "jsonl:out"]
    watch += ["--log-format", "json"]
    with Command(watch, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True) as process:
        _until(lambda: len(written(tmp_path / "out")) == 1)
        write_jsonl(source, article(1), article(2))
        _until(lambda: len(written(tmp_path / "out")) == 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert process.stderr
        lines = [json.loads(line) for line in process.stderr]
    assert any("SIGTERM: ending at the next commit" in line["message"] for line in lines)


def test_a_terminal_gets_colours_and_a_pipe_does_not(claimwire: Claimwire, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "in.jsonl", article(1))
    claimwire("run", "--source", "in.jsonl", "--sink", "jsonl:out")
    master, slave = pty.openpty()
    surroundings = environment(TERM="xterm-256color", COLUMNS="100")
    surroundings.pop("NO_COLOR", None)
    subprocess.run([INSTALLED, "show", "out"], cwd=tmp_path, stdout=slave, env=surroundings, check=True)
    os.close(slave)
    assert b"\x1b[" in os.read(master, 65536)
    os.close(master)


def _until(condition: object, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
