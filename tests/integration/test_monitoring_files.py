"""The files of Prometheus and Grafana: sound by Prometheus's own tools, and of metrics that really exist."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from django.urls import reverse

from lfb_site.observability import metrics, site_state
from tests.contract.metric_names import COMPONENTS, GAUGES
from tests.integration.prometheus_servers import program

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = sorted((DEPLOY / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
OF_PROMETHEUS = {"up", "ALERTS"}
WORDS = {"by", "on", "or", "and", "unless", "without", "ignoring", "bool"}


def rules():
    return [rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def panels(path):
    return json.loads(path.read_text())["panels"]


def names_in(expression):
    """The metrics that an expression asks for."""
    bare = re.sub(r'"[^"]*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", bare)
    return set(re.findall(r"(?<![\w.])[a-zA-Z_:][\w:]*(?!\w*\s*\()", bare)) - WORDS


@pytest.fixture
def exported(client, db):
    """Every name that a scrape, or a push after a run, can bring."""
    for component, names in metrics.CATALOGUE.items():
        metrics.record(component, dict.fromkeys(names, 1.0))
    client.get(reverse("login"))
    names = set()
    for line in client.get(reverse("metrics")).content.decode().splitlines():
        if line.startswith("# TYPE"):
            _, _, name, kind = line.split()
            names |= {f"{name}_{part}" for part in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return names | {rule["record"] for rule in rules() if "record" in rule} | OF_PROMETHEUS


def test_the_names_in_an_expression_are_found():
    asked = 'time() - max by (dataset) (a_b{c="d", e!~"f"}) / sum(rate(g:h[5m])) > 45 * 86400 and on () k == 1e3'
    assert names_in(asked) == {"a_b", "g:h", "k"}


def test_rules_ask_for_metrics_that_exist(exported):
    assert {name for rule in rules() for name in names_in(rule["expr"])} - exported == set()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboards_ask_for_metrics_that_exist(exported, path):
    asked = {name for panel in panels(path) for target in panel["targets"] for name in names_in(target["expr"])}
    assert asked
    assert asked - exported == set()


def test_every_figure_of_the_site_is_on_a_dashboard():
    asked = {
        name
        for path in DASHBOARDS
        for panel in panels(path)
        for target in panel["targets"]
        for name in names_in(target["expr"])
    }
    asked |= {name for rule in rules() if rule.get("record") in asked for name in names_in(rule["expr"])}
    told_by_an_alert = {"lfb_model_recent_worse"}
    not_worth_a_panel = {"lfb_run_last_end_timestamp_seconds", "lfb_model_recent_rows"}
    assert set(site_state.GAUGES) - asked == told_by_an_alert | not_worth_a_panel


def test_rules_and_configuration_hold_by_prometheus_itself():
    promtool = program("promtool")
    for words in (
        ["check", "config", DEPLOY / "prometheus" / "prometheus.yml"],
        ["test", "rules", DEPLOY / "prometheus" / "tests" / "alerts_test.yml"],
    ):
        hold([promtool, *words])


def test_dashboards_tell_of_the_last_run_whichever_worker_had_it(tmp_path):
    """Each worker goes on telling of its own last run; the Pushgateway holds the last of all. Log messages are no gauges:
    what was pushed is the count of one worker, told by that worker as well."""
    asked = {
        target["expr"]: names_in(target["expr"])
        for path in DASHBOARDS
        for panel in panels(path)
        for target in panel["targets"]
    }
    gauges = {expression: names for expression, names in asked.items() if names <= GAUGES}
    counters = {expression: names for expression, names in asked.items() if all("_logs_" in name for name in names)}
    assert min(len(gauges), len(counters)) > 5
    series = [
        {"series": f'{name}{{job="{job}", instance="{instance}"}}', "values": values}
        for name in set().union(*gauges.values(), *counters.values())
        for job, instance, values in (
            ("workers", "a", "0+60x20" if "_logs_" in name else "900x20"),
            ("workers", "b", "0x20" if "_logs_" in name else "100x20"),
            (component_of(name), "", "0+60x20" if "_logs_" in name else "400x20"),
        )
    ]
    wanted = [(expression, 20 if "sqrt" in expression else 400) for expression in gauges]
    wanted += [(expression, 300 * len(names)) for expression, names in counters.items()]
    cases = [
        {"expr": f"({expression}) + 0", "eval_time": "15m", "exp_samples": [{"labels": "{}", "value": value}]}
        for expression, value in wanted
    ]
    test = {"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": cases}]}
    (tmp_path / "dashboards.yml").write_text(yaml.safe_dump(test))
    hold([program("promtool"), "test", "rules", str(tmp_path / "dashboards.yml")])


def component_of(name):
    return next(component for component in COMPONENTS if name.removesuffix("_total").endswith(f"_{component}"))


def hold(command):
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tested_and_says_what_to_do():
    alerts = {rule["alert"]: rule for rule in rules() if "alert" in rule}
    tests = yaml.safe_load((DEPLOY / "prometheus" / "tests" / "alerts_test.yml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test.get("alert_rule_test", []) if case.get("exp_alerts")}
    assert fired == set(alerts)
    for rule in alerts.values():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_dashboards_are_the_four_promised_and_provisioned():
    assert {path.stem for path in DASHBOARDS} == {"operations", "data", "model", "api"}
    provisioning = DEPLOY / "grafana" / "provisioning"
    source = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"][0]
    assert (
        yaml.safe_load((provisioning / "dashboards" / "dashboards.yml").read_text())["providers"][0]["type"] == "file"
    )
    for path in DASHBOARDS:
        assert json.loads(path.read_text())["uid"] == path.stem
        assert {panel["datasource"]["uid"] for panel in panels(path)} == {source["uid"]}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_can_be_read(path):
    taken = set()
    for panel in panels(path):
        assert panel["title"]
        assert panel["description"].endswith(".") or panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert all(target["legendFormat"] for target in panel["targets"])
        if panel["type"] == "timeseries":
            assert panel["fieldConfig"]["defaults"]["custom"]["axisLabel"]
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
