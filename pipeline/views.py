"""The pages of the pipeline's results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline import exports, response_times
from pipeline.core.errors import MissingInputError, PipelineError
from pipeline.forms import ResponseTimesForm
from pipeline.response_times_files import HEADER, HIDING, about, file_rows
from pipeline.response_times_page import Question, page_context, rows_asked

TEMPLATE = "pipeline/response_times.html"
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_safe
def response_times_page(request: HttpRequest) -> HttpResponse:
    """How fast first and second pumps arrived; the filters are the address, so that it can be shared."""
    return _answer(request, _page)


@require_safe
def response_times_file(request: HttpRequest, kind: str) -> HttpResponse:
    """The table of the same address, all of its rows."""
    return _answer(request, lambda request, book, form: _file(book, Question(**form.cleaned_data), kind))


def _answer(
    request: HttpRequest, show: Callable[[HttpRequest, response_times.Book, ResponseTimesForm], HttpResponse]
) -> HttpResponse:
    """What `show` makes of the filters; the page with an explanation where there are no figures or a filter is wrong."""
    try:
        book = response_times.book()
    except PipelineError as error:
        status = 200 if isinstance(error, MissingInputError) else error.http_status
        return render(request, TEMPLATE, {"error": error}, status=status)
    form = ResponseTimesForm(request.GET, book)
    if not form.is_valid():
        return render(request, TEMPLATE, {"form": form, "book": book}, status=400)
    return show(request, book, form)


def _page(request: HttpRequest, book: response_times.Book, form: ResponseTimesForm) -> HttpResponse:
    context = page_context(book, Question(**form.cleaned_data))
    context |= {"form": form, "hiding": HIDING, "is_outdated": response_times.standards_have_changed(book)}
    return render(request, TEMPLATE, context)


def _file(book: response_times.Book, question: Question, kind: str) -> HttpResponse:
    rows = file_rows(book, question, rows_asked(book, question))
    content: Any = exports.csv_text(HEADER, rows)
    if kind == "xlsx":
        content = exports.workbook_bytes(HEADER, rows, about(book, question))
    sample = "sample-" if book.is_sample else ""
    name = f"{sample}response-times-{question.by}-{question.period.replace(' ', '-')}.{kind}".replace("_", "-")
    return HttpResponse(
        content, content_type=KINDS[kind], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
