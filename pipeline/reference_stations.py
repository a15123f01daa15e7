"""Loads the station facts that ship with the project into the table; rows that are there are never touched."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from pipeline.models import Station

REFERENCE_FILE = Path(__file__).resolve().parent / "reference" / "stations.csv"


def read_reference() -> list[Station]:
    """The shipped stations, not saved."""
    with REFERENCE_FILE.open(encoding="utf-8", newline="") as stream:
        return [
            Station(
                code=row["station_code"],
                name=row["station_name"],
                kind=row["kind"],
                borough_name=row["borough_name"],
                address=row["address"],
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                easting_m=float(row["easting_m"]),
                northing_m=float(row["northing_m"]),
                opened=int(row["opened"]) if row["opened"] else None,
                closed=row["closed"] or None,
            )
            for row in csv.DictReader(stream)
        ]


def load_missing_stations(**kwargs: Any) -> int:
    """Add the shipped stations where the table is empty, as after the first migrate. Returns how many were added.

    A table with rows is left alone: a station that an administrator renamed or removed does not come back.
    """
    using = kwargs.get("using", "default")
    if Station.objects.using(using).exists():
        return 0
    return len(Station.objects.using(using).bulk_create(read_reference()))
