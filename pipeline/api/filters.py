"""What lists of runs, versions and stations can be filtered by."""

from __future__ import annotations

import django_filters as filters

from pipeline.models import DatasetRun, ModelVersion, RunStatus, Station, StationKind, Trigger, VersionState


class RunFilter(filters.FilterSet):
    step = filters.CharFilter()
    status = filters.ChoiceFilter(choices=RunStatus.choices)
    trigger = filters.ChoiceFilter(choices=Trigger.choices)
    user = filters.CharFilter(field_name="started_by_name")
    queued_after = filters.DateFilter(field_name="queued_at", lookup_expr="date__gte", label="Day, such as 2026-11-23.")
    queued_before = filters.DateFilter(field_name="queued_at", lookup_expr="date__lte", label="Day, inclusive.")

    class Meta:
        model = DatasetRun
        fields = ("is_sample",)


class ModelVersionFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=VersionState.choices)

    class Meta:
        model = ModelVersion
        fields = ("estimator", "is_sample")


class StationFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=StationKind.choices)
    borough = filters.CharFilter(field_name="borough_name", lookup_expr="iexact")
    name = filters.CharFilter(lookup_expr="icontains")
    is_open = filters.BooleanFilter(field_name="closed", lookup_expr="isnull")

    class Meta:
        model = Station
        fields = ()
