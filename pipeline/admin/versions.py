"""Model versions in the admin: their figures drawn, compared, put in use and taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pipeline import model_figures, registry
from pipeline.actions.promote_model import promote_model, roll_back_model
from pipeline.admin.display import HistoryAdmin, TellsWhatData, files_table, parameters_table, table
from pipeline.core.errors import PipelineError
from pipeline.core.wording import readable_count, readable_percent
from pipeline.models import ModelVersion, Promotion, Trigger, VersionState


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Reason",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Kept with the version, for those who wonder later.",
        error_messages={"required": "Say why, in a few words."},
        label_suffix="",
    )


@admin.register(ModelVersion)
class ModelVersionAdmin(TellsWhatData, HistoryAdmin):
    change_form_template = "admin/pipeline/modelversion/change_form.html"
    change_list_template = "admin/pipeline/modelversion/change_list.html"
    list_display = (
        "number", "shown_state", "estimator", "shown_mae", "shown_r2", "shown_coverage", "tested", "created_at",
        "data",
    )  # fmt: skip
    list_filter = ("state", "estimator", "is_sample")
    list_select_related = ("run",)
    list_per_page = 50
    actions = ("promote", "compare")
    fieldsets = (
        (None, {"fields": ("shown_state", "state_reason", "report", "data")}),
        ("In use", {"fields": ("shown_promotions", "shown_gate")}),
        ("Period", {"fields": ("trained", "tested")}),
        ("Figures", {"fields": ("shown_metrics",)}),
        ("Made from", {"fields": ("run", "estimator", "shown_features", "shown_parameters", "shown_seed", "code_version")}),
        ("Training files", {"fields": ("shown_datasets",)}),
        ("Files", {"fields": ("shown_files", "mlflow_run_id", "mlflow_version")}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        found = super().get_queryset(request)
        is_list = request.resolver_match is not None and request.resolver_match.url_name.endswith("changelist")
        return found.defer("evaluation", "files", "datasets", "parameters") if is_list else found

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("pipeline.promote_version"))

    # Pages beside those of Django

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("roll-back/", self.admin_site.admin_view(self.roll_back_view), name="pipeline_modelversion_roll_back"),
            path(
                "<int:pk>/promote/", self.admin_site.admin_view(self.promote_view), name="pipeline_modelversion_promote"
            ),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {
            "drawn": model_figures.draw_history(),
            "may_promote": self.has_promote_permission(request),
            "may_roll_back": ModelVersion.objects.retired().exists(),
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        version = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = {"may_promote": self.has_promote_permission(request), "subtitle": None}
        if version is not None:
            figures = model_figures.figures_of(version)
            context |= {"title": f"Version {version.number}", "version": version, "figures": figures}
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    # Promote and roll back: asked why, done, told and logged

    def promote_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        version = get_object_or_404(ModelVersion, pk=pk)
        if version.state == VersionState.CHAMPION:
            messages.info(request, f"Version {version.number} is in use already.")
            return redirect("admin:pipeline_modelversion_changelist")
        return self._ask_why(request, version, verb="promote")

    def roll_back_view(self, request: HttpRequest) -> HttpResponse:
        try:
            version = registry.former()
        except PipelineError as error:
            messages.error(request, f"{error.message} {error.hint}")
            return redirect("admin:pipeline_modelversion_changelist")
        return self._ask_why(request, version, verb="roll_back")

    def _ask_why(self, request: HttpRequest, version: ModelVersion, *, verb: str) -> HttpResponse:
        if not self.has_promote_permission(request):
            raise PermissionDenied
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return self._change(request, version, verb, form.cleaned_data["reason"])
        in_use = ModelVersion.objects.in_use().first()
        context = {
            "title": f"{'Roll back' if verb == 'roll_back' else 'Put in use'}: version {version.number}",
            "opts": self.opts,
            "version": version,
            "in_use": in_use,
            "verb": verb,
            "form": form,
            "compared": model_figures.compared([version, *([in_use] if in_use else [])]),
            **self.admin_site.each_context(request),
        }
        return TemplateResponse(request, "admin/pipeline/modelversion/promote.html", context)

    def _change(self, request: HttpRequest, version: ModelVersion, verb: str, reason: str) -> HttpResponse:
        who = {"by": request.user, "reason": reason, "trigger": Trigger.ADMIN}
        try:
            changed = roll_back_model(**who) if verb == "roll_back" else promote_model(version, **who)
        except PipelineError as error:
            messages.error(request, f"{error.message} {error.hint}")
        else:
            self.log_change(request, changed, f"Put in use: {changed.state_reason}")
            messages.success(request, f"Version {changed.number} is in use now.")
        return redirect("admin:pipeline_modelversion_changelist")

    @admin.action(description="Put the chosen version in use", permissions=["promote"])
    def promote(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> HttpResponse | None:
        if chosen.count() != 1:
            self.message_user(request, "Choose exactly one version to put in use.", messages.ERROR)
            return None
        return redirect("admin:pipeline_modelversion_promote", chosen.get().pk)

    @admin.action(description="Compare the chosen versions", permissions=["view"])
    def compare(self, request: HttpRequest, chosen: QuerySet[ModelVersion]) -> HttpResponse | None:
        numbers = [str(number) for number in chosen.order_by("number").values_list("number", flat=True)]
        if not 2 <= len(numbers) <= model_figures.MAX_COMPARED:
            wanted = f"Choose two to {model_figures.MAX_COMPARED} versions to compare."
            self.message_user(request, wanted, messages.ERROR)
            return None
        return redirect(f"{reverse('compare_models')}?versions={','.join(numbers)}")

    # Columns and fields

    @admin.display(description="state", ordering="state")
    def shown_state(self, version: ModelVersion) -> SafeString:
        return format_html('<span class="run-status version-{}">{}</span>', version.state, version.get_state_display())

    @admin.display(description="report")
    def report(self, version: ModelVersion) -> SafeString:
        return format_html('<a href="{}">Evaluation report</a>', reverse("model_report", args=[version.number]))

    @admin.display(description="MAE, s", ordering="metrics__mae")
    def shown_mae(self, version: ModelVersion) -> str:
        return f"{version.metrics['mae']:.1f}"

    @admin.display(description="R²")
    def shown_r2(self, version: ModelVersion) -> str:
        return f"{version.metrics['r2_score']:.3f}" if "r2_score" in version.metrics else "–"

    @admin.display(description="80 % holds")
    def shown_coverage(self, version: ModelVersion) -> str:
        held = version.metrics.get("coverage_80")
        return "–" if held is None else readable_percent(held)

    @admin.display(description="tested on", ordering="tested_to")
    def tested(self, version: ModelVersion) -> str:
        return _period(version.tested_from, version.tested_to, version.tested_rows)

    @admin.display(description="trained on")
    def trained(self, version: ModelVersion) -> str:
        return _period(version.trained_from, version.trained_to, version.training_rows)

    @admin.display(description="metrics")
    def shown_metrics(self, version: ModelVersion) -> SafeString | str:
        figures = sorted(version.metrics.items(), key=lambda item: model_figures.figure_order(item[0]))
        return table(
            ("figure", "value"), ((model_figures.figure_title(n), model_figures.figure_text(n, v)) for n, v in figures)
        )

    @admin.display(description="inputs")
    def shown_features(self, version: ModelVersion) -> str:
        return ", ".join(version.feature_names)

    @admin.display(description="history")
    def shown_promotions(self, version: ModelVersion) -> SafeString | str:
        """When it went in and out of use, who did it and why."""
        changes = Promotion.objects.filter(Q(version=version) | Q(former=version)).select_related("version", "former")
        return table(
            ("when", "what", "who", "why"),
            (
                (
                    f"{timezone.localtime(change.at):%-d %b %Y, %H:%M}",
                    "put in use" if change.version_id == version.pk else f"replaced by version {change.version.number}",
                    change.by_name,
                    change.reason,
                )
                for change in changes
            ),
        )

    @admin.display(description="what the gate said")
    def shown_gate(self, version: ModelVersion) -> SafeString | str:
        checks = version.gate.get("checks", [])
        return table(("passed", "why"), (("yes" if check["passed"] else "no", check["words"]) for check in checks))

    @admin.display(description="seed")
    def shown_seed(self, version: ModelVersion) -> str:
        return str(version.seed)

    @admin.display(description="parameters")
    def shown_parameters(self, version: ModelVersion) -> SafeString | str:
        return parameters_table(version.parameters)

    @admin.display(description="training files")
    def shown_datasets(self, version: ModelVersion) -> SafeString | str:
        return files_table(version.datasets)

    @admin.display(description="files")
    def shown_files(self, version: ModelVersion) -> SafeString | str:
        return files_table(version.files)


def _period(first: dt.date, last: dt.date, rows: int) -> str:
    return f"{first:%-d %b %Y} – {last:%-d %b %Y}, {readable_count(rows)} engines"


@admin.register(Promotion)
class PromotionAdmin(HistoryAdmin):
    """What was in use when, and who made it so."""

    list_display = ("at", "version", "former", "by_name", "reason")
    search_fields = ("reason", "by_name")
    list_filter = ("at", "by_name")
    list_select_related = ("version", "former")
    date_hierarchy = "at"
