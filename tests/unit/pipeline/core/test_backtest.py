"""Folds never see the last period, nor what they are judged on."""

import datetime as dt
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from pipeline.core.backtest import make_fold, pool, possible_folds
from pipeline.core.errors import DataError, ParameterError
from pipeline.core.splits import split_by_time

STATIONS = ["Acton", "Ealing", "Euston", "Soho"]


@pytest.fixture(scope="module")
def features():
    days = pd.date_range("2023-01-01", "2023-12-31", freq="D").repeat(8)
    return pd.DataFrame(
        {
            "incident_number": [f"{number:06d}" for number in range(len(days))],
            "called_at": days,
            "station_name": pd.Series(np.tile(STATIONS, len(days) // 4), dtype="str"),
        }
    )


@pytest.mark.parametrize("way", ["period", "station"])
def test_the_last_period_stays_closed(features, way):
    closed = set(split_by_time(features).holdout["incident_number"])
    for fold in (1, 2, 3, 4):
        split = make_fold(features, way, 4, fold)
        assert not closed & {*split.train["incident_number"], *split.holdout["incident_number"]}


def test_each_fold_learns_from_the_days_before_those_it_is_judged_on(features):
    folds = [make_fold(features, "period", 4, fold) for fold in (1, 2, 3, 4)]
    assert all(fold.train_period[1] < fold.holdout_period[0] for fold in folds)
    assert all(
        later.holdout_period[0] == earlier.holdout_period[1] + dt.timedelta(days=1)
        for earlier, later in pairwise(folds)
    )
    assert folds[-1].holdout_period[1] == split_by_time(features).train_period[1]


def test_each_station_is_left_out_once_and_judged_on_later_days(features):
    folds = [make_fold(features, "station", 4, fold) for fold in (1, 2, 3, 4)]
    judged = [set(fold.holdout["station_name"]) for fold in folds]
    assert sorted(name for names in judged for name in names) == STATIONS
    for fold, names in zip(folds, judged, strict=True):
        assert not names & set(fold.train["station_name"])
        assert fold.train_period[1] < fold.holdout_period[0]


def test_more_folds_than_stations_and_folds_that_there_are_not_are_refused(features):
    with pytest.raises(ParameterError, match="5 folds are more than the 4 stations"):
        make_fold(features, "station", 5, 1)
    for fold in (0, 5):
        with pytest.raises(ParameterError, match=f"no fold {fold} of 4"):
            make_fold(features, "period", 4, fold)


def test_folds_with_too_few_rows_are_left_out_and_none_at_all_is_refused(features):
    few = features[features["called_at"] >= "2023-11-20"].reset_index(drop=True)
    assert possible_folds(few, "period", 2) == [1, 2]
    assert possible_folds(features.assign(called_at=features["called_at"]), "period", 4) == [1, 2, 3, 4]
    with pytest.raises(DataError, match="No fold of 30"):
        possible_folds(few, "period", 30)


def test_figures_of_folds_add_up_by_their_rows():
    def fold(n, mae, held):
        figures = {
            "name": "boosted",
            "title": "Boosted",
            "n": n,
            "mae": mae,
            "coverage_80": held,
            "coverage_90": held,
            "width_90": 200.0,
        }
        return {"models": [figures]}  # fmt: skip

    (found,) = pool([fold(100, 60.0, 0.9), fold(300, 80.0, 0.8)])
    assert (found["n"], found["mae"], found["width_90"]) == (400, 75.0, 200.0)
    assert found["coverage_90"] == pytest.approx(0.825)
