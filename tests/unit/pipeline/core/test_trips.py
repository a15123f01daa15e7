"""What the trees read of a trip, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.core.trips import question_columns

NAN = np.array([math.nan])


def ask(**given):
    row = {
        "distance_km": np.array([5.0]), "station_name": ["Acton"], "hour": NAN, "weekday": NAN, "pump_order": NAN,
        "station_easting_m": np.array([520_000.0]), "station_northing_m": np.array([180_000.0]),
        "incident_easting_m": NAN, "incident_northing_m": NAN,
    }  # fmt: skip
    return {name: float(column[0]) for name, column in question_columns(row | given, ("Acton", "Soho")).items()}


def test_the_place_is_seen_from_the_grid_its_diagonals_and_the_station():
    found = ask(incident_easting_m=np.array([523_000.0]), incident_northing_m=np.array([184_000.0]))

    assert (found["east_km"], found["north_km"]) == (3.0, 4.0)
    assert found["direction"] == pytest.approx(math.atan(4 / 3))
    assert found["along_northeast_m"] == pytest.approx(707_000 / math.sqrt(2))
    assert found["along_southeast_m"] == pytest.approx(339_000 / math.sqrt(2))


def test_what_is_not_given_stays_missing_but_for_the_first_engine():
    found = ask()

    assert (found["pump_order"], found["station"]) == (1.0, 0.0)
    assert all(math.isnan(found[name]) for name in ("hour", "weekday", "direction", "along_northeast_m", "east_km"))
    assert math.isnan(ask(station_name=["Nowhere"])["station"])
