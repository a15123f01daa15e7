"""What lists of runs, versions, stations and schedules can be filtered by."""

from __future__ import annotations

import django_filters as filters

from lfb_site.filtering import BooleanFilter, FilterSet
from pipeline import steps
from pipeline.core.params import ESTIMATOR_NAMES
from pipeline.models import (
    Chain,
    DatasetRun,
    ModelVersion,
    RunStatus,
    Schedule,
    Station,
    StationKind,
    Trigger,
    VersionState,
)


def every_step() -> list[tuple[str, str]]:
    """Asked for when they are wanted: apps enter theirs when they start."""
    return [(step.name, step.title) for step in steps.every()]


class RunFilter(FilterSet):
    step = filters.ChoiceFilter(choices=every_step)
    status = filters.ChoiceFilter(choices=RunStatus.choices)
    trigger = filters.ChoiceFilter(choices=Trigger.choices)
    user = filters.CharFilter(field_name="started_by_name")
    queued_after = filters.DateFilter(field_name="queued_at", lookup_expr="date__gte", label="Day, such as 2026-11-23.")
    queued_before = filters.DateFilter(field_name="queued_at", lookup_expr="date__lte", label="Day, inclusive.")
    is_sample = BooleanFilter()

    class Meta:
        model = DatasetRun
        fields = ()


class ModelVersionFilter(FilterSet):
    state = filters.ChoiceFilter(choices=VersionState.choices)
    estimator = filters.ChoiceFilter(choices=[(name, name) for name in ESTIMATOR_NAMES])
    is_sample = BooleanFilter()

    class Meta:
        model = ModelVersion
        fields = ()


class StationFilter(FilterSet):
    kind = filters.ChoiceFilter(choices=StationKind.choices)
    borough = filters.CharFilter(field_name="borough_name", lookup_expr="iexact")
    name = filters.CharFilter(lookup_expr="icontains")
    is_open = BooleanFilter(field_name="closed", lookup_expr="isnull")

    class Meta:
        model = Station
        fields = ()


class ScheduleFilter(FilterSet):
    chain = filters.ChoiceFilter(choices=Chain.choices)
    enabled = BooleanFilter()

    class Meta:
        model = Schedule
        fields = ()
