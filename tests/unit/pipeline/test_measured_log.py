"""One call that logs a message and hands over figures."""

import logging

import pytest

from pipeline.measured_log import get_logger
from pipeline.signals import measured


@pytest.fixture
def handed_over():
    found = []

    def receive(sender, logger_name, metrics, metric_types, **more):
        found.append((logger_name, dict(metrics), metric_types))

    measured.connect(receive)
    yield found
    measured.disconnect(receive)


def test_a_call_logs_and_hands_over_the_figures(handed_over, caplog):
    with caplog.at_level("INFO"):
        get_logger("pipeline.x").info(
            "%d rows", 5, metrics={"rows": 5, "calls": 1, "size": 2.5}, metric_types=["Histogram", "Counter"]
        )
    (record,) = caplog.records
    assert (record.name, record.getMessage(), record.filename) == ("pipeline.x", "5 rows", "test_measured_log.py")
    assert handed_over == [
        ("pipeline.x", {"rows": 5, "calls": 1, "size": 2.5}, {"rows": "Histogram", "calls": "Counter", "size": "Gauge"})
    ]


def test_figures_count_even_where_the_message_is_not_logged(handed_over, monkeypatch):
    logger = get_logger("pipeline.quiet")
    monkeypatch.setattr(logger.logger, "level", logging.ERROR)
    logger.info("nobody reads this", metrics={"rows": 5})
    assert handed_over == [("pipeline.quiet", {"rows": 5}, {"rows": "Gauge"})]


def test_a_message_alone_hands_over_nothing(handed_over):
    get_logger("pipeline.x").warning("only words")
    assert handed_over == []


def test_a_recorder_that_fails_does_not_fail_the_work(caplog):
    def fail(**more):
        raise TypeError("cannot record this")

    measured.connect(fail)
    try:
        get_logger("pipeline.x").warning("done", metrics={"rows": 5})
    finally:
        measured.disconnect(fail)
    assert "cannot record this" in caplog.text


@pytest.mark.parametrize("types", [["Summary"], ["gauge"], ["Gauge", "Gauge"]])
def test_a_type_that_does_not_fit_is_refused(handed_over, types):
    with pytest.raises(ValueError, match="Gauge, Counter, Histogram"):
        get_logger("pipeline.x").info("x", metrics={"rows": 5}, metric_types=types)
    assert handed_over == []
