"""The prediction page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline import registry
from pipeline.core.errors import NoModelError, PipelineError
from pipeline.models import ModelVersion, Station
from predictions.actions.predict_attendance import predict_attendance
from predictions.forms import PredictionForm


@require_safe
def prediction_page(request: HttpRequest) -> HttpResponse:
    """The form; with `?station=…&distance=…` also the answer, so that an address can be shared."""
    asked = "station" in request.GET or "distance" in request.GET
    form = PredictionForm(request.GET if asked else None)
    context = {"form": form, "stations": Station.objects.in_use().values_list("name", flat=True), "version": _version()}
    status = 200
    if asked and form.is_valid():
        try:
            context["answer"] = predict_attendance(form.cleaned_data["distance"], form.cleaned_data["station"])
        except PipelineError as error:
            context["error"], status = error, error.http_status
    elif asked:
        status = 400
    return render(request, "predictions/prediction_page.html", context, status=status)


def _version() -> ModelVersion | None:
    try:
        return registry.current()
    except NoModelError:
        return None
