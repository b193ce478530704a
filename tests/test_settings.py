"""Settings: file < environment < flags, and every fault by its name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from claimwire.pipelines.cli.reference import main
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
    assert settings.feeds_at_once == 20


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
        ("worker: 2", {}, {}, r"claimwire.yaml: there is no setting 'worker'; did you mean workers\?"),
        ("", {"CLAIMWIRE_SORCE": "x"}, {}, r"the environment: there is no setting 'sorce'; did you mean source\?"),
        ("workers: many", {}, {}, "workers cannot be 'many'"),
        ("workers: 0", {}, {}, "workers cannot be 0: .*>= 1"),
        ("extract: all", {}, {}, "it must be one of none, entities, claims"),
        ("", {}, {"remember": "3 days"}, "the command line: remember cannot be '3 days'.*e.g. 90d"),
        ("remember: 90", {}, {}, "remember cannot be 90: .*e.g. 90d"),
        ("every: 0s", {}, {}, "every cannot be '0s'"),
        ("remember: 9999999d", {}, {}, "remember cannot be '9999999d'"),
        ("quiet: 5", {}, {}, "quiet cannot be 5"),
        ("- a\n- b", {}, {}, "must hold settings as 'name: value' lines"),
        ("a: [", {}, {}, "is not YAML"),
    ],
)
def test_a_wrong_name_or_value_is_named_with_what_would_be_right(
    tmp_path: Path, file: str, environment: dict[str, str], flags: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        load(tmp_path, file, flags, **environment)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml"):
        load_settings(Path("nowhere.yaml"), {}, {})


def test_every_setting_has_a_group_and_choices_keep_their_order() -> None:
    groups = [setting.group for setting in describe().values()]
    assert len(groups) == len(Settings.__struct_fields__)
    assert groups == sorted(groups, key=groups.index)  # each group in one piece
    kinds = {name: setting.kind for name, setting in describe().items()}
    assert (kinds["extract"], kinds["extractor"]) == ("none, entities, claims", "tagger, rules")
    assert (kinds["remember"], kinds["kafka_replication"]) == ("time span", "whole number")


def test_time_spans() -> None:
    assert Settings(remember="2w").remembered() == timedelta(days=14)
    assert Settings(every="90s").interval() == timedelta(seconds=90)


def test_the_reference_is_checked_against_the_code(tmp_path: Path) -> None:
    path = str(tmp_path / "docs/configuration.md")
    assert main([path]) == 0
    assert main(["--check", path]) == 0
    Path(path).write_text("old", encoding="utf-8")
    assert main(["--check", path]) == 1
