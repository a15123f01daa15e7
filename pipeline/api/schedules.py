"""The timetable over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import DjangoModelPermissions, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from lfb_site.permissions import holds
from lfb_site.strict import StrictSerializer
from pipeline.api.filters import ScheduleFilter
from pipeline.api.serializers import RunSerializer
from pipeline.models import Schedule, Trigger


class ScheduleSerializer(StrictSerializer, serializers.ModelSerializer):
    next_due = serializers.SerializerMethodField(help_text="Null where it is not enabled.")

    class Meta:
        model = Schedule
        fields = ("id", "name", "chain", "cron", "enabled", "if_missed", "next_due", "last_event")
        read_only_fields = ("last_event",)

    def get_next_due(self, schedule: Schedule) -> str | None:
        from pipeline.schedules import next_due

        return next_due(schedule.cron, schedule.handled_until).isoformat() if schedule.enabled else None


EXAMPLE = OpenApiExample(
    "each Monday at 6:00",
    {"name": "Weekly retraining", "chain": "retrain", "cron": "0 6 * * 1", "enabled": True, "if_missed": "skip"},
    request_only=True,
)


class MayEditOrView(DjangoModelPermissions):
    """Django's own rights on schedules; to look at them is one of them."""

    perms_map = {**DjangoModelPermissions.perms_map, "GET": ["%(app_label)s.view_%(model_name)s"]}


@extend_schema(tags=["schedules"])
@extend_schema_view(
    list=extend_schema(summary="The timetable"),
    retrieve=extend_schema(summary="One schedule"),
    create=extend_schema(summary="Make a schedule", examples=[EXAMPLE]),
    update=extend_schema(summary="Change a schedule", examples=[EXAMPLE]),
    partial_update=extend_schema(summary="Change a part of a schedule"),
    destroy=extend_schema(summary="Delete a schedule; its runs stay on record"),
)
class ScheduleViewSet(viewsets.ModelViewSet):
    """When which steps start by themselves. For administrators."""

    queryset = Schedule.objects.all()
    serializer_class = ScheduleSerializer
    filterset_class = ScheduleFilter
    ordering_fields = ("name", "enabled")
    lookup_value_regex = r"\d{1,18}"

    def get_permissions(self) -> list[Any]:
        return [holds("pipeline.start_runs")()] if self.action == "start" else [IsAuthenticated(), MayEditOrView()]

    def perform_update(self, serializer: serializers.BaseSerializer[Schedule]) -> None:
        serializer.instance.begin_anew()
        serializer.save()

    @extend_schema(summary="Start a schedule's steps now", request=None, responses={202: RunSerializer})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        from pipeline import queues, schedules

        schedule = self.get_object()
        queues.require_reachable()
        first = schedules.start(schedule, trigger=Trigger.API, by=request.user)
        return Response(RunSerializer(first).data, status=status.HTTP_202_ACCEPTED)
