"""Wards and postcode districts, placed by the incidents in them."""

import pandas as pd
import pytest

from pipeline.core.named_places import MIN_INCIDENTS, named_places

ROW = {
    "borough_name": "EALING", "proper_case": "Ealing", "ward_name": "SOUTH ACTON", "ward_name_new": "SOUTH ACTON",
    "postcode_district": "W3", "easting_m": 520_000.0, "northing_m": 180_000.0,
    "easting_rounded_m": 520_050.0, "northing_rounded_m": 180_050.0,
}  # fmt: skip


def incidents(*rows: dict) -> pd.DataFrame:
    texts = dict.fromkeys(("borough_name", "proper_case", "ward_name", "ward_name_new", "postcode_district"), "str")
    return pd.DataFrame([ROW | row for row in rows]).astype(texts)


def test_a_ward_and_a_postcode_lie_where_half_of_their_incidents_lie_on_each_side():
    eastings = (519_000.0, 520_000.0, 520_000.0, 520_500.0, 560_000.0)
    ward, postcode = named_places(incidents(*({"easting_m": easting} for easting in eastings)))
    assert (ward["kind"], ward["name"], ward["borough"]) == ("ward", "South Acton", "Ealing")
    assert (postcode["kind"], postcode["name"], postcode["borough"]) == ("postcode", "W3", "")
    for place in (ward, postcode):
        assert place["latitude"] == pytest.approx(51.506, abs=0.001)
        assert place["longitude"] == pytest.approx(-0.272, abs=0.001)


def test_editions_that_write_a_name_in_capitals_or_not_count_together():
    rows = [{"ward_name_new": "South Acton"}, {"ward_name_new": None}, *[{}] * (MIN_INCIDENTS - 2)]
    assert [place["name"] for place in named_places(incidents(*rows))] == ["South Acton", "W3"]


def test_a_rounded_place_stands_in_for_a_dwellings():
    rows = [{"easting_m": None, "northing_m": None}] * MIN_INCIDENTS
    assert named_places(incidents(*rows))[0]["longitude"] == pytest.approx(-0.2711, abs=0.001)


def test_few_incidents_name_no_place():
    assert named_places(incidents(*[{}] * (MIN_INCIDENTS - 1))) == []


def test_what_lies_outside_london_or_nowhere_is_left_out():
    nowhere = dict.fromkeys(("easting_m", "northing_m", "easting_rounded_m", "northing_rounded_m"))
    rows = [{"easting_m": 0.0, "northing_m": 0.0}, nowhere, *[{}] * (MIN_INCIDENTS - 1)]
    assert named_places(incidents(*rows)) == []
