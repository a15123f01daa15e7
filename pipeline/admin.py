"""Stations, the history of runs, and model versions with their figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pipeline import steps
from pipeline.actions.promote_model import promote_model
from pipeline.core.errors import PipelineError
from pipeline.core.wording import readable_bytes, readable_count, readable_duration
from pipeline.models import DatasetRun, ModelVersion, Promotion, RunStatus, Schedule, Station, Trigger


def _readable_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=1, ensure_ascii=False) if value else "–")


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> SafeString | str:
    """A small table, right-aligned but for its first column; a dash where there is nothing to show."""
    body = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    )
    head = format_html_join("", '<th scope="col">{}</th>', ((heading,) for heading in headings))
    return (
        format_html('<table class="figures"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body)
        if body
        else "–"
    )


def _figures_table(figures: Mapping[str, float]) -> SafeString | str:
    return _table(("figure", "value"), ((name, _readable_figure(value)) for name, value in figures.items()))


def _readable_figure(value: float) -> str:
    if value == int(value):
        return readable_count(int(value))
    return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.1f}"


def _files_table(records: Iterable[Mapping[str, Any]]) -> SafeString | str:
    """Role, place, size and SHA-256; sample files say so."""
    return _table(
        ("file", "path", "size", "SHA-256"),
        (
            (
                entry["name"] + (" (sample)" if entry["is_sample"] else ""),
                entry["path"],
                readable_bytes(entry["bytes"]),
                entry["sha256"],
            )
            for entry in records
        ),
    )


@admin.register(Station)
class StationAdmin(admin.ModelAdmin):
    list_display = ("name", "code", "kind", "borough_name", "opened", "closed")
    list_filter = ("kind", ("closed", admin.EmptyFieldListFilter), "borough_name")
    search_fields = ("name", "code", "borough_name", "address")
    fieldsets = (
        (None, {"fields": ("name", "code", "kind", "borough_name", "address")}),
        ("Place", {"fields": (("latitude", "longitude"), ("easting_m", "northing_m"))}),
        ("In use", {"fields": (("opened", "closed"),)}),
    )


class HistoryAdmin(admin.ModelAdmin):
    """Records: to be read, never to be added, changed or removed by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DatasetRun)
class DatasetRunAdmin(HistoryAdmin):
    list_display = (
        "number", "step_title", "shown_status", "queued_at", "shown_duration", "shown_rows", "shown_rejects", "started_by_name",
        "trigger", "is_sample",
    )  # fmt: skip
    list_display_links = ("number", "step_title")
    list_filter = ("step", "status", "trigger", "is_sample", "queued_at")
    search_fields = ("started_by_name", "error_message", "error_code")
    date_hierarchy = "queued_at"
    fieldsets = (
        (None, {"fields": ("step_title", "shown_status", "shown_error", "shown_notes")}),
        (
            "Who and when",
            {"fields": ("started_by_name", "trigger", "queued_at", "started_at", "finished_at", "shown_duration")},
        ),
        ("Rows", {"fields": ("shown_rows", "shown_rejects", "is_sample")}),
        ("Files", {"fields": ("shown_inputs", "shown_outputs")}),
        ("Figures", {"fields": ("shown_metrics", "shown_memory", "shown_parameters", "code_version")}),
        ("Log", {"fields": ("shown_log",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DatasetRun]:
        found = super().get_queryset(request)
        is_list = request.resolver_match is not None and request.resolver_match.url_name.endswith("changelist")
        return found.defer("log_excerpt", "details", "metrics", "inputs", "outputs") if is_list else found

    @admin.display(description="run", ordering="pk")
    def number(self, run: DatasetRun) -> str:
        return f"Run {run.pk}"

    @admin.display(description="step", ordering="step")
    def step_title(self, run: DatasetRun) -> str:
        return next((step.title for step in steps.every() if step.name == run.step), run.step)

    @admin.display(description="status", ordering="status")
    def shown_status(self, run: DatasetRun) -> SafeString:
        progress = run.progress if run.status == RunStatus.RUNNING else {}
        stage = ""
        if progress.get("total"):
            stage = f": {progress['stage']}, {100 * progress['done'] / progress['total']:.0f} %"
        return format_html('<span class="run-status run-{}">{}{}</span>', run.status, run.get_status_display(), stage)

    @admin.display(description="took")
    def shown_duration(self, run: DatasetRun) -> str:
        return readable_duration(run.duration.total_seconds()) if run.duration else "–"

    @admin.display(description="rows in → out")
    def shown_rows(self, run: DatasetRun) -> str:
        if run.rows_in is None or run.rows_out is None:
            return "–"
        return f"{readable_count(run.rows_in)} → {readable_count(run.rows_out)}"

    @admin.display(description="rejected")
    def shown_rejects(self, run: DatasetRun) -> str:
        reasons = sorted(run.rejects.items(), key=lambda item: -item[1])
        return ", ".join(f"{reason}: {readable_count(rows)}" for reason, rows in reasons) or "–"

    @admin.display(description="error")
    def shown_error(self, run: DatasetRun) -> SafeString | str:
        if not run.error_code:
            return "–"
        return format_html(
            "<strong>{}</strong><br>{}<br><code>{}</code>", run.error_message, run.error_hint, run.error_code
        )

    @admin.display(description="notes")
    def shown_notes(self, run: DatasetRun) -> SafeString | str:
        return format_html('<pre class="wrapped">{}</pre>', "\n".join(run.notes)) if run.notes else "–"

    @admin.display(description="inputs")
    def shown_inputs(self, run: DatasetRun) -> SafeString | str:
        return _files_table(run.inputs)

    @admin.display(description="outputs")
    def shown_outputs(self, run: DatasetRun) -> SafeString | str:
        return _files_table(run.outputs)

    @admin.display(description="metrics")
    def shown_metrics(self, run: DatasetRun) -> SafeString | str:
        return _figures_table(run.metrics)

    @admin.display(description="parameters")
    def shown_parameters(self, run: DatasetRun) -> SafeString:
        return _readable_json(run.parameters)

    @admin.display(description="peak memory")
    def shown_memory(self, run: DatasetRun) -> str:
        return readable_bytes(run.peak_memory_bytes) if run.peak_memory_bytes else "–"

    @admin.display(description="log")
    def shown_log(self, run: DatasetRun) -> SafeString | str:
        return format_html('<pre class="wrapped">{}</pre>', run.log_excerpt) if run.log_excerpt else "–"


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin):
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

        for schedule in chosen:
            first = schedules.start(schedule, trigger=Trigger.ADMIN, by=request.user)
            self.message_user(request, f"{schedule.name}: started as run {first.pk}.", messages.SUCCESS)


@admin.register(ModelVersion)
class ModelVersionAdmin(HistoryAdmin):
    list_display = (
        "number",
        "state",
        "estimator",
        "shown_mae",
        "shown_r2",
        "tested",
        "shown_rows",
        "created_at",
        "is_sample",
        "report",
    )
    list_filter = ("state", "estimator", "is_sample")
    list_select_related = ("run",)
    actions = ("promote",)
    fieldsets = (
        (None, {"fields": ("number", "state", "state_reason", "report", "is_sample")}),
        ("Period", {"fields": (("trained_from", "trained_to", "training_rows"), ("tested_from", "tested_to", "tested_rows"))}),
        ("Figures", {"fields": ("shown_metrics",)}),
        ("Made from", {"fields": ("run", "estimator", "shown_features", "shown_parameters", "seed", "code_version")}),
        ("Training files", {"fields": ("shown_datasets",)}),
        ("Files", {"fields": ("shown_files",)}),
        ("In use", {"fields": ("promoted_at", "promoted_by_name")}),
    )  # fmt: skip

    def get_urls(self) -> list[URLPattern]:
        report = path(
            "<int:pk>/report/", self.admin_site.admin_view(self.report_view), name="pipeline_modelversion_report"
        )
        return [report, *super().get_urls()]

    def report_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The evaluation report as it was written at training, if its bytes are still the recorded ones."""
        from pathlib import Path

        from django.conf import settings

        from pipeline.core.errors import ArtifactError
        from pipeline.storage.artifacts import read_verified

        if not self.has_view_permission(request):
            raise PermissionDenied
        version = ModelVersion.objects.filter(pk=pk).first()
        entry = version.file("report") if version else None
        if entry is None:
            raise Http404("There is no such report.")
        try:
            content = read_verified(Path(settings.LFB_MODEL_DIR) / str(entry["path"]), str(entry["sha256"]))
        except ArtifactError as error:
            raise Http404(error.message) from error
        return HttpResponse(content, content_type="text/html; charset=utf-8")

    @admin.display(description="report")
    def report(self, version: ModelVersion) -> SafeString:
        return format_html(
            '<a href="{}">Evaluation report</a>', reverse("admin:pipeline_modelversion_report", args=[version.pk])
        )

    @admin.display(description="MAE, s")
    def shown_mae(self, version: ModelVersion) -> str:
        return f"{version.metrics['mae']:.1f}"

    @admin.display(description="R²")
    def shown_r2(self, version: ModelVersion) -> str:
        return f"{version.metrics['r2_score']:.3f}" if "r2_score" in version.metrics else "–"

    @admin.display(description="tested on")
    def tested(self, version: ModelVersion) -> str:
        return f"{version.tested_from:%d %b %Y} – {version.tested_to:%d %b %Y}"

    @admin.display(description="rows tested")
    def shown_rows(self, version: ModelVersion) -> str:
        return readable_count(version.tested_rows)

    @admin.display(description="metrics")
    def shown_metrics(self, version: ModelVersion) -> SafeString | str:
        return _figures_table(version.metrics)

    @admin.display(description="inputs")
    def shown_features(self, version: ModelVersion) -> str:
        return ", ".join(version.feature_names)

    @admin.display(description="parameters")
    def shown_parameters(self, version: ModelVersion) -> SafeString:
        return _readable_json(version.parameters)

    @admin.display(description="training files")
    def shown_datasets(self, version: ModelVersion) -> SafeString | str:
        return _files_table(version.datasets)

    @admin.display(description="files")
    def shown_files(self, version: ModelVersion) -> SafeString | str:
        return _files_table(version.files)

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pipeline.promote_version")

    @admin.action(description="Put the chosen version in use", permissions=["promote"])
    def promote(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> None:
        if chosen.count() != 1:
            self.message_user(request, "Choose exactly one version to put in use.", messages.ERROR)
            return
        version = chosen.get()
        try:
            promote_model(version, by=request.user, reason="chosen by an administrator", trigger=Trigger.ADMIN)
        except PipelineError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        self.log_change(request, version, "Put in use.")
        self.message_user(request, f"Version {version.number} is in use now.", messages.SUCCESS)


@admin.register(Promotion)
class PromotionAdmin(HistoryAdmin):
    """What was in use when, and who made it so."""

    list_display = ("at", "version", "former", "by_name", "reason")
    list_filter = ("at", "by_name")
    list_select_related = ("version", "former")
    date_hierarchy = "at"
