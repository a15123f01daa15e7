"""The judgement of a model beside baselines: same rows, small groups hidden, nothing but finite numbers."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.core.baselines import KolesarDistanceLaw, MeanBaseline
from pipeline.core.errors import DataError
from pipeline.core.estimators import LinearAttendance
from pipeline.core.evaluate import Evaluation, evaluate, groupings
from pipeline.core.splits import Split

STANDARDS = {
    "first": {"mean_seconds": 360, "within_seconds": 600, "within_share": 0.9},
    "second": {"mean_seconds": 480, "within_seconds": 720, "within_share": 0.95},
}


def features(n: int, first_day: str, seed: int) -> pd.DataFrame:
    """Two pumps an incident; the boroughs Ealing, Camden and, for the last four incidents, Sutton."""
    generator = np.random.default_rng(seed)
    incidents = n // 2
    borough = np.where(np.arange(incidents) % 2 == 0, "Ealing", "Camden").astype(object)
    borough[-4:] = "Sutton"
    distance = generator.uniform(0.2, 5, n)
    called_at = pd.Timestamp(first_day) + pd.to_timedelta(np.arange(incidents).repeat(2), unit="h")
    return pd.DataFrame(
        {
            "incident_number": pd.Series([f"{seed}-{number}" for number in range(incidents)], dtype="str").repeat(2),
            "called_at": called_at,
            "pump_order": np.tile([1, 2], incidents),
            "station_name": pd.Series(np.array(["Acton", "Soho"])[np.arange(n) % 2], dtype="str").to_numpy(),
            "distance_km": distance,
            "hour": called_at.hour,
            "borough_name": pd.Series(borough, dtype="str").repeat(2).to_numpy(),
            "attendance_seconds": 150 + 90 * distance + generator.normal(0, 40, n),
        }
    ).reset_index(drop=True)


@pytest.fixture
def split() -> Split:
    return Split(features(2_000, "2023-01-01", seed=1), features(600, "2023-04-01", seed=2))


def judged(split: Split, **options: object) -> Evaluation:
    target = split.train["attendance_seconds"].to_numpy()
    fitted = [make().fit(split.train, target) for make in (LinearAttendance, MeanBaseline, KolesarDistanceLaw)]
    return evaluate(fitted[0], fitted[1:], split, **options)  # type: ignore[arg-type]


def test_the_model_and_the_baselines_are_judged_on_the_same_rows(split: Split) -> None:
    evaluation = judged(split)

    assert [model.name for model in evaluation.models] == ["linear", "mean", "kolesar"]
    assert {model.overall.n for model in evaluation.models} == {600} == {evaluation.tested_rows}
    assert evaluation.tested_incidents == 300
    assert (str(evaluation.trained_from), str(evaluation.tested_from)) == ("2023-01-01", "2023-04-01")


def test_differences_are_the_gaps_of_the_means_and_their_intervals_exclude_zero_where_clear(split: Split) -> None:
    evaluation = judged(split)

    for difference, baseline in zip(evaluation.differences, evaluation.models[1:], strict=True):
        assert difference.seconds == pytest.approx(evaluation.model.overall.mae - baseline.overall.mae)
        assert difference.low < difference.seconds < difference.high
    against_mean = evaluation.differences[0]
    assert against_mean.high < 0


def test_the_interval_holds_the_mean_error(split: Split) -> None:
    for model in judged(split).models:
        assert model.mae_low < model.overall.mae < model.mae_high


def test_groups_with_fewer_than_five_calls_are_not_shown_however_many_engines(split: Split) -> None:
    groups = judged(split).model.groups["borough"]

    assert set(groups) == {"Camden", "Ealing"}  # Sutton: four incidents, eight engines
    assert groups["Ealing"].n + groups["Camden"].n == 592


def test_no_model_shows_a_small_group_in_any_grouping(split: Split) -> None:
    named = groupings(split.holdout)
    for model in judged(split).models:
        for grouping, groups in model.groups.items():
            for label in groups:
                calls = split.holdout.loc[named[grouping] == label, "incident_number"]
                assert calls.nunique() >= 5, (grouping, label)


def test_groups_add_up_to_the_whole_where_every_row_belongs_to_one(split: Split) -> None:
    model = judged(split).model

    for grouping in ("hour_band", "hour", "inner_outer", "distance_band", "pump"):
        groups = model.groups[grouping].values()
        assert sum(group.n for group in groups) == 600, grouping
        assert sum(group.mae * group.n for group in groups) / 600 == pytest.approx(model.overall.mae)


def test_bands_come_in_their_own_order_not_in_that_of_the_alphabet(split: Split) -> None:
    groups = judged(split).model.groups

    assert list(groups["distance_band"]) == ["0–0.5 km", "0.5–1 km", "1–1.5 km", "1.5–2 km", "2–3 km", "3–5 km"]
    assert list(groups["pump"]) == ["First pump", "Second pump"]
    assert list(groups["hour"]) == [f"{hour:02}" for hour in range(24)]


def test_rows_without_a_borough_or_hour_belong_to_no_group_yet_are_judged(split: Split) -> None:
    holdout = split.holdout.assign(hour=split.holdout["hour"].astype("float64"))
    holdout.loc[:99, "borough_name"] = pd.NA
    holdout.loc[:99, "hour"] = np.nan

    evaluation = judged(Split(split.train, holdout))

    assert evaluation.model.overall.n == 600
    rows = {name: sum(group.n for group in groups.values()) for name, groups in evaluation.model.groups.items()}
    assert (rows["borough"], rows["hour"], rows["hour_band"]) == (492, 500, 500)


@pytest.mark.parametrize(
    ("grouping", "column", "value", "label"),
    [
        ("hour_band", "hour", 5, "00–05"),
        ("hour_band", "hour", 6, "06–11"),
        ("hour_band", "hour", 23, "18–23"),
        ("inner_outer", "borough_name", "Camden", "Inner London"),
        ("inner_outer", "borough_name", "Ealing", "Outer London"),
        ("distance_band", "distance_km", 0.0, "0–0.5 km"),
        ("distance_band", "distance_km", 0.5, "0–0.5 km"),
        ("distance_band", "distance_km", 5.01, "over 5 km"),
        ("pump", "pump_order", 2, "Second pump"),
        ("pump", "pump_order", 3, "Later pumps"),
    ],
)
def test_a_row_falls_into_its_group(split: Split, grouping: str, column: str, value: object, label: str) -> None:
    row = split.holdout.iloc[:1].assign(**{column: value})

    assert groupings(row)[grouping].tolist() == [label]


def test_standards_are_what_the_caller_says_and_go_by_pump(split: Split) -> None:
    checks = judged(split, standards=STANDARDS).standards
    second = split.holdout[split.holdout["pump_order"] == 2]["attendance_seconds"]

    assert [(check.pump, check.n, check.wanted_mean, check.wanted_share) for check in checks] == [
        ("first", 300, 360, 0.9),
        ("second", 300, 480, 0.95),
    ]
    assert checks[1].actual_mean == pytest.approx(second.mean())
    assert checks[1].actual_share == pytest.approx((second <= 720).mean())
    assert checks[1].predicted_share == pytest.approx(checks[1].actual_share, abs=0.05)


def test_a_standard_for_a_pump_that_is_not_there_is_left_out(split: Split) -> None:
    holdout = split.holdout.assign(pump_order=1)

    assert [check.pump for check in judged(Split(split.train, holdout), standards=STANDARDS).standards] == ["first"]


def test_limits_come_from_the_caller(split: Split) -> None:
    evaluation = judged(split, limits_seconds=(480, 720.0))

    assert set(evaluation.model.overall.brier) == set(evaluation.model.reliability) == {"480", "720"}
    assert evaluation.compliance["480"] == pytest.approx((split.holdout["attendance_seconds"] <= 480).mean())


def test_the_same_seed_gives_the_same_json_and_every_number_is_finite(split: Split) -> None:
    texts = [json.dumps(judged(split, seed=4, standards=STANDARDS).as_dict(), allow_nan=False) for _ in range(2)]

    assert texts[0] == texts[1]
    assert json.loads(texts[0])["trained_from"] == "2023-01-01"


def test_a_group_where_all_times_agree_has_no_r2_and_is_still_json(split: Split) -> None:
    holdout = split.holdout.assign(attendance_seconds=300.0)

    evaluation = judged(Split(split.train, holdout))

    assert evaluation.model.overall.r2_score is None
    json.dumps(evaluation.as_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"attendance_seconds": np.nan}, "no_target"),
        ({"distance_km": np.nan}, "no_prediction"),
    ],
)
def test_rows_that_cannot_be_judged_are_named_not_skipped(split: Split, change: dict[str, float], code: str) -> None:
    holdout = split.holdout.copy()
    for column, value in change.items():
        holdout.loc[:2, column] = value

    with pytest.raises(DataError, match="3 of 600") as caught:
        judged(Split(split.train, holdout))

    assert caught.value.code == code


def test_nothing_to_test_on_is_explained(split: Split) -> None:
    with pytest.raises(DataError):
        judged(Split(split.train, split.holdout.iloc[:0]))


def test_a_shuffled_target_scores_no_better_than_the_mean(split: Split) -> None:
    shuffled = split.train["attendance_seconds"].sample(frac=1, random_state=3).to_numpy()
    split = Split(split.train.assign(attendance_seconds=shuffled), split.holdout)

    against_mean = judged(split).differences[0]

    assert against_mean.high > -1
