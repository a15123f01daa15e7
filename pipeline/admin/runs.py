"""The history of runs in the admin: read, followed, started, cancelled and tried again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from pipeline import runs, steps
from pipeline.admin.display import HistoryAdmin, TellsWhatData, figures_table, files_table, readable_json, table
from pipeline.admin.start_forms import FORMS, StartForm
from pipeline.core.errors import PipelineError
from pipeline.core.wording import readable_bytes, readable_count, readable_duration
from pipeline.models import DatasetRun, Trigger

MAX_AT_ONCE = 100
VERBS = {"cancel": ("Cancel", "cancelled"), "retry": ("Try again", "tried again")}


@admin.register(DatasetRun)
class DatasetRunAdmin(TellsWhatData, HistoryAdmin):
    change_form_template = "admin/pipeline/datasetrun/change_form.html"
    change_list_template = "admin/pipeline/datasetrun/change_list.html"
    list_display = (
        "number", "step_title", "shown_status", "queued_at", "shown_duration", "shown_rows", "rejected", "who",
        "data",
    )  # fmt: skip
    list_display_links = ("number", "step_title")
    list_filter = ("step", "status", "trigger", "is_sample", "queued_at")
    list_per_page = 50
    search_fields = ("started_by_name", "error_message", "error_code")
    date_hierarchy = "queued_at"
    actions = ("cancel", "retry")
    fieldsets = (
        (None, {"fields": ("step_title", "followed_status", "shown_error", "shown_notes")}),
        (
            "Who and when",
            {
                "fields": (
                    "started_by_name", "trigger", "queued_at", "not_before", "started_at", "finished_at", "shown_duration",
                    "shown_relations",
                )
            },
        ),
        ("Rows", {"fields": ("shown_rows", "shown_rejects", "data")}),
        ("Files", {"fields": ("shown_inputs", "shown_outputs")}),
        ("Figures", {"fields": ("shown_metrics", "shown_memory", "shown_parameters", "code_version")}),
        ("Log", {"fields": ("shown_log",)}),
    )  # fmt: skip

    # Who may do what

    def has_start_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("pipeline.start_runs"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[DatasetRun]:
        found = super().get_queryset(request)
        is_list = request.resolver_match is not None and request.resolver_match.url_name.endswith("changelist")
        return found.defer("log_excerpt", "details", "metrics", "inputs", "outputs") if is_list else found

    # Pages beside those of Django

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("start/", self.admin_site.admin_view(self.start_view), name="pipeline_datasetrun_start"),
            path("cancel/", self.admin_site.admin_view(self.cancel_view), name="pipeline_datasetrun_cancel"),
            path("retry/", self.admin_site.admin_view(self.retry_view), name="pipeline_datasetrun_retry"),
            path(
                "<int:pk>/status/",
                self.admin_site.admin_view(require_safe(self.status_view)),
                name="pipeline_datasetrun_status",
            ),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": "Runs", "may_start": self.has_start_permission(request)}
        return super().changelist_view(request, context | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, unquote(object_id))
        context = {"title": "Run", "may_start": self.has_start_permission(request), "run": run}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def status_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The status of a run, asked for again and again while it has not ended; then the page is loaded afresh."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = DatasetRun.objects.filter(pk=pk).only("status", "progress", "not_before").first()
        if run is None:
            raise Http404("There is no such run.")
        reloads = "reload" in request.GET
        answer = HttpResponse(_status(run, reloads=reloads))
        if reloads and run.has_ended:
            answer["HX-Refresh"] = "true"
        return answer

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """A form for each step that can be started by hand; what is sent starts one of them."""
        if not self.has_start_permission(request):
            raise PermissionDenied
        chosen = request.POST.get("step", "")
        forms: dict[str, StartForm] = {
            name: form(request.POST if name == chosen else None, prefix=name) for name, form in FORMS.items()
        }
        if chosen in forms and forms[chosen].is_valid():
            run = self._start(request, chosen, forms[chosen])
            if run is not None:
                return redirect("admin:pipeline_datasetrun_change", run.pk)
        elif request.method == "POST":
            messages.error(request, "Nothing was started: correct what is marked.")
        context = {
            "title": "Start a step",
            "opts": self.opts,
            "steps": [(steps.get(name), form) for name, form in forms.items()],
            **self.admin_site.each_context(request),
        }
        return TemplateResponse(request, "admin/pipeline/datasetrun/start.html", context)

    def _start(self, request: HttpRequest, name: str, form: StartForm) -> DatasetRun | None:
        try:
            run = runs.enqueue(name, form.given(), by=request.user, trigger=Trigger.ADMIN, then=form.then())
        except PipelineError as error:
            messages.error(request, f"{error.message} {error.hint}")
            return None
        title = steps.get(name).title
        self.log_addition(request, run, f"{title}: queued.")
        following = "".join(f", then {steps.get(step).title.lower()}" for step in form.then())
        messages.success(request, f"{title}{following}: queued as run {run.pk}.")
        return run

    # Cancel and retry: chosen, confirmed, done and told

    @admin.action(description="Cancel the chosen runs", permissions=["start"])
    def cancel(self, request: HttpRequest, chosen: QuerySet[DatasetRun]) -> HttpResponse:
        return _ask("cancel", chosen)

    @admin.action(description="Try the chosen runs again", permissions=["start"])
    def retry(self, request: HttpRequest, chosen: QuerySet[DatasetRun]) -> HttpResponse:
        return _ask("retry", chosen)

    def cancel_view(self, request: HttpRequest) -> HttpResponse:
        return self._confirm(request, "cancel")

    def retry_view(self, request: HttpRequest) -> HttpResponse:
        return self._confirm(request, "retry")

    def _confirm(self, request: HttpRequest, verb: str) -> HttpResponse:
        """Ask before the runs `?ids=1,2` are cancelled or tried again; told so by POST, do it."""
        if not self.has_start_permission(request):
            raise PermissionDenied
        ids = [int(word) for word in request.GET.get("ids", "").split(",") if word.isdecimal() and len(word) < 19]
        chosen = list(DatasetRun.objects.filter(pk__in=ids[:MAX_AT_ONCE]).order_by("pk"))
        if not chosen:
            messages.error(request, "No run was chosen: nothing was done.")
            return redirect("admin:pipeline_datasetrun_changelist")
        fitting = [run for run in chosen if run.has_ended == (verb == "retry")]
        if request.method == "POST":
            latest = [self._do(request, verb, run) for run in fitting]
            if len(chosen) == 1 and latest:
                return redirect("admin:pipeline_datasetrun_change", (latest[0] or chosen[0]).pk)
            return redirect("admin:pipeline_datasetrun_changelist")
        name, done = VERBS[verb]
        context = {
            "title": f"{name}: are you sure?",
            "opts": self.opts,
            "verb": verb,
            "verb_name": name,
            "verb_done": done,
            "fitting": fitting,
            "others": [run for run in chosen if run not in fitting],
            **self.admin_site.each_context(request),
        }
        return TemplateResponse(request, "admin/pipeline/datasetrun/confirm.html", context)

    def _do(self, request: HttpRequest, verb: str, run: DatasetRun) -> DatasetRun | None:
        """Returns the run to look at next; None where nothing was done."""
        try:
            if verb == "retry":
                again = runs.retry(run, by=request.user, trigger=Trigger.ADMIN)
                self.log_addition(request, again, f"Tries run {run.pk} again.")
                messages.success(request, f"Run {run.pk} is tried again as run {again.pk}.")
                return again
            if runs.cancel(run, by_name=request.user.get_username()):
                how = "is cancelled" if run.has_ended else "is told to stop: it ends within moments"
                self.log_change(request, run, "Cancelled.")
                messages.success(request, f"Run {run.pk} {how}.")
                return run
            messages.warning(request, f"Run {run.pk} had ended already: nothing was done.")
        except PipelineError as error:
            messages.error(request, f"Run {run.pk}: {error.message} {error.hint}")
        return None

    # Columns and fields

    @admin.display(description="run", ordering="pk")
    def number(self, run: DatasetRun) -> str:
        return f"Run {run.pk}"

    @admin.display(description="step", ordering="step")
    def step_title(self, run: DatasetRun) -> str:
        return next((step.title for step in steps.every() if step.name == run.step), run.step)

    @admin.display(description="status", ordering="status")
    def shown_status(self, run: DatasetRun) -> SafeString | str:
        return _status(run)

    @admin.display(description="status")
    def followed_status(self, run: DatasetRun) -> SafeString | str:
        return _status(run, reloads=True)

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

    @admin.display(description="rejected")
    def rejected(self, run: DatasetRun) -> str:
        return readable_count(run.rejected_rows) if run.rejects else "–"

    @admin.display(description="rejected")
    def shown_rejects(self, run: DatasetRun) -> SafeString | str:
        reasons = sorted(run.rejects.items(), key=lambda item: -item[1])
        return table(("reason", "rows"), ((reason, readable_count(rows)) for reason, rows in reasons))

    @admin.display(description="belongs to")
    def shown_relations(self, run: DatasetRun) -> SafeString | str:
        if run.retry_of_id:
            return _link(f"attempt {run.attempt}, tries again run {run.retry_of_id}", run.retry_of_id)
        return _link(f"follows run {run.follows_id}", run.follows_id) if run.follows_id else "–"

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

    @admin.display(description="metrics")
    def shown_metrics(self, run: DatasetRun) -> SafeString | str:
        return figures_table(run.metrics)

    @admin.display(description="parameters")
    def shown_parameters(self, run: DatasetRun) -> SafeString:
        return readable_json(steps.shown(run.parameters))

    @admin.display(description="peak memory")
    def shown_memory(self, run: DatasetRun) -> str:
        return readable_bytes(run.peak_memory_bytes) if run.peak_memory_bytes else "–"

    @admin.display(description="log")
    def shown_log(self, run: DatasetRun) -> SafeString | str:
        if not run.log_excerpt:
            return "–" if run.has_ended else "written when the run ends"
        return format_html('<pre class="wrapped log">{}</pre>', run.log_excerpt)


def _status(run: DatasetRun, *, reloads: bool = False) -> SafeString | str:
    """The status; of a run that has not ended with a bar, asking for itself again."""
    return render_to_string("admin/pipeline/datasetrun/_status.html", {"run": run, "reloads": reloads})


def _link(text: str, pk: int) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse("admin:pipeline_datasetrun_change", args=[pk]), text)


def _ask(verb: str, chosen: QuerySet[DatasetRun]) -> HttpResponse:
    ids = ",".join(str(pk) for pk in chosen.values_list("pk", flat=True)[:MAX_AT_ONCE])
    return redirect(f"{reverse(f'admin:pipeline_datasetrun_{verb}')}?ids={ids}")
