"""The filters of the response times page."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from pipeline.core.response_groups import ALL_YEARS, PUMPS
from pipeline.response_times import GROUPINGS, SORTABLE, Book, measure_names


class ResponseTimesForm(forms.Form):
    """What a page of response times shows; a filter that is not given takes its usual value."""

    pump = forms.ChoiceField(label="Pump", choices=[("first", "First"), ("second", "Second")])
    year = forms.ChoiceField(label="Period")
    borough = forms.ChoiceField(label="Borough", required=False)
    by = forms.ChoiceField(label="Table by")
    measure = forms.ChoiceField(label="Measure")
    sort = forms.ChoiceField(
        required=False,
        widget=forms.HiddenInput,
        choices=[("", ""), *((sign + name, name) for name in SORTABLE for sign in ("", "-"))],
    )
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000, widget=forms.HiddenInput)

    def __init__(self, data: Any, book: Book) -> None:
        usual = {"pump": "first", "year": str(book.usual_year or "all"), "by": "borough", "measure": "mean"}
        given = {name: data[name] for name in self.base_fields if name in data}
        super().__init__(usual | given, auto_id="%s")
        self._offer("year", [("all", "All years"), *((str(year), str(year)) for year in reversed(book.years))])
        self._offer("borough", [("", "All London"), *((name, name) for name in book.boroughs)])
        self._offer("by", [choice for choice in GROUPINGS.items() if choice[0] != "delay_reason" or book.has_delays])
        pump = given.get("pump")
        asked = book.standard(pump if pump in PUMPS else "first")
        self._offer("measure", list(measure_names(asked).items()))
        for field in self.fields.values():
            field.error_messages["invalid_choice"] = "There is no “%(value)s” here: choose from the list."

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices

    def allowed(self, name: str) -> list[str]:
        """What a choice can be; empty for what is no choice."""
        return [str(value) for value, _ in getattr(self.fields[name], "choices", []) if value]

    def clean_year(self) -> int:
        year = self.cleaned_data["year"]
        return ALL_YEARS if year == "all" else int(year)

    def clean_page(self) -> int:
        return self.cleaned_data["page"] or 1
