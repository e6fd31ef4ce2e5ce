"""What an operator is called for: rules that Prometheus takes, each with a case that fires it and a runbook."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana import models
from deploy.grafana.asking import apart, moved

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
CASES = ("alerts_test.yml", "drift_test.yml")
_SUFFIX = re.compile("_(bucket|count)$")


@pytest.fixture(scope="module")
def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_each_rule_fires_in_its_case_and_only_there() -> None:
    done = subprocess.run(
        ["promtool", "test", "rules", *CASES], cwd=PROMETHEUS, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_a_case(alerts: list[dict[str, Any]]) -> None:
    cases = "".join((PROMETHEUS / file).read_text() for file in CASES)
    assert {rule["alert"] for rule in alerts} == set(re.findall(r'alertname="(\w+)"', cases))


def test_each_alert_says_how_urgent_it_is_and_leads_to_its_runbook(alerts: list[dict[str, Any]]) -> None:
    runbooks = (ROOT / "docs/runbooks.md").read_text()
    sections = {title.lower() for title in re.findall(r"^## (\w+)$", runbooks, re.MULTILINE)}
    rows = re.findall(r"^\| \[(\w+)\]\(#\w+\) \| (\w+) \| [^|]+ \| ([^|]+) \|$", runbooks, re.MULTILINE)
    table = {alert: severity for alert, severity, _ in rows}
    assert [alert for alert, _, case in rows if alert not in fired_in(case)] == []
    assert {rule["alert"]: rule["labels"]["severity"] for rule in alerts} == table
    for rule in alerts:
        document, _, section = rule["annotations"]["runbook"].partition("#")
        assert (document, section) == ("docs/runbooks.md", rule["alert"].lower())
        assert section in sections


def test_each_series_that_a_rule_asks_for_is_one_that_a_service_has(alerts: list[dict[str, Any]]) -> None:
    asked = {name for rule in alerts for name in re.findall(r"loupe_\w+", rule["expr"])}
    code = "\n".join(file.read_text() for top in ("services", "shared") for file in (ROOT / top).rglob("*.py"))
    assert [name for name in sorted(asked) if f'"{_SUFFIX.sub("", name)}"' not in code] == []


def fired_in(name: str) -> set[str]:
    """The alerts that the case of this name expects."""
    cases = [case for file in CASES for case in yaml.safe_load((PROMETHEUS / file).read_text())["tests"]]
    (case,) = [case for case in cases if case["name"] == name]
    return set(re.findall(r'alertname="(\w+)"', str(case["promql_expr_test"])))


@pytest.mark.parametrize(
    ("alert", "panel"),
    [
        ("LoupeTypesDrift", moved("loupe_embedder_types_total", "type", 'lane="query"')),
        ("LoupeConfidenceDrifts", apart("loupe_embedder_type_confidence", 'lane="query"')),
        ("LoupeScoresDrift", apart("loupe_recommender_best_score")),
    ],
)
def test_what_is_told_of_drift_is_what_the_board_of_models_shows(
    alerts: list[dict[str, Any]], alert: str, panel: str
) -> None:
    (rule,) = [rule for rule in alerts if rule["alert"] == alert]
    assert rule["expr"].startswith(f"{panel} > 0.25 and ")
    assert panel in [series.expr for row in models.BOARD.rows for each in row.panels for series in each.series]


def test_alertmanager_takes_its_configuration(tmp_path: Path) -> None:
    config = (PROMETHEUS / "alertmanager.yml").read_text()
    file = tmp_path / "alertmanager.yml"
    file.write_text(config.replace("url_file: /run/secrets/alert_webhook_url", "url: http://127.0.0.1/"))
    done = subprocess.run(["amtool", "check-config", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
