"""What deploy/monitoring and docs/operations.md say is what the code has: every metric, every label, every alert."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from claimwire.pipelines.observe.metrics import METRICS

MONITORING = ROOT / "deploy" / "monitoring"
BOARD = json.loads((MONITORING / "grafana-claimwire.json").read_text(encoding="utf-8"))
RULES = yaml.safe_load((MONITORING / "claimwire.rules.yml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
# What Prometheus itself adds to each series.
OF_PROMETHEUS = {"job", "instance"}


def known() -> dict[str, set[str]]:
    """Every series by its name, with its labels."""
    found = {}
    for metric in METRICS:
        labels = {*metric.labels} | OF_PROMETHEUS
        if metric.kind == "histogram":
            found |= {
                f"{metric.name}_bucket": labels | {"le"},
                f"{metric.name}_sum": labels,
                f"{metric.name}_count": labels,
            }
        else:
            found[metric.full_name] = labels
    return found


def expressions() -> Iterator[tuple[str, str, str]]:
    """Where it stands, the expression, and the text that names its labels."""
    for rule in ALERTS:
        yield rule["alert"], rule["expr"], " ".join(rule["annotations"].values()).replace("$labels.", "")
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]
    for variable in BOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"], ""


def unknown(expression: str, text: str = "") -> set[str]:
    """The metrics and labels of an expression that the code does not have."""
    series = known()
    names = set(re.findall(r"\b(?:claimwire|node|process)_\w+", expression)) | ({"up"} & set(expression.split("{")))
    labels = OF_PROMETHEUS.union(*(series.get(name, set()) for name in names))
    used = set()
    for inside in re.findall(r"\{([^}]*)\}", expression):
        used |= set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside))
    for listed in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expression):
        used |= set(re.split(r"[,\s]+", listed.strip()))
    used |= set(re.findall(r"\{\{\s*(\w+)\s*\}\}", text))
    return {name for name in names if name not in series and name != "up"} | (used - labels)


@pytest.mark.parametrize(("where", "expression", "text"), list(expressions()))
def test_every_metric_and_label_of_a_rule_or_panel_is_one_that_the_code_has(
    where: str, expression: str, text: str
) -> None:
    assert unknown(expression, text) == set(), where


def test_an_expression_with_a_wrong_name_or_label_is_found() -> None:
    assert unknown("rate(claimwire_articels_total[5m])") == {"claimwire_articels_total"}
    assert unknown('sum by (outcom) (claimwire_articles_total{stage="x"})') == {"outcom", "stage"}
    assert unknown("claimwire_articles_total", "{{source}}") == {"source"}
    assert unknown("claimwire_articles") == {"claimwire_articles"}


def test_the_board_has_what_grafana_needs() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies over another"
        assert place["x"] + place["w"] <= 24
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}"
    assert {variable["name"] for variable in BOARD["templating"]["list"]} == {"datasource", "job", "instance"}


def test_every_series_is_on_the_board_or_in_an_alert_or_told_of_in_the_docs_alone() -> None:
    shown = " ".join(expression for _, expression, _ in expressions())
    left = {metric.full_name for metric in METRICS if metric.name not in shown}
    assert left == {
        "claimwire_entries_read_total",
        "claimwire_last_completed_run_timestamp_seconds",
        "claimwire_source_last_read_timestamp_seconds",
        "claimwire_last_run_end_timestamp_seconds",
        "claimwire_last_run_duration_seconds",
    }


def test_the_docs_have_every_metric_as_the_code_has_it() -> None:
    rows = re.findall(r"^\| `(claimwire_\w+)` \| (\w+) \| ([^|]*) \| (.*) \|$", OPERATIONS, re.MULTILINE)
    assert rows == [
        (
            metric.full_name,
            metric.kind,
            ", ".join(f"`{label}`" for label in metric.labels),
            metric.help.removesuffix("."),
        )
        for metric in METRICS
    ]


def test_the_docs_say_what_to_do_at_every_alert() -> None:
    told = re.findall(r"^\| `(Claimwire\w+)` \| (.+) \| (.+) \|$", OPERATIONS, re.MULTILINE)
    assert [name for name, *_ in told] == [rule["alert"] for rule in ALERTS]


def test_every_alert_is_tested_where_it_fires_and_where_it_does_not() -> None:
    tests = yaml.safe_load((MONITORING / "claimwire.rules.test.yml").read_text(encoding="utf-8"))
    cases = [case for test in tests["tests"] for case in test["alert_rule_test"]]
    names = {rule["alert"] for rule in ALERTS}
    assert {case["alertname"] for case in cases if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in cases if not case.get("exp_alerts")} == names


# promtool


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if not found:
        pytest.skip("NOT TESTED BY promtool, so the rules were not run: install Debian's prometheus")
    return found


def told(*command: str, cwd: Path = MONITORING) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "rules", "claimwire.rules.yml"),
        ("test", "rules", "claimwire.rules.test.yml"),
    ],
    ids=lambda arguments: arguments[-1],
)
def test_promtool_finds_nothing_wrong(promtool: str, arguments: tuple[str, ...]) -> None:
    done = told(promtool, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_query_of_the_board_can_be_parsed(promtool: str, tmp_path: Path) -> None:
    queries: list[dict[str, Any]] = [
        {
            "record": f"panel:{panel['id']}:{target['refId']}",
            "expr": target["expr"].replace("$job", ".+").replace("$instance", ".+"),
        }
        for panel in BOARD["panels"]
        for target in panel["targets"]
    ]
    (tmp_path / "board.yml").write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": queries}]}))
    done = told(promtool, "check", "rules", "board.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
