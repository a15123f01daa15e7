"""The REST doors of predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from lfb_site.parsers import BatchJSONParser, CSVParser
from pipeline import queues, runs
from pipeline.api.serializers import WaitQuery
from pipeline.api.viewsets import ANSWERS, STARTED, started
from pipeline.core.errors import MissingInputError
from pipeline.models import DatasetRun, RunStatus, Trigger
from predictions.actions.predict_attendance import Answer, predict_trip
from predictions.actions.predict_batch import is_plain_number
from predictions.actions.predict_batch_file import answer_file, store_batch
from predictions.api import serializers as shapes
from predictions.batches import answer_csv, answer_json
from predictions.places import find_place
from predictions.questions import make_trip

ANSWERED = OpenApiExample("answer", shapes.EXAMPLE_ANSWER, response_only=True, status_codes=["200"])
ASKED = OpenApiExample("question", {"station": "Acton", "distance": 5.2}, request_only=True)

BATCH_REQUEST = {"application/json": shapes.BatchQuestion, "text/csv": OpenApiTypes.STR}
BATCH_ANSWER = {(200, "application/json"): shapes.BatchAnswerShape, (200, "text/csv"): OpenApiTypes.STR}
BATCH_EXAMPLES = [
    OpenApiExample(
        "two rows",
        {"rows": [{"station": "Acton", "distance": 5.2}, {"station": "Soho", "distance": 0.8}]},
        request_only=True,
        media_type="application/json",
    ),
    OpenApiExample("two rows", "station,distance\nActon,5.2\nSoho,0.8\n", request_only=True, media_type="text/csv"),
]


def answer(question: Mapping[str, Any]) -> Response:
    place = find_place(
        latitude=question.get("latitude"),
        longitude=question.get("longitude"),
        easting_m=question.get("easting"),
        northing_m=question.get("northing"),
    )
    trip = make_trip(
        question["station"],
        question.get("distance"),
        place=place,
        at=question.get("time"),
        pump_order=question.get("pump_order"),
    )
    return Response(_as_dict(predict_trip(trip), question))


def _plain_question(data: QueryDict) -> Mapping[str, Any] | None:
    """Distance and station alone, as most calls have it: a serializer takes five times as long as the prediction.

    None for whatever else there is or seems wrong: the serializer then says what.
    """
    if len(data) != 2 or "distance" not in data or "station" not in data:
        return None
    (distance, *twice), (station, *again) = data.getlist("distance"), data.getlist("station")
    if twice or again or not is_plain_number(distance) or not station.isprintable():
        return None
    try:
        return {"distance": float(distance), "station": station} if 0 < len(station) <= 60 and station.strip() else None
    except ValueError:
        return None


def _checked_question(data: Any) -> Mapping[str, Any]:
    asked = shapes.Question(data=data)
    asked.is_valid(raise_exception=True)
    checked: Mapping[str, Any] = asked.validated_data
    return checked


def _as_dict(found: Answer, question: Mapping[str, Any]) -> dict[str, Any]:
    body = {
        "predicted_attendance_time": found.seconds,
        "readable": found.readable,
        "station": found.station,
        "distance_km": found.distance_km,
        "intervals": {size: list(ends) for size, ends in found.intervals.items()},
        "chances": {f"{limit:g}": share for limit, share in found.chances.items()},
        "version": found.version.number,
        "is_sample": found.version.is_sample,
        "not_used": found.ignored,
        "assumed": found.assumed,
        "notes": list(found.notes),
    }
    if "incident_number" in question:
        body["incident_number"] = question["incident_number"]
    return body


class PredictViewSet(viewsets.ViewSet):
    @extend_schema(
        operation_id="predict",
        summary="Predict one attendance time",
        tags=["predictions"],
        parameters=[shapes.Question],
        responses=shapes.Prediction,
        examples=[ANSWERED],
    )
    def predict(self, request: Request) -> Response:
        """Seconds from mobilised to arrived, by the version in use."""
        asked = request.query_params
        return answer(_plain_question(asked) or _checked_question(asked))


class PredictionViewSet(viewsets.ViewSet):
    @extend_schema(
        summary="Predict one attendance time",
        tags=["predictions"],
        request=shapes.Question,
        responses={200: shapes.Prediction},
        examples=[ASKED, ANSWERED],
    )
    def create(self, request: Request) -> Response:
        return answer(_checked_question(request.data))

    @extend_schema(
        summary="Predict up to 100,000 attendance times",
        tags=["predictions"],
        request=BATCH_REQUEST,
        responses=BATCH_ANSWER,
        examples=BATCH_EXAMPLES,
    )
    @action(detail=False, methods=["post"], parser_classes=[BatchJSONParser, CSVParser])
    def batch(self, request: Request) -> Response | HttpResponse:
        """JSON in, JSON out; CSV with a header in, the same CSV with two columns more out. A row in error says why."""
        if isinstance(request.data, str):
            found, text = answer_csv(request.data)
            response = HttpResponse(text, content_type="text/csv; charset=utf-8")
            response["X-Model-Version"] = str(found.version)
            return response
        return Response(answer_json(request.data)[1])


@extend_schema(tags=["predictions"])
class BatchViewSet(viewsets.ViewSet):
    """Batches that a worker answers: order one, look at its run, fetch the answer. Each user has their own."""

    lookup_value_regex = r"\d{1,18}"

    @extend_schema(
        summary="Order up to 100,000 predictions",
        request=BATCH_REQUEST,
        responses=ANSWERS,
        parameters=[WaitQuery],
        examples=[STARTED, *BATCH_EXAMPLES],
    )
    def create(self, request: Request) -> Response:
        """Answers at once with the run's address; the answer of the batch is kept for a week."""
        WaitQuery(data=request.query_params).is_valid(raise_exception=True)
        is_csv = isinstance(request.data, str)
        form, text = ("csv", request.data) if is_csv else ("json", json.dumps(request.data))
        queues.require_reachable()
        given = {"batch": store_batch(text, form), "form": form}
        return started(runs.enqueue("predict_batch", given, by=request.user, trigger=Trigger.API), request)

    def get_parsers(self) -> list[Any]:
        return [BatchJSONParser(), CSVParser()]

    @extend_schema(summary="The answer of a batch, in the form of its questions", responses=BATCH_ANSWER)
    @action(detail=True)
    def answer(self, request: Request, pk: str) -> HttpResponse:
        run = get_object_or_404(DatasetRun, pk=pk, step="predict_batch", started_by=request.user)
        if run.status != RunStatus.SUCCEEDED:
            raise MissingInputError(
                f"There is no answer: run {run.pk} {'has not ended' if not run.has_ended else run.get_status_display().lower()}.",
                code="no_answer",
                hint=f"Look at /api/v1/runs/{run.pk}.",
            )
        path = answer_file(run.outputs[0])
        kind = "text/csv; charset=utf-8" if path.suffix == ".csv" else "application/json"
        response = HttpResponse(path.read_bytes(), content_type=kind)
        response["X-Model-Version"] = str(run.details["version"])
        return response
