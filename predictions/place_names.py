"""Places by the names that people use: boroughs, wards, fire stations, postcodes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline import response_times
from pipeline.core.boroughs import canonical_borough
from pipeline.core.errors import ParameterError, PipelineError
from pipeline.core.stations import nearest_names, normalise_station_name
from pipeline.core.wording import plain_name
from pipeline.remembered import Remembered
from predictions.borough_map import borough_names, middle_of
from predictions.places import Place, find_place
from predictions.station_book import known_stations

POSTCODE = re.compile(r"^\s*([A-Z]{1,2}[0-9][0-9A-Z]?)(?:\s*[0-9][A-Z]{2})?\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Named:
    """A place in degrees, the name it is offered by, and how an answer says what was understood."""

    name: str
    latitude: float
    longitude: float
    described: str

    def place(self) -> Place:
        found = find_place(latitude=self.latitude, longitude=self.longitude)
        assert found is not None  # noqa: S101 - it is None only where nothing was given
        return found


@dataclass(frozen=True)
class Gazetteer:
    """Every name that stands for a place: boroughs by their own, wards by `plain_name` (several boroughs may share one),
    postcode districts in capitals, stations by `normalise_station_name`."""

    boroughs: dict[str, Named]
    wards: dict[str, list[Named]]
    postcodes: dict[str, Named]
    stations: dict[str, Named]

    def offered(self) -> list[str]:
        """The names in the order in which they are worth offering."""
        wards = sorted({ward.name for found in self.wards.values() for ward in found})
        return [
            *(borough.name for borough in self.boroughs.values()),
            *(station.name for station in self.stations.values()),
            *wards,
            *(postcode.name for postcode in self.postcodes.values()),
        ]

    def find(self, text: str) -> Named | None:
        """What `text` names; where names coincide a borough comes before a ward, and both before a station.

        None where nothing is named so. Raises ParameterError for a ward's name that several boroughs share.
        """
        borough = canonical_borough(text)
        if borough is not None:
            return self.boroughs[borough]
        wards = self.wards.get(plain_name(text), [])
        if len(wards) > 1:
            raise ParameterError(
                f"There are {len(wards)} wards of the name {text.strip()!r}.",
                hint=f"Did you mean {' or '.join(self.likely(text))}?",
                fields={"place": "ambiguous"},
            )
        if wards:
            return wards[0]
        postcode = POSTCODE.match(text)
        if postcode:
            return self.postcodes.get(postcode[1].upper())
        return self.stations.get(normalise_station_name(text))

    def likely(self, text: str) -> list[str]:
        """The wards that share the name, else the offered names most like `text`, best first; postcodes are too short
        to be like anything."""
        shared = self.wards.get(plain_name(text), [])
        if len(shared) > 1:
            return [ward.name for ward in shared]
        return nearest_names(text, [name for name in self.offered() if name not in self.postcodes])


def find_named_place(text: str) -> Named:
    """The place that `text` names. Raises ParameterError, with the names most like it."""
    found = remembered.get().find(text)
    if found is not None:
        return found
    likely = " or ".join(remembered.get().likely(text))
    hint = (
        "Give a borough, ward, station or postcode, a grid reference such as TQ 20 80, "
        "or latitude and longitude such as 51.52, -0.24."
    )
    raise ParameterError(
        f"No place {text!r} is known.",
        hint=f"Did you mean {likely}? {hint}" if likely else hint,
        fields={"place": "unknown"},
    )


def likely_places(text: str) -> list[str]:
    return remembered.get().likely(text)


def offered_names() -> list[str]:
    return remembered.get().offered()


def _load(kept: Gazetteer | None) -> Gazetteer:
    boroughs = {name: Named(name, *middle_of(name), f"the middle of {name}") for name in borough_names()}
    wards: dict[str, list[Named]] = {}
    postcodes: dict[str, Named] = {}
    for place in _of_incidents():
        name, borough, at = place["name"], place["borough"], (place["latitude"], place["longitude"])
        if place["kind"] == "ward":
            ward = Named(f"{name}, {borough}", *at, f"{name} ward in {borough}, the middle of its incidents")
            for written in (name, ward.name):
                wards.setdefault(plain_name(written), []).append(ward)
        else:
            postcodes[name] = Named(name, *at, f"postcode district {name}, the middle of its incidents")
    stations = {
        key: Named(f"{station.name} fire station", station.latitude, station.longitude, f"{station.name} fire station")
        for key, station in known_stations().items()
        if station.closed is None
    }
    return Gazetteer(boroughs, wards, postcodes, stations)


def _of_incidents() -> list[dict[str, object]]:
    """Wards and postcodes as the processed incidents tell them; none before the features are first built."""
    try:
        return list(response_times.book().facts.get("places", []))
    except PipelineError:
        return []


remembered: Remembered[Gazetteer] = Remembered(_load)
