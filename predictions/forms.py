"""The form: from where, how far or to which place, and when."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from pipeline.core.distance import MAX_TRIP_KM, check_distance
from pipeline.core.errors import PipelineError
from pipeline.core.response_groups import WEEKDAYS
from predictions.place_names import POSTCODE, Named, find_named_place
from predictions.places import Place, find_place, read_grid_reference
from predictions.station_book import find_station

HOURS = [("", "Any time"), *((str(hour), f"{hour:02}:00–{hour:02}:59") for hour in range(24))]
DAYS = [("", "Any day"), *((day, day) for day in WEEKDAYS)]
PUMPS = [("1", "First"), ("2", "Second")]
TWO_NUMBERS = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\s*$")


class PredictionForm(forms.Form):
    """A station and a distance, a station and a place, or a place alone: then the nearest station sends."""

    place = forms.CharField(
        required=False,
        max_length=80,
        label="Incident at",
        help_text="Click the map, or type a borough, ward, station or postcode, a grid reference (TQ 20 80), "
        "or latitude and longitude.",
        widget=forms.TextInput(attrs={"list": "places", "autocomplete": "off"}),
    )
    station = forms.CharField(
        required=False,
        max_length=60,
        label="Departing station",
        help_text="Left empty, the station nearest to the place.",
        widget=forms.TextInput(attrs={"list": "stations", "autocomplete": "off"}),
    )
    distance = forms.FloatField(
        required=False,
        label="Distance, km",
        help_text=f"Without a place: straight line from the station, 0 to {MAX_TRIP_KM:g} km.",
        widget=forms.NumberInput(attrs={"step": "any", "min": "0", "max": f"{MAX_TRIP_KM:g}", "inputmode": "decimal"}),
    )
    hour = forms.ChoiceField(required=False, choices=HOURS, label="Time of day")
    weekday = forms.ChoiceField(required=False, choices=DAYS, label="Day")
    pump = forms.ChoiceField(required=False, choices=PUMPS, label="Engine")

    understood_place = ""  # which place a name was taken for

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if field.help_text:
                field.widget.attrs["aria-describedby"] = f"id_{name}_helptext"

    @property
    def where(self) -> list[forms.BoundField]:
        return [self[name] for name in ("place", "station", "distance")]

    @property
    def when(self) -> list[forms.BoundField]:
        return [self[name] for name in ("hour", "weekday", "pump")]

    def clean_station(self) -> str:
        name = self.cleaned_data["station"].strip()
        return self._explained(lambda: find_station(name).name) if name else ""

    def clean_distance(self) -> float | None:
        distance = self.cleaned_data["distance"]
        return None if distance is None else self._explained(lambda: check_distance(distance))

    def clean_place(self) -> Place | None:
        text = self.cleaned_data["place"].strip()
        found = self._explained(lambda: read_place(text)) if text else None
        if isinstance(found, Named):
            self.understood_place = found.described
            return found.place()
        return found

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return found
        if not found["place"] and not found["station"]:
            self.add_error("place", "Name a place, or a station and a distance.")
        elif not found["place"] and found["distance"] is None:
            self.add_error("distance", "How far from the station? Or name the place of the incident.")
        return found

    def _explained(self, look_up: Any) -> Any:
        try:
            return look_up()
        except PipelineError as error:
            raise forms.ValidationError(f"{error.message} {error.hint}") from error


def read_place(text: str) -> Place | Named | None:
    """The place that `text` gives: a grid reference, degrees, metres, or a name. Raises ParameterError."""
    # SE11 is a postcode before it is a square of the National Grid.
    reference = None if POSTCODE.match(text) else read_grid_reference(text)
    if reference is not None:
        return reference
    numbers = TWO_NUMBERS.match(text)
    if numbers:
        first, second = float(numbers[1]), float(numbers[2])
        if abs(first) > 90 or abs(second) > 180:
            return find_place(easting_m=first, northing_m=second)
        return find_place(latitude=first, longitude=second)
    return find_named_place(text)
