"""The form: a station and a distance."""

from __future__ import annotations

from typing import Any

from django import forms

from pipeline.core.distance import MAX_TRIP_KM, check_distance
from pipeline.core.errors import PipelineError
from predictions.station_book import find_station


class PredictionForm(forms.Form):
    station = forms.CharField(
        max_length=60,
        label="Departing station",
        help_text="Start typing, such as Acton.",
        widget=forms.TextInput(attrs={"list": "stations", "autocomplete": "off", "autofocus": True}),
    )
    distance = forms.FloatField(
        label="Distance, km",
        help_text=f"Straight line from station to incident, 0 to {MAX_TRIP_KM:g} km.",
        widget=forms.NumberInput(attrs={"step": "0.1", "min": "0", "max": f"{MAX_TRIP_KM:g}", "inputmode": "decimal"}),
    )

    def clean_station(self) -> str:
        return self._explained("station", lambda name: find_station(name).name)

    def clean_distance(self) -> float:
        return self._explained("distance", check_distance)

    def _explained(self, name: str, check: Any) -> Any:
        try:
            return check(self.cleaned_data[name])
        except PipelineError as error:
            raise forms.ValidationError(f"{error.message} {error.hint}") from error
