"""The gate: what a new model must show on rows that neither it nor the one in use has seen."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.core.gate import Champion, GateRules, Verdict, judge

RULES = GateRules()
TRAINED_TO = dt.date(2023, 6, 30)


class Says:
    """Predicts the actual time but for noise of `error` seconds on average, more in the boroughs named."""

    name = title = "says"
    inputs: tuple[str, ...] = ("distance_km", "station_name")

    def __init__(self, error: float, *, width: float = 165.0, **in_borough: float) -> None:
        self.error, self.width, self.in_borough = error, width, in_borough

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        error = rows["borough_name"].map(lambda name: self.in_borough.get(name, self.error)).to_numpy(dtype="float64")
        return rows["attendance_seconds"].to_numpy() + rows["noise"].to_numpy() * error

    def predict_quantile(self, rows: pd.DataFrame, level: float) -> np.ndarray:
        return (
            rows["attendance_seconds"].to_numpy()
            + rows["spread"].to_numpy()
            + (self.width if level > 0.5 else -self.width)
        )


@pytest.fixture
def rows() -> pd.DataFrame:
    """Two engines to each of 3,000 incidents in July to October; errors of mean size 1, spread of 100 s."""
    generator = np.random.default_rng(3)
    incidents = np.arange(3_000).repeat(2)
    noise = generator.normal(0, np.sqrt(np.pi / 2), len(incidents))
    return pd.DataFrame(
        {
            "incident_number": pd.Series(incidents).astype("str"),
            "called_at": pd.Timestamp("2023-07-01") + pd.to_timedelta(incidents, unit="h"),
            "borough_name": np.array(["Camden", "Ealing", "Sutton"])[incidents % 3],
            "attendance_seconds": generator.uniform(150, 700, len(incidents)),
            "distance_km": 1.0,
            "station_name": "Acton",
            "noise": noise,
            "spread": generator.normal(0, 100, len(incidents)),
        }
    )


def decide(rows, challenger, champion=None, *, champion_trained_to=TRAINED_TO, rules=RULES) -> Verdict:
    in_use = Champion("version 3", champion or Says(70), champion_trained_to)
    return judge(rows, challenger, in_use, trained_to=TRAINED_TO, rules=rules, seed=1)


def failed(verdict: Verdict) -> list[str]:
    return [check.name for check in verdict.checks if not check.passed]


def test_a_better_model_passes_and_says_by_how_much(rows):
    verdict = decide(rows, Says(65))
    assert verdict.passed
    assert verdict.reason.startswith("closer than version 3 by 5.")
    assert verdict.reason.endswith("on the same 6,000 engines")


def test_an_equal_model_does_not(rows):
    verdict = decide(rows, Says(70))
    assert failed(verdict) == ["error"]
    assert (
        verdict.reason == "no clear difference from version 3: +0.0 s (95 %: +0.0 to +0.0 s) on the same 6,000 engines"
    )


def test_chance_is_no_reason(rows):
    """Two models of the same quality that err differently: one of them is closer by luck."""
    other = rows.assign(noise=rows["noise"].sample(frac=1, random_state=8).to_numpy())

    class Otherwise(Says):
        def predict(self, rows):
            return super().predict(rows.assign(noise=other["noise"].to_numpy()))

    assert failed(decide(rows, Otherwise(70))) == ["error"]


def test_a_worse_model_does_not(rows):
    verdict = decide(rows, Says(73))
    assert failed(verdict) == ["error"]
    assert verdict.reason.startswith("farther off than version 3 by ")


def test_better_on_average_and_worse_in_one_borough_does_not(rows):
    verdict = decide(rows, Says(60, Sutton=80))
    assert failed(verdict) == ["boroughs"]
    assert verdict.reason.startswith("worse than version 3 in Sutton by 9.")
    assert verdict.reason.endswith(", 2,000 engines")


def test_a_borough_with_few_engines_proves_nothing(rows):
    assert decide(rows, Says(60, Sutton=80), rules=replace(RULES, borough_rows=2_001)).passed


def test_a_borough_may_be_worse_within_the_bound(rows):
    assert decide(rows, Says(60, Sutton=73)).passed
    assert failed(decide(rows, Says(60, Sutton=73), rules=replace(RULES, borough_seconds=1))) == ["boroughs"]


def test_the_margin_counts_beyond_chance(rows):
    assert decide(rows, Says(65), rules=replace(RULES, margin_seconds=3)).passed
    verdict = decide(rows, Says(65), rules=replace(RULES, margin_seconds=5.2))
    assert failed(verdict) == ["error"]
    assert verdict.reason.endswith("wanted more than 5.2 s")


@pytest.mark.parametrize("width", [120, 260])
def test_intervals_that_hold_too_few_or_too_many_do_not_pass(rows, width):
    verdict = decide(rows, Says(60, width=width))
    assert failed(verdict) == ["intervals"]
    assert "wanted 87 to 93 %" in verdict.reason


def test_newer_data_help_only_where_the_setting_allows_it(rows):
    before = TRAINED_TO - dt.timedelta(days=31)
    slightly_worse = Says(70.5)
    allowed = replace(RULES, newer_seconds=2)
    assert not decide(rows, slightly_worse, champion_trained_to=before).passed
    assert decide(rows, slightly_worse, champion_trained_to=before, rules=allowed).passed
    assert not decide(rows, slightly_worse, champion_trained_to=TRAINED_TO, rules=allowed).passed
    assert not decide(rows, Says(73), champion_trained_to=before, rules=allowed).passed


def test_rows_that_the_one_in_use_has_learnt_from_are_left_out(rows):
    """It would look better there than it is."""
    known = rows["called_at"] < "2023-09-01"
    learnt = rows.assign(noise=rows["noise"].where(~known, 0.0))

    class Knows(Says):
        def predict(self, given):
            return super().predict(given.assign(noise=learnt["noise"].to_numpy()[-len(given) :]))

    verdict = decide(rows, Says(65), Knows(70), champion_trained_to=dt.date(2023, 8, 31))
    assert verdict.passed
    assert next(check.words for check in verdict.checks if check.name == "rows") == (
        "compared on 3,024 engines that neither model was trained on (2,976 engines left out: version 3 was trained on their period)"
    )


def test_without_rows_new_to_both_nothing_is_decided(rows):
    verdict = decide(rows, Says(10), champion_trained_to=dt.date(2023, 12, 31))
    assert failed(verdict) == ["rows"]
    assert "only 0 incidents were seen by neither" in verdict.reason


def test_inputs_that_are_missing_or_known_only_afterwards_do_not_pass(rows):
    needs, leaks = Says(60), Says(60)
    needs.inputs = ("distance_km", "hour")
    leaks.inputs = ("distance_km", "attendance_seconds")
    assert "lack hour" in decide(rows, needs).reason
    assert "not known when the engine is sent" in decide(rows, leaks).reason
    assert "lack hour" in decide(rows, Says(60), needs).reason


def test_a_model_without_an_answer_does_not_pass(rows):
    verdict = decide(rows, Says(float("nan")))
    assert failed(verdict) == ["answers"]


def test_the_record_holds_every_answer(rows):
    record = decide(rows, Says(65)).as_dict()
    assert record["passed"] is True
    assert [check["name"] for check in record["checks"]] == ["inputs", "rows", "error", "boroughs", "intervals"]
