"""What the admin shows of a run: the columns of the list and the fields of its page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pipeline import steps
from pipeline.admin.display import figures_table, files_table, parameters_table, table
from pipeline.admin.run_relations import relations_of
from pipeline.core.wording import readable_bytes, readable_count, readable_duration
from pipeline.models import DatasetRun
from pipeline.templatetags.wording import step_title

# Each part of the page with its fields; a field that has nothing to show is left out, and so is a part without fields.
PARTS: tuple[tuple[str | None, tuple[str, ...]], ...] = (
    (None, ("followed_status", "shown_error", "shown_notes", "made_version")),
    ("Who and when", ("who", "queued", "not_before", "started", "finished", "shown_duration")),
    ("What it belongs to", ("shown_relations",)),
    ("Rows", ("shown_rows", "shown_rejects", "data")),
    ("Log", ("shown_log",)),
    ("Parameters and figures", ("shown_parameters", "shown_metrics", "shown_memory", "code_version")),
    ("Files", ("shown_inputs", "shown_outputs")),
)
OF_NO_DATA = ("housekeeping", "track_models")
NOTHING = ("", "–", None)


def run_url(pk: int) -> str:
    return reverse("admin:pipeline_datasetrun_change", args=[pk])


def status_of(run: DatasetRun, *, reloads: bool = False, tells_outcome: bool = False) -> SafeString | str:
    """The status; of a run that has not ended with a bar, asking for itself again.

    `reloads`: its page is loaded afresh when the status changes. `tells_outcome`: an ended run's duration and rows stand
    beside it, for a list that was loaded before they were known.
    """
    context = {"run": run, "reloads": reloads, "tells_outcome": tells_outcome}
    return render_to_string("admin/pipeline/datasetrun/_status.html", context)


class RunColumns:
    """Mixed into the admin of runs."""

    @admin.display(description="run", ordering="pk")
    def number(self, run: DatasetRun) -> str:
        return str(run.pk)  # without thousands set apart: a name, not a quantity

    @admin.display(description="step", ordering="step")
    def step_title(self, run: DatasetRun) -> str:
        return step_title(run.step)

    @admin.display(description="status", ordering="status")
    def shown_status(self, run: DatasetRun) -> SafeString | str:
        return status_of(run)

    @admin.display(description="status")
    def followed_status(self, run: DatasetRun) -> SafeString | str:
        return status_of(run, reloads=True)

    @admin.display(description="took")
    def shown_duration(self, run: DatasetRun) -> str:
        return readable_duration(run.duration.total_seconds()) if run.duration else "–"

    @admin.display(description="rows in → out")
    def shown_rows(self, run: DatasetRun) -> str:
        if run.rows_in is None or run.rows_out is None:
            return "–"
        return f"{readable_count(run.rows_in)} → {readable_count(run.rows_out)}"

    @admin.display(description="who", ordering="started_by_name")
    def who(self, run: DatasetRun) -> str:
        return f"{run.started_by_name}, {run.get_trigger_display()}"

    @admin.display(description="data", ordering="is_sample")
    def data(self, run: DatasetRun) -> str:
        """Known when the run has read some: before, and of upkeep, neither can be said."""
        if run.is_sample:
            return "sample"
        return "–" if run.rows_out is None or run.step in OF_NO_DATA else "real"

    @admin.display(description="rejected")
    def rejected(self, run: DatasetRun) -> str:
        return readable_count(run.rejected_rows) if run.rejects else "–"

    @admin.display(description="rejected")
    def shown_rejects(self, run: DatasetRun) -> SafeString | str:
        reasons = sorted(run.rejects.items(), key=lambda item: -item[1])
        return table(("reason", "rows"), ((reason, readable_count(rows)) for reason, rows in reasons))

    @admin.display(description="queued at")
    def queued(self, run: DatasetRun) -> str:
        return _moment(run.queued_at)

    @admin.display(description="started at")
    def started(self, run: DatasetRun) -> str:
        return _moment(run.started_at)

    @admin.display(description="finished at")
    def finished(self, run: DatasetRun) -> str:
        return _moment(run.finished_at)

    @admin.display(description="belongs to")
    def shown_relations(self, run: DatasetRun) -> SafeString | str:
        relations = relations_of(run)
        if not relations:
            return "–"
        return render_to_string("admin/pipeline/datasetrun/_relations.html", {"relations": relations})

    @admin.display(description="made")
    def made_version(self, run: DatasetRun) -> SafeString | str:
        version = getattr(run, "model_version", None)
        if version is None:
            return "–"
        url = reverse("admin:pipeline_modelversion_change", args=[version.pk])
        return format_html('<a href="{}">Version {}</a>', url, version.number)

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
        return files_table(run.inputs)

    @admin.display(description="outputs")
    def shown_outputs(self, run: DatasetRun) -> SafeString | str:
        return files_table(run.outputs)

    @admin.display(description="figures")
    def shown_metrics(self, run: DatasetRun) -> SafeString | str:
        return figures_table(run.metrics)

    @admin.display(description="parameters")
    def shown_parameters(self, run: DatasetRun) -> SafeString | str:
        return parameters_table(steps.shown(run.parameters))

    @admin.display(description="peak memory")
    def shown_memory(self, run: DatasetRun) -> str:
        return readable_bytes(run.peak_memory_bytes) if run.peak_memory_bytes else "–"

    @admin.display(description="log")
    def shown_log(self, run: DatasetRun) -> SafeString | str:
        if run.has_ended and not run.log_excerpt:
            return "–"
        return render_to_string("admin/pipeline/datasetrun/_log.html", {"run": run})


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%-d %b %Y, %H:%M:%S}" if at else "–"
