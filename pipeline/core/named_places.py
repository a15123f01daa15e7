"""Where wards and postcode districts lie, as far as the incidents in them tell.

Ward boundaries were redrawn in 2014, 2018 and 2022; the middle of the incidents follows whichever the file uses.
"""

from __future__ import annotations

from typing import TypedDict

import pandas as pd

from pipeline.core import geo
from pipeline.core.boroughs import canonical_boroughs
from pipeline.core.wording import readable_name

INCIDENT_NAMES = (
    "borough_name", "proper_case", "ward_name", "ward_name_new", "postcode_district",
    "easting_m", "northing_m", "easting_rounded_m", "northing_rounded_m",
)  # fmt: skip
MIN_INCIDENTS = 5  # fewer say little of a middle, and nothing is told of fewer than five calls


class NamedPlace(TypedDict):
    """`kind` is "ward" or "postcode"; `borough` is empty for a postcode district; degrees in WGS84."""

    kind: str
    name: str
    borough: str
    latitude: float
    longitude: float


def named_places(incidents: pd.DataFrame) -> list[NamedPlace]:
    """The wards and postcode districts of validated incidents, each at the median place of its incidents, by name.

    Wants INCIDENT_NAMES. What has fewer than MIN_INCIDENTS incidents with a place inside London is left out.
    """
    located = pd.DataFrame(
        {
            "easting": incidents["easting_m"].fillna(incidents["easting_rounded_m"]).astype("float64"),
            "northing": incidents["northing_m"].fillna(incidents["northing_rounded_m"]).astype("float64"),
            "borough": canonical_boroughs(incidents["proper_case"]).fillna(
                canonical_boroughs(incidents["borough_name"])
            ),
            "ward": incidents["ward_name_new"].fillna(incidents["ward_name"]),
            "postcode": incidents["postcode_district"].str.strip().str.upper(),
        }
    )
    located = located[geo.inside_london(located["easting"], located["northing"])]
    spelling = {name: readable_name(name) for name in located["ward"].dropna().unique()}
    wards = _middles(located.assign(name=located["ward"].map(spelling)), "ward")
    return wards + _middles(located.assign(name=located["postcode"], borough=""), "postcode")


def _middles(located: pd.DataFrame, kind: str) -> list[NamedPlace]:
    groups = located.dropna(subset=["name", "borough"]).groupby(["name", "borough"], sort=True)
    middles = groups[["easting", "northing"]].median()[groups.size() >= MIN_INCIDENTS]
    latitudes, longitudes = geo.to_wgs84(middles["easting"], middles["northing"])
    return [
        NamedPlace(kind=kind, name=name, borough=borough, latitude=round(latitude, 5), longitude=round(longitude, 5))
        for (name, borough), latitude, longitude in zip(
            middles.index, latitudes.tolist(), longitudes.tolist(), strict=True
        )
    ]
