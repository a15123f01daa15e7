"""Station names as users write them, and places, from the memory of this process."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pipeline.core.errors import UnknownStationError
from pipeline.core.stations import nearest_names, normalise_station_name
from pipeline.models import Station
from pipeline.remembered import Remembered


@dataclass(frozen=True)
class KnownStation:
    """What a prediction asks of a station; degrees in WGS84, metres on the National Grid."""

    name: str
    closed: dt.date | None
    latitude: float
    longitude: float
    easting_m: float
    northing_m: float


def _load(kept: dict[str, KnownStation] | None) -> dict[str, KnownStation]:
    names = ("name", "closed", "latitude", "longitude", "easting_m", "northing_m")
    rows = Station.objects.order_by("name").values_list(*names)
    return {normalise_station_name(name): KnownStation(name, *facts) for name, *facts in rows}


remembered: Remembered[dict[str, KnownStation]] = Remembered(_load)


def known_stations() -> dict[str, KnownStation]:
    """Every station by its normalised name, at most LFB_REFRESH_SECONDS old."""
    return remembered.get()


def find_station(name: str) -> KnownStation:
    """The station meant by `name`. Raises UnknownStationError that names the nearest ones."""
    known = known_stations()
    found = known.get(normalise_station_name(name))
    if found is not None:
        return found
    likely = likely_stations(name)
    raise UnknownStationError(
        f"There is no station {name!r}.",
        hint=f"Did you mean {' or '.join(likely)}?"
        if likely
        else "Stations are named as London Fire Brigade does, such as Acton.",
        fields={"station": "unknown"},
    )


def likely_stations(name: str) -> list[str]:
    """The names of stations most like `name`, best first."""
    return nearest_names(name, [station.name for station in known_stations().values()])
