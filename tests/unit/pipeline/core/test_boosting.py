"""The forecast: honest inputs, rising with distance, reproducible, explained, and sure of itself only as far as it may be."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.core.baselines import KolesarDistanceLaw, MeanBaseline
from pipeline.core.boosting import BLIND_COLUMNS, PLACE_COLUMNS, BoostedAttendance
from pipeline.core.errors import DataError, LeakError
from pipeline.core.estimators import LinearAttendance
from pipeline.core.evaluate import evaluate
from pipeline.core.splits import Split

STATIONS = {
    "Acton": (519_679, 180_078),
    "Ealing": (516_500, 180_500),
    "Soho": (529_900, 180_900),
    "Euston": (529_700, 182_700),
}


def make_rows(count=6_000, seed=4):
    """Rows in order of call; travel grows with distance, slows by day but on Sundays, and in the east, and strays by a fifth."""
    generator = np.random.default_rng(seed)
    names = generator.choice(list(STATIONS), count)
    home = np.array([STATIONS[name] for name in names], dtype=float)
    offset = generator.normal(0, 1_400, (count, 2))
    distance = np.hypot(*offset.T) / 1000
    hour = generator.integers(0, 24, count)
    weekday = np.random.default_rng(seed + 1).integers(0, 7, count)
    X = pd.DataFrame(
        {
            "distance_km": distance, "station_name": names, "hour": hour, "weekday": weekday, "pump_order": 1,
            "incident_easting_m": home[:, 0] + offset[:, 0],
            "incident_northing_m": home[:, 1] + offset[:, 1], "station_easting_m": home[:, 0], "station_northing_m": home[:, 1],
        }
    ).astype({"station_name": "str"})  # fmt: skip
    pace = 1 + 0.25 * ((hour > 8) & (hour < 18) & (weekday < 6)) + 0.2 * (home[:, 0] > 525_000)
    y = (70 + 180 * np.sqrt(distance) * pace) * np.exp(generator.normal(0, 0.2, count))
    return X, np.clip(y, 0, 1200)


@pytest.fixture(scope="module")
def split():
    X, y = make_rows()
    return X.iloc[:4_500].reset_index(drop=True), y[:4_500], X.iloc[4_500:].reset_index(drop=True), y[4_500:]


@pytest.fixture(scope="module")
def fitted(split):
    return BoostedAttendance().fit(split[0], split[1])


def mae(predicted, actual):
    return np.abs(predicted - actual).mean()


def test_it_beats_the_linear_model_and_the_distance_law_on_rows_it_never_saw(fitted, split):
    X, y, later, actual = split
    for other in (LinearAttendance, KolesarDistanceLaw, MeanBaseline):
        assert mae(fitted.predict(later), actual) < mae(other().fit(X, y).predict(later), actual) - 3


def test_a_shuffled_target_teaches_nothing(split):
    X, y, later, actual = split
    shuffled = np.random.default_rng(0).permutation(y)
    fooled = BoostedAttendance().fit(X, shuffled)
    constant = np.full(len(actual), np.median(shuffled))
    assert mae(fooled.predict(later), actual) > mae(constant, actual) - 1


def test_no_input_is_an_outcome():
    class Cheat(BoostedAttendance):
        inputs = (*BoostedAttendance.inputs, "turnout_seconds")

    with pytest.raises(LeakError):
        Cheat().fit(*make_rows(200))


def test_columns_it_does_not_declare_never_reach_it(split):
    X, y, later, _ = split
    leaking = X.assign(attendance_seconds=y, stop_code_description="AFA")
    assert (
        BoostedAttendance().fit(leaking, y).predict(later).tolist()
        == BoostedAttendance().fit(X, y).predict(later).tolist()
    )


def test_longer_trips_never_take_less_time(fitted):
    kilometres = np.linspace(0.05, 8, 200)
    asked = question(distance_km=kilometres)
    assert (np.diff(fitted.predict(asked)) >= -1e-9).all()


def question(**given):
    """Rows of which only station and distance are known, but for what is given."""
    count = max(len(np.atleast_1d(value)) for value in given.values())
    nothing = {
        "distance_km": 2.0, "station_name": "Soho", "hour": np.nan, "weekday": np.nan, "pump_order": np.nan,
        "incident_easting_m": np.nan, "incident_northing_m": np.nan,
        "station_easting_m": 529_900.0, "station_northing_m": 180_900.0,
    }  # fmt: skip
    frame = pd.DataFrame({name: np.resize(given.get(name, value), count) for name, value in nothing.items()})
    return frame.astype({"station_name": "str"})


def test_station_and_distance_suffice(fitted):
    seconds = fitted.predict(question(distance_km=[2.0]))
    assert 200 < seconds[0] < 500


def test_a_missing_hour_is_the_average_over_the_day(fitted):
    by_hour = fitted.predict(question(hour=np.arange(24.0), weekday=2))
    assert fitted.predict(question(weekday=[2]))[0] == pytest.approx(by_hour @ fitted.hour_shares_)


def test_a_missing_day_is_the_average_over_the_week(fitted):
    by_day = fitted.predict(question(weekday=np.arange(7.0), hour=14))
    assert fitted.predict(question(hour=[14]))[0] == pytest.approx(by_day @ fitted.weekday_shares_)
    assert by_day[6] < by_day[:6].min() - 10


def by_trees(estimator, kind, rows):
    """What the trees themselves say, asked for every hour and day that a row leaves open."""
    hours, days = np.arange(24.0), np.arange(7.0)
    found = []
    for place in range(len(rows)):
        asked = {name: column[0] for name, column in estimator._columns(rows.iloc[[place]]).items()}
        at = hours if np.isnan(asked["hour"]) else asked["hour"]
        on = days if np.isnan(asked["weekday"]) else asked["weekday"]
        at_all, on_all = (values.ravel() for values in np.meshgrid(at, on))
        spread = {name: np.resize(value, at_all.size) for name, value in asked.items()}
        seconds = estimator.trees_[kind].predict({**spread, "hour": at_all, "weekday": on_all})
        of_hour = estimator.hour_shares_ if np.size(at) > 1 else np.ones(1)
        of_day = estimator.weekday_shares_ if np.size(on) > 1 else np.ones(1)
        found.append(of_day @ seconds.reshape(np.size(on), np.size(at)) @ of_hour)
    return np.ravel(found)


@pytest.mark.parametrize("kind", ["placed", "blind"])
def test_looking_it_up_gives_what_the_trees_give(fitted, split, kind):
    asked = split[2].head(120).astype({"hour": "float64", "weekday": "float64"})
    if kind == "blind":
        asked = asked.assign(incident_easting_m=np.nan, incident_northing_m=np.nan)
    asked.loc[asked.index[::2], "hour"] = np.nan
    asked.loc[asked.index[::3], "weekday"] = np.nan
    asked.loc[asked.index[::5], "station_name"] = "Nowhere"
    asked.loc[asked.index[::7], "pump_order"] = 2
    assert fitted.predict(asked) == pytest.approx(by_trees(fitted, kind, asked), abs=1e-9)


@pytest.mark.parametrize("side", [-1, 1])
def test_looking_it_up_is_exact_at_every_step(fitted, side):
    cuts = fitted.timetable_.cuts
    assert len(cuts) > 20
    asked = question(distance_km=np.nextafter(cuts, side * np.inf), hour=8, weekday=4)
    assert fitted.predict(asked) == pytest.approx(by_trees(fitted, "blind", asked), abs=1e-9)


def test_asking_for_every_pump_order_fills_no_memory(fitted):
    asked = question(pump_order=np.arange(1.0, 31.0))
    before = len(fitted.timetable_.rows)
    assert fitted.predict(asked) == pytest.approx(by_trees(fitted, "blind", asked), abs=1e-9)
    assert len(fitted.timetable_.rows) - before <= len(fitted.timetable_.orders) < 10


def test_a_forecast_of_before_the_day_was_asked_about_still_answers(split):
    class Older(BoostedAttendance):
        place_columns = tuple(name for name in PLACE_COLUMNS if name != "weekday")
        blind_columns = tuple(name for name in BLIND_COLUMNS if name != "weekday")

    older = Older().fit(split[0], split[1])
    stored = older.as_dict()
    del stored["weekday_shares"]
    back = BoostedAttendance.from_dict(json.loads(json.dumps(stored)))
    for rows in (split[2], question(weekday=np.arange(7.0))):
        assert back.predict(rows).tolist() == older.predict(rows).tolist()
    assert np.ptp(back.predict(question(weekday=np.arange(7.0)))) < 1e-9


def test_a_station_never_seen_still_gets_an_answer(fitted):
    assert np.isfinite(fitted.predict(question(station_name=["Biggin Hill"]))).all()


def test_intervals_hold_on_rows_it_never_saw(fitted, split):
    _, _, later, actual = split
    for low, high, share in ((0.05, 0.95, 0.90), (0.1, 0.9, 0.80)):
        inside = (actual >= fitted.predict_quantile(later, low)) & (actual <= fitted.predict_quantile(later, high))
        assert inside.mean() == pytest.approx(share, abs=0.03)


def test_chances_hold_on_rows_it_never_saw(fitted, split):
    _, _, later, actual = split
    assert fitted.predict_within(later, 360).mean() == pytest.approx((actual <= 360).mean(), abs=0.03)


def test_contributions_add_up_to_the_prediction(fitted, split):
    kilometres = np.linspace(0.1, 6, 20)
    for rows in (split[2].iloc[:40], question(distance_km=kilometres), question(distance_km=kilometres, weekday=6)):
        parts = fitted.explain(rows)
        assert sum(parts.values()) == pytest.approx(fitted.predict(rows), abs=1e-6)


def test_farther_away_is_explained_by_distance(fitted):
    parts = fitted.explain(question(distance_km=[0.3, 5.0]))
    assert parts["distance"][0] < 0 < parts["distance"][1]


def test_the_day_is_explained_by_what_it_adds_to_the_average_day(fitted):
    asked = question(weekday=[*range(7), np.nan], hour=14)
    added = fitted.explain(asked)["weekday"]
    assert added == pytest.approx(fitted.predict(asked) - fitted.predict(asked)[-1])
    assert added[-1] == 0


def test_two_trainings_give_the_same_text(split, fitted):
    again = BoostedAttendance().fit(split[0], split[1])
    assert json.dumps(again.as_dict(), sort_keys=True) == json.dumps(fitted.as_dict(), sort_keys=True)


def test_a_stored_forecast_answers_as_before(fitted, split):
    back = BoostedAttendance.from_dict(json.loads(json.dumps(fitted.as_dict())))
    assert back.predict(split[2]).tolist() == fitted.predict(split[2]).tolist()
    assert back.predict_within(split[2], 360).tolist() == fitted.predict_within(split[2], 360).tolist()


@pytest.mark.parametrize("count", [0, 20])
def test_too_few_rows_are_refused(count):
    X, y = make_rows(200)
    with pytest.raises(DataError):
        BoostedAttendance().fit(X.iloc[:count], y[:count])


def test_a_row_without_a_time_is_refused():
    X, y = make_rows(200)
    y[3] = np.nan
    with pytest.raises(DataError, match="1 of them"):
        BoostedAttendance().fit(X, y)


def test_what_moves_its_answers_overall_is_the_mean_size_of_each_part(fitted, split):
    X, y, later, actual = split
    start = pd.Timestamp("2023-01-01")

    def frame(rows, seconds, first):
        moments = first + pd.to_timedelta(np.arange(len(rows)), unit="min")
        numbers = pd.Series([f"{first:%m}-{place}" for place in range(len(rows))], dtype="str")
        return rows.assign(
            incident_number=numbers, called_at=moments, borough_name="Ealing", attendance_seconds=seconds
        ).astype({"borough_name": "str"})

    rows = Split(frame(X, y, start), frame(later, actual, start + pd.Timedelta(days=31)))
    parts = fitted.explain(later)

    influence = evaluate(fitted, [], rows).influence

    assert influence == {
        group: pytest.approx(np.abs(parts[group]).mean())
        for group in ("distance", "hour", "weekday", "station", "place")
    }
    assert next(iter(influence)) == "distance"
    assert evaluate(LinearAttendance().fit(X, y), [], rows).influence == {}
