"""The pages about the model: its versions, each with how good it is, and two or more side by side."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Case, F, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from pipeline import model_figures, registry
from pipeline.core.errors import PipelineError
from pipeline.model_card import LIMITS, inputs_of, model_card
from pipeline.models import ModelVersion, VersionState
from pipeline.public_sources import LICENCE, OUTLINES_LICENCE

VERSIONS_A_PAGE = 20
# The report holds its styles and plots itself; it may load nothing and run nothing.
REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"


def _listed() -> QuerySet[ModelVersion]:
    """The version in use first, then the newest; with the model's name, without what fills a page of its own."""
    in_use_first = Case(When(state=VersionState.CHAMPION, then=Value(0)), default=Value(1))
    found = ModelVersion.objects.annotate(model_title=F("evaluation__models__0__title"))
    return found.defer("evaluation", "files", "datasets", "parameters").order_by(in_use_first, "-number")


@require_safe
def models_page(request: HttpRequest) -> HttpResponse:
    """All versions, the one in use first."""
    page = Paginator(_listed(), VERSIONS_A_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "pipeline/models.html",
        {
            "page": page,
            "drawn": model_figures.draw_history(),
            "max": model_figures.MAX_COMPARED,
            "backtests": model_figures.latest_backtests(),
        },
    )


@require_safe
def model_page(request: HttpRequest, number: int) -> HttpResponse:
    """One version: what it says of itself in words, figures and charts."""
    version = get_object_or_404(ModelVersion, number=number)
    in_use = ModelVersion.objects.in_use().values_list("number", flat=True).first()
    context = {
        "version": version,
        "in_use": in_use,
        "figures": model_figures.figures_of(version),
        "since": model_figures.since_its_test(version),
        "inputs": inputs_of(version),
        "limits": LIMITS,
        "licence": LICENCE,
        "outlines_licence": OUTLINES_LICENCE,
    }
    return render(request, "pipeline/model.html", context)


@require_safe
def compare_models(request: HttpRequest) -> HttpResponse:
    """Versions side by side: `?versions=1,2`, or the parameter given several times."""
    words = ",".join(request.GET.getlist("versions")).split(",")
    numbers = list(dict.fromkeys(int(word) for word in words if word.strip().isdecimal() and len(word) < 10))
    strange = [word for word in words if word.strip() and not (word.strip().isdecimal() and len(word) < 10)]
    context: dict[str, object] = {"page": Paginator(_listed(), VERSIONS_A_PAGE).get_page(1), "asked": numbers}
    found = {version.number: version for version in ModelVersion.objects.filter(number__in=numbers)}
    missing = [str(number) for number in numbers if number not in found]
    if strange or missing:
        context["error"] = (
            f"There is no version {', '.join(strange + missing)}: wanted numbers of versions, such as ?versions=1,2."
        )
    elif not 2 <= len(numbers) <= model_figures.MAX_COMPARED:
        context["error"] = f"Choose two to {model_figures.MAX_COMPARED} versions: {len(numbers)} came."
    else:
        context["compared"] = model_figures.compared([found[number] for number in numbers])
    return render(request, "pipeline/compare_models.html", context, status=400 if "error" in context else 200)


@require_safe
def model_report(request: HttpRequest, number: int) -> HttpResponse:
    """The evaluation report as it was written at training, if its bytes are still the recorded ones."""
    version = get_object_or_404(ModelVersion.objects.only("number", "files"), number=number)
    try:
        content = registry.read_file(version, "report")
    except PipelineError as error:
        raise Http404(error.message) from error
    return HttpResponse(
        content, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": REPORT_POLICY}
    )


@require_safe
def model_card_file(request: HttpRequest, number: int) -> HttpResponse:
    """The model card as Markdown, to keep or to publish."""
    version = get_object_or_404(ModelVersion, number=number)
    return HttpResponse(
        model_card(version),
        content_type="text/markdown; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="model-card-{number}.md"'},
    )
