"""The prediction page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline import registry
from pipeline.core.errors import PipelineError
from pipeline.core.response_groups import WEEKDAYS
from pipeline.models import ModelVersion
from predictions.actions.predict_attendance import predict_trip
from predictions.drawings import draw_reasons, draw_span
from predictions.forms import PredictionForm
from predictions.place_names import likely_places, offered_names
from predictions.prospects import measured_borough, nearest_stations, past_errors, rank_stations
from predictions.questions import Trip, make_trip
from predictions.station_book import known_stations, likely_stations


@require_safe
def prediction_page(request: HttpRequest) -> HttpResponse:
    """The form; with a question in the address also the answer, so that an address can be shared."""
    asked = any(request.GET.get(name) for name in ("station", "distance", "place"))
    form = PredictionForm(request.GET if asked else None)
    open_stations = [station for station in known_stations().values() if station.closed is None]
    context: dict[str, Any] = {
        "form": form, "stations": open_stations, "places": offered_names(), "version": _version(),
        "on_map": [[station.name, station.latitude, station.longitude] for station in open_stations],
        "tiles": {"url": settings.LFB_MAP_TILES_URL, "attribution": settings.LFB_MAP_TILES_ATTRIBUTION},
    }  # fmt: skip
    status = 200
    if asked and form.is_valid():
        try:
            context |= _answer(form.cleaned_data)
        except PipelineError as error:
            context["error"], status = error, error.http_status
    elif asked:
        context["likely"], status = _likely(form), 400
    return render(request, "predictions/prediction_page.html", context, status=status)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    trip = _trip(asked)
    answer = predict_trip(trip, explain=True)
    return {
        "answer": answer,
        "ranked": rank_stations(trip),
        "past": past_errors(answer.version, trip),
        "borough": measured_borough(trip),
        "reasons": draw_reasons(answer.contributions),
        "span": draw_span(answer.seconds, answer.intervals["80"], tuple(answer.chances)),
    }


def _likely(form: PredictionForm) -> list[tuple[str, str]]:
    """Names to choose instead of those that were not understood, each with its field."""
    offers = {"place": likely_places, "station": likely_stations}
    return [
        (field, name)
        for field, names in offers.items()
        if field in form.errors and form[field].data
        for name in names(form[field].data)
    ]


def _trip(asked: dict[str, Any]) -> Trip:
    place, station = asked["place"], asked["station"]
    if place is not None and not station:
        station = nearest_stations(place, 1)[0][0].name
    trip = make_trip(station, None if place else asked["distance"], place=place, pump_order=int(asked["pump"] or 1))
    hour = int(asked["hour"]) if asked["hour"] else None
    weekday = WEEKDAYS.index(asked["weekday"]) if asked["weekday"] else None
    return replace(trip, hour=hour, weekday=weekday)


def _version() -> ModelVersion | None:
    try:
        return registry.serving().version
    except PipelineError:
        return None
