"""The REST doors of predictions."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from lfb_site.parsers import BatchJSONParser, CSVParser
from pipeline.core.errors import ParameterError
from predictions.actions.predict_attendance import Answer, predict_attendance
from predictions.actions.predict_batch import BatchAnswer, predict_batch
from predictions.api import serializers as shapes
from predictions.places import distance_to_place

ANSWERED = OpenApiExample("answer", shapes.EXAMPLE_ANSWER, response_only=True, status_codes=["200"])
ASKED = OpenApiExample("question", {"station": "Acton", "distance": 5.2}, request_only=True)


def answer(question: Mapping[str, Any]) -> Response:
    station = question["station"]
    distance = question.get("distance")
    if distance is None:
        distance = distance_to_place(
            station,
            latitude=question.get("latitude"),
            longitude=question.get("longitude"),
            easting_m=question.get("easting"),
            northing_m=question.get("northing"),
        )
    return Response(_as_dict(predict_attendance(distance, station), question))


def _plain_question(data: Any) -> Mapping[str, Any] | None:
    """Distance and station alone, as most calls have it: a serializer takes five times as long as the prediction.

    None for whatever else there is or seems wrong: the serializer then says what.
    """
    if len(data) != 2 or "distance" not in data or "station" not in data:
        return None
    distance, station = data["distance"], data["station"]
    if not isinstance(distance, str) or not isinstance(station, str) or not station.isprintable():
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
    not_used = [name for name in ("time", "pump_order") if name in question]
    body = {
        "predicted_attendance_time": found.seconds,
        "readable": found.readable,
        "station": found.station,
        "distance_km": found.distance_km,
        "chances": {f"{limit:g}": share for limit, share in found.chances.items()},
        "version": found.version.number,
        "is_sample": found.version.is_sample,
        "not_used": not_used,
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
        responses=shapes.Prediction,
        examples=[ASKED, ANSWERED],
    )
    def create(self, request: Request) -> Response:
        return answer(_checked_question(request.data))

    @extend_schema(
        summary="Predict up to 100,000 attendance times",
        tags=["predictions"],
        request={"application/json": shapes.BatchQuestion, "text/csv": OpenApiTypes.STR},
        responses={(200, "application/json"): shapes.BatchAnswerShape, (200, "text/csv"): OpenApiTypes.STR},
        examples=[
            OpenApiExample(
                "two rows",
                {"rows": [{"station": "Acton", "distance": 5.2}, {"station": "Soho", "distance": 0.8}]},
                request_only=True,
                media_type="application/json",
            ),
            OpenApiExample(
                "two rows", "station,distance\nActon,5.2\nSoho,0.8\n", request_only=True, media_type="text/csv"
            ),
        ],
    )
    @action(detail=False, methods=["post"], parser_classes=[BatchJSONParser, CSVParser])
    def batch(self, request: Request) -> Response | HttpResponse:
        """JSON in, JSON out; CSV with a header in, the same CSV with two columns more out. A row in error says why."""
        if isinstance(request.data, str):
            return _answer_csv(request.data)
        rows = _json_rows(request.data)
        found = predict_batch([row.get("distance") for row in rows], [row.get("station") for row in rows])
        return Response(_batch_as_dict(found, rows))


def _json_rows(data: Any) -> list[dict[str, Any]]:
    rows = data.get("rows") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ParameterError(
            'The body holds no rows: wanted {"rows": [{"station": "Acton", "distance": 5.2}, …]}.',
            fields={"rows": "missing"},
        )
    return rows


def _batch_as_dict(found: BatchAnswer, rows: list[dict[str, Any]]) -> dict[str, Any]:
    answers = []
    for row, seconds, error in zip(
        rows, found.rows["predicted_attendance_time"].tolist(), found.rows["error"].tolist(), strict=True
    ):
        answered: dict[str, Any] = {"predicted_attendance_time": None if error else seconds, "error": error}
        if "incident_number" in row:
            answered["incident_number"] = str(row["incident_number"])[:40]
        answers.append(answered)
    return {"version": found.version, "is_sample": found.is_sample, "answered": found.answered, "rows": answers}


def _answer_csv(text: str) -> HttpResponse:
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError):
        raise ParameterError("The CSV cannot be read.", hint="Wanted a header and quoted text.") from None
    places = {name.strip().lower(): place for place, name in enumerate(header)}
    lacking = [name for name in ("station", "distance") if name not in places]
    if lacking:
        raise ParameterError(
            f"The CSV has no column {' and '.join(lacking)}.",
            code="missing_column",
            hint="The first line names the columns: station,distance",
            fields=dict.fromkeys(lacking, "missing"),
        )
    rows = [[*row, *[""] * (len(header) - len(row))][: len(header)] for row in rows if row]
    found = predict_batch([row[places["distance"]] for row in rows], [row[places["station"]] for row in rows])
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([*header, "predicted_attendance_time", "error"])
    answers = zip(rows, found.rows["predicted_attendance_time"].tolist(), found.rows["error"].tolist(), strict=True)
    writer.writerows([*row, "" if error else f"{seconds:.3f}", error] for row, seconds, error in answers)
    response = HttpResponse(written.getvalue(), content_type="text/csv; charset=utf-8")
    response["X-Model-Version"] = str(found.version)
    return response
