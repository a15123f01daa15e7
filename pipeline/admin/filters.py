"""The filters of the admin's lists that Django does not bring."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pipeline import steps
from pipeline.models import DatasetRun

OFFERED_NAMES = 30


class StepFilter(admin.SimpleListFilter):
    """By step, in the words of people."""

    title = "step"
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(step.name, step.title) for step in steps.every()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DatasetRun]) -> QuerySet[DatasetRun]:
        return queryset.filter(step=self.value()) if self.value() else queryset


class StarterFilter(admin.SimpleListFilter):
    """By who started runs, people and schedules alike."""

    title = "who"
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = DatasetRun.objects.order_by("started_by_name").values_list("started_by_name", flat=True).distinct()
        return [(name, name) for name in names[:OFFERED_NAMES]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DatasetRun]) -> QuerySet[DatasetRun]:
        return queryset.filter(started_by_name=self.value()) if self.value() else queryset
