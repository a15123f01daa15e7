"""Filters and orders of lists: what they do not know is refused, with what they do; nothing passes in silence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request

from lfb_site.pagination import Pages

PAGING = (Pages.page_query_param, Pages.page_size_query_param)


class TrueOrFalse(forms.Field):
    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        try:
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        except KeyError:
            raise forms.ValidationError("Wanted true or false.") from None


class BooleanFilter(django_filters.BooleanFilter):
    field_class = TrueOrFalse


class FilterSet(django_filters.FilterSet):
    """Filters whose refusals name the allowed values."""

    @property
    def form(self) -> forms.Form:
        form: forms.Form = super().form
        for field in form.fields.values():
            allowed = [str(value) for value, _ in getattr(field, "choices", ()) if value]
            if allowed:
                field.error_messages["invalid_choice"] = f"“%(value)s” is none of {', '.join(allowed)}."
        return form


class Filters(DjangoFilterBackend):
    """The filters of the view; a name that is none of them, or comes twice, is refused."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        if view.action == "list":
            self._require_known(request, queryset, view)
        return super().filter_queryset(request, queryset, view)

    def _require_known(self, request: Request, queryset: QuerySet[Any], view: Any) -> None:
        filters = self.get_filterset_class(view, queryset)
        ordering = [OrderingFilter.ordering_param] if getattr(view, "ordering_fields", None) else []
        known = [*(filters.base_filters if filters else ()), *ordering, *PAGING]
        wrong = {
            name: f"unknown, wanted {', '.join(known)}." if name not in known else "was given more than once."
            for name, values in request.query_params.lists()
            if name not in known or len(values) > 1
        }
        if wrong:
            raise ValidationError(dict(list(wrong.items())[:5]))


class Ordering(OrderingFilter):
    """`?ordering=-queued_at`; a field that lists cannot be ordered by is refused."""

    def remove_invalid_fields(self, queryset: Any, fields: Sequence[str], view: Any, request: Request) -> Any:
        known = [name for name, _ in self.get_valid_fields(queryset, view, {"request": request})]
        for field in fields:
            if field.removeprefix("-") not in known:
                raise ValidationError(
                    {
                        "ordering": f"“{field[:40]}” is none of {', '.join(known)}, nor one of them behind a - for downwards."
                    }
                )
        return fields
