"""Figures of a component under their full names, each of its type."""

import itertools

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest

from lfb_site.observability import metrics
from lfb_site.observability.metrics import AlsoAsPromised, record, registries

numbers = itertools.count()


@pytest.fixture
def name():
    """A name that no other test has used: metrics live as long as the process."""
    return f"tried_{next(numbers)}"


def value(name, component="eval_model"):
    return registries[component].get_sample_value(f"{name}_{component}")


def test_gauges_are_set_counters_add_and_histograms_observe(name):
    types = {f"{name}_b": "Counter", f"{name}_c": "Histogram"}
    for number in (5, 2):
        record("eval_model", {f"{name}_a": number, f"{name}_b": number, f"{name}_c": number}, types)
    found = registries["eval_model"].get_sample_value
    assert value(f"{name}_a") == 2
    assert found(f"{name}_b_eval_model_total") == 7
    assert (found(f"{name}_c_eval_model_count"), found(f"{name}_c_eval_model_sum")) == (2, 7)


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
def test_what_is_not_known_leaves_the_last_figure(name, missing):
    record("eval_model", {name: 5})
    record("eval_model", {name: missing})
    assert value(name) == 5


def test_one_name_has_one_type_and_a_second_costs_one_warning(name, caplog):
    record("eval_model", {name: 5})
    for _ in range(3):
        record("eval_model", {name: 1}, {name: "Counter"})
    assert value(name) == 5
    assert [message for message in caplog.messages if name in message] == [
        f"{name}_eval_model is a Gauge and cannot be a Counter"
    ]


def test_a_name_that_another_metric_has_costs_one_warning(name, caplog):
    Counter(f"{name}_eval_model", "somebody else's")
    for _ in range(2):
        record("eval_model", {name: 1}, {name: "Counter"})
    assert len([message for message in caplog.messages if name in message]) == 1


def test_what_no_metric_can_be_called_is_spelt_with_underscores(name):
    record("eval_model", {f"{name}: 90 %": 1})
    assert value(f"{name}__90__") == 1


def test_components_are_kept_apart(name):
    record("eval_model", {name: 1})
    record("api", {name: 2})
    assert (value(name), value(name, "api")) == (1, 2)


def test_log_counters_come_under_the_promised_name_too():
    registry = CollectorRegistry()
    registry.register(metrics._log_counters["error", "api"])
    Counter("other_logs_api", "not one of them", registry=registry)
    lines = [line for line in generate_latest(AlsoAsPromised(registry)).decode().splitlines() if line[0] != "#"]
    assert [line.split()[0] for line in lines] == ["error_logs_api_total", "error_logs_api", "other_logs_api_total"]
    assert lines[0].split()[1] == lines[1].split()[1]
