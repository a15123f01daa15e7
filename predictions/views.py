"""The prediction page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline import registry
from pipeline.core.errors import PipelineError
from pipeline.models import ModelVersion
from predictions.actions.predict_attendance import predict_trip
from predictions.forms import PredictionForm
from predictions.questions import make_trip
from predictions.station_book import known_stations


@require_safe
def prediction_page(request: HttpRequest) -> HttpResponse:
    """The form; with `?station=…&distance=…` also the answer, so that an address can be shared."""
    asked = "station" in request.GET or "distance" in request.GET
    form = PredictionForm(request.GET if asked else None)
    open_stations = [station.name for station in known_stations().values() if station.closed is None]
    context = {"form": form, "stations": open_stations, "version": _version()}
    status = 200
    if asked and form.is_valid():
        try:
            trip = make_trip(form.cleaned_data["station"], form.cleaned_data["distance"])
            context["answer"] = predict_trip(trip, explain=True)
        except PipelineError as error:
            context["error"], status = error, error.http_status
    elif asked:
        status = 400
    return render(request, "predictions/prediction_page.html", context, status=status)


def _version() -> ModelVersion | None:
    try:
        return registry.serving().version
    except PipelineError:
        return None
