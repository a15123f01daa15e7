"""The documented model: its sums, its inputs, and what it does with what it has not seen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from pipeline.core.baselines import BASELINES
from pipeline.core.errors import DataError, LeakError
from pipeline.core.estimators import LinearAttendance, ResidualEstimator

EVERYTHING = {LinearAttendance.name: LinearAttendance, **BASELINES}
EFFECTS = {"Acton": 0.0, "Soho": -40.0, "Biggin Hill": 90.0}


def trips(n: int = 600, noise: float = 0.0, seed: int = 3) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    station = np.array(list(EFFECTS))[np.arange(n) % 3]
    distance = generator.uniform(0.1, 6, n)
    seconds = 150 + 80 * distance + np.array([EFFECTS[name] for name in station]) + generator.normal(0, noise, n)
    return pd.DataFrame(
        {
            "station_name": pd.Series(station, dtype="str"),
            "distance_km": distance,
            "hour": np.arange(n) % 24,
            "attendance_seconds": seconds,
        }
    )


def target(rows: pd.DataFrame) -> np.ndarray:
    return rows["attendance_seconds"].to_numpy()


def asked(station: str, distance: float) -> pd.DataFrame:
    return pd.DataFrame({"station_name": pd.Series([station], dtype="str"), "distance_km": [distance], "hour": [10]})


def test_linear_recovers_the_slope_and_the_stations_from_exact_data() -> None:
    rows = trips()

    estimator = LinearAttendance().fit(rows, target(rows))

    assert estimator.predict(asked("Acton", 2.0))[0] == pytest.approx(310)
    assert estimator.predict(asked("Soho", 2.0))[0] == pytest.approx(270)
    assert estimator.predict(asked("Biggin Hill", 5.0))[0] == pytest.approx(640)
    assert estimator.per_km_ == pytest.approx(80)


def test_linear_agrees_with_a_dense_least_squares_fit_on_noisy_data() -> None:
    rows = trips(noise=60)
    dense = np.column_stack([rows["distance_km"], *(rows["station_name"] == name for name in EFFECTS)]).astype(
        "float64"
    )
    solution, *_ = np.linalg.lstsq(dense, target(rows), rcond=None)

    estimator = LinearAttendance().fit(rows, target(rows))

    assert estimator.predict(rows) == pytest.approx(dense @ solution, abs=1e-5)


def test_linear_is_what_the_two_stored_parts_say() -> None:
    rows = trips(noise=60)
    estimator = LinearAttendance().fit(rows, target(rows))
    matrix = np.column_stack(
        [rows["distance_km"], estimator.encoder.transform(rows[["station_name"]].to_numpy(dtype=object)).toarray()]
    )

    assert estimator.predict(rows) == pytest.approx(estimator.regression.predict(matrix))


def test_one_row_without_a_frame_gives_the_same_time() -> None:
    rows = trips(noise=60)
    estimator = LinearAttendance().fit(rows, target(rows))

    for station in (*EFFECTS, "Nowhere"):
        question = {"distance_km": [3.3], "station_name": [station]}
        assert estimator.predict(question) == estimator.predict(asked(station, 3.3))


def test_a_station_never_seen_gets_the_typical_effect() -> None:
    rows = trips()
    estimator = LinearAttendance().fit(rows, target(rows))
    known = [estimator.predict(asked(name, 2.0))[0] for name in EFFECTS]

    assert estimator.predict(asked("Nowhere", 2.0))[0] == pytest.approx(np.mean(known))


@pytest.mark.parametrize("name", EVERYTHING)
def test_two_trainings_on_the_same_rows_agree_to_the_last_bit(name: str) -> None:
    rows = trips(noise=60)

    first, second = (EVERYTHING[name]().fit(rows, target(rows)) for _ in range(2))

    assert np.array_equal(first.predict(rows), second.predict(rows))
    assert np.array_equal(first.predict_within(rows, 360), second.predict_within(rows, 360))


@pytest.mark.parametrize("name", EVERYTHING)
def test_answers_have_one_finite_value_a_row_and_none_for_no_row(name: str) -> None:
    rows = trips(noise=60)
    estimator = EVERYTHING[name]().fit(rows, target(rows))

    for asked_rows in (rows, rows.iloc[:1], rows.iloc[:0]):
        predicted, shares = estimator.predict(asked_rows), estimator.predict_within(asked_rows, 360)
        late = estimator.predict_quantile(asked_rows, 0.9)
        assert predicted.shape == shares.shape == late.shape == (len(asked_rows),)
        assert predicted.dtype == np.float64
        assert np.isfinite(predicted).all()
        assert np.isfinite(late).all()
        assert ((shares >= 0) & (shares <= 1)).all()


@pytest.mark.parametrize("name", EVERYTHING)
def test_probabilities_rise_with_the_limit_and_are_right_on_average(name: str) -> None:
    rows = trips(n=3_000, noise=60)
    estimator = EVERYTHING[name]().fit(rows, target(rows))

    shares = [estimator.predict_within(rows, limit) for limit in (0, 180, 360, 600, 1200)]

    assert all((later >= earlier).all() for earlier, later in pairwise(shares))
    assert shares[2].mean() == pytest.approx((target(rows) <= 360).mean(), abs=0.02)


@pytest.mark.parametrize("name", EVERYTHING)
def test_training_leaves_its_rows_unchanged_and_reads_only_the_declared_inputs(name: str) -> None:
    rows = trips(noise=60)
    before = rows.copy(deep=True)
    estimator = EVERYTHING[name]()

    fitted = estimator.fit(rows, target(rows))

    pd.testing.assert_frame_equal(rows, before)
    assert len(fitted.predict(rows[list(estimator.inputs)])) == len(rows)


def test_a_training_row_is_enough_and_none_is_refused() -> None:
    rows = trips(n=1)

    assert LinearAttendance().fit(rows, target(rows)).predict(rows) == pytest.approx(target(rows))
    with pytest.raises(DataError):
        LinearAttendance().fit(rows.iloc[:0], np.empty(0))


def test_a_missing_target_is_counted_and_refused() -> None:
    rows = trips(n=30)
    rows.loc[[2, 5], "attendance_seconds"] = np.nan

    with pytest.raises(DataError, match="2 of 30"):
        LinearAttendance().fit(rows, target(rows))


@pytest.mark.parametrize("outcome", ["attendance_seconds", "turnout_seconds", "calls", "stop_code_description"])
def test_an_estimator_that_reads_an_outcome_is_refused(outcome: str) -> None:
    class Cheat(LinearAttendance):
        inputs = ("distance_km", "station_name", outcome)

    rows = trips(n=30).assign(**{outcome: 1.0})

    with pytest.raises(LeakError, match=outcome):
        Cheat().fit(rows, trips(n=30)["attendance_seconds"].to_numpy())


def test_every_name_is_its_own_and_says_what_it_is() -> None:
    made: list[ResidualEstimator] = [make() for make in EVERYTHING.values()]

    assert [estimator.name for estimator in made] == list(EVERYTHING)
    assert len({estimator.title for estimator in made}) == len(made)
