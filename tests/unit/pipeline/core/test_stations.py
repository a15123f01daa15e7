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
        ("River Lambeth", "Lambeth River"), ("River Stn - Lambeth", "Lambeth River"), ("West Norwood.", "West Norwood"),
        ("ACTON STATION", "Acton"), ("East\u00a0Ham", "East Ham"),
    ],
)  # fmt: skip
def test_names_match_whatever_their_dress(written, known):
    assert match_stations(pd.Series([written], dtype="str"), KNOWN).tolist() == [known]


@pytest.mark.parametrize("written", ["St. John's & Hill", "st johns and hill", "ST JOHN\u2019S AND HILL Fire Station"])
def test_apostrophes_and_ampersands_do_not_part_names(written):
    assert normalise_station_name(written) == "st johns and hill"


def test_matching_keeps_the_index_and_changes_nothing():
    names = pd.Series(["acton", None], index=[7, 3], dtype="str")
    matched = match_stations(names, KNOWN)
    assert matched.index.tolist() == [7, 3]
    assert matched[7] == "Acton"
    assert names[7] == "acton"


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
    assert stations["borough_code"].tolist() == [BOROUGH_CODES[name] for name in stations["borough_name"]]


def test_the_shipped_places_agree_in_both_grids(stations):
    easting, northing = to_grid(stations["latitude"], stations["longitude"])
    assert np.hypot(easting - stations["easting_m"], northing - stations["northing_m"]).max() < 5


# Moved since, or placed by a wrong postcode in the list of 2013; the reference's own page tells of each.
FARTHER_OFF = {
    "Deptford",
    "West Norwood",
    "Mitcham",
    "Hammersmith",
    "Lambeth River",
    "Harold Hill",
    "Lambeth",
    "Croydon",
}


@pytest.mark.real_data
def test_the_shipped_places_agree_with_the_brigades_property_list(real_data, stations):
    listed = pd.read_csv(real_data / "lfb_property_2013.csv", dtype={"Holding_Name": "str"})
    listed["station_name"] = match_stations(listed["Holding_Name"], stations["station_name"])
    both = stations.merge(listed.dropna(subset="station_name"), on="station_name", validate="1:1")
    apart = np.hypot(both["easting_m"] - both["Easting"], both["northing_m"] - both["Northing"])
    assert len(both) == 110
    assert apart.median() < 15
    assert set(both.loc[apart > 50, "station_name"]) == FARTHER_OFF


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["incidents_2023_sample_a.csv.gz", "dwelling_fires_2009_attendance.csv.gz"])
def test_every_station_ground_in_real_files_is_known(real_data, stations, name):
    grounds = pd.read_csv(real_data / name, usecols=["IncidentStationGround"], dtype="str")["IncidentStationGround"]
    matched = match_stations(grounds, stations["station_name"])
    closed = set(stations.loc[stations["closed"].notna(), "station_name"])
    assert matched.notna().all()
    assert len(set(matched) & closed) == (10 if "2009" in name else 0)


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
