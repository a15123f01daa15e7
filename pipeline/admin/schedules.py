"""The timetable in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from pipeline import queues
from pipeline.admin.display import NamedListAdmin
from pipeline.admin.run_columns import run_url
from pipeline.core.errors import PipelineError
from pipeline.models import Schedule, Trigger


@admin.register(Schedule)
class ScheduleAdmin(NamedListAdmin):
    list_display = ("name", "chain", "cron", "enabled", "if_missed", "next_due", "last_event")
    list_filter = ("enabled", "chain")
    readonly_fields = ("next_times", "last_event")
    actions = ("start_now",)

    def save_model(self, request: HttpRequest, schedule: Schedule, form: Any, change: bool) -> None:
        schedule.begin_anew()
        super().save_model(request, schedule, form, change)

    def _times(self, schedule: Schedule, count: int) -> list[str]:
        from pipeline.schedules import next_due

        found = [next_due(schedule.cron, timezone.now())]
        while len(found) < count:
            found.append(next_due(schedule.cron, found[-1]))
        return [f"{timezone.localtime(time):%a %d %b %Y %H:%M}" for time in found]

    @admin.display(description="next time")
    def next_due(self, schedule: Schedule) -> str:
        return self._times(schedule, 1)[0] if schedule.enabled else "not enabled"

    @admin.display(description="next times")
    def next_times(self, schedule: Schedule) -> str:
        return " · ".join(self._times(schedule, 3)) if schedule.pk else "shown when it is saved"

    def has_start_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pipeline.start_runs")

    @admin.action(description="Start the chosen schedules' steps now", permissions=["start"])
    def start_now(self, request: HttpRequest, chosen: QuerySet[Schedule]) -> None:
        from pipeline import schedules

        try:
            queues.require_reachable()
        except PipelineError as error:
            self.message_user(request, f"{error.message} {error.hint}", messages.ERROR)
            return
        for schedule in chosen:
            first = schedules.start(schedule, trigger=Trigger.ADMIN, by=request.user)
            self.log_change(request, schedule, f"Started by hand as run {first.pk}.")
            done = format_html('{}: started as <a href="{}">Run {}</a>.', schedule.name, run_url(first.pk), first.pk)
            self.message_user(request, done, messages.SUCCESS)
