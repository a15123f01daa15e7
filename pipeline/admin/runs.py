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
from pipeline.admin.display import HistoryAdmin
from pipeline.admin.filters import StarterFilter, StepFilter
from pipeline.admin.run_columns import NOTHING, PARTS, RunColumns, run_url, status_of
from pipeline.admin.start_forms import FORMS, StartForm
from pipeline.core.errors import PipelineError
from pipeline.models import DatasetRun, Trigger
from pipeline.run_figures import draw_steps

MAX_AT_ONCE = 100
VERBS = {"cancel": ("Cancel", "cancelled"), "retry": ("Try again", "tried again")}


@admin.register(DatasetRun)
class DatasetRunAdmin(RunColumns, HistoryAdmin):
    change_form_template = "admin/pipeline/datasetrun/change_form.html"
    change_list_template = "admin/pipeline/datasetrun/change_list.html"
    list_display = (
        "number", "step_title", "shown_status", "queued_at", "shown_duration", "shown_rows", "rejected", "who",
        "data",
    )  # fmt: skip
    list_display_links = ("number", "step_title")
    list_filter = (StepFilter, "status", StarterFilter, "trigger", "queued_at", "is_sample")
    list_per_page = 50
    ordering = ("-pk",)
    search_fields = ("started_by_name", "error_message", "error_code")
    date_hierarchy = "queued_at"
    actions = ("cancel", "retry")

    # Who may do what

    def has_start_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("pipeline.start_runs"))

    def get_fieldsets(self, request: HttpRequest, obj: DatasetRun | None = None) -> list[Any]:
        """Without what has nothing to show: a run that failed early is a short page."""
        if obj is None:
            return []
        shown = [(title, [name for name in names if self._shows(obj, name)]) for title, names in PARTS]
        return [(title, {"fields": names}) for title, names in shown if names]

    def _shows(self, run: DatasetRun, name: str) -> bool:
        show = getattr(self, name, None)
        return (show(run) if show else getattr(run, name)) not in NOTHING

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
        context = {"may_start": self.has_start_permission(request)}
        answer = super().changelist_view(request, context | (extra_context or {}))
        listed = getattr(answer, "context_data", {}).get("cl")
        if listed is not None:
            answer.context_data["drawn"] = draw_steps(listed.queryset)
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = {"may_start": self.has_start_permission(request), "run": run, "subtitle": None}
        if run is not None:
            context |= {"title": str(run), "may_retry": _can_be(run, "retry")}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def status_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The status of a run, asked for again and again while it has not ended.

        With `seen`, the status that its page shows: the log comes along, and another status loads the page afresh.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        run = DatasetRun.objects.defer("details", "metrics", "inputs", "outputs").filter(pk=pk).first()
        if run is None:
            raise Http404("There is no such run.")
        seen = request.GET.get("seen")
        if seen is None:
            return HttpResponse(status_of(run, tells_outcome=True))
        log = render_to_string("admin/pipeline/datasetrun/_log.html", {"run": run, "swapped": True})
        answer = HttpResponse(status_of(run, reloads=True) + log)
        if run.status != seen:
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
        messages.success(request, format_html("{}{}: queued as {}.", title, following, _link(run)))
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
        fitting = [run for run in chosen if _can_be(run, verb)]
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
                messages.success(request, format_html("{} is tried again as {}.", _link(run), _link(again)))
                return again
            if runs.cancel(run, by_name=request.user.get_username()):
                how = "is cancelled" if run.has_ended else "is told to stop: it ends within moments"
                self.log_change(request, run, "Cancelled.")
                messages.success(request, format_html("{} {}.", _link(run), how))
                return run
            messages.warning(request, format_html("{} had ended already: nothing was done.", _link(run)))
        except PipelineError as error:
            messages.error(request, f"Run {run.pk}: {error.message} {error.hint}")
        return None


def _can_be(run: DatasetRun, verb: str) -> bool:
    return runs.can_retry(run) if verb == "retry" else not run.has_ended


def _link(run: DatasetRun) -> SafeString:
    return format_html('<a href="{}">Run {}</a>', run_url(run.pk), run.pk)


def _ask(verb: str, chosen: QuerySet[DatasetRun]) -> HttpResponse:
    ids = ",".join(str(pk) for pk in chosen.values_list("pk", flat=True)[:MAX_AT_ONCE])
    return redirect(f"{reverse(f'admin:pipeline_datasetrun_{verb}')}?ids={ids}")
