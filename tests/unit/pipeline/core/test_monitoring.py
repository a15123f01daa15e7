"""How a model does after its test: scores by month, what counts as worse, and shifted inputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipeline.core import monitoring
from pipeline.core.wording import CHANGED, SHIFTED


class Constant:
    """Says 300 s of every engine, and 200 to 400 s for nine in ten."""

    def assess(self, X, *, levels, limits):
        return [np.full(len(X), seconds) for seconds in (300.0, 200.0, 400.0)]


def engines(seconds_by_month: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        {
            "incident_number": f"{month}-{place}",
            "called_at": pd.Timestamp(f"{month}-03 12:00"),
            "attendance_seconds": time,
        }
        for month, times in seconds_by_month.items()
        for place, time in enumerate(times)
    ]
    return pd.DataFrame(rows)


def test_scores_are_those_of_all_rows_and_of_each_month_in_order() -> None:
    rows = engines({"2024-02": [310.0] * 6, "2023-11": [290.0, 290.0, 290.0, 290.0, 290.0, 500.0]})

    found = monitoring.scores_since(Constant(), rows, seed=1)

    assert found["overall"]["mae"] == pytest.approx((6 * 10 + 5 * 10 + 200) / 12)
    assert found["overall"]["coverage"] == {"90": pytest.approx(11 / 12)}
    assert [(month["month"], month["n"]) for month in found["months"]] == [("Nov 2023", 6), ("Feb 2024", 6)]
    assert found["months"][1]["bias"] == pytest.approx(-10)
    assert found["overall"]["mae_low"] <= found["overall"]["mae"] <= found["overall"]["mae_high"]


def test_a_month_of_fewer_than_five_calls_is_not_shown() -> None:
    rows = engines({"2024-01": [300.0] * 5, "2024-02": [300.0] * 4})

    found = monitoring.scores_since(Constant(), rows, seed=1)

    assert [month["month"] for month in found["months"]] == ["Jan 2024"]
    assert found["overall"]["n"] == 9


@pytest.mark.parametrize(("low", "worse"), [(70.1, True), (70.0, False), (60.0, False)])
def test_worse_is_what_lies_above_the_interval_of_the_test(low: float, worse: bool) -> None:
    assert monitoring.is_worse({"mae_low": low, "mae_high": low + 4}, {"mae_low": 66.0, "mae_high": 70.0}) is worse


def inputs(distance: np.ndarray, hour: np.ndarray) -> pd.DataFrame:
    rows = pd.DataFrame({"distance_km": distance, "hour": hour})
    return rows.assign(weekday=1, station_name="Acton", pump_order=1, borough_name=pd.NA)


def test_the_input_that_changed_comes_first_and_what_nobody_knows_is_left_out() -> None:
    random = np.random.default_rng(0)
    before = inputs(random.gamma(2, 0.8, 4_000), random.integers(0, 24, 4_000))
    after = inputs(random.gamma(2, 0.8, 4_000), random.integers(0, 12, 4_000))

    shifts = dict(monitoring.input_shifts(before, after))

    assert next(iter(shifts)) == "hour"
    assert shifts["hour"] > CHANGED
    assert shifts["distance_km"] < 0.01
    assert "borough_name" not in shifts


def test_chance_alone_is_no_shift_however_many_classes() -> None:
    random = np.random.default_rng(0)
    indexes = [
        monitoring.stability_index(random.multinomial(500, [0.01] * 100), random.multinomial(500, [0.01] * 100))
        for _ in range(50)
    ]

    assert np.mean(indexes) < SHIFTED


def test_a_class_that_one_side_lacks_counts_as_half_a_row() -> None:
    p, q = np.array([0.5, 100]) / 100.5, np.array([50, 50]) / 100

    expected = float(np.sum((q - p) * np.log(q / p))) - (1 / 100 + 1 / 100)

    assert monitoring.stability_index([0, 100], [50, 50]) == pytest.approx(expected)
