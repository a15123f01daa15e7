"""The REST doors of the response times: the tables of the page, as JSON and as CSV."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from lfb_site.pagination import Pages
from pipeline import exports, response_times
from pipeline.core.errors import ParameterError
from pipeline.core.response_groups import PUMPS
from pipeline.forms import ResponseTimesForm
from pipeline.response_times import GROUPINGS, MEASURES, SORTABLE
from pipeline.response_times_files import HEADER, HIDING, file_rows
from pipeline.response_times_page import Question, rows_asked

FILTERS = [
    OpenApiParameter("pump", str, enum=[*PUMPS], default="first", description="First or second pump to arrive."),
    OpenApiParameter("year", str, description="A year, or all. Default: the last year with calls in every month."),
    OpenApiParameter("borough", str, description="A borough, such as Camden. Default: all London. Not for by=borough."),
    OpenApiParameter("by", str, enum=[*GROUPINGS], default="borough", description="What the rows are."),
    OpenApiParameter("sort", str, enum=[sign + name for name in SORTABLE for sign in ("", "-")], description="- is downwards."),
]  # fmt: skip
PAGING = {"page", "page_size"}


class ResponseTimeRow(serializers.Serializer):
    """The figures of one group; none where it is hidden."""

    pump = serializers.ChoiceField(choices=[*PUMPS])
    period = serializers.CharField()
    borough = serializers.CharField()
    by = serializers.CharField()
    group = serializers.CharField()
    name = serializers.CharField()
    calls = serializers.IntegerField(allow_null=True)
    mean_seconds = serializers.FloatField(allow_null=True)
    median_seconds = serializers.FloatField(allow_null=True)
    p90_seconds = serializers.FloatField(allow_null=True)
    average_standard_seconds = serializers.FloatField()
    share_within_average_standard = serializers.FloatField(allow_null=True)
    meets_average = serializers.BooleanField(allow_null=True)
    limit_seconds = serializers.FloatField()
    share_within_limit = serializers.FloatField(allow_null=True)
    share_wanted = serializers.FloatField()
    meets_limit = serializers.BooleanField(allow_null=True)
    is_sample = serializers.BooleanField()


def rows_of(request: Request, *, also: set[str]) -> list[list[Any]]:
    """The rows asked for. Raises ParameterError for filters that cannot be, MissingInputError without figures."""
    names = [filter_.name for filter_ in FILTERS]
    unknown = [name for name in request.query_params if name not in names and name not in also]
    if unknown:
        raise ParameterError(
            f"Unknown parameter {', '.join(unknown[:5])}: wanted {', '.join(names)}.",
            fields=dict.fromkeys(unknown[:5], "unknown"),
        )
    book = response_times.book()
    form = ResponseTimesForm({name: request.query_params[name] for name in names if name in request.query_params}, book)
    if not form.is_valid():
        fields = {name: " ".join(errors) for name, errors in form.errors.items()}
        raise ParameterError(
            " ".join(f"{name}: {why}" for name, why in fields.items()),
            hint=" ".join(f"{name}: {', '.join(form.allowed(name))}." for name in fields),
            fields=fields,
        )
    question = Question(**form.cleaned_data)
    return file_rows(book, question, rows_asked(book, question))


@extend_schema(tags=["response times"])
@method_decorator(conditional_page, name="dispatch")
class ResponseTimesViewSet(viewsets.ViewSet):
    """Counted when features are built. Answers carry an ETag."""

    pagination_class = Pages

    @extend_schema(
        operation_id="response_times",
        summary="Response times beside the standards",
        description=f"{HIDING} Measures: {', '.join(MEASURES.values())}.",
        parameters=FILTERS,
        responses=ResponseTimeRow(many=True),
    )
    def list(self, request: Request) -> Response:
        pages = self.pagination_class()
        found = pages.paginate_queryset(rows_of(request, also=PAGING), request, view=self)
        return pages.get_paginated_response([dict(zip(HEADER, row, strict=True)) for row in found or []])

    @extend_schema(
        operation_id="response_times_csv",
        summary="Response times as CSV",
        parameters=FILTERS,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def csv(self, request: Request) -> HttpResponse:
        """All rows at once, under the names of the JSON."""
        return HttpResponse(
            exports.csv_text(HEADER, rows_of(request, also=set())), content_type="text/csv; charset=utf-8"
        )
