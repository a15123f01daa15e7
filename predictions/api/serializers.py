"""What the REST doors of predictions take and give."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lfb_site.strict import StrictSerializer
from pipeline.core.distance import MAX_TRIP_KM
from predictions.actions.predict_batch import ERRORS, MAX_ROWS, is_plain_number


class Number(serializers.FloatField):
    """A number, or text that is one."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or (isinstance(data, str) and not is_plain_number(data)):
            self.fail("invalid")
        return float(super().to_internal_value(data))


@extend_schema_field({"type": "number", "minimum": 0, "maximum": MAX_TRIP_KM})
class Kilometres(Number):
    """The question itself says in its own words what a distance can be."""


class Question(StrictSerializer):
    """A station and a distance, or a station and a place."""

    station = serializers.CharField(max_length=60, help_text="The departing station's name, such as Acton.")
    distance = Kilometres(required=False, help_text="Straight line from station to incident, km, 0 to 60.")
    latitude = Number(required=False, help_text="Of the incident, WGS84, in place of the distance.")
    longitude = Number(required=False, help_text="Of the incident, WGS84.")
    easting = Number(required=False, help_text="Of the incident, National Grid, metres.")
    northing = Number(required=False, help_text="Of the incident, National Grid, metres.")
    time = serializers.DateTimeField(
        required=False,
        help_text="When the engine is sent; without a zone on London's clock. Its hour and weekday count.",
    )
    pump_order = serializers.IntegerField(
        required=False, min_value=1, max_value=30, help_text="1 for the first engine."
    )
    incident_number = serializers.CharField(required=False, max_length=40, help_text="Given back as it came.")


class Prediction(serializers.Serializer):
    predicted_attendance_time = serializers.FloatField(help_text="Seconds from mobilised to arrived.")
    readable = serializers.CharField()
    station = serializers.CharField()
    distance_km = serializers.FloatField()
    intervals = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="Per cent of such engines → the seconds between which they arrive.",
    )
    chances = serializers.DictField(
        child=serializers.FloatField(),
        help_text="Seconds → chance to arrive within them: the standards' limits, the second pump's for pump order 2.",
    )
    version = serializers.IntegerField(help_text="The model version that answered.")
    is_sample = serializers.BooleanField(help_text="Whether the model was trained on generated data.")
    not_used = serializers.ListField(child=serializers.CharField(), help_text="What was given and the model ignores.")
    assumed = serializers.DictField(
        child=serializers.CharField(), help_text="What was not given → the rule that stands in for it."
    )
    notes = serializers.ListField(child=serializers.CharField())
    incident_number = serializers.CharField(required=False)


class BatchRow(Question):
    """As one question; a row in error is answered with the reason."""


class BatchQuestion(serializers.Serializer):
    rows = BatchRow(many=True, help_text=f"1 to {MAX_ROWS:,} of them.")


class BatchAnswerRow(serializers.Serializer):
    predicted_attendance_time = serializers.FloatField(allow_null=True)
    error = serializers.CharField(allow_blank=True, help_text=f"Empty, or one of {', '.join(ERRORS)}.")
    incident_number = serializers.CharField(required=False, allow_null=True)


class BatchAnswerShape(serializers.Serializer):
    version = serializers.IntegerField()
    is_sample = serializers.BooleanField()
    answered = serializers.IntegerField()
    rows = BatchAnswerRow(many=True)


EXAMPLE_ANSWER: dict[str, Any] = {
    "predicted_attendance_time": 431.5,
    "readable": "7 min 12 s",
    "station": "Acton",
    "distance_km": 5.2,
    "intervals": {"80": [318.0, 561.2], "90": [291.7, 648.9]},
    "chances": {"360": 0.31, "600": 0.9},
    "version": 3,
    "is_sample": False,
    "not_used": [],
    "assumed": {
        "time": "averaged over the hours of the day, weighted by calls",
        "weekday": "averaged over the days of the week, weighted by calls",
    },
    "notes": [],
}
