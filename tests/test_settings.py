"""Settings: file < environment < flags, and every fault by its name."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import ROOT

from claimwire.connectors.kafka.connection import KEY_PASSWORD, PASSWORD, USERNAME
from claimwire.pipelines.cli.reference import main
from claimwire.pipelines.kafka import start_of
from claimwire.pipelines.settings import Settings, SettingsError, describe, load_settings


def load(tmp_path: Path, file: str = "", flags: dict[str, object] | None = None, **environment: str) -> Settings:
    config = tmp_path / "claimwire.yaml"
    config.write_text(file, encoding="utf-8")
    return load_settings(config, environment, flags or {})


def test_flags_beat_the_environment_which_beats_the_file_which_beats_defaults(tmp_path: Path) -> None:
    file = "workers: 2\nremember: 30d\nextract: none\nsource: feeds.opml\n"
    settings = load(tmp_path, file, {"workers": "4"}, CLAIMWIRE_WORKERS="3", CLAIMWIRE_REMEMBER="4w")
    assert (settings.workers, settings.remember, settings.extract) == (4, "4w", "none")
    assert settings.source == ("feeds.opml",)
    assert settings.feeds_at_once == 1000


def test_names_in_a_file_may_be_written_as_the_flags_are(tmp_path: Path) -> None:
    assert load(tmp_path, "allow-private: true\nrotate-mb: 5\n").allow_private


def test_lists_in_the_environment_are_parted_by_spaces(tmp_path: Path) -> None:
    assert load(tmp_path, CLAIMWIRE_SINK="jsonl:a parquet:b").sink == ("jsonl:a", "parquet:b")


def test_an_empty_variable_is_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, CLAIMWIRE_QUIET="", CLAIMWIRE_SOURCE="") == Settings()


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, CLAIMWIRE_DATA="x", CLAIMWIRE_CONFIG="y", HOME="z") == Settings()


@pytest.mark.parametrize(
    ("file", "environment", "flags", "said"),
    [
        ("worker: 2", {}, {}, r"claimwire.yaml, line 1: there is no setting 'worker'; did you mean workers\?"),
        ("", {"CLAIMWIRE_SORCE": "x"}, {}, r"the environment: there is no setting 'sorce'; did you mean source\?"),
        ("workers: many", {}, {}, "workers cannot be 'many'"),
        ("workers: 0", {}, {}, "workers cannot be 0: .*>= 1"),
        ("extract: all", {}, {}, "it must be one of none, entities, claims"),
        ("", {}, {"remember": "3 days"}, "the command line: remember cannot be '3 days'.*e.g. 90d"),
        ("remember: 90", {}, {}, "remember cannot be 90: .*e.g. 90d"),
        ("columns: [text]", {}, {}, r"yaml, line 1: columns cannot be \['text'\]: 'text' is not FIELD=COLUMN"),
        ("", {}, {"columns": ["texte=a"]}, "the command line: columns cannot .*'texte' is no field of an article; f"),
        ("every: 0s", {}, {}, "every cannot be '0s': it must be a length of time of at least 1s"),
        ("", {}, {"remember": "0d"}, "remember cannot be '0d': it must be a length of time of at least 1s"),
        ("remember: 9999999d", {}, {}, "remember cannot be '9999999d'"),
        ("quiet: 5", {}, {}, "quiet cannot be 5"),
        ("- a\n- b", {}, {}, "line 1: settings are 'name: value' lines; this is a list"),
        ("quiet: true\nsource: [", {}, {}, r"line 2 \(in or after 'source'\): .* as YAML: expected the node content"),
        ("quiet: true\n\nsource: " + "[" * 5000, {}, {}, r"line 3 \(in or after 'source'\): .*10 levels deep"),
        ("source:" + "".join(f"\n{' ' * n}- " for n in range(1000)), {}, {}, r"line 12 \(.*'source'\): .*levels deep"),
        ("quiet: " + "{a: " * 5000, {}, {}, r"line 1 \(in or after 'quiet'\): .*levels deep"),
        ("quiet: true\nsource: [[a]]", {}, {}, "line 2: source is a value or a list of values; there is a list"),
        ("quiet: true\nsource: {a: b}", {}, {}, "line 2: a source with settings needs its url"),
        ("quiet: true\nsink: {a: b}", {}, {}, "line 2: sink is a value or a list of values; there is a mapping"),
        ("? [a]\n: b", {}, {}, "line 1: the name of a setting is text"),
        ("source: a\nquiet: true\nsource: b", {}, {}, "yaml: source is set twice, in line 1 and in line 3"),
        ("allow-private: true\nallow_private: no", {}, {}, "allow_private is set twice, in line 1 and in line 2"),
        ("quiet: true\nworkers: 0", {}, {}, "yaml, line 2: workers cannot be 0"),
        (f"workers: {'9' * 5000}", {}, {}, "line 1: the value of workers cannot be read"),
        ("workers: !!int x", {}, {}, "line 1: the value of workers cannot be read"),
        ("quiet: true\nstate: \x07", {}, {}, r"line 2: the control character U\+0007"),
        ("quiet: true\nkafka_start: 2026-13-45", {}, {}, "line 2: kafka_start cannot be '2026-13-45': it must be earl"),
        ("kafka_start: 2026-02-30T06:00:00Z", {}, {}, "line 1: kafka_start cannot be '2026-02-30T06:00:00Z'"),
        ("", {}, {"kafka_start": "2026-13-45T06:00:00Z"}, "the command line: kafka_start cannot be '2026-13-45T"),
        ("", {}, {"kafka_start": "1812-01-01T06:00:00Z"}, "the command line: kafka_start cannot be '1812-"),
        ("kafka_start: 2026-11-20T06:00:00", {}, {}, "a time with its zone"),
        ("quiet: maybe", {}, {}, "line 1: quiet cannot be 'maybe'"),
        ("kafka_password: x", {}, {}, "no setting 'kafka_password'; .* in the environment: CLAIMWIRE_KAFKA_USERNAME"),
    ],
)
def test_a_wrong_name_or_value_is_named_with_what_would_be_right(
    tmp_path: Path, file: str, environment: dict[str, str], flags: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        load(tmp_path, file, flags, **environment)


def test_a_file_that_is_not_text_is_named_with_the_line(tmp_path: Path) -> None:
    (tmp_path / "claimwire.yaml").write_bytes(b"quiet: true\ncontact: \xff\n")
    with pytest.raises(SettingsError, match=r"claimwire\.yaml, line 2: this is not UTF-8"):
        load_settings(tmp_path / "claimwire.yaml", {}, {})


@pytest.mark.parametrize(
    "file",
    [
        "workers: https://newsroom:hunter2@example.org/feed",
        "extract: 'https://newsroom:hun/ter?hunter2 #@example.org/feed'",
        f"compression: https://newsroom:{'x' * 75}hunter2@example.org/feed",
        "every: newsroom:hunter2@example.org",
        "workers: [https://newsroom:hunter2@example.org/feed]",
        "source: [1, https://newsroom:hunter2@example.org/feed]",
        "kafka_password: hunter2",
        "kafka_password: hunter2: x",
        "kafka_password: *hunter2",
        "kafka_password: !hunter2",
        "kafka_password: !hunter2!x y",
        "kafka_password: {hunter2",
        "kafka_password: 'hunter2",
        "source: hunter2\nsource: hunter2",
    ],
)
def test_no_message_on_settings_contains_a_password(tmp_path: Path, file: str) -> None:
    value = file.partition(": ")[2]
    flags: list[dict[str, object]] = [{"workers": value}] if "@" in value else []
    for given in ({"file": file}, *({"flags": each} for each in flags)):
        with pytest.raises(SettingsError) as refused:
            load(tmp_path, **given)  # type: ignore[arg-type]
        assert "hunter2" not in str(refused.value)
        error: BaseException | None = refused.value
        while error := error and error.__cause__:
            assert "hunter2" not in str(error)


@pytest.mark.parametrize(
    "written",
    ["2026-11-20T06:00:00Z", "2026-11-20 07:00:00+01:00", "'2026-11-20T06:00:00Z'", "2026-11-20t06:00:00.0z"],
)
def test_a_time_may_be_written_as_yaml_writes_times(tmp_path: Path, written: str) -> None:
    settings = load(tmp_path, f"kafka_start: {written}\n")
    assert start_of(settings).time_ms == 1_795_154_400_000
    assert load(tmp_path, flags={"kafka_start": written.strip("'")}) == settings


def test_every_variable_in_the_docs_is_one_that_works(tmp_path: Path) -> None:
    docs = ROOT / "docs"
    pages = [*docs.glob("*.md"), ROOT / "README.md"]
    documented = {name for page in pages for name in re.findall(r"CLAIMWIRE_[A-Z_]*[A-Z]", page.read_text())}
    values = {
        "list": "jsonl:a", "text": "x", "whole number": "5", "true or false": "true", "time span": "3d",
        "auto or time span": "20m",
    }  # fmt: skip
    reference = (docs / "configuration.md").read_text()
    for setting in describe().values():
        assert setting.variable in reference
        special = {
            "kafka_start": "latest", "columns": "text=b", "page_delays": "a.example=1", "archive": "warc:a",
            "websub_callback": "https://a.example/", "websub_listen": "a:1",
            "metrics": ":9464", "metrics_file": "m.prom", "exchange": "s3://a/b",
        }  # fmt: skip
        value = special.get(setting.name) or values.get(setting.kind) or setting.kind.split(", ")[-1]
        read = getattr(load(tmp_path, **{setting.variable: value}), setting.name)
        assert read in (value, (value,), int(value) if value.isdecimal() else None, True), setting.name
    others = documented - {setting.variable for setting in describe().values()}
    assert {"CLAIMWIRE_CONFIG", USERNAME, PASSWORD, KEY_PASSWORD} <= others
    assert load(tmp_path, **dict.fromkeys(others, "x")) == Settings()
    for name in (USERNAME, PASSWORD, KEY_PASSWORD):
        assert name in reference


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml"):
        load_settings(Path("nowhere.yaml"), {}, {})


def test_every_setting_has_a_group_and_choices_keep_their_order() -> None:
    groups = [setting.group for setting in describe().values()]
    assert {*describe(), "by_source", "watching"} == set(Settings.__struct_fields__)
    assert groups == sorted(groups, key=groups.index)  # each group in one piece
    kinds = {name: setting.kind for name, setting in describe().items()}
    assert (kinds["extract"], kinds["extractor"]) == ("none, entities, claims", "tagger, rules")
    assert (kinds["remember"], kinds["kafka_replication"]) == ("time span", "whole number")


def test_time_spans() -> None:
    assert Settings(remember="2w").remembered() == timedelta(days=14)
    assert Settings(every="90s").turn() == timedelta(seconds=90)


def test_the_reference_is_checked_against_the_code(tmp_path: Path) -> None:
    path = str(tmp_path / "docs/configuration.md")
    assert main([path]) == 0
    assert main(["--check", path]) == 0
    Path(path).write_text("old", encoding="utf-8")
    assert main(["--check", path]) == 1
