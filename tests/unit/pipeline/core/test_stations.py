"""Station names and the shipped list of stations."""

import numpy as np
import pandas as pd
import pytest

from pipeline.core.boroughs import BOROUGH_CODES, INNER_BOROUGHS, canonical_borough
from pipeline.core.geo import to_grid
from pipeline.core.stations import match_stations, nearest_names, normalise_station_name

KNOWN = ["Acton", "Old Kent Road", "Lambeth River", "West Norwood", "East Ham"]


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("acton", "Acton"), ("  OLD   KENT ROAD ", "Old Kent Road"), ("Old-Kent-Road", "Old Kent Road"), ("Acton Fire Station", "Acton"),
        ("River Lambeth", "Lambeth River"), ("West Norwood.", "West Norwood"),
    ],
)  # fmt: skip
def test_names_match_whatever_their_dress(written, known):
    assert match_stations(pd.Series([written], dtype="str"), KNOWN).tolist() == [known]


def test_unknown_and_missing_names_match_none():
    assert match_stations(pd.Series(["Surrey", None, ""], dtype="str"), KNOWN).isna().all()


def test_no_names_give_no_names():
    assert match_stations(pd.Series([], dtype="str"), KNOWN).empty


@pytest.mark.parametrize(
    ("written", "best"),
    [("Actn", "Acton"), ("old kent", "Old Kent Road"), ("norwood", "West Norwood"), ("Estham", "East Ham")],
)
def test_misspelt_names_find_their_neighbours(written, best):
    assert nearest_names(written, KNOWN)[0] == best


def test_nonsense_finds_nobody():
    assert nearest_names("qqqq", KNOWN) == []


def test_the_shipped_list_is_complete(stations):
    is_open = stations["closed"].isna()
    assert (is_open.sum(), (~is_open).sum()) == (103, 10)
    assert (stations["kind"] == "river").sum() == 1
    assert set(stations.loc[~is_open, "closed"].dt.date.astype(str)) == {"2014-01-09"}
    assert stations["station_name"].is_unique
    assert stations["station_code"].dropna().is_unique
    assert stations["station_name"].map(normalise_station_name).is_unique
    assert set(stations.loc[is_open, "borough_name"]) == set(BOROUGH_CODES)


def test_the_shipped_places_agree_in_both_grids(stations):
    easting, northing = to_grid(stations["latitude"], stations["longitude"])
    assert np.hypot(easting - stations["easting_m"], northing - stations["northing_m"]).max() < 5


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("HAMMERSMITH AND FULHAM", "Hammersmith and Fulham"),
        ("Hammersmith And fulham", "Hammersmith and Fulham"),
        ("Kingston", "Kingston upon Thames"),
        ("Kensington & Chelsea", "Kensington and Chelsea"),
        ("NOT GEO-CODED", None),
    ],
)
def test_borough_names_are_brought_together(written, name):
    assert canonical_borough(written) == name


def test_there_are_33_boroughs_13_of_them_inner():
    assert (len(BOROUGH_CODES), len(INNER_BOROUGHS)) == (33, 13)
    assert BOROUGH_CODES["Westminster"] == "E09000033"
    assert set(BOROUGH_CODES) > INNER_BOROUGHS
