"""How lists are cut into pages."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """`?page=2&page_size=200`."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 500

    def get_page_size(self, request: Request) -> int:
        size = request.query_params.get(self.page_size_query_param, "")
        if not size:
            return self.page_size
        if not (size.isascii() and size.isdecimal() and len(size) < 10 and 1 <= int(size) <= self.max_page_size):
            raise ValidationError({"page_size": f"“{size[:20]}” is no whole number from 1 to {self.max_page_size}."})
        return int(size)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        page, size = super().get_schema_operation_parameters(view)
        page["schema"]["minimum"] = size["schema"]["minimum"] = 1
        size["schema"]["maximum"] = self.max_page_size
        return [page, size]
